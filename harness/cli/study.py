"""`harness study`: the papers' real-or-fake test with people, made and scored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from harness.cli import options
from harness.cli.console import Console
from harness.cli.options import FILE, FOLDER, NEW_FILE, option, telling
from harness.errors import quoted
from harness.workspace import Workspace

_EPILOG = options.examples("""
  harness study facades_label2photo-my_facades-001
  harness study my_model-best --against my_model-last --trials 30 --practice 6
  harness study score answers/*.json --key study/study-key.json
""")


class _Group(click.Group):
    """`harness study RUN` makes a study; only `score` is a word of its own."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # The group has no options: all but `--help` belong to the command that is meant.
        if args and args[0] not in {"score", "-h", "--help"}:
            args = ["make", *args]
        return super().parse_args(ctx, args)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage(ctx.command_path, "RUN [OPTIONS] | score FILES... [OPTIONS]")


@click.group("study", cls=_Group, epilog=_EPILOG)
def command() -> None:
    """Make a real-or-fake study of a run for people to answer, as both papers did, and score what they answered."""


@command.command("make")
@click.argument("run")
@option("--against", metavar="RUN", help="A second run of the same images, its trials mixed in.")
@option("--trials", type=click.IntRange(min=2), default=40, help="Pairs that count.")
@option("--practice", type=click.IntRange(min=0), default=10, help="Pairs before, answered.")
@option("--exposure", "exposure_s", type=click.FloatRange(min=0.1, max=60), default=1.0, help="Seconds shown.")
@option("--seed", type=int, help="Of the choice of pictures, sides and order. Default: a new one, kept in the key.")
@option("--out", type=FOLDER, default=Path("study"), help="The folder to write.")
@telling(options.page_lang, options.json)
def make(
    workspace: Workspace, console: Console, /, *, run: str, against: str | None, out: Path, as_json: bool, **asked: Any
) -> None:
    """Write study.html, to hand out, and study-key.json, to keep."""
    from harness.course.trials import StudyRequest, make_study

    request = StudyRequest(runs=(run, against) if against else (run,), output=out.resolve(), **asked)
    made = make_study(workspace, request, console)
    size = made.page.stat().st_size / 1e6
    if as_json:
        console.document({"format": 1, "page": made.page.as_uri(), "key": str(made.key), "trials": len(made.trials)})
        return
    console.result(f"hand out: {made.page.as_uri()} ({size:.1f} MB, for any number of people)")
    console.result(f"keep: {made.key} (which pictures were real)")
    console.say(f"hint: harness study score ANSWERS... --key {quoted(made.key)}")


@command.command("score")
@click.argument("files", nargs=-1, required=True, type=FILE)
@option("--key", type=NEW_FILE, default=Path("study/study-key.json"), help="What `harness study` told to keep.")
@option("--out", type=FOLDER, help="Folder of the page. Default: the key's.")
@telling(options.page_lang, options.json)
def score(
    _: Workspace, console: Console, /, *, files: tuple[Path, ...], key: Path, out: Path | None, lang: str, as_json: bool
) -> None:
    """Score the files that participants sent."""
    from harness.course.tallying import rules, score_study
    from harness.web.language import language

    words = language("en") if as_json else console.words
    folder = (out or key.parent).resolve()
    found = score_study(key, files, folder, lang=lang)
    for name, reason in found.refused:
        console.warn(f"left out `{name}`: {reason}")
    if as_json:
        console.document(found.to_json())
        return
    for person in found.people:
        if person.excluded:
            console.warn(f"left out `{person.name}`: {person.why(words)}")
    rows = [
        [r.run, f"{100 * r.share:.1f} %", _range(r.wilson), _range(r.bootstrap) if r.bootstrap else "-", str(r.n)]
        for r in found.rates
    ]
    console.table(["", "taken for real", "Wilson 95 %", "people × pictures 95 %", "answers"], rows)
    console.say(f"{sum(p.excluded is None for p in found.people)} people; {'; '.join(rules(words))}")
    console.result(f"page: {(folder / 'study-score.html').as_uri()}")


def _range(interval: tuple[float, float]) -> str:
    return f"{100 * interval[0]:.1f} to {100 * interval[1]:.1f} %"
