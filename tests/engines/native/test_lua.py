"""Weights of the Lua original in the native engine: scaling, a whole run's dropout, norms of one pixel, converting."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from harness.catalog.types import Architecture
from harness.engines.job import Job, NativeSettings
from harness.engines.native.colour import colours_of
from harness.engines.native.converting import convert_for_pytorch
from harness.engines.native.generator import Translator, load_generator
from harness.engines.native.torch7_scaling import scale
from harness.errors import EngineError, WeightsError
from harness.sets.item import Item
from harness.weights.architecture import architecture_of, infer_architecture
from harness.weights.layers import BottleneckNorm, normalise_images, set_mode
from tests.engines.translating import images_of
from tests.engines.translating import native as translate
from tests.pictures import save_pair, save_picture
from tests.weights.torch7_files import array, forward, make_generator, modules_of, plain_layer, save


def resampled(line, length):
    """`Main_scaleLinear_rowcol` of torch/image, value by value as its C does it, in float32."""
    f, own = np.float32, len(line)
    if length > own:
        step, made = f(own - 1) / f(length - 1), []
        for place in range(length - 1):
            at = f(place) * step
            left = int(at)
            made.append((f(1) - (at - f(left))) * line[left] + (at - f(left)) * line[left + 1])
        return [*made, line[-1]]
    if length == own:
        return list(line)
    step, made, first, part = f(own) / f(length), [], 0, f(0)
    for place in range(length):
        end = f(place + 1) * step
        last, rest = int(end), end - f(int(end))
        total, weight = (f(1) - part) * line[first], f(1) - part
        for inside in range(first + 1, last):
            total, weight = total + line[inside], weight + f(1)
        if last < own:
            total, weight = total + rest * line[last], weight + rest
        made.append(total / weight)
        first, part = last, rest
    return made


@pytest.mark.parametrize("size", [(7, 5), (30, 40), (13, 9), (64, 3), (20, 17), (2, 2)])
def test_scaling_is_that_of_torch7_to_the_bit(size):
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (17, 20, 3), dtype=np.uint8)
    wanted = pixels.astype(np.float32) * np.float32(1 / 255)
    wanted = np.stack([[resampled(row[:, c], size[0]) for row in wanted] for c in range(3)], -1)
    wanted = np.stack([[resampled(wanted[:, x, c], size[1]) for x in range(size[0])] for c in range(3)], -1)
    found = scale(Image.fromarray(pixels), size)
    assert found.size == size
    assert np.array_equal(found.values, wanted.transpose(1, 0, 2))


def test_a_norm_on_one_pixel_is_its_bias():
    norm = BottleneckNorm(3)
    torch.nn.init.normal_(norm.bias)
    set_mode(norm, "paper")
    assert torch.equal(norm(torch.randn(2, 3, 1, 1)), norm.bias[None, :, None, None].expand(2, 3, 1, 1))
    larger = torch.randn(2, 3, 2, 2)
    assert norm(larger)[0].mean((1, 2)).allclose(norm.bias, atol=1e-6)
    set_mode(norm, "eval")
    assert torch.allclose(norm(torch.ones(1, 3, 1, 1)), 1 / (1 + norm.eps) ** 0.5 + norm.bias[None, :, None, None])


@pytest.mark.parametrize("side", [2, 17, 128])
def test_norms_are_exact_in_both_memory_layouts(side):
    x = torch.randn(2, 8, side, side, generator=torch.Generator().manual_seed(1)) * 0.3 + 2
    exact = (x.double() - x.double().mean((2, 3), keepdim=True)) / (
        x.double().var((2, 3), keepdim=True, correction=0) + 1e-5
    ).sqrt()
    for layout in (torch.contiguous_format, torch.channels_last):
        assert normalise_images(x.contiguous(memory_format=layout), None, None, 1e-5).sub(exact).abs().max() < 4e-6


@pytest.fixture
def lua_job(tmp_path):
    """A function that makes a job of weights and of pictures of 32x32, or others."""

    def make(root, names=("1", "2", "3"), pixels=(32, 32), paired=False, **changes):
        paths = [
            save_pair(tmp_path / "pictures" / f"{name}.png", pixels[0])
            if paired
            else save_picture(tmp_path / "pictures" / f"{name}.png", *pixels)
            for name in names
        ]
        weights = save(tmp_path / "latest_net_G.t7", root)
        output = tmp_path / "out"
        output.mkdir(exist_ok=True)
        items = tuple(Item(path.stem, path, paired) for path in paths)
        log = output / "log.txt"
        job = Job(
            weights, architecture_of(weights), items, "BtoA", "deterministic", 7, "cpu", (32, 32), log,
        )  # fmt: skip
        return replace(job, **changes)

    return make


def drawn(job, name, kind="output"):
    return np.asarray(Image.open(images_of(job) / kind / f"{name}.png")).astype(int)


def test_a_run_draws_what_torch7_would_save(lua_job):
    root = make_generator()
    job = lua_job(root, pixels=(50, 50), paired=True)
    translate(job)
    for item in job.items:
        photo, label = (half for half in np.split(np.asarray(Image.open(item.path)), 2, axis=1))
        image = torch.from_numpy(scale(Image.fromarray(label), (32, 32)).values).permute(2, 0, 1).flip(0)[None]
        wanted = (forward(root, image * 2 - 1).flip(1)[0] + 1) / 2 * 255
        assert np.abs(drawn(job, item.name) - wanted.permute(1, 2, 0).numpy().astype(int)).max() <= 1
        shown = (scale(Image.fromarray(photo), (32, 32)).values * 2 - 1 + 1) / 2 * 255
        assert np.abs(drawn(job, item.name, "target") - shown.astype(int)).max() <= 1


def test_colours_are_drawn_from_lightness(lua_job):
    job = lua_job(make_generator(channels=(1, 2)), pixels=(40, 40))
    translate(job)
    grey, output, target = (drawn(job, "1", kind) for kind in ("input", "output", "target"))
    assert (grey[..., 0] == grey[..., 2]).all() and (output[..., 0] != output[..., 2]).any()
    wanted = (scale(Image.open(job.items[0].path), (32, 32)).values * 255).astype(int)
    assert np.abs(target - wanted).max() <= 2


def torch7s_masks(seed, root, side, pictures):
    """Whether each value is kept, picture by picture: `uniform() <= 0.5` from one Mersenne Twister, row by row."""
    noise = np.random.MT19937()
    noise._legacy_seeding(seed)
    ups = [m for m in modules_of(root) if m.kind == "nn.SpatialFullConvolution"]
    masks = []
    for _ in range(pictures):
        shapes = [
            (array(up["weight"]).shape[1], side >> level, side >> level)
            for up, level in zip(ups[:3], (4, 3, 2), strict=True)
        ]
        masks.append([noise.random_raw(np.prod(s)).reshape(s) / 2**32 <= 0.5 for s in shapes])
    return masks


def with_masks(masks):
    """Computes a layer, a dropout by the next of one picture's masks."""
    waiting = iter(masks)

    def layer(module, inputs, mode):
        plain = plain_layer(module, inputs, mode)
        return plain * torch.from_numpy(next(waiting)) * 2 if module.kind == "nn.Dropout" else plain

    return layer


