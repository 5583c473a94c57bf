"""A player of the package's own generator with a set to begin with, and its server on a thread."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from threading import Thread

import numpy as np
import pytest
from PIL import Image

from harness.demo.demo_generator import find_generator
from harness.demo.demo_weights import demo_weights
from harness.export.some_pictures import drawn_inputs
from harness.play.playing import Player, PlayRequest
from harness.play.serving import Server
from harness.prepare.prepare_request import PrepareRequest
from harness.prepare.preparing import prepare_images
from harness.progress import Silent
from harness.testing.request import TestRequest
from harness.testing.running import run_test
from harness.workspace import Workspace

COUNT = 3


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with a prepared set `maps` of a few label maps."""
    place = Workspace(tmp_path_factory.mktemp("play"))
    model = find_generator(place, "demo").model
    pictures = drawn_inputs(model, (256, 256))
    (place.root / "own").mkdir()
    for _ in range(COUNT):
        name, picture = next(pictures)
        picture.save(place.root / "own" / f"نما {name}.png")
    prepare_images(place, PrepareRequest(folder=place.root / "own", model="facades_label2photo", name="maps"))
    return place


@pytest.fixture(scope="session")
def server(workspace: Workspace) -> Iterator[Server]:
    player = Player(workspace, PlayRequest(model="demo", dataset="maps", seed=3), Silent())
    with Server(player) as running:
        Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def drawn_by_test(workspace: Workspace, dataset: str, seed: int) -> dict[str, np.ndarray]:
    """What `harness test --engine native --seed` draws of a set with the same weights, H×W×3 by name."""
    request = TestRequest(
        model="facades_label2photo", dataset=dataset, weights=demo_weights(), engine="native", seed=seed
    )
    run = run_test(workspace, request)
    outputs = (run.folder / "images" / "output").glob("*.png")
    return {path.stem: np.asarray(Image.open(path)) for path in outputs}


def settled(page: object) -> None:
    """Waits until the newest drawing's picture is there."""
    page.wait_for_function("() => document.getElementById('result').dataset.settled === 'true'")  # type: ignore[attr-defined]


def canvas(page: object, element: str) -> np.ndarray:
    """A canvas's pixels, H×W×3."""
    address = page.evaluate("(id) => document.getElementById(id).toDataURL()", element)  # type: ignore[attr-defined]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))).convert("RGB"))


def differences(ours: np.ndarray, theirs: np.ndarray) -> tuple[int, float]:
    """The greatest difference in levels, and the share of values that differ."""
    apart = np.abs(ours.astype(int) - theirs.astype(int))
    return int(apart.max()), float((apart > 0).mean())
