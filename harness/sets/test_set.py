"""A test set: a folder the official scripts can read as it is, with `dataset.json` beside the images."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from harness.catalog.models import MODELS
from harness.documents import Document, typed
from harness.errors import TestSetError
from harness.images.geometry import Geometry
from harness.sets.roles import Part
from harness.workspace import checked_name, checked_path

FILE = "dataset.json"
_DOCUMENT = Document(
    newest=2,  # since 2 the written pictures' own hashes and the domains of A and B stand in it
    error=TestSetError,
    missing="`{folder}` has no `{name}`",
    bring="harness prepare-images {folder}",
    mend="prepare the images again",
)

Layout = Literal["paired", "single"]
Domains = tuple[str | None, str | None]
"""What A and B are, ids of `harness.catalog.domains`; None where nobody said."""


@dataclass(frozen=True)
class SetImage:
    """One image of a test set and what was done to it.

    Attributes:
        name: unique in the set; the stem of `output` and of every picture drawn from it.
        output: path below the set's folder, `/` between parts. In a `paired` set A and B side by side, A left.
        source: the user's file, relative to the folder given, never an absolute path.
        size_before: width and height in pixels as the source stores them upright.
        target: the user's target file, relative to its folder, or None.
        sha256, target_sha256: of the user's files.
        nearness: how near to the model's training distribution, or None where that was not measured.
        output_sha256: of the picture written; None in sets made before pictures were hashed.
        foreign: whether the file is nothing that the model eats, a photo among label maps.
        geometry: from the source to the picture written, or to each half; None in sets made before it was recorded.
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
    output_sha256: str | None = None
    foreign: bool = False
    geometry: Geometry | None = None

    @property
    def part(self) -> Part:
        """The part of the set that the picture lies in: of `testA/NAME.png` it is `test`."""
        return cast(Part, self.output.partition("/")[0].removesuffix("A"))


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
        unjudged: why that was not measured, with what makes it measured; None in sets of earlier versions.
        made_by: command, harness version and arguments, enough to make the set again.
        domains: what stands left and right in a pair; of a `single` set the inputs' is where the direction says.
    """

    # pytest would collect a class of this name.
    __test__ = False

    name: str
    layout: Layout
    direction: Literal["AtoB", "BtoA"]
    images: tuple[SetImage, ...]
    model: str | None = None
    made_by: dict[str, Any] = field(default_factory=dict)
    refused: tuple[Refusal, ...] = ()
    nearness: dict[str, Any] | None = None
    domains: Domains = (None, None)
    unjudged: str | None = None

    @property
    def hashed(self) -> bool:
        """Whether every written picture's hash is known."""
        return all(image.output_sha256 for image in self.images)

    def digest(self) -> str:
        """Returns a SHA-256 over layout, names and pictures: equal sets have equal digests.

        Of sets made before pictures were hashed it is the one recorded then, over sources and operations.
        """
        # Order and form of these facts are fixed: recorded digests of older runs are compared with them.
        facts: list[Any] = [self.layout, self.direction]
        if self.hashed:
            facts += [[i.name, i.output_sha256, i.sha256, i.target_sha256] for i in self.images]
        else:
            facts += [[i.name, i.sha256, i.operations, i.target, i.target_sha256] for i in self.images]
        return hashlib.sha256(json.dumps(facts, ensure_ascii=False).encode()).hexdigest()


def save_test_set(folder: Path, test_set: TestSet) -> None:
    """Writes `dataset.json` into the set's folder."""
    _DOCUMENT.save(folder / FILE, {**asdict(test_set), "digest": test_set.digest()})


def load_test_set(folder: Path) -> TestSet:
    """Reads `dataset.json`; raises TestSetError where it is missing, damaged, newer, or names paths outside."""
    return _DOCUMENT.load(folder / FILE, _test_set)


def _test_set(content: dict[str, Any]) -> TestSet:
    found: TestSet = typed(TestSet, {**content, "domains": _domains(content)})
    checked_name(found.name, "set")
    for image in found.images:
        # Pictures are opened, and copied into runs: none may lie outside of the set.
        checked_path(image.output, "picture")
    return found


def missing_images(folder: Path, test_set: TestSet) -> list[str]:
    """Returns the `output` paths that `dataset.json` names and the folder lacks."""
    return [i.output for i in test_set.images if not (folder / i.output).is_file()]


def shown(name: str) -> str:
    """Returns a file name as valid text: undecodable bytes and control characters become U+FFFD."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join("\ufffd" if unicodedata.category(c) == "Cc" else c for c in text)


def _domains(document: dict[str, Any]) -> list[str | None]:
    """What A and B are; of sets made before that was written, by what they were made for."""
    model = MODELS.get(document.get("model") or "")
    if "domains" in document or model is None:
        # Some sets carry them among the arguments they were made with.
        return list(document.get("domains") or document["made_by"].get("domains") or (None, None))
    target = model.output_domain if document["layout"] == "paired" else None
    return list(sides(model.input_domain, target, document["direction"]))


def sides(source: str | None, target: str | None, direction: str) -> Domains:
    """Returns the domains of input and target as those of A and B."""
    return (source, target) if direction == "AtoB" else (target, source)
