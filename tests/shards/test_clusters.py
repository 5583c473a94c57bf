from __future__ import annotations

import os
import sys
import time
from functools import partial
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest

from harness.errors import WorkerError
from harness.shards.pool import PoolRequest, find_pool
from harness.shards.ray_pool import RayPool
from tests.shards import doing

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # what Ray leaves to the collector


@pytest.mark.parametrize(("executor", "package"), [("ray", "ray"), ("slurm", "submitit")])
def test_without_the_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, executor: Any, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)

    with pytest.raises(WorkerError) as caught:
        find_pool(PoolRequest(executor=executor))

    assert caught.value.hint == f"pip install 'pix2pix-harness[{executor}]'"


def test_a_cluster_that_cannot_be_joined_is_told_with_the_versions_of_here() -> None:
    pytest.importorskip("ray")
    pool = RayPool(PoolRequest(executor="ray", address="head:6379"))

    def refusing(**_: Any) -> None:
        raise RuntimeError("Version mismatch: The cluster was started with: Ray: 2.40.0 Python: 3.9.1")

    pool._ray = SimpleNamespace(init=refusing, is_initialized=lambda: False, __version__="2.52.1")
    with pytest.raises(
        WorkerError, match=r"`head:6379` cannot be joined by Ray 2.52.1, Python 3.*Ray: 2.40.0"
    ) as caught:
        list(pool.run(doing.environment, [0]))
    assert "of the same versions" in (caught.value.hint or "")


def test_a_worker_that_no_node_has_room_for_is_refused(ray_cluster: Any) -> None:
    pool = find_pool(PoolRequest(executor="ray", gpus=1, address=ray_cluster.address))

    with pytest.raises(WorkerError, match=r"none of the \d nodes .* has room for a worker of 1 CPUs and 1 GPUs"):
        list(pool.run(doing.environment, [0]))


def test_a_node_that_dies_costs_only_what_it_held(ray_cluster: Any, tmp_path: Path) -> None:
    third = ray_cluster.add_node(num_cpus=4)
    # A worker fills a node, so that each has one.
    pool = find_pool(PoolRequest(executor="ray", workers=3, threads=4, address=ray_cluster.address))

    def kill() -> None:
        while len(list(tmp_path.glob("at-*"))) < 3:
            time.sleep(0.05)
        ray_cluster.remove_node(third, allow_graceful=False)
        # Its worker may still answer while it is dying: what is asked here is that a dead one's thing is done.
        pids = [path.name.rpartition("-")[2] for path in tmp_path.glob("at-*")]
        while all(Path(f"/proc/{pid}").exists() for pid in pids):
            time.sleep(0.05)
        (tmp_path / "go").touch()

    killer = Thread(target=kill)
    killer.start()
    found = list(pool.run(partial(doing.waiting, tmp_path), range(3)))
    killer.join()

    assert sorted(outcome.made for outcome in found if outcome.made is not None) == [0, 1, 2]
    assert len(list(tmp_path.glob("at-*"))) == 4


def test_slurm_gets_an_array_with_its_limits_and_queues_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("submitit")
    (tmp_path / "bin").mkdir()
    for name in ("srun", "sbatch"):
        program = tmp_path / "bin" / name
        program.write_text(f'#!/bin/sh\ncp "$1" {tmp_path}/sent\necho "Invalid partition name" >&2\nexit 1\n')
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    limits = {"partition": "gpu", "mem": "8GB", "time": "90"}
    request = PoolRequest(executor="slurm", workers=2, threads=3, gpus=0.5, slurm=limits, folder=tmp_path / "logs")

    with pytest.raises(WorkerError, match="Invalid partition name"):
        list(find_pool(request).run(doing.environment, [0, 1, 2]))

    sent = (tmp_path / "sent").read_text()
    wanted = ("array=0-2%2", "partition=gpu", "mem=8GB", "time=90", "cpus-per-task=3", "gpus-per-node=1", "requeue")
    assert [limit for limit in wanted if f"#SBATCH --{limit}" not in sent] == []


def test_a_time_that_is_no_number_of_minutes_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("submitit")
    request = PoolRequest(executor="slurm", slurm={"time": "1:00"}, folder=tmp_path / "logs")

    with pytest.raises(WorkerError, match="time=1:00"):
        list(find_pool(request).run(doing.environment, [0]))


def test_a_limit_that_slurm_does_not_know_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("submitit")
    request = PoolRequest(executor="slurm", slurm={"partytion": "gpu"}, folder=tmp_path / "logs")

    with pytest.raises(WorkerError, match="partytion"):
        list(find_pool(request).run(doing.environment, [0]))
