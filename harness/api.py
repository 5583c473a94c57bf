"""The verbs of the command line for Python: the same services, with the numbers of runs and trainings as tables."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from harness.demo.demo_weights import demo_weights
from harness.errors import TrainingError
from harness.metrics.comparing import Comparison
from harness.metrics.meters import Total
from harness.metrics.statistics import Summary
from harness.metrics.storage import load_measurement
from harness.prepare.prepare_request import PrepareRequest
from harness.prepare.preparing import PreparedSet
from harness.prepare.preparing import prepare_images as _prepare
from harness.progress import Progress
from harness.provision.outcome import SetupReport
from harness.provision.setting_up import SetupRequest, set_up
from harness.report.single import MEGABYTE
from harness.report.writing import comparison_name, write_comparison
from harness.runs.listing import find_run
from harness.runs.record import RunRecord, load_record
from harness.runs.training_record import TrainingRecord, find_training, load_training
from harness.shards.pool import PoolRequest
from harness.shards.sharing import ShardRequest, test_in_shards
from harness.sweep.sweeping import SweepRequest, Swept
from harness.sweep.sweeping import run_sweep as _sweep
from harness.testing.request import TestRequest
from harness.testing.running import run_test
from harness.testing.verification import Verification, VerifyRequest
from harness.testing.verification import verify as _verify
from harness.training.loss_log import FILE, read_losses
from harness.training.remaking import Pages, make_files, make_pages
from harness.training.starting import resume as _resume
from harness.training.starting import train as _train
from harness.training.train_request import TrainRequest
from harness.web.notebook import shown_in_notebook
from harness.workspace import Workspace

if TYPE_CHECKING:
    import pandas


_Value = TypeVar("_Value")


class _Rows(list[dict[str, _Value]]):
    _index, _caption, _newest_first = "name", "images", False

    def to_frame(self) -> pandas.DataFrame:
        """Returns the table with `name`, or `iteration`, as index; raises ImportError without pandas."""
        # pandas is no dependency: everything here works without it but this.
        import pandas

        return pandas.DataFrame(list(self)).set_index(self._index)

    def _repr_html_(self) -> str:
        rows = [list(row.values()) for row in (reversed(self) if self._newest_first else self)]
        return shown_in_notebook(f"{self._caption}: {len(self)}", list(self[0]) if self else [], rows)


class Metrics(_Rows[Any]):
    """One dict an image: `name`, then each metric; SSIM in [-1, 1], PSNR in dB, infinite for identical pictures."""


class Losses(_Rows[float]):
    """One dict an iteration that was told: `iteration`, `epoch`, `batch`, `rate`, `seconds`, then each loss by name."""

    # A training of days has more iterations than a notebook shows.
    _index, _caption, _newest_first = "iteration", "iterations, the newest first", True


class _InResults:
    folder: Path

    @property
    def report(self) -> Path:
        """The page."""
        return self.folder / "index.html"

    def __fspath__(self) -> str:
        return str(self.folder)  # so that it may stand wherever a run's name or path is asked for


class Training(_InResults):
    """A training, read from its folder alone; it may still run.

    Attributes:
        folder: `results/<name>/`, with `training.json`, `losses.csv`, `checkpoints/`, `samples/` and the page.
        record: what `training.json` says.
    """

    def __init__(self, folder: Path) -> None:
        """Raises RunError if the folder is no training."""
        self.folder = folder
        self.record: TrainingRecord = load_training(folder)

    @classmethod
    def find(cls, name: str, workspace: Path | None = None) -> Training:
        """Returns a training of a workspace by name or path."""
        return cls(find_training(Workspace.locate(workspace), name))

    @property
    def losses(self) -> Losses:
        """Every loss that was told."""
        return Losses(read_losses(self.folder / FILE))

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the models it made, as `test` takes them; none before it has ended."""
        return tuple(model.name for model in self.record.models)

    def __repr__(self) -> str:
        return f"<Training {self.folder.name}: {self.record.family}, {self.record.state}>"

    def _repr_html_(self) -> str:
        facts = ("family", "state", "direction", "preset", "device")
        rows = [[fact, getattr(self.record, fact)] for fact in facts] + [["model", name] for name in self.models]
        return shown_in_notebook(self.folder.name, ["", ""], rows, [self.report])


