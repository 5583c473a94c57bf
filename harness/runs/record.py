"""`run.json`: everything needed to make a run again, as a dataclass with a fixed file format."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypedDict

from harness.documents import Document, typed
from harness.errors import RunError
from harness.units import moment
from harness.workspace import checked_name

FILE = "run.json"
# Still format 1: keys that came later have defaults, and unknown ones are passed over.
_DOCUMENT = Document(
    newest=1,
    error=RunError,
    missing="`{folder}` is no run: it has no `{name}`",
    bring="harness report",
    mend="run `harness test` again",
)


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
            `harness.images.geometry.Geometry` has it; older runs lack the last ones.
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
    images: tuple[dict[str, Any], ...]
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
        known = ((image["name"], image.get("geometry")) for image in self.images)
        return {n: tuple(g["box"]) for n, g in known if g and tuple(g["box"]) != (0, 0, *g["frame"])}

    @property
    def moment(self) -> datetime:
        """When it started, comparable over time zones."""
        return moment(self.started)


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


def save_record(folder: Path, record: RunRecord) -> None:
    """Writes `run.json` into a run's folder."""
    _DOCUMENT.save(folder / FILE, asdict(record))


def load_record(folder: Path) -> RunRecord:
    """Reads `run.json`; raises RunError if it is missing, damaged, of a newer format, or names a path outside."""
    return _DOCUMENT.load(folder / FILE, _record)


def _record(content: dict[str, Any]) -> RunRecord:
    record: RunRecord = typed(RunRecord, content)
    # The name becomes a folder and part of addresses; a record from elsewhere may say `../..`.
    checked_name(record.name, "run")
    # Evaluated for its ValueError: a record that names no moment has no place in any order.
    _ = record.moment
    typed(_ModelFacts, record.model, "model")
    typed(_SetFacts, record.test_set, "test_set")
    typed(_Upstream | None, record.upstream, "upstream")
    for image in typed(tuple[_ImageFacts, ...], list(record.images), "images"):
        checked_name(image["name"], "picture")
    # Cut or edited by hand: tables of images and metrics would be of different lengths.
    if record.test_set["count"] != len(record.images):
        raise ValueError(f"`test_set.count` is {record.test_set['count']}, `images` has {len(record.images)}")
    return record
