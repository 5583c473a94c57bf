"""An exported generator draws the native engine's pixels, and one that does not is never written."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from click.testing import CliRunner
from onnx import helper

from harness.catalog.types import Architecture
from harness.cli.main import cli, main
from harness.demo.demo_generator import find_generator
from harness.engines.native.generator import load_generator
from harness.engines.seeds import image_seed
from harness.errors import EngineError
from harness.export import exporting
from harness.export.exporting import ExportRequest, certify, export, mask_shapes, refuse_inexact
from harness.export.graph import build_graph
from harness.export.masks import as_torch_draws, draw_masks, torch_masks
from harness.export.some_pictures import some_inputs
from harness.files import sha256_of
from harness.testing.loading import Generator
from harness.weights.layers import ImageBatchNorm, set_mode
from harness.workspace import Workspace
from tests.weights.state_dicts import state_dict_of


def weights_of(folder: Path, architecture: Architecture) -> Path:
    """A file of seeded weights small enough that a U-Net's tanh is not driven to its ends."""
    path = folder / "weights.pth"
    torch.save({k: v * 0.05 if v.ndim > 1 else v for k, v in state_dict_of(architecture).items()}, path)
    return path


@pytest.mark.parametrize(
    "architecture",
    [
        Architecture(netG, norm, dropout, ngf=ngf, input_nc=channels[0], output_nc=channels[1])
        for netG, norm, dropout, ngf, channels in (
            ("unet_256", "batch", True, 8, (3, 3)),
            ("unet_128", "instance", True, 8, (3, 3)),
            ("unet_128", "none", False, 8, (3, 3)),
            ("unet_128", "batch", True, 16, (1, 2)),
            ("resnet_6blocks", "batch", True, 8, (3, 3)),
            ("resnet_9blocks", "instance", False, 16, (3, 3)),
            ("resnet_6blocks", "none", False, 8, (1, 1)),
        )
    ],
    ids=str,
)
def test_every_generator_and_norm(architecture: Architecture, tmp_path: Path) -> None:
    name = "facades_label2photo" if architecture.use_dropout else "cyclegan/horse2zebra"
    weights = weights_of(tmp_path, architecture)
    side = 128 if architecture.netG != "unet_256" else 256
    request = ExportRequest(model=name, output=tmp_path / "a.onnx", weights=weights, size=(side, side))
    made = export(Workspace(tmp_path), request)
    assert made.certificate.pictures == 8 and made.certificate.largest <= 1
    inputs = [value.name for value in onnx.load(made.path).graph.input]
    assert inputs == ["input", *(f"mask_{n + 1}" for n in range(len(made.masks)))]
    # With its dropout gone it would be another network.
    assert bool(made.masks) == bool(architecture.use_dropout)


def test_a_batch_of_masks_and_sizes_draws_each_picture_as_alone(tmp_path: Path) -> None:
    made = export(Workspace(tmp_path), ExportRequest(model="demo", output=tmp_path / "a.onnx"))
    session = onnxruntime.InferenceSession(made.path)
    x = np.random.default_rng(0).uniform(-1, 1, (3, 3, 256, 256)).astype(np.float32)
    masks = [draw_masks(image_seed(5, name), made.masks) for name in ("a", "b", "c")]
    feeds = {f"mask_{n + 1}": np.stack([one[n] for one in masks]) for n in range(3)}
    together = session.run(None, {"input": x, **feeds})[0]
    for row in range(3):
        alone = session.run(None, {"input": x[row : row + 1], **{k: v[row : row + 1] for k, v in feeds.items()}})[0]
        np.testing.assert_allclose(together[row], alone[0], atol=2e-5)
    assert np.abs(together[0] - together[1]).mean() > 0.1


def test_a_resnet_takes_other_sizes(tmp_path: Path) -> None:
    weights = weights_of(tmp_path, Architecture("resnet_6blocks", "instance", False, ngf=8))
    request = ExportRequest(model="cyclegan/horse2zebra", output=tmp_path / "a.onnx", weights=weights, size=(64, 64))
    session = onnxruntime.InferenceSession(export(Workspace(tmp_path), request).path)
    drawn = session.run(None, {"input": np.zeros((2, 3, 92, 120), np.float32)})[0]
    assert drawn.shape == (2, 3, 92, 120)


def test_the_file_says_what_it_is(tmp_path: Path) -> None:
    made = export(Workspace(tmp_path), ExportRequest(model="demo", output=tmp_path / "a.onnx"))
    told = {entry.key: entry.value for entry in onnx.load(made.path).metadata_props}
    assert told["model"] == "pix2pix/facades_label2photo" and told["mode"] == "paper" and told["direction"] == "BtoA"
    assert told["weights_sha256"] == sha256_of(made.generator.weights)
    assert "MT19937" in told["masks"] and "BSD-2-Clause" in told["licence"]
    assert json.loads(told["certificate"])["pictures"] == 8


