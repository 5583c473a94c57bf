"""The generator a test runs: a catalog model, its weights, and the architecture their keys show."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from harness.catalog.types import Architecture, Model
from harness.engines.inputs import fits, reason
from harness.engines.job import Job, Mode
from harness.errors import EngineError, WeightsError
from harness.provision.installed import installed_weights, weights_differ
from harness.weights.architecture import architecture_of, difference_between
from harness.workspace import Workspace


@dataclass(frozen=True)
class Generator:
    """A catalog model with the weights that will be run, and the architecture their keys show.

    Attributes:
        changed: a sentence where installed weights are another file than was brought or placed.
    """

    model: Model
    weights: Path
    architecture: Architecture
    changed: str | None = None

    def difference_from_catalog(self) -> str | None:
        """Returns a sentence when the weights cannot be the official ones, or are no longer what was brought."""
        expected, found = self.model.architecture, self.architecture
        difference = difference_between(expected, found)
        return f"these are not the official weights: {difference}" if difference else self.changed

    def canvas(self, asked: tuple[int, int] | None = None) -> tuple[int, int]:
        """Returns the width and height asked for, or the model's, in pixels; raises EngineError for no multiple."""
        # A training may have cut pictures to a side that its network does not divide: then the next one that it does.
        multiple = self.architecture.multiple_of
        side = -(-self.model.crop_size // multiple) * multiple
        size = asked or (side, side)
        if not fits(size, self.architecture):
            near = "x".join(str(max(multiple, round(number / multiple) * multiple)) for number in size)
            raise EngineError(f"size {size[0]}x{size[1]} does not fit: {reason(self.architecture)}", f"--size {near}")
        return size

    def lone_job(self, mode: Mode, size: tuple[int, int], device: str = "cpu") -> Job:
        """Returns what a translator is asked that stands alone: pictures of one size come by hand, none is written."""
        return Job(
            weights=self.weights,
            architecture=self.architecture,
            items=(),
            direction=self.model.direction,
            mode=mode,
            seed=0,
            device=device,
            size=size,
            log=Path(tempfile.gettempdir()),  # never touched
        )


def load_generator(workspace: Workspace, model: Model, weights: Path | None = None) -> Generator:
    """Finds the weights of a model and infers their architecture.

    Args:
        weights: a file to run in place of the installed one.

    Raises:
        WeightsError: there are none, or the file holds no generator.
    """
    path = weights or installed_weights(workspace, model)
    if path is None:
        raise WeightsError(f"the weights of `{model.id}` are not installed", f"harness setup --model {model.id}")
    if not path.is_file():
        raise WeightsError(f"there is no file `{path}`", f"harness setup --model {model.id}")
    # From the file, not from the catalog: the file is what runs.
    found = architecture_of(path)
    if found.use_dropout is None:  # a U-Net's keys do not tell; the catalog does
        found = replace(found, use_dropout=model.architecture.use_dropout)
    # Of a file the user names nothing was ever recorded, so it cannot have changed.
    changed = None if weights else weights_differ(workspace, model)
    if found.code == "lua":  # its networks are made for one size, down to one pixel: `unet_128` for 128
        model = replace(model, crop_size=found.multiple_of)
    return Generator(model, path, found, changed)
