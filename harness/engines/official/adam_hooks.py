"""What `bootstrap.py` adds to the authors' `train.py`: Adam's fused kernel, which does a step in one pass.

Loaded by path; knows nothing of harness. It rounds in another order: losses agree to about 3e-4 and not to the bit.
"""

from __future__ import annotations

from typing import Any


def install(settings: dict[str, Any], session: Any) -> list[str]:
    """Hooks the model's optimisers, and returns the shim in words; there are no settings."""

    def hook_model(model: Any) -> None:
        # In the groups, which a state keeps: what goes on from one takes the kernel it was begun with.
        for optimizer in model.optimizers:
            for group in optimizer.param_groups:
                group["fused"] = True

    session.when_made(hook_model)
    return ["Adam by PyTorch's fused kernel: faster, equal but for rounding"]
