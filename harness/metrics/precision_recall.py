"""How many outputs lie among the real pictures, and how many real ones among the outputs: Kynkäänniemi et al. 2019."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# The paper's k.
NEIGHBOURS = 3


def precision_recall(outputs: NDArray[np.float32], reals: NDArray[np.float32]) -> tuple[float, float]:
    """Returns precision and recall, 0 to 1, of (n, d) and (m, d) features.

    An output is among the real pictures if it is as near to one of them as that one's third neighbour.

    Raises:
        ValueError: fewer than four in a set.
    """
    if min(len(outputs), len(reals)) <= NEIGHBOURS:
        raise ValueError(f"precision and recall need {NEIGHBOURS + 1} pictures a set at least")
    from scipy.spatial.distance import cdist

    precise, recalled = np.zeros(len(outputs), bool), np.zeros(len(reals), bool)
    # (n,) and (m,): the radius of the ball around each picture that stands for its set.
    reach_out, reach_real = _reach(outputs), _reach(reals)
    for rows in _blocks(len(outputs)):
        # (1000, m) at most
        across = cdist(outputs[rows], reals)
        precise[rows] = (across <= reach_real).any(axis=1)
        recalled |= (across <= reach_out[rows, None]).any(axis=0)
    return float(precise.mean()), float(recalled.mean())


def _reach(features: NDArray[np.float32]) -> NDArray[np.float64]:
    """The distance of each to its third neighbour; the nearest of all is itself."""
    from scipy.spatial.distance import cdist

    found = [
        np.partition(cdist(features[rows], features), NEIGHBOURS)[:, NEIGHBOURS] for rows in _blocks(len(features))
    ]
    return np.concatenate(found)


def _blocks(n: int) -> list[slice]:
    """Rows at once: all distances of 50,000 pictures to each other would take 20 GB."""
    return [slice(start, start + 1000) for start in range(0, n, 1000)]
