"""The curves of a training's page: losses, learning rate and speed, bounded in size however long it is."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

POINTS = 600
"""Most points of a curve; more iterations than that are averaged."""

# Longer than one slow batch, shorter than what a user waits to see a change in.
_SPEED_OVER_S = 20.0


class Curves:
    """Losses averaged over equal parts of the training, and the learning rate of each epoch."""

    def __init__(self, epochs: int, batches: int) -> None:
        self._epochs, self._batches = epochs, batches
        self._points = min(POINTS, epochs * batches) or 1
        # Of each part: the sum of every loss, and how many iterations told them, all together.
        self._sums: dict[str, NDArray[np.float64]] = {}
        self._counts = np.zeros(self._points, int)
        self._rates: dict[int, float] = {}

    def count(self, told: Mapping[str, Any]) -> None:
        """Takes the losses of one iteration."""
        epoch, batch = told["epoch"], told["batch"]
        self._rates[epoch] = told["rate"]
        # Half a batch back, so that batch b of n lies in the middle of its n-th part of the epoch.
        done = (epoch - 1 + min(1.0, (batch - 0.5) / self._batches)) / self._epochs
        place = min(self._points - 1, int(done * self._points))
        self._counts[place] += 1
        for name, value in told["losses"].items():
            self._sums.setdefault(name, np.zeros(self._points))[place] += value

    def document(self) -> dict[str, Any]:
        """Returns `losses` and `rates` as the page draws them."""
        filled = np.flatnonzero(self._counts)
        means = {name: sums[filled] / self._counts[filled] for name, sums in self._sums.items()}
        return {
            "losses": {
                "names": list(means),
                "epochs": ((filled + 0.5) * self._epochs / self._points).round(4).tolist(),
                "values": {name: values.round(6).tolist() for name, values in means.items()},
            },
            "rates": {"epochs": list(self._rates), "values": list(self._rates.values())},
        }


class Pace:
    """How fast a training goes: over the last seconds, and over each epoch; in iterations a second."""

    def __init__(self) -> None:
        self._clock: deque[tuple[float, int]] = deque()
        self._epoch_begun: tuple[float, int] | None = None
        self._epochs: dict[int, float] = {}

    def step(self, iteration: int) -> None:
        """Takes the end of an iteration."""
        now = time.monotonic()
        self._clock.append((now, iteration))
        while now - self._clock[0][0] > _SPEED_OVER_S:
            self._clock.popleft()
        # From the end of the first iteration on: that one also waits for the loader's processes to start.
        if self._epoch_begun is None:
            self._epoch_begun = (now, iteration)

    def epoch(self, number: int, iteration: int) -> None:
        """Takes the end of an epoch."""
        if self._epoch_begun and iteration > self._epoch_begun[1]:
            begun, first = self._epoch_begun
            self._epochs[number] = (iteration - first) / max(time.monotonic() - begun, 1e-9)
        self._epoch_begun = None

    def now(self) -> float | None:
        """Returns the speed over the last seconds, None before it can be told."""
        if len(self._clock) < 2 or self._clock[-1][0] <= self._clock[0][0]:
            return None
        (first, before), (last, after) = self._clock[0], self._clock[-1]
        return (after - before) / (last - first)

    def document(self, batch_size: int) -> dict[str, Any]:
        """Returns images a second of each epoch as the page draws them."""
        return {"epochs": list(self._epochs), "values": [round(v * batch_size, 3) for v in self._epochs.values()]}
