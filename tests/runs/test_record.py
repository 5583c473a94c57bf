"""`run.json` comes back as it was written; runs are found by name, path or age."""

from __future__ import annotations

import json
import os
import tracemalloc
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from harness.errors import RunError, UnknownNameError
from harness.runs import record
from harness.runs.listing import find_report, find_run, find_runs, run_folders
from harness.runs.record import RunRecord, StoredImages, images_written, load_record, save_record
from harness.runs.trained import model_of, training_of
from harness.runs.training_record import load_training, training_folders
from harness.workspace import Workspace

RECORD = RunRecord(
    name="r",
    harness_version="0.1.0",
    command=("harness", "test"),
    started="2026-01-01T00:00:00+03:30",
    model={"id": "pix2pix/day2night"},
    engine="official",
    mode="paper",
    seed=0,
    device="cpu",
    upstream=None,
    test_set={"name": "s", "layout": "single", "count": 1},
    images=({"name": "a"},),
    versions={"python": "3.11"},
    shims=("wandb",),
)


def _save(workspace: Workspace, name: str, started: str = RECORD.started) -> Path:
    folder = workspace.run(name)
    folder.mkdir(parents=True)
    save_record(folder, replace(RECORD, name=name, started=started))
    return folder


def test_a_record_comes_back_as_it_was_written(tmp_path: Path) -> None:
    save_record(tmp_path, RECORD)
    assert load_record(tmp_path) == RECORD


def _save_images(folder: Path, count: int) -> list[str]:
    names = [f"{place:03d}" for place in range(count)]
    images = tuple({"name": name, "nearness": {"percentile": 1.5}} for name in names)
    save_record(folder, replace(RECORD, images=images, test_set=RECORD.test_set | {"count": count}))
    return names


def test_images_stand_beside_a_small_record_a_line_each(tmp_path: Path) -> None:
    names = _save_images(tmp_path, 3)
    document = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    assert document["format"] == 2 and "images" not in document
    lines = (tmp_path / "images.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["name"] for line in lines] == names
    assert load_record(tmp_path).images == tuple(json.loads(line) for line in lines)


def test_images_that_were_written_as_they_came_are_not_written_again(tmp_path: Path) -> None:
    images = [{"name": name} for name in "abc"]
    with images_written(tmp_path) as write:
        write(images[:1])
        write(images[1:])
        assert not (tmp_path / "images.jsonl").exists()
    stored, before = StoredImages(tmp_path / "images.jsonl", 3), (tmp_path / "images.jsonl").stat().st_ino
    counted = replace(RECORD, images=stored, test_set=RECORD.test_set | {"count": 3})
    save_record(tmp_path, counted)
    save_record(tmp_path / "copy", counted)

    assert (tmp_path / "images.jsonl").stat().st_ino == before
    assert load_record(tmp_path).images == load_record(tmp_path / "copy").images == tuple(images)


def test_images_of_which_one_cannot_be_written_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(ValueError), images_written(tmp_path) as write:
        write([{"name": "a"}, {"name": "b", "nearness": float("nan")}])

    assert list(tmp_path.iterdir()) == []


def test_format_1_has_its_images_inside_and_is_still_read(tmp_path: Path) -> None:
    document = json.loads(json.dumps(asdict(RECORD)))
    (tmp_path / "run.json").write_text(json.dumps({"format": 1, **document}), encoding="utf-8")
    # Whatever lies beside it is not its own.
    (tmp_path / "images.jsonl").write_text('{"name": "other"}\n')
    assert load_record(tmp_path) == RECORD
    for edit, said in (
        ({"images": None}, "`images` is null, where a list was expected"),
        ({"images": []}, "`test_set.count` is 1, `images` has 0"),
        ({"images": [{"name": "../x"}]}, "cannot be the name of a picture"),
        ({"images": [{"name": "a", "warnings": 1}]}, r"`images\[0\].warnings` is 1"),
    ):
        (tmp_path / "run.json").write_text(json.dumps({"format": 1, **document, **edit}), encoding="utf-8")
        with pytest.raises(RunError, match=f"run.json` is damaged: .*{said}"):
            load_record(tmp_path)


@pytest.mark.parametrize("many", [False, True], ids=["kept", "read when needed"])
@pytest.mark.parametrize(
    ("lines", "line", "said"),
    [
        (['{"name": "a"}', '{"name": "b"}'], 3, "it is missing, `test_set.count` of `run.json` is 3"),
        (['{"name": "a"}', '{"name": "b"}', '{"name": "c'], 3, "Invalid control character at$"),
        (['{"name": "a"}', '{"name": "b"}', '{"name": "c"}', "{}"], 4, "it is one too many, .* is 3"),
        (['{"name": "a"}', '{"name": "../x"}', '{"name": "c"}'], 2, "cannot be the name of a picture"),
        (['{"name": "a"}', '{"nam": "b"}', '{"name": "c"}'], 2, "`name` is missing"),
        (['{"name": "a"}', '{"name": "b", "nearness": {"percentile": NaN}}'], 2, "NaN is no number"),
        (['{"name": "a"}', "", '{"name": "c"}'], 2, "Expecting value"),
        (["[]", '{"name": "b"}', '{"name": "c"}'], 1, "where an object was expected"),
        (['{"name": "a"}', '{"name": "b\udcff"}'], 2, "can't decode byte 0xff"),
    ],
)
def test_a_damaged_line_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: list[str], line: int, said: str, many: bool
) -> None:
    _save_images(tmp_path, 3)
    text = "".join(f"{each}\n" for each in lines)
    (tmp_path / "images.jsonl").write_text(text, encoding="utf-8", errors="surrogateescape")
    monkeypatch.setattr(record, "MANY", 2 if many else 3)
    with pytest.raises(RunError, match=rf"images\.jsonl` is damaged in line {line}: .*{said}") as caught:
        list(load_record(tmp_path).images)
    assert caught.value.hint == "run `harness test` again"


