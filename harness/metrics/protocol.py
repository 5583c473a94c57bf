"""The protocol every number of a measurement follows, as one line under a table and as a document in a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from harness.metrics.meters import Column, Metric
from harness.metrics.statistics import CONFIDENCE, METHOD
from harness.version import __version__

# A new metric does not raise it: the definition of each stands in `comparable`. Protocol 1 had percentile bootstraps
# throughout, too narrow below some 50 images, and a mean target that held the image's own; its images' values hold.
VERSION = 2
_LIBRARIES = ("numpy", "pillow", "scikit-image", "torch", "torch-fidelity", "torchmetrics")
MEAN_LEFT_OUT = "the mean of all other targets, rounded, in place of an output"


def protocol_line(metrics: Sequence[Metric]) -> str:
    """Returns the sentence that stands under every table of these metrics."""
    columns = _columns(metrics)
    parts = [
        *dict.fromkeys(column.definition for column in columns),
        "on uint8 RGB as saved in PNG, inside the picture: its padding is not measured",
        f"means over images with {100 * CONFIDENCE:g} % intervals ({METHOD}), identical pairs counted apart from PSNR",
    ]
    if any(column.name.startswith("input_") for column in columns):
        parts.append("no targets: similarity to the input, not quality")
    return f"Protocol {VERSION}: {'; '.join(parts)}"


def protocol_document(
    metrics: Sequence[Metric],
    mean_target: str = MEAN_LEFT_OUT,
    backbones: Mapping[str, str] | None = None,
    *,
    padded: int = 0,
) -> dict[str, Any]:
    """Returns what `metrics.json` says under `protocol`: `comparable` decides whether two measurements may be set
    side by side, `libraries` and `backbones` (their SHA-256) only say what computed them.

    Args:
        padded: how many pictures had padding, which was not measured.
    """
    # Told only where there was some: without, the numbers are those of measurements that knew no padding.
    where = ", without padding" if padded else ""
    return {
        "version": VERSION,
        "line": protocol_line(metrics),
        "comparable": {
            "columns": {c.name: f"{c.definition}, output against {c.against}{where}" for c in _columns(metrics)}
        },
        "padded": padded,
        "interval": {"method": METHOD, "level": CONFIDENCE},
        "baselines": {"input_copied": "the input in place of the output", "mean_target": mean_target},
        "oracle": "scikit-image, agreement to 1e-6",
        # Versions of libraries change no number: the tests hold them to that.
        "libraries": {"harness": __version__, **_versions()},
        "backbones": dict(backbones or {}),
    }


def _columns(metrics: Sequence[Metric]) -> list[Column]:
    return [column for metric in metrics for column in (*metric.columns, *metric.totals)]


def _versions() -> dict[str, str]:
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # the extra `perceptual` is not installed
            continue
    return found
