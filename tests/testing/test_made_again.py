"""The command that a report prints under "Make it again", typed: it makes the same run."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.catalog.types import Architecture
from harness.cli.main import main
from harness.report.provenance import command_again
from harness.runs.record import RunRecord, load_record
from harness.workspace import Workspace
from tests.engines.native.conftest import save_generator
from tests.pictures import save_pair, save_picture
from tests.testing.conftest import SET


@pytest.fixture
def here(workspace: Workspace) -> Path:
    """The workspace with more to test on: pairs laid out by hand, photos of their own sizes, other weights."""
    root = workspace.root
    for name in ("x", "y", "z"):
        save_pair(root / "laid out" / "val" / f"{name}.png")
        save_picture(root / "photos" / "testA" / f"{name}.png", 64 if name == "x" else 48, 32)
    elsewhere = save_picture(root.parent / "elsewhere" / "linked.png", 512, 256)
    (root / "laid out" / "val" / "linked.png").symlink_to(elsewhere)
    save_generator(root / "own.pth", Architecture("unet_256", "batch", True, ngf=2), seed=9)
    save_generator(root.parent / "other.pth", Architecture("resnet_6blocks", "instance", False, ngf=2), seed=9)
    return root


def outputs(root: Path, record: RunRecord) -> dict[str, bytes]:
    folder = root / "results" / record.name / "images" / "output"
    return {path.name: np.asarray(Image.open(path)).tobytes() for path in sorted(folder.glob("*.png"))}


@pytest.mark.parametrize(
    "typed",
    [
        f"--model facades_label2photo --dataset {SET} --engine native --limit 2 --seed 5",
        f"--model facades_label2photo --dataset {SET} --engine native --mode deterministic --samples 2 --batch-size 1",
        "--model facades_label2photo --dataset 'laid out' --engine native --weights own.pth --split val --follow-links",
        "--model facades_label2photo --dataset './laid out' --engine native --split val --limit 1",
        "--model horse2zebra --dataset photos --engine native --weights ../other.pth --size own --device cpu",
        "--model horse2zebra --dataset photos --weights ../other.pth --size max:90 --engine native --tiled 64 "
        "--no-full",
    ],
)
def test_the_command_of_a_report_makes_the_run_again(here: Path, typed: str) -> None:
    assert main(["test", *shlex.split(typed), "--name", "first", "-q"]) == 0
    first = load_record(here / "results" / "first")
    # The page holds the words of this process, not of the test runner's own command line.
    first = RunRecord(**{**vars(first), "command": ("harness", "test", *shlex.split(typed))})
    again = shlex.split(command_again(first))
    assert again[:2] == ["harness", "test"]
    assert main([*again[1:], "-q", "--name", "second"]) == 0
    second = load_record(here / "results" / "second")
    assert outputs(here, first) == outputs(here, second) and outputs(here, first)
    for key in ("model", "engine", "mode", "seed", "device", "test_set", "images", "options"):
        assert json.dumps(getattr(first, key)) == json.dumps(getattr(second, key)), key


def test_a_set_of_a_long_name_in_any_script_is_tested(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    name = "街" * 60
    source = workspace.dataset(SET)
    document = json.loads((source / "dataset.json").read_text(encoding="utf-8"))
    source.rename(workspace.dataset(name))
    (workspace.dataset(name) / "dataset.json").write_text(json.dumps(document | {"name": name}), encoding="utf-8")
    words = ["test", "--model", "facades_label2photo", "--dataset", name, "--engine", "native", "-q", "--limit", "1"]
    for number in ("001", "002"):
        assert main(words) == 0
        run = capsys.readouterr().out.partition(":")[0]
        assert run.startswith("facades_label2photo-街街") and run.endswith(f"街-{number}")
        assert (workspace.run(run) / "index.html").is_file()
