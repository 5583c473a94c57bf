"""`run.json`: everything needed to make a run again, as a dataclass with a fixed file format.

What it knows of each image stands beside it, one JSON object a line in `images.jsonl`; in format 1 it stood in
`run.json` itself. Only this module knows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypedDict

from harness.documents import Document, parsed, typed
from harness.errors import RunError, WorkspaceError
from harness.files import written_aside
from harness.units import moment
from harness.workspace import checked_name

FILE, IMAGES = "run.json", "images.jsonl"
FORMAT = 2
MANY = 20_000
"""Images from which on a run's are read when they are needed instead of being kept, and its page shows a choice."""

# Keys that came later have defaults, and unknown ones are passed over.
_DOCUMENT = Document(
    newest=FORMAT,
    error=RunError,
    missing="`{folder}` is no run: it has no `{name}`",
    bring="harness report",
    mend="run `harness test` again",
)


@dataclass(frozen=True)
class StoredImages(Collection[dict[str, Any]]):
    """The lines of an `images.jsonl`, read and checked each time they are gone through: a million take no memory.

    Going through them raises RunError that names the line that is damaged, missing or too many.
    """

    path: Path
    count: int

    def __len__(self) -> int:
        return self.count

    def __contains__(self, image: object) -> bool:
        return any(image == each for each in self)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        number, agreed = 0, f"`test_set.count` of `{FILE}` is {self.count}"
        try:
            with self.path.open("rb") as lines:
                for number, line in enumerate(lines, start=1):
                    if number > self.count:
                        raise ValueError(f"it is one too many, {agreed}")
                    yield _checked(parsed(line.decode()))
            if number < self.count:
                number += 1
                raise ValueError(f"it is missing, {agreed}")
        except FileNotFoundError:
            raise RunError(f"`{self.path.parent}` has no `{IMAGES}`", _DOCUMENT.mend) from None
        except (OSError, ValueError, RecursionError, WorkspaceError) as error:
            # JSON's own message without its place: each line is the first one to its reader.
            said = getattr(error, "msg", error)
            raise RunError(f"`{self.path}` is damaged in line {number}: {said}", _DOCUMENT.mend) from error


@dataclass(frozen=True)
class RunRecord:
    """What `run.json` says. No absolute path of the user's machine stands in it.

    Attributes:
        command: the command line as typed, as a list of words.
        started: local time with offset, ISO 8601.
        model: `id`, `weights_sha256`, `weights` (the file given in place of the installed one), `architecture`, …
        upstream: `url`, `commit`, `dirty` of the clone; None for the native engine without a clone.
        test_set: `name`, `digest`, `layout`, `direction`, `count`, `refused` (count), …
        images: one entry an image in order: `name`, `source`, `nearness`, `warnings`, hashes, and its `geometry` as
            `harness.images.geometry.Geometry` has it; older runs lack the last ones. A tuple; of more than `MANY`
            images `StoredImages`, whose damage is found when it is gone through.
        options: what was given to the official script, or the native engine's settings.
        durations: seconds by step.
        warnings: lines a reader of the report must know.
        left_out: pictures that were not drawn, each its `name` and the `reason`.
        lang: the language of its pages; None in records of earlier versions.
    """

    name: str
    harness_version: str
    command: tuple[str, ...]
    started: str
    model: dict[str, Any]
    engine: Literal["official", "native"]
    mode: Literal["paper", "deterministic", "eval"]
    seed: int
    device: str
    upstream: dict[str, Any] | None
    test_set: dict[str, Any]
    images: tuple[dict[str, Any], ...] | StoredImages
    versions: dict[str, str]
    options: tuple[str, ...] = ()
    shims: tuple[str, ...] = ()
    durations: dict[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)
    left_out: tuple[dict[str, str], ...] = ()
    lang: str | None = None

    @property
    def boxes(self) -> dict[str, tuple[int, int, int, int]]:
        """Left, top, right and bottom of the picture within what was saved, by name, of the padded ones."""
        return {image["name"]: tuple(image["geometry"]["box"]) for image in self.images if is_padded(image)}

    @property
    def moment(self) -> datetime:
        """When it started, comparable over time zones."""
        return moment(self.started)


