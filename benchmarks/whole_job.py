"""The whole job – pictures drawn, measured and on a page – by hand and by `harness test`, by turns.

    python benchmarks/whole_job.py CLONE [--images 100] [--ngf 64] [--rounds 3] [--before CHECKOUT] [--only native]

CLONE is a checked-out clone of upstream at the pinned commit. By hand means what a user would type: the authors'
`test.py`, whose page comes with it, then scikit-image's SSIM and PSNR of its pictures. `--before` names another
checkout of harness, run as the native engine is; `--only` leaves the other ways out, e.g. to see what memory thousands
of images take. Every run is a process of its own and its time holds everything. The ratios are of one round each, with
their range: on a machine with other work compare processor time, which waits for nobody. Pictures are drawn, weights
random (`unet_256`), or `--pairs FOLDER` (A left, B right) and `--weights FILE`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from engines import drawn_items, machine, random_weights
from overhead_official import BY_HAND

from harness.catalog.types import Architecture
from harness.weights.architecture import architecture_of

MEASURE = """
import sys
from pathlib import Path
import numpy as np
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
rows = []
for path in sorted(Path(sys.argv[1]).glob("*_fake_B.png")):
    a, b = (np.asarray(Image.open(p)) for p in (path, path.with_name(path.name.replace("fake_B", "real_B"))))
    rows.append((
        structural_similarity(a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255,
                              channel_axis=2),
        peak_signal_noise_ratio(b, a, data_range=255),
    ))
print(len(rows), np.mean(rows, axis=0))
"""


@dataclass(frozen=True)
class Taken:
    """Seconds on the clock, and of the processor, children included; bytes the largest process held at its peak."""

    wall: float
    processor: float
    memory: int


def timed(commands: list[list[str]], environment: dict[str, str], cwd: Path) -> Taken:
    """Runs commands one after the other; ends with the output of one that fails."""
    wall, processor, memory = time.perf_counter(), 0.0, 0
    for command in commands:
        with tempfile.TemporaryFile() as said:
            child = subprocess.Popen(command, cwd=cwd, env=os.environ | environment, stdout=said, stderr=said)
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            if child.returncode:
                said.seek(0)
                sys.exit(f"{' '.join(command[:4])} failed:\n{said.read().decode(errors='replace')[-2000:]}")
        processor += used.ru_utime + used.ru_stime
        memory = max(memory, used.ru_maxrss << 10)  # Linux counts in KiB
    return Taken(time.perf_counter() - wall, processor, memory)


def laid_out(folder: Path, clone: Path, pairs: list[Path]) -> Path:
    """Makes a workspace with the pairs as an official dataset, where their script finds them too."""
    target = folder / "datasets" / "pairs" / "test"
    target.mkdir(parents=True)
    for number, pair in enumerate(pairs):
        shutil.copyfile(pair, target / f"{number:06d}{pair.suffix}")
    (folder / "third_party").mkdir()
    (folder / "third_party" / "pytorch-CycleGAN-and-pix2pix").symlink_to(clone)
    return folder


def by_hand(clone: Path, folder: Path, weights: Path, count: int) -> list[list[str]]:
    """Puts the weights where their script looks and returns what is typed then."""
    architecture, experiment = architecture_of(weights), folder / "checkpoints" / "x"
    experiment.mkdir(parents=True)
    (experiment / "latest_net_G.pth").symlink_to(weights)
    options = f"--name x --model pix2pix --netG {architecture.netG} --norm {architecture.norm} --ngf {architecture.ngf}"
    words = [*options.split(), "--direction", "BtoA", "--num_test", str(count)]
    words += ["--dataroot", str(folder / "datasets" / "pairs")]
    words += ["--checkpoints_dir", str(folder / "checkpoints"), "--results_dir", str(folder / "results")]
    drawn = folder / "results" / "x" / "test_latest" / "images"
    return [
        [sys.executable, "-B", "-c", BY_HAND, str(clone / "test.py"), *words],
        [sys.executable, "-c", MEASURE, str(drawn)],
    ]


def by_harness(folder: Path, weights: Path, engine: str) -> list[list[str]]:
    """Returns what is typed for the same."""
    words = ["--model", "facades_label2photo", "--weights", str(weights), "--dataset", "pairs", "--engine", engine]
    command = [sys.executable, "-m", "harness", "--workspace", str(folder), "test", *words, "--device", "cpu"]
    return [[*command, "--name", "run", "--quiet"]]


def main() -> None:
    """Prints what each round took, and the ratios with their range."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    path = lambda word: Path(word).resolve()  # noqa: E731
    parser.add_argument("clone", type=path)
    parser.add_argument("--pairs", type=path)
    parser.add_argument("--weights", type=path)
    parser.add_argument("--before", type=path)
    parser.add_argument("--only")
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--ngf", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    print(machine(given.threads))
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        weights = given.weights or random_weights(root, Architecture("unet_256", "batch", True, ngf=given.ngf))
        architecture = architecture_of(weights)
        (root / "drawn").mkdir()
        drawn = [] if given.pairs else [item.path for item in drawn_items(root / "drawn", given.images, 256)]
        pairs = sorted(given.pairs.iterdir())[: given.images] if given.pairs else drawn
        print(f"{architecture.netG}, ngf {architecture.ngf}: {len(pairs)} images")
        taken: dict[str, list[Taken]] = {}
        for number in range(given.rounds):
            ways = ("by hand", "official", "native", *(["before"] if given.before else []))
            for way in [given.only] if given.only else ways:
                folder = laid_out(root / f"{way} {number}", given.clone, pairs)
                code = given.before if way == "before" else Path(__file__).resolve().parents[1]
                environment = {"OMP_NUM_THREADS": str(given.threads), "PYTHONPATH": str(code)}
                if way == "by hand":
                    last = timed(by_hand(given.clone, folder, weights, len(pairs)), environment, given.clone)
                else:
                    engine = "official" if way == "official" else "native"
                    last = timed(by_harness(folder, weights, engine), environment, root)
                taken.setdefault(way, []).append(last)
                told = f"{last.wall:7.2f} s  processor {last.processor:7.2f} s  {last.memory / 1e6:5.0f} MB"
                told += f"  load {os.getloadavg()[0]:.1f}"
                print(f"round {number + 1}  {way:8} {told}", flush=True)
                shutil.rmtree(folder)
    for way in taken:
        for what in ("wall", "processor") if way != "native" and not given.only else ():
            ratios = [getattr(a, what) / getattr(b, what) for a, b in zip(taken[way], taken["native"], strict=True)]
            print(f"{way} to native, {what} time: {min(ratios):.2f} to {max(ratios):.2f} times")


if __name__ == "__main__":
    main()
