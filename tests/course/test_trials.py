"""A study is balanced, its page holds no truth of the trials that count, and its key tells it all."""

from __future__ import annotations

import base64
import io
import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.cli.main import main
from harness.course.trials import Study, StudyRequest, make_study
from harness.errors import RunError
from harness.workspace import Workspace
from tests.report.samples import sample_run


def request(tmp_path: Path, **asked: object) -> StudyRequest:
    return StudyRequest(
        **{"runs": ("first",), "trials": 8, "practice": 2, "seed": 5, "output": tmp_path / "s", **asked}
    )


def data_of(page: Path) -> dict:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page.read_text(encoding="utf-8"))
    assert found
    return json.loads(found[1])


def pixels(address: str) -> np.ndarray:
    with Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))) as picture:
        return np.asarray(picture.convert("RGB"))


def test_the_key_tells_which_side_is_real(study: Study, workspace: Workspace) -> None:
    key = json.loads(study.key.read_text(encoding="utf-8"))
    shown = {pair["id"]: pair for pair in data_of(study.page)["trials"]}
    assert [trial["id"] for trial in key["trials"]] == list(shown)
    for trial in key["trials"]:
        images = workspace.results / trial["run"] / "images"
        other = {"left": "right", "right": "left"}[trial["real"]]
        for side, kind in ((trial["real"], "target"), (other, "output")):
            with Image.open(images / kind / f"{trial['image']}.png") as saved:
                assert np.array_equal(pixels(shown[trial["id"]][side]), np.asarray(saved.convert("RGB")))


def test_the_page_holds_no_truth_but_of_the_practice(study: Study) -> None:
    data = data_of(study.page)
    assert all(set(pair) == {"id", "left", "right"} for pair in data["trials"])
    assert all(pair["real"] in {"left", "right"} for pair in data["practice"])
    assert set(data) == {"study", "exposure_ms", "practice", "trials", "lang", "words", "languages"}
    encodings = {a.partition(";")[0] for pair in data["trials"] for a in (pair["left"], pair["right"])}
    assert encodings == {"data:image/webp"}
    for pair in data["trials"]:
        raw = base64.b64decode(pair["left"].partition(",")[2])
        assert b"EXIF" not in raw and b"XMP" not in raw


def test_sides_and_runs_are_balanced_and_no_picture_stands_twice(workspace: Workspace, tmp_path: Path) -> None:
    made = make_study(workspace, request(tmp_path, runs=("first", "second")))
    assert Counter((t.run, t.real) for t in made.trials) == {
        (run, side): 2 for run in ("first", "second") for side in ("left", "right")
    }
    practice = {json.dumps(pixels(p["left"]).tolist()) for p in data_of(made.page)["practice"]}
    assert len({t.image for t in made.trials}) == 8
    assert not practice & {json.dumps(pixels(p["left"]).tolist()) for p in data_of(made.page)["trials"]}


def test_a_seed_makes_the_same_study_again_and_another_one_not(workspace: Workspace, tmp_path: Path) -> None:
    first = make_study(workspace, request(tmp_path, output=tmp_path / "a"))
    again = make_study(workspace, request(tmp_path, output=tmp_path / "b"))
    other = make_study(workspace, request(tmp_path, output=tmp_path / "c", seed=6))
    assert first.trials == again.trials != other.trials


def test_runs_may_be_named_by_their_folders(workspace: Workspace, tmp_path: Path) -> None:
    moved = (workspace.results / "second").rename(tmp_path / "received")
    made = make_study(workspace, request(tmp_path, runs=(str(workspace.results / "first"), str(moved))))
    assert Counter(trial.run for trial in made.trials) == {"first": 4, "second": 4}
    with pytest.raises(RunError, match="beside a run of its name"):
        make_study(workspace, request(tmp_path, runs=("first", "first")))


def test_what_cannot_be_judged_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="has 12 images; 40 trials and 10 for practice need 50") as caught:
        make_study(workspace, request(tmp_path, trials=40, practice=10))
    assert caught.value.hint == "harness study first --trials 9 --practice 3"
    sample_run(workspace.results / "unpaired", ("a", "b"), paired=False)
    with pytest.raises(RunError, match="no targets"):
        make_study(workspace, request(tmp_path, runs=("unpaired",)))
    others = {"test_set": {"name": "x", "layout": "paired", "digest": "ef" * 32, "count": 12}}
    sample_run(workspace.results / "elsewhere", tuple("abcdefghijkl"), **others)
    with pytest.raises(RunError, match="other pictures"):
        make_study(workspace, request(tmp_path, runs=("first", "elsewhere")))
    (workspace.results / "first" / "images" / "target" / "003.png").unlink()
    with pytest.raises(RunError, match=r"target/003.png` is missing"):
        make_study(workspace, request(tmp_path, trials=10, practice=2))
    assert not (tmp_path / "s").exists()


def test_on_the_command_line(workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--workspace", str(workspace.root), "study", "first", "--trials", "6", "--practice", "2", "--out"]
    assert main([*words, str(tmp_path / "one")]) == 0
    out, err = capsys.readouterr()
    assert f"hand out: {(tmp_path / 'one' / 'study.html').as_uri()}" in out
    assert "harness study score ANSWERS... --key" in err
    assert main(["--workspace", str(workspace.root), "study", "firts", "--out", str(tmp_path / "two")]) == 1
    assert "Did you mean `first`" in capsys.readouterr().err
    assert main(["study", "--help"]) == 0
    assert "score" in capsys.readouterr().out


def test_a_request_is_by_keyword_only(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        StudyRequest(("first",), 3)  # type: ignore[misc]
    assert replace(request(tmp_path), trials=3).trials == 3
