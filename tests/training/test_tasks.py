"""`--task`: each lesson is the photo without the one thing it takes away, and held-out pictures stay apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.errors import HarnessError, TestSetError, UnknownNameError
from harness.prepare.recipes.spoilt import HOLE
from harness.sets.trainable import find_data
from harness.training.tasks import TASKS, build_task_set
from harness.workspace import Workspace
from tests.pictures import save_picture


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for number in range(24):
        save_picture(tmp_path / "عکس‌ها" / f"{number}.png", 64, 64)
    (tmp_path / "عکس‌ها" / "notes.txt").write_text("no picture")
    return tmp_path / "عکس‌ها"


def halves(path: Path) -> tuple[np.ndarray, np.ndarray]:
    pair = np.asarray(Image.open(path).convert("RGB"))
    return pair[:, : pair.shape[1] // 2], pair[:, pair.shape[1] // 2 :]


@pytest.mark.parametrize("task", TASKS)
def test_pairs_of_spoilt_and_whole(tmp_path: Path, photos: Path, task: str) -> None:
    workspace = Workspace(tmp_path / "ws")
    made = build_task_set(workspace, task, photos, size=(64, 64))
    assert made.folder.name == f"عکس‌ها-{task}"
    parts = {i.output.partition("/")[0] for i in made.test_set.images}
    assert "train" in parts
    assert parts == {"train", "val", "test"}
    data = find_data(workspace, made.folder.name)
    assert (data.kind, data.direction, data.domains) == ("pairs", "AtoB", (task, "photo"))
    image = made.test_set.images[0]
    spoilt, whole = halves(made.folder / image.output)
    if task != "edges":  # whose things are centred on white first
        np.testing.assert_array_equal(whole, np.asarray(Image.open(photos / image.source)))
    if task == "grey":
        luma = np.rint(whole @ np.array([0.299, 0.587, 0.114]))
        assert np.abs(spoilt - luma[..., None]).max() <= 1
    if task == "edges":
        assert set(np.unique(spoilt)) == {0, 255}
    if task == "blank":
        hole = (spoilt == HOLE).all(axis=2)
        rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
        inside = np.zeros_like(hole)
        inside[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = True
        np.testing.assert_array_equal(spoilt[~inside], whole[~inside])
        assert hole[inside].all()
        assert hole.mean() == pytest.approx(0.25, abs=0.02)
    if task == "superres":
        means = whole.reshape(16, 4, 16, 4, 3).mean(axis=(1, 3))
        small = Image.fromarray(np.rint(means).astype(np.uint8)).resize((64, 64), Image.Resampling.BICUBIC)
        assert np.abs(spoilt.astype(int) - np.asarray(small)).max() <= 4  # both round after each direction


def test_made_again_it_is_the_same_and_another_task_has_its_own_set(tmp_path: Path, photos: Path) -> None:
    workspace = Workspace(tmp_path / "ws")
    first = build_task_set(workspace, "blank", photos, size=(64, 64))
    again = build_task_set(workspace, "blank", photos, size=(64, 64))
    assert again.reused == len(first.test_set.images)
    assert again.test_set.digest() == first.test_set.digest()
    assert build_task_set(workspace, "grey", photos, size=(64, 64)).folder != first.folder


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "ws")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnknownNameError, match="task"):
        build_task_set(workspace, "greyy", tmp_path)
    with pytest.raises(TestSetError, match="there is no folder"):
        build_task_set(workspace, "grey", tmp_path / "nowhere")
    with pytest.raises(HarnessError):
        build_task_set(workspace, "grey", tmp_path / "empty")
    with pytest.raises(TestSetError, match="at least 3"):
        save_picture(tmp_path / "few" / "a.png", 64, 64)
        build_task_set(workspace, "grey", tmp_path / "few", size=(64, 64))


def test_folders_of_one_name_have_sets_of_their_own(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "ws")
    made = []
    for place in ("a", "b", "a"):
        for number in range(3):
            save_picture(tmp_path / place / "holiday" / f"{place}{number}.png", 64, 64)
        made.append(build_task_set(workspace, "grey", tmp_path / place / "holiday", size=(64, 64)).folder.name)
    assert made == ["holiday-grey", "holiday-grey-2", "holiday-grey"]
