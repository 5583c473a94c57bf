"""How near one picture, and a set of pictures, is to the training pictures of a profile."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np
from scipy.spatial.distance import cdist

from harness.nearness.features import COLUMNS, GROUPS, NAMES, describe
from harness.nearness.palette import Picture
from harness.nearness.profile import Profile
from harness.nearness.reasons import WORDS, reasons
from harness.nearness.scoring import COMPARED, ORIENTATION, Array

Verdict = Literal["near", "unusual", "far"]

# The percentile beyond which a picture is unusual; the same share for a single group, as a surprise.
_UNUSUAL = 95.0
_NOTABLE = -math.log(0.05)
_MOST_REASONS = 4
_RESAMPLES = 1000
# Distances are those of all pairs, 400² and 400 × 256 of them.
_LARGEST_SET = 400


@dataclass(frozen=True)
class Nearness:
    """One picture beside the training pictures.

    Attributes:
        percentile: 0 to 100; 97 reads "as far out as 97 % of real training pictures are not".
        surprise: the same without an upper end, to rank far pictures: -log of the share of training pictures that
            are as unusual, beyond their number by extrapolation.
        verdict: `near` up to the 95th percentile, `far` beyond every training picture, else `unusual`.
        reasons: what is unusual, the most unusual first; empty for near pictures.
        advice: what would bring it nearer, in the reasons' order; not for every reason there is any.
        features: of each feature with a name in words: `value`, `low` and `high` (the usual range, 5 % to 95 %).
        description: what `assess_set` needs; not part of the JSON document.
    """

    percentile: float
    surprise: float
    verdict: Verdict
    reasons: tuple[str, ...]
    advice: tuple[str, ...]
    features: dict[str, dict[str, float]]
    description: Array = field(repr=False, compare=False)

    def to_json(self) -> dict[str, Any]:
        """Returns what `dataset.json` keeps of it."""
        return {
            "percentile": round(self.percentile, 1),
            "surprise": round(self.surprise, 2),
            "verdict": self.verdict,
            "reasons": list(self.reasons),
            "advice": list(self.advice),
            "features": {n: {k: round(v, 4) for k, v in f.items()} for n, f in self.features.items()},
        }


@dataclass(frozen=True)
class SetNearness:
    """A set of pictures beside the training pictures.

    Attributes:
        distance: normalised energy distance, about 0 for pictures drawn from the training pictures, at most 1.
        low, high: its 95 % bootstrap interval over the pictures of the set; None below two.
        usual: the distance that 95 % of equally large sets of training pictures stay below.
        percentile: share of such sets, in percent, that are nearer.
        verdict: `near` within the usual, `far` where the interval begins beyond ten times the usual, else `unusual`.
        n: number of pictures.
        median_percentile: of the single pictures; 50 for pictures like the training pictures.
        share_far: of the single pictures beyond the 95th percentile; 0.05 is usual.
    """

    distance: float
    low: float | None
    high: float | None
    usual: float
    percentile: float
    verdict: Verdict
    n: int
    median_percentile: float
    share_far: float

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON document."""
        return {k: round(v, 4) if isinstance(v, float) else v for k, v in asdict(self).items()}


def assess(image: Picture, profile: Profile) -> Nearness:
    """Says how near a picture, uint8 RGB as the model will see it, is to the profile's training pictures.

    Raises:
        ValueError: not a uint8 RGB picture, or a side below 32 pixels.
    """
    description = describe(image, profile.palette)
    # (1, groups)
    surprise = profile.scale.surprise(profile.reference.remoteness(description[None]))
    score = profile.scale.joined(surprise)
    percentile = float(profile.scale.percentiles(score)[0])
    notable = [g for g in np.argsort(-surprise[0]) if surprise[0, g] > _NOTABLE]
    upright = dict(zip(ORIENTATION, profile.reference.orientation(description[None])[0].tolist(), strict=True))
    # Of eight groups one often stands out by chance: reasons are given for pictures that are unusual as a whole.
    groups = [GROUPS[g] for g in notable] if percentile > _UNUSUAL else []
    found = reasons(description, profile.usual, groups, upright)[:_MOST_REASONS]
    return Nearness(
        percentile=percentile,
        surprise=float(score[0]),
        verdict="near" if percentile <= _UNUSUAL else "far" if score[0] > profile.scale.scores[-1] else "unusual",
        reasons=tuple(reason for reason, _ in found),
        advice=tuple(dict.fromkeys(advice for _, advice in found if advice)),
        features={
            name: {"value": float(value), "low": float(low), "high": float(high)}
            for name, value, (low, _, high) in zip(NAMES, description, profile.usual, strict=True)
            if name in WORDS
        },
        description=description,
    )


