"""`harness verify`: makes runs again and says what differs, picture by picture, and whether their numbers hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from heapq import nlargest
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from harness.documents import typed
from harness.engines.job import NativeSettings
from harness.errors import HarnessError, RunError, quoted
from harness.files import scratch, sha256_of
from harness.parallel import default_workers, in_order
from harness.progress import Progress, Silent
from harness.provision.installed import installed_weights
from harness.runs.confining import refuse_links_out
from harness.runs.identity import by_name
from harness.runs.listing import find_run, find_runs
from harness.runs.pixel_differences import PixelDifference, Verdict, difference_of
from harness.runs.record import MANY, RunRecord, load_record
from harness.runs.trained import checkpoints_of, find_model
from harness.testing.held_numbers import limited, wrong_numbers
from harness.testing.request import Engine, TestRequest
from harness.testing.running import run_test
from harness.workspace import Workspace

_MOST_FILES = 500  # that are told one by one of very many
SEED = 0
"""Of a sample: the same images whenever it is drawn."""

# Versions that can move the last bit of a picture.
_LIBRARIES = ("torch", "numpy", "pillow", "cuda", "gpu")


@dataclass(frozen=True, kw_only=True)
class VerifyRequest:
    """What to verify, and how.

    Attributes:
        runs: names or folders of runs, or folders of them; the newest run for none.
        engine: the one a run was made with, or the other of the two.
        device: where to make it again, by default where it was made.
        dataset: where the pictures are now, needed when they lie outside the workspace.
        weights: the generator's file, needed when it was given with `--weights`.
        elsewhere: files that may be a run's generator when the installed one is not, told by their SHA-256.
        sample: how many images, drawn evenly, are measured and made again; all for None.
        keep: whether what is made again stays in `results/` as a run of its own, which a sample cannot.
        command: the command line as typed, for the record of a run that is kept.
    """

    runs: tuple[str, ...] = ()
    engine: Literal["same", "other"] = "same"
    device: str | None = None
    dataset: str | None = None
    weights: Path | None = None
    elsewhere: tuple[Path, ...] = ()
    sample: int | None = None
    keep: bool = False
    command: tuple[str, ...] = ()


@dataclass
class Tally:
    """All pictures of one kind: how many, how many of each verdict, and their differences in levels of 255."""

    images: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    max: int = 0
    total: float = 0.0

    @property
    def mean(self) -> float:
        """The mean over pictures of their mean differences."""
        return self.total / max(1, self.images)

    def add(self, difference: PixelDifference) -> None:
        """Counts a picture."""
        self.images += 1
        self.verdicts[difference.verdict] += 1
        self.max = max(self.max, difference.max)
        self.total += difference.mean

    def to_json(self) -> dict[str, Any]:
        """Its numbers by name."""
        counts = {str(verdict): self.verdicts[verdict] for verdict in get_args(Verdict)}
        return {"images": self.images, **counts, "max": self.max, "mean": self.mean}


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What differs between a run and the same made again, or between two runs.

    Attributes:
        second: the other run's name, None for one that was not kept.
        kinds: all pictures, by kind.
        files: one difference a picture and kind; of more images than `harness.runs.record.MANY` those that differ most.
        numbers: where metrics.csv and metrics.json are not what the run's own pictures give, in words.
        dataset: where the pictures of the set are not those that were recorded, in words.
        notes: what a reader should know that is no difference.
        problem: why the run could not be made again.
    """

    first: str
    second: str | None = None
    kinds: Mapping[str, Tally] = field(default_factory=dict)
    files: tuple[PixelDifference, ...] = ()
    numbers: tuple[str, ...] = ()
    dataset: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    problem: str | None = None

    @property
    def verdict(self) -> Verdict:
        found = {verdict for tally in self.kinds.values() for verdict in tally.verdicts}
        # Wrong numbers weigh as much as wrong pictures: both are what a reader would cite.
        if self.problem or self.numbers or self.dataset or "different" in found:
            return "different"
        return "within tolerance" if "within tolerance" in found else "identical"

    def sentence(self) -> str:
        """What differs between the outputs, in one line."""
        out = self.to_json()
        return (
            f"{self.first} and {self.second}: {out['identical']} of {out['images']} images identical, "
            f"greatest difference {out['max']}/255, mean {out['mean']:.5f}/255"
        )

    def to_json(self) -> dict[str, Any]:
        """What `--json` prints; `images` to `mean` are of the outputs alone."""
        outputs = self.kinds.get("output", Tally())
        return {
            "first": self.first,
            "second": self.second,
            "verdict": self.verdict,
            "images": outputs.images,
            "identical": outputs.verdicts["identical"],
            "max": outputs.max,
            "mean": outputs.mean,
            **{key: getattr(self, key) for key in ("numbers", "dataset", "notes", "problem")},
            "kinds": {kind: tally.to_json() for kind, tally in self.kinds.items()},
            "files": [{**asdict(file), "verdict": file.verdict} for file in self.files],
        }


