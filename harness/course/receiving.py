"""Hand-ins as a teacher gets them: archives of strangers, unpacked, read as data, and nothing in them run."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.catalog.types import Model
from harness.course.answering import Written, read_answers
from harness.course.handing_in import ANSWERS, FORMAT, MANIFEST, STUDENT
from harness.documents import Document, typed
from harness.errors import HarnessError, RunError
from harness.fetch.archives import unpack
from harness.files import sha256_of
from harness.runs import record as run_file
from harness.runs import training_record as training_file
from harness.runs.confining import refuse_links_out
from harness.runs.record import RunRecord, load_record
from harness.runs.trained import find_model, model_of
from harness.runs.training_record import TrainingRecord, load_training
from harness.workspace import Workspace

_DOCUMENT = Document(
    newest=FORMAT,
    error=RunError,
    missing="`{folder}` is no hand-in: it has no `{name}`",
    bring="harness handin",
    mend="ask for it again",
)


@dataclass(kw_only=True)
class Received:
    """One hand-in, opened.

    Attributes:
        code: what stands for it where marking is blind.
        name, id: the student's, as told.
        root: where it lies; a workspace of its own.
        refused: why it could not be opened; everything below is empty then.
        damaged: runs and trainings whose record cannot be read, with the reason.
        changed: files that are not those of the manifest: other bytes, missing, or added.
        cleaned: pictures of sets that were drawn anew without their EXIF, as `results/RUN/NAME`.
    """

    path: Path
    code: str
    name: str = ""
    id: str = ""
    root: Path
    refused: str | None = None
    runs: dict[str, RunRecord] = field(default_factory=dict)
    trainings: dict[str, TrainingRecord] = field(default_factory=dict)
    damaged: dict[str, str] = field(default_factory=dict)
    answers: tuple[Written, ...] = ()
    files: int = 0
    changed: tuple[str, ...] = ()
    cleaned: frozenset[str] = frozenset()

    def run(self, name: str) -> Path:
        return self.root / "results" / name

    def model(self, record: RunRecord) -> Model | None:
        """Returns the model of a run: one of its own trainings' or of the catalog; None for an unknown one."""
        for training in self.trainings.values():
            for trained in training.models:
                if record.model["id"] in {trained.name, f"{training.family}/{trained.name}"}:
                    return model_of(training, trained)
        with suppress(HarnessError):
            return find_model(Workspace(self.root), record.model["id"])
        return None


def gather(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Returns archives and unpacked hand-ins, in folders of folders too, and the files beside them that are neither.

    Raises:
        RunError: there is no hand-in.
    """
    found: list[Path] = []
    others: list[Path] = []
    waiting = list(reversed(paths))
    while waiting:
        path = waiting.pop()
        if (path / MANIFEST).is_file() or (path.is_file() and (path in paths or path.suffix.lower() == ".zip")):
            found.append(path)
        elif path.is_dir() and not path.is_symlink():
            waiting += sorted((p for p in path.iterdir() if not p.name.startswith(".")), reverse=True)
        else:
            others.append(path)
    if not found:
        raise RunError(f"there is no hand-in in `{paths[0]}`", "harness check FOLDER_OF_ZIPS")
    return list(dict.fromkeys(found)), others


def receive(path: Path, place: Path) -> Received:
    """Opens one hand-in, unpacking it into the new folder `place`; what cannot be opened has its reason."""
    # Of its bytes: the same whatever the file is called, and telling nothing of whose it is.
    code = sha256_of(path if path.is_file() else path / MANIFEST)[:8]
    try:
        if path.is_file():
            unpack(path, place, keep=("results",))
        else:
            refuse_links_out(path)
        return _read(Received(path=path, code=code, root=place if path.is_file() else path))
    except (HarnessError, OSError, ValueError) as error:
        # Archives name themselves in their errors, and these are read where nobody knows whose they are.
        reason = str(getattr(error, "message", error)).replace(str(path), "…").replace(str(place), "…")
        return Received(path=path, code=code, root=place, refused=reason)


def _read(handed: Received) -> Received:
    root = handed.root
    manifest = _DOCUMENT.load(root / MANIFEST, dict)
    listed = typed(dict[str, str], manifest.get("files"), "files")
    handed.cleaned = frozenset(typed(tuple[str, ...], manifest.get("cleaned", []), "cleaned"))
    with suppress(HarnessError):  # without it, it is nobody's, and still a hand-in
        student = _DOCUMENT.load(root / STUDENT, dict)
        handed.name, handed.id = (_line(student.get(key)) for key in ("name", "id"))
    there = {p.relative_to(root).as_posix(): p for p in root.rglob("*") if p.is_file()}
    handed.files = len(there)
    other = {name for name, sha in listed.items() if name in there and sha256_of(there[name]) != sha}
    handed.changed = tuple(sorted((listed.keys() ^ there.keys()) - {MANIFEST, STUDENT} | other))
    for folder in sorted(root.glob("results/*")):
        try:
            if (folder / run_file.FILE).is_file():
                handed.runs[folder.name] = load_record(folder)
            if (folder / training_file.FILE).is_file():
                handed.trainings[folder.name] = load_training(folder)
        except RunError as error:
            handed.damaged[folder.name] = error.message.replace(f"{root}/", "")
    with suppress(HarnessError):  # none, which is found when they are looked at
        handed.answers = read_answers(root / ANSWERS)
    return handed


def _line(text: Any) -> str:
    return "".join(c for c in str(text or "") if c.isprintable())[:80]
