"""A training's record and what its monitor knows, as the document and the facts its page shows."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.runs.training_record import TrainingRecord, load_training
from harness.training.page import PAGE, PROGRESS, TrainingPage, write_progress, write_training_page
from harness.web.language import language, languages, spoken
from harness.web.privacy import public_word, without_paths

if TYPE_CHECKING:
    from harness.training.laying_out import Sample

# What `write_progress` begins with, and what the page's script defines.
_CALL = "harnessProgress("

_NOTHING_YET: dict[str, Any] = {
    "epoch": 0, "epochs": 0, "batch": 0, "batches": 0, "iteration": 0, "iterations": 0,
    "images_per_second": None, "seconds_left": None, "seconds_spent": 0.0,
    "losses": {"names": [], "epochs": [], "values": {}},
    "rates": {"epochs": [], "values": []}, "speed": {"epochs": [], "values": []},
    "samples": {"inputs": [], "epochs": []}, "findings": [],
}  # fmt: skip
_SHOWN_OPTIONS = (
    *("netG", "netD", "norm", "ngf", "ndf", "gan_mode"),
    *("load_size", "crop_size", "preprocess", "lr", "beta1"),
)


def last_known(folder: Path) -> dict[str, Any]:
    """Returns what `progress.js` says of a training, empty where nothing was written yet."""
    try:
        told = json.loads((folder / PROGRESS).read_text(encoding="utf-8").strip().removeprefix(_CALL).removesuffix(")"))
    except (OSError, ValueError):  # it is written aside, but another program may have spoilt it
        return {}
    return {key: told[key] for key in _NOTHING_YET if key in told}


def sample_strips(folder: Path, samples: Sequence[Sample]) -> dict[str, Any]:
    """Returns the sample pictures and what was drawn of them after each epoch, as addresses below the folder."""

    def address(path: Path | None) -> str | None:
        return path.relative_to(folder).as_posix() if path is not None and path.is_file() else None

    # `sample_hooks` writes five digits, by which names sort as numbers do.
    drawn = sorted(p for p in (folder / "samples").glob("[0-9]*") if p.is_dir())
    return {
        "inputs": [
            {"name": s.name, "network": s.network, "input": address(s.input), "target": address(s.target)}
            for s in samples
        ],
        "epochs": [{"epoch": int(p.name), "outputs": [address(p / s.input.name) for s in samples]} for p in drawn],
    }


def rewrite_page(folder: Path, lang: str | None = None) -> Path:
    """Writes a training's page again, in another language too, and returns its path; RunError where there is none."""
    record = load_training(folder)
    publish(folder, replace(record, lang=spoken(lang, record.lang).code), last_known(folder), page=True)
    return folder / PAGE


def publish(folder: Path, record: TrainingRecord, known: dict[str, Any], *, page: bool = False) -> None:
    """Writes `progress.js`, which an open page reads by itself, and with `page` the page too.

    Args:
        known: `Monitor.document`, or empty before there is any.
    """
    document = _document(record, known)
    write_progress(folder, document)
    if page:
        command = tuple(public_word(word) for word in record.command)
        shown = TrainingPage(command, tuple(_facts(record)), document)
        write_training_page(folder, shown, record.lang)


def _document(record: TrainingRecord, known: dict[str, Any]) -> dict[str, Any]:
    warnings = (*record.warnings, *known.get("findings", ()))
    said = [line for line in (record.message, record.hint, *warnings) if line]
    done = record.state in {"ending", "finished"}
    return {
        **_NOTHING_YET,
        **known,
        # The monitor's guess is of `train.py` alone, and it has ended.
        **({"seconds_left": None} if done else {}),
        "format": 1,
        "run": record.name,
        "state": record.state,
        "started": record.started,
        "updated": datetime.now().astimezone().isoformat(timespec="seconds"),
        "message": record.message,
        "hint": record.hint,
        "resumes": [{key: told[key] for key in ("epoch", "iteration", "at")} for told in record.resumes],
        "warnings": list(warnings),
        "results": list(record.results) or None,
        # One document for the page in every language: what is told of the training is English in its record.
        "said": {code: {line: language(code).told(line) for line in said} for code in languages() if code != "en"},
    }


def _facts(record: TrainingRecord) -> list[tuple[str, str]]:
    plan, dataset = record.plan, record.dataset
    options = plan.get("options", {})
    counts = ", ".join(f"{part}: {count}" for part, count in dataset.get("counts", {}).items())
    schedule = f"{options.get('n_epochs')} + {options.get('n_epochs_decay')}" if options else ""
    parameters = ", ".join(f"{name}: {count:,}" for name, count in plan.get("parameters", {}).items())
    facts = [
        ("family", record.family),
        ("direction", "AtoB, BtoA" if record.family == "cyclegan" else record.direction),
        ("dataset", dataset["name"]),
        ("counts", counts),
        ("preset", record.preset),
        ("schedule", schedule),
        ("batch", str(plan.get("batch_size", ""))),
        ("options", " ".join(f"--{key} {options[key]}" for key in _SHOWN_OPTIONS if key in options)),
        # Pages are handed on and handed in: paths tell whose machine it was.
        ("given", without_paths(shlex.join(record.options))),
        ("parameters", parameters),
        ("device", record.device + (f" × {record.processes}" if record.processes > 1 else "")),
        ("seed", str(record.seed)),
        ("commit", str(record.upstream.get("commit", ""))),
        ("versions", ", ".join(f"{key} {value}" for key, value in record.versions.items() if key != "system")),
    ]
    return [(key, value) for key, value in facts if value]
