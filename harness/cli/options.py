"""Options that many commands share, defined once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial, reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from harness.cli.completing import DATASET, MODEL
from harness.cli.console import Console
from harness.images.geometry import LARGEST, parsed_size
from harness.web.language import spoken

if TYPE_CHECKING:
    from harness.shards.pool import PoolRequest

# Pixels a side.
_SMALLEST_TILE = 32

# Each of these is a decorator of a command.
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Say nothing but results, warnings and errors.")


def _speak(_: click.Context, __: click.Parameter, said: str | None) -> str | None:
    Console.language = said or Console.language
    return Console.language


# Those of `web/strings/`; listed by hand, since looking would read files for every `--help`. Eager, so that an error in
# any other option is told in it.
_lang = partial(click.option, "--lang", type=click.Choice(["en", "fa"]), is_eager=True, callback=_speak)
lang_option = _lang(help="Language of terminal and pages. Default: $HARNESS_LANG, the run's own, the system's.")
page_lang_option = _lang(
    callback=lambda *given: spoken(_speak(*given)).code,
    help="Language of terminal and page. Default: $HARNESS_LANG, the system's.",
)
"""`--lang` of a command whose page has no record that keeps a language."""

speech_option = _lang(expose_value=False, help="Language of the terminal. Default: $HARNESS_LANG, the system's.")
"""`--lang` of a command that writes no page."""
follow_links_option = click.option("--follow-links", is_flag=True, help="Follow links that lead out of the folder.")


def catalog_options(kind: str, there: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Returns what a command takes that lists `kind` of the catalog or tells of the one called NAME."""
    families = ["pix2pix", "cyclegan", *(["lua"] if kind == "models" else [])]  # whose datasets are pix2pix's
    options = (
        click.argument("name", type={"models": MODEL, "datasets": DATASET}[kind], required=False),
        click.option("--family", type=click.Choice(families), help=f"Only the {kind} of one method."),
        click.option("--installed", is_flag=True, help=f"Only the {kind} {there}."),
        speech_option,
        json_option,
        quiet_option,
    )
    # The lowest decorator comes first, so that options stand in `--help` as they are written.
    return lambda command: reduce(lambda decorated, option: option(decorated), reversed(options), command)


def worker_options(executors: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Returns what says who works, for `pool_request`; `executors` is the help of `--executor`."""
    options = (
        click.option(
            "--threads",
            type=click.IntRange(min=1),
            help="Threads a worker computes with; pixels hang on it. Default: the machine's, with --executor 1.",
        ),
        click.option("--executor", type=click.Choice(["local", "ray", "slurm"]), help=executors),
        click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Workers at once."),
        click.option("--gpus", type=click.FloatRange(min=0), default=0, help="A worker's share of a GPU (ray, slurm)."),
        click.option(
            "--address", metavar="HOST:PORT", help="Of a Ray cluster. Default: $RAY_ADDRESS, or Ray begins here."
        ),
        click.option(
            "--slurm",
            multiple=True,
            callback=lambda _, __, given: _limits(given),
            metavar="NAME=VALUE",
            help="A limit of Slurm's jobs, e.g. partition=gpu, mem=8GB or time=60 (minutes).",
        ),
    )
    return lambda command: reduce(lambda decorated, option: option(decorated), reversed(options), command)


def pool_request(asked: Mapping[str, Any], folder: Path | None = None) -> PoolRequest:
    """Returns who is to work by `worker_options`; `folder` is where Slurm's jobs write their logs."""
    from harness.shards.pool import PoolRequest

    given = {key: asked[key] for key in ("executor", "workers", "gpus", "address", "slurm")}
    return PoolRequest(threads=asked["threads"] or 1, **given, folder=folder)


def _limits(given: tuple[str, ...]) -> dict[str, str]:
    found = dict(limit.split("=", 1) for limit in given if "=" in limit)
    if len(found) < len(given):
        raise click.UsageError("--slurm is written NAME=VALUE, each name once, e.g. `--slurm partition=gpu`")
    return found


def shard_options(command: Callable[..., None]) -> Callable[..., None]:
    """Decorates what cuts a test into shards."""
    options = (
        click.option("--shard-size", type=click.IntRange(min=1), metavar="N", help="Images a shard. Default: 512."),
        click.option("--store", metavar="FOLDER|URL", help="Where finished shards are kept. Default: results/.store."),
        click.option("--mixed", is_flag=True, help="Workers of several kinds; the run says so where they differ."),
    )
    return reduce(lambda decorated, option: option(decorated), reversed(options), command)


def not_with_name(*choices: object) -> None:
    """Refuses what chooses from a list where one entry is named."""
    if any(choices):
        raise click.UsageError("--family and --installed choose from the list; leave them out with NAME")


def metrics_option(help_: str, *, required: bool = False) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Returns the option `--metrics a,b`: names of metrics, or of what they fill, in the user's order."""

    def split(_: click.Context, __: click.Parameter, given: str | None) -> tuple[str, ...]:
        return tuple(name.strip() for name in (given or "").split(",") if name.strip())

    return click.option("--metrics", metavar="NAME,...", required=required, callback=split, help=help_)


class SizeType(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.4 only
    """`256`, `512x384`, `own` or `max:1024`."""

    name = "N|WxH|own|max:N"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int] | int | Literal["own"]:
        try:
            return parsed_size(str(value))
        except ValueError as error:
            return self.fail(str(error), param, ctx)


def _sides(_: click.Context, __: click.Parameter, given: tuple[int, int] | int | str | None) -> tuple[int, int] | None:
    if isinstance(given, int | str):
        raise click.UsageError(
            "here one size is asked for, the same for every picture: `--size 256` or `--size 512x384`"
        )
    return given


side_option = click.option("--size", type=SizeType(), callback=_sides, help="Size of the inputs. Default: the model's.")


class TilesType(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.4 only
    """`auto` or `1024`."""

    name = "auto|N"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int | Literal["auto"]:
        text = str(value).lower()
        if text == "auto":
            return "auto"
        if text.isdigit() and _SMALLEST_TILE <= int(text) <= LARGEST:
            return int(text)
        return self.fail(f"`{value}` is no tile: write auto, or {_SMALLEST_TILE} pixels at least", param, ctx)
