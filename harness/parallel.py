"""Runs one function over many things on all cores, in order, with few of them in memory."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

_In = TypeVar("_In")
_Out = TypeVar("_Out")


_MOST = 8
"""Threads at once: of more each waits longer for the interpreter than it works (`benchmarks/sinks.py`: a picture took
37, 14, 13 and 20 ms with 1, 4, 8 and 16 threads on 16 cores). More cores want processes: `--executor local`."""


def default_workers() -> int:
    """Returns how many threads work on pictures: the cores that this process may use, eight at most."""
    # In containers and batch jobs fewer than the machine has; macOS and Windows do not tell.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, _MOST)


def in_order(function: Callable[[_In], _Out], things: Iterable[_In], workers: int) -> Iterator[_Out]:
    """Yields `function(thing)` in the order of things; at most two a worker are under way or waiting.

    Threads, not processes: Pillow lets go of the interpreter while it decodes, resizes and encodes, and a set of
    ten pictures does not wait for interpreters to start.
    """
    iterator = iter(things)
    with ThreadPoolExecutor(workers, thread_name_prefix="prepare") as pool:
        waiting: deque[Future[_Out]] = deque(pool.submit(function, t) for t in islice(iterator, 2 * workers))
        try:
            while waiting:
                yield waiting.popleft().result()
                waiting.extend(pool.submit(function, thing) for thing in islice(iterator, 1))
        finally:
            # An error or a caller that stops early must not wait for everything else that was begun.
            for future in waiting:
                future.cancel()
