"""Every kind of dishonest or broken hand-in is named by what is wrong with it, and no honest one is."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from harness.cli.main import main
from harness.course.marking import Check, CheckRequest, check
from harness.demo.demo_weights import demo_weights
from harness.demo.scenes import draw_scene
from harness.engines.job import NativeSettings
from harness.errors import RunError
from harness.web.language import language
from harness.workspace import Workspace
from tests.course import handins as made
from tests.course.handins import Pair

FOUND_BY = {
    "edited mean": "numbers",
    "raised row": "numbers",
    "outputs are targets": "copies",
    "another's photos, turned": "shared",
    "another's photos, recompressed": "shared",
    "training photos": "training_photos",
    "fewer pictures": "fewer",
    "another seed": "other_seed",
    "other weights": "other_pixels",
    "record of another run": "other_pictures",
    "missing answers": "unanswered",
    "copied answers": "same_text",
    "bomb": "refused",
    "traversal": "refused",
}
HONEST = ("honest", "whose photos were turned", "whose photos were recompressed", "whose answers were copied")


def drawn(seed: int, count: int) -> list[Pair]:
    scenes = (draw_scene(seed, n) for n in range(count))
    return [(Image.fromarray(scene.photo), Image.fromarray(scene.label)) for scene in scenes]


@pytest.fixture(scope="session")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `handed-in/`, `kinds.json` that says what each is, and the teacher's workspace `teacher/`."""
    folder = tmp_path_factory.mktemp("classroom")
    course, training = drawn(1, 2), drawn(2, 2)
    ran = made.course_run(folder / "course", course)
    changes = {
        **dict.fromkeys(HONEST, lambda student: None),
        "edited mean": made.edited_mean,
        "raised row": made.raised_row,
        "outputs are targets": made.outputs_are_targets,
        "another's photos, turned": made.with_pictures(made.turned(drawn(11, 2))),
        "another's photos, recompressed": made.with_pictures(made.worse(drawn(12, 2))),
        "training photos": made.with_pictures(training),
        "fewer pictures": made.fewer_pictures,
        "another seed": made.another_seed,
        "other weights": made.other_weights,
        "record of another run": made.record_of_another_run,
        "missing answers": made.missing_answers,
        "copied answers": made.copied_answers(3),
    }
    box, kinds = folder / "handed-in", {}
    for number, (kind, change) in enumerate(changes.items()):
        student = made.begin(folder / "students" / f"{number}", number, drawn(10 + number, 2), ran)
        change(student)  # type: ignore[no-untyped-call]
        kinds[student.hand_in(box).name] = kind
        shutil.rmtree(student.workspace.root)
    kinds[made.bomb(box / "bomb.zip").name] = "bomb"
    kinds[made.traversal(box / "traversal.zip").name] = "traversal"
    (folder / "kinds.json").write_text(json.dumps(kinds), encoding="utf-8")
    given = made.save_set(folder / "teacher" / "datasets" / "course", "test", course)
    made.save_set(given, "train", training)
    return folder


@pytest.fixture(scope="session")
def found(classroom: Path) -> Check:
    request = CheckRequest(
        paths=(classroom / "handed-in",), output=classroom / "check", datasets=("course",), weights=(demo_weights(),)
    )
    return check(Workspace(classroom / "teacher"), request)


def said(found: Check, classroom: Path) -> dict[str, dict[str, str]]:
    """What is worth looking at, by what a hand-in really is: each finding's kind and text."""
    kinds = json.loads((classroom / "kinds.json").read_text(encoding="utf-8"))
    return {
        kinds[one.received.path.name]: {
            f.key: f.text(language("en")) for f in one.findings if f.verdict in {"differs", "lacks"}
        }
        for one in found.checked
    }


@pytest.mark.parametrize(("kind", "key"), FOUND_BY.items())
def test_what_is_wrong_is_named(found: Check, classroom: Path, kind: str, key: str) -> None:
    assert key in said(found, classroom)[kind]


def test_of_honest_ones_only_what_others_took_from_them_is_said(found: Check, classroom: Path) -> None:
    told = said(found, classroom)
    assert [set(told[kind]) for kind in HONEST] == [set(), {"shared"}, {"shared"}, {"same_text"}]
    assert "Student 07" in told["whose photos were turned"]["shared"]
    for kind in ("edited mean", "raised row", "missing answers", "another seed", "training photos"):
        assert len(told[kind]) == 1, kind


def test_an_honest_run_is_measured_and_made_again(found: Check) -> None:
    one = found.checked[0]
    assert {f.key: f.verdict for f in one.findings if f.verdict == "same"} == {
        "whole": "same",
        "measured": "same",
        "remade": "same",
        "whole_set": "same",
        "answered": "same",
    }
    assert [f.values["max"] for f in one.findings if f.key == "remade"] == [0, 0]
    assert [f.values["n"] for f in one.findings if f.key == "handed_out"] == [2]


@pytest.mark.parametrize(
    ("asked", "said"),
    [({"size": 128}, "remade"), ({"native": NativeSettings(tiled=128)}, "cannot_remake")],
    ids=["a longest side", "tiles"],
)
def test_a_size_of_ones_own_is_made_again_as_it_was_or_not_at_all(
    tmp_path: Path, asked: dict[str, object], said: str
) -> None:
    student = made.begin(tmp_path / "student", 0, drawn(10, 1), made.course_run(tmp_path / "course", drawn(1, 1)))
    made.translate(student.workspace, "own", made.OWN, **asked)
    request = CheckRequest(
        paths=(student.hand_in(tmp_path / "box"),), output=tmp_path / "check", weights=(demo_weights(),)
    )
    (one,) = check(Workspace(tmp_path / "teacher"), request).checked
    remade = {f.values["run"]: f.key for f in one.findings if f.aspect == "remade"}
    assert remade == {made.COURSE: "remade", made.OWN: said}
    assert not [finding for finding in one.findings if finding.verdict == "differs"]