class Run(_InResults):
    """A finished run, read from its folder alone.

    Attributes:
        folder: `results/<run>/`, with `run.json`, `metrics.csv`, `images/` and the report.
    """

    def __init__(self, folder: Path) -> None:
        """Raises RunError if the folder is no complete run."""
        self.folder = folder
        self.record: RunRecord = load_record(folder)
        self._measurement = load_measurement(folder)

    @classmethod
    def find(cls, name: str | None = None, workspace: Path | None = None) -> Run:
        """Returns a run of a workspace by name or path, the newest one for None."""
        return cls(find_run(Workspace.locate(workspace), name))

    @property
    def metrics(self) -> Metrics:
        """Every image's numbers, in the order of the run."""
        return Metrics({"name": row.name, **row.values} for row in self._measurement.rows)

    @property
    def summary(self) -> dict[str, Summary]:
        """Mean, 95 % interval and extremes of each metric."""
        return self._measurement.summary

    @property
    def baselines(self) -> dict[str, dict[str, Summary]]:
        """The same for `input_copied` and `mean_target`; empty without targets."""
        return self._measurement.baselines

    @property
    def totals(self) -> dict[str, Total]:
        """Numbers of the whole set, such as FID, by name."""
        return self._measurement.totals

    def image(self, kind: str, name: str) -> Path:
        """Returns the path of a picture: `input`, `output`, or `target` where there is one."""
        return self.folder / "images" / kind / f"{name}.png"

    def __repr__(self) -> str:
        means = ", ".join(f"{key} {s.mean:.4g}" for key, s in self.summary.items() if s.mean is not None)
        return f"<Run {self.folder.name}: {len(self._measurement.rows)} images, {means}>"

    def _repr_html_(self) -> str:
        beside = list(self.baselines)
        rows = [
            [key, s.mean, s.low, s.high, *(b[key].mean if key in b else None for b in self.baselines.values())]
            for key, s in self.summary.items()
        ]
        caption = f"{self.folder.name}: {len(self._measurement.rows)} images, {self.record.engine} engine"
        return shown_in_notebook(caption, ["", "mean", "95 % from", "to", *beside], rows, [self.report])


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Runs set side by side: `comparisons` are of every run after the first with it, `page` shows them."""

    runs: tuple[str, ...]
    comparisons: tuple[Comparison, ...]
    page: Path

    def _repr_html_(self) -> str:
        rows = [
            [run, key, c.mean, c.low, c.high, c.p_value, c.wins, c.ties, c.losses]
            for run, comparison in zip(self.runs[1:], self.comparisons, strict=True)
            for key, c in comparison.columns.items()
        ]
        head = ["", "", "difference", "95 % from", "to", "p", "better", "equal", "worse"]
        return shown_in_notebook(f"minus {self.runs[0]}", head, rows, [self.page])


class Verified(list[Verification]):
    """One `harness.testing.verification.Verification` a run, each with its `verdict`."""

    def _repr_html_(self) -> str:
        rows = [
            [
                v.first,
                v.verdict,
                max((tally.max for tally in v.kinds.values()), default=0),
                "; ".join((*v.numbers, *v.dataset, v.problem or "")),
            ]
            for v in self
        ]
        head = ["run", "verdict", "greatest difference of 255", ""]
        return shown_in_notebook(f"runs made again: {len(self)}", head, rows)


def setup(
    models: Sequence[str] = (),
    datasets: Sequence[str] = (),
    *,
    workspace: Path | None = None,
    progress: Progress | None = None,
    **asked: Any,
) -> SetupReport:
    """Brings what is missing and returns what is there.

    `asked` is what else `harness.provision.setting_up.SetupRequest` holds: `upstream_url`, `from_file`, `bundle` …
    """
    request = SetupRequest(models=models, datasets=datasets, **asked)
    return set_up(Workspace.locate(workspace), request, progress)


def prepare_images(
    folder: Path | str,
    model: str | None = None,
    targets: Path | str | None = None,
    *,
    workspace: Path | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> PreparedSet:
    """Turns a folder of pictures into a test set.

    Args:
        options: further ones of `harness.prepare.prepare_request.PrepareRequest`: `name`, `fit`, `size`, `split` …
    """
    located = Workspace.locate(workspace)
    partners = Path(targets) if targets else None
    return _prepare(located, PrepareRequest(folder=Path(folder), model=model, targets=partners, **options), progress)


def test(
    model: str,
    dataset: str | Path | None = None,
    *,
    samples: int = 1,
    shards: ShardRequest | None = None,
    workspace: Path | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> Run:
    """Runs a model over a test set, measures and reports.

    Args:
        shards: who shares the work; by default this process does it alone.
        samples: another word for `seeds`, by how many of which every image is drawn.
        options: further ones of `harness.testing.request.TestRequest`, such as `engine`, `mode`, `seed`, `limit`.
    """
    request = TestRequest(
        model=model,
        dataset=str(dataset) if dataset is not None else None,
        seeds=max(samples, options.pop("seeds", 1)),
        # What a record keeps as the command line; a script's name tells a reader more than `harness test` would.
        command=("python", *sys.argv[1:]),
        **options,
    )
    located = Workspace.locate(workspace)
    run = test_in_shards(located, request, shards, progress) if shards else run_test(located, request, progress)
    return Run(run.folder)


def train(
    dataset: str | Path | None = None,
    *,
    resume: str | None = None,
    device: str | None = None,
    options: Sequence[str] = (),
    workspace: Path | None = None,
    progress: Progress | None = None,
    **further: Any,
) -> Training:
    """Trains on a dataset and tests what came of it, or goes on with the training `resume`.

    Args:
        device: `auto` by default, or where a resumed training ran.
        options: further ones of the authors' `train.py`.
        further: of `harness.training.train_request.TrainRequest`, such as `family`, `preset`, `name`, `task`.
    """
    located = Workspace.locate(workspace)
    # Both or neither: a resumed training has its dataset in its record.
    if (dataset is None) == (resume is None):
        raise TrainingError("name either a dataset to train on or a training to resume", None)
    if resume is not None:
        return Training(located.run(_resume(located, resume, device, progress).name))
    request = TrainRequest(
        dataset=str(dataset),
        device=device or "auto",
        options=tuple(options),
        command=("python", *sys.argv[1:]),
        **further,
    )
    return Training(located.run(_train(located, request, progress).name))


def compare(
    first: str | os.PathLike[str],
    *others: str | os.PathLike[str],
    output: Path | None = None,
    lang: str | None = None,
    workspace: Path | None = None,
    progress: Progress | None = None,
) -> Compared:
    """Sets runs of the same images, by name, path or `Run`, side by side, each against the first, on a page.

    Raises:
        RunError: fewer than two runs, or some that were not of the same images.
    """
    located = Workspace.locate(workspace)
    # `os.fspath` takes names, paths and `Run`, which is one by its `__fspath__`.
    folders = [find_run(located, os.fspath(run)) for run in (first, *others)]
    page, comparisons = write_comparison(folders, output or located.results / comparison_name(folders), lang, progress)
    return Compared(runs=tuple(folder.name for folder in folders), comparisons=tuple(comparisons), page=page)


def run_sweep(
    file: Path | str,
    *,
    pool: PoolRequest | None = None,
    workspace: Path | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> Swept:
    """Computes every point of a file once, and chooses among them by its rule; points that failed are in `failed`.

    Args:
        pool: who computes, e.g. `PoolRequest(executor="local", workers=2)`; by default this process.
        options: further ones of `harness.sweep.sweeping.SweepRequest`: `device`, `lang`.
    """
    command = ("python", *sys.argv[1:])
    request = SweepRequest(file=Path(file), pool=pool or PoolRequest(), command=command, **options)
    return _sweep(Workspace.locate(workspace), request, progress)


def verify(
    *runs: str | os.PathLike[str], workspace: Path | None = None, progress: Progress | None = None, **options: Any
) -> Verified:
    """Makes runs again, the newest for none, and says what differs.

    Args:
        options: further ones of `harness.testing.verification.VerifyRequest`: `engine="other"`, `device`, `keep` …
    """
    request = VerifyRequest(
        runs=tuple(os.fspath(run) for run in runs),
        elsewhere=(demo_weights(),),
        command=("python", *sys.argv[1:]),
        **options,
    )
    return Verified(_verify(Workspace.locate(workspace), request, progress))


def make_report(
    *runs: str | os.PathLike[str],
    single_file: bool = False,
    max_bytes: int = 20 * MEGABYTE,
    lang: str | None = None,
    workspace: Path | None = None,
    progress: Progress | None = None,
) -> Pages:
    """Makes the pages of runs and trainings again, of all for none, and the index of all.

    Args:
        single_file: in place of them one HTML file a run, of at most `max_bytes`, with all pictures inside.
    """
    located, names = Workspace.locate(workspace), [os.fspath(run) for run in runs]
    if not single_file:
        return make_pages(located, names, lang, progress)
    return Pages(reports=tuple(file.path for file in make_files(located, names, lang, max_bytes, progress)))


test.__test__ = False  # type: ignore[attr-defined]  # pytest must not collect it where it is imported
