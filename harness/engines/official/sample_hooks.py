"""What `bootstrap.py` adds to the authors' `train.py` to draw the same pictures after every epoch.

Loaded by path after `state_hooks.py`, which counts the epochs; knows nothing of harness.
"""

from __future__ import annotations

import copy
import importlib
from pathlib import Path
from typing import Any


def install(settings: dict[str, Any], session: Any) -> list[str]:
    """Hooks the model; the setting: `folder`, with the inputs in `input/NETWORK-NUMBER.png` when it begins."""
    session.when_made(lambda model: _Sampled(model, Path(settings["folder"]), session).hook())
    return ["copies of the generators draw sample pictures after each epoch, with random numbers of their own"]


class _Sampled:
    """A model that draws its samples at the end of an epoch; no state of the training is touched."""

    def __init__(self, model: Any, folder: Path, session: Any) -> None:
        self.model, self.folder, self.session = model, folder, session
        self.torch = importlib.import_module("torch")
        self.numpy = importlib.import_module("numpy")
        self.image = importlib.import_module("PIL.Image")

    def hook(self) -> None:
        plain_rate = self.model.update_learning_rate

        def update_learning_rate() -> None:
            if self.session.rank == 0:
                self._draw_all()
            plain_rate()

        self.model.update_learning_rate = update_learning_rate

    def _draw_all(self) -> None:
        devices = [self.model.device] if self.model.device.type == "cuda" else []
        for name, net in self.session.state.networks.items():
            paths = sorted(self.folder.glob(f"input/{name}-*.png"))
            if not paths:
                continue
            # The training's random numbers go on as if nothing had been drawn.
            with self.torch.random.fork_rng(devices), self.torch.no_grad():
                # Training mode moves batch norm's running statistics at every pass: those of the copy.
                own = copy.deepcopy(net)
                for path in paths:
                    self._save(self._drawn(own, path), path.name)

    def _drawn(self, net: Any, path: Path) -> Any:
        """Returns what a generator makes of a picture, as their test script would save it: (H, W, 3) uint8."""
        self.torch.manual_seed(0)
        with self.image.open(path) as opened:
            pixels = self.numpy.asarray(opened.convert("RGB"), dtype=self.numpy.float32)
        if self.model.opt.model == "colorization":
            # As their loader: L from 0..100 and a, b from about -110..110, both to [-1, 1]; the input is (1, 1, H, W).
            lab = importlib.import_module("skimage.color").rgb2lab(pixels / 255).astype(self.numpy.float32)
            lightness = self.torch.from_numpy(lab[..., 0] / 50 - 1)[None, None].to(self.model.device)
            return self.model.lab2rgb(lightness, net(lightness)).astype(self.numpy.uint8)
        util: Any = importlib.import_module("util.util")
        # (H, W, 3) of 0..255 to (1, 3, H, W) of [-1, 1], as ToTensor and Normalize(0.5, 0.5) make it.
        tensor = self.torch.from_numpy(pixels / 127.5 - 1).permute(2, 0, 1)[None].to(self.model.device)
        return util.tensor2im(net(tensor))

    def _save(self, pixels: Any, name: str) -> None:
        target = self.folder / f"{self.session.state.epoch:05d}" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{name}.part")
        try:
            self.image.fromarray(pixels).save(temporary, format="PNG")
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
