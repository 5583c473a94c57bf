"""What a run's record says of how its pictures were drawn."""

from __future__ import annotations

import pytest

from harness.engines.job import Answer
from harness.testing.recording import precision_told


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ({}, None),  # the official engine
        ({"precision": "fp32"}, None),
        (
            {"precision": "bf16", "precision_error": {"images": 2, "max": 8, "mean": 0.69}},
            "drawn in bf16: up to 8 levels of 255 from fp32 on 2 of the pictures, 0.69 on average",
        ),
        (
            {"precision": "bf16"},
            "drawn in bf16; how far from fp32 is not known, since no picture was drawn whole",
        ),
    ],
)
def test_lower_precision_is_told(extra: dict[str, object], said: str | None) -> None:
    assert precision_told(Answer(engine="native", options=(), shims=(), durations={}, extra=extra)) == said
