"""`harness train` as it is typed: what it prints, what it refuses, and what it leaves for the other commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.cli.main import main
from tests.pictures import save_pair
from tests.report.samples import change_facts
from tests.training.conftest import SMALL
from tests.upstream_standin import check_out, make_standin


@pytest.fixture
def ready(tmp_path: Path) -> Path:
    """A workspace `ws` with the stand-in and a set `pairs`."""
    url, commit = make_standin(tmp_path / "upstream")
    third_party = tmp_path / "ws" / "third_party"
    third_party.mkdir(parents=True)
    check_out(url, commit, third_party / "pytorch-CycleGAN-and-pix2pix")
    for part, count in (("train", 3), ("test", 2)):
        for number in range(count):
            save_pair(tmp_path / "ws" / "datasets" / "pairs" / part / f"{number}.png", 32)
    return tmp_path / "ws"


def run(*words: str) -> int:
    return main(["--workspace", "ws", *words])


def test_from_dataset_to_listed_and_tested_model(ready: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("train", "--dataset", "pairs", "--name", "mine", "--", *SMALL) == 0
    told = capsys.readouterr()
    assert "best (epoch" in told.out
    assert "mean target" in told.out
    assert "`harness test --model mine` runs it" in told.out
    assert told.out.rstrip().endswith(f"report: {(ready / 'results' / 'mine' / 'index.html').as_uri()}")
    assert "epoch 2 of 2: G_GAN" in told.err

    assert run("models", "--installed") == 0
    assert "pix2pix/mine" in capsys.readouterr().out
    assert run("models", "mine") == 0
    shown = capsys.readouterr().out
    assert "harness test --model mine" in shown
    assert "harness setup" not in shown
    assert run("test", "--model", "mine", "--engine", "native", "--quiet") == 0
    assert "2 images, native engine" in capsys.readouterr().out
    assert run("open", "mine", "--print") == 0
    assert "mine/index.html" in capsys.readouterr().out
    assert run("report", "mine", "--lang", "fa") == 0
    assert 'dir="rtl"' in (ready / "results" / "mine" / "index.html").read_text(encoding="utf-8")


def test_json_is_the_record(ready: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("train", "-d", "pairs", "--json", "--quiet", "--", *SMALL) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["state"], document["models"][0]["name"]) == ("finished", "pairs-pix2pix-001")
    assert document["report"].endswith("pairs-pix2pix-001/index.html")


def test_trainings_by_several_seeds_and_their_spread(ready: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("train", "-d", "pairs", "--name", "mine", "--seed", "3", "--seeds", "2", "--json", "--quiet", "--", *SMALL)
    assert run(*words) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["trainings"] == ["mine-seed3", "mine-seed4"]
    last = next(one for one in document["spread"] if one["kind"] == "last")
    assert [name.rpartition("-")[0] for name in last["runs"]] == document["trainings"]
    each = [json.loads((ready / "results" / name / "metrics.json").read_text("utf-8")) for name in last["runs"]]
    means = [one["summary"]["ssim"]["mean"] for one in each]
    assert means[0] != means[1]
    assert last["columns"]["ssim"]["mean"] == pytest.approx(sum(means) / 2)
    assert last["columns"]["ssim"]["spread"] == pytest.approx(abs(means[0] - means[1]) / 2**0.5)

    records = [ready / "results" / name / "training.json" for name in document["trainings"]]
    before = [record.stat().st_mtime_ns for record in records]
    assert run(*(word for word in words if word != "--json")) == 0
    assert "over 2 trainings" in capsys.readouterr().out
    assert [record.stat().st_mtime_ns for record in records] == before

    other = [word for word in words if word != "--json"]
    other[other.index("--seeds") + 1] = "3"
    other.insert(other.index("--"), "--direction=BtoA")
    assert run(*other) == 1
    assert "`mine-seed3` is there already, of another direction" in capsys.readouterr().err
    assert not (ready / "results" / "mine-seed5").exists(), "refused before the first"

    # Held-out pictures that changed between two trainings: no spread over what cannot be compared.
    change_facts(ready / "results" / last["runs"][1], lambda image: image.update(source_sha256="0" * 64))
    assert run(*(word for word in words if word != "--quiet")) == 0
    said = capsys.readouterr()
    assert not [one for one in json.loads(said.out)["spread"] if one["kind"] == "last"]
    assert f"no spread over `{last['runs'][0]}` and `{last['runs'][1]}`" in said.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "name what to train on with --dataset"),
        (["--resume", "x", "--preset", "quick"], 2, "leave out --preset"),
        (["--resume", "x", "--seeds", "2"], 2, "leave out --seeds"),
        (["--resume", "x", "--devices", "2"], 2, "leave out --devices"),
        (["--resume", "x"], 1, "no training is called `x`"),
        (["--dataset", "pairs", "--name", "edges2shoes"], 1, "name of an official model"),
        (["--dataset", "pairs", "--devices", "2", "--device", "cuda"], 1, "cuda"),
        (["--dataset", "pairs", "--", "--model", "cycle_gan"], 1, "say it before the `--`: `--family`"),
        (["--dataset", "pairs", "--", "--lr", "high"], 1, "argument --lr: invalid float value: 'high'"),
        (["--dataset", "pairs", "--lr", "1"], 2, "No such option"),
    ],
)
def test_what_is_refused_says_what_to_type(
    ready: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int, said: str
) -> None:
    assert run("train", *words) == code
    assert said in capsys.readouterr().err
    assert not list((ready / "results").glob("*/training.json"))
