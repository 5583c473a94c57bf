"""The native engine on a GPU: how fast each precision is, and how far from the exact result.

    python benchmarks/gpu.py [--rounds 12] [--pictures FOLDER]

Random weights of 64 filters (`unet_256`, `resnet_9blocks`) and the demo's trained ones; one batch of 256x256, drawn
street fronts' label maps or those of a folder. Time is the median of rounds and holds the way to the GPU and back. The
exact result is the same network in float64; beside the GPU's precisions stands the CPU's fp32.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from engines import DRAWN_SERIES, random_weights
from PIL import Image

from harness.catalog.types import Architecture
from harness.demo.scenes import draw_scene
from harness.engines.devices import kind_of
from harness.engines.job import Job, NativeSettings
from harness.engines.native.generator import Translator, load_generator
from harness.engines.native.pixels import to_pixels, to_tensor
from harness.engines.seeds import image_seed
from harness.weights.architecture import architecture_of
from harness.weights.layers import dropout_from, set_mode

BATCH, SIDE = 16, 256
DEMO = Path(__file__).resolve().parents[1] / "harness" / "demo" / "weights" / "latest_net_G.pth"


def off(outputs: torch.Tensor, exact: torch.Tensor) -> str:
    """How far levels lie from the exact ones: (N, C, H, W) in [-1, 1] each."""
    levels = (to_pixels(outputs).to(torch.int16) - to_pixels(exact).to(torch.int16)).abs()
    share = 100 * float((levels > 0).to(torch.float64).mean())
    return (
        f"at most {int(levels.max()):2} levels, {float(levels.to(torch.float64).mean()):.5f} on average, {share:.4f} %"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--pictures", type=Path)
    given = parser.parse_args()
    print(f"{kind_of('cuda')}, torch {torch.__version__}, batches of {BATCH}")
    if given.pictures:
        pictures = [Image.open(path).convert("RGB") for path in sorted(given.pictures.iterdir())[:BATCH]]
    else:
        pictures = [Image.fromarray(np.asarray(draw_scene(DRAWN_SERIES, n).label)) for n in range(BATCH)]
    inputs = to_tensor([picture.resize((SIDE, SIDE)) for picture in pictures], 3)
    names = [f"picture {n}" for n in range(len(pictures))]
    with tempfile.TemporaryDirectory() as folder:
        made = [Architecture("unet_256", "batch", True), Architecture("resnet_9blocks", "instance", False)]
        for weights in [DEMO, *(random_weights(Path(folder), architecture) for architecture in made)]:
            measure(weights, inputs, names, given.rounds)


def measure(weights: Path, inputs: torch.Tensor, names: list[str], rounds: int) -> None:
    architecture = architecture_of(weights)
    job = Job(weights, architecture, (), "BtoA", "paper", 0, "cuda", (SIDE, SIDE), weights.with_suffix(".log"))
    print(f"\n{architecture.netG}, ngf {architecture.ngf}")
    network = load_generator(job)
    set_mode(network, job.mode)
    with torch.inference_mode(), dropout_from([torch.Generator().manual_seed(image_seed(0, n)) for n in names]):
        exact = network.double().cuda()(inputs.double().cuda()).cpu()
    del network
    cpu = Translator(job, "cpu", NativeSettings()).translate(inputs, names)
    print(f"  cpu fp32{'':19} {off(cpu, exact)}")
    for precision in ("fp32", "tf32", "bf16", "fp16"):
        translator = Translator(job, "cuda", NativeSettings(precision=precision))  # type: ignore[arg-type]
        taken = []
        torch.cuda.reset_peak_memory_stats()
        for _ in range(rounds + 2):
            begun = time.perf_counter()
            to_pixels(translator.translate(inputs, names))  # on the CPU: everything has been waited for
            taken.append(1e3 * (time.perf_counter() - begun) / len(names))
        outputs = translator.translate(inputs, names).float().cpu()
        alone = torch.equal(translator.translate(inputs[3:8], names[3:8]).float().cpu(), outputs[3:8])
        print(
            f"  {precision} {statistics.median(taken[2:]):6.2f} ms  {torch.cuda.max_memory_allocated() >> 20:5} MiB  "
            f"{off(outputs, exact)}; five of them alone: {'equal' if alone else 'OTHER'} bits"
        )


if __name__ == "__main__":
    main()
