"""The verbs of the command line for Python: the same services, with a run's numbers as a table."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.images.geometry import Fit, Size
from harness.metrics.files import load_measurement
from harness.metrics.statistics import Summary
from harness.prepare.service import PreparedSet
from harness.prepare.service import prepare_images as _prepare
from harness.progress import Progress
from harness.runs.listing import find_run
from harness.runs.record import RunRecord, load_record
from harness.runs.trained import find_model
from harness.testing.plan import Engine, NativeSettings, Plan
from harness.testing.plan import Size as TestSize
from harness.testing.service import run_test
from harness.translation import Mode
from harness.workspace import Workspace

if TYPE_CHECKING:
    import pandas

__all__ = ["Metrics", "Run", "prepare_images", "test"]


class Metrics(list[dict[str, Any]]):
    """One dict an image: `name`, then each metric; SSIM in [-1, 1], PSNR in dB, infinite for identical pictures."""

    def to_frame(self) -> pandas.DataFrame:
        """Returns the table with `name` as index; raises ImportError without pandas."""
        import pandas

        return pandas.DataFrame(list(self)).set_index("name")


class Run:
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
    def report(self) -> Path:
        """The report's page."""
        return self.folder / "index.html"

    def image(self, kind: str, name: str) -> Path:
        """Returns the path of a picture: `input`, `output`, or `target` where there is one."""
        return self.folder / "images" / kind / f"{name}.png"

    def __repr__(self) -> str:
        means = ", ".join(f"{key} {s.mean:.4g}" for key, s in self.summary.items() if s.mean is not None)
        return f"<Run {self.folder.name}: {len(self._measurement.rows)} images, {means}>"


def prepare_images(
    folder: Path | str,
    model: str | None = None,
    targets: Path | str | None = None,
    name: str | None = None,
    fit: Fit = "crop",
    size: Size | None = None,
    workspace: Path | None = None,
    progress: Progress | None = None,
) -> PreparedSet:
    """Turns a folder of pictures into a test set; see `harness.prepare.service.prepare_images`."""
    located = Workspace.locate(workspace)
    return _prepare(
        located,
        Path(folder).expanduser(),
        find_model(located, model) if model else None,
        Path(targets).expanduser() if targets else None,
        name,
        fit,
        size,
        progress=progress,
    )


def test(
    model: str,
    dataset: str | Path | None = None,
    *,
    weights: Path | None = None,
    engine: Engine = "official",
    mode: Mode = "paper",
    device: str = "auto",
    seed: int = 0,
    limit: int | None = None,
    size: TestSize = None,
    samples: int = 1,
    name: str | None = None,
    lang: str = "en",
    workspace: Path | None = None,
    progress: Progress | None = None,
) -> Run:
    """Runs a model over a test set, measures and reports; see `harness.testing.service.run_test`."""
    plan = Plan(engine, mode, device, seed, size, NativeSettings(samples=samples))
    done = run_test(
        Workspace.locate(workspace),
        model,
        str(dataset) if dataset is not None else None,
        limit=limit,
        weights=weights,
        name=name,
        plan=plan,
        lang=lang,
        command=["python", *sys.argv[1:]],
        progress=progress,
    )
    return Run(done.folder)


test.__test__ = False  # type: ignore[attr-defined]  # pytest must not collect it where it is imported
