"""What `bootstrap.py` adds to train a U-Net whose skip connections carry nothing, as the paper's Figure 5 does.

Loaded by path; knows nothing of harness. The weights that meet a skip's features are zero and get no gradient: the
network is an encoder and a decoder, and its file one that every U-Net of that size can load and draw the same with.
"""

from __future__ import annotations

import importlib
from typing import Any


def install(settings: dict[str, Any], session: Any) -> list[str]:
    """Hooks the model, and returns the shims in words; there are no settings."""
    torch: Any = importlib.import_module("torch")

    def hook_model(model: Any) -> None:
        def silence(opt: Any) -> None:
            with torch.no_grad():
                cut = sum(_cut(block) for block in model.netG.modules() if type(block).__name__ == _BLOCK)
            if not cut:
                raise SystemExit("the generator has no skip connections to leave out; it must be a U-Net")

        session.after(model, "setup", silence)

    session.when_made(hook_model)
    return ["weights of the generator that meet a skip connection held at zero"]


_BLOCK = "UnetSkipConnectionBlock"


def _cut(block: Any) -> bool:
    """Silences what a block's deconvolution takes from the skip around the block inside it, where there is one."""
    if not any(type(inner).__name__ == _BLOCK for inner in block.model):
        return False
    weight = next(layer for layer in block.model if type(layer).__name__ == "ConvTranspose2d").weight
    # (in, out, 4, 4), as transposed convolutions keep it
    skipped = weight.shape[0] // 2  # their forward() puts the skip's channels first
    weight[:skipped] = 0

    def without_skip(gradient: Any) -> Any:
        # Adam without weight decay leaves alone what never had a gradient.
        gradient = gradient.clone()
        gradient[:skipped] = 0
        return gradient

    weight.register_hook(without_skip)
    return True
