"""What `train.py` would trip over is said before it begins: by arithmetic, and as the authors' own code does."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from harness.catalog.preprocessing import Preprocessing
from harness.engines.official.process import started
from harness.errors import TrainingError
from harness.fetch.git import ensure_clone
from harness.training.foreseeing import refuse_discriminator, refuse_sizes, refuse_skips, refuse_values, schedule
from tests.training.conftest import OPTIONS

CHOICES = {"netG": ["resnet_9blocks", "unet_128", "unet_256"], "lr_policy": ["linear", "step", "plateau", "cosine"]}


RESNET = {"netG": "resnet_9blocks"}
SMALLER = {"netG": "unet_128", "crop_size": 128}


def pictures(*sizes: tuple[int, int]) -> dict[str, list[tuple[str, tuple[int, int]]]]:
    return {"train": [(f"{number}.png", size) for number, size in enumerate(sizes)]}


@pytest.mark.parametrize(
    ("given", "said", "hint"),
    [
        ({"netG": "unet_64"}, r"knows no `--netG unet_64`. Did you mean `unet_\d+`\?", "known: resnet_9blocks"),
        ({"lr_policy": "cosin"}, "Did you mean `cosine`", "plateau"),
        ({"n_epochs": -1}, "`--n_epochs -1` is too little: at least 0", "-- --n_epochs 0"),
        ({"n_epochs_decay": -1}, "at least 0", "--n_epochs_decay"),
        ({"n_epochs": 0, "n_epochs_decay": 0}, "a training of no epochs", "--n_epochs 1"),
        ({"max_dataset_size": 0}, "`--max_dataset_size 0` is too little", "1"),
        ({"batch_size": 0}, "`--batch_size 0`", "1"),
        ({"print_freq": 0}, "`--print_freq 0`", "1"),
        ({"lr": -0.1}, "`--lr -0.1`", "0"),
        ({"lr_policy": "cosine", "n_epochs": 0}, "has a period of `--n_epochs`, which is 0", "--n_epochs 1"),
    ],
)
def test_values_that_no_training_can_have(given: dict[str, Any], said: str, hint: str) -> None:
    with pytest.raises(TrainingError, match=said) as caught:
        refuse_values(OPTIONS | given, CHOICES)
    assert hint in str(caught.value.hint)


def test_values_that_are_fine_pass() -> None:
    refuse_values(OPTIONS, CHOICES)
    refuse_values(OPTIONS | {"netG": "mine"}, {})  # what lists nothing refuses nothing
    refuse_sizes(OPTIONS, pictures((200, 150), (30, 40)))
    refuse_sizes(OPTIONS | {"preprocess": "none", "netG": "resnet_9blocks"}, pictures((200, 150), (301, 77)))
    refuse_skips(OPTIONS, "pix2pix")


@pytest.mark.parametrize(
    ("given", "sizes", "said", "hint"),
    [
        ({"preprocess": "none"}, [(256, 256), (200, 150)], r"`train/1\.png` is 200x150.*200x152.*256", "resize"),
        ({"preprocess": "crop"}, [(200, 150)], "200x150: too small to cut `--crop_size 256` out", "resize"),
        ({**SMALLER, "preprocess": "crop", "crop_size": 256}, [(200, 150)], "too small", ", or --crop_size 128"),
        ({"preprocess": "scale_width_and_crop", "crop_size": 300}, [(200, 150)], "too small", "resize"),
        ({"preprocess": "scale_width"}, [(200, 150)], "makes 286x256 of it: a `unet_256` halves", "crop"),
        ({"preprocess": "scale_width", "netG": "resnet_9blocks"}, [(200, 150)], "286x256 of it: a `resnet", "crop"),
        ({"crop_size": 100, "load_size": 110}, [(200, 150)], "`--crop_size 100` does not fit", "--crop_size 256"),
        ({"load_size": 100}, [(200, 150)], "`--load_size 100` is less than `--crop_size 256`", "--load_size 286"),
        ({**SMALLER, "netD": "n_layers", "n_layers_D": 6}, [(9, 9)], "6 layers halves 128", "pixel"),
        ({**RESNET, "crop_size": 16, "load_size": 20}, [(9, 9)], "3 layers halves 16", "crop_size"),
        ({**RESNET, "netD": "pixel", "crop_size": 4, "load_size": 4}, [(9, 9)], "at least 8 pixels", "256"),
        (
            {"preprocess": "none", "netG": "resnet_9blocks", "batch_size": 2},
            [(64, 64), (64, 80)],
            r"of one size, .* makes 64x\d+ of `train/\d\.png` and 64x\d+ of `train/\d\.png`",
            "--batch_size 1",
        ),
    ],
)  # fmt: skip
def test_sizes_that_the_networks_cannot_take(
    given: dict[str, Any], sizes: list[tuple[int, int]], said: str, hint: str
) -> None:
    with pytest.raises(TrainingError, match=said) as caught:
        refuse_sizes(OPTIONS | given, pictures(*sizes))
    assert hint in str(caught.value.hint)


def test_pictures_that_are_not_read_are_not_looked_at() -> None:
    own = OPTIONS | {"preprocess": "none", "netG": "resnet_9blocks", "batch_size": 2}
    refuse_sizes(own | {"max_dataset_size": 2}, pictures((64, 64), (64, 64), (80, 64)))


def test_a_discriminator_is_left_out_only_where_something_else_teaches() -> None:
    refuse_discriminator("none", {"lambda_L1": 100.0}, "pix2pix")
    refuse_discriminator("unconditional", {"lambda_L1": 0.0}, "colorization")
    with pytest.raises(TrainingError, match="nothing to learn from"):
        refuse_discriminator("none", {"lambda_L1": 0.0}, "pix2pix")
    with pytest.raises(TrainingError, match="CycleGAN's never see the input"):
        refuse_discriminator("unconditional", {}, "cyclegan")


@pytest.mark.parametrize(("family", "generator"), [("cyclegan", "unet_256"), ("pix2pix", "resnet_9blocks")])
def test_skips_that_are_not_there_cannot_be_left_out(family: str, generator: str) -> None:
    with pytest.raises(TrainingError, match="needs the U-Net of pix2pix"):
        refuse_skips(OPTIONS | {"netG": generator}, family)  # type: ignore[arg-type]


def test_a_rate_that_rises_again_or_falls_whatever_happens_is_drawn_with_a_warning() -> None:
    cosine = OPTIONS | {"lr_policy": "cosine", "n_epochs": 2, "n_epochs_decay": 3}
    warning, drawing = schedule(cosine, [2e-4, 1e-4, 0, 1e-4, 2e-4])
    assert "rises again from epoch 4 on" in str(warning)
    assert "--n_epochs 5 --n_epochs_decay 0" in str(warning)
    assert drawing == "learning rate by epoch █▅▁▅█ 1: 0.0002, 2: 0.0001, 3: 0, 4: 0.0001, 5: 0.0002"
    assert schedule(cosine, [2e-4, 1e-4, 0])[0] is None
    warning, drawing = schedule(OPTIONS | {"lr_policy": "plateau"}, [2e-4] * 6 + [4e-5] * 194)
    assert "every six epochs, whatever the losses do" in str(warning)
    assert len(str(drawing).split()[4]) == 40
    assert schedule(OPTIONS, [2e-4, 1e-4]) == (None, None)


# --- as the authors' own code does


ORACLE = """
import json, sys, torch
from types import SimpleNamespace
from PIL import Image
from data.base_dataset import get_params, get_transform
from models import networks

