"""What `bootstrap.py` adds to train pix2pix with a discriminator that does not see the input, or with none.

The rows GAN, L1+GAN and L1 of the paper's table 1, for which `train.py` has no option.

Loaded by path; knows nothing of harness.
"""

from __future__ import annotations

import importlib
from typing import Any


def install(settings: dict[str, Any], session: Any) -> list[str]:
    """Hooks the model, and returns the shims in words; the setting: `kind`, `unconditional` or `none`."""
    if settings["kind"] == "none":
        session.when_made(_leave_out)
        return ["the generator learns from L1 alone; the discriminator is made, and never asked or trained"]
    session.when_made(lambda model: session.after(model, "setup", lambda opt: _blind(model)))
    return ["weights of the discriminator that meet the input held at zero: it judges the picture alone"]


def _leave_out(model: Any) -> None:
    def backward_G() -> None:
        # λ·‖y − G(x)‖₁, the mean over (N, C, H, W)
        model.loss_G_L1 = model.criterionL1(model.fake_B, model.real_B) * model.opt.lambda_L1
        model.loss_G_L1.backward()

    model.loss_names = ["G_L1"]
    # Its optimiser steps over weights that never had a gradient, which leaves them as they are.
    model.backward_D, model.backward_G = lambda: None, backward_G


def _blind(model: Any) -> None:
    """Silences what the first layer takes from the input: with weights drawn one by one that is a network without it,
    and its file one that every discriminator of that kind can load."""
    torch: Any = importlib.import_module("torch")
    weight = next(layer for layer in model.netD.modules() if isinstance(layer, torch.nn.Conv2d)).weight
    # (out, in, k, k); torch.cat((real_A, fake_B), 1) puts the input's channels first
    seen = model.opt.input_nc
    with torch.no_grad():
        weight[:, :seen] = 0

    def without_input(gradient: Any) -> Any:
        # Adam without weight decay leaves alone what never had a gradient.
        gradient = gradient.clone()
        gradient[:, :seen] = 0
        return gradient

    weight.register_hook(without_input)
