"""A test set: a folder the official scripts can read as it is, with `dataset.json` beside the images."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from harness.errors import TestSetError
from harness.files import write_json

FORMAT = 1
Layout = Literal["paired", "single"]


@dataclass(frozen=True)
class SetImage:
    """One image of a test set and what was done to it.

    Attributes:
        name: unique in the set; the stem of `output` and of every picture drawn from it.
        output: path below the set's folder, `/` between parts. In a `paired` set A and B side by side, A left.
        source: the user's file, relative to the folder given, never an absolute path.
        size_before: width and height in pixels as the source stores them upright.
        target: the user's target file, relative to its folder, or None.
        nearness: how near to the model's training distribution, or None where that was not measured.
    """

    name: str
    output: str
    source: str
    sha256: str
    size_before: tuple[int, int]
    operations: tuple[str, ...] = ()
    target: str | None = None
    nearness: dict[str, Any] | None = None
    warnings: tuple[str, ...] = ()
    target_sha256: str | None = None


@dataclass(frozen=True)
class Refusal:
    """A file that could not be used, and why."""

    source: str
    reason: str


@dataclass(frozen=True)
class TestSet:
    """What `dataset.json` says.

    Attributes:
        layout: `paired` (`<phase>/NAME.png`, A and B side by side) or `single` (`testA/NAME.png`, inputs only).
        direction: which half of a pair is the input: `AtoB` left, `BtoA` right.
        nearness: of the whole set, beside the pictures its model was trained on; None where that was not measured.
        made_by: command, harness version and arguments, enough to make the set again.
    """

    __test__ = False

    name: str
    layout: Layout
    direction: Literal["AtoB", "BtoA"]
    images: tuple[SetImage, ...]
    model: str | None = None
    made_by: dict[str, Any] = field(default_factory=dict)
    refused: tuple[Refusal, ...] = ()
    nearness: dict[str, Any] | None = None

    def digest(self) -> str:
        """Returns a SHA-256 over names, sources' hashes and operations: equal sets have equal digests."""
        images = ([i.name, i.sha256, i.operations, i.target, i.target_sha256] for i in self.images)
        facts = [self.layout, self.direction, *images]
        return hashlib.sha256(json.dumps(facts, ensure_ascii=False).encode()).hexdigest()


def save_test_set(folder: Path, test_set: TestSet) -> None:
    """Writes `dataset.json` into the set's folder."""
    write_json(folder / "dataset.json", {"format": FORMAT, **asdict(test_set), "digest": test_set.digest()})


def load_test_set(folder: Path) -> TestSet:
    """Reads `dataset.json`; raises TestSetError if it is missing, unreadable or of a newer format."""
    path = folder / "dataset.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            raise TestSetError(
                f"`{path}` has format {document['format']}, this harness reads {FORMAT}", "update harness"
            )
        return TestSet(
            name=document["name"],
            layout=document["layout"],
            direction=document["direction"],
            images=tuple(_image(i) for i in document["images"]),
            model=document["model"],
            made_by=document["made_by"],
            refused=tuple(Refusal(**r) for r in document["refused"]),
            nearness=document.get("nearness"),
        )
    except FileNotFoundError:
        raise TestSetError(f"`{folder}` has no `dataset.json`", f"harness prepare-images {folder}") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TestSetError(f"`{path}` is not readable as a test set: {error}", "prepare the images again") from error


def _image(document: dict[str, Any]) -> SetImage:
    width, height = document["size_before"]
    return SetImage(
        **{
            **document,
            "size_before": (width, height),
            "operations": tuple(document["operations"]),
            "warnings": tuple(document["warnings"]),
        }
    )


def missing_images(folder: Path, test_set: TestSet) -> list[str]:
    """Returns the `output` paths that `dataset.json` names and the folder lacks."""
    return [i.output for i in test_set.images if not (folder / i.output).is_file()]


def refused_from(failures: Iterable[tuple[str, str]]) -> tuple[Refusal, ...]:
    """Returns refusals sorted by file, so that two runs write the same document."""
    return tuple(Refusal(source, reason) for source, reason in sorted(failures))
