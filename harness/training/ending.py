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
from harness.errors import TrainingError
from harness.files import sha256_of
from harness.metrics.files import load_measurement
from harness.metrics.measure import Measurement, measure_images
from harness.metrics.ssim import ssim
from harness.metrics.statistics import Summary
from harness.native.engine import translate
from harness.progress import Progress, Silent
from harness.report.service import comparison_name, write_comparison
from harness.runs.trained import model_of
from harness.runs.training import TrainedModel, TrainingRecord
from harness.setup.installed import installed_weights
from harness.testing.plan import Plan
from harness.testing.selection import Selection, select
from harness.testing.service import run_test
from harness.training.data import TrainingData
from harness.training.plan import side_of
from harness.translation import Job
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


@dataclass(frozen=True)
class _Generator:
    """One generator of a training and the pictures it is judged by."""

    network: str
    direction: Direction
    name: str
    chosen_on: str | None
    tested_on: str | None


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
        epochs = _kept_epochs(folder, generator.network)
        if not epochs:
            raise TrainingError(
                f"`{folder / 'checkpoints'}` holds no weights of `{generator.network}`",
                f"harness train --resume {record.name}",
            )
        sweep = _sweep(workspace, folder, record, data, generator, epochs, progress)
        best = max(sweep, key=lambda epoch: sweep[epoch].summary["ssim"].mean or 0.0) if sweep else epochs[-1]
        models.append(_trained(folder, record, data, generator, best))
        result, found = _tested(workspace, folder, record, data, generator, best, epochs[-1], progress)
        results.append(result | _sweep_document(sweep, data.chosen_on))
        warnings += found
    kept = tuple(dict.fromkeys((*record.warnings, *warnings)))
    for warning in warnings:
        progress.warn(warning)
    return replace(record, models=tuple(models), results=tuple(results), warnings=kept)


def _generators(record: TrainingRecord, data: TrainingData) -> list[_Generator]:
    if record.family != "cyclegan":
        return [_Generator("G", record.direction, record.name, data.chosen_on, data.tested_on)]
    made = []
    for network, direction, suffix, side in (("G_A", "AtoB", "", "A"), ("G_B", "BtoA", "-BtoA", "B")):
        held_out = (data.chosen_on, data.tested_on) if data.has_targets else (None, f"test{side}")
        there = held_out[1] is not None and bool(data.pictures(held_out[1]))
        way: Direction = "AtoB" if direction == "AtoB" else "BtoA"
        made.append(_Generator(network, way, f"{record.name}{suffix}", held_out[0], held_out[1] if there else None))
    return made


def _kept_epochs(folder: Path, network: str) -> list[int]:
    names = (p.name.removesuffix(f"_net_{network}.pth") for p in folder.glob(f"checkpoints/*_net_{network}.pth"))
    return sorted(int(name) for name in names if name.isdigit())


def _weights(folder: Path, network: str, epoch: int) -> Path:
    return folder / "checkpoints" / f"{epoch}_net_{network}.pth"


def _trained(
    folder: Path, record: TrainingRecord, data: TrainingData, generator: _Generator, epoch: int
) -> TrainedModel:
    weights = _weights(folder, generator.network, epoch)
    found = architecture_of(weights)
    if found.use_dropout is None:  # a U-Net's keys do not tell
        found = replace(found, use_dropout=not record.plan["options"].get("no_dropout", False))
    a, b = data.domains
    source, target = (a, b) if generator.direction == "AtoB" else (b, a)
    return TrainedModel(
        name=generator.name,
        network=generator.network,
        weights=weights.relative_to(folder).as_posix(),
        sha256=sha256_of(weights),
        epoch=epoch,
        direction=generator.direction,
        architecture=asdict(found),
        dataset=data.reference,
        split=generator.tested_on or _usual_split(data, generator),
        input_domain=source,
        output_domain=target,
        crop_size=side_of(record.options),
    )


def _usual_split(data: TrainingData, generator: _Generator) -> str:
    return "test" if data.kind == "pairs" else "testA" if generator.direction == "AtoB" else "testB"


def _sweep(
    workspace: Workspace,
    folder: Path,
    record: TrainingRecord,
    data: TrainingData,
    generator: _Generator,
    epochs: Sequence[int],
    progress: Progress,
) -> dict[int, Measurement]:
    """Measures every kept epoch on held-out pictures with the native engine; nothing where there are no targets."""
    if not data.has_targets or generator.chosen_on is None:
        return {}
    trained = _trained(folder, record, data, generator, epochs[-1])
    model = model_of(record, trained)
    selection = select(workspace, model, data.reference, generator.chosen_on).limited(_MOST_SWEPT)
    found = {}
    with progress.step(f"measuring {generator.network} by epoch", len(epochs), "epochs") as step:
        for epoch in epochs:
            weights = _weights(folder, generator.network, epoch)
            found[epoch] = _measured(folder, weights, model, selection, record)
            step.advance()
    return found


