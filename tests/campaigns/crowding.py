"""Ten processes in one workspace."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

from harness.doctor.cleaning import check_leftovers
from harness.workspace import Workspace
from tests.campaigns.children import begin, harness
from tests.campaigns.ready import TESTED, copied, make_ready
from tests.campaigns.tally import Trial
from tests.cutting import content

_OF_A_MOMENT = ("run.json", "index.html", "index.fa.html", "log.txt")


def crowds(random_: random.Random, trials: int, folder: Path) -> Iterator[Trial]:
    """Each process of a crowd is a trial: it ends well, and what it made is what it makes alone."""
    ready = make_ready(folder / "ready")
    commands = {
        "test": (*TESTED, "--engine", "native"),
        "prepare": ("prepare-images", str(ready / "photos"), "--quiet"),
        "report": ("report", "--quiet"),
        "doctor --clean": ("doctor", "--offline", "--clean", "--quiet"),
    }
    for number in range(max(1, trials // 10)):
        home = copied(ready, folder / f"{number}")
        chosen = [*commands, *random_.choices(list(commands), weights=(5, 3, 1, 1), k=6)]
        children = [
            (name, begin(harness, "--workspace", str(home), *commands[name], log=folder / f"{number}-{place}.txt"))
            for place, name in enumerate(chosen)
        ]
        for _, child in children:
            child.join()
        alike = [content(run, *_OF_A_MOMENT) for run in (home / "results").glob("facades_label2photo-pairs-*")]
        expected = content(home / "results" / "mine", *_OF_A_MOMENT)
        whole = len(alike) == chosen.count("test") and all(made == expected for made in alike)
        with patch.object(tempfile, "tempdir", str(folder / "tmp")):
            whole = whole and check_leftovers(Workspace(home)).state == "ok"
        for place, (name, child) in enumerate(children):
            verdict = "lost" if not whole or child.exitcode not in (0, 1) else "clear" if child.exitcode else "right"
            yield Trial(f"{name} among ten", verdict, f"{number}-{place}: exit {child.exitcode}, all whole: {whole}")
