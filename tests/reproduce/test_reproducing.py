"""What `harness reproduce` makes, what it takes as made, and what it refuses before the first training."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from harness.catalog.types import Architecture
from harness.cli.main import main
from harness.errors import HarnessError, RunError, TestSetError, TrainingError, UnknownNameError
from harness.metrics.over_runs import over_trainings
from harness.metrics.storage import load_measurement
from harness.reproduce.reproducing import reproduce
from harness.reproduce.reproduction import ReproduceRequest, load_reproduction
from harness.runs.training_record import load_training
from harness.training.train_request import TrainRequest
from harness.workspace import Workspace
from tests.engines.native.conftest import save_generator
from tests.pictures import save_pair
from tests.reproduce.conftest import REQUEST, Made
from tests.training.conftest import Listening, save_pairs, workspace_with

# Three rows of the ablation in place of ten.
pytestmark = pytest.mark.usefixtures("short_recipe")


@pytest.fixture
def copy(made: Made, tmp_path: Path) -> Workspace:
    shutil.copytree(made.workspace.root, tmp_path / "ws", symlinks=True)
    return Workspace(tmp_path / "ws")


@pytest.fixture
def empty(standin_clone: Path, tmp_path: Path) -> Workspace:
    workspace = workspace_with(standin_clone, tmp_path / "ws")
    save_pairs(workspace)
    return workspace


def block(made, section: str, column: str):
    (found,) = [b for s in made.sections if s.id == section for b in s.blocks if b.column == column]
    return found


def test_each_row_is_trained_as_it_says_with_every_seed(made: Made) -> None:
    trainings = {
        folder.name: load_training(folder)
        for folder in made.workspace.results.iterdir()
        if (folder / "training.json").is_file()
    }
    assert sorted(trainings) == [
        "ablation-pairs-evaluator-seed0",
        *(f"ablation-pairs-l1-cgan-seed{n}" for n in (0, 1)),
        *(f"ablation-pairs-l1-seed{n}" for n in (0, 1)),
    ]
    kinds = {name: (r.discriminator, r.direction, r.seed) for name, r in trainings.items()}
    assert kinds["ablation-pairs-l1-seed1"] == ("none", "AtoB", 1)
    assert kinds["ablation-pairs-l1-cgan-seed1"] == ("conditional", "AtoB", 1)
    assert kinds["ablation-pairs-evaluator-seed0"] == ("none", "BtoA", 0)
    assert any("L1 alone" in shim for shim in trainings["ablation-pairs-l1-seed0"].shims)


def test_published_stands_beside_the_mean_over_seeds(made: Made) -> None:
    for column in ("agreement_pixel", "lab_a"):
        found = {f.row: f for f in block(made.made, "objective", column).findings}
        for row, runs in made.made.sections[0].runs.items():
            values = [load_measurement(made.workspace.run(run)).totals[column].value for run in runs]
            assert len(values) == 2
            assert found[row].measured == over_trainings(values)
    agreement = {f.row: f for f in block(made.made, "objective", "agreement_pixel").findings}
    assert (agreement["L1"].published, agreement["L1+cGAN"].published) == ("0.42", "0.66")
    assert agreement["L1+cGAN"].verdict == "reference"
    assert agreement["L1"].verdict in {"same", "other", "unclear"}
    assert "FCN-8s" in agreement["L1"].how and "table 1" in agreement["L1"].how
    run = load_measurement(made.workspace.run(made.made.sections[0].runs["L1"][0]))
    assert agreement["real pictures"].measured.values == (run.totals["agreement_pixel"].beside["ground_truth"],)
    assert agreement["real pictures"].verdict == "context"
    ssim = block(made.made, "objective", "ssim").findings
    assert {f.verdict for f in ssim} == {"unpublished"} and all(f.measured for f in ssim)


def test_a_row_that_cannot_be_trained_says_why_and_the_others_stand(made: Made) -> None:
    why, hint = made.made.missing["patch-286"]
    assert "a discriminator of 5 layers halves 32 pixels" in why and hint
    finding = block(made.made, "patch", "agreement_pixel").findings[-1]
    assert (finding.row, finding.measured, finding.verdict) == ("286×286", None, "missing")
    assert finding.why.startswith(why)
    assert any("patch-286" in warning for warning in made.progress.warned)


@pytest.mark.parametrize(("lang", "words"), [("en", "Published"), ("fa", "بازتولید")])
def test_the_page_shows_the_file_and_pictures_that_are_there(copy: Workspace, made: Made, lang, words) -> None:
    reproduce(copy, replace(REQUEST, lang=lang))
    folder = copy.run("ablation-pairs")
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert words in page
    pictures = re.findall(r'<img src="([^"]+)"', page)
    # Two held-out pictures; input, target and an output of each row that has runs.
    assert len(pictures) == 2 * (2 + 2) + 2 * (2 + 1)
    assert all((folder / address.replace("%20", " ")).is_file() for address in pictures)
    links = re.findall(r'href="(\.\./[^"]+/index\.html)"', page)
    assert links and all((folder / link).is_file() for link in links)
    index = (copy.results / "index.html").read_text(encoding="utf-8")
    assert '<a href="ablation-pairs/index.html">' in index
    assert load_reproduction(folder).sections == made.made.sections
    assert str(copy.root) not in page


def test_typed_again_nothing_is_trained_or_measured_again(copy: Workspace) -> None:
    files = [*copy.results.glob("*/training.json"), *copy.results.glob("*/metrics.json")]
    before = {file: file.stat().st_mtime_ns for file in files}
    progress = Listening()
    reproduce(copy, REQUEST, progress)
    assert {file: file.stat().st_mtime_ns for file in files} == before
    assert len(before) == 5 + 5


def test_one_seed_more_trains_only_that_one(copy: Workspace) -> None:
    before = {file: file.stat().st_mtime_ns for file in copy.results.glob("*/training.json")}
    again = reproduce(copy, replace(REQUEST, seeds=3))
    assert {file: file.stat().st_mtime_ns for file in before} == before
    assert len(block(again, "objective", "lab_l").findings[0].measured.values) == 3


def test_what_another_evaluator_said_is_not_taken_for_this_ones(copy: Workspace, made: Made) -> None:
    run = copy.run(made.made.sections[0].runs["L1"][0])
    right = load_measurement(run).totals["agreement_pixel"].value
    document = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    document["totals"]["agreement_pixel"]["value"] = 0.123
    (run / "metrics.json").write_text(json.dumps(document), encoding="utf-8")
    again = reproduce(copy, REQUEST)
    assert load_measurement(run).totals["agreement_pixel"].value == right
    assert block(again, "objective", "agreement_pixel") == block(made.made, "objective", "agreement_pixel")


def test_without_a_palette_agreement_is_missing_and_says_what_to_type(copy: Workspace) -> None:
    again = reproduce(copy, replace(REQUEST, palette=None, name="bare", seeds=1))
    finding = block(again, "objective", "agreement_pixel").findings[0]
    assert (finding.measured, finding.verdict) == (None, "missing")
    assert "`--palette NAME`" in finding.why
    colours = block(again, "objective", "lab_l").findings[0]
    assert colours.verdict == "unclear"  # one seed tells nothing of an order
    assert not list(copy.results.glob("bare-evaluator*"))


def test_pictures_that_changed_between_two_trainings_are_refused(copy: Workspace) -> None:
    record = copy.run("ablation-pairs-l1-seed1") / "training.json"
    document = json.loads(record.read_text(encoding="utf-8"))
    document["dataset"]["digest"] = "0" * 64
    record.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(RunError, match="changed between two trainings"):
        reproduce(copy, REQUEST)


@pytest.mark.parametrize(
    ("fields", "error", "said"),
    [
        ({"target": "table7"}, UnknownNameError, "table7"),
        ({"dataset": None}, TestSetError, "needs pairs"),
        ({"dataset": "nothing"}, UnknownNameError, "nothing"),
        ({"palette": "streets"}, UnknownNameError, "streets"),
        ({"options": ("--netD=pixel",)}, TrainingError, "varies from row to row"),
        ({"options": ("--n_layers", "1")}, TrainingError, "varies from row to row"),
        ({"target": "table6", "palette": None}, TestSetError, "which half"),
        ({"target": "table6", "direction": "AtoB", "palette": None}, TestSetError, "how its label maps are read"),
        ({"name": "../out"}, HarnessError, "out"),
    ],
)
def test_what_is_known_before_the_work_is_said_before_it(empty: Workspace, fields, error, said) -> None:
    with pytest.raises(error) as caught:
        reproduce(empty, replace(REQUEST, **fields))
    assert said in caught.value.message
    assert not empty.results.exists() or not any(empty.results.iterdir())


@pytest.mark.parametrize(
    ("direction", "first"), [(None, "evaluator-seed"), ("AtoB", "patch-286-seed"), ("BtoA", "evaluator")]
)
def test_only_label_maps_that_go_in_are_read_out_again(
    empty: Workspace, monkeypatch: pytest.MonkeyPatch, direction, first
) -> None:
    asked = []

    def refuse(workspace: Workspace, request: TrainRequest, seeds: int, progress: object) -> None:
        asked.append((f"{request.name}-seed", request.direction))
        raise TrainingError("not now")

    monkeypatch.setattr("harness.reproduce.trained_rows.train_by_seeds", refuse)
    # The official facades: photos left, label maps right.
    (empty.datasets / "pix2pix").mkdir()
    (empty.datasets / "pairs").rename(empty.datasets / "pix2pix" / "facades")
    with pytest.raises(HarnessError, match="not now"):
        reproduce(empty, replace(REQUEST, dataset="facades", palette="facades", direction=direction))
    assert first in asked[0][0]
    # The evaluator draws what the rows are drawn of.
    assert asked[0][1] == "AtoB"


def test_a_set_that_holds_nothing_back_is_refused(empty: Workspace) -> None:
    shutil.rmtree(empty.datasets / "pairs" / "test")
    with pytest.raises(TestSetError, match="holds nothing back"):
        reproduce(empty, REQUEST)


def test_a_name_that_is_taken_by_another_reproduction_or_run(copy: Workspace) -> None:
    with pytest.raises(RunError, match="of another preset than is asked for now"):
        reproduce(copy, replace(REQUEST, preset="course"))
    with pytest.raises(RunError, match=r"reproduction\.json"):
        reproduce(copy, replace(REQUEST, name="ablation-pairs-l1-seed0"))


def test_numbers_of_other_pictures_are_context_and_the_page_says_why(copy: Workspace) -> None:
    asked = ReproduceRequest(
        target="figure7",
        dataset="pairs",
        direction="AtoB",
        palette="facades",
        seeds=1,
        options=REQUEST.options,
        device="cpu",
        name="streets",
    )
    found = reproduce(copy, asked)
    assert "the published numbers are of cityscapes" in found.departures[0]
    assert any("2 pictures are held out" in sentence for sentence in found.departures)
    verdicts = {f.verdict for b in found.sections[0].blocks for f in b.findings if f.measured}
    assert verdicts == {"context"}
    assert "2 pictures are held out" in (copy.run("streets") / "index.html").read_text(encoding="utf-8")


def test_official_models_say_what_is_missing_and_the_one_that_is_there_is_measured(
    standin_clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = workspace_with(standin_clone, tmp_path / "ws")
    monkeypatch.chdir(tmp_path)
    words = ["--workspace", "ws", "reproduce", "paired", "--device", "cpu", "--seeds", "1"]
    assert main(words) == 1
    said = capsys.readouterr().err
    assert "nothing of `paired` could be measured" in said
    assert "harness setup --model edges2shoes --dataset pix2pix/edges2shoes" in said
    weights = workspace.weights("pix2pix", "facades_label2photo")
    weights.parent.mkdir(parents=True)
    save_generator(weights, Architecture("unet_256", "batch", True, ngf=2))
    for number in range(2):
        save_pair(workspace.official_dataset("pix2pix", "facades") / "test" / f"{number}.png", 256)
    assert main(words) == 0
    told = capsys.readouterr().out
    assert told.rstrip().endswith(f"report: {(workspace.run('paired') / 'index.html').as_uri()}")
    assert "day2night: not measured: its weights are not installed" in told
    found = load_reproduction(workspace.run("paired"))
    ssim = {f.row: f for f in block(found, "models", "ssim").findings}
    assert ssim["facades_label2photo"].measured.values == (
        load_measurement(workspace.run("paired-facades_label2photo")).summary["ssim"].mean,
    )
    assert ssim["facades_label2photo"].verdict == "unpublished"
    fid = [f for f in block(found, "models", "fid").findings if f.row.startswith("facades_label2photo")]
    assert [f.published for f in fid] == ["119.135", "124.977", "139.385"]
    assert all(f.verdict == "missing" and "setup --metrics" in f.why for f in fid)
    people = [b for b in found.sections[0].blocks if b.column is None]
    assert [f.why.partition(",")[0] for f in people[0].findings] == ["people judged"] * 2


def test_the_list_names_every_target(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [entry["target"] for entry in told["targets"]] == ["ablation", "paired", "table6", "figure7"]
