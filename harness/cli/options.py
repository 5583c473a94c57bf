"""Options that many commands share, defined once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial, reduce, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from harness.cli.completing import DATASET, MODEL
from harness.cli.console import Console
from harness.images.geometry import LARGEST, parsed_size
from harness.web.language import spoken
from harness.workspace import Workspace

if TYPE_CHECKING:
    from harness.shards.pool import PoolRequest

# Pixels a side.
_SMALLEST_TILE = 32


class _Place(click.Path):
    """A folder, or an address that fsspec knows, which stays text."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return value if isinstance(value, str) and "://" in value else super().convert(value, param, ctx)


FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
PLACE = _Place(file_okay=False, path_type=Path)
FOLDER_THERE = click.Path(exists=True, file_okay=False, path_type=Path)
EXISTING = click.Path(exists=True, path_type=Path)
PATH = click.Path(path_type=Path)
"""What is there, what may not be there yet, and what the command itself looks at."""

option = partial(click.option, show_default=True)
"""What an option is made by: its help tells its default, where it has one."""


def examples(lines: str) -> str:
    """Returns what ends a command's help; the first mark keeps click from folding it."""
    return f"\b\nExamples:{lines}"


# Each of these is a decorator of a command, or makes one that wants its own help.
json = option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
weights = option("--weights", type=FILE, help="Another generator file.")
device = option("--device", default="auto", help="auto, cpu, cuda or cuda:N.")
mode = partial(
    option,
    "--mode",
    type=click.Choice(["paper", "deterministic", "eval"]),
    default="paper",
    help="Dropout live and seeded; no dropout; running statistics.",
)
direction = partial(option, "--direction", type=click.Choice(["AtoB", "BtoA"]))
preset = partial(option, "--preset", type=click.Choice(["quick", "course", "paper"]))
palette = partial(option, "--palette", type=click.Choice(["facades", "cityscapes"]))
follow_links = option("--follow-links", is_flag=True, help="Follow links that lead out of the folder.")
train_py = click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[-- OPTION_OF_TRAIN_PY...]")


def _speak(_: click.Context, __: click.Parameter, said: str | None) -> str | None:
    Console.language = said or Console.language
    return Console.language


# Those of `web/strings/`; listed by hand, since looking would read files for every `--help`. Eager, so that an error in
# any other option is told in it.
_lang = partial(option, "--lang", type=click.Choice(["en", "fa"]), is_eager=True, callback=_speak)
run_lang = _lang(help="Language of terminal and pages. Default: $HARNESS_LANG, the run's own, the system's.")
page_lang = _lang(
    callback=lambda *given: spoken(_speak(*given)).code,
    help="Language of terminal and page. Default: $HARNESS_LANG, the system's.",
)
"""`--lang` of a command whose page has no record that keeps a language."""

terminal_lang = _lang(expose_value=False, help="Language of the terminal. Default: $HARNESS_LANG, the system's.")
"""`--lang` of a command that writes no page."""