@pytest.mark.parametrize("order", [(), ("3", "1", "2", "somewhere else")])
def test_the_dropout_of_a_whole_run_is_drawn_again(lua_job, order):
    root = make_generator()
    job = lua_job(root, mode="paper")
    translate(job, settings=NativeSettings(lua_seed=2383, lua_order=order))
    names = order or ("1", "2", "3")
    for name, masks in zip(names, torch7s_masks(2383, root, 32, len(names)), strict=True):
        if name == "somewhere else":
            continue
        image = torch.from_numpy(scale(Image.open(job.items[int(name) - 1].path), (32, 32)).values).permute(2, 0, 1)
        output = forward(root, image.flip(0)[None] * 2 - 1, layer=with_masks(masks)).flip(1)[0]
        wanted = ((output + 1) / 2 * 255).permute(1, 2, 0).numpy().astype(int)
        assert np.abs(drawn(job, name) - wanted).max() <= 1


def test_what_lower_precision_costs_is_told_of_the_same_dropout(lua_job):
    job = lua_job(make_generator(), mode="paper")
    ours, torch7s = (
        translate(job, settings=NativeSettings(precision="bf16", **asked)).extra["precision_error"]["mean"]
        for asked in ({}, {"lua_seed": 2383})
    )
    assert torch7s < 2 * ours + 0.5  # another dropout would be 20 levels apart


