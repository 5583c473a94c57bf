"""What a training tells, kept: every loss in `losses.csv`, and the document its page and its terminal are made of."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import Any

from harness.progress import Progress, Step
from harness.training.curves import Curves, Pace
from harness.training.diagnosing import findings
from harness.training.loss_log import LossLog
from harness.units import duration

# An epoch of a small set takes less than a second: a line for each would fill the terminal.
_SECONDS_BETWEEN_LINES = 5.0


class Monitor:
    """Follows one training; `told` takes the events of `harness.engines.official.training.train`.

    Attributes:
        plan: what `train.py` told of itself, empty before it did.
        place: `epoch`, `batch` and `iteration` of the last step.
        resumed, saved: where the training went on from, and where its state was saved last; None where neither was.
    """

    def __init__(self, folder: Path, progress: Progress, step: Step) -> None:
        self._progress, self._step = progress, step
        # Curves of one point, until the plan says how many epochs there are.
        self._log, self._pace, self._curves = LossLog(folder), Pace(), Curves(1, 1)
        self._latest: dict[str, float] = {}
        self._said_at = 0.0
        self._found: set[str] = set()
        self.plan: dict[str, Any] = {}
        self.place = {"epoch": 1, "batch": 0, "iteration": 0}
        self.resumed: dict[str, Any] | None = None
        self.saved: dict[str, int] | None = None

    @property
    def total(self) -> int:
        return int(self.plan["epochs"] * self.plan["batches"]) if self.plan else 0

    def told(self, kind: str, told: dict[str, Any]) -> None:
        """Takes one event."""
        if handler := getattr(self, f"_on_{kind}", None):
            handler(told)

    def document(self) -> dict[str, Any]:
        """Returns what the page draws; see `harness.training.page`."""
        epochs, size, speed = self.plan.get("epochs", 0), self.plan.get("batch_size", 1), self._pace.now()
        return {
            **self.place,
            "epoch": min(self.place["epoch"], epochs),
            "epochs": epochs,
            "batches": self.plan.get("batches", 0),
            "iterations": self.total,
            "images_per_second": round(speed * size, 3) if speed else None,
            "seconds_left": self._seconds_left(),
            "speed": self._pace.document(size),
            **self._curves.document(),
            "findings": self.findings(),
        }

    def findings(self) -> list[str]:
        """Returns what the losses say so far; see `harness.training.diagnosing`."""
        mode = self.plan.get("options", {}).get("gan_mode", "")
        return findings(self._curves.document()["losses"], self.plan.get("epochs", 1), mode)

    def _on_plan(self, told: dict[str, Any]) -> None:
        self.plan = told
        self.place |= {"epoch": told["epoch"], "iteration": told["iteration"]}
        self._curves = Curves(told["epochs"], told["batches"])
        # A resumed bar begins where the training was.
        self._step.expect(self.total)
        self._step.advance(told["iteration"])
        # The page of a resumed training shows the curve from its beginning.
        for row in self._log.go_on_after(told["iteration"]):
            self._curves.count(row)

    def _on_resumed(self, told: dict[str, Any]) -> None:
        self.resumed = told | {"at": datetime.now().astimezone().isoformat(timespec="seconds")}

    def _on_speed(self, told: dict[str, Any]) -> None:
        # Iterations that were timed and undone before the first: the only guess there can be then.
        left, size = self.total - self.place["iteration"], self.plan["batch_size"]
        self._progress.say(
            f"{left} iterations of {size} image{'s' if size > 1 else ''} at {told['seconds']:.3f} s each on "
            f"{self.plan['device']}: about {duration(left * told['seconds'])}"
        )

    def _on_loss(self, told: dict[str, Any]) -> None:
        self._latest = told["losses"]
        # Losses told again after a resume are in the curve already, from the file.
        if self._log.add(told):
            self._curves.count(told)

    def _on_step(self, told: dict[str, Any]) -> None:
        self.place = told
        self._pace.step(told["iteration"])
        self._step.advance()

    def _on_saved(self, told: dict[str, Any]) -> None:
        self.saved = told

    def _on_epoch(self, told: dict[str, Any]) -> None:
        self._pace.epoch(told["epoch"], told["iteration"])
        now, last = time.monotonic(), told["epoch"] == self.plan["epochs"]
        # Epochs of a few pictures end many times a second.
        if now - self._said_at < _SECONDS_BETWEEN_LINES and not last:
            return
        self._said_at = now
        losses = ", ".join(f"{name} {value:.3f}" for name, value in self._latest.items())
        left = self._seconds_left()
        rest = f", {duration(left)} left" if left is not None and not last else ""
        self._progress.say(f"epoch {told['epoch']} of {self.plan['epochs']}: {losses}{rest}")
        # Once each: a line an epoch would drown the losses.
        for finding in self.findings():
            if finding not in self._found:
                self._progress.warn(finding)
                self._found.add(finding)

    def _seconds_left(self) -> float | None:
        speed = self._pace.now()
        return round((self.total - self.place["iteration"]) / speed, 1) if speed else None
