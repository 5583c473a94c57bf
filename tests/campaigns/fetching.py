"""Faults of downloads, and flipped bits in what they bring."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import torch

from harness.catalog.datasets import DATASETS
from harness.catalog.models import MODELS
from harness.errors import HarnessError
from harness.fetch.http import PATIENT
from harness.progress import Silent
from harness.provision.dataset_files import bring_dataset
from harness.provision.weight_files import bring_weights
from harness.workspace import Workspace
from tests.campaigns.children import begin
from tests.campaigns.tally import Trial, Verdict
from tests.cutting import content
from tests.fetch.server import Answer, Server, running_server
from tests.provision.conftest import UNET, dataset_bytes, generator_bytes, tar_bytes

_SPLITS = ("train", "val", "test")
_BODIES = {
    "weights": lambda: generator_bytes(UNET, 1),
    "tar.gz": lambda: tar_bytes(*_SPLITS),
    "zip": lambda: dataset_bytes(*_SPLITS),
}


def bring(workspace: str, kind: str, url: str) -> None:
    """Brings one thing as `harness setup` does, without pauses between attempts; exit code 1 for a clear error."""
    home = Workspace(Path(workspace))
    with patch.dict(PATIENT.__dict__, {"sleep": lambda seconds: None}):
        try:
            with home.locked("harness setup", wait_s=-1):
                if kind == "weights":
                    model = replace(MODELS["pix2pix/sat2map"], url=url, mirrors=(), sha256=None, size_bytes=None)
                    bring_weights(home, replace(model, architecture=UNET), Silent())
                else:
                    facts = {"mirrors": (), "sha256": None, "size_bytes": None, "splits": dict.fromkeys(_SPLITS, 2)}
                    bring_dataset(home, replace(DATASETS["pix2pix/facades"], url=url, **facts), Silent())
        except HarnessError as error:
            assert error.hint
            raise SystemExit(1) from error


def _brought(workspace: Path, kind: str) -> object:
    """What has its final name, None where nothing has; tensors of weights, since a flip may hit no tensor."""
    home = Workspace(workspace)
    path = home.weights("pix2pix", "sat2map") if kind == "weights" else home.official_dataset("pix2pix", "facades")
    if not path.exists():
        return None
    if kind != "weights":
        return content(path)
    return {key: value.numpy().tobytes() for key, value in torch.load(path, weights_only=True).items()}


def _code(workspace: Path, kind: str, url: str) -> int:
    try:
        bring(str(workspace), kind, url)
    except SystemExit:
        return 1
    except Exception:
        return 3
    return 0


def _judged(codes: list[int], found: object, expected: object) -> Verdict:
    if set(codes) == {0} and found == expected:
        return "right"
    return "clear" if set(codes) <= {0, 1} and found in (None, expected) else "lost"


def _faults(random_: random.Random, body: bytes) -> list[Answer]:
    """One to three faulty answers, after which the server behaves, or not."""
    place = random_.randrange(len(body))
    faults = [
        Answer(body, cut=place),
        Answer(body, cut=place, ranges=False),
        Answer(body, length=len(body) + random_.randrange(1, 5000), cut=len(body)),
        Answer(body, cut=place, rest=body[: len(body) - place]),
        Answer(body, cut=place, etag='"other"'),
        Answer(body, cut=place, etag=None),
        Answer(b"busy", status=503),
        Answer(b"gone", status=404),
        Answer(b"<!doctype html><html>log in</html>", headers={"Content-Type": "text/html"}),
        Answer(b""),
    ]
    chosen = random_.choices(faults, k=random_.randint(1, 3))
    return [*chosen, *random_.choices([Answer(body), chosen[-1]], weights=[3, 1])]


def download_faults(random_: random.Random, trials: int, folder: Path) -> Iterator[Trial]:
    """Every kind of thing, by one process and by two at once; then once more from a server that behaves."""
    with running_server() as server:
        for number in range(trials):
            kind, processes = random_.choice(sorted(_BODIES)), random_.choice((1, 2))
            body = _BODIES[kind]()
            answers = _faults(random_, body)
            home = folder / f"{number}"
            good = _expected(server, kind, folder)
            url = server.serve(f"{number}.{kind}", *answers)
            codes = _at_once(home, kind, url, processes)
            verdict = _judged(codes, _brought(home, kind), good)
            server.serve(f"{number}.{kind}", Answer(body))
            # Wrong bytes for a range are seen when the whole is looked into: then the next call begins anew.
            again = _code(home, kind, url) and _code(home, kind, url)
            if again != 0 or _brought(home, kind) != good:
                verdict = "lost"
            told = ", ".join(f"{a.status} cut {a.cut} length {a.length} {a.etag}" for a in answers)
            yield Trial(f"download of {kind}, {processes} at once", verdict, f"{number}: {codes}, then {again}: {told}")


def _expected(server: Server, kind: str, folder: Path) -> object:
    home = folder / f"good-{kind}"
    if _brought(home, kind) is None:
        assert _code(home, kind, server.serve(f"good.{kind}", Answer(_BODIES[kind]()))) == 0
    return _brought(home, kind)


def _at_once(home: Path, kind: str, url: str, processes: int) -> list[int]:
    if processes == 1:
        return [_code(home, kind, url)]
    home.mkdir()
    children = [begin(bring, str(home), kind, url, log=home / "log.txt") for _ in range(processes)]
    for child in children:
        child.join()
    (home / "log.txt").unlink()
    return [child.exitcode if child.exitcode is not None else 3 for child in children]


def flipped_bits(random_: random.Random, trials: int, folder: Path) -> Iterator[Trial]:
    """One bit of the file is another on the way; nobody told its SHA-256."""
    with running_server() as server:
        for number in range(trials):
            kind = random_.choice(sorted(_BODIES))
            body = bytearray(_BODIES[kind]())
            place, bit = random_.randrange(len(body)), random_.randrange(8)
            body[place] ^= 1 << bit
            good = _expected(server, kind, folder)
            home, url = folder / f"{number}", server.serve(f"{number}.{kind}", Answer(bytes(body)))
            verdict = _judged([_code(home, kind, url)], _brought(home, kind), good)
            yield Trial(f"a flipped bit in {kind}", verdict, f"{number}: bit {bit} of byte {place}")
