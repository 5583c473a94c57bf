"""What a test is asked for, built once by whoever asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from harness.catalog.types import Model
from harness.engines.job import Mode, NativeSettings
from harness.images.geometry import Sizing

Engine = Literal["official", "native"]


@dataclass(frozen=True, kw_only=True)
class TestRequest:
    """What to translate with what, and how.

    Attributes:
        model: a catalog model, `family/name` or a bare name, or one that was trained here.
        dataset: see `harness.sets.finding.find_set`; loose pictures are prepared first. Without one, the model's own
            dataset, else the newest set prepared for it.
        split: the folder of an official dataset, e.g. `val` or `testB`; by default the catalog's for this model.
        limit: only the first pictures.
        weights: a generator to run in place of the installed one, e.g. of a training of one's own.
        name: the run's name; by default made of model, set and a number.
        engine: None for the usual one: native for weights of the Lua original and for tiles, official for all others.
        device: `auto`, `cpu`, `cuda` or `cuda:N`.
        seed: base of all randomness; each image's own seed is derived from it and the image's name.
        seeds: how often every picture is drawn, by `seed` and the ones after it; the first stands for all elsewhere.
        size: of what is drawn; None for the model's.
        full: whether outputs are written in the shape of the user's pictures, too.
        lang: the language of the pages, see `harness.web.language.spoken`.
        command: the command line as typed, for the record.
        metrics: names of `harness.metrics.registry`; by default SSIM, PSNR and MAE, or the similarity to the input.
        threads: of torch, for the last bits of its sums hang on their number; by default those it has.
        follow_links: whether links that lead out of the folder are followed.
    """

    # pytest would collect a class of this name.
    __test__ = False

    model: str | Model
    dataset: str | None = None
    split: str | None = None
    limit: int | None = None
    weights: Path | None = None
    name: str | None = None
    engine: Engine | None = None
    mode: Mode = "paper"
    device: str = "auto"
    seed: int = 0
    seeds: int = 1
    size: Sizing | None = None
    native: NativeSettings = field(default_factory=NativeSettings)
    lang: str | None = None
    command: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    threads: int | None = None
    follow_links: bool = False
    full: bool = True
