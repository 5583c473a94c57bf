"""What is known from the sizes and the weights is said before an engine starts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harness.catalog.models import MODELS
from harness.catalog.preprocessing import Preprocessing
from harness.catalog.types import Architecture
from harness.engines.inputs import read_halves
from harness.engines.job import Answer, Job, NativeSettings, Translating, Translation
from harness.engines.native import engine
from harness.errors import EngineError, ImageError, WeightsError
from harness.runs.record import load_record
from harness.testing import measurable
from harness.testing.request import TestRequest
from harness.testing.running import TestedRun, run_test
from harness.workspace import Workspace
from tests.engines.native.conftest import save_generator
from tests.pictures import save_pair, save_picture

RESNET = Architecture("resnet_6blocks", "instance", False, ngf=2)


@pytest.fixture(autouse=True)
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    def started(*_: object) -> None:
        raise AssertionError("the engine was started")

    monkeypatch.setattr(engine, "translate", started)


def asked(folder: Path, architecture: Architecture = RESNET, **fields: object) -> TestRequest:
    weights = save_generator(folder / "own.pth", architecture)
    return TestRequest(model="horse2zebra", dataset="set", engine="native", weights=weights, device="cpu", **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("size", "said"),
    [
        ((8, 8), "size 8x8 cannot be measured: SSIM needs 11 pixels"),
        ((64, 8), "size 64x8"),
    ],
)
def test_a_size_that_cannot_be_measured_or_drawn(tmp_path: Path, size: tuple[int, int], said: str) -> None:
    save_picture(tmp_path / "set" / "testA" / "a.png", 64, 64)
    with pytest.raises(EngineError, match=said):
        run_test(Workspace(tmp_path), asked(tmp_path, size=size))
    assert not list((tmp_path / "results").glob("*"))


def test_pairs_of_no_two_halves_are_named_before_the_engine_starts(tmp_path: Path) -> None:
    for name, width in (("even", 64), ("odd", 65)):
        save_picture(tmp_path / "set" / "test" / f"{name}.png", width, 32)
    request = replace(asked(tmp_path), model="facades_label2photo")
    with pytest.raises(ImageError, match=r"odd\.png` is a pair 65 pixels wide, which has no two equal halves"):
        run_test(Workspace(tmp_path), request)


def test_pictures_that_cannot_be_read_are_all_named(tmp_path: Path) -> None:
    folder = tmp_path / "set" / "testA"
    save_picture(folder / "good.png", 64, 32)
    for name in ("broken", "other"):
        (folder / f"{name}.png").write_bytes(b"no picture")
    with pytest.raises(ImageError, match="2 pictures cannot be used") as caught:
        run_test(Workspace(tmp_path), asked(tmp_path, size="own"))
    assert "broken.png` is no picture" in caught.value.message and "good.png" not in caught.value.message


def drawn(monkeypatch: pytest.MonkeyPatch, workspace: Workspace, request: TestRequest) -> TestedRun:
    """The run, its engine writing grey outputs of the inputs' sizes."""

    def translate(job: Job, *_: object) -> Translating:
        for item in job.items:
            half = np.asarray(read_halves(item, job.size, job.architecture, job.preprocessing)[0])
            kinds = ("input", "output", "target")[: 3 if item.paired else 2]
            yield Translation(item.name, dict.fromkeys(kinds, half))
        return Answer("native", (), (), {})

    monkeypatch.setattr(engine, "translate", translate)
    return run_test(workspace, request)


def test_what_is_too_small_or_too_large_is_a_row_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "set" / "testA"
    for name, size in {"good": (64, 32), "line": (1, 64), "small": (64, 8), "large": (640, 512)}.items():
        save_picture(folder / f"{name}.png", *size)
    monkeypatch.setattr(measurable, "free_on", lambda device: 4 * 2 * 300 * 300 * 4)
    run = drawn(monkeypatch, Workspace(tmp_path), asked(tmp_path, size="own"))
    assert [image["name"] for image in run.record.images] == ["good"]
    reasons = {left["name"]: left["reason"] for left in load_record(run.folder).left_out}
    assert "1x64 pixels, its padding apart: SSIM needs 11" in reasons["line"]
    assert "64x8" in reasons["small"]
    assert "drawing 640x512 pixels takes about 10 MB" in reasons["large"] and "`--tiled auto`" in reasons["large"]
    assert "640x512" in run.page.read_text(encoding="utf-8")
    again = asked(tmp_path, size="own", native=NativeSettings(tiled="auto"))
    assert len(drawn(monkeypatch, Workspace(tmp_path), again).record.images) == 2


def test_of_a_pair_each_half_is_looked_at(tmp_path: Path) -> None:
    save_pair(tmp_path / "set" / "test" / "a.png", 8)
    request = asked(tmp_path, size="own")
    with pytest.raises(ImageError, match="is 8x8 pixels, its padding apart: SSIM needs 11"):
        run_test(Workspace(tmp_path), TestRequest(**{**vars(request), "model": "facades_label2photo"}))


@pytest.mark.parametrize(("takes", "makes"), [(4, 3), (6, 3), (3, 4), (1, 5), (3, 2)])
def test_weights_that_take_or_make_no_picture(tmp_path: Path, takes: int, makes: int) -> None:
    architecture = Architecture("resnet_6blocks", "instance", False, ngf=2, input_nc=takes, output_nc=makes)
    save_picture(tmp_path / "set" / "testA" / "a.png", 64, 64)
    with pytest.raises(WeightsError, match=f"turn {takes} channels into {makes}"):
        run_test(Workspace(tmp_path), asked(tmp_path, architecture))


@pytest.mark.parametrize(
    ("how", "size", "said"),
    [
        ("scale_width", (301, 203), None),  # 64x43, of which 64x40 is taken
        ("none", (63, 33), None),
        ("none", (64, 9), "64x8 pixels, its padding apart: SSIM needs 11 pixels"),
    ],
)
def test_a_model_trained_at_a_geometry_of_its_own_is_asked_for_what_it_sees(
    tmp_path: Path, how: str, size: tuple[int, int], said: str | None
) -> None:
    save_picture(tmp_path / "set" / "testA" / "a.png", *size)
    model = replace(MODELS["cyclegan/horse2zebra"], preprocessing=Preprocessing(how, 64, 32))
    request = replace(asked(tmp_path), model=model)
    with pytest.raises(ImageError if said else AssertionError, match=said or "the engine was started"):
        run_test(Workspace(tmp_path), request)
