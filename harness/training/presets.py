"""How long and how large to train: a taste in minutes, a course's hand-in, or what the authors did."""

from __future__ import annotations

from typing import Literal

from harness.catalog.types import Family

Preset = Literal["quick", "course", "paper"]

_ITERATIONS = {"quick": 4_000, "course": 20_000}
_MOST_EPOCHS = 200  # the authors' own number

_SMALLER: dict[tuple[Preset, Family], str] = {
    ("quick", "pix2pix"): "--netG unet_128 --ngf 16 --ndf 16 --load_size 143 --crop_size 128",
    ("quick", "cyclegan"): "--netG resnet_6blocks --ngf 16 --ndf 16 --load_size 143 --crop_size 128",
    ("course", "pix2pix"): "--ngf 32 --ndf 32",
    ("course", "cyclegan"): "--netG resnet_6blocks --ngf 32 --ndf 32",
}
# The same U-Net, from one channel to two.
_LIKE: dict[Family, Family] = {"colorization": "pix2pix"}
# 143 to 128 is the authors' jitter of 286 to 256 at half the size.


def preset_options(preset: Preset, family: Family, images: int) -> tuple[str, ...]:
    """Returns options of `train.py`; none for `paper`, whose defaults are the authors' (200 epochs, 256 pixels, 64
    filters).

    Args:
        images: in the training part; the smaller presets aim at 4,000 and 20,000 iterations whatever it is.
    """
    if preset == "paper":
        return ()
    epochs = max(2, min(_MOST_EPOCHS, round(_ITERATIONS[preset] / images)))
    # Half at the full rate, half falling, as the authors' 100 + 100.
    constant = (epochs + 1) // 2
    schedule = ("--n_epochs", str(constant), "--n_epochs_decay", str(epochs - constant))
    return (*_SMALLER[preset, _LIKE.get(family, family)].split(), *schedule)
