"""What the losses of a training say while it goes on, in words, with what to try."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import fmean
from typing import Any

# What a discriminator pays that cannot tell real from made: -log(1/2) of cross entropy, (1/2 - 1)² of least squares.
_CHANCE = {"vanilla": math.log(2), "lsgan": 0.25}
# Fewer points, or less of the training, are a beginning in which anything may happen.
_FEWEST_POINTS, _EARLIEST = 20, 0.05
# Of the curve so far, what counts as now; the same share of its beginning is compared with it.
_NOW = 0.2
# Shares of chance: below, a discriminator is hardly ever wrong; within, it learns nothing.
_WINS, _IDLE = 0.15, 0.03
_RISEN, _LEVEL = 1.25, 0.97
# Single pictures differ by half of their loss: means are compared only where their standard errors are this small.
_SURE = 0.03
# Of the cycle loss with its weight of 10: less than 1/40 of the range of a picture.
_COPIES = 0.25


def findings(losses: Mapping[str, Any], epochs: int, gan_mode: str) -> list[str]:
    """Returns what is wrong by the losses of a training, and what to try; nothing is no proof of health.

    Args:
        losses: `names`, `epochs` (places on the axis) and `values` by name, as `harness.training.curves` draws them.
        epochs: how many the training will have.
        gan_mode: of `train.py`; for `wgangp`, whose losses have no level of chance, only reconstruction is judged.
    """
    places, values = losses["epochs"], losses["values"]
    if len(places) < _FEWEST_POINTS or places[-1] < _EARLIEST * epochs:
        return []
    found = [*_adversarial(values, _CHANCE[gan_mode])] if gan_mode in _CHANCE else []
    found += _reconstruction(values, places[-1] / epochs)
    return list(dict.fromkeys(found))


def _adversarial(values: Mapping[str, Sequence[float]], chance: float) -> list[str]:
    found = []
    # pix2pix tells the two halves of its discriminator's loss, CycleGAN the mean of each of its two.
    judged = [("G_GAN", ("D_real", "D_fake"))] if "D_real" in values else [("G_A", ("D_A",)), ("G_B", ("D_B",))]
    for generator, discriminator in judged:
        if not {generator, *discriminator} <= values.keys():
            continue
        now = [max(points) for points in zip(*(_last(values[name]) for name in discriminator), strict=True)]
        climbs = fmean(_last(values[generator])) > fmean(_first(values[generator]))
        if max(now) < _WINS * chance and climbs:
            found.append(
                "the discriminator wins: its loss stays near zero while the generator's climbs, which then learns "
                "little more; try more pictures, a smaller discriminator (`-- --ndf 32`) or a lower `-- --lr`"
            )
        elif all(abs(point - chance) < _IDLE * chance for point in now):
            found.append(
                "the discriminator tells nothing apart: its loss stays where guessing would be, and outputs get no "
                "sharper by it; try a larger discriminator (`-- --ndf 128`), or look whether A and B are alike"
            )
    return found


def _reconstruction(values: Mapping[str, Sequence[float]], done: float) -> list[str]:
    found = []
    for name in ("G_L1", "cycle_A", "cycle_B"):
        if name not in values:
            continue
        first, now = fmean(_first(values[name])), fmean(_last(values[name]))
        if _error(_first(values[name])) + _error(_last(values[name])) > _SURE * first:
            continue
        best = min(fmean(values[name][i : i + _span(values[name])]) for i in range(len(values[name]) - 2))
        if now > _RISEN * best and now > _LEVEL * first:
            found.append(
                f"`{name}` has risen again to where it began: the generator loses what it had learnt, most often by "
                "too high a learning rate; try a lower one, e.g. `-- --lr 0.0001`"
            )
        elif name == "G_L1" and done > 0.2 and now > _LEVEL * first:
            found.append(
                "`G_L1` has not fallen since the beginning: look whether inputs and targets belong together and "
                "whether `--direction` is right, then try a higher learning rate, e.g. `-- --lr 0.0005`"
            )
        elif name != "G_L1" and done < 0.5 and now < _COPIES:
            found.append(
                f"`{name}` is almost zero already: outputs are nearly the inputs, and nothing is translated yet; look "
                "at the pictures, and try a lower weight of identity, e.g. `-- --lambda_identity 0.1`"
            )
    return found


def _span(values: Sequence[float]) -> int:
    return max(3, round(_NOW * len(values)))


def _error(values: Sequence[float]) -> float:
    """The standard error of a mean, from neighbours' differences (von Neumann 1941): a trend is no noise."""
    return math.sqrt(fmean((b - a) ** 2 for a, b in pairwise(values)) / 2 / len(values))


def _last(values: Sequence[float]) -> Sequence[float]:
    return values[-_span(values) :]


def _first(values: Sequence[float]) -> Sequence[float]:
    return values[: _span(values)]
