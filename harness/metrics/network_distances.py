"""How far two pictures are apart for a network: LPIPS, weighed as people judged (Zhang et al. 2018), and DISTS, by
structure and texture, which forgives texture that is drawn anew (Ding et al. 2020)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from harness.metrics.meters import Column, ImageMeter, Instruments, Meter, Metric, pair_meter
from harness.metrics.pairs import Picture, check_pair
from harness.weights.perceptual import load_distance

SMALLEST_SIDE = {"alex": 31, "vgg": 16, "dists": 16}
"""In pixels: with fewer nothing is left after the last pooling; each of the four of DISTS halves."""


def distance_meter(kind: Literal["alex", "vgg", "dists"], backbone: Path, device: str) -> ImageMeter:
    """Returns the meter; raises MetricError or WeightsError where the network cannot be loaded."""
    # Once a measurement, not once a picture: the file of VGG16 has half a gigabyte.
    distance = load_distance(kind, backbone, device)

    def checked(a: Picture, b: Picture) -> float:
        check_pair(a, b, smallest_side=SMALLEST_SIDE[kind])
        return distance(a, b)

    return pair_meter(checked)


def _metric(column: Column, kind: Literal["alex", "vgg", "dists"], backbone: str) -> Metric:
    def begin(instruments: Instruments) -> Meter:
        return distance_meter(kind, instruments.backbone(backbone, column.name), instruments.device)

    return Metric(name=column.name, begin=begin, columns=(column,), baselines=True)


# AlexNet's and VGG's values lie on scales of their own, hence two metrics rather than one with an option.
_LPIPS = "LPIPS 0.1 on {} (pictures as they are, -1 to 1, torchmetrics)"
_DISTS = "DISTS on vgg16 (pictures as they are, 0 to 1, torchmetrics)"
LPIPS = _metric(Column("lpips", "LPIPS", "", "lower", _LPIPS.format("alexnet")), "alex", "alexnet")
LPIPS_VGG = _metric(Column("lpips_vgg", "LPIPS (VGG)", "", "lower", _LPIPS.format("vgg16")), "vgg", "vgg16")
DISTS = _metric(Column("dists", "DISTS", "", "lower", _DISTS), "dists", "vgg16")
