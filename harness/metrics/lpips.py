"""LPIPS, Zhang et al. 2018: how far two pictures are apart for a network, weighed as people judged."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from harness.metrics.meters import Column, Metric, PairMeter
from harness.metrics.pairs import Picture, check_pair
from harness.weights.perceptual import load_distance

SMALLEST_SIDE = {"alex": 31, "vgg": 16}
"""In pixels: with fewer nothing is left after the last pooling."""


def lpips_meter(net: Literal["alex", "vgg"], backbone: Path, device: str) -> PairMeter:
    """Returns the meter; raises MetricError or WeightsError where the network cannot be loaded."""
    distance = load_distance(net, backbone, device)

    def lpips(a: Picture, b: Picture) -> float:
        check_pair(a, b, smallest_side=SMALLEST_SIDE[net])
        return distance(a, b)

    return PairMeter(lpips)


def _metric(name: str, label: str, net: Literal["alex", "vgg"], backbone: str) -> Metric:
    # AlexNet's and VGG's values lie on scales of their own, hence two metrics rather than one with an option.
    definition = f"LPIPS 0.1 on {backbone} (pictures as they are, -1 to 1, torchmetrics)"
    return Metric(
        name=name,
        begin=lambda instruments: lpips_meter(net, instruments.backbone(backbone, name), instruments.device),
        columns=(Column(name, label, "", "lower", definition),),
        baselines=True,
    )


LPIPS = _metric("lpips", "LPIPS", "alex", "alexnet")
LPIPS_VGG = _metric("lpips_vgg", "LPIPS (VGG)", "vgg", "vgg16")
