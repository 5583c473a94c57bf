"""`harness check`: hand-ins looked at one by one and beside each other, as a page and a table for a gradebook."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.course.evidence import ASPECTS, VERDICTS, Finding, Looking, Verdict, examine, known_weights
from harness.course.likeness import Shared, same_texts, shared_pictures
from harness.course.receiving import Received, gather, receive
from harness.errors import HarnessError
from harness.files import scratch, write_text
from harness.images.opening import open_rgb
from harness.metrics.storage import load_measurement
from harness.progress import Progress, Silent
from harness.sets.finding import FoundSet, find_set
from harness.sets.walking import walk
from harness.web.language import Language, language
from harness.web.render import picture_address, render_page
from harness.workspace import Workspace

PAGE, TABLE, NAMES = "check.html", "check.csv", "names.csv"
_SHOWN_PAIRS, _CELL = 6, 160  # pairs of pictures shown of a hand-in, and pixels a side


@dataclass(frozen=True, kw_only=True)
class CheckRequest:
    """What to check, and by what.

    Attributes:
        paths: archives, unpacked hand-ins, or folders of them.
        remake: outputs of each run that are made again.
        datasets: sets that the course handed out, as `--dataset` takes them; their training parts are nobody's own.
            Official datasets that hand-ins name are looked up where they are installed.
        weights: generators of the teacher's beside the installed ones, told by their SHA-256.
        blind: whether names stay out of page and table; `names.csv` then says whose code is whose.
        seed: of the choice of outputs.
    """

    paths: tuple[Path, ...]
    output: Path
    remake: int = 3
    datasets: tuple[str, ...] = ()
    weights: tuple[Path, ...] = ()
    blind: bool = False
    lang: str = "en"
    seed: int = 0


@dataclass(frozen=True)
class Checked:
    """A hand-in that was looked at; `pairs` are pictures that it has in common with others, as data addresses."""

    received: Received
    findings: tuple[Finding, ...]
    pairs: tuple[tuple[str, str, str], ...] = ()
    numbers: dict[str, float | None] = field(default_factory=dict)

    def verdict(self, aspect: str) -> Verdict | None:
        """The one most worth looking at; None where nothing was there to look at."""
        found = [finding.verdict for finding in self.findings if finding.aspect == aspect]
        return max(found, key=VERDICTS.index) if found else None

    def lines(self, aspect: str, words: Language) -> list[str]:
        """What was found, in words, what is most worth looking at first."""
        found = sorted((f for f in self.findings if f.aspect == aspect), key=lambda f: -VERDICTS.index(f.verdict))
        return [finding.text(words) for finding in found]


@dataclass(frozen=True)
class Check:
    """All hand-ins, in the order of their paths, and what was written of them."""

    checked: tuple[Checked, ...]
    page: Path
    table: Path


def check(workspace: Workspace, request: CheckRequest, progress: Progress | None = None) -> Check:
    """Looks at hand-ins and writes `check.html` and `check.csv`; what was found is evidence, and no error.

    Raises:
        RunError: there is no hand-in.
        HarnessError: a dataset that was named is not there.
    """
    progress = progress or Silent()
    paths, others = gather(request.paths)
    for path in others:
        progress.warn(f"left out `{path.name}`: it is neither a ZIP archive nor an unpacked hand-in")
    sets = [find_set(workspace, name) for name in request.datasets]
    request.output.mkdir(parents=True, exist_ok=True)
    with scratch(request.output) as aside:
        received: list[Received] = []
        with progress.step("opening hand-ins", len(paths), "hand-ins") as step:
            for number, path in enumerate(paths):
                received.append(receive(path, aside / f"{number:04d}"))
                step.advance()
        # One archive sent twice has one code, and is looked at once.
        opened = list({handed.code: handed for handed in received if handed.refused is None}.values())
        sets += _named_sets(workspace, opened, sets)
        parts = [(found, part) for found in sets if found.layout for part in found.layout.parts]
        look = Looking(
            workspace=workspace,
            weights=known_weights(workspace, opened, request.weights),
            remake=request.remake,
            seed=request.seed,
            wholes={(s.reference, p): len(walk(s.folder / p, within=s.folder).pictures) for s, p in parts},
        )
        found: dict[str, list[Finding]] = {handed.code: [] for handed in received}
        with progress.step("measuring and making again", len(opened), "hand-ins") as step:
            for handed in opened:
                try:
                    found[handed.code] += examine(handed, look)
                # Whatever a stranger's files make of the code that reads them: the other hand-ins are looked at.
                except Exception as error:
                    why = f"{type(error).__name__}: {error}"[:200]
                    found[handed.code].append(Finding("record", "untold", "unreadable", {"why": why}))
                step.advance()
        shared, handed_out = shared_pictures(opened, sets, progress)
        titles = {handed.code: handed.code if request.blind else handed.name or handed.path.name for handed in received}
        for code, n in handed_out.items():
            found[code] += [Finding("pictures", "note", "handed_out", {"n": n})] if n else []
        for code, n in Counter(handed.code for handed in received).items():
            found[code] += [Finding("record", "differs", "twice", {"n": n})] if n > 1 else []
        for code, finding in [*_sharing(shared), *same_texts(opened)]:
            other = {**finding.values, "other": titles.get(finding.values["other"], "")}
            found[code].append(replace(finding, values=other))
        for handed in received:
            if handed.refused:
                found[handed.code] = [Finding("record", "differs", "refused", {"why": handed.refused})]
        checked = tuple(
            Checked(handed, tuple(found[handed.code]), tuple(_pairs(handed, shared, titles)), _means(handed))
            for handed in received
        )
        _write(request, checked, titles)
    return Check(checked, request.output / PAGE, request.output / TABLE)


def _named_sets(workspace: Workspace, opened: Sequence[Received], sets: Sequence[FoundSet]) -> list[FoundSet]:
    """The official datasets that hand-ins name and that are installed here."""
    names = {str(r.test_set.get("reference")) for handed in opened for r in handed.runs.values()}
    names |= {str(t.dataset.get("reference")) for handed in opened for t in handed.trainings.values()}
    found = {}
    for name in sorted(names):
        with suppress(HarnessError):  # it is not installed
            one = find_set(workspace, name)
            # A set of one's own of that name here is another one.
            if one.official and one.folder not in {known.folder for known in sets}:
                found[one.folder] = one
    return list(found.values())


def _sharing(shared: Sequence[Shared]) -> Iterator[tuple[str, Finding]]:
    names: dict[tuple[str, str], list[str]] = {}
    for mine, other in shared:
        names.setdefault((mine.owner, other.owner), []).append(mine.name)
    for (code, other_code), own in sorted(names.items()):
        key = "training_photos" if other_code == "train" else "shared"
        values = {"n": len(own), "names": ", ".join(own[:3]), "other": other_code}
        yield code, Finding("pictures", "differs", key, values)


def _pairs(handed: Received, shared: Sequence[Shared], titles: dict[str, str]) -> list[tuple[str, str, str]]:
    mine = [(a, b) for a, b in shared if a.owner == handed.code][:_SHOWN_PAIRS]
    return [(_address(a.path), _address(b.path), titles.get(b.owner, b.name)) for a, b in mine]


def _address(path: Path) -> str:
    picture = open_rgb(path)
    picture.thumbnail((_CELL, _CELL))
    return picture_address(picture, "WEBP", quality=75, method=2)


def _means(handed: Received) -> dict[str, float | None]:
    """The means that the runs claim, by `RUN COLUMN`; none of files that cannot be read."""
    means: dict[str, float | None] = {}
    for name in handed.runs:
        with suppress(HarnessError):
            means |= {f"{name} {column}": s.mean for column, s in load_measurement(handed.run(name)).summary.items()}
    return means


def _write(request: CheckRequest, checked: Sequence[Checked], titles: dict[str, str]) -> None:
    words = language(request.lang)
    page = render_page(
        "check.html.j2",
        words,
        package="harness.course",
        styles=("course.css",),
        checked=checked,
        titles=titles,
        aspects=ASPECTS,
        blind=request.blind,
    )
    write_text(request.output / PAGE, page)
    write_text(request.output / TABLE, _csv([_row(one, blind=request.blind) for one in checked]))
    if request.blind:
        write_text(request.output / NAMES, _csv([_who(one.received, blind=False) for one in checked]))


def _who(handed: Received, *, blind: bool) -> dict[str, str]:
    names = {"name": handed.name, "id": handed.id, "file": handed.path.name}
    return {"code": handed.code} | ({} if blind else names)


def _row(one: Checked, *, blind: bool) -> dict[str, str]:
    runs, words = one.received.runs, language("en")
    row = _who(one.received, blind=blind)
    row |= {"runs": str(len(runs)), "images": str(sum(len(record.images) for record in runs.values()))}
    row["means"] = "; ".join(f"{name} {value:.4f}" for name, value in one.numbers.items() if value is not None)
    for aspect in ASPECTS:
        row |= {aspect: one.verdict(aspect) or "", f"{aspect}_evidence": "; ".join(one.lines(aspect, words))}
    return row


def _csv(rows: Sequence[dict[str, str]]) -> str:
    stream = io.StringIO()
    # A spreadsheet would take what begins so for a formula, and names come from strangers.
    cells = [list(rows[0]), *(row.values() for row in rows)]
    safe = [[f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t"} else cell for cell in row] for row in cells]
    csv.writer(stream, lineterminator="\n").writerows(safe)
    # With a byte order mark: spreadsheets take a file without one for their old code page.
    return f"\ufeff{stream.getvalue()}"


def document(found: Check, *, blind: bool) -> dict[str, Any]:
    """Returns what `--json` prints; without names where marking is blind."""
    words = language("en")
    return {
        "format": 1,
        "page": found.page.as_uri(),
        "table": str(found.table),
        "handins": [
            {
                **_who(one.received, blind=blind),
                "findings": [
                    {"aspect": f.aspect, "verdict": f.verdict, "kind": f.key, "text": f.text(words)}
                    for f in one.findings
                ],
            }
            for one in found.checked
        ],
    }
