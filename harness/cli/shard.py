"""`harness shard`: a test cut into pieces that any scheduler may run, and put together again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from harness.cli import options, test
from harness.cli.console import Console
from harness.cli.options import PLACE, option, telling
from harness.workspace import Workspace

_EPILOG = options.examples("""
  harness shard plan --model facades_label2photo --dataset my_photos --engine native -o PLAN
  seq 0 6 | parallel harness shard run PLAN {}
  harness shard merge PLAN
""")
_PLAN = click.argument("plan", type=PLACE)


@click.group("shard", epilog=_EPILOG)
def command() -> None:
    """Cut a test into shards that any scheduler may run."""


def _plan(workspace: Workspace, /, *, output: Path | str, as_json: bool, quiet: bool, **asked: Any) -> None:
    """Write PLAN: which images, in shards of how many, and all that decides what is drawn of them.

    At an address such as s3://bucket/PLAN it carries images and weights, for workers that share nothing else.
    """
    from harness.errors import RunError
    from harness.files import folder_written_aside, scratch
    from harness.shards.carrying import carry
    from harness.shards.cutting import SHARD_SIZE, write_plan
    from harness.shards.storing import Objects, is_address
    from harness.testing.running import assigned, computing_with

    console = Console(quiet=quiet)
    if isinstance(output, str):
        if asked["store"] and not is_address(asked["store"]):
            raise click.UsageError("a plan at an address needs a `--store` at one, or none: then it is its own")
        Objects(output).try_out()
    elif output.exists():
        raise RunError(f"`{output}` exists already", "name another folder with `-o`")
    if asked["engine"] == "both":
        raise click.UsageError("a plan is of one engine: `--engine native` or `--engine official`")
    size, store, mixed = asked.pop("shard_size") or SHARD_SIZE, asked.pop("store"), asked.pop("mixed")
    request = test.request_of(workspace, asked | {"threads": asked["threads"] or 1})
    with computing_with(request.threads):
        work = assigned(workspace, request, console)
        written = scratch(workspace.shards) if isinstance(output, str) else folder_written_aside(output.resolve())
        with written as draft:
            plan = write_plan(workspace, work, draft, size=size, store=store, mixed=mixed)
            if isinstance(output, str):
                carry(workspace, plan, output, range(len(plan.keys)), console)
    last = len(plan.keys) - 1
    if as_json:
        shards = [{"key": key, "images": count} for key, count in zip(plan.keys, plan.counts, strict=True)]
        console.document({"format": 1, "plan": str(output), "images": sum(plan.counts), "shards": shards})
        return
    console.result(f"`{output}`: {sum(plan.counts)} images in {len(plan.keys)} shards, 0 to {last}")
    console.result(f"next: harness shard run {output} I for every I, anywhere; then harness shard merge {output}")


def _plan_parameters() -> list[click.Parameter]:
    """What `harness test` asks, but for who works."""
    # Who works is the scheduler's to say; a plan is of one engine.
    without = {"executor", "workers", "gpus", "address", "slurm"}
    output = click.Option(
        ["-o", "--output"], type=PLACE, required=True, metavar="FOLDER|URL", help="Where the new plan is to lie."
    )
    return [output, *(option for option in test.command.params if option.name not in without)]


command.add_command(
    click.Command(
        "plan",
        callback=click.pass_obj(_plan),
        params=_plan_parameters(),
        help=_plan.__doc__,
        short_help="Write a plan of a test.",
    )
)


@command.command("run", short_help="Compute one shard of a plan.")
@_PLAN
@click.argument("number", metavar="I", type=click.IntRange(min=0))
@telling(options.terminal_lang, options.json)
def run(workspace: Workspace, console: Console, /, *, plan: Path | str, number: int, as_json: bool) -> None:
    """Compute shard I of PLAN into the store, unless it is there."""
    from harness.errors import UnknownNameError
    from harness.shards.carrying import found_plan
    from harness.shards.computing import compute_shard

    with found_plan(workspace, plan) as loaded:
        if number >= len(loaded.keys):
            raise UnknownNameError("shard", str(number), [], f"`{plan}` has the shards 0 to {len(loaded.keys) - 1}")
        done = compute_shard(workspace, loaded, number, console)
    if as_json:
        console.document({"format": 1, "shard": number, "computed": done.computed, "images": loaded.counts[number]})
        return
    what = f"shard {number}: {loaded.counts[number]} images"
    console.result(f"{what} computed" if done.computed else f"{what} were there")


@command.command("merge", short_help="Make the run of a plan whose shards are all there.")
@_PLAN
@option("--name", help="The run's name. Default: the plan's.")
@telling(options.terminal_lang, options.json)
def merge(workspace: Workspace, console: Console, /, *, plan: Path | str, name: str | None, as_json: bool) -> None:
    """Put the shards of PLAN together: results/<run>/ with its report, as `harness test` writes it."""
    from harness.shards.carrying import found_plan
    from harness.shards.merging import merge_plan

    with found_plan(workspace, plan) as loaded:
        test.show(console, [merge_plan(workspace, loaded, name, console)], as_json=as_json)
