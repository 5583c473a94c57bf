"""`harness train`: train on a dataset with the authors' code, watch it, and test what came of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from harness.cli.completing import SET, TRAINING
from harness.cli.console import Console
from harness.cli.options import follow_links_option, json_option, lang_option, quiet_option
from harness.cli.summary import interval_text, number_text
from harness.workspace import Workspace

if TYPE_CHECKING:
    from harness.runs.training_record import TrainingRecord

_EPILOG = """
\b
Examples:
  harness train --dataset facades --preset quick
  harness train --dataset my_pairs --name my_model -- --n_epochs 50 --n_epochs_decay 50
  harness train --dataset photos/ --task edges --preset course
  harness train --resume my_model
"""


@click.command("train", epilog=_EPILOG)
@click.option(
    "--dataset",
    "-d",
    type=SET,
    help="A prepared set, an official dataset, or a folder with train/ or trainA/, trainB/.",
)
@click.option(
    "--task",
    type=click.Choice(["edges", "grey", "blank", "superres"]),
    help="Make pairs of the photos in the folder `--dataset`: from edges, from grey, with a hole, from few pixels.",
)
@click.option(
    "--family",
    type=click.Choice(["pix2pix", "cyclegan", "colorization"]),
    help="The method. Default: pix2pix for pairs, else cyclegan; colorization takes photos.",
)
@click.option(
    "--direction",
    type=click.Choice(["AtoB", "BtoA"]),
    help="Which half is the input. Default: what the dataset is made for.",
)
@click.option(
    "--preset",
    type=click.Choice(["quick", "course", "paper"]),
    default="paper",
    show_default=True,
    help="About 4,000 iterations at 128 pixels; 20,000 at 256; all as the authors did.",
)
@click.option("--resume", "run", type=TRAINING, metavar="RUN", help="Go on with a training that was cut off.")
@click.option("--name", help="The training's name, and the model's. Default: dataset, method and a number.")
@click.option("--device", help="auto, cpu, cuda or cuda:N. Default: auto, or where a resumed training ran.")
@click.option(
    "--devices",
    "processes",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="How many processes train together, on GPUs one each.",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Train so many times, each from another seed, and print how far the results lie apart.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Base of all randomness of the training.")
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="Epochs whose networks stay; the best is chosen among them.",
)
@click.option("--without-skips", is_flag=True, help="Train a U-Net whose skip connections carry nothing, to compare.")
@click.option(
    "--discriminator",
    type=click.Choice(["conditional", "unconditional", "none"]),
    default="conditional",
    show_default=True,
    help="Train pix2pix with one that is not shown the input, or with L1 alone.",
)
@click.option("--tensorboard", is_flag=True, help="Write event files for TensorBoard too.")
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[-- OPTION_OF_TRAIN_PY...]")
@follow_links_option
@lang_option
@json_option
@quiet_option
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    dataset: str | None,
    run: str | None,
    device: str | None,
    as_json: bool,
    quiet: bool,
    **asked: Any,
) -> None:
    """Train on a dataset with the authors' train.py, show how it goes, and test what came of it.

    Everything goes to results/<name>/, where index.html shows the training while it goes on. What is cut off, by
    Ctrl-C or by a power cut, goes on with --resume.
    """
    from harness.training.repeating import train_by_seeds
    from harness.training.starting import resume, train
    from harness.training.train_request import TrainRequest

    workspace: Workspace = context.obj
    console = Console(quiet=quiet)
    if run is not None:
        # What was typed, not what has a value: every option has a default, and a resumed training its own.
        given = [f"--{p.replace('_', '-')}" for p in context.params if _typed(context, p) and p not in _WITH_RESUME]
        if given:
            raise click.UsageError(f"--resume goes on as the training began: leave out {', '.join(sorted(given))}")
        record = resume(workspace, run, device, console)
    elif dataset is None:
        raise click.UsageError("name what to train on with --dataset, or a training to go on with: --resume RUN")
    else:
        # Kept in the record, from which the page tells how to train again.
        typed = ("harness", *sys.argv[1:])
        seeds = asked.pop("seeds")
        request = TrainRequest(dataset=dataset, device=device or "auto", command=typed, **asked)
        if seeds > 1:
            _show_all(console, workspace, train_by_seeds(workspace, request, seeds, console), as_json=as_json)
            return
        record = train(workspace, request, console)
    _show(console, workspace, record, as_json=as_json)


def _show_all(console: Console, workspace: Workspace, records: tuple[TrainingRecord, ...], *, as_json: bool) -> None:
    """The spread over trainings that began from several seeds, and their pages."""
    from dataclasses import asdict

    from harness.metrics.registry import COLUMNS
    from harness.training.repeating import spread_of

    spread = spread_of(workspace, records, console)
    if as_json:
        names = [record.name for record in records]
        console.document({"format": 1, "trainings": names, "spread": [asdict(one) for one in spread]})
        return
    rows = []
    for one in spread:
        for name, over in one.columns.items():
            digits = COLUMNS[name].decimals + (COLUMNS[name].decimals > 2)
            mean = f"{number_text(over.mean, digits)} ± {number_text(over.spread, digits)}"
            rows.append(
                [f"{one.network} {one.kind}", COLUMNS[name].label, mean, interval_text(over.low, over.high, digits)]
            )
    if rows:
        console.table(["", "", f"over {len(records)} trainings", "95 % interval"], rows)
    for record in records:
        console.result(f"{record.name}: {(workspace.run(record.name) / 'index.html').as_uri()}")


# What a resumed training may be told anew: where it runs, and how it speaks.
_WITH_RESUME = {"run", "device", "as_json", "quiet"}


def _typed(context: click.Context, parameter: str) -> bool:
    return context.get_parameter_source(parameter) == click.core.ParameterSource.COMMANDLINE


def _show(console: Console, workspace: Workspace, record: TrainingRecord, *, as_json: bool) -> None:
    folder = workspace.run(record.name)
    page = (folder / "index.html").as_uri()
    if as_json:
        from dataclasses import asdict

        console.document({**asdict(record), "folder": str(folder), "report": page})
        return
    for result in record.results:
        _show_result(console, result)
    names = " and ".join(f"`{model.name}`" for model in record.models)
    console.result(f"{names}: `harness test --model {record.models[0].name}` runs it, `harness models` lists it")
    console.result(f"report: {page}")


def _show_result(console: Console, result: dict[str, object]) -> None:
    """Best and last epoch beside the baselines and the official model."""
    rows = []
    for label, found in _compared(result):
        # Trainings without pairs have no such numbers, and then no table.
        if "ssim" in found:
            rows.append([label, *(number_text(found[key], decimals) for key, decimals in (("ssim", 4), ("psnr", 2)))])
    if rows:
        console.table([str(result["network"]), "SSIM", "PSNR"], rows)


def _compared(result: dict[str, object]) -> list[tuple[str, dict[str, float | None]]]:
    found: list[tuple[str, dict[str, float | None]]] = []
    for kind in ("best", "last", "official"):
        entry = result[kind]
        if isinstance(entry, dict):
            found.append((f"{kind} (epoch {entry['epoch']})" if "epoch" in entry else kind, entry))
    baselines = result["baselines"]
    if isinstance(baselines, dict):
        found += [(name.replace("_", " "), means) for name, means in baselines.items()]
    return found
