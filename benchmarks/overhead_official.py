"""Wall time of the official engine against the authors' test.py called by hand on the same pairs.

    python benchmarks/overhead_official.py CLONE WEIGHTS PAIRS [--count 50] [--rounds 3]

WEIGHTS is any pix2pix generator, PAIRS a folder of A and B side by side; the rounds alternate. On a busy
machine compare the fastest rounds, and the processor time, which waits for nobody.
By hand means: pairs already in place, and only the shims without which the script does not start at all here.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness.catalog.types import Architecture
from harness.engines.job import Job
from harness.engines.official.engine import translate
from harness.sets.item import Item
from harness.testing.one_pass import hand_on, written_to
from harness.weights.architecture import infer_architecture
from harness.weights.reading import read_state_dict

BY_HAND = """
import runpy, sys, types
sys.modules["wandb"] = types.ModuleType("wandb")
import torch
library = torch.library.Library("torchvision", "DEF")
if not torch.version.cuda:
    for operator in ("nms", "qnms"):
        library.define(operator + "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
sys.argv = sys.argv[1:]
sys.path.insert(0, ".")
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def by_hand(clone: Path, weights: Path, architecture: Architecture, pairs: list[Path], folder: Path) -> float:
    """Returns the seconds of a plain call; everything it needs is laid out before the clock starts."""
    (folder / "data" / "test").mkdir(parents=True)
    (folder / "checkpoints" / "x").mkdir(parents=True)
    (folder / "checkpoints" / "x" / "latest_net_G.pth").symlink_to(weights)
    for number, pair in enumerate(pairs):
        shutil.copyfile(pair, folder / "data" / "test" / f"{number:06d}{pair.suffix}")
    options = f"--name x --model pix2pix --netG {architecture.netG} --norm {architecture.norm} --ngf {architecture.ngf}"
    words = [*options.split(), "--direction", "BtoA", "--num_test", str(len(pairs)), "--dataroot", str(folder / "data")]
    words += ["--checkpoints_dir", str(folder / "checkpoints"), "--results_dir", str(folder / "results")]
    started = time.perf_counter()
    subprocess.run([sys.executable, "-B", "-c", BY_HAND, "test.py", *words], cwd=clone, check=True, capture_output=True)
    return time.perf_counter() - started


def by_engine(clone: Path, weights: Path, architecture: Architecture, pairs: list[Path], folder: Path) -> float:
    """Returns the seconds of the same through the engine, staging, checks and writing included."""
    items = tuple(Item(f"{number}-{pair.stem}", pair, True) for number, pair in enumerate(pairs))
    folder.mkdir()
    (folder / "images").mkdir()
    job = Job(weights, architecture, items, "BtoA", "paper", 1, "cpu", (256, 256), folder / "log.txt")
    started = time.perf_counter()
    answer = hand_on(translate(job, clone), [written_to(folder / "images")])
    took = time.perf_counter() - started
    print("   engine's steps:", "  ".join(f"{step} {seconds:.2f} s" for step, seconds in answer.durations.items()))
    return took


def processor_seconds() -> float:
    """Returns what this process and its ended children have used, user and system together."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def main() -> None:
    """Prints the times of each round, the medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("clone", "weights", "pairs"):
        parser.add_argument(name, type=lambda word: Path(word).resolve())
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    found = sorted(p for p in given.pairs.iterdir() if p.suffix.lower() in {".png", ".jpg"})
    pairs = [found[n % len(found)] for n in range(given.count)]
    architecture = infer_architecture(read_state_dict(given.weights))
    times: dict[str, list[float]] = {"by hand": [], "engine": []}
    processor: dict[str, list[float]] = {"by hand": [], "engine": []}
    with tempfile.TemporaryDirectory() as name:
        for number in range(given.rounds):
            for label, run in (("by hand", by_hand), ("engine", by_engine)):
                folder = Path(name) / f"{label} {number}"
                before = processor_seconds()
                times[label].append(run(given.clone, given.weights, architecture, pairs, folder))
                processor[label].append(processor_seconds() - before)
                told = f"{times[label][-1]:6.2f} s, processor {processor[label][-1]:6.2f} s"
                print(f"round {number + 1}  {label:8} {told}", flush=True)
    for kind, of, seconds in (
        ("fastest", min, times),
        ("median", statistics.median, times),
        ("processor time, median", statistics.median, processor),
    ):
        hand, engine = of(seconds["by hand"]), of(seconds["engine"])
        told = f"by hand {hand:.2f} s, engine {engine:.2f} s, overhead {100 * (engine / hand - 1):+.1f} %"
        print(f"{given.count} images, {kind} of {given.rounds}: {told}")


if __name__ == "__main__":
    main()
