"""What a sweep computes, what it takes as computed, what it chooses, and what it refuses before the work."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from threading import Thread
from typing import Any

import pytest

from harness.cli.main import main
from harness.errors import HarnessError, WorkerError
from harness.metrics.over_runs import over_runs, over_trainings
from harness.metrics.storage import load_measurement
from harness.runs.record import load_record
from harness.runs.training_record import load_training
from harness.shards.pool import PoolRequest
from harness.sweep.rule import choose
from harness.sweep.sweeping import SweepRequest, Swept, plan_sweep, run_sweep
from harness.workspace import Workspace
from tests.pictures import save_pair
from tests.sweep.conftest import RULE, TESTS, TRAININGS, sweep_workspace, swept
from tests.training.conftest import WARM_UP, Listening, losses, standin_clone  # noqa: F401
from tests.web.english import english_sentences

FILE = TESTS.replace("seeds = [0, 1]", "seeds = [0]") + TRAININGS + RULE


EXECUTORS = pytest.mark.parametrize("executor", ["local", "ray", "slurm"])
pytestmark = [pytest.mark.filterwarnings("ignore::ResourceWarning"), pytest.mark.usefixtures("workers_find_the_tests")]


class Made:
    """A finished sweep of two tests and two trainings, each tested twice; nobody changes it."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.swept = swept(workspace, FILE, command=("harness", "sweep", "sizes.toml"))


