"""Networks that judge pictures, from verified files, by the libraries that the field measures with: torch-fidelity's
Inception, torchmetrics' LPIPS and DISTS on torchvision's AlexNet and VGG16. Nothing is downloaded here."""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from harness.errors import MetricError, WeightsError

Pixels = NDArray[np.uint8]
Distance = Callable[[Pixels, Pixels], float]
"""Of two H×W×3 uint8 RGB pictures of one size."""

_INSTALL = "pip install 'pix2pix-harness[perceptual]'"
_OPERATORS = ("nms", "qnms")
_kept: list[Any] = []


def load_inception(path: Path, device: str) -> Callable[[Pixels], NDArray[np.float32]]:
    """Returns what turns (N, H, W, 3) uint8 pictures into (N, 2048) features of the Inception network of FID.

    torch-fidelity enlarges to 299×299 as TensorFlow 1 did, which every FID since 2017 follows.

    Raises:
        MetricError: the library is not installed.
        WeightsError: the file holds another network.
    """
    import torch

    extractors = import_library("torch_fidelity.feature_extractor_inceptionv3")
    with _loading(path, "an Inception-v3 of FID"):
        network = extractors.FeatureExtractorInceptionV3("inception", ["2048"], feature_extractor_weights_path=path)
    network.to(device)
    lock = Lock()  # a network uses all cores already, and pictures come from several threads

    @torch.inference_mode()
    def features(pictures: Pixels) -> NDArray[np.float32]:
        with lock:
            (found,) = network(torch.from_numpy(pictures).permute(0, 3, 1, 2).to(device))
        return found.cpu().numpy()  # type: ignore[no-any-return]

    return features


def load_distance(kind: Literal["alex", "vgg", "dists"], path: Path, device: str) -> Distance:
    """Returns LPIPS (version 0.1) on AlexNet or VGG16, or DISTS, as a function of two pictures.

    Args:
        path: torchvision's own file of AlexNet or VGG16 under its own name, in a folder `checkpoints`.

    Raises:
        MetricError: the library is not installed.
        WeightsError: the file holds another network.
    """
    import torch

    with _loading(path, "torchvision's VGG16" if kind != "alex" else "torchvision's AlexNet"), _hub(path.parent.parent):
        if kind == "dists":
            network = import_library("torchmetrics.functional.image.dists").DISTSNetwork()
        else:
            # Private, but the public function builds the network anew at every call.
            network = import_library("torchmetrics.functional.image.lpips")._NoTrainLpips(net=kind)
    network.to(device).eval()
    lock = Lock()

    @torch.inference_mode()
    def distance(a: Pixels, b: Pixels) -> float:
        # No resizing here: LPIPS and DISTS of other sizes are other numbers.
        pair = torch.from_numpy(np.stack([a, b])).permute(0, 3, 1, 2).to(device, torch.float32) / 255  # (2, 3, H, W)
        with lock:
            # LPIPS takes -1 to 1, DISTS 0 to 1; confusing the two is the field's most frequent mistake.
            found = network(pair[:1], pair[1:]) if kind == "dists" else network(2 * pair[:1] - 1, 2 * pair[1:] - 1)
        return float(found)

    return distance


def import_library(name: str) -> Any:
    """Imports a module of the extra `perceptual`, without warnings of others' code; MetricError where it is missing."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _mend_torchvision()
            return importlib.import_module(name)
    except ImportError as error:
        raise MetricError(f"`{name.partition('.')[0]}` cannot be imported: {error}", _INSTALL) from error


def _mend_torchvision() -> None:
    """Declares the two operators that a torchvision built for CUDA misses beside a CPU torch; none is used here."""
    import torch

    try:
        importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        for module in [m for m in sys.modules if m.partition(".")[0] == "torchvision"]:
            del sys.modules[module]
        library: Any = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
        for operator in _OPERATORS:
            library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _kept.append(library)  # its destructor would take the definitions back
        importlib.import_module("torchvision")


@contextmanager
def _loading(path: Path, what: str) -> Iterator[None]:
    """Says which file is at fault where a library cannot load it."""
    import torch

    try:
        # The libraries load with pickle's full powers: what the restricted reader takes can do no harm there.
        torch.load(path, map_location="cpu", weights_only=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except MetricError:
        raise
    except Exception as error:  # a foreign file fails in many ways
        reason = str(error).partition("\n")[0]
        raise WeightsError(
            f"`{path}` is not {what}: {reason}", "harness setup --metrics NAME brings the right one"
        ) from error


@contextmanager
def _hub(folder: Path) -> Iterator[None]:
    """Lets torchvision find its files in `folder`/checkpoints, where it would otherwise fetch them."""
    import torch

    # Process-wide, hence given back: other code may use the hub as well.
    before = torch.hub.get_dir()
    torch.hub.set_dir(str(folder))
    try:
        yield
    finally:
        torch.hub.set_dir(before)
