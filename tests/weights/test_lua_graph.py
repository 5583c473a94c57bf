"""Generators of the Lua original: what their graphs show, and that the native network computes what Torch7 does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from harness.catalog.types import Architecture
from harness.errors import WeightsError
from harness.weights.architecture import architecture_of
from harness.weights.layers import set_mode
from harness.weights.networks import build_generator
from harness.weights.reading import read_weights
from tests.weights.torch7_files import Function, Table, Thing, View, forward, make_generator, modules_of, save

UNET_32 = Architecture(
    "unet_32", "batch", True, ngf=2, code="lua", biased=True, dropout_levels=(2, 3, 4)
)  # fmt: skip


def network_of(path, mode="deterministic"):
    weights = read_weights(path)
    network = build_generator(weights.architecture)
    network.load_state_dict(weights.state_dict)
    set_mode(network, mode)
    return network


def drawn(network, image):
    with torch.inference_mode():
        return network(image.clone())


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({}, UNET_32),
        ({"cudnn": True}, UNET_32),
        ({"levels": 7, "dropouts": 3}, replace(UNET_32, netG="unet_128", dropout_levels=(4, 5, 6))),
        ({"channels": (1, 2)}, replace(UNET_32, input_nc=1, output_nc=2)),
        ({"skips": False}, replace(UNET_32, skips=False)),
        ({"bottleneck": True}, replace(UNET_32, bottleneck_norm=True)),
        ({"dropouts": 0}, replace(UNET_32, use_dropout=False, dropout_levels=())),
        ({"ngf": 3}, replace(UNET_32, ngf=3)),
    ],
)
@pytest.mark.parametrize("mode", ["train", "evaluate"])
def test_the_network_that_a_graph_shows_draws_what_the_graph_computes(tmp_path, options, wanted, mode):
    root = make_generator(**options)
    path = save(tmp_path / "latest_net_G.t7", root)
    side = wanted.multiple_of
    image = torch.rand(1, wanted.input_nc, side, side, generator=torch.Generator().manual_seed(3)) * 2 - 1

    assert architecture_of(path) == wanted
    network = network_of(path, "deterministic" if mode == "train" else "eval")
    reverse = wanted.input_nc == 3
    ours = drawn(network, image.flip(1) if reverse else image)
    theirs = forward(root, image, mode)
    assert (ours.flip(1) if reverse else ours).sub(theirs).abs().max() < 1e-5
    assert theirs.std() > 0.01


def test_a_graph_of_text_and_of_short_longs_is_the_same_network(tmp_path):
    root = make_generator()
    plain = read_weights(save(tmp_path / "plain.t7", root))
    for name, options in {"text": {"text": True}, "short": {"long": 4}}.items():
        other = read_weights(save(tmp_path / f"{name}.t7", root, **options))
        assert other.architecture == plain.architecture
        assert all(torch.equal(other.state_dict[key], value) for key, value in plain.state_dict.items())


def test_old_files_hold_deviations_and_matrices_and_no_biases(tmp_path):
    root = make_generator()
    plain = read_weights(save(tmp_path / "plain.t7", root)).state_dict
    conv = next(m for m in modules_of(root) if m.kind == "nn.SpatialConvolution")
    weight = conv["weight"]
    conv.put("weight", View(weight.storage, (weight.shape[0], weight.shape[1] * 16), offset=weight.offset))
    conv.kind = "nn.SpatialConvolutionMM"
    conv.put("bias", None)
    norm = next(m for m in modules_of(root) if m.kind == "nn.SpatialBatchNormalization")
    norm.put("running_std", (norm["running_var"] + 1e-5) ** -0.5)
    norm.put("running_var", None)
    old = read_weights(save(tmp_path / "old.t7", root)).state_dict
    assert not old.pop("model.model.0.bias").any() and plain.pop("model.model.0.bias").any()
    assert all(torch.allclose(old[key], value, atol=1e-6) for key, value in plain.items())


def test_a_variance_that_is_no_number_is_no_reason_to_refuse_the_file(tmp_path):
    root = make_generator(bottleneck=True)
    norms = [m for m in modules_of(root) if m.kind == "nn.SpatialBatchNormalization"]
    norms[3].put("running_var", np.full(16, np.nan, np.float32))
    image = torch.rand(1, 3, 32, 32) * 2 - 1
    ours = drawn(network_of(save(tmp_path / "g.t7", root)), image.flip(1)).flip(1)
    assert ours.sub(forward(root, image)).abs().max() < 1e-5
    norms[0]["weight"].storage[norms[0]["weight"].offset] = np.nan
    with pytest.raises(WeightsError, match="NaN values in"):
        read_weights(save(tmp_path / "g.t7", root))


def put(index, field, value):
    def change(root):
        modules_of(root)[index].put(field, value)

    return change


def kind(index, name):
    def change(root):
        modules_of(root)[index].kind = name

    return change


def join_another_level(root):
    nodes = [node for _, node in root["forwardnodes"].pairs]
    joins = [
        n["data"] for n in nodes if "module" in dict(n["data"].pairs[:1]) and n["data"]["module"].kind == "nn.JoinTable"
    ]
    joins[0]["mapindex"].pairs[1] = (2, nodes[1]["data"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (put(0, "kW", 3), "`kW` 3"),
        (put(1, "negval", 0.1), "`negval` 0.1"),
        (put(3, "eps", 1e-3), "`eps` 0.001"),
        (put(0, "weight", None), "takes 0 channels"),
        (put(0, "weight", np.zeros((0, 3, 4, 4), np.float32)), "takes 3 channels"),
        (put(2, "weight", np.zeros((4, 4, 2, 4), np.float32)), "is 4 x 4 x 2 x 4 where 4 x 2 x 4 x 4 belong"),
        (put(2, "weight", np.zeros((4, 3, 4, 4), np.float32)), "`weight` is 4 x 3 x 4 x 4 where 4 x 2 x 4 x 4 belong"),
        (put(3, "running_mean", np.zeros(4, np.int32)), "no floating-point numbers"),
        (put(2, "weight", View(np.zeros(1, np.float32), (4, 2, 4, 4), (0, 0, 0, 0))), "belong"),
        (kind(0, "nn.SpatialDilatedConvolution"), "has a layer `nn.SpatialDilatedConvolution`"),
        (kind(-1, "nn.Sigmoid"), "has a layer `nn.Sigmoid`"),
        (kind(1, "nn.ReLU"), "has `ReLU` after 1 as node 2 where the Lua original has `LeakyReLU` after 1"),
        (
            join_another_level,
            "has `JoinTable` after 16, 1 as node 17 where the Lua original has `JoinTable` after 16, 10",
        ),
        (lambda root: root.put("forwardnodes", Table()), "0 convolutions down and 0 up"),
        (lambda root: root.put("forwardnodes", None), "without `forwardnodes`"),
    ],
)
def test_another_network_is_refused_with_what_differs(tmp_path, change, words):
    root = make_generator()
    change(root)
    with pytest.raises(WeightsError) as caught:
        architecture_of(save(tmp_path / "g.t7", root))
    assert words in caught.value.message and "g.t7" in caught.value.message
    assert "latest_net_G.t7" in caught.value.hint


@pytest.mark.parametrize(
    ("root", "words"),
    [
        (
            Thing("nn.Sequential", {"modules": Table({1: Thing("nn.SpatialConvolution"), 2: Thing("cudnn.Sigmoid")})}),
            "a discriminator",
        ),
        (Thing("nn.Sequential", {"modules": Table({1: Thing("nn.Linear")})}), "a `nn.Sequential`"),
        (Table({"epoch": 3}), "a table"),
        (Table({1: Function()}), "a table"),
    ],
)
def test_what_is_no_generator_is_called_by_its_name(tmp_path, root, words):
    with pytest.raises(WeightsError, match=f"holds {words}; a generator"):
        architecture_of(save(tmp_path / "net.t7", root))


def test_other_channels_than_the_lua_code_reads_are_refused(tmp_path):
    with pytest.raises(WeightsError, match="takes 4 channels and makes 3"):
        architecture_of(save(tmp_path / "g.t7", make_generator(channels=(4, 3))))


def test_a_real_discriminator_is_refused(shared_torch7):
    with pytest.raises(WeightsError, match="holds a discriminator"):
        architecture_of(shared_torch7 / "t7" / "discriminator.t7")
