"""Peak memory of one picture in a generator, whole and in tiles: the figures of docs/how-to/sizes.md.

`python benchmarks/memory_of_sizes.py resnet_9blocks 64 2000x3000`, the whole;
`python benchmarks/memory_of_sizes.py resnet_6blocks 2 8192x8192 --tiled 512`, in tiles. Linux tells peaks by process.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from harness.catalog.types import Architecture
from harness.engines.job import Job, NativeSettings
from harness.engines.native.engine import translate
from harness.engines.native.memory import needed
from harness.sets.item import Item
from harness.testing.one_pass import hand_on, written_to
from harness.weights.networks import build_generator


def _memory(key: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith(key)).split()[1]) << 10


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("net")
    parser.add_argument("filters", type=int)
    parser.add_argument("size")
    parser.add_argument("--tiled", type=int)
    asked = parser.parse_args()
    width, height = map(int, asked.size.split("x"))
    unet = asked.net.startswith("unet")
    architecture = Architecture(asked.net, "batch" if unet else "instance", unet, ngf=asked.filters)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        torch.save(build_generator(architecture).state_dict(), folder / "g.pth")
        tile = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        pixels = np.tile(tile, (-(-height // 64), -(-width // 64), 1))[:height, :width]
        Image.fromarray(pixels).save(folder / "x.png", compress_level=1)
        del pixels
        items = (Item("x", folder / "x.png", False),)
        job = Job(folder / "g.pth", architecture, items, "AtoB", "paper", 0, "cpu", None, folder / "log.txt")
        before, clock = _memory("VmRSS"), time.perf_counter()
        hand_on(translate(job, settings=NativeSettings(tiled=asked.tiled)), [written_to(folder)])
        peak = _memory("VmHWM") - before
        print(
            f"{asked.net}, {asked.filters} filters, {asked.size}, tiles {asked.tiled}: {peak / 1e9:.2f} GB "
            f"(whole, estimated: {needed(architecture, (width, height)) / 1e9:.2f} GB), "
            f"{time.perf_counter() - clock:.0f} s"
        )


if __name__ == "__main__":
    main()
