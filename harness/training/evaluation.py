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

from harness.catalog.types import Model
from harness.engines.job import Job
from harness.engines.native.engine import translate
from harness.errors import HarnessError, RunError, TrainingError, quoted
from harness.files import sha256_of
from harness.images.opening import open_rgb
from harness.metrics.comparing import why_not_comparable
from harness.metrics.measure import Measurement, MeasureRequest, Measuring
from harness.metrics.ssim import ssim
from harness.metrics.statistics import Summary
from harness.metrics.storage import load_measurement
from harness.progress import Progress, Silent
from harness.provision.installed import installed_weights
from harness.report.writing import comparison_name, write_comparison
from harness.runs.identity import kinship
from harness.runs.record import load_record
from harness.runs.trained import model_of
from harness.runs.training_record import TrainedModel, TrainingRecord
from harness.sets.selection import Selection
from harness.sets.trainable import TrainingData
from harness.testing.one_pass import hand_on, measured_by
from harness.testing.recording import digest_of
from harness.testing.request import TestRequest
from harness.testing.running import run_test
from harness.training.averaging import save_mean_target
from harness.training.generators import TrainedGenerator, generators_of, planned, selected
from harness.weights.architecture import architecture_of
from harness.workspace import Workspace

_MOST_SWEPT = 100
"""Held-out pictures an epoch is judged by, the first ones; the tests afterwards take all."""

_COLUMNS = ("ssim", "psnr", "mae")
# Pictures of a strip on the page.
_WORST = 4
# In SSIM, for `_alike`: label maps and photos of facades are 0.1 alike, outputs and photos 0.2 to 0.45. Unpaired
# outputs keep more of their inputs, and are suspected only where hardly anything changed.
_CLOSER_BY = 0.05
_ALIKE = 0.5
_NOTHING_CHANGED = 0.98
_LOOKED_AT = 50


def end_training(
    workspace: Workspace, folder: Path, record: TrainingRecord, data: TrainingData, progress: Progress
) -> tuple[TrainingRecord, list[str]]:
    """Returns the record with its models and results, and what is to be warned of.

    The runs `<model>-best`, `<model>-last` and, where the official model of this dataset is installed,
    `<model>-official` are written beside it, and a page that compares them; those already there are kept where they are
    of the same weights, pictures and seed. A test that fails is warned of; the model is there all the same.

    Raises:
        TrainingError: there are no weights.
    """
    models, results, warnings = [], [], []
    for generator in generators_of(record, data):
        ending = _Ending(workspace, folder, record, data, generator, progress)
        epochs = ending.kept_epochs()
        sweep: dict[int, Measurement] = {}
        try:
            sweep = ending.sweep(epochs)
        except HarnessError as error:
            warnings.append(f"the last epoch of `{generator.name}` is taken, none could be measured: {_first(error)}")
        # Of equal epochs the earliest. Chosen on the very pictures that are tested, it flatters; a training says so at
        # once.
        best = max(sweep, key=lambda epoch: sweep[epoch].summary["ssim"].mean or 0.0) if sweep else epochs[-1]
        models.append(ending.trained(best))
        result, found = ending.tested(best, epochs[-1])
        columns = {column: [m.summary[column].mean for m in sweep.values()] for column in _COLUMNS} if sweep else {}
        judged = {"columns": list(columns), "epochs": list(sweep), "values": columns, "chosen_on": data.chosen_on}
        results.append(result | judged)
        warnings += found
    return replace(record, models=tuple(models), results=tuple(results)), warnings


def _first(error: HarnessError) -> str:
    return error.message.partition("\n")[0]


