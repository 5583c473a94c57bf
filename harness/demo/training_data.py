"""Writes the drawn scenes the demo's generator was trained on: `python -m harness.demo.training_data FOLDER`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

import numpy as np

from harness.demo.scenes import draw_scene
from harness.images.png import write_png
from harness.nearness.profile import build_profile, save_profile

TRAINING_SEED: Final = 20170801
"""The series the generator has seen; whoever tests it draws from any other."""

TRAINING_PAIRS: Final = 800


def write_training_set(folder: Path, pairs: int = TRAINING_PAIRS, seed: int = TRAINING_SEED) -> list[Path]:
    """Writes `pairs` scenes as the official aligned data set reads them and returns the files.

    Each is `folder/train/NNNN.png`, 512x256: photo (A) on the left, label map (B) on the right,
    so that a generator from labels to photos trains with `--direction BtoA`, as the official facades do.
    """
    target = folder / "train"
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for index in range(pairs):
        scene = draw_scene(seed, index)
        path = target / f"{index:04d}.png"
        # (256, 512, 3)
        write_png(path, np.hstack((scene.photo, scene.label)))
        written.append(path)
    return written


def main() -> None:
    """Parses the command line and writes the training set."""
    parser = argparse.ArgumentParser(prog="python -m harness.demo.training_data", description=__doc__)
    parser.add_argument("folder", type=Path, help="where `train/` is made")
    parser.add_argument("--pairs", type=int, default=TRAINING_PAIRS, help="how many pairs (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=TRAINING_SEED, help="which series (default: %(default)s)")
    parser.add_argument("--profile", type=Path, help="also write the profile of the label maps here")
    chosen = parser.parse_args()
    written = write_training_set(chosen.folder, chosen.pairs, chosen.seed)
    if chosen.profile:
        # What the label maps look like, which `demo_profile` reads from the package.
        provenance = {"dataset": "the demo's drawn facades", "seed": TRAINING_SEED}
        save_profile(chosen.profile, build_profile(written, "facade_label", provenance, half="right"))
    print(f"{len(written)} pairs in {chosen.folder / 'train'}")


if __name__ == "__main__":
    main()
