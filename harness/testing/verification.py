"""`harness verify`: makes a run again, with the same engine or the other one, and says what differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from harness.errors import RunError
from harness.files import sha256_of
from harness.progress import Progress
from harness.provision.installed import installed_weights
from harness.runs.listing import find_run
from harness.runs.pixel_differences import PixelDifference, compare_folders
from harness.runs.record import RunRecord, load_record
from harness.runs.trained import checkpoints_of, find_model
from harness.testing.request import Engine, NativeSettings, TestRequest
from harness.testing.running import run_test
from harness.workspace import Workspace


@dataclass(frozen=True)
class Verification:
    """What differs between the outputs of two runs, in levels of 255."""

    first: str
    second: str
    differences: tuple[PixelDifference, ...]

    @property
    def greatest(self) -> int:
        return max((d.max for d in self.differences), default=0)

    @property
    def mean(self) -> float:
        return sum(d.mean for d in self.differences) / max(1, len(self.differences))

    @property
    def identical(self) -> int:
        """How many images agree in every pixel."""
        return sum(d.max == 0 for d in self.differences)

    def sentence(self) -> str:
        """The result in one line."""
        return (
            f"{self.first} and {self.second}: {self.identical} of {len(self.differences)} images identical, "
            f"greatest difference {self.greatest}/255, mean {self.mean:.5f}/255"
        )

    def to_json(self) -> dict[str, Any]:
        """What `--json` prints."""
        return {
            "first": self.first,
            "second": self.second,
            "images": len(self.differences),
            "identical": self.identical,
            "max": self.greatest,
            "mean": self.mean,
            "per_image": [asdict(d) for d in self.differences],
        }


def compare_runs(first: Path, second: Path) -> Verification:
    """Compares the outputs of two runs of the same images pixel by pixel.

    Raises:
        RunError: the runs translated other images.
    """
    a, b = load_record(first), load_record(second)
    names = [image["name"] for image in a.images]
    if names != [image["name"] for image in b.images] or a.test_set["digest"] != b.test_set["digest"]:
        raise RunError(f"`{a.name}` and `{b.name}` translated other images", f"harness verify {a.name}")
    differences = compare_folders(first / "images" / "output", second / "images" / "output", names)
    return Verification(a.name, b.name, tuple(differences))


def verify(
    workspace: Workspace,
    run: str | None,
    engine: Literal["same", "other"] = "same",
    dataset: str | None = None,
    weights: Path | None = None,
    elsewhere: Sequence[Path] = (),
    command: Sequence[str] = (),
    progress: Progress | None = None,
) -> Verification:
    """Makes a run again from its record and compares the outputs.

    Args:
        run: a run's name or folder, None for the newest.
        engine: the one the run was made with, or the other of the two.
        dataset: where the pictures are now, needed when they lie outside the workspace.
        weights: the generator's file, needed when it was given with `--weights`.
        elsewhere: files that may be the run's generator when the installed one is not, told by their SHA-256.

    Raises:
        RunError: the pictures or the weights are not those of the run.
    """
    folder = find_run(workspace, run)
    record = load_record(folder)
    reference = dataset or record.test_set["reference"]
    if reference is None:
        raise RunError(
            f"the pictures of `{record.name}` lie outside the workspace",
            f"harness verify {record.name} --dataset FOLDER",
        )
    found = _weights_of(workspace, record, [weights] if weights else elsewhere, installed=weights is None)
    request = replace(_request_of(record, engine), dataset=reference, weights=found, command=tuple(command))
    return compare_runs(folder, run_test(workspace, request, progress).folder)


def _weights_of(workspace: Workspace, record: RunRecord, files: Sequence[Path], *, installed: bool) -> Path:
    """The file with the very weights of the run; raises RunError where none of those that may be it is."""
    model = find_model(workspace, record.model["id"])
    own = [installed_weights(workspace, model), *checkpoints_of(workspace, model)] if installed else []
    for path in [*filter(None, own), *files]:
        if sha256_of(path) == record.model["weights_sha256"]:
            return path
    raise RunError(
        f"the weights `{record.name}` was made with are not {'installed' if installed else f'`{files[0]}`'}",
        f"harness verify {record.name} --weights FILE",
    )


def _request_of(record: RunRecord, engine: Literal["same", "other"]) -> TestRequest:
    others: dict[str, Engine] = {"official": "native", "native": "official"}
    chosen = record.engine if engine == "same" else others[record.engine]
    size = record.test_set["size"]
    return TestRequest(
        model=record.model["id"],
        split=record.test_set["split"],
        limit=record.test_set["count"],
        engine=chosen,  # type: ignore[arg-type]  # a record holds no other word
        mode=record.mode,  # type: ignore[arg-type]
        device=record.device,
        seed=record.seed,
        size=tuple(size) if isinstance(size, list) else size,
        native=NativeSettings(**record.extra.get("native", {})) if engine == "same" else NativeSettings(),
    )
