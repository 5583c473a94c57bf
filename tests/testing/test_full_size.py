"""Outputs in the shape of the user's own pictures lie on them, to the pixel, whatever was done to them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.catalog.types import Architecture
from harness.engines.inputs import sized_halves
from harness.engines.job import Answer, Job, NativeSettings, Translating, Translation
from harness.engines.native import engine
from harness.prepare.planning import PrepareRequest
from harness.prepare.preparing import prepare_images
from harness.runs.record import load_record
from harness.testing.request import TestRequest
from harness.testing.running import TestedRun, run_test
from harness.workspace import Workspace
from tests.engines.native.conftest import save_generator
from tests.images.pictures import as_orientation
from tests.report.samples import change_facts

RESNET = Architecture("resnet_6blocks", "instance", False, ngf=2)
SIZES = {"wide": (400, 100), "tall": (120, 300), "odd": (257, 255), "small": (40, 30), "panorama": (1600, 200)}


def ramp(width: int, height: int) -> Image.Image:
    """Red tells the column, green the row."""
    across, down = np.meshgrid(np.linspace(20, 235, width), np.linspace(20, 235, height))
    return Image.fromarray(np.stack([across, down, 255 - across], axis=-1).astype(np.uint8))


@pytest.fixture
def identity(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that draws what it is given."""

    def translate(job: Job, *_: object) -> Translating:
        for item in job.items:
            (half, *_), _ = sized_halves(
                lambda picture, size: picture.resize(size, Image.Resampling.BICUBIC), item, job.size, RESNET
            )
            yield Translation(item.name, dict.fromkeys(("input", "output"), np.asarray(half)))
        return Answer("native", (), (), {})

    monkeypatch.setattr(engine, "translate", translate)


@pytest.fixture
def photos(tmp_path: Path) -> dict[str, Image.Image]:
    """What a camera sees, upright; one of the files is turned."""
    (tmp_path / "photos").mkdir()
    upright = {name: ramp(*size) for name, size in SIZES.items()}
    for name, picture in upright.items():
        picture.save(tmp_path / "photos" / f"{name}.png")
    turned, exif = as_orientation(upright["tall"], 6)
    turned.save(tmp_path / "photos" / "tall.png", exif=exif)
    return upright


def run_of(tmp_path: Path, prepared: dict[str, object], **asked: object) -> TestedRun:
    workspace = Workspace(tmp_path)
    made = prepare_images(workspace, PrepareRequest(folder=tmp_path / "photos", model="horse2zebra", **prepared))  # type: ignore[arg-type]
    weights = save_generator(tmp_path / "own.pth", RESNET)
    return run_test(
        workspace,
        TestRequest(
            model="horse2zebra",
            dataset=made.folder.name,
            engine="native",
            weights=weights,
            device="cpu",
            **asked,  # type: ignore[arg-type]
        ),
    )


@pytest.mark.usefixtures("identity")
@pytest.mark.parametrize(
    "prepared", [{"fit": fit} for fit in ("crop", "pad", "stretch")] + [{"size": "own"}, {"size": 200}]
)
@pytest.mark.parametrize("size", [None, "own", 90])
def test_what_the_identity_draws_lies_on_its_source(
    tmp_path: Path, photos: dict[str, Image.Image], prepared: dict[str, object], size: object
) -> None:
    run = run_of(tmp_path, prepared, size=size)
    everywhere = run.folder / "images" / "full"
    if prepared == {"size": "own"} and size == "own":
        assert not everywhere.exists()
        return
    for image in load_record(run.folder).images:
        geometry, name = image["geometry"], image["name"]
        source = photos[name]
        assert tuple(geometry["source"]) == source.size
        left, top, right, bottom = geometry["region"]
        inner = (int(np.ceil(left - 1e-6)), int(np.ceil(top - 1e-6)), int(right + 1e-6), int(bottom + 1e-6))
        with Image.open(everywhere / f"{name}.png") as full:
            assert full.info["srgb"] == 0
            drawn, seen = (np.asarray(p, dtype=np.int64) for p in (full.convert("RGB"), source.crop(inner)))
        assert drawn.shape == seen.shape
        # One pixel of the source is a step of this many levels: a shift by half of one would show in the mean.
        step = np.array([215 / source.width, 215 / source.height, 215 / source.width])
        assert (np.abs((drawn - seen).mean((0, 1))) < 0.5 * step + 0.35).all(), name
    with Image.open(run.folder / "images" / "source" / "wide.jpg") as small:
        assert max(small.size) <= 640


@pytest.mark.usefixtures("identity", "photos")
def test_full_pictures_can_be_left_out(tmp_path: Path) -> None:
    run = run_of(tmp_path, {}, full=False)
    assert {path.name for path in (run.folder / "images").iterdir()} == {"input", "output"}
    assert "--no-full" in run.page.read_text(encoding="utf-8")


@pytest.mark.usefixtures("identity", "photos")
def test_padding_is_measured_by_no_run_and_known_from_its_record(tmp_path: Path) -> None:
    run = run_of(tmp_path, {"fit": "pad"})
    record = load_record(run.folder)
    assert record.boxes["wide"] == (0, 96, 256, 160)
    assert run.measurement.protocol["padded"] == len(record.boxes) == 5
    # An older run knows nothing of boxes, and its page says so.
    change_facts(run.folder, lambda image: image.pop("geometry"))
    assert load_record(run.folder).boxes == {}


@pytest.mark.usefixtures("photos")
def test_tiles_are_told_in_the_record(tmp_path: Path) -> None:
    run = run_of(tmp_path, {"size": "own"}, size="own", native=NativeSettings(tiled=128))
    warnings = " ".join(run.record.warnings)
    assert "4 pictures were drawn in tiles of 128 pixels, overlapping by 32" in warnings
    assert "levels across tiles' borders" in warnings


@pytest.mark.usefixtures("identity", "photos")
def test_a_set_made_at_another_size_is_no_silent_answer_to_own(tmp_path: Path) -> None:
    said = "was prepared at another size, `odd` of 257x255 at 256x256"
    assert any(said in warning for warning in run_of(tmp_path, {}, size="own").record.warnings)
    run = run_of(tmp_path, {"size": 200, "name": "smaller"}, size=200)
    assert not any("another size" in warning for warning in run.record.warnings)
