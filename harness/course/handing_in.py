"""`harness handin`: runs, trainings and answers as one ZIP archive, laid out as a workspace, and what it lacks."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from harness.course.answering import Written, read_answers, unanswered
from harness.errors import HarnessError, RunError
from harness.files import scratch, sha256_of, write_json, write_text, written_aside
from harness.images.opening import open_rgb
from harness.keeping import same_file
from harness.metrics.storage import load_measurement
from harness.progress import Progress, Silent
from harness.report.single import MEGABYTE, write_single_file
from harness.report.thumbnails import FOLDER as THUMBNAILS
from harness.runs import record as run_file
from harness.runs import training_record as training_file
from harness.runs.confining import refuse_links_out
from harness.runs.listing import find_report
from harness.runs.pixel_differences import DAMAGE
from harness.runs.record import RunRecord, load_record
from harness.runs.trained import find_model, training_of
from harness.runs.training_record import load_training
from harness.sets.finding import find_set
from harness.sets.naming import safe_name
from harness.sets.selection import select
from harness.testing.held_numbers import wrong_numbers
from harness.training.publishing import rewrite_page
from harness.version import __version__
from harness.web.language import Language, language
from harness.web.privacy import public_command
from harness.web.render import render_page
from harness.workspace import Workspace

FORMAT = 1
MANIFEST, STUDENT, ANSWERS, SET = "handin.json", "student.json", "answers.md", "set"
_PAGE_BYTES = 3 * MEGABYTE  # of a run's single file; its pictures lie beside it in full
_LARGEST_SIDE = 1600  # pixels of a picture in the answers
_OF_RUN = (run_file.FILE, run_file.IMAGES, "metrics.csv", "metrics.json", "seeds.csv")
_OF_TRAINING = (training_file.FILE, "losses.csv", "progress.js")
_TELLING = {"exif", "xmp", "XML:com.adobe.xmp", "comment", "photoshop"}
"""What Pillow calls the parts of a picture's file that may tell place, device and person."""


@dataclass(frozen=True, kw_only=True)
class HandinRequest:
    """What to hand in.

    Attributes:
        name, id: the student's; they stand in the archive's name and in one file that the manifest leaves out.
        works: names or folders of runs and trainings; the newest for none.
        folder: where the archive is written.
        dry_run: whether only to say what would go in.
    """

    name: str
    id: str
    works: tuple[str, ...] = ()
    answers: Path | None = None
    folder: Path
    lang: str = "en"
    dry_run: bool = False


