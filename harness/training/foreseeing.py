"""What `train.py` would trip over, said before it begins: its options as its own parser has them, and the pictures."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from harness.catalog.preprocessing import Preprocessing, Size
from harness.catalog.types import Architecture, Discriminator, Family
from harness.engines.inputs import fits, reason
from harness.errors import TrainingError

Pictures = Mapping[str, Sequence[tuple[str, Size]]]
"""Part (`train`, `trainA` …) -> name and size of each picture, of one half where they are pairs, in order."""

_AT_LEAST = {
    **dict.fromkeys(("n_epochs", "n_epochs_decay", "num_threads", "pool_size", "lr", "beta1"), 0),
    **dict.fromkeys(("batch_size", "max_dataset_size", "load_size", "crop_size", "ngf", "ndf", "lr_decay_iters"), 1),
    # `train.py` takes remainders by these: 0 ends it in the first iteration.
    **dict.fromkeys(("display_freq", "print_freq", "update_html_freq", "save_latest_freq", "save_epoch_freq"), 1),
}
# Upstream meets a wrong value late: with NotImplementedError for most, for `--lr_policy` it returns that error as the
# scheduler, and an unknown `--preprocess` does nothing at all.
_RAISING = ("netG", "netD", "norm", "init_type", "gan_mode", "lr_policy", "preprocess")
_KNOWN_GENERATOR = re.compile(r"unet_\d+|resnet_\d+blocks")
_LEAST_OF_RESNET = 8
"""Pixels: halved twice, a picture must still be wider than the 1 pixel that a residual block reflects at its border."""


def preprocessing_of(options: Mapping[str, Any]) -> Preprocessing:
    """Returns how a training with these options brings pictures to size."""
    return Preprocessing(options["preprocess"], options["load_size"], options["crop_size"])


def architecture_of_options(options: Mapping[str, Any]) -> Architecture:
    """Returns the generator these options make."""
    # SyncBatchNorm saves the keys of batch norm, and computes the same in one process.
    norm, channels = options["norm"], (options["input_nc"], options["output_nc"])
    dropout = not options["no_dropout"]
    return Architecture(options["netG"], "batch" if norm == "syncbatch" else norm, dropout, options["ngf"], *channels)


def refuse_values(options: Mapping[str, Any], choices: Mapping[str, Sequence[str]]) -> None:
    """Raises TrainingError for values that no training can have.

    Args:
        choices: name of an option -> values that the help of `train.py` lists.
    """
    for name in _RAISING:
        value, known = options.get(name), choices.get(name)
        if known and value not in known:
            near = difflib.get_close_matches(str(value), known, n=1)
            question = f". Did you mean `{near[0]}`?" if near else ""
            raise TrainingError(f"`train.py` knows no `--{name} {value}`{question}", f"known: {', '.join(known)}")
    for name, least in _AT_LEAST.items():
        if name in options and options[name] < least:
            raise TrainingError(f"`--{name} {options[name]}` is too little: at least {least}", f"-- --{name} {least}")
    if options["n_epochs"] + options["n_epochs_decay"] < 1:
        raise TrainingError("a training of no epochs teaches nothing", "-- --n_epochs 1 --n_epochs_decay 0")
    if options["lr_policy"] == "cosine" and options["n_epochs"] < 1:
        raise TrainingError("`--lr_policy cosine` has a period of `--n_epochs`, which is 0", "-- --n_epochs 1")


def refuse_skips(options: Mapping[str, Any], family: Family) -> None:
    """Raises TrainingError where a generator has no skip connections that could be left out."""
    if family == "cyclegan" or not options["netG"].startswith("unet"):
        raise TrainingError(
            f"`--without-skips` needs the U-Net of pix2pix; this is {family} with `{options['netG']}`",
            "leave it out, or --family pix2pix -- --netG unet_256",
        )


def refuse_discriminator(kind: Discriminator, options: Mapping[str, Any], family: Family) -> None:
    """Raises TrainingError where a discriminator cannot be blinded or left out, or nothing is left to learn from."""
    if family == "cyclegan":
        raise TrainingError(
            f"`--discriminator {kind}` is of pix2pix; CycleGAN's never see the input, and it cannot learn without them",
            "leave it out, or --family pix2pix",
        )
    if kind == "none" and options["lambda_L1"] == 0:
        raise TrainingError(
            "with `--discriminator none` and `--lambda_L1 0` there is nothing to learn from", "leave one of them out"
        )


def refuse_sizes(options: Mapping[str, Any], pictures: Pictures) -> None:
    """Raises TrainingError for pictures or sizes that the networks cannot take as the options bring them to size."""
    made = preprocessing_of(options)
    if "resize" in made.how and made.crops and made.load_size < made.crop_size:
        raise TrainingError(
            f"`--load_size {made.load_size}` is less than `--crop_size {made.crop_size}`, which is cut out of pictures "
            "of that size",
            f"-- --load_size {round(made.crop_size * 286 / 256)} --crop_size {made.crop_size}",
        )
    for part, listed in pictures.items():
        # Their loader takes the first by name, and so many of each side.
        # Infinite by default, which JSON cannot say: then it is missing, and all are taken.
        used = listed[: options.get("max_dataset_size")]
        # From the end, so that of each size the first picture's name stays.
        first = {size: name for name, size in reversed(used)}
        for size, name in first.items():
            _refuse_size(options, made, f"`{part}/{name}`", size)
        # A batch is stacked to (N, C, H, W), which asks for one size.
        seen = {made.seen(size): name for size, name in first.items()}
        if options["batch_size"] > 1 and len(seen) > 1:
            (one, other), names = list(seen)[:2], list(seen.values())
            raise TrainingError(
                f"`--batch_size {options['batch_size']}` needs pictures of one size, and `--preprocess {made.how}` "
                f"makes {one[0]}x{one[1]} of `{part}/{names[0]}` and {other[0]}x{other[1]} of `{part}/{names[1]}`",
                "-- --batch_size 1, or --preprocess resize_and_crop",
            )


def _refuse_size(options: Mapping[str, Any], made: Preprocessing, name: str, size: Size) -> None:
    scaled, seen = made.scaled(size), made.seen(size)
    architecture = architecture_of_options(options)
    known = _KNOWN_GENERATOR.fullmatch(architecture.netG)
    multiple = architecture.multiple_of if known else 1
    becomes = f"{name} is {size[0]}x{size[1]}" + (f", {scaled[0]}x{scaled[1]} once scaled" if scaled != size else "")
    # `RandomCrop` raises for it; the `__crop` of pairs fills with black, or leaves the picture small, without a word.
    if made.crops and min(scaled) < made.crop_size:
        largest = min(scaled) // multiple * multiple
        raise TrainingError(
            f"{becomes}: too small to cut `--crop_size {made.crop_size}` out of it",
            f"-- --preprocess resize_and_crop{f', or --crop_size {largest}' if largest else ''}",
        )
    if known and not fits(seen, architecture):
        if made.crops:
            # With the authors' room for jitter, 286 to 256.
            near = max(multiple, round(made.crop_size / multiple) * multiple)
            raise TrainingError(
                f"`--crop_size {made.crop_size}` does not fit: {reason(architecture)}",
                f"-- --crop_size {near} --load_size {round(near * 286 / 256)}",
            )
        raise TrainingError(
            f"{name} is {size[0]}x{size[1]}, and `--preprocess {made.how}` makes {seen[0]}x{seen[1]} of it: "
            f"{reason(architecture)}",
            "-- --preprocess resize_and_crop, or scale_width_and_crop",
        )
    if known and architecture.netG.startswith("resnet") and min(seen) < _LEAST_OF_RESNET:
        raise TrainingError(
            f"a `{architecture.netG}` needs pictures of at least {_LEAST_OF_RESNET} pixels, and sees {min(seen)}",
            "-- --load_size 286 --crop_size 256",
        )
    # `pixel` is not asked: it judges single pixels, of pictures of any size.
    layers = {"basic": 3, "n_layers": options["n_layers_D"]}.get(options["netD"])
    if layers is not None and _critic_output(min(seen), layers) < 1:
        raise TrainingError(
            f"a discriminator of {layers} layers halves {min(seen)} pixels until nothing is left",
            "-- --netD pixel, a larger `--crop_size`, or `--netD n_layers` with fewer `--n_layers_D`",
        )


def _critic_output(side: int, layers: int) -> int:
    """The side of a PatchGAN's output: kernels of 4 with a padding of 1, `layers` of stride 2 and two of stride 1."""
    for _ in range(layers):
        # floor((side + 2·1 - 4) / 2) + 1
        side = (side - 2) // 2 + 1
    return side - 2


