"""Shards measured: what cutting costs, how far workers help, what kills cost, and a plan of a million pictures.

    python -m benchmarks.shards overhead --images 40 --filters 64 --trials 1
    python -m benchmarks.shards scaling --images 400 --filters 64 --workers 1 2 4
    python -m benchmarks.shards kills --trials 20 --executor ray
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
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import harness
from harness.catalog.types import Architecture
from harness.images.geometry import Geometry
from harness.prepare.prepare_request import PrepareRequest
from harness.prepare.preparing import prepare_images
from harness.progress import Silent
from harness.runs.record import load_record
from harness.sets.item import Item
from harness.shards import merging
from harness.shards.cutting import load_plan, write_plan
from harness.shards.storing import DOCUMENT
from harness.testing.request import TestRequest
from harness.testing.running import assigned, computing_with
from harness.workspace import Workspace
from tests.cutting import content
from tests.generators import save_generator
from tests.pictures import save_picture

MODEL, SET = "pix2pix/facades_label2photo", "pairs"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(harness.__file__).parents[1])}
SHARES = 4
"""Shards for each of the most workers: small enough that none waits long for the last one."""
KEY = 16
"""Letters of a shard's key that the name of its draft begins with."""
TOLD = ("run.json", "index.html", "index.fa.html", "index.en.html", "log.txt")
ASKED = ("test", "-m", MODEL, "-d", SET, "--engine", "native", "--threads", "1", "-q")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["overhead", "scaling", "kills", "plan"])
    parser.add_argument("--images", type=int, default=12)
    parser.add_argument("--filters", type=int, default=4)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--executor", choices=["local", "ray", "slurm"], default="local", help="who is killed")
    parser.add_argument("--device", default="cpu", help="cuda: all workers share one GPU")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="shards-") as folder:
        workspace = Workspace(Path(folder) / "ws")
        if given.what == "plan":
            million(made(workspace, 2, given.filters), given.images)
            return
        made(workspace, given.images, given.filters)
        test = Test(workspace, given.device)
        if given.what == "kills":
            kills(test, given.images, given.trials, given.executor)
        elif given.what == "scaling":
            scaling(test, given.images, given.workers)
        else:
            overhead(test, min(3, given.trials))


def made(workspace: Workspace, images: int, filters: int) -> Workspace:
    """A workspace with a generator and a set of pairs."""
    weights = workspace.weights(*MODEL.split("/"))
    weights.parent.mkdir(parents=True)
    save_generator(weights, Architecture("unet_256", "batch", True, ngf=filters))
    labels, photos = workspace.root / "labels", workspace.root / "photos"
    for number in range(images):
        for folder in (labels, photos):
            save_picture(folder / f"{number:05d}.png")
    prepare_images(workspace, PrepareRequest(folder=labels, targets=photos, model=MODEL, name=SET, size=(256, 256)))
    return workspace


@dataclass(frozen=True)
class Spent:
    """Seconds by the clock, and of processors, of a command and of all that it began."""

    wall: float
    processor: float