def assess_set(found: Sequence[Nearness], profile: Profile) -> SetNearness:
    """Says how far a set of assessed pictures is from the training pictures as a whole.

    The energy distance (Székely and Rizzo 2013) is taken without each picture's distance to itself, hence unbiased, and
    divided by its first term. Of more than 400 pictures as many are drawn.

    Raises:
        ValueError: an empty set.
    """
    if not found:
        raise ValueError("a set of no pictures has no distance")
    generator = np.random.default_rng(0)
    descriptions = np.array([one.description for one in found])
    if len(descriptions) > _LARGEST_SET:
        descriptions = descriptions[np.sort(generator.choice(len(descriptions), _LARGEST_SET, replace=False))]
    reference, usual_remoteness = profile.reference, profile.scale.usual
    # Orientation counts in units of its own spread, as every other feature does.
    spread = usual_remoteness.std(axis=0)[-len(ORIENTATION) :] + 1e-9
    # training pictures stand by how they lie in the eyes of the others: their own would flatter them
    training = _weighted(reference.points, -usual_remoteness[:, -len(ORIENTATION) :] / spread)
    queries = _weighted(reference.standardised(descriptions), reference.orientation(descriptions) / spread)
    energy = _Energy(training, queries)
    m, n = len(queries), len(training)
    distance = energy.distance(np.ones(n), np.ones(m))
    low, high = None, None
    if m > 1:
        # The bootstrap: each picture counts as often as it is drawn.
        draws = [np.bincount(generator.integers(m, size=m), minlength=m).astype(np.float64) for _ in range(_RESAMPLES)]
        drawn = [energy.distance(np.ones(n), weights) for weights in draws]
        low, high = (float(bound) for bound in np.quantile(drawn, [0.025, 0.975]))
    # What sets of that size from the training pictures themselves would show.
    null = _null(training, min(m, n // 2), generator)
    usual = float(np.quantile(null, 0.95))
    # The set itself counts half among them: never 0 or 100 of a finite number of draws.
    percentile = float(100 * (np.sum(null < distance) + 0.5) / (len(null) + 1))
    begins = distance if low is None else low
    percentiles = np.array([one.percentile for one in found])
    return SetNearness(
        distance=distance,
        low=low,
        high=high,
        usual=usual,
        percentile=percentile,
        # Large sets have a tiny `usual`; 0.01 keeps a difference that nobody sees from being far.
        verdict="near" if distance <= usual else "far" if begins > 10 * max(usual, 0.01) else "unusual",
        n=len(found),
        median_percentile=float(np.median(percentiles)),
        share_far=float((percentiles > _UNUSUAL).mean()),
    )


def _weighted(points: Array, orientation: Array) -> Array:
    """Every group counts alike, whatever its number of features; single features are cut off at ten spreads."""
    counts = [len(COLUMNS[group]) for group in COMPARED] + [1] * len(ORIENTATION)
    weights = np.repeat([1 / math.sqrt(count * len(GROUPS)) for count in counts], counts)
    return np.asarray(np.clip(np.column_stack([points, orientation]), -10, 10) * weights)


class _Energy:
    """Energy distances of two weighted sets, from distances computed once."""

    def __init__(self, training: Array, queries: Array) -> None:
        self.between = cdist(training, queries)
        self.training, self.queries = cdist(training, training), cdist(queries, queries)

    def distance(self, training: Array, queries: Array) -> float:
        """Returns the distance when each picture counts as often as its weight says."""
        # (2 E|x - y| - E|x - x'| - E|y - y'|) / 2 E|x - y|
        between = training @ self.between @ queries / (training.sum() * queries.sum())
        within = _within(self.training, training), _within(self.queries, queries)
        if math.isnan(within[1]):  # one picture has no spread of its own: it is taken to have the training pictures'
            within = within[0], within[0]
        return float((2 * between - sum(within)) / max(2 * between, 1e-9))


def _within(apart: Array, weights: Array) -> float:
    """The mean distance of two different pictures of a set."""
    # A picture beside itself is no pair, however often it was drawn.
    pairs = weights.sum() ** 2 - (weights**2).sum()
    return float(weights @ apart @ weights / pairs) if pairs > 0 else math.nan


def _null(training: Array, size: int, generator: np.random.Generator) -> Array:
    """Distances of random sets of training pictures, of `size`, from the others."""
    energy = _Energy(training, training)
    found = []
    # One quantile of 95 % asks for fewer draws than both ends of an interval.
    for _ in range(_RESAMPLES // 4):
        drawn = np.zeros(len(training))
        drawn[generator.choice(len(training), max(1, size), replace=False)] = 1
        found.append(energy.distance(1 - drawn, drawn))
    return np.array(found)
