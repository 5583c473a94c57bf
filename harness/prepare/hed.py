"""Holistically-nested edge detection (Xie and Tu 2015) from a weights file of the user's.

The published weights were at hand for no test of this module: shapes, keys and drawing are tested on seeded ones.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import nn
from torch.nn import functional

from harness.errors import WeightsError
from harness.images.edges import Mask, Pixels, ridge_of, thinned
from harness.weights.architecture import compare_keys
from harness.weights.reading import read_state_dict

SOURCE = "https://github.com/sniklaus/pytorch-hed"
"""Its `network-bsds500.pytorch` holds the authors' Caffe weights under the keys read here."""

THRESHOLD = 25 / 255
"""Fused edge probability from which a pixel may be line, as in the authors' PostprocessHED.m."""

_ORDINALS = ("One", "Two", "Thr", "Fou", "Fiv")
_CHANNELS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))  # VGG16 less its classifier
_MEAN = (104.00698793, 116.66876762, 122.67891434)  # of blue, green and red, as the trunk was trained


class HedNetwork(nn.Module):
    """VGG16's five stages, one score each, enlarged and fused: 1×3×H×W of levels 0-255 in RGB to 1×1×H×W in 0..1."""

    def __init__(self) -> None:
        super().__init__()
        before = 3
        for number, (ordinal, channels) in enumerate(zip(_ORDINALS, _CHANNELS, strict=True)):
            # Each stage but the first begins at half the size of the one before: scores are of 1, 1/2, … 1/16.
            layers: list[nn.Module] = [nn.MaxPool2d(2)] if number else []
            for after in channels:
                layers += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU()]
                before = after
            self.add_module(f"netVgg{ordinal}", nn.Sequential(*layers))
            self.add_module(f"netScore{ordinal}", nn.Conv2d(before, 1, 1))
        self.netCombine = nn.Sequential(nn.Conv2d(5, 1, 1), nn.Sigmoid())
        # Not persistent: the published file has no such key, and `load_state_dict` is strict.
        self.register_buffer("mean", torch.tensor(_MEAN).view(1, 3, 1, 1), persistent=False)

    def forward(self, rgb: torch.Tensor) -> torch.Tensor:
        """Returns the fused probability that a pixel is edge."""
        # (1, 3, H, W): Caffe's order blue, green, red, less the mean colour.
        values = rgb.flip(1) - self.get_buffer("mean")
        scores = []
        for ordinal in _ORDINALS:
            values = self.get_submodule(f"netVgg{ordinal}")(values)
            score = self.get_submodule(f"netScore{ordinal}")(values)
            # (1, 1, H, W) of each stage, whatever sides its poolings rounded down to.
            scores.append(functional.interpolate(score, size=rgb.shape[2:], mode="bilinear", align_corners=False))
        return torch.as_tensor(self.netCombine(torch.cat(scores, dim=1)))

    def probabilities(self, pixels: Pixels) -> NDArray[np.float32]:
        """Returns H×W edge probabilities of an H×W×3 uint8 RGB photo."""
        with torch.inference_mode():
            # A copy: torch would warn of memory it must not write to. (H, W, 3) to (1, 3, H, W).
            values = torch.from_numpy(np.array(pixels, dtype=np.float32)).permute(2, 0, 1)[None]
            return np.asarray(self(values)[0, 0].numpy())

    def draw(self, pixels: Pixels) -> Mask:
        """Returns where an H×W×3 uint8 RGB photo has lines, one pixel wide, H×W bool."""
        return lines_of(self.probabilities(pixels))


def load_hed(path: Path) -> HedNetwork:
    """Reads HED's weights as tensors only, never as code; drawing changes nothing, so many threads may share them.

    Keys may begin with `net` or, as in the file published first, with `module`.

    Raises:
        WeightsError: the file cannot be read, or is of another network.
    """
    found = {re.sub("^module", "net", key): tensor for key, tensor in read_state_dict(path).items()}
    network = HedNetwork()
    if difference := compare_keys(found, network.state_dict()):
        hint = f"bring `network-bsds500.pytorch`, see {SOURCE}"
        raise WeightsError(f"`{path}` is not the HED network: {difference}", hint)
    network.load_state_dict(found)
    return network.eval()


def lines_of(probabilities: NDArray[np.float32]) -> Mask:
    """Returns lines one pixel wide: where the probability is highest across the edge, above the threshold, no specks.

    After PostprocessHED.m; its `edgesNms`, of Piotr Dollár's toolbox, is stood in for by the Hessian's main direction.
    """
    values = probabilities.astype(np.float64)
    # Smoothed as in `edgesNms`, or single pixels of noise would turn the direction.
    down, right = np.gradient(ndimage.gaussian_filter(values, 2.0))
    (yy, xy), (_, xx) = np.gradient(down), np.gradient(right)
    across = 0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2  # there a ridge's curvature is most negative
    # 1 % of play, so that a ridge two pixels wide and equally high is not lost altogether.
    return thinned((values >= THRESHOLD) & ridge_of(values, across, play=1.01))
