"""Pictures as a generator sees them in a test: of a set, or drawn by the package where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice

from PIL import Image

from harness.catalog.domains import DOMAINS
from harness.catalog.types import Model
from harness.demo.scenes import UNSEEN, draw_scene
from harness.engines.inputs import read_halves
from harness.errors import TestSetError, UnknownNameError
from harness.images.geometry import Size
from harness.sets.finding import default_set
from harness.sets.item import Item
from harness.sets.selection import Selection, select
from harness.workspace import Workspace


def input_of(item: Item, selection: Selection, model: Model, size: Size) -> Image.Image:
    """Returns an item's input as RGB at `size`, exactly as a test of that size translates it; raises ImageError."""
    halves = read_halves(item, size, model.architecture)
    return halves[-1] if item.paired and selection.direction == "BtoA" else halves[0]


def drawn_inputs(model: Model, size: Size) -> Iterator[tuple[str, Image.Image]]:
    """Yields ever further street fronts with their names: label maps, or photos for models that eat no label maps."""
    labels = DOMAINS[model.input_domain].kind == "label_map"
    for number in count(1):
        scene = draw_scene(UNSEEN, number - 1)
        picture = Image.fromarray(scene.label if labels else scene.photo)
        how = Image.Resampling.NEAREST if labels else Image.Resampling.BICUBIC
        yield f"facade-{number:02d}", picture if picture.size == size else picture.resize(size, how)


def some_inputs(workspace: Workspace, model: Model, size: Size, most: int) -> tuple[str, list[tuple[str, Image.Image]]]:
    """Returns what a few inputs are of, and these with their names: of the model's own set, else drawn."""
    try:
        selection = select(default_set(workspace, model), model).limited(most)
    except (TestSetError, UnknownNameError):  # nothing is installed that it could be tested on
        return "drawn street fronts", list(islice(drawn_inputs(model, size), most))
    return selection.name, [(item.name, input_of(item, selection, model, size)) for item in selection.items]
