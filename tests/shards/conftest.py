"""A Ray cluster of two nodes on this machine, begun once."""

from __future__ import annotations

import gc
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.testing.conftest import finished, workspace  # noqa: F401


@pytest.fixture(scope="session", autouse=True)
def _workers_import_the_tests() -> Iterator[None]:
    """Actors and jobs are programs of their own, which find `tests` as this one does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[2]), prepend=os.pathsep)
        yield


@pytest.fixture(scope="session")
def ray_cluster() -> Iterator[Any]:
    """Two nodes, one after the other given workers; skipped where Ray is not installed."""
    pytest.importorskip("ray", reason="needs Ray: pip install 'pix2pix-harness[ray]'")
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Ray leaves sockets and children to the collector
        import ray
        from ray.cluster_utils import Cluster

        # More processors than there are: these workers wait for each other, and do not compute much.
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 4, "include_dashboard": False})
        cluster.add_node(num_cpus=4)
        yield cluster
        ray.shutdown()
        cluster.shutdown()
        gc.collect()
