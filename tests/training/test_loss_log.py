"""`losses.csv` after power cuts and resumes: what is whole is kept, what is not never stops anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.training.loss_log import FILE, LossLog, read_losses


def told(iteration: int) -> dict[str, Any]:
    return {
        "iteration": iteration, "epoch": 1, "batch": iteration, "rate": 0.1 + 0.2, "seconds": 1e-5,
        "losses": {"G_L1": iteration / 3, "D_real": 1.0},
    }  # fmt: skip


def written(folder: Path, count: int = 4) -> Path:
    log = LossLog(folder)
    assert all(log.add(told(number)) for number in range(1, count + 1))
    return folder / FILE


def test_what_is_written_is_read_to_the_last_digit(tmp_path: Path) -> None:
    path = written(tmp_path)
    rows = read_losses(path)
    assert [row["iteration"] for row in rows] == [1, 2, 3, 4]
    assert rows[2] == {k: v for k, v in told(3).items() if k != "losses"} | told(3)["losses"]
    assert path.read_text().startswith(
        "iteration,epoch,batch,rate,seconds,G_L1,D_real\n1,1,1,0.30000000000000004,1e-05,"
    )


def test_what_is_done_again_is_dropped_and_what_is_told_again_is_not_written_twice(tmp_path: Path) -> None:
    written(tmp_path)
    log = LossLog(tmp_path)
    assert log.go_on_after(2) == [told(1), told(2)]
    assert not log.add(told(2))
    assert log.add(told(3))
    assert [row["iteration"] for row in read_losses(tmp_path / FILE)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("damage", "kept"),
    [
        (lambda text: "", 0),  # a file whose content never reached the disk
        (lambda text: "\0" * len(text), 0),
        (lambda text: text[:20], 0),  # within the head
        (lambda text: text[: text.index("\n") + 1], 0),
        (lambda text: text[:-5], 3),  # within the last row
        (lambda text: text[:-2], 3),  # within its last number
        (lambda text: text[:-9] + "\0" * 9, 3),
        (lambda text: text.replace("2,1,2,", "x,1,2,"), 3),
    ],
)
def test_a_damaged_file_loses_what_is_damaged_and_goes_on(tmp_path: Path, damage: Any, kept: int) -> None:
    path = written(tmp_path)
    path.write_text(damage(path.read_text()))
    assert len(read_losses(path)) == kept
    log = LossLog(tmp_path)
    assert len(log.go_on_after(4)) == kept
    assert log.add(told(5))
    assert len(read_losses(path)) == kept + 1


def test_no_file_is_no_losses(tmp_path: Path) -> None:
    assert read_losses(tmp_path / FILE) == []
    assert LossLog(tmp_path).go_on_after(10) == []