@dataclass(frozen=True)
class Test:
    """The test that everything here does, as a user types it."""

    workspace: Workspace
    device: str

    def command(self, *words: str) -> list[str]:
        where = ("--workspace", str(self.workspace.root))
        return [sys.executable, "-m", "harness", *where, *ASKED, "--device", self.device, *words]

    def run(self, *words: str) -> Spent:
        """Does it; raises CalledProcessError, after what it said, where it fails."""
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        subprocess.run(self.command(*words), check=True, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
        wall, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
        return Spent(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)

    def content(self, run: str) -> dict[str, str]:
        return content(self.workspace.run(run), *TOLD)


def overhead(test: Test, rounds: int) -> None:
    """Processor seconds, for the clock of a shared machine tells of its other users."""
    test.run("--limit", "1")
    spent: dict[str, list[float]] = {"plain": [], "local, 1 worker": [], "again": []}
    for _ in range(rounds):
        shutil.rmtree(test.workspace.shards, ignore_errors=True)
        for what in spent:
            spent[what].append(test.run(*(() if what == "plain" else ("--executor", "local"))).processor)
    for what, seconds in spent.items():
        least = min(seconds)
        print(f"{what:16} {least:6.1f} s of a processor, the least of {rounds}; {least / min(spent['plain']):.3f}")


def scaling(test: Test, images: int, workers: list[int]) -> None:
    """By the clock, so on a machine that does nothing else; the merge and all before the workers are of one process."""
    test.run("--limit", "1")  # what is compiled and cached at the first test of a machine
    size = max(1, images // (SHARES * max(workers)))
    plain = test.run("--name", "plain")
    expected = test.content("plain")
    print(f"{images} pictures, {-(-images // size)} shards of {size}, {test.device}, one thread a worker")
    print("workers     wall  processors  speed-up     merge  share  pictures and rows")
    print(f"  plain {plain.wall:6.1f} s   {plain.processor:7.1f} s      1.00", flush=True)
    for number in workers:
        spent = test.run("--executor", "local", "--workers", str(number), "--shard-size", str(size), "--name", "cut")
        run = test.workspace.run("cut")
        merge = load_record(run).durations["merge"]
        found = test.content("cut")
        other = sorted(file for file in expected.keys() | found.keys() if expected.get(file) != found.get(file))
        equal = f"{len(other)} differ, such as {other[0]}" if other else "equal"
        print(
            f"{number:7} {spent.wall:6.1f} s   {spent.processor:7.1f} s  {plain.wall / spent.wall:8.2f}  "
            f"{merge:6.1f} s  {merge / spent.wall:4.0%}   {equal}",
            flush=True,
        )
        shutil.rmtree(run)
        shutil.rmtree(test.workspace.shards)


def kills(test: Test, images: int, trials: int, executor: str) -> None:
    """kill -9 at random moments, then the same again: equal, and how much was computed."""
    shards, chosen = test.workspace.shards, random.Random(0)
    test.run("--name", "plain")
    plain = test.content("plain")
    with VICTIMS[executor]() as victims:
        words = ("--executor", executor, *victims.words, "--workers", "2", "--shard-size", "1", "--name", "cut")
        for trial in range(trials):
            shutil.rmtree(test.workspace.run("cut"), ignore_errors=True)
            shutil.rmtree(shards, ignore_errors=True)
            with begun(shards) as drafts:
                command = test.command(*words)
                driver = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=ENVIRONMENT)
                at = chosen.randrange(images)
                while len(whole(shards)) < at and driver.poll() is None:
                    time.sleep(0.02)
                time.sleep(chosen.uniform(0, 0.3))
                workers = victims.workers(driver.pid)
                who = victims.kinds[trial % len(victims.kinds)]
                victims.kill(who, driver.pid, workers, chosen)
                there = whole(shards)
                said = driver.communicate()[1].decode()
                for worker in workers:  # they end when nobody listens, and may finish what they hold
                    while alive(worker):
                        time.sleep(0.05)
                if not test.workspace.run("cut").exists():  # it may be killed after all is done
                    test.run(*words)
            again = sum(drafts[key] > 1 for key in there)
            equal, left = test.content("cut") == plain, [path for path in shards.iterdir() if path.suffix == ".part"]
            print(
                f"{trial:2} {who:6} exit {driver.returncode:3}: {len(there)} of {images} shards whole, {again} of them "
                f"computed again; {sum(drafts.values()) - images} begun anew, equal {equal}, left {len(left)}",
                *(line for line in said.splitlines() if line.startswith("error: ")),
                flush=True,
            )
            assert equal and not again, said


def whole(shards: Path) -> set[str]:
    return {path.parent.name[:KEY] for path in shards.glob(f"*/{DOCUMENT}")}


@contextmanager
def begun(shards: Path) -> Iterator[Counter[str]]:
    """How often each shard is begun meanwhile, by the drafts that are seen in the store."""
    seen: set[str] = set()
    found: Counter[str] = Counter()
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.02):
            new = {path.name for path in shards.glob(".*.part")} - seen if shards.is_dir() else set()
            seen.update(new)
            found.update(name[1 : KEY + 1] for name in new)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield found
    finally:
        ended.set()
        looking.join()


class Victims:
    """Who may be killed: whoever typed the command, and workers that its processes are."""

    kinds: tuple[str, ...] = ("driver", "worker")
    words: tuple[str, ...] = ()
    name = b"spawn_main"

    def __enter__(self) -> Victims:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def workers(self, driver: int) -> list[int]:
        return descendants([driver], self.name)

    def kill(self, who: str, driver: int, workers: list[int], chosen: random.Random) -> None:
        """Kills one, the driver where there is no worker; nobody where it has just ended."""
        with suppress(ProcessLookupError):
            os.kill(chosen.choice(workers) if who == "worker" and workers else driver, signal.SIGKILL)


class Jobs(Victims):
    name = b"submitit.core._submit"


class Actors(Victims):
    """Two nodes of Ray on this machine, one worker on each; the one that is killed is replaced."""

    kinds = ("node", "worker", "driver")

    def __enter__(self) -> Actors:
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        from ray.cluster_utils import Cluster

        self.cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        self.second = self.cluster.add_node(num_cpus=1)
        self.words = ("--address", self.cluster.address)
        return self

    def __exit__(self, *_: object) -> None:
        self.cluster.shutdown()

    def workers(self, driver: int) -> list[int]:
        return descendants([raylet(self.cluster.head_node), raylet(self.second)], b"ray::Worker")

    def kill(self, who: str, driver: int, workers: list[int], chosen: random.Random) -> None:
        if who != "node":
            super().kill(who, driver, workers, chosen)
            return
        os.kill(raylet(self.second), signal.SIGKILL)
        self.cluster.remove_node(self.second, allow_graceful=False)
        self.second = self.cluster.add_node(num_cpus=1)


def raylet(node: Any) -> int:
    pid: int = node.all_processes["raylet"][0].process.pid
    return pid


VICTIMS = {"local": Victims, "slurm": Jobs, "ray": Actors}


def alive(pid: int) -> bool:
    """Whether a process still does something: a zombie does not."""
    return _stat(pid)[0] not in {"", "Z"}


def descendants(pids: list[int], name: bytes) -> list[int]:
    """Processes of this name that these began, or that were begun by those."""
    parents = {int(path.name): _stat(int(path.name))[1] for path in Path("/proc").iterdir() if path.name.isdigit()}
    family = set(pids)
    while new := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= new
    return [pid for pid in family - set(pids) if alive(pid) and name in Path(f"/proc/{pid}/cmdline").read_bytes()]


def _stat(pid: int) -> tuple[str, int]:
    """A process's state and parent; ("", 0) for one that has ended."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "", 0
    return words[0], int(words[1])


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