@dataclass(frozen=True)
class _Ending:
    """The end of a training for one of its generators."""

    workspace: Workspace
    folder: Path
    record: TrainingRecord
    data: TrainingData
    generator: TrainedGenerator
    progress: Progress

    def kept_epochs(self) -> list[int]:
        """Returns the epochs whose weights are there; raises TrainingError for none."""
        # `latest_net_G.pth` is no epoch: the last one is there under its number, too.
        ending = f"_net_{self.generator.network}.pth"
        names = (p.name.removesuffix(ending) for p in self.folder.glob(f"checkpoints/*{ending}"))
        epochs = sorted(int(name) for name in names if name.isdigit())
        if not epochs:
            raise TrainingError(
                f"`{self.folder / 'checkpoints'}` holds no weights of `{self.generator.network}`",
                f"harness train --resume {quoted(self.record.name)}",
            )
        return epochs

    def trained(self, epoch: int) -> TrainedModel:
        """Returns the model that the generator is after an epoch."""
        weights = self._weights(epoch)
        made = planned(self.record, self.record.plan["options"], self.data, self.generator)
        found = architecture_of(weights)
        if found.use_dropout is None:  # a U-Net's keys do not tell
            found = replace(found, use_dropout=made.architecture["use_dropout"])
        below = weights.relative_to(self.folder).as_posix()
        return replace(made, weights=below, sha256=sha256_of(weights), epoch=epoch, architecture=asdict(found))

    def sweep(self, epochs: Sequence[int]) -> dict[int, Measurement]:
        """Measures every kept epoch on held-out pictures with the native engine; nothing without targets."""
        if not self.data.has_targets or self.generator.chosen_on is None:
            return {}
        # Architecture and size are those of every epoch: one selection does for all.
        model = model_of(self.record, self.trained(epochs[-1]))
        selection = selected(self.record, self.data, model, self.generator.chosen_on).limited(_MOST_SWEPT)
        found = {}
        with self.progress.step(f"measuring {self.generator.network} by epoch", len(epochs), "epochs") as step:
            for epoch in epochs:
                found[epoch] = self._measured(self._weights(epoch), model, selection)
                step.advance()
        return found

    def tested(self, best: int, last: int) -> tuple[dict[str, Any], list[str]]:
        """Tests best, last and the official model; returns the page's document and what must be warned of."""
        document: dict[str, Any] = {
            "direction": self.generator.direction,
            "network": self.generator.network,
            "baselines": {},
            "official": None,
            "best": {"epoch": best},
            "last": {"epoch": last},
            "comparison": None,
            "worst": [],
        }
        if self.generator.tested_on is None:
            return document, []
        model = model_of(self.record, self.trained(best))
        # The mean of the targets learned from, where they have one size.
        if self.data.has_targets and model.preprocessing is None:
            save_mean_target(self.workspace, model, self.data)
        runs, warnings = self._runs(best, last)
        # Numbers are set side by side only where protocol, sources and preparation agree.
        measured = {kind: load_measurement(run) for kind, run in runs.items()}
        for kind, run in runs.items():
            document[kind] = (document[kind] or {}) | _run_document(run, measured[kind])
        if "best" not in runs:
            return document, warnings
        first = measured["best"]
        document["baselines"] = {name: _means(columns) for name, columns in first.baselines.items()}
        document["worst"] = _worst(runs["best"], first)
        warnings += _alike(runs["best"], first, self.generator.name)
        together = [
            run
            for kind, run in runs.items()
            if why_not_comparable(first, measured[kind]) is None and kinship(runs["best"], run).same_preparation
        ]
        if "official" in runs and runs["official"] not in together:
            official, own = (load_record(runs[kind]).model["id"] for kind in ("official", "best"))
            warnings.append(
                f"`{official}` was tested at another size than `{own}`: their numbers are of other pictures"
            )
        together = list(dict.fromkeys(together))  # the best epoch may be the last
        if len(together) > 1:
            page = self.workspace.results / comparison_name(together)
            write_comparison(together, page, self.record.lang, self.progress)
            document["comparison"] = f"../{quote(page.name)}"
        return document, warnings

    def _runs(self, best: int, last: int) -> tuple[dict[str, Path], list[str]]:
        """The run of each kind that could be tested, and a warning of each that could not."""
        epochs = {"best": best} | ({"last": last} if last != best else {})
        wanted = {kind: (model_of(self.record, self.trained(e)), self._weights(e)) for kind, e in epochs.items()}
        pretrained = self.data.pretrained(self.generator.direction, self.record.family)
        # The official model only where it was brought before: a training ends without a network.
        if pretrained and (installed := installed_weights(self.workspace, pretrained)):
            wanted |= {"official": (pretrained, installed)}
        runs, warnings = {}, []
        for kind, (model, weights) in wanted.items():
            try:
                runs[kind] = self._run(kind, model, weights)
            except HarnessError as error:
                warnings.append(f"`{self.generator.name}` is there, but its test `{kind}` failed: {_first(error)}")
        if last == best and "best" in runs:
            runs["last"] = runs["best"]
        return runs, warnings

    def _weights(self, epoch: int) -> Path:
        return self.folder / "checkpoints" / f"{epoch}_net_{self.generator.network}.pth"

    def _measured(self, weights: Path, model: Model, selection: Selection) -> Measurement:
        # In the training's folder, where `Going.clear` finds what a killed process has left.
        with tempfile.TemporaryDirectory(prefix=".sweep-", dir=self.folder) as name:
            place = Path(name)
            job = Job(
                weights=weights,
                architecture=model.architecture,
                items=selection.items,
                # As their `test.py` runs by default: statistics of the one picture, live dropout.
                direction=selection.direction,
                mode="paper",
                seed=self.record.seed,
                device=self.record.device,
                size=model.size,
                log=place / "log.txt",
                preprocessing=model.preprocessing,
            )
            measuring = Measuring(MeasureRequest(baselines=False), place, paired=True)
            hand_on(translate(job, Silent()), [measured_by(measuring)])
            return measuring.finished([item.name for item in selection.items])

    def _run(self, kind: str, model: Model, weights: Path) -> Path:
        """Tests with the authors' `test.py`; returns the run, the one already there if an earlier end got so far.

        Raises:
            RunError: a run of that name is there, of other weights, pictures or seed.
            HarnessError: the test failed.
        """
        part = self.generator.tested_on
        assert part is not None
        folder = self.workspace.run(f"{self.generator.name}-{kind}")
        request = TestRequest(
            model=model,
            dataset=self.data.reference,
            split=part,
            # Official weights are found installed, by the model's name.
            weights=weights if model.own else None,
            name=folder.name,
            engine="official",  # named, because a run that is there already is told by it
            device=self.record.device,
            seed=self.record.seed,
            lang=self.record.lang,
            command=self.record.command,
            follow_links=self.record.dataset.get("follow_links", False),
        )
        if not folder.exists():
            return run_test(self.workspace, request, self.progress).folder
        # An end that was cut off has tested it already; anything else of that name must not pass for this training's.
        found = load_record(folder)
        recorded = (found.model["weights_sha256"], found.test_set["digest"], found.seed, found.engine, found.mode)
        digest = digest_of(selected(self.record, self.data, model, part))
        if recorded != (sha256_of(weights), digest, request.seed, request.engine, request.mode):
            raise RunError(f"`{folder}` is a run of other weights, pictures or seed", "remove it, then resume")
        return folder


def _run_document(run: Path, measured: Measurement) -> dict[str, Any]:
    means = _means(measured.summary) if "ssim" in measured.columns else {}
    return {"run": run.name, "page": f"../{quote(run.name)}/index.html", **means}


def _means(columns: Mapping[str, Summary]) -> dict[str, float | None]:
    return {column: columns[column].mean for column in _COLUMNS}


def _worst(run: Path, measured: Measurement) -> list[dict[str, Any]]:
    # The lowest SSIM first: failures say more than successes chosen by hand.
    places = np.argsort(measured.rows.columns["ssim"], kind="stable")[:_WORST] if "ssim" in measured.columns else ()
    rows = [measured.rows[place] for place in places]
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
        # (H, W, 3) uint8 each, of one size as the engine saves them
        files = ([run / "images" / kind / f"{row.name}.png" for kind in ("output", "input")] for row in rows)
        own = fmean(ssim(*(np.asarray(open_rgb(file)) for file in pair)) for pair in files)
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
