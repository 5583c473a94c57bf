"""How far out a description lies among those of training pictures, so that held-out ones land uniform.

Each group of features is judged alone, by nearest neighbours, which assume nothing about the shape of a distribution
(Sun et al. 2022, "Out-of-Distribution Detection with Deep Nearest Neighbors"); then the groups' verdicts are joined,
so that a shift in a few features is not drowned by the many that did not move. The training pictures are scored by
parts of themselves they are not in, as any new picture is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from harness.nearness.features import COLUMNS, DIRECTION, GROUPS, LAYOUT

Array = NDArray[np.float64]

ORIENTATION = (DIRECTION, LAYOUT)
# Nearest points that are averaged; parts a set is cut into; added to the diagonal; spreads a feature counts to most.
_NEAREST = 5
# Parts that are scored by the rest: with 256 pictures four at a time.
_FOLDS = 64
# Beside mean squares of about 1: a small profile has fewer pictures than there are features of direction.
_RIDGE = 0.1
_CLIP = 3.0
COMPARED = tuple(group for group in GROUPS if group not in ORIENTATION)
COMPARED_FEATURES = np.concatenate([COLUMNS[group] for group in COMPARED])
# Where the features of each group stand among those compared.
_PLACES = {group: np.flatnonzero(np.isin(COMPARED_FEATURES, COLUMNS[group])) for group in COMPARED}


@dataclass(frozen=True)
class Upright:
    """Tells pictures that lie as the training pictures do, about 1, from turned ones, about -1; 0 where none can."""

    scale: Array
    weights: Array

    @classmethod
    def of(cls, features: Array) -> Upright:
        """Learns from n × antisymmetric features by ridge regression of 1.

        The same pictures turned, their features with the opposite sign, would stand for -1 and change nothing.
        """
        scale = np.quantile(np.abs(features), 0.7, axis=0) + 1e-9
        scaled = np.clip(features / scale, -_CLIP, _CLIP)
        count, size = scaled.shape
        # w = (XᵀX/n + λI)⁻¹ · mean(x): the targets are all 1.
        weights = np.linalg.solve(scaled.T @ scaled / count + _RIDGE * np.eye(size), scaled.mean(axis=0))
        return cls(scale, weights)

    def score(self, features: Array) -> Array:
        """Returns one number a picture."""
        return np.asarray(np.clip(features / self.scale, -_CLIP, _CLIP) @ self.weights)


@dataclass(frozen=True)
class Reference:
    """Training pictures as points.

    Attributes:
        centre, scale: of each compared feature.
        points: n × compared features, standardised.
        upright: for each orientation group what tells how a picture lies.
    """

    centre: Array
    scale: Array
    points: Array
    upright: dict[str, Upright]

    @classmethod
    def of(cls, descriptions: Array) -> Reference:
        """Learns from n × features."""
        compared = descriptions[:, COMPARED_FEATURES]
        # A normal distribution has its 16 % and 84 % quantiles one σ from the middle; outliers move them little.
        low, centre, high = np.quantile(compared, [0.16, 0.5, 0.84], axis=0)
        scale = np.maximum.reduce([(high - low) / 2, compared.std(axis=0) / 2, np.full(centre.shape, 1e-3)])
        upright = {group: Upright.of(descriptions[:, COLUMNS[group]]) for group in ORIENTATION}
        return cls(centre, scale, (compared - centre) / scale, upright)

    def standardised(self, descriptions: Array) -> Array:
        """Returns m × compared features in units of their spread over the training pictures."""
        return (descriptions[:, COMPARED_FEATURES] - self.centre) / self.scale

    def orientation(self, descriptions: Array) -> Array:
        """Returns m × 2: how upright by direction and by layout."""
        return np.stack([self.upright[g].score(descriptions[:, COLUMNS[g]]) for g in ORIENTATION], axis=1)

    def remoteness(self, descriptions: Array) -> Array:
        """Returns m × groups, greater for farther: log distance to the nearest points, or how little upright."""
        points = self.standardised(descriptions)
        # One number a group: (m,) each, from the columns of that group alone.
        near = [_log_distance(points[:, _PLACES[g]], self.points[:, _PLACES[g]]) for g in COMPARED]
        return np.column_stack([*near, -self.orientation(descriptions)])


def _log_distance(queries: Array, points: Array) -> Array:
    """Log of the mean distance to the five nearest points."""
    nearest = np.sort(cdist(queries, points), axis=1)[:, :_NEAREST]
    # A tenth of a spread: copies of a training picture are near, not infinitely so.
    return np.asarray(np.log(nearest.mean(axis=1) + 0.1))


@dataclass(frozen=True)
class Scale:
    """What is usual: the training pictures' remoteness, row by row as their points, and their joined scores, sorted."""

    usual: Array
    scores: Array

    def surprise(self, remoteness: Array) -> Array:
        """Returns m × groups, -log of the share of training pictures at least so remote.

        Beyond their last tenth the share is taken to fall exponentially, so that far pictures can still be ranked.
        """
        count = len(self.usual)
        shares = 1 - (np.arange(count) + 0.5) / count
        found = np.empty_like(remoteness)
        for g, usual in enumerate(np.sort(self.usual, axis=0).T):
            # The mean excess over the edge is the scale of an exponential tail.
            edge = np.quantile(usual, 0.9)
            beyond = usual[usual > edge] - edge
            tail = max(float(beyond.mean()) if beyond.size else 0.0, 1e-9)
            inside = -np.log(np.interp(remoteness[:, g], usual, shares))
            found[:, g] = np.where(remoteness[:, g] > edge, -np.log(0.1) + (remoteness[:, g] - edge) / tail, inside)
        return found

    def joined(self, surprise: Array) -> Array:
        """Returns one score a picture: -log of the harmonic mean of the groups' shares, near the greatest surprise.

        Source: Wilson 2019, "The harmonic mean p-value for combining dependent tests".
        """
        # log-sum-exp about the greatest term, so that nothing overflows.
        top = surprise.max(axis=1)
        return np.asarray(top + np.log(np.exp(surprise - top[:, None]).mean(axis=1)))

    def percentiles(self, scores: Array) -> Array:
        """Returns what share of training pictures, in percent, is less far out; uniform for further ones of them."""
        below = np.searchsorted(self.scores, scores, side="left")
        return np.asarray(100 * (below + 0.5) / (self.scores.size + 1))


def calibrate(descriptions: Array) -> Scale:
    """Scores every training picture by others, so that none is its own neighbour or teacher."""
    # 64 parts: each is scored by 63/64 of the others, near to what a new picture meets.
    order = np.random.default_rng(0).permutation(len(descriptions))
    remoteness = np.empty((len(descriptions), len(GROUPS)))
    for fold in np.array_split(order, min(_FOLDS, len(order))):
        others = np.delete(descriptions, fold, axis=0)
        remoteness[fold] = Reference.of(others).remoteness(descriptions[fold])
    scale = Scale(remoteness, np.empty(0))
    return Scale(scale.usual, np.sort(scale.joined(scale.surprise(remoteness))))
