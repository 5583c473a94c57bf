"""What `bootstrap.py` adds to the authors' `train.py` from outside: a state that training can be resumed from exactly,
and losses as they come. Loaded by path; knows nothing of harness.

Upstream saves the networks' weights only, so a training that was cut off goes on with fresh optimisers, another
order of pictures and a count that starts at zero. The state kept here holds all of that. It is taken at the end of an
epoch, and within one that is long; there it remembers how many batches were done and the random numbers' state at the
epoch's start, so that the same batches are drawn again and passed over.
"""

from __future__ import annotations

import copy
import errno
import importlib
import json
import math
import os
import random
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

NOT_FINITE, DISK_FULL = 81, 82
"""Exit codes of a training that stopped itself, its last good state kept."""


_WITHIN_EPOCH = 5
"""A state within an epoch is due after so many times the seconds of one at an epoch's end, where it is cheaper."""

_RECENT = 500
"""Told losses that a state keeps, more than a pipe holds: whoever read them may have been cut off before."""


class Hooks:
    """The hooks of one training process.

    Settings: `state` (file), `keep` (how many epochs' networks stay, spread evenly, the last always), `log_every`
    (iterations), `save_seconds` (between two states), `warm_up` (iterations timed before the first), `event` (prefix
    of told lines), `processes`.
    """

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        self.torch = importlib.import_module("torch")
        self.numpy = importlib.import_module("numpy")
        self.rank = int(os.environ["RANK"]) if settings["processes"] > 1 else 0
        self.state_file = Path(settings["state"])
        self.epoch, self.iterations, self.batches = 1, 0, 0
        self.epoch_rng: dict[str, Any] = {}
        self.resumed: dict[str, Any] | None = None
        self.saved_at = time.monotonic()
        self.recent: deque[dict[str, Any]] = deque(maxlen=_RECENT)
        self.model: Any = None
        self.loader: Any = None

    def install(self) -> list[str]:
        """Patches the modules `train.py` is about to import from, and says what was done."""
        models: Any = importlib.import_module("models")
        data: Any = importlib.import_module("data")
        plain_create = models.create_model
        models.create_model = lambda opt: self._hooked(plain_create(opt))
        self._hook_loader(data.CustomDatasetDataLoader)
        return [
            "state of networks, optimisers, schedulers and random numbers saved for an exact resume",
            "checkpoints written aside and renamed, the last epoch always",
        ]

    def _tell(self, kind: str, document: dict[str, Any]) -> None:
        if self.rank == 0:
            print(f"{self.settings['event']} {kind} {json.dumps(document)}", flush=True)

    def _hooked(self, model: Any) -> Any:
        self.model = model
        plain_setup, plain_step = model.setup, model.optimize_parameters
        plain_rate, plain_save = model.update_learning_rate, model.save_networks

        def setup(opt: Any) -> None:
            # Schedulers count from epoch 1 and get their state back; their loop begins where the state says.
            opt.epoch_count, norm = 1, opt.norm
            if self.settings["processes"] > 1:
                opt.norm = "instance"  # setup() only compares it, and refuses the one norm that fits several processes
            plain_setup(opt)
            opt.norm = norm
            self._resume()
            opt.epoch_count = self.epoch
            self._tell_plan(opt)
            for told in self.recent:
                self._tell("loss", told)
            self._warm_up()
            self.saved_at = time.monotonic()

        def optimize_parameters() -> None:
            started = time.perf_counter()
            plain_step()
            self._after_step(time.perf_counter() - started)

        def update_learning_rate() -> None:
            model.opt.epoch_count = 1  # their linear rule adds it to the scheduler's own count at every call
            plain_rate()
            self._after_epoch()

        self.plain_step = plain_step
        model.setup, model.optimize_parameters = setup, optimize_parameters
        model.update_learning_rate = update_learning_rate
        model.save_networks = lambda suffix: self._save_networks(plain_save, suffix)
        return model

    def _hook_loader(self, loader_class: Any) -> None:
        plain_init, self.plain_iter = loader_class.__init__, loader_class.__iter__

        def made(loader: Any, opt: Any) -> None:
            plain_init(loader, opt)
            self.loader = loader

        def batches(loader: Any) -> Iterator[Any]:
            resumed, self.resumed = self.resumed, None
            if resumed and self.rank == 0:  # the state holds the first process's; the others draw on
                self._restore_rng(resumed["epoch_rng"])
            self.epoch_rng, done = self._rng(), 0
            for batch in self.plain_iter(loader):
                if resumed and done < resumed["batches"]:
                    done += 1
                    if done == resumed["batches"] and self.rank == 0:
                        self._restore_rng(resumed["rng"])
                    continue
                yield batch

        loader_class.__init__, loader_class.__iter__ = made, batches

    def _tell_plan(self, opt: Any) -> None:
        nets = self._networks().items()
        per_process = math.ceil(len(self.loader) / self.settings["processes"])
        self._tell(
            "plan",
            {
                "images": len(self.loader),
                "batch_size": opt.batch_size,
                "batches": math.ceil(per_process / opt.batch_size),
                "epochs": opt.n_epochs + opt.n_epochs_decay,
                "epoch": self.epoch,
                "iteration": self.iterations,
                "told_from": self.recent[0]["iteration"] if self.recent else self.iterations + 1,
                "parameters": {name: sum(p.numel() for p in net.parameters()) for name, net in nets},
                "device": str(self.model.device),
                "options": {key: value for key, value in vars(opt).items() if _is_plain(value)},
            },
        )

    def _warm_up(self) -> None:
        """Times a few iterations on the first batches, then puts everything back as it was."""
        if not self.settings["warm_up"]:
            return
        before = copy.deepcopy(self._document())
        batch = next(iter(self.plain_iter(self.loader)))
        started = 0.0
        for number in range(self.settings["warm_up"] + 1):
            if number == 1:  # the first one also builds and allocates
                started = time.perf_counter()
            self.model.set_input(batch)
            self.plain_step()
            if self.model.device.type == "cuda":
                self.torch.cuda.synchronize()
        seconds = (time.perf_counter() - started) / self.settings["warm_up"]
        for optimizer in self.model.optimizers:
            optimizer.state.clear()
        self._load(before)
        self._restore_rng(before["rng"])
        self._tell("speed", {"seconds": seconds})

    def _after_step(self, seconds: float) -> None:
        self.iterations += 1
        self.batches += 1
        if self.iterations % self.settings["log_every"] == 0 or self.iterations == 1:
            losses = self.model.get_current_losses()
            if not all(map(math.isfinite, losses.values())):
                self._stop("not_finite", NOT_FINITE)
            rate = self.model.optimizers[0].param_groups[0]["lr"]
            told = {"iteration": self.iterations, "epoch": self.epoch, "batch": self.batches, "rate": rate}
            self.recent.append({**told, "seconds": seconds, "losses": losses})
            self._tell("loss", self.recent[-1])
        if time.monotonic() - self.saved_at > _WITHIN_EPOCH * self.settings["save_seconds"]:
            self._save_state()
        self._tell("step", {"epoch": self.epoch, "batch": self.batches, "iteration": self.iterations})

    def _stop(self, why: str, code: int) -> NoReturn:
        self._tell("stopped", {"why": why, "epoch": self.epoch, "iteration": self.iterations})
        raise SystemExit(code)

    def _after_epoch(self) -> None:
        finished, opt = self.epoch, self.model.opt
        total = opt.n_epochs + opt.n_epochs_decay
        kept = finished == total or finished % math.ceil(total / self.settings["keep"]) == 0
        due = kept or time.monotonic() - self.saved_at > self.settings["save_seconds"]
        # The networks first: a cut between them and the state does the epoch again, the other way round it would lack.
        if due:
            self.model.save_networks("latest")
        if kept:
            self.model.save_networks(finished)
        self.epoch, self.batches, self.epoch_rng = finished + 1, 0, self._rng()
        if due:
            self._save_state()
        self._tell("epoch", {"epoch": finished, "iteration": self.iterations, "kept": kept})

    def _networks(self) -> dict[str, Any]:
        nets = {name: getattr(self.model, f"net{name}") for name in self.model.model_names}
        return {name: getattr(net, "module", net) for name, net in nets.items()}

    def _pools(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self.model).items() if type(value).__name__ == "ImagePool"}

    def _document(self) -> dict[str, Any]:
        return {
            "format": 1,
            "batch_size": self.model.opt.batch_size,
            "epoch": self.epoch,
            "iterations": self.iterations,
            "batches": self.batches,
            "rng": self._rng(),
            "epoch_rng": self.epoch_rng,
            "recent": list(self.recent),
            "networks": {name: net.state_dict() for name, net in self._networks().items()},
            "optimizers": [o.state_dict() for o in self.model.optimizers],
            "schedulers": [s.state_dict() for s in self.model.schedulers],
            "pools": {name: pool.images for name, pool in self._pools().items() if pool.pool_size},
        }

    def _save_state(self) -> None:
        if self.rank == 0:
            with self._disk_may_be_full(), _aside(self.state_file) as temporary:
                self.torch.save(self._document(), temporary)
        self.saved_at = time.monotonic()

    def _resume(self) -> None:
        if not self.state_file.is_file():
            return
        state = self.torch.load(self.state_file, map_location=self.model.device, weights_only=True)
        self._load(state)
        if state["batch_size"] != self.model.opt.batch_size:
            self.batches = state["batches"] = 0  # other batches: the epoch begins again
        self.resumed = state
        self.recent.extend(state["recent"])
        self._tell("resumed", {"epoch": self.epoch, "batch": self.batches, "iteration": self.iterations})

    def _load(self, state: dict[str, Any]) -> None:
        for name, net in self._networks().items():
            net.load_state_dict(state["networks"][name])
        for optimizer, saved in zip(self.model.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        for scheduler, saved in zip(self.model.schedulers, state["schedulers"], strict=True):
            scheduler.load_state_dict(saved)
        for name, pool in self._pools().items():
            if pool.pool_size:
                pool.images = list(state["pools"].get(name, []))
                pool.num_imgs = len(pool.images)
        self.epoch, self.iterations, self.batches = state["epoch"], state["iterations"], state["batches"]

    def _rng(self) -> dict[str, Any]:
        kind, keys, position, has_gauss, cached = self.numpy.random.get_state()
        cuda = self.torch.cuda.get_rng_state_all() if self.torch.cuda.is_available() else []
        return {
            "python": random.getstate(),
            "numpy": (kind, [int(k) for k in keys], position, has_gauss, cached),
            "torch": self.torch.get_rng_state(),
            "cuda": cuda,
        }

    def _restore_rng(self, saved: dict[str, Any]) -> None:
        version, internal, gauss = saved["python"]
        random.setstate((version, tuple(internal), gauss))
        kind, keys, position, has_gauss, cached = saved["numpy"]
        self.numpy.random.set_state((kind, self.numpy.array(keys, self.numpy.uint32), position, has_gauss, cached))
        self.torch.set_rng_state(saved["torch"].cpu())
        if saved["cuda"]:
            self.torch.cuda.set_rng_state_all([s.cpu() for s in saved["cuda"]])

    def _save_networks(self, plain_save: Callable[[Any], None], suffix: Any) -> None:
        """Their `save_networks` into a folder aside; each file then takes its name whole."""
        final = Path(self.model.save_dir)
        aside = final / f".aside-{os.getpid()}"
        aside.mkdir(exist_ok=True)
        with self._disk_may_be_full():
            try:
                self.model.save_dir = aside
                plain_save(suffix)
                for path in aside.iterdir():
                    path.replace(final / path.name)
            finally:
                self.model.save_dir = final
                for path in aside.iterdir():
                    path.unlink()
                aside.rmdir()

    @contextmanager
    def _disk_may_be_full(self) -> Iterator[None]:
        try:
            yield
        except (OSError, RuntimeError) as error:
            # torch's own writer raises RuntimeError where write() fails, in words of its own.
            full = isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}
            if not full and not any(words in str(error) for words in ("inline_container", "PytorchStreamWriter")):
                raise
            self._stop("disk_full", DISK_FULL)


def _is_plain(value: Any) -> bool:
    """Whether JSON can say it: their `max_dataset_size` is infinite by default."""
    return isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))


@contextmanager
def _aside(target: Path) -> Iterator[Path]:
    temporary = target.with_name(f".{target.name}.part")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield temporary
        with temporary.open("rb") as stream:
            os.fsync(stream.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def install(settings: dict[str, Any]) -> list[str]:
    """Installs the hooks of a training and returns the shims, in words."""
    return Hooks(settings).install()