def compare_runs(first: Path, second: Path, progress: Progress | None = None) -> Verification:
    """Compares the outputs of two runs of the same images pixel by pixel.

    Raises:
        RunError: the runs translated other images.
    """
    a, b = load_record(first), load_record(second)
    # Of the same selection, that is; other settings are what is compared.
    if _names(a) != _names(b) or a.test_set.get("digest") != b.test_set.get("digest"):
        raise RunError(f"`{a.name}` and `{b.name}` translated other images", f"harness verify {quoted(a.name)}")
    kinds, files = _compared(first, second, ["output"], _names(a), progress)
    return Verification(first=a.name, second=b.name, kinds=kinds, files=files)


def verify(workspace: Workspace, request: VerifyRequest, progress: Progress | None = None) -> list[Verification]:
    """Measures runs anew, makes them again from their records, and compares all of it with what they say.

    Nothing is written into `results/` unless the request says so.

    Raises:
        HarnessError: of a single run, why it cannot be made again; of several that is each one's `problem`.
    """
    progress = progress or Silent()
    if request.keep and request.sample is not None:
        raise RunError("a sample is no run that could be kept", "leave out `--sample` or `--keep`")
    folders = find_runs(workspace, request.runs) if request.runs else [find_run(workspace, None)]
    found = []
    for folder in folders:
        try:
            found.append(_verified(workspace, folder, request, progress))
        except HarnessError as error:
            if len(folders) == 1:
                raise
            progress.warn(f"`{folder.name}`: {error.message}", error.hint)
            found.append(Verification(first=folder.name, problem=error.message))
    return found


def _verified(workspace: Workspace, folder: Path, request: VerifyRequest, progress: Progress) -> Verification:
    # A received run is opened picture by picture below.
    refuse_links_out(folder)
    record = load_record(folder)
    many = len(record.images) > MANY
    with (progress if many else Silent()).step("Reading the record", len(record.images)) as step:
        names, hashed = [], True
        for image in record.images:
            names.append(image["name"])
            hashed = hashed and bool(image.get("sha256"))
            step.advance()
    only = _sampled(names, request.sample)
    if only is None and many:
        progress.say(f"note: all {len(record.images)} images are made again; `--sample 1000` takes some of them")
    # Before it is made again: this needs only the run itself, and holds where the set is gone.
    numbers, unproven = wrong_numbers(workspace, folder, record, progress, only=only)
    with _made_again(workspace, record, request, only, progress) as again:
        second = load_record(again)
        kinds, files = _compared(folder, again, _kinds(folder, again), only or names, progress)
        return Verification(
            first=folder.name,
            second=again.name if request.keep else None,
            kinds=kinds,
            files=files,
            numbers=tuple(numbers),
            dataset=tuple(limited(_other_pictures(record, second, only, hashed=hashed))),
            notes=(*_sample_told(record, only), *unproven, *_notes(folder, again, record, second, hashed=hashed)),
        )


def _sampled(names: Sequence[str], count: int | None) -> list[str] | None:
    """Names drawn evenly with a fixed seed, in their order; None where all are looked at."""
    if count is None or count >= len(names):
        return None
    drawn = np.random.default_rng(SEED).choice(len(names), count, replace=False)
    return [names[place] for place in np.sort(drawn)]


def _sample_told(record: RunRecord, only: Sequence[str] | None) -> Iterator[str]:
    if only is not None:
        yield f"{len(only)} of {len(record.images)} images, drawn evenly, were measured and made again"


@contextmanager
def _made_again(
    workspace: Workspace, record: RunRecord, request: VerifyRequest, only: Sequence[str] | None, progress: Progress
) -> Iterator[Path]:
    """Yields the folder of the run made again, or of `only` some images, gone afterwards unless it is to be kept."""
    reference = request.dataset or record.test_set.get("reference")
    if reference is None:
        raise RunError(
            f"the pictures of `{record.name}` lie outside the workspace",
            f"harness verify {quoted(record.name)} --dataset FOLDER",
        )
    wanted = replace(_request_of(record, request), dataset=reference, weights=_weights_of(workspace, record, request))
    # Torch7's noise follows the order of all images, those that are not made again too.
    if only is not None and wanted.native.lua_seed is not None and not wanted.native.lua_order:
        wanted = replace(wanted, native=replace(wanted.native, lua_order=tuple(_names(record))))
    if request.keep:
        yield run_test(workspace, wanted, progress).folder
        return
    with scratch(workspace.datasets) as aside:  # on the workspace's disk: a run may be too large for that of /tmp
        names = only and frozenset(only)
        yield run_test(workspace, wanted, progress, into=aside / record.name, only=names).folder


def _weights_of(workspace: Workspace, record: RunRecord, request: VerifyRequest) -> Path:
    """The file with the very weights of the run; raises RunError where none of those that may be it is."""
    model = find_model(workspace, record.model["id"])
    own = [] if request.weights else [installed_weights(workspace, model), *checkpoints_of(workspace, model)]
    # A file that the user names is the only one tried; the hash decides in any case.
    for path in filter(None, (*own, request.weights, *(() if request.weights else request.elsewhere))):
        if sha256_of(path) == record.model.get("weights_sha256"):
            return path
    tried = f"`{request.weights}`" if request.weights else "installed"
    raise RunError(
        f"the weights `{record.name}` was made with are not {tried}",
        f"harness verify {quoted(record.name)} --weights FILE",
    )


