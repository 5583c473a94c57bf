"""A training's folder with nothing in it but its record."""

from __future__ import annotations

from pathlib import Path

from harness.runs.training_record import TrainingRecord, save_training


def sample_training(folder: Path) -> TrainingRecord:
    """Writes `training.json` of a finished pix2pix training and returns what stands in it."""
    record = TrainingRecord(
        folder.name, "0.1.0", (), "2026-01-01T00:00:00+00:00", "finished", "pix2pix", "BtoA", "quick", (),
        {"name": "pairs", "reference": "pairs", "digest": "d"}, "cpu", 1, 0, 10, {}, {},
    )  # fmt: skip
    folder.mkdir(parents=True)
    save_training(folder, record)
    return record