def test_our_own_noise_follows_from_seed_and_name(lua_job):
    root = make_generator()
    outputs = []
    for seed in (1, 1, 2):
        job = lua_job(root, mode="paper", seed=seed)
        translate(job, settings=NativeSettings(batch_size=3 if outputs else 1))
        outputs.append(drawn(job, "2"))
    assert np.array_equal(outputs[0], outputs[1]) and not np.array_equal(outputs[0], outputs[2])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mode": "deterministic"}, "`--mode paper`"),
        ({"size": None}, "one size"),
        ({"order": ("1", "2")}, "its order lacks `3`"),
        ({"samples": 2}, "no `--seeds`"),
        ({"architecture": Architecture("unet_32", "batch", True, ngf=2)}, "takes a `.t7` file"),
    ],
)
def test_what_torch7_cannot_have_drawn_is_not_replayed(lua_job, changes, words):
    with pytest.raises(EngineError, match="`--lua-seed 5` cannot replay this run") as caught:
        asked = {"lua_seed": 5, "lua_order": changes.pop("order", ()), "samples": changes.pop("samples", 1)}
        translate(lua_job(make_generator(), **{"mode": "paper", **changes}), settings=NativeSettings(**asked))
    assert words in caught.value.message


def test_mode_eval_is_refused_where_the_variance_is_no_number(lua_job):
    root = make_generator(bottleneck=True)
    assert load_generator(lua_job(root, mode="eval"))
    norms = [m for m in modules_of(root) if m.kind == "nn.SpatialBatchNormalization"]
    norms[3].put("running_var", np.full(16, np.nan, np.float32))
    assert load_generator(lua_job(root, mode="paper"))
    with pytest.raises(WeightsError, match=r"cannot be run in mode `eval`.*n - 1") as caught:
        load_generator(lua_job(root, mode="eval"))
    assert "--mode deterministic" in caught.value.hint


def test_torch7s_own_runs(shared_torch7, lua_job, tmp_path):
    """Folders that its test.lua left: dropout from its seed, none, and pictures that were scaled."""
    runs = (
        ("dropout_seed2383", ("label_3", "label_2", "label_1"), {"mode": "paper"}),
        ("nodrop_nn2017-07", ("label_1", "label_2", "label_3"), {}),
        ("scale", ("pair_down_300", "pair_up_180"), {}),
    )
    weights = shared_torch7 / "t7" / "unet256.t7"
    for run, stems, changes in runs:
        paired = run == "scale"
        items = tuple(Item(stem, shared_torch7 / "inputs" / f"{stem}.png", paired) for stem in stems)
        job = replace(
            lua_job(make_generator()), weights=weights, architecture=architecture_of(weights), items=items,
            size=(256, 256), log=tmp_path / run / "log.txt", **changes,
        )  # fmt: skip
        translate(job, settings=NativeSettings(lua_seed=2383 if run.startswith("dropout") else None))
        for stem in stems:
            name = stem.partition("_")[2]
            theirs = shared_torch7 / "test_lua" / run / "images"
            for kind in ("input", "output", "target") if paired else ("output",):
                if (path := theirs / kind / f"{name}.png").is_file():
                    difference = np.abs(
                        drawn(job, stem, kind) - np.asarray(Image.open(path).convert("RGB")).astype(int)
                    )
                    assert difference.max() <= (0 if kind == "input" else 1), (run, name, kind)


