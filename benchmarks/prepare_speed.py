"""Compares `harness prepare-images` with the known preparation scripts, in CPU seconds a picture on big JPEGs.

    python benchmarks/prepare_speed.py --count 60 --upstream CLONE [--tools CLONE --tools-path LIBRARIES]

Every program runs in a process of its own, once on 2 pictures and once on all: the difference leaves start-up out.
`combine_A_and_B.py` joins pairs (it needs OpenCV) and is broken as shipped: `Path` is used and never imported, which a
temporary copy gets mended here. It never resizes: its pairs are as large as the photos, and upstream's loader squashes
them at each epoch. `tools/process.py` of
affinelayer/pix2pix-tensorflow is written for TensorFlow 1; a module in front of it gives it `tensorflow.compat.v1`.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

WARM_UP = 2


@dataclass(frozen=True)
class Cost:
    """CPU and wall seconds of a process and its children."""

    cpu: float
    wall: float


def make_photos(folder: Path, count: int, size: tuple[int, int], seed: int) -> None:
    """Writes JPEGs of quality 92 with the detail and noise of phone photos (about 4 MB at 12 megapixels)."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    for number in range(count):
        coarse = Image.fromarray(rng.integers(0, 256, (size[1] // 40, size[0] // 40, 3), dtype=np.uint8))
        photo = np.asarray(coarse.resize(size, Image.Resampling.BICUBIC), dtype=np.int16)
        grain = rng.normal(0, 6, photo.shape[:2]).astype(np.int16)[..., None]
        Image.fromarray(np.clip(photo + grain, 0, 255).astype(np.uint8)).save(folder / f"{number:04}.jpg", quality=92)


def first(source: Path, target: Path, count: int) -> Path:
    """Links the first pictures of a folder into another one."""
    target.mkdir(parents=True)
    for path in sorted(source.iterdir())[:count]:
        os.link(path, target / path.name)
    return target


def cost_of(command: list[str], **environment: str) -> Cost:
    """Runs a command to its end; raises if it fails."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return Cost(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall)


def rate(run: Callable[[int], Cost], count: int) -> tuple[float, float]:
    """Images a second and core (by CPU time), and a second (by the clock), start-up left out."""
    short, whole = run(WARM_UP), run(count)
    return (count - WARM_UP) / (whole.cpu - short.cpu), (count - WARM_UP) / (whole.wall - short.wall)


def harness_runner(work: Path, inputs: Path, targets: Path | None) -> Callable[[int], Cost]:
    """`harness prepare-images` on the first pictures."""

    def run(count: int) -> Cost:
        here = Path(tempfile.mkdtemp(dir=work))
        options = ["--targets", str(first(targets, here / "b", count))] if targets else []
        command = [sys.executable, "-m", "harness", "--workspace", str(here / "w"), "prepare-images"]
        return cost_of([*command, str(first(inputs, here / "a", count)), *options, "-q"])

    return run


def combine_runner(work: Path, clone: Path, libraries: str, inputs: Path, targets: Path) -> Callable[[int], Cost]:
    """Upstream's pairing script, mended in a temporary copy."""
    script = work / "combine_A_and_B.py"
    script.write_text("from pathlib import Path\n" + (clone / "datasets" / "combine_A_and_B.py").read_text())

    def run(count: int) -> Cost:
        here = Path(tempfile.mkdtemp(dir=work))
        first(inputs, here / "a" / "test", count)
        first(targets, here / "b" / "test", count)
        folders = ["--fold_A", str(here / "a"), "--fold_B", str(here / "b"), "--fold_AB", str(here / "ab")]
        cost = cost_of([sys.executable, str(script), *folders], PYTHONPATH=libraries)
        assert len(list((here / "ab" / "test").iterdir())) == count, "it lost pictures"
        return cost

    return run


def process_runner(work: Path, tools: Path, libraries: str, inputs: Path) -> Callable[[int], Cost]:
    """`process.py --operation resize` under a TensorFlow 2 that plays TensorFlow 1."""
    stand_in = work / "tf1"
    stand_in.mkdir()
    (stand_in / "process.py").write_text(
        "import sys, tensorflow\nsys.modules['tensorflow'] = tensorflow.compat.v1\n"
        "tensorflow.compat.v1.disable_v2_behavior()\n"
        f"sys.path.insert(0, {str(tools)!r})\n"
        f"exec(compile(open({str(tools / 'process.py')!r}).read(), 'process.py', 'exec'))\n"
    )

    def run(count: int) -> Cost:
        here = Path(tempfile.mkdtemp(dir=work))
        folders = ["--input_dir", str(first(inputs, here / "a", count)), "--output_dir", str(here / "out")]
        command = [sys.executable, str(stand_in / "process.py"), "--operation", "resize", *folders]
        cost = cost_of(command, PYTHONPATH=libraries, TF_CPP_MIN_LOG_LEVEL="3")
        assert len(list((here / "out").iterdir())) == count, "it lost pictures"
        return cost

    return run


def main() -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=60, help="pictures a side")
    parser.add_argument("--megapixels", type=float, default=12)
    parser.add_argument("--upstream", type=Path, help="clone of pytorch-CycleGAN-and-pix2pix")
    parser.add_argument("--upstream-path", default="", help="PYTHONPATH with OpenCV for it")
    parser.add_argument("--tools", type=Path, help="folder with process.py and tfimage.py")
    parser.add_argument("--tools-path", default="", help="PYTHONPATH with TensorFlow for it")
    given = parser.parse_args()
    width = round((given.megapixels * 1e6 * 4 / 3) ** 0.5)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        for side, seed in (("A", 0), ("B", 1)):
            make_photos(work / "large" / side, given.count, (width, width * 3 // 4), seed)
        large = work / "large"
        weight = sum(p.stat().st_size for p in (large / "A").iterdir()) / given.count / 1e6
        print(f"{given.count} JPEGs a side of {width}x{width * 3 // 4}, {weight:.1f} MB each; {os.cpu_count()} cores")
        print(f"{'':58}images/s a core   images/s")
        ours = show("harness prepare-images A", rate(harness_runner(work, large / "A", None), given.count))
        if given.tools:
            runner = process_runner(work, given.tools, given.tools_path, large / "A")
            show("process.py --operation resize", rate(runner, given.count), ours)
        pairs = show("harness prepare-images A --targets B (pairs)",
                     rate(harness_runner(work, large / "A", large / "B"), given.count))  # fmt: skip
        if given.upstream:
            runner = combine_runner(work, given.upstream, given.upstream_path, large / "A", large / "B")
            show("combine_A_and_B.py (pairs, mended, not resized)", rate(runner, given.count), pairs)


def show(label: str, measured: tuple[float, float], ours: float | None = None) -> float:
    """Prints a line, with our rate by theirs where there is one to compare with; returns the rate a core."""
    beside = f"   ours by theirs: {ours / measured[0]:.1f}" if ours else ""
    print(f"{label:58}{measured[0]:15.1f}{measured[1]:11.1f}{beside}", flush=True)
    return measured[0]


if __name__ == "__main__":
    main()
