"""How many outputs lie among the real pictures, and how many real ones among the outputs: Kynkäänniemi et al. 2019."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.weights.perceptual import import_library

# The paper's k.
NEIGHBOURS = 3


def precision_recall(outputs: NDArray[np.float32], reals: NDArray[np.float32]) -> tuple[float, float]:
    """Returns precision and recall, 0 to 1, of (n, d) and (m, d) features, by torch-fidelity.

    An output is among the real pictures if it is as near to one of them as that one's third neighbour.

    Raises:
        ValueError: fewer than four in a set.
        MetricError: the library is not installed.
    """
    import torch

    if min(len(outputs), len(reals)) <= NEIGHBOURS:
        raise ValueError(f"precision and recall need {NEIGHBOURS + 1} pictures a set at least")
    sets = (torch.from_numpy(features.astype(np.float64)) for features in (outputs, reals))
    compute = import_library("torch_fidelity.metric_prc").prc_features_to_metric
    # 1,000 rows at once: all distances of 50,000 pictures to each other would take 20 GB.
    found = compute(*sets, prc_neighborhood=NEIGHBOURS, prc_batch_size=1000, save_cpu_ram=True, verbose=False)
    return found["precision"], found["recall"]
