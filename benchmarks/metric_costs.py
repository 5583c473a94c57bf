"""What each metric costs, in milliseconds an image of 256×256 on one core, and how far it is from its library.

    python benchmarks/metric_costs.py [--images N] [--backbones FOLDER]

FOLDER holds the networks of `harness setup --metrics`, under their names; without it only metrics that need none are
timed. Costs are processor time of one thread, so that what else runs does not count.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from scipy.ndimage import gaussian_filter

from harness.catalog.backbones import BACKBONES
from harness.errors import HarnessError
from harness.metrics.meters import Instruments, Shot
from harness.metrics.pairs import Picture
from harness.metrics.palette_accuracy import class_colours
from harness.metrics.registry import METRICS


def drawn(seed: int) -> Picture:
    generator = np.random.default_rng(seed)
    smooth = gaussian_filter(generator.normal(128, 900, (256, 256, 3)), (6, 6, 0))
    return (smooth + generator.normal(0, 12, smooth.shape)).clip(0, 255).astype(np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=20)
    parser.add_argument("--backbones", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    there = {
        b.id: options.backbones / b.file
        for b in BACKBONES.values()
        if options.backbones and (options.backbones / b.file).is_file()
    }
    palette = class_colours()["facade_label"]
    instruments = Instruments(
        backbones=there,
        output_palette=palette,
        input_palette=palette,
        evaluator=lambda photo, name: photo,  # an evaluator's own time is that of a translation
        reverse=lambda picture, name: picture,
    )
    shots = [Shot(str(i), drawn(3 * i), drawn(3 * i + 1), drawn(3 * i + 2)) for i in range(options.images)]
    print("| metric | ms an image | ms the set |\n|---|---:|---:|")
    for name, metric in METRICS.items():
        if name.startswith("input_"):
            continue
        try:
            meter = metric.begin(instruments)
        except HarnessError as error:
            print(f"| `{name}` | – | {error.message} |")
            continue
        meter.one(shots[0])
        begun = time.process_time()
        for shot in shots:
            meter.one(shot)
        image = 1000 * (time.process_time() - begun) / len(shots)
        begun = time.process_time()
        meter.whole()
        print(f"| `{name}` | {image:.1f} | {1000 * (time.process_time() - begun):.0f} |", flush=True)


if __name__ == "__main__":
    main()
