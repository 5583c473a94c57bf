"""What a generator's channels mean: red, green and blue, or lightness in and the two colour axes of Lab out."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from threading import Lock

import numpy as np
import torch
from PIL import Image

from harness.catalog.types import Architecture
from harness.engines.native.pixels import as_upstream_saves, to_pixels, to_tensor
from harness.engines.native.torch7_scaling import Loaded, Unrounded

_FILTER = Lock()


class Rgb:
    """Pictures as red, green and blue, or as grey where the network has one channel."""

    def __init__(self, architecture: Architecture) -> None:
        self._input_nc, self._output_nc = architecture.input_nc, architecture.output_nc

    def inputs(self, pictures: Sequence[Loaded]) -> torch.Tensor:
        """Returns (N, input_nc, H, W) float32 in [-1, 1]."""
        return to_tensor(pictures, self._input_nc)

    def pixels(self, inputs: torch.Tensor, outputs: torch.Tensor) -> torch.Tensor:
        """Returns what is saved of outputs: (N, H, W, 3) uint8."""
        return to_pixels(outputs)

    def shown(self, inputs: torch.Tensor, outputs: torch.Tensor) -> torch.Tensor:
        """Returns outputs as RGB, (N, 3, H, W) in [-1, 1], for statistics over several draws."""
        return outputs

    def input_as_saved(self, picture: Loaded) -> Image.Image:
        return as_upstream_saves(picture, self._input_nc)

    def target_as_saved(self, picture: Loaded) -> Image.Image:
        return as_upstream_saves(picture, self._output_nc)


class Lab:
    """Photos as upstream's `colorization` sees them: L/50-1 goes in, a/110 and b/110 come out.

    Source: `data/colorization_dataset.py` and `models/colorization_model.py` of the pinned commit.
    """

    def inputs(self, pictures: Sequence[Loaded]) -> torch.Tensor:
        """Returns (N, 1, H, W) float32 in [-1, 1]."""
        # Lab is L in 0..100, a and b about -110..110
        return torch.from_numpy(np.stack([_lab(p) for p in pictures]))[..., :1].permute(0, 3, 1, 2) / 50.0 - 1.0

    def pixels(self, inputs: torch.Tensor, outputs: torch.Tensor) -> torch.Tensor:
        """Returns what is saved of outputs: (N, H, W, 3) uint8, truncated."""
        return torch.from_numpy((_rgb(inputs, outputs) * 255).astype(np.uint8))

    def shown(self, inputs: torch.Tensor, outputs: torch.Tensor) -> torch.Tensor:
        """Returns outputs as RGB, (N, 3, H, W) in [-1, 1], for statistics over several draws."""
        return torch.from_numpy(_rgb(inputs, outputs)).permute(0, 3, 1, 2) * 2 - 1

    def input_as_saved(self, picture: Loaded) -> Image.Image:
        return Image.fromarray(to_pixels(self.inputs([picture]))[0].numpy())

    def target_as_saved(self, picture: Loaded) -> Image.Image:
        colours = torch.from_numpy(_lab(picture)[None, ..., 1:]).permute(0, 3, 1, 2) / 110.0
        return Image.fromarray(self.pixels(self.inputs([picture]), colours)[0].numpy())


def colours_of(architecture: Architecture) -> Rgb | Lab:
    """Returns what a generator's channels mean."""
    return Lab() if architecture.colorizes else Rgb(architecture)


def _lab(picture: Loaded) -> np.ndarray:
    from skimage.color import rgb2lab  # late: most generators draw RGB

    values = picture.values if isinstance(picture, Unrounded) else np.asarray(picture)
    return rgb2lab(values).astype(np.float32)  # type: ignore[no-any-return]


def _rgb(inputs: torch.Tensor, outputs: torch.Tensor) -> np.ndarray:
    """Returns (N, H, W, 3) float64 in [0, 1]; their arithmetic up to here is float32."""
    from skimage.color import lab2rgb

    lightness, axes = (inputs.to(torch.float32).cpu() + 1.0) * 50.0, outputs.to(torch.float32).cpu() * 110.0
    lab = torch.cat([lightness, axes], dim=1).permute(0, 2, 3, 1).numpy().astype(np.float64)
    # skimage warns of colours outside of RGB, which untrained networks draw; the filter is the whole process's.
    with _FILTER, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Conversion from CIE-LAB")
        return np.stack([lab2rgb(one) for one in lab])
