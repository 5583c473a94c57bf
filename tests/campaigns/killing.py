"""Commands killed at random moments and given again: what comes of it equals what an uncut command makes."""

from __future__ import annotations

import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

from harness.catalog.datasets import DATASETS
from harness.catalog.models import MODELS
from harness.doctor.cleaning import check_leftovers
from harness.workspace import Workspace
from tests.campaigns.children import begin, finished, harness
from tests.campaigns.ready import TESTED, copied, make_ready
from tests.campaigns.tally import Trial, Verdict
from tests.cutting import content
from tests.fetch.server import Answer, running_server
from tests.provision.conftest import UNET, dataset_bytes, generator_bytes
from tests.training.conftest import SMALL

_SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
_OF_A_MOMENT = ("run.json", "index.html", "index.fa.html", "log.txt")  # when and how long stands in them


def _setup(url: str, upstream: str, commit: str, *arguments: str) -> None:
    """`harness setup` with a catalog of tiny things on this machine."""
    model = replace(MODELS["pix2pix/sat2map"], url=f"{url}/weights", mirrors=(), sha256=None, size_bytes=None)
    data = replace(DATASETS["pix2pix/facades"], url=f"{url}/data.zip", mirrors=(), sha256=None, size_bytes=None,
                   splits=dict.fromkeys(("train", "val", "test"), 2))  # fmt: skip
    with (
        patch.dict(MODELS, {model.id: replace(model, architecture=UNET)}),
        patch.dict(DATASETS, {data.id: data}),
    ):
        where = ("--upstream-url", upstream, "--upstream-ref", commit)
        harness(*arguments, "setup", "--model", "sat2map", "--dataset", "facades", *where)


@dataclass(frozen=True)
class _Job:
    """A command: how it is given, given again, and what it makes, relative to the workspace."""

    function: Callable[..., None]
    arguments: tuple[str, ...]
    makes: str
    without: tuple[str, ...] = ()
    again: tuple[str, ...] | None = None

    def made(self, home: Path) -> dict[str, str]:
        return {name: sha for name, sha in content(home / self.makes, *self.without).items() if ".git/" not in name}

    def next(self, home: Path) -> tuple[str, ...]:
        begun = self.again is not None and (home / self.makes).parent.is_dir()
        return self.again if begun and self.again else self.arguments


def _jobs(ready: Path, url: str) -> dict[str, _Job]:
    photos = str(ready / "photos")
    train = ("train", "--dataset", "small", "--name", "trained", "--device", "cpu", "--quiet", "--", *SMALL)
    resumed = ("train", "--resume", "trained", "--quiet")
    return {
        "setup": _Job(_setup, (url, str(ready / "upstream"), (ready / "commit").read_text()), "third_party"),
        "prepare": _Job(harness, ("prepare-images", photos, "--quiet"), "datasets/photos"),
        "test native": _Job(harness, (*TESTED, "--engine", "native", "--name", "new"), "results/new", _OF_A_MOMENT),
        "test official": _Job(harness, (*TESTED, "--engine", "official", "--name", "new"), "results/new", _OF_A_MOMENT),
        "report": _Job(harness, ("report", "--quiet"), "results"),
        "train": _Job(harness, train, "results/trained/checkpoints", ("state.pt", "train_opt.txt"), resumed),
    }


def kills(random_: random.Random, trials: int, folder: Path) -> Iterator[Trial]:
    """Signals at moments of equal chance within the time that each command takes."""
    ready = make_ready(folder / "ready")
    with running_server() as server:
        server.serve("weights", Answer(generator_bytes(UNET, 1)))
        server.serve("data.zip", Answer(dataset_bytes("train", "val", "test")))
        jobs = _jobs(ready, server.url)
        uncut: dict[str, tuple[float, dict[str, str]]] = {}
        for number in range(trials):
            name = list(jobs)[number % len(jobs)]
            job, sent = jobs[name], random_.choice(_SIGNALS)
            if name not in uncut:
                home = _home(ready, folder / f"uncut {name}", name)
                begun = time.monotonic()
                assert _give(job, job.arguments, home) == 0, (home / "log.txt").read_text()
                uncut[name] = time.monotonic() - begun, job.made(home)
            took, expected = uncut[name]
            home, moment = _home(ready, folder / f"{number}", name), random_.random() * took
            child = begin(job.function, *_placed(job, job.arguments, home), log=home / "log.txt")
            child.join(moment)
            if child.is_alive() and child.pid:  # 0 would be this process and all beside it
                os.kill(child.pid, sent)
            child.join()
            verdict = _after(job, home, child.exitcode, expected)
            said = (home / "log.txt").read_text()[-500:] if verdict == "lost" else ""
            what = f"{number}: at {moment:.2f} s of {took:.2f} s: {child.exitcode}: {said}"
            yield Trial(f"{name}, {sent.name}", verdict, what)
            shutil.rmtree(home)


def _home(ready: Path, place: Path, name: str) -> Path:
    home = copied(ready, place)
    if name == "setup":  # which has everything to bring
        shutil.rmtree(home / "third_party")
    return home


def _after(job: _Job, home: Path, code: int | None, expected: dict[str, str]) -> Verdict:
    """Gives a cut command again."""
    if code not in (0, 130, -signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT):
        return "lost"  # the last two before our entry point was reached
    if code != 0 and _give(job, job.next(home), home) != 0:
        # Cut between its last file and its end: all is there, and a name that was asked for is not taken twice.
        return "clear" if job.made(home) == expected else "lost"
    with patch.object(tempfile, "tempdir", str(home / "tmp")):
        left = check_leftovers(Workspace(home))
    return "right" if job.made(home) == expected and left.state == "ok" else "lost"


def _give(job: _Job, arguments: tuple[str, ...], home: Path) -> int:
    return finished(job.function, *_placed(job, arguments, home), log=home / "log.txt")


def _placed(job: _Job, arguments: tuple[str, ...], home: Path) -> tuple[str, ...]:
    place = ("--workspace", str(home))
    return (*arguments, *place) if job.function is _setup else (*place, *arguments)