def _request_of(record: RunRecord, request: VerifyRequest) -> TestRequest:
    others: dict[Engine, Engine] = {"official": "native", "native": "official"}
    same, test_set = request.engine == "same", record.test_set
    try:
        native = typed(NativeSettings, record.extra.get("native") or {}, "extra.native") if same else NativeSettings()
    except ValueError as error:
        raise RunError(f"the record of `{record.name}` is damaged: {error}", "run `harness test` again") from error
    size = test_set.get("size")
    return TestRequest(
        model=record.model["id"],
        split=test_set.get("split"),
        # As many as the run has: the set may have grown since.
        limit=len(record.images) + len(record.left_out),
        engine=record.engine if same else others[record.engine],
        mode=record.mode,
        # Of several machines none is the one; those of here draw it all.
        device=request.device or (record.device if record.device != "mixed" else "auto"),
        seed=record.seed,
        size=tuple(size) if isinstance(size, list) else size,
        # Several devices were chosen on the old machine; another device asked for replaces them.
        native=replace(native, devices=None) if request.device else native,
        command=request.command,
        follow_links=bool(test_set.get("follow_links")),
        threads=threads if isinstance(threads := record.extra.get("threads"), int) and threads > 0 else None,
        # What an older run has not cannot be compared.
        full=bool(record.extra.get("full")),
    )


def _names(record: RunRecord) -> list[str]:
    return [image["name"] for image in record.images]


def _kinds(folder: Path, again: Path) -> list[str]:
    """What is drawn again: a kind that only the run has, e.g. of another engine's samples, cannot be compared."""
    there = {path.name for path in (again / "images").iterdir() if path.is_dir()} - {"source"}
    usual = ["input", "output", "target"]
    return [kind for kind in usual if kind in there] + sorted(there.difference(usual))


def _compared(
    first: Path, second: Path, kinds: Sequence[str], names: Sequence[str], progress: Progress | None = None
) -> tuple[dict[str, Tally], tuple[PixelDifference, ...]]:
    """All pictures counted by their kinds, and the differences of those that are told one by one."""
    tallies = {kind: Tally() for kind in kinds}
    pairs = ((kind, name) for kind in kinds for name in names)
    compare = partial(difference_of, first / "images", second / "images")

    def counted() -> Iterator[PixelDifference]:
        with (progress or Silent()).step("Comparing pictures", len(kinds) * len(names), "pictures") as step:
            for difference in in_order(lambda pair: compare(*pair), pairs, default_workers()):
                tallies[difference.kind].add(difference)
                step.advance()
                yield difference

    if len(names) <= MANY:
        return tallies, tuple(counted())
    return tallies, tuple(nlargest(_MOST_FILES, counted(), key=badness))


def badness(difference: PixelDifference) -> tuple[bool, int, float]:
    """Orders differences: a file that could not be compared is the worst, then the greatest difference decides."""
    return bool(difference.problem), difference.max, difference.mean


def _other_pictures(record: RunRecord, again: RunRecord, only: Sequence[str] | None, *, hashed: bool) -> Iterator[str]:
    """Where the set is not the one that was recorded; of runs whose pictures were not hashed, only what is gone."""
    names, same = frozenset(only or ()), True
    asked = (image for image in record.images if only is None or image["name"] in names)
    for image, now in by_name(asked, again.images):
        if not now:
            yield f"`{image['name']}` is not in the set"
        changed = [
            word
            for key, word in (("sha256", "picture"), ("source_sha256", "source"), ("target_sha256", "target"))
            # A hash that was not recorded cannot differ.
            if now and image.get(key) and image[key] != now.get(key)
        ]
        if changed:
            yield f"`{image['name']}`: the {' and '.join(changed)} is not the file that was recorded"
        same = same and not changed and bool(now)
    # Pictures agree, so what changed is what else the digest is made of.
    if same and hashed and record.test_set.get("digest") != again.test_set.get("digest"):
        yield "its pictures are those recorded, its digest is another: it has more of them now, or other facts"


def _notes(folder: Path, again: Path, record: RunRecord, second: RunRecord, *, hashed: bool) -> Iterator[str]:
    if not hashed:
        yield "pixels not hashed then: whether the set is the same is told by the run's own inputs and targets"
    drawn = {path.name for path in (folder / "images").iterdir() if path.is_dir()}
    if left_out := sorted(drawn - {path.name for path in (again / "images").iterdir()}):
        yield f"not drawn again: {', '.join(left_out)}"
    commits = [(r.upstream or {}).get("commit") for r in (record, second)]
    if all(commits) and commits[0] != commits[1]:
        yield f"made with commit {commits[0]} of the authors' code, again with {commits[1]}"
    for key in _LIBRARIES:
        before, now = record.versions.get(key), second.versions.get(key)
        if before != now:
            yield f"made with {key} {before or 'none'}, again with {now or 'none'}"
