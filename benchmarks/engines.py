"""The official and the native engine side by side: the same weights, the same drawn scenes, fp32, end to end.

    python benchmarks/engines.py CLONE [--net unet_256 --net resnet_9blocks] [--images 200] [--rounds 2]
    python benchmarks/engines.py --memory

CLONE is a checked-out clone of upstream at the pinned commit. Every run is a process of its own, as a user starts it,
and its time holds everything: Python, imports, weights, decoding, translating, PNGs on disk. The rounds alternate.
On a machine with other work compare processor time, which waits for nobody. Weights are random (ngf 64) or
`--weights FILE`. `--memory` compares the native engine's peak memory over 50 and 500 pictures.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from harness.catalog.types import Architecture
from harness.demo.scenes import draw_scene
from harness.engines.job import Job
from harness.runs.pixel_differences import difference_of
from harness.sets.item import Item
from harness.weights.architecture import infer_architecture
from harness.weights.networks import build_generator
from harness.weights.reading import read_state_dict

OFFICIAL = """
import json, pickle, sys
from harness.engines.official.engine import translate
from harness.testing.one_pass import hand_on, written_to
job, clone = pickle.load(open(sys.argv[1], "rb"))
print(json.dumps(hand_on(translate(job, clone), [written_to(job.log.parent)]).durations))
"""
NATIVE = """
import json, pickle, sys
from harness.engines.native.engine import translate
from harness.testing.one_pass import hand_on, written_to
job, clone = pickle.load(open(sys.argv[1], "rb"))
print(json.dumps(hand_on(translate(job), [written_to(job.log.parent)]).durations))
"""
DRAWN_SERIES = 4242
NETS = ("unet_256", "resnet_9blocks")


@dataclass(frozen=True)
class Taken:
    """What one run took: seconds on the clock and of the processor, the engine's steps, peak memory in MiB."""

    wall: float
    processor: float
    steps: dict[str, float]
    peak: float


def measured(program: str, job: Job, clone: Path | None, threads: int) -> Taken:
    """Runs one engine in a process of its own."""
    asked = job.log.with_suffix(".pickle")
    asked.write_bytes(pickle.dumps((job, clone)))
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    begin = time.perf_counter()
    with subprocess.Popen([sys.executable, "-c", program, asked], stdout=subprocess.PIPE, env=environment) as child:
        told = child.stdout.read() if child.stdout else b""
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - begin
    if child.returncode != 0:
        sys.exit(f"the run failed; its log is {job.log}")
    steps = json.loads(told)
    return Taken(
        wall, used.ru_utime + used.ru_stime, {"python": wall - sum(steps.values())} | steps, used.ru_maxrss / 1024
    )


def random_weights(folder: Path, architecture: Architecture) -> Path:
    """Saves a generator as PyTorch initialises it, in the official format."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        path = folder / f"{architecture.netG}.pth"
        torch.save(build_generator(architecture).state_dict(), path)
    return path


def drawn_items(folder: Path, count: int, size: int) -> tuple[Item, ...]:
    """Draws `count` street fronts, photo and label map side by side."""
    items = []
    for index in range(count):
        scene = draw_scene(DRAWN_SERIES, index)
        path = folder / f"facade_{index:04d}.png"
        pair = Image.fromarray(np.hstack((scene.photo, scene.label)))
        pair.resize((2 * size, size)).save(path, compress_level=1)
        items.append(Item(path.stem, path, True))
    return tuple(items)


def side_by_side(job: Job, clone: Path, rounds: int, threads: int) -> None:
    """Runs the engines in turn and prints what they took, the ratios and the differences of their pixels."""
    count = len(job.items)
    taken: dict[str, list[Taken]] = {"official": [], "native": []}
    print(f"\n{job.architecture.netG}, norm {job.architecture.norm}, ngf {job.architecture.ngf}: {count} images")
    for number in range(rounds):
        for engine, program in (("official", OFFICIAL), ("native", NATIVE)):
            folder = job.log.parent / f"{engine}{number}"
            folder.mkdir()
            run = measured(program, replace(job, log=folder / "log.txt"), clone, threads)
            taken[engine].append(run)
            steps = "  ".join(f"{step} {seconds:.2f}" for step, seconds in run.steps.items())
            print(
                f"  {engine:8} {run.wall:7.2f} s {count / run.wall:6.2f} images/s  processor {run.processor:7.2f} s"
                f"  peak {run.peak:.0f} MiB  ({steps})",
                flush=True,
            )
    for kind in ("wall", "processor"):
        official, native = (statistics.median(getattr(run, kind) for run in taken[e]) for e in ("official", "native"))
        print(f"  {kind} time, medians of {rounds}: {official:.2f} s / {native:.2f} s = {official / native:.2f}")
    folders = [job.log.parent / f"{engine}0" for engine in taken]
    pixels = [difference_of(*folders, "output", item.name) for item in job.items]
    share = 100 * statistics.mean(p.share_different for p in pixels)
    print(f"  difference of pixels: at most {max(p.max for p in pixels)} of 255, in {share:.4f} % of them")


def memory(folder: Path, threads: int) -> None:
    """Prints the native engine's peak memory over 50 and 500 pictures."""
    architecture = Architecture("unet_128", "batch", True, ngf=8)
    items = drawn_items(folder, 500, 128)
    weights = random_weights(folder, architecture)
    for count in (50, 500, 50, 500):
        output = Path(tempfile.mkdtemp(dir=folder))
        job = Job(weights, architecture, items[:count], "BtoA", "paper", 1, "cpu", (128, 128), output / "log.txt")
        run = measured(NATIVE, job, None, threads)
        print(f"{count:4} pictures: peak {run.peak:.1f} MiB, {run.wall:.1f} s", flush=True)


def machine(threads: int) -> str:
    """Names the processor and what computes on it."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = names[0] if names else platform.processor()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return f"{name}, {os.cpu_count()} cores, {threads} threads, load {load:.1f}, torch {torch.__version__}"


def main() -> None:
    """Parses the command line and runs what it asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clone", type=lambda word: Path(word).resolve(), nargs="?")
    parser.add_argument("--net", action="append", help="unet_256 and resnet_9blocks by default")
    parser.add_argument("--weights", type=lambda word: Path(word).resolve(), help="a generator instead of random ones")
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--memory", action="store_true")
    given = parser.parse_args()
    if given.clone is None and not given.memory:
        parser.error("CLONE is needed")
    print(machine(given.threads))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if given.memory:
            memory(folder, given.threads)
            return
        items = drawn_items(folder, given.images, 256)
        if given.weights:
            jobs = [(given.weights, infer_architecture(read_state_dict(given.weights)))]
        else:
            kinds = [(n, "batch" if n.startswith("unet") else "instance") for n in given.net or NETS]
            architectures = [Architecture(net, norm, net.startswith("unet")) for net, norm in kinds]
            jobs = [(random_weights(folder, a), a) for a in architectures]
        for weights, a in jobs:
            output = Path(tempfile.mkdtemp(dir=folder))
            job = Job(weights, a, items, "BtoA", "paper", 1, "cpu", (256, 256), output / "log.txt")
            side_by_side(job, given.clone, given.rounds, given.threads)


if __name__ == "__main__":
    main()
