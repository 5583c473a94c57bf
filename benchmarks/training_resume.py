"""Shows that a training of the authors' code that is killed goes on as if it had not been: every loss, every weight.

    python benchmarks/training_resume.py CLONE PAIRS [--images 10] [--threads-of-loader 2] [--device cuda] [--family F]

CLONE is the authors' code (`third_party/pytorch-CycleGAN-and-pix2pix`), PAIRS a folder of A and B side by side. Each
family is trained once uncut, and once with its process killed by SIGKILL in the middle of two epochs and resumed.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from PIL import Image

from harness.engines.official.training import TrainingJob, train
from harness.images.pairing import split_ab

SMALL = "--load_size 143 --crop_size 128 --ngf 8 --ndf 8 --n_epochs 2 --n_epochs_decay 2"
FAMILIES = {"pix2pix": "--netG unet_128", "cyclegan": "--netG resnet_6blocks --pool_size 7"}
KILLED_AT = (0.3, 0.6)


def lay_out(pairs: Path, data: Path, count: int) -> None:
    for folder in ("train", "trainA", "trainB"):
        (data / folder).mkdir(parents=True)
    for path in sorted(pairs.iterdir())[:count]:
        with Image.open(path) as picture:
            pair = picture.convert("RGB")
        pair.save(data / "train" / f"{path.stem}.png")
        for side, half in zip("AB", split_ab(pair), strict=True):
            half.save(data / f"train{side}" / f"{path.stem}.png")


def train_here(family: str, clone: Path, data: Path, folder: Path, *, loaders: int, device: str) -> None:
    """Trains in this process and prints each loss as a line of JSON."""
    options = (*SMALL.split(), *FAMILIES[family].split(), "--num_threads", str(loaders))
    folder.mkdir(exist_ok=True)
    job = TrainingJob(family, "AtoB", data, folder, options, device, save_seconds=0.5)  # type: ignore[arg-type]
    train(job, clone, lambda kind, told: print(json.dumps([kind, told]), flush=True))


def follow(words: list[str], kill_at: int | None) -> tuple[dict[int, object], int | None]:
    """Runs `train_here` in a process of its own; returns the losses by iteration, and where it went on from."""
    found: dict[int, object] = {}
    resumed = None
    with subprocess.Popen([sys.executable, __file__, *words], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        for line in child.stdout:
            kind, told = json.loads(line)
            if kind == "resumed":
                resumed = told["iteration"]
            if kind == "loss":
                found[told["iteration"]] = (told["losses"], told["rate"])
                if told["iteration"] == kill_at:
                    child.send_signal(signal.SIGKILL)
                    break
    return found, resumed


def compare(family: str, data: Path, scratch: Path, given: argparse.Namespace) -> bool:
    words, images = ["--here", family, str(given.clone), str(data), given.device], given.images
    whole, cut = scratch / f"{family}-whole", scratch / f"{family}-cut"
    expected, _ = follow([*words, str(whole), str(given.threads_of_loader)], None)
    found: dict[int, object] = {}
    for part in (*KILLED_AT, None):
        kill_at = int(part * 4 * images) if part else None
        losses, resumed = follow([*words, str(cut), str(given.threads_of_loader)], kill_at)
        found |= losses
        print(f"  {family}: began after iteration {resumed or 0}, {f'killed at {kill_at}' if kill_at else 'ended'}")
    weights = [
        torch.equal(a, b)
        for path in sorted((whole / "checkpoints").glob("latest_net_*.pth"))
        for a, b in zip(
            torch.load(path, weights_only=True).values(),
            torch.load(cut / "checkpoints" / path.name, weights_only=True).values(),
            strict=True,
        )
    ]
    same = sum(found[i] == expected[i] for i in expected)
    equal = f"in {sum(weights)} of {len(weights)} tensors"
    print(f"{family}: losses equal in {same} of {len(expected)} iterations, weights {equal}")
    return same == len(expected) and all(weights)


def main() -> int:
    if sys.argv[1:2] == ["--here"]:
        family, clone, data, device, folder, loaders = sys.argv[2:]
        train_here(family, Path(clone), Path(data), Path(folder), loaders=int(loaders), device=device)
        return 0
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clone", type=Path)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--images", type=int, default=10)
    parser.add_argument("--threads-of-loader", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--family", choices=[*FAMILIES], action="append")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        data = Path(name) / "data"
        lay_out(given.pairs, data, given.images)
        results = [compare(family, data, Path(name), given) for family in given.family or FAMILIES]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
