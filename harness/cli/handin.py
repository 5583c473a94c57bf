"""`harness handin`: what a course exercise is handed in as."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from harness.cli.completing import REPORT
from harness.cli.console import Console
from harness.cli.options import json_option, page_lang_option, quiet_option
from harness.workspace import Workspace

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_EPILOG = """
\b
Examples:
  harness handin --template facades_label2photo-facades-001
  harness handin --name "Sara Ahmadi" --id 40012345 --answers answers.md --dry-run
  harness handin --name "Sara Ahmadi" --id 40012345 --answers answers.md
"""


@click.command("handin", epilog=_EPILOG)
@click.argument("works", type=REPORT, nargs=-1, metavar="[RUN|TRAINING]...")
@click.option("--name", help="Your name.")
@click.option("--id", "id_", help="Your number at the university.")
@click.option("--answers", type=_FILE, help="Your answers, as `--template` lays them out.")
@click.option("--template", "only_template", is_flag=True, help="Write answers.md to fill in, and nothing else.")
@click.option("--questions", type=_FILE, help="With --template: a course's own questions, a TOML file.")
@click.option("--dry-run", is_flag=True, help="Say what would go in, and write nothing.")
@page_lang_option
@json_option
@quiet_option
@click.pass_obj
def command(
    workspace: Workspace,
    /,
    *,
    works: tuple[str, ...],
    name: str | None,
    id_: str | None,
    answers: Path | None,
    only_template: bool,
    questions: Path | None,
    dry_run: bool,
    lang: str,
    as_json: bool,
    quiet: bool,
) -> None:
    """Pack runs and trainings (default: the newest), their numbers and your answers into NAME-ID.zip, to send.

    What is missing, or does not agree with its pictures, is said; the archive is written all the same.
    """
    console = Console(quiet=quiet)
    if only_template:
        _write_template(workspace, works, questions, lang, console)
        return
    if questions or not name or not id_:
        raise click.UsageError("give --name and --id; or --template, with which alone --questions goes")
    from harness.course.handing_in import HandinRequest, make_handin

    request = HandinRequest(
        name=name, id=id_, works=works, answers=answers, folder=Path.cwd(), lang=lang, dry_run=dry_run
    )
    made = make_handin(workspace, request, console)
    for line in made.lacking:
        console.warn(line)
    if as_json:
        where = str(made.path) if made.path else None
        console.document(
            {
                "format": 1,
                "file": where,
                "bytes": made.size,
                "works": made.works,
                "files": made.files,
                "lacking": made.lacking,
            }
        )
        return
    if dry_run:
        console.table(["bytes", "file"], [[f"{size:,}", file] for file, size in made.files.items()])
    what = f"{', '.join(made.works)}: {len(made.files)} files, {made.size / 1e6:.1f} MB"
    console.result(f"would hand in {what}" if dry_run else f"handed in {what}, in {made.path}")
    if not dry_run:
        console.say("hint: send that file; nothing was sent")


def _write_template(
    workspace: Workspace, works: tuple[str, ...], questions: Path | None, lang: str, console: Console
) -> None:
    from harness.course.answering import template
    from harness.course.handing_in import ANSWERS, cited_lines
    from harness.errors import RunError
    from harness.files import write_text
    from harness.runs.listing import run_folders
    from harness.web.language import language

    target = Path.cwd() / ANSWERS
    if target.exists():
        # Somebody may have written for hours in it.
        raise RunError(f"`{target}` exists already", "write into it, or move it away first")
    chosen = works or tuple(folder.name for folder in run_folders(workspace)[-3:])
    write_text(target, template(lang, cited_lines(workspace, chosen, language(lang)), questions))
    console.result(f"write into {target}")
    console.say(f"hint: harness handin {shlex.join(chosen)} --name NAME --id ID --answers {ANSWERS}")