@pytest.fixture(scope="module")
def made(standin_clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:  # noqa: F811
    return Made(sweep_workspace(standin_clone, tmp_path_factory.mktemp("swept") / "ws"))


@pytest.fixture
def copy(made: Made, tmp_path: Path) -> Workspace:
    shutil.copytree(made.workspace.root, tmp_path / "elsewhere", symlinks=True)
    return Workspace(tmp_path / "elsewhere")


def runs(workspace: Workspace) -> set[str]:
    return {path.parent.name for path in workspace.results.glob("*/run.json")}


def trainings(workspace: Workspace) -> set[str]:
    return {path.parent.name for path in workspace.results.glob("*/training.json")}


def test_every_point_is_a_run_named_by_what_sets_it_apart(made: Made) -> None:
    found = made.swept
    assert (found.points, found.failed, len(found.rows)) == (6, 0, 6)
    assert found.made == 6 + 1, "one test more: of what was chosen, on the other part"
    names = {run for row in found.rows for run in row.runs.values()}
    assert len(names) == 6 <= len(runs(made.workspace))
    for row in found.rows:
        (run,) = row.runs.values()
        record = load_record(made.workspace.run(run))
        assert record.mode == row.words["mode"] and record.test_set["split"] == "val"
        assert row.words["mode"] in run and row.words["model"] in run
    assert len(trainings(made.workspace)) == 2, "one training for both of its tests"
    kinds = {load_training(made.workspace.run(name)).plan["options"]["ngf"] for name in trainings(made.workspace)}
    assert kinds == {2, 3}


def test_the_best_on_one_part_is_reported_on_the_other(made: Made) -> None:
    (chosen,) = [row for row in made.swept.rows if row.chosen]
    assert chosen.numbers["ssim"].mean == max(row.numbers["ssim"].mean for row in made.swept.rows)
    (report,) = chosen.reports.values()
    assert load_record(made.workspace.run(report)).test_set["split"] == "test"
    assert chosen.reported["ssim"] == over_runs([load_measurement(made.workspace.run(report))], "ssim")
    for row in made.swept.rows:
        if row is not chosen:
            assert not row.reports and row.behind is not None
            assert row.behind.mean == pytest.approx(row.numbers["ssim"].mean - chosen.numbers["ssim"].mean)
            assert row.behind.low <= row.behind.mean <= row.behind.high


def test_less_is_better_where_the_metric_says_so(copy: Workspace) -> None:
    found = swept(copy, FILE.replace('"ssim"', '"mae"'))
    (chosen,) = [row for row in found.rows if row.chosen]
    assert chosen.numbers["mae"].mean == min(row.numbers["mae"].mean for row in found.rows)


def test_typed_again_elsewhere_in_another_order_and_name_nothing_is_computed(copy: Workspace) -> None:
    before = runs(copy) | trainings(copy)
    text = FILE.replace('["paper", "deterministic"]', '["deterministic", "paper"]').replace("[2, 3]", "[3, 2]")
    found = swept(copy, text.replace("pool_size = 3\n", "").replace("netG", "pool_size = 3\nnetG"), name="other")
    assert (found.made, found.failed) == (0, 0)
    assert runs(copy) | trainings(copy) == before


def test_a_file_that_grew_computes_what_is_new(copy: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    file = copy.root / "sizes.toml"
    file.write_text(FILE.replace("seeds = [0]", "seeds = [0, 1]"), encoding="utf-8")
    words = ["--workspace", str(copy.root), "sweep", str(file), "--device", "cpu"]
    assert main([*words, "--dry-run", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    states = [point["state"] for point in plan["points"]]
    # The deterministic test of a model of the catalog is the same by every seed.
    assert (states.count("finished"), states.count("to do")) == (6, 5)
    assert plan["seconds_left"] > 0
    before = trainings(copy)
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(trainings(copy) - before) == 2
    rows = {(row["words"]["model"], row["words"]["mode"]): row for row in found["rows"]}
    assert set(rows["facades_label2photo", "paper"]["runs"]) == {"0", "1"}
    assert set(rows["facades_label2photo", "deterministic"]["runs"]) == {"0"}


def test_other_pictures_or_weights_are_another_point(copy: Workspace) -> None:
    save_pair(copy.datasets / "pairs" / "val" / "val 0.png", 64)
    states = {one.state for one in plan_sweep(copy, SweepRequest(file=_file(copy, FILE), device="cpu")).points}
    assert states == {"to do"}


def test_pictures_that_are_only_reported_on_change_no_training_and_no_other_test(copy: Workspace) -> None:
    save_pair(copy.datasets / "pairs" / "test" / "another.png", 32)
    states = {one.state for one in plan_sweep(copy, SweepRequest(file=_file(copy, FILE), device="cpu")).points}
    assert states == {"finished"}


def _file(workspace: Workspace, text: str) -> Path:
    file = workspace.root / "sizes.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_model_of_the_recipes_own_weights_is_tested_once_and_refuses_nothing(copy: Workspace) -> None:
    (name, *_) = sorted(trainings(copy))
    found = swept(copy, FILE.replace('["facades_label2photo"]', f'["facades_label2photo", "{name}"]'))
    assert (found.points, found.made, found.failed) == (8, 0, 0)
    rows = {(row.words["model"], row.words["mode"]): row for row in found.rows if row.words.get("ngf") != "3"}
    assert rows[name, "paper"].runs == rows["tiny", "paper"].runs


def test_a_batch_is_no_part_of_a_point(copy: Workspace) -> None:
    assert swept(copy, FILE.replace("\nsize = 32", "\nsize = 32\nbatch_size = 2")).made == 0


def test_what_was_cut_goes_on_with_the_rest(workspace: Workspace) -> None:
    text = TESTS.replace("models", "#").replace("seeds = [0, 1]", "seeds = [0]") + TRAININGS
    with pytest.raises(KeyboardInterrupt):
        swept(workspace, text, Listening(stop_at=2))
    page = (workspace.run("sizes") / "index.html").read_text(encoding="utf-8")
    assert "not computed yet" in page
    (begun,) = [load_training(workspace.run(name)) for name in trainings(workspace)]
    assert begun.state != "finished"
    found = swept(workspace, text)
    assert (found.points, found.made, found.failed) == (4, 4, 0)
    assert load_training(workspace.run(begun.name)).state == "finished"
    assert len(trainings(workspace)) == 2


def workers(executor: Any, request: pytest.FixtureRequest, folder: Path, **asked: Any) -> PoolRequest:
    """Two of them; where an extra is not installed the test is skipped and says so."""
    address = request.getfixturevalue("joined").address if executor == "ray" else None
    if executor == "slurm":
        pytest.importorskip("submitit", reason="needs submitit: pip install 'pix2pix-harness[slurm]'")
    return PoolRequest(executor=executor, workers=2, address=address, folder=folder, **asked)


@EXECUTORS
def test_workers_compute_the_same(
    copy: Workspace, made: Made, executor: Any, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    for name in runs(copy) - {f"{name}-best" for name in trainings(copy)}:
        shutil.rmtree(copy.run(name))
    found = swept(copy, FILE, pool=workers(executor, request, tmp_path / "logs"))
    assert found.made == 7
    assert [row.numbers for row in found.rows] == [row.numbers for row in made.swept.rows]
    assert [row.runs for row in found.rows] == [row.runs for row in made.swept.rows]


@EXECUTORS
def test_a_worker_that_is_killed_within_a_training_costs_what_was_not_saved(
    workspace: Workspace,
    executor: Any,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A batch of all is one iteration, the other training waits before its third; the worker of that one is killed.
    monkeypatch.setenv("STANDIN_MISBEHAVE", f"wait:{WARM_UP + 2}")
    text = TESTS.replace("models", "#").replace("seeds = [0, 1]", "seeds = [0]").replace('"paper", ', "")
    text += TRAININGS.replace("ngf = [2, 3]", "ngf = 2\nbatch_size = [1, 3]")
    pool = workers(executor, request, tmp_path / "logs", gpus=1 if executor == "ray" else 0)
    if executor == "ray":  # a node that knows how the stand-in is to behave
        cluster = request.getfixturevalue("joined")
        node = cluster.add_node(num_cpus=2, num_gpus=2)
        request.addfinalizer(lambda: cluster.remove_node(node, allow_graceful=False))
    killer = Thread(target=kill_the_worker_that_waits, args=(workspace,))
    killer.start()
    found = swept(workspace, text, pool=pool)
    killer.join()

    assert (found.points, found.made, found.failed) == (2, 2, 0)
    records = [load_training(workspace.run(name)) for name in trainings(workspace)]
    resumed = {record.plan["options"]["batch_size"]: [r["iteration"] for r in record.resumes] for record in records}
    assert resumed == {1: [3], 3: []}


def kill_the_worker_that_waits(workspace: Workspace) -> None:
    """Kills whoever began the `train.py` that has told two iterations, once the other training is finished."""
    while not any(load_training(workspace.run(name)).state == "finished" for name in trainings(workspace)):
        time.sleep(0.1)
    (name,) = [name for name in trainings(workspace) if load_training(workspace.run(name)).state != "finished"]
    while len(losses(workspace.run(name)) if (workspace.run(name) / "losses.csv").is_file() else []) < 2:
        time.sleep(0.1)
    for folder in Path("/proc").iterdir():
        with suppress(OSError):
            if folder.name.isdigit() and str(workspace.run(name)).encode() in (folder / "cmdline").read_bytes():
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                os.kill(parent, signal.SIGKILL)


def test_a_share_of_a_gpu_is_asked_for_each_point(
    copy: Workspace, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    shutil.rmtree(copy.run(sorted(runs(copy))[0]))
    with pytest.raises(WorkerError, match=r"has room for a worker of 1 CPUs and 0.5 GPUs"):
        swept(copy, FILE, pool=workers("ray", request, tmp_path / "logs", gpus=0.5))


def test_the_time_left_counts_a_training_once(copy: Workspace) -> None:
    plan = plan_sweep(copy, SweepRequest(file=_file(copy, FILE), device="cpu"))
    trained = {one.task: one.training.seconds for one in plan.points if one.training}
    tests = [one.seconds for one in plan.points if one.training]
    assert (len(trained), len(tests)) == (2, 4)
    lost, kept = sorted(trained)
    points = tuple(
        replace(one, run=None, work=None, training=None, key=lost) if one.task == lost else one for one in plan.points
    )
    own = [one.seconds for one in points if one.run and one.settled]
    left = trained[kept] + 2 * fmean(own)
    assert replace(plan, points=points).seconds_left() == pytest.approx(left)
    assert replace(plan, points=points).seconds_left(workers=2) == pytest.approx(left), "one worker's, both tests"
    begun = tuple(
        replace(one, training=replace(plan.points[-1].training, name=lost, seconds=0.5)) if not one.run else one
        for one in points
    )
    assert replace(plan, points=begun).seconds_left() == pytest.approx(left - 0.5)
    assert plan.seconds_left() == 0
    none = tuple(replace(one, run=None, work=None, training=None) if one.settled else one for one in plan.points)
    assert replace(plan, points=none).seconds_left() is None


def test_a_point_that_fails_says_why_and_the_others_go_on(
    copy: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = FILE.replace("ngf = [2, 3]", 'ngf = 2\nnetD = ["basic", "n_layers"]\nn_layers_D = 7')
    assert main(["--workspace", str(copy.root), "sweep", str(_file(copy, text)), "--device", "cpu"]) == 1
    told = capsys.readouterr().out
    assert "a discriminator of 7 layers halves 32 pixels" in told
    assert told.rstrip().endswith(f"report: {(copy.run('sizes') / 'index.html').as_uri()}")
    found = json.loads((copy.run("sizes") / "sweep.json").read_text(encoding="utf-8"))
    assert [len(row["runs"]) for row in found["rows"]] == [1, 1, 1, 1, 0, 0]
    assert sum(row["chosen"] for row in found["rows"]) == 1


@pytest.mark.parametrize("lang", ["en", "fa"])
def test_the_page_says_the_rule_and_leads_to_every_run(made: Made, lang: str) -> None:
    folder = made.workspace.run("sizes")
    page = (folder / ("index.html" if lang == "en" else "index.fa.html")).read_text(encoding="utf-8")
    links = re.findall(r'href="(\.\./[^"]+/index\.html)"', page)
    assert len(links) == 6 + 1 and all((folder / link).is_file() for link in links)
    assert len(re.findall("<circle[^>]*><title>", page)) == 6 * 3, (
        "every configuration in the dots of model, mode and ngf"
    )
    assert '<code dir="ltr">val</code>' in page and '<code dir="ltr">test</code>' in page
    assert str(made.workspace.root) not in page
    if lang == "fa":
        assert english_sentences(page) == []
    index = (made.workspace.results / "index.html").read_text(encoding="utf-8")
    assert '<a href="sizes/index.html">' in index


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (FILE.replace("label2photo", "label2foto"), "Did you mean `facades_label2photo`"),
        (FILE.replace('["pairs"]', '["pears"]'), "no dataset or folder is called `pears`"),
        (FILE.replace('["pairs"]', '["pairs", "datasets/pairs"]'), "it is the same point as"),
        (FILE.replace('report = "test"', 'report = "tset"'), "tset"),
        (TESTS.replace("models", "#") + TRAININGS + RULE.replace('"test"', '"train"'), "a training has seen"),
        (FILE.replace('engine = "native"', "batch_size = 2"), "`batch_size` is of the native engine alone"),
        (FILE.replace("ndf = 2", "ndfs = 2"), "--ndfs"),
        (FILE.replace('"unet_32"', '"unet_31"'), "unet_31"),
        (FILE.replace('"BtoA"', '["AtoB", "BtoA"]'), "in two directions"),
        (FILE.replace("[0]", "[0]\nname = 'tiny'"), "exists already, and is no sweep"),
    ],
)
def test_what_is_known_before_the_work_is_said_before_it(workspace: Workspace, text: str, said: str) -> None:
    (workspace.results / "tiny").mkdir(parents=True)
    with pytest.raises(HarnessError) as caught:
        run_sweep(workspace, SweepRequest(file=_file(workspace, text), device="cpu"))
    assert said in caught.value.message + str(caught.value.hint)
    assert "sizes.toml" in caught.value.message + str(caught.value.hint)
    assert [path.name for path in workspace.results.iterdir()] == ["tiny"]


def test_pictures_of_both_parts_are_refused(workspace: Workspace) -> None:
    parts = workspace.datasets / "pairs"
    shutil.copy(parts / "val" / "val 1.png", parts / "test" / "another.png")
    with pytest.raises(HarnessError, match="1 pictures of it are in `val`, too"):
        plan_sweep(workspace, SweepRequest(file=_file(workspace, TESTS + RULE), device="cpu"))
    said = TESTS + RULE + "same_pictures = true"
    assert plan_sweep(workspace, SweepRequest(file=_file(workspace, said), device="cpu")).points


def test_an_epoch_chosen_on_what_is_reported_is_refused(workspace: Workspace) -> None:
    text = TESTS.replace("models", "#") + TRAININGS + RULE.replace('"test"', '"x"').replace('"val"', '"test"')
    with pytest.raises(HarnessError, match="a training has seen"):
        plan_sweep(workspace, SweepRequest(file=_file(workspace, text.replace('"x"', '"val"')), device="cpu"))


def test_a_model_of_ones_own_that_has_seen_what_is_reported_is_refused(copy: Workspace) -> None:
    name, parts = sorted(trainings(copy))[0], copy.datasets / "pairs"
    text = TESTS.replace("facades_label2photo", name) + RULE
    assert not plan_sweep(copy, SweepRequest(file=_file(copy, text), device="cpu")).unknown
    for learned, said in (("train", 3), ("val", 5)):
        seen = text.replace('on = "val"', 'on = "test"').replace('report = "test"', f'report = "{learned}"')
        with pytest.raises(HarnessError, match=f"`choose.report` is `{learned}`, and a training has seen {said} pict"):
            plan_sweep(copy, SweepRequest(file=_file(copy, seen), device="cpu"))
    shutil.copy(parts / "train" / "train 1.png", parts / "test" / "another.png")
    with pytest.raises(HarnessError, match="a training has seen 1 pictures of it"):
        plan_sweep(copy, SweepRequest(file=_file(copy, text), device="cpu"))


def test_what_a_model_of_ones_own_has_seen_may_not_be_known(copy: Workspace) -> None:
    name = sorted(trainings(copy))[0]
    save_pair(copy.datasets / "pairs" / "train" / "train 1.png", 64)
    text, heard = TESTS.replace("facades_label2photo", name) + RULE, Listening()
    with pytest.raises(HarnessError, match="a training has seen 3 pictures of it"):  # or their like
        plan_sweep(copy, SweepRequest(file=_file(copy, text.replace('"test"', '"train"')), device="cpu"))
    found = swept(copy, text, heard)
    assert found.unknown == (name,)
    assert any(f"whether a training has seen `test` is not known of `{name}`" in line for line in heard.warned)
    page = (copy.run("sizes") / "index.fa.html").read_text(encoding="utf-8")
    assert re.search(f"آموزشِ <code[^>]*>{name}<", page)
    assert english_sentences(page) == []


def test_seeds_are_set_side_by_side_one_by_one(made: Made) -> None:
    first, second = made.swept.rows[:2]
    values = [0.30, 0.50, 0.70], [0.31, 0.51, 0.711]
    rows = [
        replace(row, runs=dict.fromkeys("012", next(iter(row.runs.values()))), numbers={"ssim": over_trainings(drawn)})
        for row, drawn in zip((first, second), values, strict=True)
    ]
    assert made.swept.rule
    one, best = choose(made.workspace.results, rows, made.swept.rule)
    assert best.chosen and one.behind == over_trainings([a - b for a, b in zip(*values, strict=True)])
    gone = replace(rows[1], missing={"3": ("no memory", None)})
    one, other = choose(made.workspace.results, [rows[0], gone], made.swept.rule)
    assert one.chosen and (other.left_out, other.chosen) == ("no memory", False)


def test_a_model_is_tested_on_its_own_dataset_where_the_file_names_none(workspace: Workspace) -> None:
    (workspace.datasets / "pix2pix").mkdir()
    (workspace.datasets / "pairs").rename(workspace.datasets / "pix2pix" / "facades")
    found = swept(workspace, TESTS.replace("datasets", "#") + RULE)
    assert [row.words["dataset"] for row in found.rows] == ["pix2pix/facades"] * 2
    assert len(found.rows[0].runs) == 2 and sum(row.chosen for row in found.rows) == 1


def test_workers_without_an_executor_are_no_silent_wish(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--workspace", str(workspace.root), "sweep", str(_file(workspace, FILE))]
    assert main([*words, "--workers", "2"]) == 2
    assert "need `--executor`" in capsys.readouterr().err


def test_a_workspace_without_a_rule_chooses_nothing(copy: Workspace) -> None:
    found: Swept = swept(copy, FILE.replace(RULE, ""))
    assert not any(row.chosen for row in found.rows)
    assert "[choose]" in (copy.run("sizes") / "index.html").read_text(encoding="utf-8")
