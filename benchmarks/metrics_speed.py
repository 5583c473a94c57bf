"""Sets the metrics beside scikit-image: the same pictures, the same numbers, and the ratio of their speeds.

    python benchmarks/metrics_speed.py [PICTURES] [--size PIXELS] [--workers N]

Both take turns on the same pictures, several rounds, and each is given its best round, so that other load on the
machine harms neither more than the other. Exits with 1 if a value differs by more than 1e-6.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy.ndimage import gaussian_filter
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from threadpoolctl import threadpool_limits

from harness.metrics.pairs import Picture
from harness.metrics.psnr import psnr
from harness.metrics.ssim import ssim

Pair = tuple[Picture, Picture]


def drawn_pairs(count: int, size: int) -> list[Pair]:
    """Smooth random pictures and noisier ones of the same, seeded."""
    generator = np.random.default_rng(0)
    pairs = []
    for _ in range(count):
        smooth = gaussian_filter(generator.normal(128, 900, (size, size, 3)), (6, 6, 0))
        noisy = smooth + generator.normal(0, 25, smooth.shape)
        pairs.append((smooth.clip(0, 255).astype(np.uint8), noisy.clip(0, 255).astype(np.uint8)))
    return pairs


def reference_ssim(a: Picture, b: Picture) -> float:
    return float(
        structural_similarity(
            a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255, channel_axis=2
        )
    )


def reference_psnr(a: Picture, b: Picture) -> float:
    return float(peak_signal_noise_ratio(a, b, data_range=255))


def timed(function: Callable[[Picture, Picture], float], pairs: Sequence[Pair], workers: int) -> tuple[float, list]:
    started = time.perf_counter()
    if workers == 1:
        values = [function(a, b) for a, b in pairs]
    else:
        with ThreadPoolExecutor(workers) as pool:
            values = list(pool.map(lambda pair: function(*pair), pairs))
    return (time.perf_counter() - started) / len(pairs), values


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", nargs="?", type=int, default=40)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    pairs = drawn_pairs(options.pictures, options.size)
    print(f"{len(pairs)} pairs of {options.size}×{options.size}, best of {options.rounds} rounds, per pair")
    worst = 0.0
    for name, reference, ours in (("SSIM", reference_ssim, ssim), ("PSNR", reference_psnr, psnr)):
        cases = {
            "scikit-image, 1 thread": (reference, 1),
            "harness, 1 thread": (ours, 1),
            f"harness, {options.workers} threads": (ours, options.workers),
        }
        best = dict.fromkeys(cases, float("inf"))
        values: dict[str, list[float]] = {}
        with threadpool_limits(1, user_api="blas"):
            for _ in range(options.rounds):
                for case, (function, workers) in cases.items():
                    seconds, values[case] = timed(function, pairs, workers)
                    best[case] = min(best[case], seconds)
        first = next(iter(cases))
        for case, seconds in best.items():
            print(f"{name}  {case:24s} {1000 * seconds:8.2f} ms   {best[first] / seconds:5.2f}×")
            worst = max(worst, float(np.abs(np.subtract(values[case], values[first])).max()))
    print(f"largest difference from scikit-image: {worst:.1e}")
    return 0 if worst <= 1e-6 else 1


if __name__ == "__main__":
    sys.exit(main())