@dataclass(frozen=True, kw_only=True)
class Handin:
    """What was handed in.

    Attributes:
        path: the archive; None of a dry run.
        files: bytes by path in the archive.
        lacking: what is missing, or does not agree with its pictures, in words.
    """

    path: Path | None
    works: tuple[str, ...]
    files: dict[str, int]
    lacking: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes of the archive, or of all that would go into it."""
        return self.path.stat().st_size if self.path else sum(self.files.values())


@dataclass
class _Packing:
    """An archive on its way."""

    workspace: Workspace
    root: Path
    words: Language
    progress: Progress
    lacking: list[str] = field(default_factory=list)
    cleaned: list[str] = field(default_factory=list)

    def lack(self, key: str, **values: object) -> None:
        self.lacking.append(self.words.text(f"handin.lack.{key}", **values))


def make_handin(workspace: Workspace, request: HandinRequest, progress: Progress | None = None) -> Handin:
    """Writes `NAME-ID.zip`; whatever it lacks is said, and no reason not to write it.

    Raises:
        UnknownNameError: there is no such run or training.
        RunError: its record is damaged, or there are no runs.
        HarnessError: the answers are no file of answers.
    """
    name = safe_name(f"{request.name}-{request.id}")
    answers = read_answers(request.answers) if request.answers else ()
    folders = _with_kin(workspace, [find_report(workspace, work) for work in request.works or (None,)])
    # On the disk of the runs: their pictures are linked, not copied.
    with scratch(workspace.results) as aside:
        packing = _Packing(workspace, aside / name, language(request.lang), progress or Silent())
        for folder in folders:
            refuse_links_out(folder)
            if _is_run(folder):
                _pack_run(packing, folder)
            else:
                _pack_training(packing, folder)
        _pack_answers(packing, request.answers, answers)
        _write_page(packing, folders, answers)
        files = {p.relative_to(packing.root).as_posix(): p for p in sorted(packing.root.rglob("*")) if p.is_file()}
        facts = {"format": FORMAT, "harness_version": __version__, "lang": request.lang, "cleaned": packing.cleaned}
        facts["files"] = {inside: sha256_of(path) for inside, path in files.items()}
        write_json(packing.root / MANIFEST, facts)
        # Outside of the manifest: without this file and the archive's name nobody knows whose it is.
        write_json(packing.root / STUDENT, {"format": FORMAT, "name": request.name, "id": request.id})
        files |= {name: packing.root / name for name in (MANIFEST, STUDENT)}
        target = request.folder / f"{name}.zip"
        if not request.dry_run:
            with (
                written_aside(target) as draft,
                # A file of no date, as containers make them, gets the first that ZIP knows.
                zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive,
            ):
                for inside, path in files.items():
                    # Deflate gains nothing on what is packed already.
                    packed = path.suffix in {".png", ".webp", ".jpg"}
                    archive.write(path, f"{name}/{inside}", zipfile.ZIP_STORED if packed else None)
        return Handin(
            path=None if request.dry_run else target,
            works=tuple(folder.name for folder in folders),
            files={inside: path.stat().st_size for inside, path in files.items()},
            lacking=tuple(packing.lacking),
        )


def _is_run(folder: Path) -> bool:
    return (folder / run_file.FILE).is_file()


def _with_kin(workspace: Workspace, folders: Sequence[Path]) -> list[Path]:
    """Adds the training of a run's own model, and the runs that tested a training."""
    found = list(folders)
    for folder in folders:
        if _is_run(folder):
            with suppress(HarnessError):  # a model that is gone has no training
                made_by = training_of(workspace, find_model(workspace, load_record(folder).model["id"]))
                found += [made_by[0]] if made_by else []
        else:
            tests = (workspace.results / name for name in sorted(load_training(folder).tests))
            found += filter(_is_run, tests)
    found = list(dict.fromkeys(folder.resolve() for folder in found))
    if len({folder.name for folder in found}) < len(found):
        raise RunError("two of these are folders of one name", "rename one of them")
    return found


def _pack_run(packing: _Packing, folder: Path) -> None:
    record = load_record(folder)
    target = packing.root / "results" / folder.name
    _link(folder, target, _OF_RUN)
    kinds = ("input", "output", "target") if record.test_set["layout"] == "paired" else ("input", "output")
    if missing := _link(folder, target, [f"images/{k}/{i['name']}.png" for k in kinds for i in record.images]):
        packing.lack("pictures", run=record.name, n=missing)
    try:
        lines = wrong_numbers(packing.workspace, folder, record, packing.progress)[0]
    except HarnessError as error:
        lines = [error.message]
    for line in lines:
        packing.lack("numbers", run=record.name, line=line)
    _pack_set(packing, record, target)
    try:
        write_single_file(target, packing.words.code, _PAGE_BYTES, packing.progress).path.replace(target / "index.html")
    except HarnessError as error:
        packing.lack("page", run=record.name, why=error.message)
    shutil.rmtree(target / THUMBNAILS, ignore_errors=True)


def _pack_set(packing: _Packing, record: RunRecord, target: Path) -> None:
    """The very pictures that were translated, from which a teacher can make the outputs again."""
    hashes = {image["name"]: image.get("sha256") for image in record.images}
    try:
        found = find_set(packing.workspace, str(record.test_set.get("reference") or ""))
        model = find_model(packing.workspace, record.model["id"])
        chosen = select(found, model, record.test_set.get("split"), follow_links=True)
    except HarnessError as error:
        packing.lack("set", run=record.name, why=error.message)
        return
    items = [(item, facts) for item, facts in zip(chosen.items, chosen.facts, strict=True) if item.name in hashes]
    changed = [item.name for item, facts in items if hashes[item.name] not in {None, facts["sha256"]}]
    if changed or len(items) < len(hashes):
        packing.lack("set_changed", run=record.name, n=len(changed) + len(hashes) - len(items))
    # Named by the items, so that the same names come of them again: the noise of an image hangs on its name.
    place = target / SET / (record.test_set.get("split") or "test")
    for item, _ in items:
        if item.name in changed:
            continue
        if _tells(item.path):
            place.mkdir(parents=True, exist_ok=True)
            open_rgb(item.path).save(place / f"{item.name}.png")
            packing.cleaned.append(f"results/{target.name}/{item.name}")
        else:
            same_file(item.path, place / f"{item.name}{item.path.suffix.lower()}")


