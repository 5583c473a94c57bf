"""Writes the pages of runs. Reads `run.json`, `metrics.csv`, `metrics.json` and `images/`, and nothing else."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from filelock import FileLock

from harness.errors import RunError
from harness.files import write_text
from harness.metrics.comparing import Comparison, compare_runs
from harness.metrics.measure import Measurement
from harness.metrics.storage import load_measurement
from harness.progress import Progress, Silent
from harness.report.comparison import MOST_RUNS, compare_document, compare_page, listed_of
from harness.report.gallery import run_document, script_texts
from harness.report.gathering import RunPage, run_page
from harness.report.index import index_page
from harness.report.picking import Listed, Seen, look_through
from harness.report.thumbnails import FOLDER, read_picture, save_webp, write_strips
from harness.runs import notes
from harness.runs.confining import refuse_links_out
from harness.runs.listing import REPRODUCTION, SWEEP, folders_with
from harness.runs.ordering import oldest_first
from harness.runs.record import RunRecord, StoredImages, load_record
from harness.runs.training_record import TrainingRecord, load_training
from harness.web.language import Language, spoken
from harness.web.privacy import without_paths
from harness.web.render import in_language, render_page, write_pages

_T = TypeVar("_T")
Drawn = Callable[[Language], RunPage]
"""Gives a run's page in a language."""
RUN_STYLES = ("run.css",)
RUN_SCRIPTS = ("gallery.js", "histogram.js", "viewer.js", "tables.js")


def write_run_report(run: Path, lang: str | None = None, progress: Progress | None = None) -> Path:
    """Writes a run's `index.html`, the same in the other languages and the thumbnails; returns the page's path.

    Args:
        lang: of `index.html`; without one, see `harness.web.language.spoken`, that of the run's record.

    Raises:
        RunError: the folder is no complete run.
        UnknownNameError: there are no strings for `lang`.
    """
    words, progress = spoken(lang, load_record(run).lang), progress or Silent()
    drawn = load_page(run, progress)
    page = drawn(words)
    # Before the page: whatever stands in index.html is there when somebody opens it.
    write_strips(run, page.rows, page.kinds, progress, page.boxes)
    target = run / "index.html"
    examples = _example_addresses(run, page)

    def render(words: Language, pages: Mapping[str, str]) -> str:
        page = drawn(words)
        home = f"../{in_language('index.html', words.code)}"
        return render_run(page, words, run_document(page, words), examples, home=home, pages=pages)

    write_pages(target, words, render)
    return target


def load_page(
    run: Path, progress: Progress, *, measurement: Measurement | None = None, listed: Listed | None = None
) -> Drawn:
    """Returns what gives a run's page in a language; its files are read once.

    Args:
        measurement: what was measured of the run, where it was loaded before.
        listed: the images that are listed, where the run's own numbers do not pick them.

    Raises:
        RunError: the folder is no complete run, its records are damaged, or it holds a link that leads out of it.
    """
    # First, for opening a picture already follows a link.
    refuse_links_out(run)
    record, measurement = load_record(run), measurement or load_measurement(run)
    # Of the others it takes no time that anybody notices.
    telling = progress if isinstance(record.images, StoredImages) else Silent()
    with telling.step("Reading the record", len(record.images)) as step:
        return _drawn(run, record, measurement, look_through(record, measurement, listed, step))


def _drawn(run: Path, record: RunRecord, measurement: Measurement, seen: Seen) -> Drawn:
    # Only images that were drawn more than once have such a map.
    spread = {path.stem for path in (run / "images" / "spread").glob("*.png")}
    full = (run / "images" / "full").is_dir()
    return lambda words: run_page(record, measurement, spread, words, full=full, seen=seen)


def render_run(
    page: RunPage,
    words: Language,
    document: dict[str, Any],
    examples: dict[int, dict[str, str | None]],
    *,
    home: str | None = None,
    pages: Mapping[str, str] | None = None,
    single: str = "",
    partial: str = "",
) -> str:
    """Returns a run's page.

    Args:
        document: what its scripts read.
        examples: addresses of the first screen's pictures by row and kind.
        home: address of the index, None where there is none beside the page.
        pages: the same page by language, for a switch to the other ones.
        single, partial: what a page in one file says of what is inside.
    """
    return render_page(
        "run.html.j2",
        words,
        styles=RUN_STYLES,
        scripts=RUN_SCRIPTS,
        data=document,
        pages=pages,
        page=page,
        cells=document["cells"],
        example_pictures=examples,
        home=home,
        single=single,
        partial=partial,
    )


def _example_addresses(run: Path, page: RunPage) -> dict[int, dict[str, str | None]]:
    """Full-size pictures of the first screen; the differences among them are drawn here."""
    # Which rows are examples changes when a run is measured anew; its old drawings would stay for ever.
    for old in (run / FOLDER).glob("difference-*.webp"):
        old.unlink()
    boxes = page.boxes
    found: dict[int, dict[str, str | None]] = {}
    for row in {*page.examples.values()}:
        picture = page.pictures[row]
        found[row] = {kind: picture.addresses.get(kind) for kind in page.kinds}
        box = boxes.get(picture.name)
        if "difference" in page.kinds and (drawn := read_picture(run / "images", "difference", picture.name, box)):
            address = f"{FOLDER}/difference-{row:05d}.webp"
            save_webp(run / address, drawn, 90)
            found[row]["difference"] = address
    return found