def test_nothing_is_left_of_what_was_unpacked(found: Check, classroom: Path) -> None:
    assert sorted(p.name for p in (classroom / "check").iterdir()) == ["check.csv", "check.html"]
    assert not list(classroom.parent.rglob("escaped.txt"))


def test_the_table_has_a_row_a_hand_in(found: Check) -> None:
    with found.table.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == len(found.checked) == 18
    first = rows[0]
    assert (first["name"], first["id"], first["runs"], first["images"]) == ("Student 00", "4000", "2", "4")
    assert first["numbers"] == "same" and "measured again on 2 images" in first["numbers_evidence"]
    assert "on-own-photos ssim 0." in first["means"]


def test_blind_marking_tells_no_name(classroom: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    some = [str(p) for p in sorted((classroom / "handed-in").glob("Student 0[18]*.zip"))]
    words = ["--workspace", str(classroom / "teacher"), "check", *some, "--blind", "--remake", "0", "--out"]
    assert main([*words, str(tmp_path / "out")]) == 0
    page, table = ((tmp_path / "out" / n).read_text(encoding="utf-8") for n in ("check.html", "check.csv"))
    assert main([*words, str(tmp_path / "again"), "--json"]) == 0
    shown = capsys.readouterr().out
    for text in (page, table, shown):
        assert "Student" not in text and "4001" not in text
    names = (tmp_path / "out" / "names.csv").read_text(encoding="utf-8-sig")
    assert "Student 01,4001" in names and names.splitlines()[1].split(",")[0] in page


def test_names_from_strangers_are_no_formulas_and_no_markup(classroom: Path, tmp_path: Path) -> None:
    source = next((classroom / "handed-in").glob("Student 00*.zip"))
    shutil.unpack_archive(source, tmp_path / "in")
    root = next((tmp_path / "in").iterdir())
    told = {"format": 1, "name": '=HYPERLINK("x")<script>alert(1)</script>', "id": "+1"}
    (root / "student.json").write_text(json.dumps(told), encoding="utf-8")
    made_of = check(
        Workspace(tmp_path / "t"), CheckRequest(paths=(root,), output=tmp_path / "out", remake=0, lang="fa")
    )
    assert "'=HYPERLINK" in made_of.table.read_text(encoding="utf-8")
    page = made_of.page.read_text(encoding="utf-8")
    assert "<script>alert" not in page and "عددها" in page


def test_what_was_changed_after_packing_is_said(classroom: Path, tmp_path: Path) -> None:
    source = next((classroom / "handed-in").glob("Student 00*.zip"))
    shutil.unpack_archive(source, tmp_path / "in")
    root = next((tmp_path / "in").iterdir())
    (root / "answers.md").write_text("<!-- structure -->\nnothing\n", encoding="utf-8")
    (root / "results" / made.OWN / "added.txt").write_text("x", encoding="utf-8")
    (root / "results" / made.COURSE / "run.json").write_text("{", encoding="utf-8")
    (one,) = check(Workspace(tmp_path / "t"), CheckRequest(paths=(root,), output=tmp_path / "out", remake=0)).checked
    found = {f.key: f.values for f in one.findings}
    assert found["changed"]["n"] == 3
    assert found["damaged"]["run"] == made.COURSE
    assert str(tmp_path) not in str(one.findings)


def test_without_the_weights_it_cannot_be_told(classroom: Path, tmp_path: Path) -> None:
    source = next((classroom / "handed-in").glob("Student 00*.zip"))
    (one,) = check(Workspace(tmp_path / "t"), CheckRequest(paths=(source,), output=tmp_path / "out")).checked
    assert one.verdict("remade") == "untold"
    assert one.verdict("numbers") == "same"


def test_no_hand_in_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RunError, match="there is no hand-in") as caught:
        check(Workspace(tmp_path), CheckRequest(paths=(tmp_path,), output=tmp_path / "out"))
    assert caught.value.hint and caught.value.hint.startswith("harness check")
    # As learning platforms pack them: a folder a student. What is no archive is told.
    (tmp_path / "Sara_1").mkdir()
    (tmp_path / "Sara_1" / "plain.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    (tmp_path / "Sara_1" / "mine.rar").write_bytes(b"Rar!")
    assert main(["--workspace", str(tmp_path), "check", str(tmp_path / "Sara_1"), "--out", str(tmp_path / "out")]) == 0
    out, err = capsys.readouterr()
    assert "left out `mine.rar`" in err and "look at it" in out


def test_a_hostile_record_hides_no_other_hand_in(
    classroom: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise TypeError("unexpected keyword")

    monkeypatch.setattr("harness.course.receiving.Received.model", fails)
    source = next((classroom / "handed-in").glob("Student 00*.zip"))
    (one,) = check(Workspace(tmp_path / "t"), CheckRequest(paths=(source,), output=tmp_path / "out")).checked
    assert [f.key for f in one.findings if f.verdict == "untold"] == ["unreadable"]
