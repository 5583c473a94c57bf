"""What a training is told of a folder it cannot take as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import TrainingError
from harness.sets.trainable import find_data
from harness.workspace import Workspace
from tests.pictures import save_pair, save_picture


@pytest.mark.parametrize("name", ["Train", "training", "TEST"])
def test_parts_of_another_spelling_are_named_as_train_py_names_them(tmp_path: Path, name: str) -> None:
    save_pair(tmp_path / "set" / name / "a.png", 8)
    with pytest.raises(TrainingError, match=f"it has: {name}$") as caught:
        find_data(Workspace(tmp_path), "set")
    assert caught.value.hint == "call them as `train.py` does: train, val and test"


def test_loose_pictures_are_sent_to_be_paired_and_split(tmp_path: Path) -> None:
    save_picture(tmp_path / "set" / "more" / "a.png", 8, 8)
    with pytest.raises(TrainingError, match="folder of loose pictures") as caught:
        find_data(Workspace(tmp_path), "set")
    assert "--split 80/10/10" in str(caught.value.hint)