def write_comparison(
    runs: Sequence[Path], target: Path, lang: str | None = None, progress: Progress | None = None
) -> tuple[Path, list[Comparison]]:
    """Writes a page that sets every run after the first against it; returns its path and the comparisons.

    Raises:
        RunError: fewer than two runs, too many, one that is incomplete, or some that must not be compared.
    """
    # A run against itself has no differences, and its letter would stand for two.
    if not 2 <= len(set(runs)) == len(runs) <= MOST_RUNS:
        raise RunError(f"between 2 and {MOST_RUNS} different runs can be compared", "harness compare RUN RUN")
    words, progress = spoken(lang, load_record(runs[0]).lang), progress or Silent()
    # Runs that must not be compared fail here, before minutes go into thumbnails.
    measured = [load_measurement(run) for run in runs]
    others = zip(runs[1:], measured[1:], strict=True)
    comparisons = [compare_runs((runs[0], run), (measured[0], found), progress) for run, found in others]
    listed = listed_of(comparisons)
    drawn = [
        load_page(run, progress, measurement=found, listed=listed) for run, found in zip(runs, measured, strict=True)
    ]
    for run, page in ((run, each(words)) for run, each in zip(runs, drawn, strict=True)):
        write_strips(run, page.rows, page.kinds, progress, page.boxes)
    # Relative, so that `results/` may be moved, zipped or served; with slashes on Windows, too.
    bases = [f"{quote(Path(os.path.relpath(run, target.parent)).as_posix())}/" for run in runs]

    def render(words: Language, pages: Mapping[str, str]) -> str:
        compared = compare_page([each(words) for each in drawn], bases, comparisons, words)
        document = compare_document(compared, words)
        return render_page(
            "compare.html.j2",
            words,
            styles=(*RUN_STYLES, "compare.css"),
            scripts=RUN_SCRIPTS,
            page=compared,
            data=document,
            cells=document["cells"],
            pages=pages,
            home=in_language("index.html", words.code),
        )

    write_pages(target, words, render)
    return target, comparisons


def comparison_name(runs: Sequence[Path]) -> str:
    """Returns the file name of a comparison: all names where that is short enough, else the first and a number."""
    name = f"compare-{'-'.join(run.name for run in runs)}"
    # As `NAME_BYTES` of the workspace: file systems take 255 bytes, `.html` and a draft's ending are added.
    if len(name.encode()) > 200:
        number = hashlib.sha256("/".join(run.name for run in runs).encode()).hexdigest()[:12]
        name = f"compare-{number}"
    return f"{name}.html"


def write_index(results: Path, lang: str | None = None) -> Path:
    """Writes `results/index.html`, every complete run with its headline, and returns its path.

    Args:
        lang: of `index.html`; without one, see `harness.web.language.spoken`, that of the newest run or training.
    """
    with FileLock(results / ".index-lock"):  # whoever ends later lists both
        target, damaged = results / "index.html", list[tuple[str, str]]()
        runs = _read_all(results, "run.json", _headlines, damaged)
        trainings = _read_all(results, "training.json", load_training, damaged)
        said = dict(_read_all(results, notes.FILE, notes.load_note, damaged))
        records: list[RunRecord | TrainingRecord] = [
            *(record for _, (record, _) in runs),
            *(training for _, training in trainings),
        ]
        newest = max(records, key=lambda record: record.moment, default=None)
        words = spoken(lang, newest.lang if newest else None)

        def render(words: Language, pages: Mapping[str, str]) -> str:
            # Pages of earlier versions stand in one language alone.
            own = in_language("index.html", words.code)
            names = {name: own for name, _ in (*runs, *trainings) if (results / name / own).is_file()}
            drawn = [(name, page(words)) for name, (_, page) in runs]
            tables = {"reproductions": folders_with(results, REPRODUCTION), "sweeps": folders_with(results, SWEEP)}
            return render_page(
                "index.html.j2",
                words,
                styles=("index.css",),
                scripts=("index.js",),
                data=script_texts(words),
                pages=pages,
                page=index_page(drawn, damaged, trainings, said, {kind: made for kind, made in tables.items() if made}),
                names=names,
            )

        write_pages(target, words, render)
        # Every run's page leads to the index of its own language, whichever the first is.
        write_text(results / in_language(target.name, words.code), target.read_text(encoding="utf-8"))
    return target


def _headlines(run: Path) -> tuple[RunRecord, Drawn]:
    """A run as the index shows it, which looks for no links: only records are read, in hundreds of runs perhaps."""
    record, measurement = load_record(run), load_measurement(run)
    # What is known of each image is left aside, and so the time that going through a million takes.
    return record, _drawn(run, record, measurement, look_through(replace(record, images=()), measurement))


def _read_all(
    results: Path, file: str, read: Callable[[Path], _T], damaged: list[tuple[str, str]]
) -> list[tuple[str, _T]]:
    """What `read` makes of every folder that holds `file`, by name; those it cannot read are added to `damaged`."""
    found: list[tuple[str, _T]] = []
    for folder in oldest_first(results.glob(f"*/{file}")):
        try:
            found.append((folder.name, read(folder)))
        except RunError as error:
            damaged.append((folder.name, without_paths(error.message)))
    return found
