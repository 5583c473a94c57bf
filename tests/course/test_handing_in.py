"""A hand-in holds all that a check needs and nothing that tells where somebody lives; what it lacks is said."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from harness.cli.main import main
from harness.course.answering import ASKED
from harness.course.handing_in import Handin, HandinRequest, make_handin
from harness.course.marking import CheckRequest, check
from harness.demo.demo_weights import ARCHITECTURE, demo_weights
from harness.files import sha256_of
from harness.runs.training_record import TrainedModel, load_training, save_training
from harness.workspace import Workspace
from tests.course import handins as made
from tests.pictures import save_pair
from tests.runs.records import sample_training


@pytest.fixture(scope="session")
def exercise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a run of two pairs, of which one has a place and a device in its file."""
    root = tmp_path_factory.mktemp("exercise")
    workspace = Workspace(root)
    for name in ("a", "b"):
        save_pair(workspace.datasets / "mine" / "test" / f"{name}.png")
    path = workspace.datasets / "mine" / "test" / "b.png"
    with Image.open(path) as picture:
        exif = picture.getexif()
        exif[0x0110] = "Spyphone 7"
        exif.get_ifd(0x8825)[1] = "N"
        picture.save(path.with_suffix(".jpg"), quality=95, exif=exif)
    path.unlink()
    made.translate(workspace, "mine", "first")
    return root


