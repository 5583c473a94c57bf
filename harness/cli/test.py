"""`harness test`: run a model over a test set, measure and report."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli import options
from harness.cli.completing import MODEL, SET
from harness.cli.console import Console
from harness.cli.options import option, telling
from harness.units import counted
from harness.workspace import Workspace

if TYPE_CHECKING:
    from harness.shards.sharing import ShardRequest
    from harness.testing.request import Engine, TestRequest
    from harness.testing.running import TestedRun

_EPILOG = options.examples("""
  harness test --model facades_label2photo
  harness test --model facades_label2photo --dataset my_photos --engine native
  harness test --model cyclegan/horse2zebra --dataset ~/Pictures/horses --size own
""")


@click.command("test", epilog=_EPILOG)
@option("--model", "-m", type=MODEL, required=True, help="A model of `harness models`, e.g. facades_label2photo.")
@option("--dataset", "-d", type=SET, help="A prepared set, an official dataset, or a folder. Default: the model's own.")
@option("--split", help="Folder of an official dataset, e.g. val or testB. Default: the catalog's.")
@options.weights
@option(
    "--engine",
    type=click.Choice(["official", "native", "both"]),
    help="Whose code draws. Default: official, for lua/ models native.",
)
@options.mode()
@options.device
@option("--seed", type=int, default=0, help="Base of all randomness of the run.")
@option(
    "--lua-seed",
    type=int,
    metavar="N",
    help="Draw a CPU run of Torch7 again: the seed its test.lua printed (lua/ models).",
)
# A lambda, since `_order` stands below.
@option(
    "--lua-order",
    callback=lambda _, __, given: _order(given or ""),
    metavar="FILE|A,B,…",
    help="The pictures of that run in its order: its index.html, or names. Default: the set's.",
)
@option("--limit", type=click.IntRange(min=1), help="Only the first N images.")
@options.size(help="Size of what is drawn: own or max:N for each one's. Default: the model's.")
@option(
    "--tiled",
    type=options.tile,
    metavar="auto|N",
    help="Overlapping tiles of N pixels, or where memory is short (native engine).",
)
@option("--overlap", type=click.IntRange(min=0), metavar="P", help="Pixels of it. Default: a quarter of a tile.")
@option("--full/--no-full", default=True, help="Write outputs in the shape of your own pictures, too.")
@option(
    "--seeds",
    "--samples",
    "seeds",
    type=click.IntRange(min=1),
    default=1,
    help="Draw every image by so many seeds, to see how far they differ.",
)
@option(
    "--precision",
    type=click.Choice(["fp32", "tf32", "bf16", "fp16", "auto"]),
    default="fp32",
    help="Arithmetic of the native engine.",
)
@option("--batch-size", type=click.IntRange(min=1), help="Images at once (native engine). Default: by their size.")
@option("--compile", "compile_", is_flag=True, help="torch.compile (native engine).")
@option(
    "--devices",
    callback=lambda _, __, given: options.listed(given) or None,
    help="Several devices for the native engine, e.g. cuda:0,cuda:1.",
)
@options.metrics(help="What to measure; `harness measure` can add to it. Default: ssim, psnr and mae.")
@option("--name", help="The run's name. Default: model, set and a number.")
@options.workers("Cut the test into shards for processes here, a Ray cluster or Slurm jobs.")
@options.shards
@options.follow_links
@telling(options.run_lang, options.json)
def command(workspace: Workspace, console: Console, /, *, as_json: bool, **asked: Any) -> None:
    """Run a model over a test set, measure SSIM and PSNR, and write results/<run>/ with its report."""
    from harness.testing.running import run_test

    sharing = {key: asked.pop(key) for key in _SHARING}
    if not sharing["executor"] and any(sharing[key] != default for key, default in _SHARING.items()):
        raise click.UsageError(
            "--workers, --shard-size, --store, --mixed, --gpus, --address and --slurm need `--executor`"
        )
    engine = asked.pop("engine")
    request = request_of(workspace, asked | {"engine": engine if engine != "both" else "native"})
    name = request.name
    engines: tuple[Engine | None, ...] = ("official", "native") if engine == "both" else (engine,)
    tested = []
    for chosen in engines:
        # Two runs of one name would be one folder.
        own_name = f"{name}-{chosen}" if name and len(engines) > 1 else name
        wanted = replace(request, engine=chosen, name=own_name)
        if sharing["executor"]:
            from harness.shards.sharing import test_in_shards

            tested.append(test_in_shards(workspace, wanted, _shard_request(sharing, request.threads), console))
        else:
            tested.append(run_test(workspace, wanted, console))
    show(console, tested, as_json=as_json)


# And their defaults.
_SHARING: dict[str, Any] = {**options.NOBODY, "shard_size": None, "store": None, "mixed": False}


def request_of(workspace: Workspace, asked: dict[str, Any]) -> TestRequest:
    """Returns what the options ask, those of who works apart."""
    from harness.engines.job import NativeSettings
    from harness.testing.request import TestRequest

    engine = asked["engine"]
    tiled, overlap = asked["tiled"], asked["overlap"]
    if overlap is not None and (tiled is None or (tiled != "auto" and overlap >= tiled)):
        raise click.UsageError(f"--overlap {overlap} needs `--tiled N` of more pixels")
    native = NativeSettings(**{key: asked[key] for key in _NATIVE})
    # Options that an engine does not have would be passed over in silence.
    plain = replace(native, tiled=None, overlap=None) if engine is None else native  # tiles choose their engine
    given = [key for key in _NATIVE if getattr(plain, key) != getattr(NativeSettings(), key)]
    if engine in {None, "official"} and given and not _is_lua(workspace, asked["model"]):
        named = ", ".join(f"--{key.rstrip('_').replace('_', '-')}" for key in given)
        raise click.UsageError(f"{named} need `--engine native`")
    # What is left are exactly the fields of the request.
    fields = {key: value for key, value in asked.items() if key not in _NATIVE}
    return TestRequest(native=native, command=("harness", *sys.argv[1:]), **fields)


def _shard_request(asked: dict[str, Any], threads: int | None) -> ShardRequest:
    from harness.shards.cutting import SHARD_SIZE
    from harness.shards.sharing import ShardRequest

    return ShardRequest(
        pool=options.pool_request(asked | {"threads": threads}),
        size=asked["shard_size"] or SHARD_SIZE,
        store=asked["store"],
        mixed=asked["mixed"],
    )


_NATIVE = ("batch_size", "precision", "compile_", "devices", "lua_seed", "lua_order", "tiled", "overlap")


def _is_lua(workspace: Workspace, model: str) -> bool:
    from harness.runs.trained import find_model

    return find_model(workspace, model).family == "lua"


def _order(given: str) -> tuple[str, ...]:
    """Names without their suffixes: from the table that `test.lua` writes, or divided by commas."""
    path = Path(given)
    if path.suffix == ".html" and path.is_file():
        # Rows of the table as `test.lua` writes them, first cell the name; bytes that are no UTF-8 survive the reading.
        names = re.findall(r"<tr><td>([^<]+)</td><td><img", path.read_text(encoding="utf-8", errors="surrogateescape"))
    else:
        names = [*options.listed(given)]
    return tuple(Path(name).stem if Path(name).suffix else name for name in names)


def show(console: Console, tested: list[TestedRun], *, as_json: bool) -> None:
    """Tells what runs came to, and of two how far they differ."""
    from harness.cli.summary import show_summary
    from harness.testing.verification import compare_runs

    difference = compare_runs(tested[0].folder, tested[1].folder, console) if len(tested) == 2 else None
    if as_json:
        documents = [run_document(run) for run in tested]
        extra = {"difference": difference.to_json()} if difference else {}
        console.document({**documents[0], "runs": documents, **extra} if difference else documents[0])
        return
    for run in tested:
        images = counted(run.record.test_set["count"], "image")
        console.result(f"{run.folder.name}: {images}, {run.record.engine} engine")
        show_summary(console, run.measurement)
    if difference:
        console.result(difference.sentence())
    for run in tested:
        console.result(f"report: {run.page.as_uri()}")


def run_document(run: TestedRun) -> dict[str, object]:
    """What `--json` prints of a run."""
    import json

    metrics = json.loads((run.folder / "metrics.json").read_text(encoding="utf-8"))
    return {"run": run.folder.name, "folder": str(run.folder), "report": run.page.as_uri(), "metrics": metrics}
