"""Order is kept, errors come out, and little is in memory."""

from __future__ import annotations

import threading

import pytest

from harness.parallel import default_workers, in_order


@pytest.mark.parametrize("workers", [1, 3])
def test_results_come_in_order(workers: int) -> None:
    assert list(in_order(lambda n: n * n, range(50), workers)) == [n * n for n in range(50)]


def test_few_are_started_ahead() -> None:
    taken = []

    def source() -> object:
        for n in range(100):
            taken.append(n)
            yield n

    results = in_order(lambda n: n, source(), 2)
    assert next(results) == 0
    assert len(taken) <= 5


def test_an_error_stops_the_rest() -> None:
    done = threading.Event()

    def work(n: int) -> int:
        if n == 3:
            raise ValueError("three")
        if n > 20:
            done.set()
        return n

    with pytest.raises(ValueError, match="three"):
        list(in_order(work, range(1000), 2))
    assert not done.is_set()


def test_there_is_a_worker() -> None:
    assert default_workers() >= 1


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (3, 3), (64, 8)])
def test_a_machine_of_many_cores_takes_some_of_them(monkeypatch: pytest.MonkeyPatch, cores: int, threads: int) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda process: set(range(cores)), raising=False)
    assert default_workers() == threads
