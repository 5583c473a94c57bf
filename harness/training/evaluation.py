"""What came of a training: the best epoch found on held-out pictures, best and last tested as any model is."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any
from urllib.parse import quote

import numpy as np
from PIL import Image

from harness.catalog.types import Direction, Model
from harness.engines.job import Job
from harness.engines.native.engine import translate
from harness.errors import TrainingError
from harness.files import sha256_of
from harness.metrics.comparing import why_not_comparable
from harness.metrics.measure import Measurement, measure_images
from harness.metrics.ssim import ssim
from harness.metrics.statistics import Summary
from harness.metrics.storage import load_measurement
from harness.progress import Progress, Silent
from harness.provision.installed import installed_weights
from harness.report.writing import comparison_name, write_comparison
from harness.runs.identity import kinship
from harness.runs.trained import model_of
from harness.runs.training_record import TrainedModel, TrainingRecord
from harness.sets.selection import Selection, select
from harness.sets.trainable import TrainingData
from harness.testing.request import TestRequest
from harness.testing.running import run_test
from harness.training.averaging import save_mean_target
from harness.training.checks import side_of
from harness.weights.architecture import architecture_of
from harness.workspace import Workspace

_MOST_SWEPT = 100
"""Held-out pictures an epoch is judged by, the first ones; the tests afterwards take all."""

_COLUMNS = ("ssim", "psnr", "mae")
_WORST = 4
_CLOSER_BY = 0.05
_ALIKE = 0.5
_NOTHING_CHANGED = 0.98
_LOOKED_AT = 50


def end_training(
    workspace: Workspace, folder: Path, record: TrainingRecord, data: TrainingData, progress: Progress
) -> TrainingRecord:
    """Returns the record with its models, results and what is to be warned of.

    The runs `<model>-best`, `<model>-last` and, where the official model of this dataset is installed,
    `<model>-official` are written beside it, and a page that compares them; those already there are kept.

    Raises:
        TrainingError: there are no weights.
        HarnessError: a test failed.
    """
    models, results, warnings = [], [], []
    for generator in _generators(record, data):
        ending = _Ending(workspace, folder, record, data, generator, progress)
        epochs = ending.kept_epochs()
        sweep = ending.sweep(epochs)
        best = max(sweep, key=lambda epoch: sweep[epoch].summary["ssim"].mean or 0.0) if sweep else epochs[-1]
        models.append(ending.trained(best))
        result, found = ending.tested(best, epochs[-1])
        results.append(result | _sweep_document(sweep, data.chosen_on))
        warnings += found
    for warning in warnings:
        progress.warn(warning)
    kept = tuple(dict.fromkeys((*record.warnings, *warnings)))
    return replace(record, models=tuple(models), results=tuple(results), warnings=kept)


@dataclass(frozen=True)
class _Generator:
    """One generator of a training, the model it becomes, and the pictures it is judged by."""

    network: str
    direction: Direction
    name: str
    chosen_on: str | None
    tested_on: str | None
    usual_split: str


def _generators(record: TrainingRecord, data: TrainingData) -> list[_Generator]:
    if record.family != "cyclegan":
        usual = data.tested_on or ("test" if data.parts[0] == "train" else "testA")
        return [_Generator("G", record.direction, record.name, data.chosen_on, data.tested_on, usual)]
    made = []
    ways: tuple[tuple[str, Direction, str, str], ...] = (("G_A", "AtoB", "", "A"), ("G_B", "BtoA", "-BtoA", "B"))
    for network, way, suffix, side in ways:
        chosen, tested = (data.chosen_on, data.tested_on) if data.has_targets else (None, f"test{side}")
        usual = tested or "test"
        there = tested if tested and data.pictures(tested) else None
        made.append(_Generator(network, way, f"{record.name}{suffix}", chosen, there, usual))
    return made


@dataclass(frozen=True)
class _Ending:
    """The end of a training for one of its generators."""

    workspace: Workspace
    folder: Path
    record: TrainingRecord
    data: TrainingData
    generator: _Generator
    progress: Progress

    def kept_epochs(self) -> list[int]:
        """Returns the epochs whose weights are there; raises TrainingError for none."""
        ending = f"_net_{self.generator.network}.pth"
        names = (p.name.removesuffix(ending) for p in self.folder.glob(f"checkpoints/*{ending}"))
        epochs = sorted(int(name) for name in names if name.isdigit())
        if not epochs:
            raise TrainingError(
                f"`{self.folder / 'checkpoints'}` holds no weights of `{self.generator.network}`",
                f"harness train --resume {self.record.name}",
            )
        return epochs

    def trained(self, epoch: int) -> TrainedModel:
        """Returns the model that the generator is after an epoch."""
        weights = self._weights(epoch)
        found = architecture_of(weights)
        if found.use_dropout is None:  # a U-Net's keys do not tell
            found = replace(found, use_dropout=not self.record.plan["options"].get("no_dropout", False))
        a, b = self.data.domains
        source, target = (a, b) if self.generator.direction == "AtoB" else (b, a)
        return TrainedModel(
            name=self.generator.name,
            network=self.generator.network,
            weights=weights.relative_to(self.folder).as_posix(),
            sha256=sha256_of(weights),
            epoch=epoch,
            direction=self.generator.direction,
            architecture=asdict(found),
            dataset=self.data.reference,
            split=self.generator.usual_split,
            input_domain=source,
            output_domain=target,
            crop_size=side_of(self.record.options),
        )

    def sweep(self, epochs: Sequence[int]) -> dict[int, Measurement]:
        """Measures every kept epoch on held-out pictures with the native engine; nothing without targets."""
        if not self.data.has_targets or self.generator.chosen_on is None:
            return {}
        model = model_of(self.record, self.trained(epochs[-1]))
        selection = select(self.data.found, model, self.generator.chosen_on).limited(_MOST_SWEPT)
        found = {}
        with self.progress.step(f"measuring {self.generator.network} by epoch", len(epochs), "epochs") as step:
            for epoch in epochs:
                found[epoch] = self._measured(self._weights(epoch), model, selection)
                step.advance()
        return found

    def tested(self, best: int, last: int) -> tuple[dict[str, Any], list[str]]:
        """Tests best, last and the official model; returns the page's document and what must be warned of."""
        document: dict[str, Any] = {
            "direction": self.generator.direction, "network": self.generator.network, "baselines": {},
            "official": None, "best": {"epoch": best}, "last": {"epoch": last}, "comparison": None, "worst": [],
        }  # fmt: skip
        if self.generator.tested_on is None:
            return document, []
        if self.data.has_targets:
            save_mean_target(self.workspace, model_of(self.record, self.trained(best)), self.data)
        runs = {"best": self._run("best", model_of(self.record, self.trained(best)), self._weights(best))}
        runs["last"] = runs["best"]
        if last != best:
            runs["last"] = self._run("last", model_of(self.record, self.trained(last)), self._weights(last))
        pretrained = self.data.pretrained(self.generator.direction, self.record.family)
        if pretrained and installed_weights(self.workspace, pretrained):
            runs["official"] = self._run("official", pretrained, None)
        measured = {kind: load_measurement(run) for kind, run in runs.items()}
        first = measured["best"]
        document |= {
            "best": {"epoch": best, **_run_document(runs["best"], first)},
            "last": {"epoch": last, **_run_document(runs["last"], measured["last"])},
            "baselines": {name: _means(columns) for name, columns in first.baselines.items()},
            "worst": _worst(runs["best"], first),
        }
        warnings = _alike(runs["best"], first, self.generator.name)
        together = [
            run
            for kind, run in runs.items()
            if why_not_comparable(first, measured[kind]) is None and kinship(runs["best"], run).same_preparation
        ]
        if pretrained and "official" in runs:
            document["official"] = _run_document(runs["official"], measured["official"])
            if runs["official"] not in together:
                warnings.append(
                    f"`{pretrained.id}` was tested at its own {pretrained.crop_size} pixels, this training at "
                    f"{side_of(self.record.options)}: their numbers are of other pictures"
                )
        document["comparison"] = self._compared(list(dict.fromkeys(together)))
        return document, warnings

    def _weights(self, epoch: int) -> Path:
        return self.folder / "checkpoints" / f"{epoch}_net_{self.generator.network}.pth"

    def _measured(self, weights: Path, model: Model, selection: Selection) -> Measurement:
        with tempfile.TemporaryDirectory(prefix=".sweep-", dir=self.folder) as name:
            output = Path(name)
            job = Job(
                weights=weights, architecture=model.architecture, items=selection.items,
                direction=selection.direction, mode="paper", seed=self.record.seed, device=self.record.device,
                size=(model.crop_size, model.crop_size), output=output, log=output / "log.txt",
            )  # fmt: skip
            translate(job, Silent())
            return measure_images(output, [item.name for item in selection.items], paired=True)

    def _run(self, kind: str, model: Model, weights: Path | None) -> Path:
        """Tests with the authors' `test.py`; returns the run, the one already there if an earlier end got so far."""
        folder = self.workspace.run(f"{self.generator.name}-{kind}")
        if (folder / "run.json").is_file():
            return folder
        request = TestRequest(
            model=model,
            dataset=self.data.reference,
            split=self.generator.tested_on,
            weights=weights,
            name=folder.name,
            device=self.record.device,
            seed=self.record.seed,
            lang=self.record.lang,
            command=self.record.command,
        )
        return run_test(self.workspace, request, self.progress).folder

    def _compared(self, runs: Sequence[Path]) -> str | None:
        """Writes the page that sets runs side by side; returns its address seen from the training's, None for one."""
        if len(runs) < 2:
            return None
        page = self.workspace.results / comparison_name(runs)
        write_comparison(runs, page, self.record.lang, self.progress)
        return f"../{quote(page.name)}"