def seen(how, load, crop, size):
    opt = SimpleNamespace(preprocess=how, load_size=load, crop_size=crop, no_flip=True)
    return get_transform(opt, get_params(opt, size), convert=False)(Image.new("RGB", size)).size

def trips(netG, norm, netD, layers, size):
    "Whether one iteration of a tiny pix2pix fails."
    try:
        G = networks.define_G(3, 3, 1, netG, norm)
        D = networks.define_D(6, 1, netD, layers, norm)
        a = torch.rand(1, 3, size[1], size[0])
        b = G(a)
        loss = D(torch.cat((a, b), 1)).mean() + (b - a).abs().mean()
        return not bool(torch.isfinite(loss))
    except (RuntimeError, ValueError):
        return True

sizes, nets = json.loads(sys.argv[1])
print("ANSWER " + json.dumps([[seen(*s) for s in sizes], [trips(*n) for n in nets]]))
"""


@pytest.mark.upstream
def test_sizes_and_stumbles_are_those_of_the_authors_code(tmp_path: Path, upstream_git: str) -> None:
    from tests.engines.official.test_upstream import PINS

    ensure_clone(upstream_git, PINS["today"], tmp_path / "clone")
    (tmp_path / "clone" / "oracle.py").write_text(ORACLE)
    (tmp_path / "scratch").mkdir()
    hows = ("resize_and_crop", "crop", "scale_width", "scale_width_and_crop", "none")
    loads = ((286, 256), (143, 128), (100, 64), (200, 64))
    shapes = ((200, 150), (150, 200), (286, 280), (400, 300), (203, 301))
    sizes = [
        (how, *load, shape)
        for how, load, shape in itertools.product(hows, loads, shapes)
        if not (Preprocessing(how, *load).crops and min(Preprocessing(how, *load).scaled(shape)) < load[1])
    ]
    sides = ((128, 128), (256, 128), (128, 100), (64, 64), (32, 36), (24, 24), (20, 20), (8, 8), (4, 4), (66, 66))
    critics = (("basic", 3), ("n_layers", 6), ("n_layers", 1), ("pixel", 3))
    nets = [
        (netG, norm, *critic, side)
        for netG, norm, critic, side in itertools.product(
            ("unet_128", "resnet_6blocks"), ("batch", "instance"), critics, sides
        )
    ]
    asked = json.dumps([sizes, nets])
    script, log = tmp_path / "clone" / "oracle.py", tmp_path / "log.txt"
    with started(script, [asked], scratch=tmp_path / "scratch", device="cpu", seed=0, log=log) as running:
        finished = running.follow()
    (answer,) = (line for line in finished.tail if line.startswith("ANSWER "))
    seen, tripped = json.loads(answer.removeprefix("ANSWER "))
    for (how, load, crop, shape), theirs in zip(sizes, seen, strict=True):
        assert Preprocessing(how, load, crop).seen(shape) == tuple(theirs), (how, load, crop, shape)
    for (netG, norm, netD, layers, side), theirs in zip(nets, tripped, strict=True):
        given = {"netG": netG, "norm": norm, "netD": netD, "n_layers_D": layers, "preprocess": "as it is"}
        try:
            refuse_sizes(OPTIONS | given, pictures(side))
            ours = False
        except TrainingError:
            ours = True
        assert ours == theirs, (netG, norm, netD, layers, side)
    assert 0 < sum(tripped) < len(tripped)
