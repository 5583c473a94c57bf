"""The metrics there are, and the columns of `metrics.csv` that each of them fills."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from harness.metrics.mae import mae
from harness.metrics.pairs import Picture
from harness.metrics.psnr import psnr
from harness.metrics.ssim import WINDOW, ssim


@dataclass(frozen=True)
class Metric:
    """One way to compare two pictures.

    Attributes:
        unit: empty for a pure number.
        better: which way is better when the other picture is the target.
        smallest_side: a picture with a side shorter than this, in pixels, has no value.
        definition: the formula and its parameters in one clause, for the protocol.
    """

    name: str
    label: str
    unit: str
    better: Literal["higher", "lower"]
    smallest_side: int
    definition: str
    compute: Callable[[Picture, Picture], float]


METRICS: dict[str, Metric] = {
    "ssim": Metric(
        "ssim",
        "SSIM",
        "",
        "higher",
        WINDOW,
        "SSIM of Wang et al. 2004 (11×11 gaussian window, sigma 1.5, population covariance, L 255, mean of the RGB "
        "channels, 5 border pixels cropped, no downsampling)",
        ssim,
    ),
    "psnr": Metric("psnr", "PSNR", "dB", "higher", 1, "PSNR per image in dB (over RGB, peak 255)", psnr),
    "mae": Metric("mae", "MAE", "levels", "lower", 1, "MAE over RGB in levels of 255", mae),
}


@dataclass(frozen=True)
class Column:
    """One column of a measurement: a metric of the output against the target or against the input.

    Attributes:
        better: None where neither way is better, as for similarity to the input.
    """

    name: str
    label: str
    metric: Metric
    against: Literal["target", "input"]
    better: Literal["higher", "lower"] | None


def _against_target(name: str) -> Column:
    metric = METRICS[name]
    return Column(name, metric.label, metric, "target", metric.better)


def _against_input(name: str) -> Column:
    metric = METRICS[name]
    return Column(f"input_{name}", f"similarity to the input ({metric.label})", metric, "input", None)


# The order is that of every table and file; without targets nothing says what is better.
PAIRED: tuple[Column, ...] = (_against_target("ssim"), _against_target("psnr"), _against_target("mae"))
UNPAIRED: tuple[Column, ...] = (_against_input("ssim"), _against_input("psnr"))


def most_demanding(*, paired: bool) -> Metric:
    """Returns the metric that needs the largest pictures of those every test measures."""
    return max((column.metric for column in (PAIRED if paired else UNPAIRED)), key=lambda metric: metric.smallest_side)


COLUMNS: dict[str, Column] = {column.name: column for column in (*PAIRED, *UNPAIRED)}