def test_the_file_names_the_weights_it_was_made_of_whatever_the_model_usually_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights, real = weights_of(tmp_path, Architecture("resnet_6blocks", "instance", False, ngf=8)), find_generator

    def of_a_training(*given: object) -> Generator:
        found = real(*given)  # type: ignore[arg-type]
        return replace(found, model=replace(found.model, sha256="ab" * 32))

    monkeypatch.setattr(exporting, "find_generator", of_a_training)
    request = ExportRequest(model="cyclegan/horse2zebra", output=tmp_path / "a.onnx", weights=weights, size=(64, 64))
    told = {entry.key: entry.value for entry in onnx.load(export(Workspace(tmp_path), request).path).metadata_props}
    assert told["weights_sha256"] == sha256_of(weights)


def test_running_statistics_in_place_of_the_pictures_fail_the_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What other exports of these models have done: the graph of mode `eval` for what draws in mode `paper`."""
    build = exporting.build_graph

    def wrong(network, *shapes, **options):
        for module in network.modules():
            if isinstance(module, ImageBatchNorm):
                module.by_image = False
        return build(network, *shapes, **options)

    monkeypatch.setattr(exporting, "build_graph", wrong)
    for half in (False, True):
        request = ExportRequest(model="demo", output=tmp_path / "a.onnx", half_weights=half)
        with pytest.raises(EngineError, match="not what the model draws, and was not written: 8 pictures"):
            export(Workspace(tmp_path), request)
    assert not list(tmp_path.iterdir())


def test_other_noise_fails_the_certificate(tmp_path: Path) -> None:
    generator = find_generator(Workspace(tmp_path), "demo")
    job = generator.lone_job("paper", (256, 256))
    network = load_generator(job)
    set_mode(network, "paper")
    masks = mask_shapes(network, (3, 256, 256))
    model = build_graph(network, ("n", 3, 256, 256), ("n", 3, 256, 256), [("n", *mask) for mask in masks])
    inputs = some_inputs(Workspace(tmp_path), generator.model, (256, 256), 2)[1]
    refuse_inexact(certify(model, job, inputs, masks), generator, half_weights=False)
    # Every mask turned around: what was kept is dropped.
    for n in range(1, len(masks) + 1):
        for node in model.graph.node:
            node.input[:] = [f"turned_{n}" if name == f"mask_{n}" else name for name in node.input]
        model.graph.node.insert(0, helper.make_node("Sub", ["one", f"mask_{n}"], [f"turned_{n}"]))
    model.graph.initializer.append(helper.make_tensor("one", onnx.TensorProto.FLOAT, [1], [1.0]))
    with pytest.raises(EngineError, match="is not what the model draws"):
        refuse_inexact(certify(model, job, inputs, masks), generator, half_weights=False)


def test_masks_are_what_torch_draws() -> None:
    """Fails where a build of torch draws dropout otherwise: then `masks.py` and `masks.js` describe another noise."""
    for seed in (0, 1, 2**32 - 1, 2**32, 2**40 + 7, *(image_seed(n, f"picture {n}") for n in range(95))):
        assert as_torch_draws(seed, ((16, 4, 4), (8, 8, 8)))
    torch.manual_seed(5)
    kept = torch.nn.functional.dropout(torch.ones(1, 8, 16, 16)) > 0
    assert np.array_equal(kept[0].numpy(), draw_masks(5, [(8, 16, 16)])[0] > 0)
    assert np.array_equal(torch_masks(5, [(8, 16, 16)])[0], draw_masks(5, [(8, 16, 16)])[0])


def test_the_command(tmp_path: Path) -> None:
    typed = ["--workspace", str(tmp_path), "export", "demo", "-o", str(tmp_path / "a.onnx")]
    done = CliRunner().invoke(cli, [*typed, "--json", "--quiet"])
    document = json.loads(done.stdout)
    assert document["certificate"]["largest"] <= 1 and document["size"] == [256, 256]
    assert document["bytes"] == (tmp_path / "a.onnx").stat().st_size


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["facades_label2photo"], "the weights of `pix2pix/facades_label2photo` are not installed"),
        (["demo", "--size", "250"], "must be multiples of 256"),
        (["facade"], "no model is called `facade`"),
        (["demo", "-o", "there.onnx"], "`there.onnx` exists already"),
    ],
)
def test_what_cannot_be_exported(typed: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("there.onnx").touch()
    assert main(["export", "-o", "a.onnx", *typed]) == 1
    assert said in capsys.readouterr().err
    assert [path.name for path in Path().iterdir()] == ["there.onnx"]


def test_without_the_extra_the_command_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("harness.export.find_spec", lambda name: None)
    assert main(["export", "demo", "-o", "a.onnx"]) == 1
    assert "pip install 'pix2pix-harness[export]'" in capsys.readouterr().err
