"""`run.json`: everything needed to make a run again, as a dataclass with a fixed file format."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import RunError
from harness.files import write_json

FORMAT = 1


@dataclass(frozen=True)
class RunRecord:
    """What `run.json` says. No absolute path of the user's machine stands in it.

    Attributes:
        command: the command line as typed, as a list of words.
        started: local time with offset, ISO 8601.
        model: `id`, `weights_sha256`, `architecture`, `input_domain`, `output_domain`, `licence`, …
        upstream: `url`, `commit`, `dirty` of the clone; None for the native engine without a clone.
        test_set: `name`, `digest`, `layout`, `direction`, `count`, `refused` (count).
        images: one entry an image in order: `name`, `source`, `nearness`, `warnings`.
        options: what was given to the official script, or the native engine's settings.
        durations: seconds by step.
        warnings: lines a reader of the report must know.
    """

    name: str
    harness_version: str
    command: tuple[str, ...]
    started: str
    model: dict[str, Any]
    engine: str
    mode: str
    seed: int
    device: str
    upstream: dict[str, Any] | None
    test_set: dict[str, Any]
    images: tuple[dict[str, Any], ...]
    versions: dict[str, str]
    options: tuple[str, ...] = ()
    shims: tuple[str, ...] = ()
    durations: dict[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)


def save_record(folder: Path, record: RunRecord) -> None:
    """Writes `run.json` into a run's folder."""
    write_json(folder / "run.json", {"format": FORMAT, **asdict(record)})


def load_record(folder: Path) -> RunRecord:
    """Reads `run.json`; raises RunError if it is missing, damaged or of a newer format."""
    path = folder / "run.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        found = document.pop("format")
        if found != FORMAT:
            raise RunError(f"`{path}` has format {found}, this harness reads {FORMAT}", "update harness")
        tuples = ("command", "images", "options", "shims", "warnings")
        return RunRecord(**{**document, **{key: tuple(document[key]) for key in tuples}})
    except FileNotFoundError:
        raise RunError(f"`{folder}` is no run: it has no `run.json`", "harness report") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(f"`{path}` is damaged: {error}", "run `harness test` again") from error
