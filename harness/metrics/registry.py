"""The metrics there are, and the columns of `metrics.csv` and the numbers of a set that each of them fills."""

from __future__ import annotations

from collections.abc import Iterable

from harness.errors import UnknownNameError
from harness.metrics.cycle_error import CYCLE
from harness.metrics.inception import INCEPTION
from harness.metrics.lab_histogram import LAB_HISTOGRAM
from harness.metrics.label_agreement import LABEL_AGREEMENT
from harness.metrics.mae import MAE
from harness.metrics.meters import Column, Metric
from harness.metrics.ms_ssim import MS_SSIM
from harness.metrics.network_distances import DISTS, LPIPS, LPIPS_VGG
from harness.metrics.palette_accuracy import PALETTE
from harness.metrics.psnr import INPUT_PSNR, PSNR
from harness.metrics.spectrum import SPECTRUM
from harness.metrics.ssim import INPUT_SSIM, SSIM

# The order is that of every table and file; without targets nothing says what is better.
PAIRED, UNPAIRED = (SSIM, PSNR, MAE), (INPUT_SSIM, INPUT_PSNR)
"""What is measured where nothing else is asked for, with and without targets."""

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        *PAIRED, *UNPAIRED, MS_SSIM, SPECTRUM, LAB_HISTOGRAM, PALETTE, LABEL_AGREEMENT, CYCLE,
        LPIPS, LPIPS_VGG, DISTS, INCEPTION,
    )
}  # fmt: skip
COLUMNS: dict[str, Column] = {column.name: column for metric in METRICS.values() for column in metric.columns}
TOTALS: dict[str, Column] = {total.name: total for metric in METRICS.values() for total in metric.totals}


def find_metrics(names: Iterable[str]) -> tuple[Metric, ...]:
    """Returns the metrics by their names, or by those of what they fill, such as `fid`; each once, in order.

    Raises:
        UnknownNameError: there is none of a name.
    """
    known = {filled.name: metric for metric in METRICS.values() for filled in (*metric.columns, *metric.totals)}
    # Last, so that a metric's own name means that metric whatever another one fills.
    known |= METRICS
    found = []
    for name in names:
        if name not in known:
            raise UnknownNameError("metric", name, known)
        found.append(known[name])
    return tuple(dict.fromkeys(found))
