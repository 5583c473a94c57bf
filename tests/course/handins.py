"""Hand-ins made by script: honest ones, and every kind of dishonest or broken one that a teacher may get."""

from __future__ import annotations

import io
import json
import random
import re
import shutil
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image

from harness.course.answering import ASKED, template
from harness.course.handing_in import HandinRequest, make_handin
from harness.demo.demo_weights import demo_weights
from harness.metrics.measure import measure_images
from harness.metrics.storage import save_measurement
from harness.testing.request import TestRequest
from harness.testing.running import run_test
from harness.workspace import Workspace

COURSE, OWN = "on-course-set", "on-own-photos"
Pair = tuple[Image.Image, Image.Image]
"""A photo and its label map."""

_VOCABULARY = re.findall(
    r"\w+",
    "the generator draws window frames from labels while patches judge texture because skip connections carry "
    "edges and dropout stays live at test time so samples vary little noise loss blur average mean sharp "
    "facade balcony roof door cornice pillar shadow sky colour brick glass training epoch batch norm "
    "statistics learning rate discriminator receptive field encoder decoder bottleneck pixels crop resize "
    "near far failed badly well unexpected mirrored symmetry occlusion tree car street photo camera angle "
    "perspective rectified dataset split leak duplicate baseline copied interval bootstrap seed similarity "
    "ratio signal numbers pictures worst best reason assumption broken paired unpaired cycle consistency "
    "identity horse zebra season summer winter map satellite road water park",
)


