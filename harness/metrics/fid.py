"""Fréchet distance of two sets of features, Heusel et al. 2017."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def frechet_distance(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Returns |μa - μb|² + tr(Σa + Σb - 2(ΣaΣb)^½) of (n, d) and (m, d) features, covariances over n - 1.

    With centred features A and B, ΣaΣb has the eigenvalues of (ABᵀ)(ABᵀ)ᵀ / ((n-1)(m-1)) and zeros: the trace of its
    root is the sum of the singular values of the n×m matrix ABᵀ, over √((n-1)(m-1)). That is exact where fewer
    pictures than dimensions make the usual d×d root ill-conditioned, and cheaper.

    Raises:
        ValueError: fewer than two in a set.
    """
    if min(len(a), len(b)) < 2:
        raise ValueError("FID needs two pictures a set at least")
    # FID is a small difference of large sums, which the features' own float32 would round away.
    x, y = (features.astype(np.float64) for features in (a, b))
    mean_x, mean_y = x.mean(axis=0), y.mean(axis=0)
    # (n, d) and (m, d), scaled so that XᵀX is the covariance over n - 1.
    x, y = (x - mean_x) / np.sqrt(len(x) - 1), (y - mean_y) / np.sqrt(len(y) - 1)
    # Of many pictures only the d×d factor R is kept: RᵀR = XᵀX = Σ.
    x, y = (np.asarray(np.linalg.qr(f, mode="r")) if len(f) > f.shape[1] else f for f in (x, y))
    # Σ of the singular values of XYᵀ, (n or d) × (m or d), is the trace of the root; tr Σ is the sum of X's squares.
    root = np.linalg.svd(x @ y.T, compute_uv=False).sum()
    return float(((mean_x - mean_y) ** 2).sum() + (x**2).sum() + (y**2).sum() - 2 * root)
