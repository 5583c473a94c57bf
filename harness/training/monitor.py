"""What a training tells, kept: every loss in `losses.csv`, and the document its page and its terminal are made of."""

from __future__ import annotations

import csv
import time
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from harness.files import written_aside
from harness.progress import Progress, Step
from harness.training.laying_out import Sample
from harness.units import duration

POINTS = 600
"""Most points of a curve; more iterations than that are averaged."""

_SPEED_OVER_S = 20.0
_SECONDS_BETWEEN_LINES = 5.0
_BEFORE_VALUES = ("iteration", "epoch", "batch", "rate", "seconds")


class Monitor:
    """Follows one training; `told` takes the events of `harness.engines.official.training.train`.

    Args:
        folder: the training's, for `losses.csv` and the names of samples.
        samples: what is drawn after each epoch, in the order of the strips.
        seconds_before: spent by earlier goings of this training.
    """

    def __init__(
        self,
        folder: Path,
        samples: Sequence[Sample],
        progress: Progress,
        step: Step,
        seconds_before: float = 0.0,
    ) -> None:
        self._folder, self._samples, self._progress, self._step = folder, samples, progress, step
        self._begun, self._before = time.monotonic(), seconds_before
        self._log = folder / "losses.csv"
        self._bins: dict[str, list[tuple[float, int]]] = {}
        self._epoch_speeds: dict[int, float] = {}
        self._rates: dict[int, float] = {}
        self._clock: deque[tuple[float, int]] = deque()
        self._epoch_begun: tuple[float, int] | None = None
        self._latest: dict[str, float] = {}
        self._logged = 0
        self._said_at = 0.0
        self.plan: dict[str, Any] = {}
        self.epoch, self.batch, self.iteration = 1, 0, 0
        self.resumed: dict[str, Any] | None = None

    @property
    def seconds(self) -> float:
        return self._before + time.monotonic() - self._begun

    @property
    def total(self) -> int:
        return int(self.plan["epochs"] * self.plan["batches"]) if self.plan else 0

    def told(self, kind: str, told: dict[str, Any]) -> None:
        """Takes one event."""
        handler = {
            "plan": self._on_plan, "resumed": self._on_resumed, "speed": self._on_speed, "loss": self._on_loss,
            "step": self._on_step, "epoch": self._on_epoch,
        }.get(kind)  # fmt: skip
        if handler:
            handler(told)

    def document(self) -> dict[str, Any]:
        """Returns what the page draws; see `harness.training.page`."""
        speed = self._speed()
        names = list(self._bins)
        filled = [i for i, (_, count) in enumerate(self._bins[names[0]]) if count] if names else []
        epochs, points = self.plan.get("epochs", 0), min(POINTS, self.total) or 1
        return {
            "epoch": min(self.epoch, epochs),
            "epochs": epochs,
            "batch": self.batch,
            "batches": self.plan.get("batches", 0),
            "iteration": self.iteration,
            "iterations": self.total,
            "images_per_second": speed,
            "seconds_left": self._seconds_left(),
            "seconds_spent": self.seconds,
            "losses": {
                "names": names,
                "epochs": [round((i + 0.5) * epochs / points, 4) for i in filled],
                "values": {name: [round(b[i][0] / b[i][1], 6) for i in filled] for name, b in self._bins.items()},
            },
            "rates": {"epochs": list(self._rates), "values": list(self._rates.values())},
            "speed": {"epochs": list(self._epoch_speeds), "values": list(self._epoch_speeds.values())},
            "samples": self._sample_strips(),
        }

    def _on_plan(self, told: dict[str, Any]) -> None:
        self.plan = told
        self.epoch, self.iteration = told["epoch"], told["iteration"]
        self._step.expect(self.total)
        self._step.advance(self.iteration)
        self._keep_log(self.iteration)

    def _on_resumed(self, told: dict[str, Any]) -> None:
        self.resumed = told | {"at": datetime.now().astimezone().isoformat(timespec="seconds")}

    def _on_speed(self, told: dict[str, Any]) -> None:
        left = (self.total - self.iteration) * told["seconds"]
        size = self.plan["batch_size"]
        self._progress.say(
            f"{self.total - self.iteration} iterations of {size} image{'s' if size > 1 else ''} at "
            f"{told['seconds']:.3f} s each on {self.plan['device']}: about {duration(left)}"
        )

    def _on_loss(self, told: dict[str, Any]) -> None:
        if told["iteration"] <= self._logged:  # told once more, in case it was not heard before a cut
            return
        self._logged = told["iteration"]
        self._latest = told["losses"]
        row = [told[key] for key in _BEFORE_VALUES] + list(told["losses"].values())
        new = not self._log.is_file()
        with self._log.open("a", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            if new:
                writer.writerow([*_BEFORE_VALUES, *told["losses"]])
            writer.writerow([repr(value) if isinstance(value, float) else value for value in row])
        self._count(told["epoch"], told["batch"], told["rate"], told["losses"])

    def _on_step(self, told: dict[str, Any]) -> None:
        now = time.monotonic()
        self.epoch, self.batch, self.iteration = told["epoch"], told["batch"], told["iteration"]
        self._clock.append((now, self.iteration))
        while now - self._clock[0][0] > _SPEED_OVER_S:
            self._clock.popleft()
        if self._epoch_begun is None:
            self._epoch_begun = (now, self.iteration)
        self._step.advance()

    def _on_epoch(self, told: dict[str, Any]) -> None:
        now = time.monotonic()
        if self._epoch_begun and self.iteration > self._epoch_begun[1]:
            begun, first = self._epoch_begun
            images = (self.iteration - first) * self.plan["batch_size"]
            self._epoch_speeds[told["epoch"]] = round(images / max(now - begun, 1e-9), 3)
        self._epoch_begun = None
        last = told["epoch"] == self.plan["epochs"]
        if now - self._said_at < _SECONDS_BETWEEN_LINES and not last:
            return
        self._said_at = now
        losses = ", ".join(f"{name} {value:.3f}" for name, value in self._latest.items())
        left = self._seconds_left()
        rest = f", {duration(left)} left" if left is not None and not last else ""
        self._progress.say(f"epoch {told['epoch']} of {self.plan['epochs']}: {losses}{rest}")

    def _speed(self) -> float | None:
        if len(self._clock) < 2 or self._clock[-1][0] <= self._clock[0][0]:
            return None
        (first, before), (last, after) = self._clock[0], self._clock[-1]
        return round((after - before) * int(self.plan["batch_size"]) / (last - first), 3)

    def _seconds_left(self) -> float | None:
        speed = self._speed()
        return round((self.total - self.iteration) * int(self.plan["batch_size"]) / speed, 1) if speed else None

    def _count(self, epoch: int, batch: int, rate: float, losses: dict[str, float]) -> None:
        self._rates[epoch] = rate
        points = min(POINTS, self.total)
        done = (epoch - 1 + min(1.0, (batch - 0.5) / self.plan["batches"])) / self.plan["epochs"]
        place = min(points - 1, int(done * points))
        for name, value in losses.items():
            bins = self._bins.setdefault(name, [(0.0, 0)] * points)
            total, count = bins[place]
            bins[place] = (total + value, count + 1)

    def _keep_log(self, last: int) -> None:
        """Drops from `losses.csv` what comes after iteration `last`, which is done again, and counts the rest."""
        if not self._log.is_file():
            return
        with self._log.open(encoding="utf-8", newline="") as stream:
            header, *rows = list(csv.reader(stream))
        names = header[len(_BEFORE_VALUES) :]
        # A power cut can leave the last line without its end.
        kept = [row for row in rows if len(row) == len(header) and int(row[0]) <= last]
        with written_aside(self._log) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerows([header, *kept])
        for row in kept:
            losses = dict(zip(names, map(float, row[len(_BEFORE_VALUES) :]), strict=True))
            self._count(int(row[1]), int(row[2]), float(row[3]), losses)
            self._logged = int(row[0])

    def _sample_strips(self) -> dict[str, Any]:
        folder = self._folder / "samples"

        def address(path: Path) -> str | None:
            return path.relative_to(self._folder).as_posix() if path.is_file() else None

        drawn = sorted(p for p in folder.glob("[0-9]*") if p.is_dir())
        return {
            "inputs": [
                {"name": s.name, "network": s.network, "input": address(s.input),
                 "target": address(s.target) if s.target else None}
                for s in self._samples
            ],
            "epochs": [
                {"epoch": int(p.name), "outputs": [address(p / s.input.name) for s in self._samples]} for p in drawn
            ],
        }  # fmt: skip
