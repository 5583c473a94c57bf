"""Fixtures of the fetch tests."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from harness.fetch.http import Patience
from tests.fetch.repository import Upstream, make_upstream
from tests.fetch.server import Server, running_server, without_proxies


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    without_proxies(monkeypatch)


@pytest.fixture
def server() -> Iterator[Server]:
    with running_server() as running:
        yield running


@pytest.fixture
def slept() -> list[float]:
    """The pauses that were asked for; nobody waits."""
    return []


@pytest.fixture
def patience(slept: list[float]) -> Patience:
    return Patience(sleep=slept.append, jitter=random.Random(0))


@pytest.fixture(scope="session")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Upstream:
    return make_upstream(tmp_path_factory.mktemp("upstream"))