def _tells(path: Path) -> bool:
    """Whether a picture's file holds more than the picture: EXIF with place and device, comments, texts."""
    try:
        with Image.open(path) as picture:
            return bool(_TELLING & set(picture.info) or len(picture.getexif()) or getattr(picture, "text", None))
    except DAMAGE:
        return True


def _pack_training(packing: _Packing, folder: Path) -> None:
    record = load_training(folder)
    target = packing.root / "results" / folder.name
    samples = [p.relative_to(folder).as_posix() for p in sorted((folder / "samples").rglob("*.png"))]
    _link(folder, target, [*_OF_TRAINING, *samples, *(p.name for p in folder.glob("mean-target-*.png"))])
    rewrite_page(target, packing.words.code)
    if record.state != "finished":
        packing.lack("unfinished", training=record.name, state=record.state)


def _link(folder: Path, target: Path, names: Sequence[str]) -> int:
    """Links the files that are there and returns how many are not."""
    there = [name for name in names if (folder / name).is_file()]
    for name in there:
        same_file(folder / name, target / name)
    return len(names) - len(there)


def _pack_answers(packing: _Packing, path: Path | None, answers: Sequence[Written]) -> None:
    if path is None:
        packing.lack("answers")
        return
    same_file(path, packing.root / ANSWERS)
    if missing := unanswered(answers):
        packing.lack("unanswered", n=len(missing), ids=", ".join(missing))
    for _, address in (picture for one in answers for picture in one.pictures):
        target = packing.root / picture_of(address)
        if target.parent.name != "answers":
            if not target.is_file():
                packing.lack("cited", picture=address)
            continue
        try:
            picture = open_rgb(path.parent / address)
        except HarnessError as error:
            packing.lack("picture", picture=address, why=error.message)
            continue
        # Drawn anew: what a phone writes into a photo's file stays at home.
        picture.thumbnail((_LARGEST_SIDE, _LARGEST_SIDE))
        target.parent.mkdir(exist_ok=True)
        picture.save(target, quality=85)


def picture_of(address: str) -> str:
    """Returns where in an archive the picture lies that answers name: of a run, or one of their own."""
    run, kind, name = (*address.split("/"), "", "", "")[:3]
    if kind in {"input", "output", "target"} and name.endswith(".png"):
        return f"results/{safe_name(run)}/images/{kind}/{safe_name(name[:-4])}.png"
    # With its folders and suffix: `a/1.jpg`, `b/1.jpg` and `b/1.png` are three pictures.
    return f"answers/{safe_name(address)}.webp"


def _write_page(packing: _Packing, folders: Sequence[Path], answers: Sequence[Written]) -> None:
    html = render_page(
        "handin.html.j2",
        packing.words,
        package="harness.course",
        styles=("course.css",),
        works=[*_works(folders)],
        answers=[(one, [(caption, picture_of(address)) for caption, address in one.pictures]) for one in answers],
        there={p.relative_to(packing.root).as_posix() for p in packing.root.rglob("*") if p.is_file()},
    )
    write_text(packing.root / "index.html", html)


def _works(folders: Sequence[Path]) -> Iterator[dict[str, Any]]:
    for folder in folders:
        told: dict[str, Any] = {"name": folder.name, "model": None, "summary": {}}
        if _is_run(folder):
            record = load_record(folder)
            told |= {"model": record.model["id"], "n": len(record.images), "command": public_command(record.command)}
            with suppress(RunError):  # what it lacks was said
                told["summary"] = load_measurement(folder).summary
        else:
            told["command"] = public_command(load_training(folder).command)
        yield told


def cited_lines(workspace: Workspace, works: Sequence[str], words: Language) -> list[str]:
    """Returns lines with the numbers and pictures of runs, ready to be copied into answers; none without a run."""
    lines = []
    for folder in _with_kin(workspace, [find_report(workspace, work) for work in works]):
        if not _is_run(folder):
            continue
        measured = load_measurement(folder)
        for column, s in measured.summary.items():
            interval = f" ({s.low:.4f} to {s.high:.4f})" if s.low is not None and s.high is not None else ""
            lines.append(f"{folder.name}: {column} {s.mean:.4f}{interval}, n = {s.n}" if s.mean is not None else "")
        first = measured.columns[0]
        values = measured.rows.columns[first]
        for role, place in (("worst", values.argmin()), ("best", values.argmax())):
            lines.append(f"![{words.text(f'handin.{role}')}]({folder.name}/output/{measured.rows.names[place]}.png)")
    return [line for line in lines if line]