@dataclass
class Student:
    """Somebody's own machine, on which the exercise is done."""

    name: str
    number: int
    workspace: Workspace
    answers: Path

    @property
    def own(self) -> Path:
        return self.workspace.run(OWN)

    def hand_in(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        request = HandinRequest(
            name=self.name, id=f"{4000 + self.number}", works=(COURSE, OWN), answers=self.answers, folder=folder
        )
        path = make_handin(self.workspace, request).path
        assert path
        return path


def joined(pair: Pair) -> Image.Image:
    """A left, B right, as the official loaders want it."""
    both = Image.new("RGB", (pair[0].width * 2, pair[0].height))
    both.paste(pair[0], (0, 0))
    both.paste(pair[1], (pair[0].width, 0))
    return both


def save_set(folder: Path, part: str, pairs: Sequence[Pair]) -> Path:
    (folder / part).mkdir(parents=True, exist_ok=True)
    for n, pair in enumerate(pairs):
        joined(pair).save(folder / part / f"{n:03d}.png")
    return folder


def text_of(number: int, question: str) -> str:
    rng = random.Random(f"{number}:{question}")
    return " ".join(rng.choice(_VOCABULARY) for _ in range(rng.randint(40, 70))).capitalize() + "."


def write_answers(path: Path, texts: dict[str, str]) -> None:
    text = template("en")
    for key, answer in texts.items():
        text = text.replace(f"<!-- {key} -->\n", f"<!-- {key} -->\n\n{answer}\n")
    path.write_text(text, encoding="utf-8")


def begin(root: Path, number: int, own: Sequence[Pair], course: Workspace) -> Student:
    """An honest exercise: the course's set and some pictures of one's own, tested and written about.

    Args:
        course: see `course_run`.
    """
    shutil.copytree(course.root, root)
    workspace = Workspace(root)
    save_set(workspace.datasets / "own", "test", own)
    student = Student(f"Student {number:02d}", number, workspace, root / "answers.md")
    write_answers(student.answers, {key: text_of(number, key) for key in ASKED})
    translate(workspace, "own", OWN)
    return student


def course_run(root: Path, pairs: Sequence[Pair]) -> Workspace:
    """A workspace with a run of what the course handed out, which has the same pixels whoever makes it."""
    workspace = Workspace(root)
    save_set(workspace.datasets / "course", "test", pairs)
    translate(workspace, "course", COURSE)
    return workspace


def translate(workspace: Workspace, dataset: str, name: str, **asked: object) -> None:
    shutil.rmtree(workspace.run(name), ignore_errors=True)
    request = {"model": "facades_label2photo", "weights": demo_weights(), "engine": "native", "device": "cpu", **asked}
    run_test(workspace, TestRequest(dataset=dataset, name=name, **request))  # type: ignore[arg-type]


def _edit(path: Path, change: Callable[[dict], object]) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")


def edited_mean(student: Student) -> None:
    _edit(student.own / "metrics.json", lambda d: d["summary"]["ssim"].update(mean=d["summary"]["ssim"]["mean"] + 0.1))


def raised_row(student: Student) -> None:
    table = student.own / "metrics.csv"
    head, first, *rest = table.read_text(encoding="utf-8").splitlines()
    name, ssim, *others = first.split(",")
    raised = ",".join([name, repr(float(ssim) + 0.05), *others])
    table.write_text("\n".join([head, raised, *rest]) + "\n", encoding="utf-8")


def outputs_are_targets(student: Student) -> None:
    """Recompressed a little, so that no hash tells, and measured again, so that all numbers agree."""
    names = sorted(path.stem for path in (student.own / "images" / "target").glob("*.png"))
    for name in names[::2]:
        with Image.open(student.own / "images" / "target" / f"{name}.png") as target:
            recompressed(target, 95).save(student.own / "images" / "output" / f"{name}.png")
    save_measurement(student.own, measure_images(student.own / "images", names, paired=True))


def recompressed(picture: Image.Image, quality: int) -> Image.Image:
    stream = io.BytesIO()
    picture.convert("RGB").save(stream, "JPEG", quality=quality)
    return Image.open(stream).convert("RGB")


def with_pictures(pairs: Sequence[Pair]) -> Callable[[Student], None]:
    """Other pictures in place of one's own, tested as they are."""

    def change(student: Student) -> None:
        shutil.rmtree(student.workspace.datasets / "own")
        save_set(student.workspace.datasets / "own", "test", pairs)
        translate(student.workspace, "own", OWN)

    return change


def turned(pairs: Sequence[Pair]) -> list[Pair]:
    return [tuple(side.transpose(Image.Transpose.ROTATE_90) for side in pair) for pair in pairs]  # type: ignore[misc]


def worse(pairs: Sequence[Pair]) -> list[Pair]:
    return [(recompressed(photo, 40), label) for photo, label in pairs]


def fewer_pictures(student: Student) -> None:
    for path in sorted((student.own / "images" / "output").glob("*.png"))[1:]:
        path.unlink()


def another_seed(student: Student) -> None:
    translate(student.workspace, "own", OWN, seed=7)
    _edit(student.own / "run.json", lambda d: d.update(seed=0))


def other_weights(student: Student) -> None:
    """Weights of one's own, passed off as those of the course."""
    honest = json.loads((student.own / "run.json").read_text(encoding="utf-8"))["model"]
    state = torch.load(demo_weights(), weights_only=True)
    generator = torch.Generator().manual_seed(1)
    for key, value in state.items():
        if value.is_floating_point() and value.ndim == 4:
            state[key] = value + 0.3 * value.std() * torch.randn(value.shape, generator=generator)
    other = student.workspace.root / "other.pth"
    torch.save(state, other)
    translate(student.workspace, "own", OWN, weights=other)
    _edit(student.own / "run.json", lambda d: d.update(model=honest))


def record_of_another_run(student: Student) -> None:
    for file in ("run.json", "images.jsonl"):
        shutil.copyfile(student.workspace.run(COURSE) / file, student.own / file)


def missing_answers(student: Student) -> None:
    write_answers(student.answers, {key: text_of(student.number, key) for key in ASKED[:3]})


def copied_answers(other: int) -> Callable[[Student], None]:
    def change(student: Student) -> None:
        def copied(key: str) -> str:
            words = text_of(other, key).split()
            return " ".join("indeed" if n % 15 == 7 else word for n, word in enumerate(words))

        own = {key: text_of(student.number, key) for key in ASKED}
        write_answers(student.answers, own | {key: copied(key) for key in ASKED[:4]})

    return change


def bomb(path: Path, megabytes: int = 400) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("handin.json", "w") as entry:
        for _ in range(megabytes):
            entry.write(bytes(1_000_000))
    return path


def traversal(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../escaped.txt", "here I am")
        archive.writestr("handin.json", "{}")
    return path