@pytest.fixture
def workspace(exercise: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    shutil.copytree(exercise, tmp_path / "ws")
    monkeypatch.chdir(tmp_path)
    return Workspace(tmp_path / "ws")


def request(tmp_path: Path, **asked: object) -> HandinRequest:
    return HandinRequest(**{"name": "Sara Ahmadi", "id": "400", "folder": tmp_path, **asked})  # type: ignore[arg-type]


def learned(workspace: Workspace) -> Path:
    """A training of two epochs with its losses and checkpoints."""
    folder = workspace.results / "learned"
    record = sample_training(folder)
    save_training(folder, replace(record, plan={**record.plan, "epochs": 2}, state="finished"))
    rows = [f"{n},{1 + n // 3},{n % 2},0.0002,{n},1.5" for n in range(1, 5)]
    text = "\n".join(["iteration,epoch,batch,rate,seconds,G_GAN", *rows]) + "\n"
    (folder / "losses.csv").write_text(text, encoding="utf-8")
    return folder


def names(handin: Handin) -> set[str]:
    assert handin.path
    with zipfile.ZipFile(handin.path) as archive:
        return {name.removeprefix("Sara Ahmadi-400/") for name in archive.namelist()}


def test_it_holds_page_records_pictures_and_the_set(workspace: Workspace, tmp_path: Path) -> None:
    handin = make_handin(workspace, request(tmp_path))
    assert handin.path == tmp_path / "Sara Ahmadi-400.zip"
    run = "results/first"
    assert (
        names(handin)
        == set(handin.files)
        == {
            "index.html",
            "handin.json",
            "student.json",
            f"{run}/run.json",
            f"{run}/images.jsonl",
            f"{run}/metrics.csv",
            f"{run}/metrics.json",
            f"{run}/index.html",
            f"{run}/set/test/a.png",
            f"{run}/set/test/b.png",
            *(f"{run}/images/{kind}/{name}.png" for kind in ("input", "output", "target") for name in "ab"),
        }
    )
    assert handin.size == handin.path.stat().st_size
    assert not any(p.name.endswith((".draft", ".lock")) for p in workspace.results.iterdir())
    assert not (workspace.run("first") / "first.html").exists()


def test_place_device_and_name_stay_at_home(workspace: Workspace, tmp_path: Path) -> None:
    handin = make_handin(workspace, request(tmp_path))
    assert handin.path
    with zipfile.ZipFile(handin.path) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    assert not [name for name, data in held.items() if b"Spyphone" in data or b"Exif" in data]
    # By the manifest nobody knows whose it is.
    assert [name for name, data in held.items() if b"Sara" in data] == ["Sara Ahmadi-400/student.json"]
    manifest = json.loads(held["Sara Ahmadi-400/handin.json"])
    assert "student.json" not in manifest["files"] and manifest["cleaned"] == ["results/first/b"]


def test_it_checks_on_another_machine(workspace: Workspace, tmp_path: Path) -> None:
    os.utime(workspace.run("first") / "run.json", (0, 0))  # older than ZIP knows
    handin = make_handin(workspace, request(tmp_path))
    assert handin.path
    asked = CheckRequest(paths=(handin.path,), output=tmp_path / "check", weights=(demo_weights(),))
    (one,) = check(Workspace(tmp_path / "other"), asked).checked
    assert {f.key for f in one.findings if f.verdict == "same"} == {"whole", "measured", "remade"}
    assert {f.key for f in one.findings if f.verdict in {"differs", "lacks"}} == {"no_answers"}


def test_what_it_lacks_is_said_and_it_is_written(workspace: Workspace, tmp_path: Path) -> None:
    (workspace.run("first") / "images" / "output" / "b.png").unlink()
    (workspace.datasets / "mine" / "test" / "a.png").unlink()
    made.write_answers(tmp_path / "answers.md", {"structure": "All. ![x](gone.png) ![y](second/output/a.png)"})
    handin = make_handin(workspace, request(tmp_path, answers=tmp_path / "answers.md"))
    assert handin.path and handin.path.is_file()
    said = "\n".join(handin.lacking)
    for part in (
        "lacks 1 of its pictures",
        "does not agree with its pictures",
        "1 of the pictures that `first`",
        "19 questions without an answer: ideas",
        "`gone.png`, which cannot be read",
        "`second/output/a.png`",
    ):
        assert part in said
    assert "no answers" in make_handin(workspace, request(tmp_path)).lacking[-1]


def test_answers_and_their_pictures_stand_on_the_page(workspace: Workspace, tmp_path: Path) -> None:
    Image.new("RGB", (3000, 40), "red").save(tmp_path / "my drawing.jpg", exif=b"Exif\0\0Spyphone")
    texts = {key: f"Words on {key}." for key in ASKED}
    (tmp_path / "other").mkdir()
    Image.new("RGB", (30, 40), "blue").save(tmp_path / "other" / "my drawing.jpg")
    texts["structure"] = "U-Net <b>\n\n![the drawing](my drawing.jpg)\n![my worst](first/output/a.png)"
    texts["ideas"] += " ![another of the same name](other/my drawing.jpg)"
    made.write_answers(tmp_path / "answers.md", texts)
    handin = make_handin(workspace, request(tmp_path, answers=tmp_path / "answers.md", lang="fa"))
    assert handin.lacking == () and handin.path
    with zipfile.ZipFile(handin.path) as archive:
        page = archive.read("Sara Ahmadi-400/index.html").decode()
        with archive.open("Sara Ahmadi-400/answers/my drawing.jpg.webp") as stream, Image.open(stream) as picture:
            assert picture.width == 1600 and not picture.info.get("exif")
        with archive.open("Sara Ahmadi-400/answers/other_my drawing.jpg.webp") as stream, Image.open(stream) as picture:
            assert picture.size == (30, 40)
    assert 'src="answers/my%20drawing.jpg.webp"' in page and 'src="results/first/images/output/a.png"' in page
    assert "U-Net &lt;b&gt;" in page and "اجراها" in page and "harness test" not in page.split("answers")[0]


def test_a_dry_run_writes_nothing(workspace: Workspace, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    handin = make_handin(workspace, request(tmp_path, dry_run=True))
    assert handin.path is None and handin.files["results/first/run.json"] > 0
    assert [p for p in sorted(tmp_path.rglob("*")) if p.name != ".harness.lock"] == before


def test_a_training_brings_its_page_its_losses_and_no_weights(workspace: Workspace, tmp_path: Path) -> None:
    folder = learned(workspace)
    handin = make_handin(workspace, request(tmp_path, works=("learned",)))
    assert {"results/learned/training.json", "results/learned/losses.csv", "results/learned/index.html"} <= names(
        handin
    )
    assert not [name for name in names(handin) if name.endswith(".pth")]
    assert handin.path
    asked = CheckRequest(paths=(handin.path,), output=tmp_path / "check")
    (one,) = check(Workspace(tmp_path / "other"), asked).checked
    assert [(f.key, f.values["epochs"]) for f in one.findings if f.aspect == "training"] == [("trained", 2)]
    # A loss file that ends before the epoch that was saved.
    table = folder / "losses.csv"
    table.write_text("\n".join(table.read_text(encoding="utf-8").splitlines()[:2]) + "\n", encoding="utf-8")
    path = make_handin(workspace, request(tmp_path, works=("learned",))).path
    (one,) = check(Workspace(tmp_path / "other"), replace(asked, paths=(path,))).checked  # type: ignore[arg-type]
    assert one.verdict("training") == "differs"


def test_on_the_command_line(workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--workspace", str(workspace.root), "handin"]
    assert main([*words, "--template"]) == 0
    out, err = capsys.readouterr()
    assert f"write into {tmp_path / 'answers.md'}" in out
    assert "hint: harness handin first --name NAME --id ID --answers answers.md" in err
    text = (tmp_path / "answers.md").read_text(encoding="utf-8")
    assert "first: ssim " in text and "(first/output/" in text
    assert main([*words, "--template"]) == 1  # somebody may have written in it
    assert main([*words, "--name", "Sara"]) == 2
    assert main([*words, "--name", "Sara", "--id", "4", "--answers", "answers.md", "--dry-run"]) == 0
    out, err = capsys.readouterr()
    assert "results/first/metrics.csv" in out and "would hand in first" in out
    assert "20 questions without an answer" in err
    assert main([*words, "--name", "سارا", "--id", "4", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert Path(told["file"]).name == "سارا-4.zip" and Path(told["file"]).stat().st_size == told["bytes"]


def test_of_save_training_the_state_is_told(workspace: Workspace, tmp_path: Path) -> None:
    folder = learned(workspace)
    save_training(folder, replace(load_training(folder), state="interrupted"))
    assert "has not ended" in "\n".join(make_handin(workspace, request(tmp_path, works=("learned",))).lacking)


def test_a_run_of_ones_own_model_brings_its_training_and_checks_elsewhere(workspace: Workspace, tmp_path: Path) -> None:
    folder = learned(workspace)
    (folder / "checkpoints").mkdir()
    weights = Path(shutil.copyfile(demo_weights(), folder / "checkpoints" / "2_net_G.pth"))
    model = TrainedModel(
        name="mymodel",
        network="G",
        weights="checkpoints/2_net_G.pth",
        sha256=sha256_of(weights),
        epoch=2,
        direction="BtoA",
        architecture=ARCHITECTURE.to_json(),
        dataset="mine",
        split="test",
        input_domain="facade_label",
        output_domain="facade_photo",
        crop_size=256,
    )
    save_training(folder, replace(load_training(folder), models=(model,)))
    made.translate(workspace, "mine", "tested", weights=None, model="mymodel")
    handin = make_handin(workspace, request(tmp_path, works=("tested",)))
    assert handin.works == ("tested", "learned")
    assert handin.path and not [name for name in names(handin) if name.endswith(".pth")]
    asked = CheckRequest(paths=(handin.path,), output=tmp_path / "check")
    (one,) = check(Workspace(tmp_path / "other"), asked).checked
    assert (one.verdict("numbers"), one.verdict("remade"), one.verdict("training")) == ("same", "untold", "same")
    (one,) = check(Workspace(tmp_path / "other"), replace(asked, weights=(weights,))).checked
    assert one.verdict("remade") == "same"
