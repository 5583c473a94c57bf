"""Run folders made of seeded synthetic pictures, as `harness test` leaves them."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from harness.metrics.measure import Measurement, measure_images
from harness.metrics.rows import Row, Rows
from harness.metrics.statistics import Summary
from harness.metrics.storage import save_measurement
from harness.runs.record import RunRecord, save_record

SIZE = 48


def draw(name: str, noise: float = 0.0, size: tuple[int, int] = (SIZE, SIZE)) -> Image.Image:
    """A smooth coloured picture that depends on `name`, with seeded noise of that standard deviation on it."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    small = Image.fromarray(rng.integers(0, 256, (4, 4, 3), dtype=np.uint8))
    smooth = np.asarray(small.resize(size, Image.Resampling.BICUBIC), dtype=np.float64)
    return Image.fromarray((smooth + rng.normal(0, 1, smooth.shape) * noise).clip(0, 255).astype(np.uint8))


def sample_record(name: str, names: Sequence[str], paired: bool = True, **changes: object) -> RunRecord:
    """A record as `harness test` writes it, with fixed facts."""
    facts: dict[str, object] = {
        "name": name,
        "harness_version": "1.0.0",
        "command": ("harness", "test", "--model", "facades_label2photo", "--dataset", "/home/someone/my photos"),
        "started": "2026-01-02T03:04:05+00:00",
        "model": {
            "id": "pix2pix/facades_label2photo" if paired else "cyclegan/horse2zebra",
            "family": "pix2pix" if paired else "cyclegan",
            "weights_sha256": "ab" * 32,
            "architecture": {"netG": "unet_256", "norm": "batch", "use_dropout": True, "ngf": 64},
            "input_domain": "facade_label",
            "output_domain": "facade_photo",
            "licence": "none stated for the weights; trained on CMP Facade Database: cite its paper",
            "url": "http://efrosgans.eecs.berkeley.edu/pix2pix/models-pytorch/facades_label2photo.pth",
        },
        "engine": "official",
        "mode": "paper",
        "seed": 0,
        "device": "cpu",
        "upstream": {
            "url": "https://github.com/junyanz/pytorch-CycleGAN-and-pix2pix",
            "commit": "2a7afba2895d52556dd5dfe07e8555ef657ced6f",
            "dirty": False,
        },
        "test_set": {
            "name": "my_photos",
            "reference": "my_photos",
            "split": "test",
            "digest": "cd" * 32,
            "layout": "paired" if paired else "single",
            "direction": "BtoA",
            "count": len(names),
            "refused": 1,
            "size": [SIZE, SIZE],
        },
        "images": tuple(_facts(n) for n in names),
        "versions": {"python": "3.11.7", "torch": "2.13.0", "os": "Linux"},
        "options": ("--netG", "unet_256"),
        "shims": ("wandb is a stub",),
        "durations": {"translate": 12.5, "measure": 1.25},
        "warnings": ("1 files of the folder were refused; the set's own page says why",),
    }
    return RunRecord(**{**facts, **changes})  # type: ignore[arg-type]


def _facts(name: str) -> dict[str, object]:
    number = f"{zlib.crc32(name.encode()):064x}"
    hashes = {"sha256": f"a{number[1:]}", "source_sha256": f"b{number[1:]}", "target_sha256": f"c{number[1:]}"}
    whole = [0, 0, SIZE, SIZE]
    geometry = {"source": [SIZE, SIZE], "region": whole, "frame": [SIZE, SIZE], "box": whole, "orientation": 1}
    known = {"name": name, "source": f"{name}.jpg", "nearness": None, "warnings": []}
    return {**known, **hashes, "geometry": geometry}


def sample_run(
    folder: Path,
    names: Sequence[str] = tuple(f"{i:03d}" for i in range(8)),
    paired: bool = True,
    noise: float = 30.0,
    **changes: object,
) -> Path:
    """Writes a whole run: pictures whose noise grows with their place, so that the first is the best."""
    for place, name in enumerate(names):
        pictures = {
            "input": draw(f"input {name}"),
            "output": draw(f"target {name}", noise * (place + 1) / len(names)),
            **({"target": draw(f"target {name}")} if paired else {}),
        }
        for kind, picture in pictures.items():
            path = folder / "images" / kind / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            picture.save(path)
    save_measurement(folder, measure_images(folder / "images", names, paired=paired))
    save_record(folder, sample_record(folder.name, names, paired, **changes))
    return folder


def read_document(run: Path) -> dict[str, Any]:
    """A run's `run.json`, its images among it as they were in format 1."""
    document = json.loads((run / "run.json").read_text(encoding="utf-8"))
    lines = (run / "images.jsonl").read_text(encoding="utf-8").splitlines()
    return {**document, "images": [json.loads(line) for line in lines]}


def change_record(run: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Edits a run's `run.json` and `images.jsonl` by hand."""
    document = read_document(run)
    change(document)
    lines = [json.dumps(image) + "\n" for image in document.pop("images")]
    (run / "images.jsonl").write_text("".join(lines), encoding="utf-8")
    (run / "run.json").write_text(json.dumps(document), encoding="utf-8")


def change_facts(run: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Edits what a run's record says of every image."""
    change_record(run, lambda document: [change(facts) for facts in document["images"]])


HOSTILE_NAMES = (
    "<img src=x onerror=alert(1)>",
    "a#b?c%20 d",
    "\"' onload='x",
    "<!--<script>window.pwned=1<,script>",
    "javascript:alert(1)",
    "__proto__",
    "é漢字 عربى 😀",
)


def plain_measurement(count: int, names: Sequence[str] | None = None, paired: bool = True) -> Measurement:
    """A measurement with round numbers that no library computed; the last image's PSNR is infinite."""
    columns = ("ssim", "psnr", "mae") if paired else ("input_ssim", "input_psnr")
    names = names or [f"{i:05d}" for i in range(count)]
    rows = []
    for place, name in enumerate(names):
        share = (place * 7919 % count) / max(1, count - 1)
        values = {"ssim": 0.2 + 0.6 * share, "psnr": 10 + 20 * share, "mae": 60 - 50 * share}
        values = {c: values[c.removeprefix("input_")] for c in columns}
        if place == count - 1:
            values["psnr" if paired else "input_psnr"] = math.inf
        rows.append(Row(name, values))
    ours = {c: _plain_summary([r.values[c] for r in rows], 0.0) for c in columns}
    beside = {
        "input_copied": {c: _plain_summary([r.values[c] for r in rows], 0.5) for c in columns},
        "mean_target": {c: _plain_summary([r.values[c] for r in rows], 0.05) for c in columns},
    }
    protocol = {"version": 1, "line": "Protocol 1: as the tests say", "comparable": {"version": 1}}
    return Measurement(columns, Rows.of(rows), ours, beside if paired else {}, protocol)


def _plain_summary(values: Sequence[float], less: float) -> Summary:
    finite = sorted(v * (1 - less) for v in values if math.isfinite(v))
    mean, half = sum(finite) / len(finite), 0.04 * finite[-1]
    apart = len(values) - len(finite)
    return Summary(mean, mean - half, mean + half, finite[len(finite) // 2], finite[0], finite[-1], len(values), apart)
