"""Forty hand-ins of 50 pictures each, 26 honest and 14 of twelve other kinds, and how long `harness check` takes.

    python benchmarks/forty_handins.py FOLDER_OF_FACADE_PAIRS FOLDER_TO_WRITE [--students 40] [--pictures 50]

FOLDER_OF_FACADE_PAIRS holds `photo/NAME.png` and `label/NAME.png`. The course's set is 25 of the pairs, its training
part 25 others; everybody's own pictures are quarters of the rest, enlarged, and facades that the package draws.
Printed are the seconds of checking, what found each kind, and every honest hand-in that something was said of.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from PIL import Image

from harness.demo.scenes import draw_scene
from tests.course import handins as made
from tests.course.handins import Pair

NEEDED = {
    "edited_mean": "numbers",
    "raised_row": "numbers",
    "outputs_are_targets": "copies",
    "turned": "shared",
    "worse": "shared",
    "training_photos": "training_photos",
    "fewer": "fewer",
    "another_seed": "other_seed",
    "other_weights": "other_pixels",
    "record_of_another_run": "other_pictures",
    "missing_answers": "unanswered",
    "copied_answers": "same_text",
    "bomb": "refused",
    "traversal": "refused",
}


def pairs_of(folder: Path) -> list[Pair]:
    names = sorted(path.name for path in (folder / "photo").glob("*.png"))
    return [tuple(Image.open(folder / side / name).convert("RGB") for side in ("photo", "label")) for name in names]  # type: ignore[misc]


def quarters(pair: Pair) -> list[Pair]:
    width, height = pair[0].size
    boxes = [(x, y, x + width // 2, y + height // 2) for x in (0, width // 2) for y in (0, height // 2)]
    filters = (Image.Resampling.BICUBIC, Image.Resampling.NEAREST)
    return [tuple(s.crop(b).resize(s.size, f) for s, f in zip(pair, filters, strict=True)) for b in boxes]  # type: ignore[misc]


def drawn(seed: int, index: int) -> Pair:
    scene = draw_scene(seed, index)
    return Image.fromarray(scene.photo), Image.fromarray(scene.label)


def kinds(owns: list[list[Pair]], training: list[Pair], count: int) -> dict[str, object]:
    """What is done to the last hand-ins, in this order; the victims are the first ones."""
    return {
        "edited_mean": made.edited_mean,
        "raised_row": made.raised_row,
        "outputs_are_targets": made.outputs_are_targets,
        "turned": made.with_pictures(made.turned(owns[0])),
        "worse": made.with_pictures(made.worse(owns[1])),
        "training_photos": made.with_pictures(training[:count]),
        "fewer": made.fewer_pictures,
        "another_seed": made.another_seed,
        "other_weights": made.other_weights,
        "record_of_another_run": made.record_of_another_run,
        "missing_answers": made.missing_answers,
        "copied_answers": made.copied_answers(2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--students", type=int, default=40)
    parser.add_argument("--pictures", type=int, default=50, help="of each, half of them the course's")
    parser.add_argument("--remake", type=int, default=3)
    asked = parser.parse_args()
    half, folder = asked.pictures // 2, asked.folder.resolve()
    pairs = pairs_of(asked.pairs)
    course, training, rest = pairs[:half], pairs[half : 2 * half], pairs[2 * half :]
    pieces = [piece for pair in rest for piece in quarters(pair)]
    each = min(len(pieces) // asked.students, half)
    owns = [
        [*pieces[n * each : (n + 1) * each], *(drawn(50_000 + n, i) for i in range(half - each))]
        for n in range(asked.students)
    ]
    changes = list(kinds(owns, training, half).items())
    honest = asked.students - len(changes) - 2
    box, what = folder / "handed-in", {}
    if not box.is_dir():
        ran = made.course_run(folder / "students" / "course", course)
        for n in range(asked.students - 2):
            student = made.begin(folder / "students" / f"{n:02d}", n, owns[n], ran)
            kind, change = changes[n - honest] if n >= honest else ("honest", lambda student: None)
            change(student)  # type: ignore[operator]
            what[student.hand_in(box).name] = kind
            shutil.rmtree(student.workspace.root)
            print(f"{n:02d} {kind}", file=sys.stderr)
        what[made.bomb(box / "Student bomb-1.zip").name] = "bomb"
        what[made.traversal(box / "Student traversal-2.zip").name] = "traversal"
        (folder / "kinds.json").write_text(json.dumps(what), encoding="utf-8")
    what = json.loads((folder / "kinds.json").read_text(encoding="utf-8"))
    given = made.save_set(folder / "teacher" / "datasets" / "course", "test", course)
    made.save_set(given, "train", training)
    command = [
        sys.executable,
        "-m",
        "harness",
        "--workspace",
        str(folder / "teacher"),
        "check",
        str(box),
        "--dataset",
        "course",
        "--remake",
        str(asked.remake),
        "--out",
        str(folder / "check"),
        "--json",
        "-q",
    ]
    before, begun = os.times(), time.perf_counter()
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    seconds, after = time.perf_counter() - begun, os.times()
    worked = after.children_user + after.children_system - before.children_user - before.children_system
    print(f"{len(told['handins'])} hand-ins checked in {seconds:.0f} s, of one core's time {worked:.0f} s")
    wrong = 0
    for handin in told["handins"]:
        kind = what[handin["file"]]
        found = {f["kind"]: f["text"] for f in handin["findings"] if f["verdict"] in {"differs", "lacks"}}
        if kind == "honest":
            wrong += bool(found) and handin["name"] not in VICTIMS
            print(*(f"honest {handin['name']}: {k}: {t}" for k, t in found.items()), sep="\n", end="\n" * bool(found))
        else:
            wrong += NEEDED[kind] not in found
            print(f"{kind}: {'found' if NEEDED[kind] in found else 'MISSED'}: {found.get(NEEDED[kind])}")
            print(*(f"    also {k}: {t}" for k, t in found.items() if k != NEEDED[kind]), sep="\n")
    print(f"wrong: {wrong}")


VICTIMS = {"Student 00", "Student 01", "Student 02"}
"""Whose pictures and answers others copied: that they are the same is said of both."""

if __name__ == "__main__":
    main()
