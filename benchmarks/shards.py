"""Shards measured: what cutting costs, what kills cost, and a plan of a million pictures.

    python -m benchmarks.shards overhead --images 40 --filters 64 --trials 1
    python -m benchmarks.shards kills --trials 20
    python -m benchmarks.shards plan --images 1000000

Networks are of random weights and pictures of noise. In `plan` stand for what is too much to make: for the pictures
their names, hashes and sizes, and for the shards' work documents with three metrics of three whos a picture and no
pictures, so that its times are those of the plan, of its files and of the rows, without reading or linking pictures.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.catalog.types import Architecture
from harness.images.geometry import Geometry
from harness.prepare.prepare_request import PrepareRequest
from harness.prepare.preparing import prepare_images
from harness.progress import Silent
from harness.sets.item import Item
from harness.shards import merging
from harness.shards.cutting import load_plan, write_plan
from harness.shards.storing import DOCUMENT
from harness.testing.request import TestRequest
from harness.testing.running import assigned, computing_with
from harness.workspace import Workspace
from tests.cutting import content
from tests.engines.native.conftest import save_generator
from tests.pictures import save_picture

MODEL, SET = "pix2pix/facades_label2photo", "pairs"
TOLD = ("run.json", "index.html", "index.fa.html", "index.en.html", "log.txt")
ASKED = ["test", "-m", MODEL, "-d", SET, "--engine", "native", "--device", "cpu", "--threads", "1", "-q"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["overhead", "kills", "plan"])
    parser.add_argument("--images", type=int, default=12)
    parser.add_argument("--filters", type=int, default=4)
    parser.add_argument("--trials", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="shards-") as folder:
        workspace = Workspace(Path(folder) / "ws")
        if given.what == "plan":
            million(made(workspace, 2, given.filters), given.images)
        elif given.what == "kills":
            kills(made(workspace, given.images, given.filters), given.images, given.trials)
        else:
            overhead(made(workspace, given.images, given.filters), min(3, given.trials))


def made(workspace: Workspace, images: int, filters: int) -> Workspace:
    """A workspace with a generator and a set of pairs."""
    weights = workspace.weights(*MODEL.split("/"))
    weights.parent.mkdir(parents=True)
    save_generator(weights, Architecture("unet_256", "batch", True, ngf=filters))
    for number in range(images):
        for kind in ("labels", "photos"):
            save_picture(workspace.root / kind / f"{number:04d}.png", 256, 256)
    labels, photos = workspace.root / "labels", workspace.root / "photos"
    prepare_images(workspace, PrepareRequest(folder=labels, targets=photos, model=MODEL, name=SET, size=(256, 256)))
    return workspace


def command(workspace: Workspace, *words: str) -> list[str]:
    return [sys.executable, "-m", "harness", "--workspace", str(workspace.root), *ASKED, *words]


def overhead(workspace: Workspace, rounds: int) -> None:
    """Processor seconds, for the clock of a shared machine tells of its other users."""
    spent: dict[str, list[float]] = {"plain": [], "local, 1 worker": [], "again": []}
    for _ in range(rounds):
        shutil.rmtree(workspace.shards, ignore_errors=True)
        for what, words in (
            ("plain", ()),
            ("local, 1 worker", ("--executor", "local")),
            ("again", ("--executor", "local")),
        ):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(command(workspace, *words), check=True, stdout=subprocess.DEVNULL)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            spent[what].append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    for what, seconds in spent.items():
        least = min(seconds)
        print(f"{what:16} {least:6.1f} s of a processor, the least of {rounds}; {least / min(spent['plain']):.3f}")


def kills(workspace: Workspace, images: int, trials: int) -> None:
    """kill -9 of the driver or a worker at random moments, then the same again: equal, and how much was computed."""
    subprocess.run(command(workspace, "--name", "plain"), check=True, stdout=subprocess.DEVNULL)
    plain = content(workspace.run("plain"), *TOLD)
    chosen, begun = random.Random(0), time.monotonic()
    words = ("--executor", "local", "--workers", "2", "--shard-size", "1", "--name", "cut")
    shutil.rmtree(workspace.shards, ignore_errors=True)
    subprocess.run(command(workspace, *words), check=True, stdout=subprocess.DEVNULL)
    whole = time.monotonic() - begun
    for trial in range(trials):
        shutil.rmtree(workspace.run("cut"), ignore_errors=True)
        shutil.rmtree(workspace.shards, ignore_errors=True)
        who = ("driver", "worker")[trial % 2]
        driver = subprocess.Popen(command(workspace, *words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chosen.uniform(0.2, 0.8) * whole / 2)
        workers = children(driver.pid)
        victim = driver.pid if who == "driver" else chosen.choice(workers or [driver.pid])
        os.kill(victim, signal.SIGKILL)
        code = driver.wait()
        for worker in workers:  # they end when nobody listens, and may finish what they hold
            while Path(f"/proc/{worker}").exists():
                time.sleep(0.05)
        there = {path.parent.name: path.stat().st_mtime_ns for path in workspace.shards.glob(f"*/{DOCUMENT}")}
        again = subprocess.run(command(workspace, *words), capture_output=True, text=True) if code else None
        now = {path.parent.name: path.stat().st_mtime_ns for path in workspace.shards.glob(f"*/{DOCUMENT}")}
        kept = sum(now[key] == written for key, written in there.items())
        equal = content(workspace.run("cut"), *TOLD) == plain
        left = [path.name for path in workspace.shards.iterdir() if path.name.startswith(".")]
        who = "driver" if victim == driver.pid else who  # where no worker was there yet
        print(
            f"{trial:2} {who:6} exit {code:3}: "
            f"{len(there)} of {images} shards whole, {kept} taken over, {len(now) - kept if again else 0} computed, "
            f"equal {equal}, left {len(left)}",
            flush=True,
        )
        assert equal and kept == len(there), again and again.stderr


def children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children")
    pids = [int(word) for word in found.read_text().split()] if found.exists() else []
    return [p for p in pids if b"spawn_main" in Path(f"/proc/{p}/cmdline").read_bytes()]


def million(workspace: Workspace, images: int) -> None:
    """A plan of many pictures, and its merge, with stand-ins."""
    request = TestRequest(model=MODEL, dataset=SET, engine="native", device="cpu", threads=1, name="many", full=False)
    with computing_with(1):
        work = assigned(workspace, request, Silent())
        names = [f"{number:07d}" for number in range(images)]
        facts = tuple(
            {
                "name": name,
                "source": f"photos/{name}.png",
                "nearness": None,
                "warnings": [],
                "sha256": hashlib.sha256(name.encode()).hexdigest(),
                "source_sha256": hashlib.sha256(name.encode()).hexdigest(),
                "target_sha256": hashlib.sha256(name.encode()).hexdigest(),
            }
            for name in names
        )
        items = tuple(Item(name, workspace.dataset(SET) / "test" / f"{name}.png", True) for name in names)
        selection = replace(work.selection, items=items, facts=facts)
        geometries = {name: Geometry.whole((256, 256)) for name in names}
        work = replace(work, selection=selection, geometries=geometries)
        told("the set in memory", time.process_time())
        begun = time.process_time()
        folder = workspace.root / "PLAN"
        folder.mkdir()
        plan = write_plan(workspace, work, folder)
        told(f"plan of {images} pictures, {len(plan.keys)} shards", begun)
        del work, selection, items, facts, geometries
        begun = time.process_time()
        values = random.Random(0)
        for number, key in enumerate(plan.keys):
            inside = names[512 * number : 512 * (number + 1)]
            numbers = {column: [values.random() for _ in inside] for column in ("ssim", "psnr", "mae")}
            table = {"names": inside, "columns": numbers}
            document = {
                "machine": {"device": "cpu"},
                "names": inside,
                "answer": {
                    "engine": "native",
                    "options": [],
                    "shims": [],
                    "durations": {},
                    "extra": {},
                    "left_out": {},
                },
                "left_out": {},
                "tables": dict.fromkeys(("output", "input_copied", "mean_target"), table),
                "missing": {},
                "targets": [0, []],
                "seeds": {},
                "files": {},
            }
            (workspace.shards / key).mkdir(parents=True)
            (workspace.shards / key / DOCUMENT).write_text(json.dumps(document))
        told("documents of stand-ins", begun)
    # By a process of its own, whose memory is the merge's.
    merging_ = multiprocessing.get_context("spawn").Process(target=merge_alone, args=(workspace, folder))
    merging_.start()
    merging_.join()
    assert merging_.exitcode == 0


def merge_alone(workspace: Workspace, folder: Path) -> None:
    """Merges without a page."""
    write = merging.write_run

    def writing(*given: Any, **named: Any) -> Any:
        told("rows and statistics of all shards", 0)
        return write(*given, **named)

    merging.write_run = writing
    told("a merge begins", 0)
    merging.merge_into(workspace, load_plan(workspace, folder), workspace.root / "elsewhere" / "many", Silent())
    told("merged, record and tables written, without a page", 0)


def told(what: str, begun: float) -> None:
    # Of this process alone: `ru_maxrss` begins with that of whoever began it.
    peak = int(re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[0]) / 1024
    print(f"{what}: {time.process_time() - begun:.1f} s of a processor, peak memory so far {peak:.0f} MiB", flush=True)


if __name__ == "__main__":
    main()
