"""A run's pictures as the next model's inputs: photo to label map to photo again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.catalog.types import Model
from harness.errors import TestSetError
from harness.runs.record import load_record
from harness.workspace import Workspace


@dataclass(frozen=True)
class Link:
    """A run whose outputs become inputs.

    Attributes:
        run: its folder.
        inputs: its outputs.
        targets: its inputs where they are what the next model draws, so that the way there and back can be measured.
        explains: one line in words for `--dry-run`.
    """

    run: Path
    inputs: Path
    targets: Path | None
    explains: str


def link_of(workspace: Workspace, given: Path, model: Model | None) -> Link | None:
    """Returns how a run is taken up, None where `given` is neither a run's folder nor, with no such file, its name.

    Raises:
        TestSetError: no model is named, or it does not eat what the run drew.
        RunError: the run is damaged.
    """
    # What lies here by that name goes before a run of the workspace, as a shell user expects.
    run = given if given.exists() else workspace.results / given
    if not (run / "run.json").is_file():
        return None
    record = load_record(run)
    drawn, eaten = record.model.get("output_domain"), record.model.get("input_domain")
    if model is None:
        raise TestSetError(f"`{run}` is a run: say which model goes on from it", "--model facades_label2photo")
    if drawn != model.input_domain:
        raise TestSetError(
            f"`{run.name}` drew `{drawn}`, and `{model.id}` eats `{model.input_domain}`",
            "choose a model that eats it, see `harness models`",
        )
    # Photo to labels to photo: the first inputs are what the second model should draw.
    back = eaten == model.output_domain
    then = "its inputs are the targets" if back else f"no targets: its inputs are `{eaten}`"
    said = f"chain: what `{record.model.get('id')}` drew in `{run.name}` is the input; {then}"
    return Link(run, run / "images" / "output", run / "images" / "input" if back else None, said)
