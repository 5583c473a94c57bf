"""Losses are read in words while a training goes on, and healthy ones say nothing."""

from __future__ import annotations

import math
from typing import Any

import pytest

from harness.training.diagnosing import findings

_EPOCHS = 10


def curves(done: float = 1.0, **of: Any) -> dict[str, Any]:
    """Losses of 100 points over `done` of the training; each a function of the share that is behind it."""
    shares = [(i + 0.5) / 100 * done for i in range(100)]
    return {
        "names": list(of),
        "epochs": [share * _EPOCHS for share in shares],
        "values": {name: [value(share) for share in shares] for name, value in of.items()},
    }


def healthy(**changed: Any) -> dict[str, Any]:
    """Of pix2pix, as they look: a jittering balance, and an L1 that falls quickly, then slowly."""
    usual = {
        "G_GAN": lambda s: 1.2 + 0.3 * math.sin(90 * s),
        "G_L1": lambda s: 20 + 30 * math.exp(-8 * s),
        "D_real": lambda s: 0.45 + 0.1 * math.sin(70 * s),
        "D_fake": lambda s: 0.5 + 0.1 * math.cos(70 * s),
    }
    return {**usual, **changed}


def unpaired(**changed: Any) -> dict[str, Any]:
    """Of CycleGAN."""
    usual: dict[str, Any] = {name: lambda s: 0.2 + 0.05 * math.sin(60 * s) for name in ("D_A", "D_B")}
    usual |= {name: lambda s: 0.4 + 0.1 * math.sin(60 * s) for name in ("G_A", "G_B")}
    usual |= {name: lambda s: 1 + math.exp(-5 * s) for name in ("cycle_A", "cycle_B")}
    return {**usual, **changed}


def test_healthy_losses_say_nothing() -> None:
    assert findings(curves(**healthy()), _EPOCHS, "vanilla") == []
    assert findings(curves(**unpaired()), _EPOCHS, "lsgan") == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"D_real": lambda s: 0.02, "D_fake": lambda s: 0.03, "G_GAN": lambda s: 1 + 8 * s}, "the discriminator wins"),
        ({"D_real": lambda s: 0.69, "D_fake": lambda s: 0.695}, "tells nothing apart"),
        ({"G_L1": lambda s: 50 - 60 * s if s < 0.5 else 20 + 70 * (s - 0.5)}, "has risen again"),
        ({"G_L1": lambda s: 40 + 0.5 * math.sin(50 * s)}, "has not fallen"),
    ],
)
def test_what_goes_wrong_is_named_with_what_to_try(changed: dict[str, Any], said: str) -> None:
    found = findings(curves(**healthy(**changed)), _EPOCHS, "vanilla")
    assert len(found) == 1
    assert said in found[0] and ("try" in found[0])


def test_cyclegan_is_told_of_each_side_and_of_copies() -> None:
    wins = unpaired(D_A=lambda s: 0.005, G_A=lambda s: 0.5 + s)
    assert "the discriminator wins" in findings(curves(**wins), _EPOCHS, "lsgan")[0]
    early = curves(0.3, **unpaired(cycle_A=lambda s: 0.1))
    assert "`cycle_A` is almost zero" in findings(early, _EPOCHS, "lsgan")[0]
    assert findings(curves(**unpaired(cycle_A=lambda s: 0.2 + math.exp(-9 * s))), _EPOCHS, "lsgan") == []


def test_a_discriminator_that_is_right_once_has_not_won() -> None:
    once = healthy(D_real=lambda s: 0.02, D_fake=lambda s: 0.6 if 0.9 < s < 0.92 else 0.02, G_GAN=lambda s: 1 + 8 * s)
    assert findings(curves(**once), _EPOCHS, "vanilla") == []


def test_a_beginning_is_no_time_to_judge() -> None:
    lost = healthy(D_real=lambda s: 0.02, D_fake=lambda s: 0.03, G_GAN=lambda s: 1 + 8 * s)
    assert findings(curves(0.03, **lost), _EPOCHS, "vanilla") == []
    few = curves(**lost)
    few = {"names": few["names"], "epochs": few["epochs"][-9:], "values": {k: v[-9:] for k, v in few["values"].items()}}
    assert findings(few, _EPOCHS, "vanilla") == []


def test_means_that_are_unsure_are_not_compared() -> None:
    noisy = healthy(G_L1=lambda s: 40 + 25 * math.sin(900 * s))
    assert findings(curves(**noisy), _EPOCHS, "vanilla") == []


def test_losses_without_a_level_of_chance_are_judged_by_reconstruction_alone() -> None:
    lost = healthy(D_real=lambda s: 0.02, D_fake=lambda s: 0.03, G_GAN=lambda s: 1 + 8 * s, G_L1=lambda s: 40)
    assert [text.split("`")[1] for text in findings(curves(**lost), _EPOCHS, "wgangp")] == ["G_L1"]
