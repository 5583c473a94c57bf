"""A study of small drawn pictures, and the browser that takes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.course.trials import Study, StudyRequest, make_study
from harness.workspace import Workspace
from tests.report.conftest import open_page as open_page
from tests.report.samples import sample_run

NAMES = tuple(f"{i:03d}" for i in range(12))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    sample_run(tmp_path / "results" / "first", NAMES)
    sample_run(tmp_path / "results" / "second", NAMES, noise=60.0)
    return Workspace(tmp_path)


@pytest.fixture
def study(workspace: Workspace, tmp_path: Path) -> Study:
    request = StudyRequest(runs=("first",), trials=8, practice=2, exposure_s=0.2, seed=5, output=tmp_path / "study")
    return make_study(workspace, request)


@pytest.fixture
def short(workspace: Workspace, tmp_path: Path) -> Study:
    """Two pairs and no practice."""
    request = StudyRequest(runs=("first",), trials=2, practice=0, exposure_s=0.2, seed=5, output=tmp_path / "short")
    return make_study(workspace, request)
