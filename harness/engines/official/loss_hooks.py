"""What `bootstrap.py` adds to the authors' `train.py`: the losses as they come, and an end to what is no number.

Loaded by path after `state_hooks.py`; knows nothing of harness.
"""

from __future__ import annotations

import math
from typing import Any


def install(settings: dict[str, Any], session: Any) -> list[str]:
    """Hooks the model; the setting: `log_every` iterations losses are told, and after the first one."""
    state = session.state

    def tell_again(opt: Any) -> None:
        for told in state.recent:
            session.tell("loss", told)

    def tell() -> None:
        # Reading a loss makes a GPU wait for what it is doing, hence not always.
        if state.iterations % settings["log_every"] != 0 and state.iterations != 1:
            return
        losses = state.model.get_current_losses()
        if not all(map(math.isfinite, losses.values())):
            session.tell("stopped", {"why": "not_finite", **state.place()})
            # `saving_hooks` comes after this at every step, so that a spoilt state is never written.
            raise SystemExit("stopped: not_finite")
        rate = state.model.optimizers[0].param_groups[0]["lr"]
        # Kept before it is told: a state saved in between has it for the next going.
        state.recent.append({**state.place(), "rate": rate, "seconds": state.seconds, "losses": losses})
        session.tell("loss", state.recent[-1])

    def hook_model(model: Any) -> None:
        session.after(model, "setup", tell_again)
        session.after(model, "optimize_parameters", tell)

    session.when_made(hook_model)
    return []
