"""A run's outputs become the next model's inputs, and facade photos are set upright on the way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.catalog.lookup import find_model
from harness.errors import TestSetError
from harness.prepare.planning import plan_images
from harness.prepare.prepare_request import PrepareRequest
from harness.prepare.preparing import carry_out
from harness.runs.record import RunRecord, save_record
from harness.workspace import Workspace
from tests.images.pictures import noise
from tests.images.test_rectifying import facade, seen_from_below

RECORD = RunRecord(
    name="run-001", harness_version="0", command=("harness",), started="2026-01-01T00:00:00+00:00",
    model={"id": "cyclegan/facades_photo2label", "input_domain": "facade_photo", "output_domain": "facade_label"},
    engine="native", mode="paper", seed=0, device="cpu", upstream=None,
    test_set={"name": "s", "layout": "single", "count": 0}, images=(), versions={},
)  # fmt: skip


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path / "w")
    run = workspace.results / "run-001"
    for kind, seed in (("input", 1), ("output", 2)):
        (run / "images" / kind).mkdir(parents=True)
        noise(64, 64, seed).save(run / "images" / kind / "a.png")
    save_record(run, RECORD)
    return workspace


@pytest.mark.parametrize("by_folder", [False, True])
def test_outputs_become_inputs_and_inputs_targets(workspace: Workspace, by_folder: bool) -> None:
    given = workspace.results / "run-001" if by_folder else Path("run-001")
    plan = plan_images(workspace, PrepareRequest(folder=given, model="facades_label2photo"))
    assert any("`run-001` is the input; its inputs are the targets" in s for s in plan.sentences())
    made = carry_out(workspace, plan)
    assert made.folder.name == "run-001"
    assert made.test_set.layout == "paired"
    with Image.open(made.folder / "test" / "a.png") as pair:
        left = np.asarray(pair.convert("RGB").resize((128, 64), Image.Resampling.BOX))[:, :64]
    with Image.open(workspace.results / "run-001" / "images" / "input" / "a.png") as photo:
        assert np.abs(left.astype(int) - np.asarray(photo)).mean() < 12


def test_a_model_that_does_not_eat_it_is_refused(workspace: Workspace) -> None:
    with pytest.raises(TestSetError, match="drew `facade_label`, and `cyclegan/horse2zebra` eats"):
        plan_images(workspace, PrepareRequest(folder=Path("run-001"), model="horse2zebra"))
    with pytest.raises(TestSetError, match="is a run"):
        plan_images(workspace, PrepareRequest(folder=Path("run-001")))


def test_inputs_of_another_kind_are_no_targets(workspace: Workspace) -> None:
    other = replace(RECORD, model=RECORD.model | {"input_domain": "horse"})
    save_record(workspace.results / "run-001", other)
    plan = plan_images(workspace, PrepareRequest(folder=Path("run-001"), model="facades_label2photo"))
    assert plan.layout == "single"


def test_facades_are_rectified_and_others_kept_with_a_warning(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    seen_from_below(facade(0)).save(tmp_path / "in" / "leaning.png")
    noise(256, 256, 3).save(tmp_path / "in" / "noise.png")
    model = find_model("cyclegan/facades_photo2label")
    request = PrepareRequest(folder=tmp_path / "in", model=model, rectify=True)
    leaning, kept = carry_out(workspace, plan_images(workspace, request)).test_set.images
    assert any(operation.startswith("rectified: lines leant") for operation in leaning.operations)
    assert any(warning.startswith("not rectified: too few") for warning in kept.warnings)
    with pytest.raises(TestSetError, match="no photo is prepared"):
        plan_images(workspace, PrepareRequest(folder=tmp_path / "in", model="facades_label2photo", rectify=True))
