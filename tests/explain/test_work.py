"""A trained model at work: layers, verdicts and neighbours are those that the networks give when called by hand."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from harness.catalog.lookup import find_model as find_in_catalog
from harness.catalog.types import Architecture
from harness.engines.native.pixels import to_tensor
from harness.errors import RunError
from harness.explain.explaining import write_explanation
from harness.explain.text_page import work_lines
from harness.explain.work import at_work
from harness.runs.trained import find_model
from harness.runs.training_record import TrainedModel, TrainingRecord, save_training
from harness.weights.layers import set_mode
from harness.weights.networks import build_discriminator, build_generator
from harness.workspace import Workspace
from tests.pictures import save_pair

ARCHITECTURE = {"netG": "unet_32", "norm": "batch", "use_dropout": False, "ngf": 2, "input_nc": 3, "output_nc": 3}
OPTIONS = {"netD": "n_layers", "n_layers_D": 1, "ndf": 2, "norm": "batch", "gan_mode": "vanilla", "lambda_L1": 100.0}


def make_training(workspace: Workspace, name: str, digest: str = "same", **options: object) -> None:
    folder = workspace.run(name)
    (folder / "checkpoints").mkdir(parents=True)
    torch.manual_seed(len(name))
    torch.save(build_generator(Architecture(**ARCHITECTURE)).state_dict(), folder / "checkpoints" / "2_net_G.pth")
    torch.save(build_discriminator("n_layers", 6, 2, 1).state_dict(), folder / "checkpoints" / "2_net_D.pth")
    model = TrainedModel(
        name, "G", "checkpoints/2_net_G.pth", "0" * 64, 2, "BtoA", ARCHITECTURE, "pairs", "test", "own_b", "own_a", 32
    )
    record = TrainingRecord(
        name, "0.1.0", (), "2026-01-01T00:00:00+00:00", "finished", "pix2pix", "BtoA", "quick", (),
        {"name": "pairs", "reference": "pairs", "digest": digest}, "cpu", 1, 0, 10, {}, {},
        plan={"epochs": 2, "options": OPTIONS | options}, models=(model,),
        results=({"network": "G", "last": {"epoch": 2, "ssim": 0.25, "psnr": 13.5}},),
    )  # fmt: skip
    save_training(folder, record)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace(tmp_path)
    for number in range(4):
        save_pair(made.datasets / "pairs" / "test" / f"{number}.png", 32)
    make_training(made, "mine")
    return made


def picture_of(data: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data.partition(",")[2]))).convert("RGB"))


def test_verdicts_are_those_of_the_discriminator_itself(workspace: Workspace) -> None:
    work = at_work(workspace, find_model(workspace, "mine"))
    assert work
    assert work.verdicts
    pair = Image.open(workspace.datasets / "pairs" / "test" / "0.png").convert("RGB")
    target, source = pair.crop((0, 0, 32, 32)), pair.crop((32, 0, 64, 32))  # BtoA: the right half is the input
    np.testing.assert_array_equal(picture_of(work.inputs[0]), np.asarray(source))
    network = build_discriminator("n_layers", 6, 2, 1)
    network.load_state_dict(torch.load(workspace.run("mine") / "checkpoints" / "2_net_D.pth", weights_only=True))
    set_mode(network, "paper")
    drawn = Image.fromarray(picture_of(work.output))
    for judged, mean in ((target, work.verdicts.real_mean), (drawn, work.verdicts.made_mean)):
        with torch.no_grad():
            answer = network(torch.cat([to_tensor([source], 3), to_tensor([judged], 3)], 1))
        assert mean == pytest.approx(float(torch.sigmoid(answer).mean()), abs=1e-6)
        assert work.verdicts.map == answer.shape[-1]
    assert work.verdicts.square[1] == 16


def test_every_layer_answers_in_the_order_of_the_network(workspace: Workspace) -> None:
    work = at_work(workspace, find_model(workspace, "mine"))
    assert work
    assert [(level.kind, level.side) for level in work.levels] == [
        *(("Conv2d", side) for side in (16, 8, 4, 2, 1)),
        *(("ConvTranspose2d", side) for side in (2, 4, 8, 16, 32)),
    ]
    assert [level.channels for level in work.levels] == [2, 4, 8, 16, 16, 16, 8, 4, 2, 3]


def test_trainings_stand_beside_each_other_with_what_differs(workspace: Workspace) -> None:
    make_training(workspace, "no-l1", lambda_L1=0.0)
    work = at_work(workspace, find_model(workspace, "mine"), ["no-l1"])
    assert work
    assert [(c.name, c.differs, c.ssim) for c in work.columns] == [
        ("mine", "lambda_L1 100", 0.25), ("no-l1", "lambda_L1 0", 0.25),
    ]  # fmt: skip
    assert all(len(column.pictures) == len(work.inputs) == 3 for column in work.columns)
    assert (picture_of(work.columns[0].pictures[0]) != picture_of(work.columns[1].pictures[0])).any()
    assert any("no-l1" in line and "lambda_L1 0" in line for line in work_lines(work))


def test_only_what_was_learnt_from_the_same_is_comparable(workspace: Workspace) -> None:
    make_training(workspace, "elsewhere", digest="another")
    mine = find_model(workspace, "mine")
    with pytest.raises(RunError, match="learnt from other pictures"):
        at_work(workspace, mine, ["elsewhere"])
    with pytest.raises(RunError, match="was not trained here"):
        at_work(workspace, mine, ["facades_label2photo"])
    with pytest.raises(RunError, match="was not trained here"):
        at_work(workspace, find_in_catalog("facades_label2photo"), ["mine"])
    assert at_work(workspace, find_in_catalog("facades_label2photo")) is None
    assert at_work(workspace, replace(mine, name="gone")) is None


@pytest.mark.parametrize("lang", ["en", "fa"])
def test_the_page_has_the_chapter_for_own_models_only(workspace: Workspace, lang: str) -> None:
    make_training(workspace, "no-l1", lambda_L1=0.0)
    page = write_explanation(workspace, "mine", lang, ["no-l1"]).read_text(encoding="utf-8")
    assert 'id="work"' in page
    assert "lambda_L1 0" in page
    assert 'id="work"' not in write_explanation(workspace, None, lang).read_text(encoding="utf-8")
