"""What tests of pools begin finds the tests."""

from __future__ import annotations

import pytest

from tests.testing.conftest import finished, workspace  # noqa: F401


@pytest.fixture(scope="session", autouse=True)
def _workers_find_the_tests(workers_find_the_tests: None) -> None:
    """For all of them."""
