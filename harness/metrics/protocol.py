"""The protocol every number of a measurement follows, as one line under a table and as a document in a file."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from harness.metrics.registry import Column
from harness.metrics.statistics import CONFIDENCE, RESAMPLES, SEED
from harness.version import __version__

VERSION = 1
_LIBRARIES = ("numpy", "pillow", "scikit-image")


def protocol_line(columns: Sequence[Column]) -> str:
    """Returns the sentence that stands under every table of these columns."""
    used = {column.metric.name: column.metric.definition for column in columns}
    parts = [
        *used.values(),
        "on uint8 RGB as saved in PNG",
        f"means over images with {100 * CONFIDENCE:g} % percentile bootstrap intervals ({RESAMPLES} resamples, "
        f"seed {SEED}), identical pairs counted apart from PSNR",
    ]
    if any(column.against == "input" for column in columns):
        parts.append("no targets: similarity to the input, not quality")
    return f"Protocol {VERSION}: {'; '.join(parts)}"


def protocol_document(columns: Sequence[Column]) -> dict[str, Any]:
    """Returns what `metrics.json` says under `protocol`: `comparable` decides whether two measurements may be set
    side by side, `libraries` only says what computed them."""
    return {
        "version": VERSION,
        "line": protocol_line(columns),
        # Versions of libraries are left out of it: that they change no number is what the tests hold them to.
        "comparable": {
            "version": VERSION,
            "columns": {c.name: f"{c.metric.definition}, output against {c.against}" for c in columns},
        },
        "interval": {"method": "percentile bootstrap", "level": CONFIDENCE, "resamples": RESAMPLES, "seed": SEED},
        "baselines": {
            "input_copied": "the input in place of the output",
            "mean_target": "the mean of all targets, rounded, in place of every output",
        },
        "oracle": "scikit-image, agreement to 1e-6",
        "libraries": {"harness": __version__, **{name: version(name) for name in _LIBRARIES}},
    }
