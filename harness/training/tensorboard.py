"""Losses and learning rate for TensorBoard, where they are asked for; everything is in `losses.csv` anyway."""

from __future__ import annotations

from pathlib import Path
from typing import Any

FOLDER = "tensorboard"


class Scalars:
    """Writes what a training tells as TensorBoard's event files; what is done again after a resume is marked void."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER
        self._writer: Any = None

    def told(self, kind: str, told: dict[str, Any]) -> None:
        """Takes one event of `harness.engines.official.training.train`."""
        if kind == "plan":
            from torch.utils.tensorboard import SummaryWriter

            # TensorBoard hides what an earlier going wrote from that step on.
            self._writer = SummaryWriter(str(self._folder), purge_step=told["told_from"])
        if kind == "loss" and self._writer is not None:
            for name, value in {**told["losses"], "learning_rate": told["rate"]}.items():
                self._writer.add_scalar(name, value, told["iteration"])

    def close(self) -> None:
        """Writes what is still in memory."""
        if self._writer is not None:
            self._writer.close()
