"""Fixtures that more than one room of tests needs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True)
def own_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test writes into the checkout: commands without `--workspace` find themselves in the test's folder."""
    monkeypatch.delenv("HARNESS_WORKSPACE", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def shared_facades() -> Path:
    """Real facade pairs, where a checkout has them beside it; the test is skipped where not."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data" / "facades_pairs"
    if not folder.is_dir():
        pytest.skip("needs the real facade pairs beside the checkout")
    return folder


@pytest.fixture(scope="session")
def upstream_git() -> str:
    """A git directory or URL that holds the pinned official commit, from HARNESS_UPSTREAM."""
    url = os.environ.get("HARNESS_UPSTREAM")
    if not url:
        pytest.skip("needs HARNESS_UPSTREAM to name a git directory with the pinned official commit")
    return url
