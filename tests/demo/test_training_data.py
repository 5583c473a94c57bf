"""The training set can be drawn again, in the layout the official aligned data set reads."""

from __future__ import annotations

import sys

import numpy as np
from PIL import Image

from harness.demo import training_data
from harness.demo.scenes import draw_scene
from harness.demo.training_data import TRAINING_SEED, write_training_set


def test_pairs_lie_side_by_side_photo_left_label_right(tmp_path):
    written = write_training_set(tmp_path, pairs=2)
    assert [path.relative_to(tmp_path).as_posix() for path in written] == ["train/0000.png", "train/0001.png"]
    pair = np.asarray(Image.open(written[1]))
    scene = draw_scene(TRAINING_SEED, 1)
    assert pair.shape == (256, 512, 3)
    assert np.array_equal(pair[:, :256], scene.photo)
    assert np.array_equal(pair[:, 256:], scene.label)


def test_the_command_line_writes_and_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["training_data", str(tmp_path / "set"), "--pairs", "1", "--seed", "5"])
    training_data.main()
    assert capsys.readouterr().out.strip() == f"1 pairs in {tmp_path / 'set' / 'train'}"
    assert np.array_equal(np.asarray(Image.open(tmp_path / "set/train/0000.png"))[:, 256:], draw_scene(5, 0).label)