def test_torch7s_own_floats(shared_torch7, lua_job):
    """The 1e-5 of the engine itself, in its own memory layout."""
    manifest = json.loads((shared_torch7 / "expected" / "manifest.json").read_text())
    for name, wanted in manifest.items():
        weights, mode = shared_torch7 / "t7" / wanted["model"], wanted["mode"]
        job = replace(
            lua_job(make_generator()), weights=weights, architecture=architecture_of(weights),
            mode="eval" if mode == "evaluate" else "deterministic", size=tuple(wanted["shape"][2:]),
        )  # fmt: skip
        picture = scale(Image.open(shared_torch7 / wanted["input"]).convert("RGB"), job.size)
        output = Translator(job, "cpu", NativeSettings()).translate(
            colours_of(job.architecture).inputs([picture]), ["1"]
        )
        ours = output.flip(1) if wanted["channel_order"] == "BGR" else output
        theirs = np.load(shared_torch7 / "expected" / f"{name}.grid8.f32.npy")
        assert np.abs(ours.numpy()[:, :, ::8, ::8] - theirs).max() < 1e-5, name


def without_homeless_biases(root):
    convolutions = [m for m in modules_of(root) if m.kind == "nn.SpatialConvolution"]
    for conv in (convolutions[0], convolutions[-1]):
        conv.put("bias", np.zeros(conv["bias"].shape, np.float32))
    return root


@pytest.mark.parametrize("mode", ["deterministic", "eval"])
@pytest.mark.parametrize("options", [{}, {"skips": False}, {"channels": (1, 2)}])
def test_converted_weights_draw_the_same_in_the_official_network(lua_job, tmp_path, options, mode):
    root = without_homeless_biases(make_generator(levels=7, **options))
    job = lua_job(root, mode=mode, size=(128, 128))
    made = convert_for_pytorch(job.weights)
    assert infer_architecture(made.state_dict) == replace(made.architecture, use_dropout=None)
    torch.save(made.state_dict, tmp_path / "latest_net_G.pth")
    converted = replace(job, weights=tmp_path / "latest_net_G.pth", architecture=made.architecture)
    noise = torch.rand(1, job.architecture.input_nc, 128, 128) * 2 - 1
    with torch.inference_mode():
        networks = [load_generator(one) for one in (job, converted)]
        for network in networks:
            set_mode(network, mode)
        ours, theirs = (network(noise.clone()) for network in networks)
    assert ours.sub(theirs).abs().max() < 1e-5 and made.difference < 0.01
    assert any("dropout is at levels [4, 5] there, at [4, 5, 6]" in line for line in made.lost)
    assert any("encoder-decoder" in line for line in made.lost) == (options == {"skips": False})
    assert not any("biases" in line for line in made.lost)


def test_biases_without_a_place_are_told_with_what_they_cost(lua_job):
    made = convert_for_pytorch(lua_job(make_generator(levels=7)).weights)
    assert any("have no place there (up to 0." in line for line in made.lost)
    assert made.difference > 1


@pytest.mark.parametrize(
    ("options", "words"),
    [({"levels": 7, "bottleneck": True}, "norm follows its innermost"), ({"levels": 5}, "has no `unet_32`")],
)
def test_what_the_official_network_cannot_say_is_not_converted(lua_job, options, words):
    with pytest.raises(WeightsError, match=words):
        convert_for_pytorch(lua_job(make_generator(**options)).weights)


def test_weights_of_the_pytorch_code_are_not_converted(tmp_path):
    torch.save({"model.1.weight": torch.zeros(4, 3, 7, 7)}, tmp_path / "g.pth")
    with pytest.raises(WeightsError, match="is no file of the Lua original"):
        convert_for_pytorch(tmp_path / "g.pth")
