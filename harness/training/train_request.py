"""What a training is asked for, built once by whoever asks."""

from __future__ import annotations

from dataclasses import dataclass

from harness.catalog.types import Direction, Discriminator, Family
from harness.training.presets import Preset
from harness.training.tasks import Task


@dataclass(frozen=True, kw_only=True)
class TrainRequest:
    """What to train on what, and how.

    Attributes:
        dataset: a prepared set, an official dataset or a folder laid out like one; see `harness.sets.finding.find_set`.
        task: makes pairs of the photos in the folder `dataset` first.
        family: by default pix2pix for pairs and cyclegan for pictures without partners; `colorization` takes photos.
        direction: by default the one the dataset is made for. CycleGAN learns both.
        preset: size and length; `paper` is the authors' own.
        options: further options of `train.py`, which win over the preset's.
        name: the training's and the model's; by default dataset, method and a number.
        device: `auto`, `cpu`, `cuda` or `cuda:N`.
        processes: how many train together, on GPUs one each.
        seed: base of all randomness.
        keep: how many epochs' networks stay on the disk, the last one always; the best is chosen among them.
        without_skips: whether the U-Net's skip connections are to carry nothing, to see what they are good for.
        discriminator: whether pix2pix's sees the input beside the picture, the picture alone, or there is none.
        tensorboard: whether to write event files for TensorBoard too.
        follow_links: whether links that lead out of the dataset's folder are followed.
        lang: the language of the pages, see `harness.web.language.spoken`.
        command: the command line as typed, for the record.
    """

    dataset: str
    task: Task | None = None
    family: Family | None = None
    direction: Direction | None = None
    preset: Preset = "paper"
    options: tuple[str, ...] = ()
    name: str | None = None
    device: str = "auto"
    processes: int = 1
    seed: int = 0
    keep: int = 10
    without_skips: bool = False
    discriminator: Discriminator = "conditional"
    tensorboard: bool = False
    follow_links: bool = False
    lang: str | None = None
    command: tuple[str, ...] = ()