def schedule(options: Mapping[str, Any], rates: Sequence[float]) -> tuple[str | None, str | None]:
    """Returns a warning about the learning rate of each epoch where it is not what one expects, and a drawing of it.

    Args:
        rates: of each epoch, as the authors' own scheduler makes them.
    """
    # The authors' own: constant over `--n_epochs`, then down to nearly 0.
    if options["lr_policy"] == "linear" or not rates:
        return None, None
    # PyTorch computes a rate from the one before: equal ones may differ in the last digits.
    # More than rounding. Cosine has a half period of `--n_epochs`, and the epochs of `--n_epochs_decay` climb again.
    rising = next((epoch for epoch in range(1, len(rates)) if rates[epoch] > rates[epoch - 1] * (1 + 1e-9)), None)
    warning = None
    if options["lr_policy"] == "plateau":
        warning = (
            "`--lr_policy plateau` watches a number that `train.py` never sets: the learning rate falls to a fifth "
            "every six epochs, whatever the losses do"
        )
    elif rising is not None:
        warning = (
            f"the learning rate rises again from epoch {rising + 1} on: `--lr_policy {options['lr_policy']}` falls "
            f"over the {options['n_epochs']} epochs of `--n_epochs`, and {len(rates)} are trained; "
            f"`-- --n_epochs {len(rates)} --n_epochs_decay 0` lets it fall to the end"
        )
    return warning, _drawn(rates)


_BLOCKS = "▁▂▃▄▅▆▇█"
_COLUMNS = 40
_VALUES = 6


def _drawn(rates: Sequence[float]) -> str:
    """The learning rate by epoch as a row of blocks, with a few of its values."""
    columns, values = (
        sorted({round(i * (len(rates) - 1) / max(1, count - 1)) for i in range(count)}) for count in (_COLUMNS, _VALUES)
    )
    # All rates may be 0, with `--lr 0`.
    highest = max(rates) or 1.0
    row = "".join(_BLOCKS[round(rates[i] / highest * (len(_BLOCKS) - 1))] for i in columns)
    told = ", ".join(f"{i + 1}: {0.0 if rates[i] < highest * 1e-9 else rates[i]:.2g}" for i in values)
    return f"learning rate by epoch {row} {told}"
