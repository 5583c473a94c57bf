from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from harness.shards.pool import ATTEMPTS, Answer, Pool, PoolRequest, WorkerDied, find_pool, shared_out
from tests.shards import doing

INLINE = PoolRequest()
LOCAL = PoolRequest(executor="local", workers=2)
Pools = Callable[[PoolRequest], Pool]
RAY = PoolRequest(executor="ray", workers=2)
SLURM = PoolRequest(executor="slurm", workers=2)
POOLS = pytest.mark.parametrize("request_", [INLINE, LOCAL, RAY, SLURM], ids=["inline", "local", "ray", "slurm"])
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # what Ray leaves to the collector
OTHERS = pytest.mark.parametrize("request_", [LOCAL, RAY, SLURM], ids=["local", "ray", "slurm"])


@pytest.fixture
def pool(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[PoolRequest], Pool]:
    """Returns pools; where an extra is not installed the test is skipped and says so."""

    def made(asked: PoolRequest) -> Pool:
        if asked.executor == "ray":
            return find_pool(replace(asked, address=request.getfixturevalue("ray_cluster").address))
        if asked.executor == "slurm":
            reason = "needs submitit: pip install 'pix2pix-harness[slurm]'"
            core = pytest.importorskip("submitit.core.core", reason=reason)
            monkeypatch.setattr(core.Job, "_results_timeout_s", 1)  # of a killed job: no shared disk is late here
        return find_pool(replace(asked, folder=tmp_path / "logs"))

    return made


@POOLS
def test_every_thing_is_done_once_and_workers_begin_once(pool: Pools, request_: PoolRequest, tmp_path: Path) -> None:
    found = list(pool(request_).run(partial(doing.begin, tmp_path), range(7)))

    assert {o.thing: o.made[0] for o in found if o.made} == {n: n * n for n in range(7)}
    assert Counter((tmp_path / "done").read_text().split()) == Counter(map(str, range(7)))
    # A job of Slurm is of one thing, and a worker of its own.
    most = 7 if request_.executor == "slurm" else request_.workers
    assert len(list(tmp_path.glob("begun-*"))) == len({o.made[1] for o in found if o.made}) <= most


@POOLS
def test_a_thing_that_fails_is_told_and_ends_no_other(pool: Pools, request_: PoolRequest, tmp_path: Path) -> None:
    found = {o.thing: o for o in pool(request_).run(partial(doing.refusing, tmp_path), range(5))}

    assert [found[n].made for n in (0, 4)] == [0, 4]
    told = [found[n].error for n in (1, 2, 3)]
    assert told[0] and "Did you mean `facades`?" in told[0].message
    assert told[0].hint == "known: facades"
    assert told[1] and "ZeroDivisionError: a fault" in told[1].message
    assert told[2] and f"`{tmp_path / 'full'}`: No space left on device" in told[2].message
    assert told[2].message.startswith("on `")


@POOLS
def test_a_worker_that_cannot_begin_says_so_of_each_thing(pool: Pools, request_: PoolRequest) -> None:
    found = list(pool(request_).run(doing.unable, range(2)))

    assert [(o.error.message, o.error.hint) for o in found if o.error] == 2 * [
        ("there are no weights here", "harness setup")
    ]


@OTHERS
def test_what_a_killed_worker_held_is_done_by_another(pool: Pools, request_: PoolRequest, tmp_path: Path) -> None:
    found = list(pool(request_).run(partial(doing.dying, tmp_path), range(4)))

    assert sorted(o.made for o in found if o.made is not None) == [0, 1, 2, 3]
    assert [(tmp_path / f"tried-{n}").read_text() for n in range(4)] == 4 * ["xx"]


@OTHERS
def test_what_kills_every_worker_is_given_up_and_named(pool: Pools, request_: PoolRequest, tmp_path: Path) -> None:
    found = {o.thing: o for o in pool(request_).run(partial(doing.dying, tmp_path, always=2), range(4))}

    assert [found[n].made for n in (0, 1, 3)] == [0, 1, 3]
    error = found[2].error
    assert error
    assert f"{ATTEMPTS} " in error.message
    assert "died" in error.message
    assert error.hint
    if request_ == LOCAL:
        assert "signal 9 (SIGKILL), as when the system runs out of memory" in error.message
    assert (tmp_path / "tried-2").read_text() == ATTEMPTS * "x"


class Lost:
    """Workers of which the first so many are sent to a node that is gone."""

    hired = 0

    def __init__(self) -> None:
        Lost.hired += 1
        self.number = Lost.hired

    def give(self, thing: int) -> None:
        self.thing = thing

    def answer(self) -> Answer:
        if self.number <= ATTEMPTS:
            raise WorkerDied("its node is gone", began=False)
        return Answer(self.thing)

    def end(self) -> None:
        pass


def test_a_worker_that_never_began_has_not_died_of_what_it_was_given() -> None:
    assert [outcome.made for outcome in shared_out([5], 1, Lost, lambda workers: workers[0])] == [5]
    assert Lost.hired == ATTEMPTS + 1


@pytest.mark.parametrize("request_", [LOCAL, RAY], ids=["local", "ray"])
def test_a_worker_computes_with_the_threads_that_were_asked_for(pool: Pools, request_: PoolRequest) -> None:
    request = replace(request_, threads=3)

    assert [o.made for o in pool(request).run(doing.environment, [0])] == ["3"]


def test_workers_end_with_whoever_listens(pool: Pools, tmp_path: Path) -> None:
    import multiprocessing

    outcomes = pool(LOCAL).run(partial(doing.begin, tmp_path), range(50))
    next(outcomes)
    outcomes.close()  # type: ignore[attr-defined]

    assert not [p for p in multiprocessing.active_children() if p.name == "harness-worker"]
