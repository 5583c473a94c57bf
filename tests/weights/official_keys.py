"""What the authors' `define_G` saves, recorded from their code so that no test needs it at hand."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

RECORDED_AT = "2a7afba2895d52556dd5dfe07e8555ef657ced6f"


def digest(shapes: Mapping[str, tuple[int, ...]]) -> str:
    """Returns 16 digits that stand for all keys and shapes, whatever their order."""
    lines = sorted(f"{key} {tuple(shape)}" for key, shape in shapes.items())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


# (netG, norm, use_dropout) -> digest, with input_nc 1, output_nc 2, ngf 4; `test_upstream_keys.py` makes it again.
RECORDED: dict[tuple[str, str, bool], str] = {
    ("unet_128", "batch", True): "3ab568992b36de31",
    ("unet_128", "batch", False): "3ab568992b36de31",
    ("unet_128", "instance", True): "ba97ae9284c648e8",
    ("unet_128", "instance", False): "ba97ae9284c648e8",
    ("unet_128", "none", True): "9e72d2ab8e74151b",
    ("unet_128", "none", False): "9e72d2ab8e74151b",
    ("unet_256", "batch", True): "efbc295a51536da8",
    ("unet_256", "batch", False): "efbc295a51536da8",
    ("unet_256", "instance", True): "688f9d6f403ad78e",
    ("unet_256", "instance", False): "688f9d6f403ad78e",
    ("unet_256", "none", True): "2221e23558f96a57",
    ("unet_256", "none", False): "2221e23558f96a57",
    ("resnet_6blocks", "batch", True): "310decaba1c63755",
    ("resnet_6blocks", "batch", False): "afae8c8b2fa84b7c",
    ("resnet_6blocks", "instance", True): "457022159fa31fdd",
    ("resnet_6blocks", "instance", False): "bd8f859ba739f82e",
    ("resnet_6blocks", "none", True): "16fd1ac7c191694c",
    ("resnet_6blocks", "none", False): "f5081096976008f6",
    ("resnet_9blocks", "batch", True): "b7ce0ce2314d9e72",
    ("resnet_9blocks", "batch", False): "5f7b7691b11ede02",
    ("resnet_9blocks", "instance", True): "9992320e02cf9be8",
    ("resnet_9blocks", "instance", False): "427e395a133a5cdc",
    ("resnet_9blocks", "none", True): "ddcd09071f878ce3",
    ("resnet_9blocks", "none", False): "57a03ef9af0b7765",
}
