"""What is played: one generator in memory, the pictures one can begin with, and how near a drawing is."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from harness.catalog.domains import DOMAINS
from harness.demo.demo_generator import DEMO, find_generator, is_demo
from harness.demo.demo_weights import MODEL, demo_profile
from harness.engines.devices import resolve_device
from harness.engines.job import Mode, NativeSettings
from harness.engines.native.colour import colours_of
from harness.engines.native.generator import Translator
from harness.engines.native.pixels import spread_map, spread_of
from harness.errors import ImageError, TestSetError, UnknownNameError
from harness.export.some_pictures import drawn_inputs, input_of
from harness.images.geometry import Size
from harness.images.palettes import CITYSCAPES, CITYSCAPES_NAMES, FACADES
from harness.nearness.assessment import Nearness, assess
from harness.nearness.class_ranks import class_ranks
from harness.nearness.features import SMALLEST_SIDE
from harness.nearness.profile import Profile
from harness.prepare.nearness import profile_for
from harness.prepare.recipes.base import Settings
from harness.prepare.recipes.choosing import input_recipe
from harness.progress import Progress
from harness.provision.installed import installed_weights
from harness.runs.trained import find_model
from harness.sets.finding import default_set, find_set
from harness.sets.selection import Selection, select
from harness.testing.loading import Generator
from harness.workspace import Workspace

Pixels = NDArray[np.uint8]
"""H×W×3 uint8 RGB of the player's size."""

SAMPLES = 4
DRAWN = 12
"""Examples that the package draws, for models of facades."""
_MOST_LISTED = 2000
_FACADES = {"facade_label", "facade_photo"}
_PALETTES = {
    "facade_label": tuple((c.name, c.rgb) for c in FACADES),
    "cityscapes_label": tuple(zip(CITYSCAPES_NAMES, CITYSCAPES, strict=False)),
}


@dataclass(frozen=True, kw_only=True)
class PlayRequest:
    """What to play.

    Attributes:
        model: of the catalog, trained here, or `demo`; by default facades, with the package's own generator where the
            official weights are not installed.
        weights: a generator to play in place of the installed one.
        dataset: whose pictures one can begin with, by default those a test of the model would take.
        picture: the name of the one that is there at once.
        size: width and height in pixels; by default the model's.
        collected: name of the set that drawings are added to.
    """

    model: str | None = None
    weights: Path | None = None
    dataset: str | None = None
    picture: str | None = None
    mode: Mode = "paper"
    seed: int = 0
    size: Size | None = None
    device: str = "auto"
    lang: str = "en"
    collected: str = "drawings"


@dataclass(frozen=True)
class Start:
    """A picture one can begin with, `of` the `set`, or `drawn` by the package."""

    name: str
    of: str


