"""`harness train`: train on a dataset with the authors' code, watch it, and test what came of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from harness.cli import options
from harness.cli.completing import SET, TRAINING
from harness.cli.console import Console
from harness.cli.options import option, telling
from harness.cli.summary import number_text, over_seeds_texts
from harness.errors import quoted
from harness.workspace import Workspace

if TYPE_CHECKING:
    from harness.runs.training_record import TrainingRecord

_EPILOG = options.examples("""
  harness train --dataset facades --preset quick
  harness train --dataset my_pairs --name my_model -- --n_epochs 50 --n_epochs_decay 50
  harness train --dataset photos/ --task edges --preset course
  harness train --resume my_model
""")


@click.command("train", epilog=_EPILOG)
@option(
    "--dataset",
    "-d",
    type=SET,
    help="A prepared set, an official dataset, or a folder with train/ or trainA/, trainB/.",
)
@option(
    "--task",
    type=click.Choice(["edges", "grey", "blank", "superres"]),
    help="Make pairs of the photos in the folder `--dataset`: from edges, from grey, with a hole, from few pixels.",
)
@option(
    "--family",
    type=click.Choice(["pix2pix", "cyclegan", "colorization"]),
    help="The method. Default: pix2pix for pairs, else cyclegan; colorization takes photos.",
)
@options.direction(help="Which half is the input. Default: what the dataset is made for.")
@options.preset(default="paper", help="About 4,000 iterations at 128 pixels; 20,000 at 256; all as the authors did.")
@option("--resume", "run", type=TRAINING, metavar="RUN", help="Go on with a training that was cut off.")
@option("--name", help="The training's name, and the model's. Default: dataset, method and a number.")
@option("--device", help="auto, cpu, cuda or cuda:N. Default: auto, or where a resumed training ran.")
@option(
    "--devices",
    "processes",
    type=click.IntRange(min=1),
    default=1,
    help="How many processes train together, on GPUs one each.",
)
@option(
    "--seeds",
    type=click.IntRange(min=1),
    default=1,
    help="Train so many times, each from another seed, and print how far the results lie apart.",
)
@option("--seed", type=int, default=0, help="Base of all randomness of the training.")
@option(
    "--keep", type=click.IntRange(min=1), default=10, help="Epochs whose networks stay; the best is chosen among them."
)
@option("--without-skips", is_flag=True, help="Train a U-Net whose skip connections carry nothing, to compare.")
@option(
    "--discriminator",
    type=click.Choice(["conditional", "unconditional", "none"]),
    default="conditional",
    help="Train pix2pix with one that is not shown the input, or with L1 alone.",
)
@option("--tensorboard", is_flag=True, help="Write event files for TensorBoard too.")
@options.train_py
@options.follow_links
@telling(options.run_lang, options.json)
def command(
    workspace: Workspace, console: Console, /, *, run: str | None, device: str | None, as_json: bool, **asked: Any
) -> None:
    """Train on a dataset with the authors' train.py, show how it goes, and test what came of it.

    Everything goes to results/<name>/, where index.html shows the training while it goes on. What is cut off, by
    Ctrl-C or by a power cut, goes on with --resume.
    """
    from harness.training.repeating import train_by_seeds
    from harness.training.starting import resume, train
    from harness.training.train_request import TrainRequest

    if run is not None:
        # What was typed, not what has a value: every option has a default, and a resumed training its own.
        context, typed = click.get_current_context(), click.core.ParameterSource.COMMANDLINE
        own = (p for p in context.command.params if p.name not in _WITH_RESUME)
        given = sorted(p.opts[0] for p in own if context.get_parameter_source(p.name or "") == typed)
        if given:
            raise click.UsageError(f"--resume goes on as the training began: leave out {', '.join(given)}")
        record = resume(workspace, run, device, console)
    elif asked["dataset"] is None:
        raise click.UsageError("name what to train on with --dataset, or a training to go on with: --resume RUN")
    else:
        seeds = asked.pop("seeds")
        # The command is kept in the record, from which the page tells how to train again.
        command = ("harness", *sys.argv[1:])
        request = TrainRequest(device=device or "auto", command=command, **asked)
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
    rows = [
        [f"{one.network} {one.kind}", COLUMNS[name].label, *over_seeds_texts(COLUMNS[name], over)]
        for one in spread
        for name, over in one.columns.items()
    ]
    if rows:
        console.table(["", "", f"over {len(records)} trainings", "95 % interval"], rows)
    for record in records:
        console.result(f"{record.name}: {(workspace.run(record.name) / 'index.html').as_uri()}")


# What a resumed training may be told anew: where it runs, and how it speaks.
_WITH_RESUME = {"run", "device", "as_json", "quiet"}


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
    console.result(
        f"{names}: `harness test --model {quoted(record.models[0].name)}` runs it, `harness models` lists it"
    )
    console.result(f"report: {page}")


def _show_result(console: Console, result: dict[str, Any]) -> None:
    """Best and last epoch beside the official model and the baselines."""
    runs = {kind: run for kind in ("best", "last", "official") if (run := result[kind])}
    found = {f"{kind} (epoch {run['epoch']})" if "epoch" in run else kind: run for kind, run in runs.items()}
    found |= {name.replace("_", " "): means for name, means in result["baselines"].items()}
    # Trainings without pairs have no such numbers, and then no table.
    rows = [
        [label, number_text(means["ssim"], 4), number_text(means["psnr"], 2)]
        for label, means in found.items()
        if "ssim" in means
    ]
    if rows:
        console.table([result["network"], "SSIM", "PSNR"], rows)
