"""The mean of the targets a generator learned from: the least that a test of it must beat."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.catalog.types import Model
from harness.engines.inputs import read_halves
from harness.engines.native.colour import colours_of
from harness.errors import ImageError
from harness.files import written_aside
from harness.images.png import write_png
from harness.parallel import default_workers, in_order
from harness.runs.trained import mean_target_path
from harness.sets.item import Item
from harness.sets.selection import select
from harness.sets.trainable import TrainingData
from harness.workspace import Workspace

_MOST = 2_000
"""Pictures that are averaged, evenly chosen: more change no level of the mean."""


def save_mean_target(workspace: Workspace, model: Model, data: TrainingData) -> Path:
    """Writes the mean over the training pictures at the model's size, as targets are saved, and returns its path."""
    selection = select(data.found, model, data.parts[0])
    # The division rounds up, so that the step leaves at most `_MOST`.
    items = selection.items[:: -(-len(selection.items) // _MOST)]
    colours, side = colours_of(model.architecture), model.crop_size

    def target(item: Item) -> NDArray[np.uint8] | None:
        try:
            halves = read_halves(item, (side, side), model.architecture)
        except ImageError:  # left out of the training too, and named there
            return None
        # The side that is drawn: B, or A where the direction is turned; of a photo to colour the photo itself.
        half = halves[0] if not item.paired or selection.direction == "BtoA" else halves[1]
        return np.asarray(colours.target_as_saved(half))

    # Whole numbers: the mean is rounded once, at the end.
    total, count = np.zeros((side, side, 3), np.int64), 0
    for picture in in_order(target, items, default_workers()):
        if picture is not None:
            total += picture
            count += 1
    path, told = mean_target_path(workspace, model), f"the mean of the targets of {count} training pictures"
    with written_aside(path) as temporary:
        write_png(temporary, np.rint(total / count).astype(np.uint8), [(b"tEXt", f"Description\0{told}".encode())])
    return path