def test_lines_that_were_taken_away_are_missed(tmp_path: Path) -> None:
    _save_images(tmp_path, 2)
    (tmp_path / "images.jsonl").unlink()
    with pytest.raises(RunError, match=r"has no `images\.jsonl`"):
        load_record(tmp_path)


def test_many_images_are_gone_through_in_order_and_take_no_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = _save_images(tmp_path, 2000)
    monkeypatch.setattr(record, "MANY", 1999)
    found = load_record(tmp_path)
    tracemalloc.start()
    try:
        for _ in range(2):
            assert sum(1 for _ in found.images) == len(found.images) == 2000
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # A kept dict takes 400 bytes and more.
    assert most < 200 * 2000
    assert [image["name"] for image in found.images] == names
    monkeypatch.setattr(record, "MANY", 2000)
    assert list(load_record(tmp_path).images) == list(found.images)


@pytest.mark.parametrize("text", ["", "{}", '{"format": 1}', "[1]", "null"])
def test_a_damaged_record_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(RunError, match=r"run\.json"):
        load_record(tmp_path)


def test_runs_are_found(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    with pytest.raises(RunError, match="no runs"):
        find_run(workspace, None)
    new, old = (
        _save(workspace, "new", "2026-01-02T00:30:00+03:30"),
        _save(workspace, "old", "2026-01-01T20:00:00+00:00"),
    )
    (workspace.results / ".draft").mkdir()
    (workspace.results / ".draft" / "run.json").write_text("{}")
    assert run_folders(workspace) == [old, new]
    assert find_run(workspace, None) == new
    assert find_run(workspace, "old") == old
    assert find_run(workspace, str(old)) == old
    with pytest.raises(UnknownNameError, match="Did you mean `new`"):
        find_run(workspace, "nwe")


def test_runs_that_started_in_one_second_are_told_by_when_they_were_written(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    folders = [_save(workspace, name) for name in ("b", "c", "a")]
    for age, folder in enumerate(folders):
        os.utime(folder / "run.json", (age, age))
    assert run_folders(workspace) == folders


def test_a_damaged_run_is_never_the_newest(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    good, bad = _save(workspace, "good"), _save(workspace, "bad")
    for text in ("{", '{"started": null}', '{"started": "soon"}', "[" * 100_000):
        (bad / "run.json").write_text(text)
        assert find_run(workspace, None) == good
    (bad / "run.json").unlink()
    (bad / "run.json").symlink_to("nowhere")
    assert run_folders(workspace)[-1] == good


def test_the_newest_of_runs_and_trainings_is_told_by_their_starts(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    run = _save(workspace, "run", "2026-01-02T00:00:00+00:00")
    training = workspace.results / "training"
    training.mkdir()
    for started, newest in (("2026-01-02T02:00:00+03:30", run), ("2026-01-01T23:00:00-05:00", training)):
        (training / "training.json").write_text(json.dumps({"started": started}))
        os.utime(run / "run.json")  # written later in any case
        assert find_report(workspace, None) == newest
    assert training_folders(workspace) == [training]
    assert find_report(workspace, "training") == find_report(workspace, str(training)) == training


def test_a_folder_of_runs_stands_for_all_of_them(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "ws")
    here = _save(workspace, "here")
    received = Workspace(tmp_path / "from")
    one, two = _save(received, "one", "2026-01-03T00:00:00+00:00"), _save(received, "two", "2026-01-02T00:00:00+00:00")
    assert find_runs(workspace, [str(received.results), "here", str(one)]) == [two, one, here]
    with pytest.raises(UnknownNameError, match="no run is called"):
        find_runs(workspace, [str(tmp_path)])


MODEL = {
    "name": "m", "network": "G", "weights": "checkpoints/5_net_G.pth", "sha256": "", "epoch": 5,
    "direction": "AtoB", "architecture": {}, "dataset": "d", "split": "test", "input_domain": "a",
    "output_domain": "b", "crop_size": 256,
}  # fmt: skip
TRAINING = {
    "format": 1, "name": "t", "harness_version": "1", "command": [], "started": RECORD.started,
    "state": "finished", "family": "pix2pix", "direction": "AtoB", "preset": "paper", "options": [],
    "dataset": {"name": "d"}, "device": "cpu", "processes": 1, "seed": 0, "keep": 10, "upstream": {},
    "versions": {}, "models": [MODEL],
}  # fmt: skip


def test_a_training_stands_for_the_runs_that_tested_it(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    training = workspace.results / "t"
    training.mkdir(parents=True)
    results = [{"best": {"run": "t-best"}, "last": {"epoch": 5}, "official": None}]
    (training / "training.json").write_text(json.dumps({**TRAINING, "results": results}))
    best = _save(workspace, "t-best", "2026-01-01T01:00:00+03:30")
    assert find_report(workspace, None) == training
    assert find_run(workspace, None) == find_report(workspace, "t-best") == best
    later = _save(workspace, "later", "2026-01-01T02:00:00+03:30")
    assert find_report(workspace, None) == later


def test_a_damaged_training_hides_no_other(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    good, bad = workspace.results / "good", workspace.results / "bad"
    architecture = {"netG": "unet_32", "norm": "batch", "use_dropout": True, "ngf": 2}
    for folder in (good, bad):
        folder.mkdir(parents=True)
        document = {**TRAINING, "models": [{**MODEL, "architecture": architecture}]}
        (folder / "training.json").write_text(json.dumps(document))
    (bad / "training.json").write_text(json.dumps(TRAINING | {"seed": "0", "started": "2020-01-01T00:00:00+00:00"}))
    trained = load_training(good)
    found = training_of(workspace, model_of(trained, trained.models[0]))
    assert found is not None and found[0] == good


def test_a_folder_that_leads_out_is_no_weights_file_of_a_training(tmp_path: Path) -> None:
    (tmp_path / "training.json").write_text(json.dumps(TRAINING))
    assert load_training(tmp_path).models[0].weights == "checkpoints/5_net_G.pth"
    for edit in ({"weights": "../../../x.pth"}, {"weights": "/x.pth"}, {"name": "a/b"}, {"epoch": None}, {"sha256": 5}):
        (tmp_path / "training.json").write_text(json.dumps({**TRAINING, "models": [{**MODEL, **edit}]}))
        with pytest.raises(RunError, match=r"training\.json` is damaged"):
            load_training(tmp_path)
    for edit in ({"started": None}, {"dataset": {}}, {"state": "asleep"}, {"seconds": "1"}, {"name": ".."},
                 {"results": [{"best": {"run": []}}]}, {"results": [None]}):  # fmt: skip
        (tmp_path / "training.json").write_text(json.dumps(TRAINING | edit))
        with pytest.raises(RunError, match=r"training\.json` is damaged"):
            load_training(tmp_path)
