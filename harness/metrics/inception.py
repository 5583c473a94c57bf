"""FID, KID, precision and recall of a set, all from one pass of the Inception network."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from harness.errors import MetricError
from harness.metrics.fid import frechet_distance
from harness.metrics.kid import LARGEST_SUBSET, kernel_distance, subset_size
from harness.metrics.meters import Column, Instruments, Meter, Metric, Shot, Total
from harness.metrics.pairs import Picture
from harness.metrics.precision_recall import NEIGHBOURS, precision_recall
from harness.weights.perceptual import load_inception

FEW = 2048
"""Below as many pictures as features have dimensions a covariance is singular, and FID depends on n."""

_Features = NDArray[np.float32]


class InceptionMeter:
    """Gathers the features of the outputs, and of the targets or of other real pictures.

    Args:
        extract: (N, H, W, 3) uint8 to (N, 2048).
        reals: the real pictures where there are no targets.
    """

    def __init__(
        self, extract: Callable[[NDArray[np.uint8]], _Features], reals: Callable[[], Iterable[Picture]] | None
    ) -> None:
        self._extract, self._reals = extract, reals
        self._seen: dict[str, tuple[_Features, ...]] = {}

    def one(self, shot: Shot) -> tuple[float, ...]:
        if shot.target is None and self._reals is None:
            raise MetricError(
                "there are no real pictures to set the outputs against",
                "harness measure RUN --metrics fid --real FOLDER",
            )
        # Other real pictures are not of this image: they are read once, in `whole`.
        pictures = [shot.output] if shot.target is None or self._reals else [shot.output, shot.target]
        # One picture a call, (1, H, W, 3) to (2048,): a set may mix sizes, and 8 kB a picture are all that stays.
        self._seen[shot.name] = tuple(self._extract(picture[None])[0] for picture in pictures)
        return ()

    def whole(self) -> tuple[Total, ...]:
        # Threads end in any order, and KID's subsets and the floor's halves are drawn by place.
        names = sorted(self._seen)
        outputs = np.stack([self._seen[name][0] for name in names])
        if self._reals:
            reals = np.concatenate([self._extract(picture[None]) for picture in self._reals()])
        else:
            reals = np.stack([self._seen[name][-1] for name in names])
        n, m = len(outputs), len(reals)
        try:
            fid, (kid, spread) = frechet_distance(outputs, reals), kernel_distance(outputs, reals)
            precision, recall = precision_recall(outputs, reals)
        except ValueError as error:
            raise MetricError(str(error), "test on more pictures") from None
        # What each number is where nothing differs but the draw. FID of few pictures is far from 0 there: two equal
        # distributions in 2048 dimensions gave 175 at n = 106 in a simulation.
        half, other = _halves(reals)
        few = f"of fewer than {FEW:,} pictures FID depends on their number: compare with the same number only, or KID"
        floor = f"floor: one half of the real pictures against the other, {len(half)} and {len(other)}"
        against = f"{n} outputs against {m} real pictures"
        notes = (against, floor, *((few,) if min(n, m) < FEW else ()))
        subsets = f"subsets of {subset_size(n, m)}" + (f", standard deviation {spread:.4f}" if spread else "")
        return (
            Total(fid, None, None, n, {"floor": frechet_distance(half, other)}, notes),
            Total(kid, None, None, n, {"floor": kernel_distance(half, other)[0]}, (subsets,)),
            Total(precision, None, None, n),
            Total(recall, None, None, n),
        )


def _halves(features: _Features) -> tuple[_Features, _Features]:
    # Shuffled, for neighbours by name may be of one kind; the same way every time, so that the floor stays.
    order = np.random.default_rng(0).permutation(len(features))
    return features[order[::2]], features[order[1::2]]


def _begin(instruments: Instruments) -> Meter:
    return InceptionMeter(
        load_inception(instruments.backbone("inception", "fid"), instruments.device), instruments.reals
    )


_FID = "FID on the 2048 features of Inception-v3 of 2015 (torch-fidelity, enlarged to 299×299 as TensorFlow 1 did)"
_KID = f"KID on the same features (kernel (x·y/2048 + 1)³, unbiased, subsets of min(n, {LARGEST_SUBSET:,}))"
_NEAR = f"on the same features, {NEIGHBOURS} neighbours"
INCEPTION = Metric(
    name="inception",
    begin=_begin,
    totals=(
        Column("fid", "FID", "", "lower", _FID, "the real pictures", 2),
        Column("kid", "KID", "", "lower", _KID, "the real pictures", 4),
        Column("precision", "Precision", "", "higher", f"precision {_NEAR}", "the real pictures"),
        Column("recall", "Recall", "", "higher", f"recall {_NEAR}", "the real pictures"),
    ),
)
