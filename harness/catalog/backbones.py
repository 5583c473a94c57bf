"""Networks that metrics judge pictures by: which file, where it is, and its hash.

Names, sizes and addresses: torch-fidelity 0.4.0 `feature_extractor_inceptionv3.py`, torchvision 0.28
`models/alexnet.py` and `models/vgg.py`. The hashes begin with the digits that stand in the files' names.
"""

from __future__ import annotations

from dataclasses import dataclass

_TORCHVISION = "https://download.pytorch.org/models"


@dataclass(frozen=True)
class Backbone:
    """A file of a network; `metrics` are those of `harness.metrics.registry` that need it."""

    id: str
    file: str
    urls: tuple[str, ...]
    sha256: str
    size_bytes: int
    licence: str
    metrics: tuple[str, ...]


BACKBONES: dict[str, Backbone] = {
    backbone.id: backbone
    for backbone in (
        Backbone(
            # The network of TensorFlow's FID, converted: torchvision's own Inception gives other numbers.
            "inception",
            "weights-inception-2015-12-05-6726825d.pth",
            (
                "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/"
                "weights-inception-2015-12-05-6726825d.pth",
                # The same file under another name, as the digits in both tell.
                "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/"
                "pt_inception-2015-12-05-6726825d.pth",
            ),
            "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
            95_628_359,
            "Apache 2.0 (TensorFlow models); trained on ImageNet",
            ("inception",),
        ),
        Backbone(
            # LPIPS's own linear layers come with torchmetrics; only what they weigh is brought.
            "alexnet",
            "alexnet-owt-7be5be79.pth",
            (f"{_TORCHVISION}/alexnet-owt-7be5be79.pth",),
            "7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
            244_408_911,
            "BSD 3-clause (torchvision); trained on ImageNet",
            ("lpips",),
        ),
        Backbone(
            "vgg16",
            "vgg16-397923af.pth",
            (f"{_TORCHVISION}/vgg16-397923af.pth",),
            "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
            553_433_881,
            "BSD 3-clause (torchvision); trained on ImageNet",
            ("lpips_vgg", "dists"),
        ),
    )
}