def _sweep_document(sweep: dict[int, Measurement], part: str | None) -> dict[str, Any]:
    values = {column: [m.summary[column].mean for m in sweep.values()] for column in _COLUMNS} if sweep else {}
    return {"columns": list(values), "epochs": list(sweep), "values": values, "chosen_on": part}


def _run_document(run: Path, measured: Measurement) -> dict[str, Any]:
    means = _means(measured.summary) if "ssim" in measured.columns else {}
    return {"run": run.name, "page": f"../{quote(run.name)}/index.html", **means}


def _means(columns: Mapping[str, Summary]) -> dict[str, float | None]:
    return {column: columns[column].mean for column in _COLUMNS}


def _worst(run: Path, measured: Measurement) -> list[dict[str, Any]]:
    if "ssim" not in measured.columns:
        return []
    rows = sorted(measured.rows, key=lambda row: row.values["ssim"])[:_WORST]
    base = f"../{quote(run.name)}/images"
    return [
        {"name": row.name, "ssim": row.values["ssim"]}
        | {kind: f"{base}/{kind}/{quote(row.name)}.png" for kind in ("input", "output", "target")}
        for row in rows
    ]


def _alike(run: Path, measured: Measurement, name: str) -> list[str]:
    """A sentence where the outputs look like the inputs: the sign of a wrong direction, or of nothing learnt."""
    if "ssim" not in measured.columns:
        own = measured.summary["input_ssim"].mean
        # Colours and texture change, edges stay: unpaired translations are near their inputs, but not so near.
        alike, beside = own is not None and own > _NOTHING_CHANGED, ""
    else:
        rows = measured.rows[:_LOOKED_AT]
        own = fmean(_ssim_to_input(run, row.name) for row in rows)
        wanted = fmean(row.values["ssim"] for row in rows)
        # Inputs that are near their targets already, e.g. blurred ones, stay near by right.
        copied = measured.baselines["input_copied"]["ssim"].mean or 0.0
        alike, beside = own > max(_ALIKE, wanted + _CLOSER_BY, copied + _CLOSER_BY), f", to the targets {wanted:.2f}"
    if not alike:
        return []
    return [
        f"the outputs of `{name}` look like its inputs (SSIM to the inputs {own:.2f}{beside}): "
        "the direction is wrong, or it has not learnt yet"
    ]


def _ssim_to_input(run: Path, name: str) -> float:
    output, source = (
        np.asarray(Image.open(run / "images" / kind / f"{name}.png").convert("RGB")) for kind in ("output", "input")
    )
    return ssim(output, source)