class Player:
    """One generator, ready to draw; safe to be asked by many threads, which it answers one after another."""

    def __init__(self, workspace: Workspace, request: PlayRequest, progress: Progress) -> None:
        """Raises HarnessError of several kinds: no such model, no weights, a size the network cannot take."""
        self.workspace, self.request, self._progress = workspace, request, progress
        self.generator = chosen_generator(workspace, request)
        if difference := self.generator.difference_from_catalog():
            progress.warn(difference)
        self.size = self.generator.canvas(request.size)
        device = resolve_device(request.device)
        job = self.generator.lone_job(request.mode, self.size, device)
        self._translator = Translator(job, device, NativeSettings(batch_size=1))
        self._colours = colours_of(self.generator.architecture)
        self._busy = Lock()
        self.selection = self._selected()
        if request.picture is not None and request.picture not in {start.name for start in self.starts}:
            raise UnknownNameError("picture", request.picture, [start.name for start in self.starts])

    @cached_property
    def palette(self) -> tuple[tuple[str, tuple[int, int, int]], ...]:
        """Name and colour of each class, none where the model eats no known label maps."""
        return _PALETTES.get(self.generator.model.input_domain, ())

    @property
    def kind(self) -> str:
        """Which tools there are: those for a label map, for edges, or for any other picture."""
        kind = DOMAINS[self.generator.model.input_domain].kind
        return kind if kind == "edges" or self.palette else "picture"

    @cached_property
    def starts(self) -> tuple[Start, ...]:
        """What one can begin with."""
        items = self.selection.items[:_MOST_LISTED] if self.selection else ()
        return (*(Start(item.name, "set") for item in items), *(Start(name, "drawn") for name in self._drawn))

    @cached_property
    def _drawn(self) -> dict[str, Image.Image]:
        count = DRAWN if self.generator.model.input_domain in _FACADES else 0
        return dict(islice(drawn_inputs(self.generator.model, self.size), count))

    def start(self, start: Start) -> Image.Image:
        """Returns the picture, as a test at this size would translate it; raises ImageError, UnknownNameError."""
        if start not in self.starts:
            raise UnknownNameError("picture", start.name, [s.name for s in self.starts])
        if start.of == "drawn" or self.selection is None:
            return self._drawn[start.name]
        item = next(item for item in self.selection.items if item.name == start.name)
        return input_of(item, self.selection, self.generator.model, self.size)

    def draw(
        self, drawing: Pixels, name: str, seed: int, samples: int = 1
    ) -> tuple[list[Image.Image], Image.Image | None]:
        """Returns what the model makes of a drawing, as `harness test --seed` would, and with several samples a map of
        where they differ, in grey."""
        inputs = self._colours.inputs([Image.fromarray(drawing)])  # (1, C, H, W)
        with self._busy:
            # Noise is drawn picture by picture, from the job's seed and the name.
            self._translator.job = replace(self._translator.job, seed=seed)
            draws = [self._translator.translate(inputs, [name], n) for n in range(samples)]
        found = [Image.fromarray(self._colours.pixels(inputs, draw)[0].numpy()) for draw in draws]
        if samples == 1:
            return found, None
        spread = spread_map(spread_of([self._colours.shown(inputs, draw) for draw in draws]))
        return found, Image.fromarray(spread[0].numpy())

    def bring(self, content: bytes) -> tuple[Image.Image, tuple[str, ...]]:
        """Returns a picture of the user as `harness prepare-images` makes the model's input of it, and what to know.

        Raises:
            ImageError: it cannot be read, or be used.
        """
        settings = Settings(size=self.size)
        recipe = input_recipe(self.generator.model, None, "auto", [content], settings)
        drawn = recipe.draw(recipe.read(content, settings), settings)
        return drawn.image, drawn.warnings

    @cached_property
    def profile(self) -> Profile | None:
        """What the model's training pictures look like, None where that is not known."""
        if is_demo(self.generator):
            return demo_profile()
        try:
            return profile_for(self.workspace, self.generator.model, self._progress)
        except TestSetError as error:
            self._progress.warn(f"nearness is not judged: {error.message}", error.hint)
            return None

    def assessed(self, drawing: Pixels) -> Nearness | None:
        """Returns how near a drawing is to the training pictures, None where that is unknown."""
        return assess(drawing, self.profile) if self.profile and min(self.size) >= SMALLEST_SIDE else None

    def near(self, drawing: Pixels) -> dict[str, Any] | None:
        """Returns the same for the page, with the classes it has unusually much or little of."""
        found = self.assessed(drawing)
        if found is None or self.profile is None:
            return None
        names, colours = [name for name, _ in self.palette], [colour for _, colour in self.palette]
        ranks = class_ranks(drawing, self.profile, names, colours)
        return {
            "verdict": found.verdict,
            "percentile": round(found.percentile, 1),
            "reasons": list(found.reasons),
            "classes": [vars(rank) for rank in ranks[:3]],
        }

    def _selected(self) -> Selection | None:
        """The pictures a test would take; without a set of that name an error, without any set none."""
        model, name = self.generator.model, self.request.dataset
        if name is not None:
            return select(find_set(self.workspace, name, family=model.family), model)
        try:
            return select(default_set(self.workspace, model), model)
        except (TestSetError, UnknownNameError):
            return None


def chosen_generator(workspace: Workspace, request: PlayRequest) -> Generator:
    """Returns the generator that is asked for; see `PlayRequest.model`."""
    if request.model is not None:
        return find_generator(workspace, request.model, request.weights)
    there = request.weights or installed_weights(workspace, find_model(workspace, MODEL))
    return find_generator(workspace, MODEL if there else DEMO, request.weights)


def png(picture: Image.Image) -> bytes:
    """Returns a picture as PNG, quickly made."""
    stream = io.BytesIO()
    picture.save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def drawing_of(content: bytes, size: Size) -> Pixels:
    """Returns the pixels of a canvas, RGBA as browsers hold it; raises ImageError for another number of bytes."""
    width, height = size
    if len(content) != width * height * 4:
        raise ImageError(f"{len(content)} bytes are no drawing of {width}x{height}", "load the page again")
    return np.frombuffer(content, np.uint8).reshape(height, width, 4)[..., :3].copy()