def is_padded(image: Mapping[str, Any]) -> bool:
    """Returns whether an image of a record is known to have padding."""
    geometry = image.get("geometry")
    return geometry is not None and tuple(geometry["box"]) != (0, 0, *geometry["frame"])


# What the open dicts of a record hold, for `load_record`: a class without `total=False` names what must be there.
class _Model(TypedDict):
    id: str


class _ModelFacts(_Model, total=False):
    family: str
    weights_sha256: str
    weights: str | None
    architecture: dict[str, str | int | bool | tuple[int, ...] | None]
    input_domain: str
    output_domain: str
    licence: str
    url: str


class _Set(TypedDict):
    name: str
    layout: Literal["paired", "single"]
    count: int


class _SetFacts(_Set, total=False):
    reference: str | None
    split: str | None
    digest: str
    direction: Literal["AtoB", "BtoA"]
    refused: int
    limit: int | None
    follow_links: bool
    size: tuple[int, int] | int | Literal["own"] | None


class _NearnessFacts(TypedDict, total=False):
    verdict: str
    percentile: float | None
    reasons: tuple[str, ...]


class _GeometryFacts(TypedDict):
    source: tuple[int, int]
    region: tuple[float, float, float, float]
    frame: tuple[int, int]
    box: tuple[int, int, int, int]


class _Image(TypedDict):
    name: str


class _ImageFacts(_Image, total=False):
    source: str | None
    nearness: _NearnessFacts | None
    warnings: tuple[str, ...]
    sha256: str | None
    source_sha256: str | None
    target_sha256: str | None
    geometry: _GeometryFacts | None


class _Upstream(TypedDict, total=False):
    url: str
    commit: str
    dirty: bool


@contextmanager
def images_written(folder: Path) -> Iterator[Callable[[Iterable[Mapping[str, Any]]], None]]:
    """Yields what writes some of a run's images after others into its `images.jsonl`, which is there in the end."""
    with (
        written_aside(folder / IMAGES) as temporary,
        temporary.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as lines,
    ):
        # One encoder for all: `json.dumps` with options makes one a call.
        encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
        yield lambda images: lines.writelines(f"{encoder.encode(image)}\n" for image in images)


def save_record(folder: Path, record: RunRecord) -> None:
    """Writes `images.jsonl`, unless the record's images are those that lie there, and then `run.json`."""
    if record.images != StoredImages(folder / IMAGES, len(record.images)):
        with images_written(folder) as write:
            write(record.images)
    _DOCUMENT.save(folder / FILE, small_document(record))


def small_document(record: RunRecord) -> dict[str, Any]:
    """Returns a record as `run.json` holds it, without its images."""
    document = asdict(replace(record, images=()))
    del document["images"]
    return document


def load_record(folder: Path) -> RunRecord:
    """Reads a record; raises RunError if it is missing, damaged, of a newer format, or names a path outside."""
    return _DOCUMENT.load(folder / FILE, lambda content: _record(content, folder / IMAGES))


def _record(content: dict[str, Any], lines: Path) -> RunRecord:
    record: RunRecord = typed(RunRecord, {**content, "images": []})
    # The name becomes a folder and part of addresses; a record from elsewhere may say `../..`.
    checked_name(record.name, "run")
    # Evaluated for its ValueError: a record that names no moment has no place in any order.
    _ = record.moment
    typed(_ModelFacts, record.model, "model")
    count = typed(_SetFacts, record.test_set, "test_set")["count"]
    typed(_Upstream | None, record.upstream, "upstream")
    if "images" not in content:  # format 2
        stored = StoredImages(lines, count)
        return replace(record, images=stored if count > MANY else tuple(stored))
    images = tuple(
        _checked(image, f"images[{i}]") for i, image in enumerate(typed(list[Any], content["images"], "images"))
    )
    # Cut or edited by hand: tables of images and metrics would be of different lengths.
    if count != len(images):
        raise ValueError(f"`test_set.count` is {count}, `images` has {len(images)}")
    return replace(record, images=images)


def _checked(image: Any, place: str = "it") -> dict[str, Any]:
    typed(_ImageFacts, image, place)
    checked_name(image["name"], "picture")
    found: dict[str, Any] = image
    return found
