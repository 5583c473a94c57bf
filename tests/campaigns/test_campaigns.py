"""Every campaign, short: nothing is lost, and the trials were what they say."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.campaigns.__main__ import CAMPAIGNS
from tests.campaigns.reading import Reader, judged, readers, spoilt, with_records

_SHORT = {"downloads": 12, "flips": 60, "kills": 5, "hostile": 60, "crowd": 10}
"""Trials each; a training is killed in the long campaign only."""


@pytest.mark.parametrize("name", _SHORT)
def test_nothing_is_lost(name: str, tmp_path: Path) -> None:
    trials = list(CAMPAIGNS[name](random.Random(1), _SHORT[name], tmp_path))
    assert len(trials) == _SHORT[name]
    assert [trial for trial in trials if trial.verdict == "lost"] == []
    assert name not in {"flips", "hostile"} or any(trial.verdict == "clear" for trial in trials)


@pytest.fixture(scope="module")
def every_reader(tmp_path_factory: pytest.TempPathFactory) -> list[Reader]:
    return readers(with_records(tmp_path_factory.mktemp("records")))


@settings(max_examples=250, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(chosen=st.integers(0, 6), seed=st.integers(0, 2**32))
def test_no_reader_breaks_on_a_spoilt_file(
    every_reader: list[Reader], tmp_path_factory: pytest.TempPathFactory, chosen: int, seed: int
) -> None:
    reader, random_ = every_reader[chosen], random.Random(seed)
    content = spoilt(random_, random_.choice(reader.sound), of_json=reader.file.endswith(".json"))
    verdict, what = judged(reader, content, tmp_path_factory.mktemp("spoilt"))
    assert verdict != "lost", what
