"""DISTS, Ding et al. 2020: structure and texture as VGG16 sees them, which forgives texture that is drawn anew."""

from __future__ import annotations

from pathlib import Path

from harness.metrics.meters import Column, Metric, PairMeter
from harness.metrics.pairs import Picture, check_pair
from harness.weights.perceptual import load_distance

SMALLEST_SIDE = 16
"""In pixels: each of four poolings halves."""


def dists_meter(backbone: Path, device: str) -> PairMeter:
    """Returns the meter; raises MetricError or WeightsError where the network cannot be loaded."""
    # Once a measurement, not once a picture: the file of VGG16 has half a gigabyte.
    distance = load_distance("dists", backbone, device)

    def dists(a: Picture, b: Picture) -> float:
        check_pair(a, b, smallest_side=SMALLEST_SIDE)
        return distance(a, b)

    return PairMeter(dists)


DISTS = Metric(
    name="dists",
    begin=lambda instruments: dists_meter(instruments.backbone("vgg16", "dists"), instruments.device),
    columns=(Column("dists", "DISTS", "", "lower", "DISTS on vgg16 (pictures as they are, 0 to 1, torchmetrics)"),),
    baselines=True,
)