def _measured(folder: Path, weights: Path, model: Model, selection: Selection, record: TrainingRecord) -> Measurement:
    with tempfile.TemporaryDirectory(prefix=".sweep-", dir=folder) as name:
        job = Job(
            weights=weights, architecture=model.architecture, items=selection.items, direction=selection.direction,
            mode="paper", seed=record.seed, device=record.device, size=(model.crop_size, model.crop_size),
            output=Path(name), log=Path(name) / "log.txt",
        )  # fmt: skip
        translate(job, Silent())
        return measure_images(Path(name), [item.name for item in selection.items], paired=True)


def _sweep_document(sweep: dict[int, Measurement], part: str | None) -> dict[str, Any]:
    values = {column: [m.summary[column].mean for m in sweep.values()] for column in _COLUMNS} if sweep else {}
    return {"columns": list(values), "epochs": list(sweep), "values": values, "chosen_on": part}


def _tested(
    workspace: Workspace,
    folder: Path,
    record: TrainingRecord,
    data: TrainingData,
    generator: _Generator,
    best: int,
    last: int,
    progress: Progress,
) -> tuple[dict[str, Any], list[str]]:
    """Tests best, last and the official model, and returns the page's document and what must be warned of."""
    empty: dict[str, Any] = {
        "direction": generator.direction, "network": generator.network, "baselines": {}, "official": None,
        "best": {"epoch": best}, "last": {"epoch": last}, "comparison": None, "worst": [],
    }  # fmt: skip
    if generator.tested_on is None:
        return empty, []
    runs: dict[str, Path] = {}
    for kind, epoch in (("best", best), ("last", last)):
        if kind == "last" and last == best:
            runs["last"] = runs["best"]
            continue
        model = model_of(record, _trained(folder, record, data, generator, epoch))
        weights = _weights(folder, generator.network, epoch)
        runs[kind] = _run(workspace, record, data, generator, kind, model, weights, progress)
    pretrained = data.pretrained(generator.direction, record.family)
    if pretrained and installed_weights(workspace, pretrained):
        runs["official"] = _run(workspace, record, data, generator, "official", pretrained, None, progress)
    different = list(dict.fromkeys(runs.values()))
    comparison = None
    if len(different) > 1:
        comparison = workspace.results / comparison_name(different)
        write_comparison(different, comparison, record.lang, progress)
    measured = {kind: load_measurement(run) for kind, run in runs.items()}
    first = measured["best"]
    document = empty | {
        "best": {"epoch": best, **_run_document(runs["best"], measured["best"])},
        "last": {"epoch": last, **_run_document(runs["last"], measured["last"])},
        "official": _run_document(runs["official"], measured["official"]) if "official" in runs else None,
        "baselines": {name: _means(columns) for name, columns in first.baselines.items()},
        "comparison": f"../{quote(comparison.name)}" if comparison else None,
        "worst": _worst(runs["best"], first),
    }
    return document, _alike(runs["best"], first, generator)


def _run(
    workspace: Workspace,
    record: TrainingRecord,
    data: TrainingData,
    generator: _Generator,
    kind: str,
    model: Model,
    weights: Path | None,
    progress: Progress,
) -> Path:
    """Tests with the authors' `test.py` and returns the run, the one already there if an earlier end got so far."""
    folder = workspace.run(f"{generator.name}-{kind}")
    if (folder / "run.json").is_file():
        return folder
    plan = Plan(device=record.device, seed=record.seed)
    return run_test(
        workspace, model, data.reference, generator.tested_on, weights=weights, name=folder.name,
        plan=plan, lang=record.lang, command=record.command, progress=progress,
    ).folder  # fmt: skip


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


def _alike(run: Path, measured: Measurement, generator: _Generator) -> list[str]:
    """A sentence where the outputs look like the inputs: the sign of a wrong direction, or of nothing learnt."""
    if "ssim" not in measured.columns:
        own = measured.summary["input_ssim"].mean
        # Colours and texture change, edges stay: unpaired translations are near their inputs, but not so near.
        alike, beside = own is not None and own > _NOTHING_CHANGED, ""
    else:
        rows = measured.rows[:_LOOKED_AT]
        own = fmean(_ssim_to_input(run, row.name) for row in rows)
        wanted = fmean(row.values["ssim"] for row in rows)
        alike, beside = own > max(_ALIKE, wanted + _CLOSER_BY), f", to the targets {wanted:.2f}"
    if not alike:
        return []
    return [
        f"the outputs of `{generator.name}` look like its inputs (SSIM to the inputs {own:.2f}{beside}): "
        "the direction is wrong, or it has not learnt yet"
    ]


def _ssim_to_input(run: Path, name: str) -> float:
    output, source = (
        np.asarray(Image.open(run / "images" / kind / f"{name}.png").convert("RGB")) for kind in ("output", "input")
    )
    return ssim(output, source)
