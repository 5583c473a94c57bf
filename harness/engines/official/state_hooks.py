"""What `bootstrap.py` adds to the authors' `train.py`: where a training is, and all it must know to go on exactly.

Loaded by path; knows nothing of harness. Upstream saves the networks' weights only, so a training that was cut off goes
on with fresh optimisers, another order of pictures and a count that starts at zero. The state here holds all of that,
and within an epoch how many batches were done and the random numbers' state at its start, so that the same batches are
drawn again and passed over.
"""

from __future__ import annotations

import importlib
import random
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_RECENT = 1000
"""Told losses that a state keeps, more than a listener can be behind: it may have been cut off before it heard them."""


class State:
    """Where a training is, and what it goes on from.

    Attributes:
        epoch: the one under way, from 1; `iterations` counts over all epochs, `batches` within this one.
        seconds: what the last iteration took.
        recent: losses that were told last.
        networks: name -> module, without what several processes wrap it in.
    """

    def __init__(self, session: Any, file: Path) -> None:
        self._session, self._file = session, file
        self.torch, self._numpy = importlib.import_module("torch"), importlib.import_module("numpy")
        self.epoch, self.iterations, self.batches, self.seconds = 1, 0, 0, 0.0
        self.recent: deque[dict[str, Any]] = deque(maxlen=_RECENT)
        self.model: Any = None
        self.loader: Any = None
        self.step: Any = None
        self.draw_batches: Any = None
        self._epoch_rng: dict[str, Any] = {}
        self._resumed: dict[str, Any] | None = None

    def hook_model(self, model: Any) -> None:
        """Counts its iterations and epochs, and takes up the saved state once it is set up."""
        self.model, self.step = model, model.optimize_parameters
        if self.repeats:
            self.torch.backends.cudnn.benchmark = False
        plain_setup, plain_rate = model.setup, model.update_learning_rate

        def setup(opt: Any) -> None:
            # Schedulers count from epoch 1 and get their state back; their loop begins where the state says.
            opt.epoch_count, norm = 1, opt.norm
            if self._session.processes > 1:
                opt.norm = "instance"  # setup() only compares it, and refuses the one norm that fits several processes
            plain_setup(opt)
            opt.norm = norm
            self._resume()
            opt.epoch_count = self.epoch

        def optimize_parameters() -> None:
            started = time.perf_counter()
            # The plain method: losses are told and states saved by the hooks around it.
            self.step()
            self.seconds = time.perf_counter() - started
            self.iterations += 1
            self.batches += 1

        def update_learning_rate() -> None:
            model.opt.epoch_count = 1  # their linear rule adds it to the scheduler's own count at every call
            plain_rate()
            self.epoch, self.batches, self._epoch_rng = self.epoch + 1, 0, self._rng()

        model.setup, model.optimize_parameters = setup, optimize_parameters
        model.update_learning_rate = update_learning_rate

    def hook_loader(self, loader_class: Any) -> None:
        """Passes over the batches of a resumed epoch that were done before."""
        plain_init, self.draw_batches = loader_class.__init__, loader_class.__iter__

        def made(loader: Any, opt: Any) -> None:
            plain_init(loader, opt)
            self.loader = loader

        def batches(loader: Any) -> Iterator[Any]:
            # The epoch's order is drawn from the generators as they were at its start; those of the cut come with the
            # last batch that is passed over, since the loader draws crops and flips batch by batch.
            resumed, self._resumed = self._resumed, None
            if resumed and self._session.rank == 0:  # the state holds the first process's; the others draw on
                self._restore_rng(resumed["epoch_rng"])
            self._epoch_rng, done = self._rng(), 0
            for batch in self.draw_batches(loader):
                if resumed and done < resumed["batches"]:
                    done += 1
                    if done == resumed["batches"] and self._session.rank == 0:
                        self._restore_rng(resumed["rng"])
                    continue
                yield batch

        loader_class.__init__, loader_class.__iter__ = made, batches

    @property
    def repeats(self) -> bool:
        """Whether a GPU repeats the bits of this training, once kernels are not chosen by a race of their speeds.

        Not of a ResNet: the gradient of its reflection padding is added up in an order that changes.
        """
        return self.torch.cuda.is_available() and str(self.model.opt.netG).startswith("unet")

    @property
    def networks(self) -> dict[str, Any]:
        nets = {name: getattr(self.model, f"net{name}") for name in self.model.model_names}
        return {name: getattr(net, "module", net) for name, net in nets.items()}

    def is_finite(self) -> bool:
        """Whether every weight and running statistic of every network is a finite number."""
        tensors = [t for net in self.networks.values() for t in net.state_dict().values() if t.is_floating_point()]
        return all(bool(self.torch.isfinite(tensor).all()) for tensor in tensors)

    def place(self) -> dict[str, int]:
        """Where the training is, for events."""
        return {"epoch": self.epoch, "batch": self.batches, "iteration": self.iterations}

    def document(self) -> dict[str, Any]:
        """Everything the training goes on from, of types that `torch.load(weights_only=True)` takes."""
        return {
            "format": 1,
            "batch_size": self.model.opt.batch_size,
            "epoch": self.epoch,
            "iterations": self.iterations,
            "batches": self.batches,
            "rng": self._rng(),
            "epoch_rng": self._epoch_rng,
            "recent": list(self.recent),
            # Without the wrapper of several processes, so that any number of them can go on.
            "networks": {name: net.state_dict() for name, net in self.networks.items()},
            "optimizers": [o.state_dict() for o in self.model.optimizers],
            "schedulers": [s.state_dict() for s in self.model.schedulers],
            # CycleGAN's discriminators are shown some of the last 50 drawn pictures, too.
            "pools": {name: pool.images for name, pool in self._pools().items() if pool.pool_size},
        }

    def load(self, state: dict[str, Any]) -> None:
        """Puts networks, optimisers, schedulers, pools and counts back; the random numbers come with the batches."""
        for name, net in self.networks.items():
            net.load_state_dict(state["networks"][name])
        for optimizer, saved in zip(self.model.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        for scheduler, saved in zip(self.model.schedulers, state["schedulers"], strict=True):
            scheduler.load_state_dict(saved)
        # Earlier fakes that CycleGAN shows its critics, each (1, C, H, W); they decide the next losses too.
        for name, pool in self._pools().items():
            if pool.pool_size:
                pool.images = list(state["pools"].get(name, []))
                pool.num_imgs = len(pool.images)
        self.epoch, self.iterations, self.batches = state["epoch"], state["iterations"], state["batches"]

    def undone(self, before: dict[str, Any]) -> None:
        """Puts everything back as it was before iterations that are not to count."""
        # Adam makes its moments at the first step: loading a state without them would leave those of the warm-up.
        for optimizer in self.model.optimizers:
            optimizer.state.clear()
        self.load(before)
        self._restore_rng(before["rng"])

    def _resume(self) -> None:
        if not self._file.is_file():
            return
        state = self.torch.load(self._file, map_location=self.model.device, weights_only=True)
        self.load(state)
        if state["batch_size"] != self.model.opt.batch_size:
            self.batches = state["batches"] = 0  # other batches: the epoch begins again
        self._resumed = state
        self.recent.extend(state["recent"])
        self._session.tell("resumed", self.place())

    def _pools(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self.model).items() if type(value).__name__ == "ImagePool"}

    def _rng(self) -> dict[str, Any]:
        kind, keys, position, has_gauss, cached = self._numpy.random.get_state()
        cuda = self.torch.cuda.get_rng_state_all() if self.torch.cuda.is_available() else []
        return {
            "python": random.getstate(),
            # Plain numbers: `weights_only=True` refuses NumPy's arrays.
            "numpy": (kind, [int(k) for k in keys], position, has_gauss, cached),
            "torch": self.torch.get_rng_state(),
            "cuda": cuda,
        }

    def _restore_rng(self, saved: dict[str, Any]) -> None:
        version, internal, gauss = saved["python"]
        random.setstate((version, tuple(internal), gauss))
        kind, keys, position, has_gauss, cached = saved["numpy"]
        self._numpy.random.set_state((kind, self._numpy.array(keys, self._numpy.uint32), position, has_gauss, cached))
        self.torch.set_rng_state(saved["torch"].cpu())
        if saved["cuda"]:
            self.torch.cuda.set_rng_state_all([s.cpu() for s in saved["cuda"]])


def install(settings: dict[str, Any], session: Any) -> list[str]:
    """Hooks what `train.py` will import; the setting: `file` of the state, which other hooks find in the session."""
    state = session.state = State(session, Path(settings["file"]))
    session.when_made(state.hook_model)
    data: Any = importlib.import_module("data")
    state.hook_loader(data.CustomDatasetDataLoader)
    shims = ["state of networks, optimisers, schedulers and random numbers saved for an exact resume"]
    return [*shims, *(["cudnn.benchmark off for U-Nets"] if state.torch.cuda.is_available() else [])]