def telling(lang: Callable[[Any], Any], *others: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Returns the last decorator of a command: `--lang` of one of the kinds above, other options, and `--quiet`.

    The command gets the workspace, and in place of `quiet` its console.
    """

    def decorated(command: Callable[..., None]) -> Any:
        @wraps(command)
        def told(workspace: Workspace, /, *, quiet: bool, **asked: Any) -> None:
            command(workspace, Console(quiet=quiet), **asked)

        quietly = option("-q", "--quiet", is_flag=True, help="Say nothing but results, warnings and errors.")
        return _together(lang, *others, quietly)(click.pass_obj(told))

    return decorated


def _together(*decorators: Callable[[Any], Any]) -> Callable[[Any], Any]:
    # The lowest decorator comes first, so that options stand in `--help` as they are written.
    return lambda command: reduce(lambda decorated, decorator: decorator(decorated), reversed(decorators), command)


def catalog(kind: Literal["models", "datasets"], there: str) -> Callable[[Any], Any]:
    """Returns what a command takes that lists `kind` of the catalog or tells of the one called NAME."""
    families = ["pix2pix", "cyclegan", *(["lua"] if kind == "models" else [])]  # whose datasets are pix2pix's
    return _together(
        click.argument("name", type={"models": MODEL, "datasets": DATASET}[kind], required=False),
        option("--family", type=click.Choice(families), help=f"Only the {kind} of one method."),
        option("--installed", is_flag=True, help=f"Only the {kind} {there}."),
        telling(terminal_lang, json),
    )


def workers(executor: str) -> Callable[[Any], Any]:
    """Returns what says who works, for `pool_request`; `executor` is the help of that option."""
    return _together(
        option(
            "--threads",
            type=click.IntRange(min=1),
            help="Threads a worker computes with; pixels hang on it. Default: the machine's, with --executor 1.",
        ),
        option("--executor", type=click.Choice(["local", "ray", "slurm"]), help=executor),
        option("--workers", type=click.IntRange(min=1), default=1, help="Workers at once."),
        option("--gpus", type=click.FloatRange(min=0), default=0, help="A worker's share of a GPU (ray, slurm)."),
        option("--address", metavar="HOST:PORT", help="Of a Ray cluster. Default: $RAY_ADDRESS, or Ray begins here."),
        option(
            "--slurm",
            multiple=True,
            callback=lambda _, __, given: _limits(given),
            metavar="NAME=VALUE",
            help="A limit of Slurm's jobs, e.g. partition=gpu, mem=8GB or time=60 (minutes).",
        ),
    )


NOBODY: Mapping[str, Any] = {"executor": None, "workers": 1, "gpus": 0, "address": None, "slurm": {}}
"""What `workers` gives where nothing is said of who works; `--threads` has a meaning of its own without."""


def pool_request(asked: Mapping[str, Any], folder: Path | None = None) -> PoolRequest:
    """Returns who is to work by `workers`; `folder` is where Slurm's jobs write their logs."""
    from harness.shards.pool import PoolRequest

    given = {key: asked[key] for key in NOBODY}
    return PoolRequest(threads=asked["threads"] or 1, **given, folder=folder)


def _limits(given: tuple[str, ...]) -> dict[str, str]:
    found = dict(limit.split("=", 1) for limit in given if "=" in limit)
    if len(found) < len(given):
        raise click.UsageError("--slurm is written NAME=VALUE, each name once, e.g. `--slurm partition=gpu`")
    return found


shards = _together(
    option("--shard-size", type=click.IntRange(min=1), metavar="N", help="Images a shard. Default: 512."),
    option("--store", metavar="FOLDER|URL", help="Where finished shards are kept. Default: results/.store."),
    option("--mixed", is_flag=True, help="Workers of several kinds; the run says so where they differ."),
)
"""What cuts a test into shards."""


def not_with_name(*choices: object) -> None:
    """Refuses what chooses from a list where one entry is named."""
    if any(choices):
        raise click.UsageError("--family and --installed choose from the list; leave them out with NAME")


def listed(given: str | None) -> tuple[str, ...]:
    """`a,b`: names in the user's order."""
    return tuple(name.strip() for name in (given or "").split(",") if name.strip())


metrics = partial(option, "--metrics", metavar="NAME,...", callback=lambda _, __, given: listed(given))
"""Names of metrics, or of what they fill."""


def _size(given: str) -> tuple[int, int] | int | Literal["own"]:
    """`256`, `512x384`, `own` or `max:1024`."""
    try:
        return parsed_size(given)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _sides(_: click.Context, __: click.Parameter, given: tuple[int, int] | int | str | None) -> tuple[int, int] | None:
    if isinstance(given, int | str):
        raise click.UsageError(
            "here one size is asked for, the same for every picture: `--size 256` or `--size 512x384`"
        )
    return given


size = partial(option, "--size", type=_size, metavar="N|WxH|own|max:N")
side = size(callback=_sides, help="Size of the inputs. Default: the model's.")


def tile(given: str) -> int | Literal["auto"]:
    """`auto` or `1024`."""
    text = given.lower()
    if text == "auto":
        return "auto"
    if text.isdigit() and _SMALLEST_TILE <= int(text) <= LARGEST:
        return int(text)
    raise click.BadParameter(f"`{given}` is no tile: write auto, or {_SMALLEST_TILE} pixels at least")
