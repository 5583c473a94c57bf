"""What `bootstrap.py` adds to the authors' `train.py`: what its parser makes of its options, before it begins.

Loaded by path after `state_hooks.py`; knows nothing of harness.
"""

from __future__ import annotations

import argparse
import copy
import importlib
import math
import re
import time
from typing import Any

# Their help lists values as `[resnet_9blocks | unet_256]`; argparse itself is given no choices.
_CHOICES = re.compile(r"\[([\w-]+(?: *\| *[\w-]+)+)\]")


def install(settings: dict[str, Any], session: Any) -> list[str]:
    """Tells `options` now, then `plan` and `speed` before the first iteration.

    The setting: `warm_up`, the number of iterations that are timed and undone.
    """
    session.tell("options", _parsed())

    def begin(opt: Any) -> None:
        session.tell("plan", _plan(opt, session))
        if settings["warm_up"]:
            _warm_up(settings["warm_up"], session)

    session.when_made(lambda model: session.after(model, "setup", begin))
    return []


def _parsed() -> dict[str, Any]:
    """The options as train.py has them, the values its help lists, and the learning rate of each epoch."""
    options: Any = importlib.import_module("options.train_options").TrainOptions()
    try:
        opt = options.gather_options()
    except (Exception, SystemExit) as error:
        if isinstance(error, SystemExit) and error.code:  # argparse has said why
            raise
        # Another model or way of loading than train.py knows: it says so itself, if nobody else does.
        parser = options.initialize(argparse.ArgumentParser())
        return {"options": _plain(parser.parse_known_args()[0]), "choices": {}, "rates": []}
    listed = {action.dest: _CHOICES.search(action.help or "") for action in options.parser._actions}
    choices = {name: [word.strip() for word in found[1].split("|")] for name, found in listed.items() if found}
    return {"options": _plain(opt), "choices": choices, "rates": _rates(opt)}


def _plain(opt: argparse.Namespace) -> dict[str, Any]:
    """What JSON can say of the options: their `max_dataset_size` is infinite by default."""
    told = vars(opt).items()
    return {k: v for k, v in told if isinstance(v, str | int) or (isinstance(v, float) and math.isfinite(v))}


def _rates(opt: argparse.Namespace) -> list[float]:
    """The rate of each epoch as their own scheduler makes it, which counts epochs and sees no loss."""
    networks: Any = importlib.import_module("models.networks")
    torch: Any = importlib.import_module("torch")
    # Any optimiser will do: a scheduler writes its `lr` and looks at nothing else.
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=opt.lr)
    # Their linear rule adds `epoch_count` to the scheduler's own count; the hooks hold it at 1 in a resumed training.
    counted = copy.copy(opt)
    counted.epoch_count = 1
    rates: list[float] = []
    try:
        scheduler = networks.get_scheduler(optimizer, counted)
        for _ in range(opt.n_epochs + opt.n_epochs_decay):
            rates.append(optimizer.param_groups[0]["lr"])
            # torch warns where a scheduler goes first.
            optimizer.step()
            # BaseModel's `metric`, which stays 0 for ever.
            scheduler.step(*([0] if opt.lr_policy == "plateau" else []))
    except (ArithmeticError, AttributeError):  # no epochs, no such policy: whoever reads the options says so
        return []
    return rates


def _plan(opt: Any, session: Any) -> dict[str, Any]:
    state = session.state
    # Their DistributedSampler pads, so that every process has as many pictures; the last batch may be smaller.
    per_process = math.ceil(len(state.loader) / session.processes)
    return {
        "images": len(state.loader),
        "batch_size": opt.batch_size,
        "batches": math.ceil(per_process / opt.batch_size),
        "epochs": opt.n_epochs + opt.n_epochs_decay,
        "epoch": state.epoch,
        "iteration": state.iterations,
        "told_from": state.recent[0]["iteration"] if state.recent else state.iterations + 1,
        "parameters": {name: sum(p.numel() for p in net.parameters()) for name, net in state.networks.items()},
        "device": str(state.model.device),
        "options": _plain(opt),
    }


def _warm_up(iterations: int, session: Any) -> None:
    """Times a few iterations on the first batches, then puts everything back as it was."""
    state = session.state
    before = copy.deepcopy(state.document())
    # The loader's own iterator and the model's own step: no hook counts, tells or saves these.
    batch = next(iter(state.draw_batches(state.loader)))
    started = 0.0
    for number in range(iterations + 1):
        if number == 1:  # the first one also builds and allocates
            started = time.perf_counter()
        state.model.set_input(batch)
        state.step()
        if state.model.device.type == "cuda":
            # CUDA returns before it has computed.
            importlib.import_module("torch").cuda.synchronize()
    seconds = (time.perf_counter() - started) / iterations
    state.undone(before)
    session.tell("speed", {"seconds": seconds})
