"""A small training's page, made up."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from PIL import Image

from harness.training.page import TrainingPage

NAMES = {
    "pix2pix": ("G_GAN", "G_L1", "D_real", "D_fake"),
    "cyclegan": ("D_A", "G_A", "cycle_A", "idt_A", "D_B", "G_B", "cycle_B", "idt_B"),
}
HOSTILE = """</script><img src=x onerror="alert(1)">'`"""


def now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")


def sample_document(folder: Path, family: str = "pix2pix", epochs: int = 12, **told: Any) -> dict[str, Any]:
    """Returns a document of a training of 20 epochs after `epochs` of them, and draws the pictures it names."""
    networks = ("G",) if family == "pix2pix" else ("G_A", "G_B")
    places = [epoch + part / 4 for epoch in range(epochs) for part in range(4)]
    inputs, addresses = [], set()
    for network in networks:
        for name in ("one", "two"):
            picture = {"name": name, "network": network, "input": f"samples/input-{network}-{name}.png", "target": None}
            if family == "pix2pix":
                picture["target"] = f"samples/target-{name}.png"
            inputs.append(picture)
            addresses |= {picture["input"], picture["target"]} - {None}
    drawn = [
        {
            "epoch": epoch,
            "outputs": [f"samples/{epoch:05d}/{p['network']}-{p['name']}.png" for p in inputs],
        }
        for epoch in range(1, epochs + 1)
    ]
    for number, address in enumerate(sorted(addresses.union(*(e["outputs"] for e in drawn)))):
        (folder / address).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (number * 7 % 256, 90, 160)).save(folder / address)
    return {
        "format": 1, "run": "tiny", "state": "running", "started": now(), "updated": now(), "message": None,
        "hint": None, "epoch": epochs + 1, "epochs": 20, "batch": 3, "batches": 10, "iteration": epochs * 10 + 3,
        "iterations": 200, "images_per_second": 4.25, "seconds_left": 3900.0, "seconds_spent": 45.0,
        "losses": {
            "names": list(NAMES[family]), "epochs": places,
            "values": {name: [1.0 + i / (1 + at) for at in places] for i, name in enumerate(NAMES[family])},
        },
        "rates": {"epochs": [e["epoch"] for e in drawn], "values": [0.0002] * epochs},
        "speed": {"epochs": [e["epoch"] for e in drawn], "values": [4.25] * epochs},
        "samples": {"inputs": inputs, "epochs": drawn},
        "resumes": [{"epoch": 2, "iteration": 20, "at": now()}], "warnings": [], "results": None,
    } | told  # fmt: skip


def sample_result(**told: Any) -> dict[str, Any]:
    """Returns what came of a training that beats copying the input in SSIM and the mean target in nothing."""
    return {
        "direction": "BtoA", "network": "G", "columns": ["ssim", "psnr"], "epochs": [5, 10, 15, 20],
        "values": {"ssim": [0.1, 0.21, 0.2, 0.19], "psnr": [10.0, 12.0, 12.1, 11.9]}, "chosen_on": "val",
        "baselines": {
            "input_copied": {"ssim": 0.05, "psnr": 6.0}, "mean_target": {"ssim": 0.3, "psnr": 13.0}
        },
        "official": None,
        "best": {"epoch": 10, "run": "tiny-best", "page": "../tiny-best/index.html", "ssim": 0.21, "psnr": 12.0},
        "last": {"epoch": 20, "run": "tiny-last", "page": "../tiny-last/index.html", "ssim": 0.19, "psnr": 11.9},
        "comparison": "../compare-tiny.html",
        "worst": [{"name": "one", "input": "samples/input-G-one.png", "output": "samples/00001/G-one.png",
                   "target": "samples/target-one.png", "ssim": 0.1}],
    } | told  # fmt: skip


def sample_page(document: dict[str, Any], family: str = "pix2pix") -> TrainingPage:
    command = ("harness", "train", "--dataset", "facades", "--name", document["run"])
    return TrainingPage(command, (("family", family), ("device", "cpu")), document)
