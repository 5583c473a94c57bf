"""What `bootstrap.py` adds to the authors' `train.py`: networks and state saved whole, never spoilt ones.

Loaded by path after `state_hooks.py`; knows nothing of harness. Upstream saves the last epoch only where it divides
`--save_epoch_freq`. Here a state is due at the end of an epoch, within one that is long, and when whoever started the
training wants it to stop; each file is written aside and takes its name once it is whole.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

_WITHIN_EPOCH = 5
"""A state within an epoch is due after so many times the seconds of one at an epoch's end, where it is cheaper."""


class _Saver:
    """Saves one training; for the settings see `install`."""

    def __init__(self, settings: dict[str, Any], session: Any) -> None:
        self._settings, self._session, self._state = settings, session, session.state
        self._saved_at = time.monotonic()

    def hook_model(self, model: Any) -> None:
        plain_save = model.save_networks
        model.save_networks = lambda suffix: self._save_networks(model, plain_save, suffix)
        self._session.after(model, "setup", lambda opt: self._rest())
        self._session.after(model, "optimize_parameters", self._after_step)
        self._session.after(model, "update_learning_rate", lambda: self._after_epoch(model))

    def _after_step(self) -> None:
        # Between two iterations everything is consistent: gradients applied, counts raised, no batch half used.
        if self._session.is_unwanted():
            self._save_state()
            self._stop("unwanted")
        if self._seconds_since() > _WITHIN_EPOCH * self._settings["save_seconds"]:
            self._save_state()
        self._session.tell("step", self._state.place())

    def _after_epoch(self, model: Any) -> None:
        # `state_hooks` has counted on already: its own replacement lies within this one.
        finished, total = self._state.epoch - 1, model.opt.n_epochs + model.opt.n_epochs_decay
        kept = finished == total or finished % math.ceil(total / self._settings["keep"]) == 0
        due = kept or self._seconds_since() > self._settings["save_seconds"]
        # Epochs kept: every ceil(total / keep)-th and the last, so at most `keep` of them.
        # The networks first: a cut between them and the state does the epoch again, the other way round it would lack.
        if due:
            model.save_networks("latest")
        if kept:
            model.save_networks(finished)
        if due:
            self._save_state()
        self._session.tell("epoch", {"epoch": finished, "iteration": self._state.iterations, "kept": kept})

    def _save_state(self) -> None:
        self._look()
        if self._session.rank == 0:
            with _aside(Path(self._settings["state"])) as temporary:
                self._state.torch.save(self._state.document(), temporary)
            self._session.tell("saved", self._state.place())
        self._rest()

    def _save_networks(self, model: Any, plain_save: Callable[[Any], None], suffix: Any) -> None:
        """Their `save_networks` into a folder aside; each file then takes its name whole."""
        self._look()
        final = Path(model.save_dir)
        aside = final / f".aside-{os.getpid()}"
        aside.mkdir(exist_ok=True)
        try:
            model.save_dir = aside
            plain_save(suffix)
            for path in aside.iterdir():
                path.replace(final / path.name)
        finally:
            model.save_dir = final
            for path in aside.iterdir():
                path.unlink()
            aside.rmdir()

    def _look(self) -> None:
        """Stops before anything spoilt is saved: losses may be told every tenth iteration only."""
        if not self._state.is_finite():
            self._stop("not_finite")

    def _stop(self, why: str) -> NoReturn:
        self._session.tell("stopped", {"why": why, **self._state.place()})
        raise SystemExit(f"stopped: {why}")

    def _rest(self) -> None:
        self._saved_at = time.monotonic()

    def _seconds_since(self) -> float:
        return time.monotonic() - self._saved_at


@contextmanager
def _aside(target: Path) -> Iterator[Path]:
    temporary = target.with_name(f".{target.name}.part")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield temporary
        # Else a power cut soon after can leave the new name with an empty file.
        with temporary.open("rb") as stream:
            os.fsync(stream.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def install(settings: dict[str, Any], session: Any) -> list[str]:
    """Hooks the model; the settings: `state` (file), `keep` (how many epochs' networks stay, spread evenly, the last
    always) and `save_seconds` (between two states)."""
    session.when_made(_Saver(settings, session).hook_model)
    return ["checkpoints written aside and renamed, the last epoch always, networks that are no numbers never"]
