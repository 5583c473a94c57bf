from __future__ import annotations

import numpy as np

from harness.metrics.cycle_error import CYCLE
from harness.metrics.meters import Instruments, Shot
from tests.metrics.drawn import noise


def test_the_output_translated_back_is_set_against_the_input() -> None:
    asked = []

    def back(picture: np.ndarray, name: str) -> np.ndarray:
        asked.append(name)
        return 255 - picture

    source = noise(1) // 2
    meter = CYCLE.begin(Instruments(reverse=back))
    assert meter.one(Shot("a", source, 255 - source)) == (0.0,)
    assert meter.one(Shot("b", source, 255 - (source + 3))) == (3.0,)
    assert asked == ["a", "b"]
