"""`harness note`: name, tag, annotate or hide a run or a training in the index."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import click

from harness.cli import options
from harness.cli.completing import REPORT
from harness.cli.console import Console
from harness.cli.options import option
from harness.workspace import Workspace

_EPILOG = options.examples("""
  harness note facades-001 "too dark; the third epoch was better"
  harness note facades-001 --name "Facades, 200 epochs" --tag thesis --tag final
  harness note facades-002 --hide
  harness note facades-001
""")


def text(said: str) -> str:
    """Text as it can be written into a file: what a terminal sent outside of any script is replaced."""
    return said.encode("utf-8", "replace").decode().strip()


@click.command("note", epilog=_EPILOG)
@click.argument("run", type=REPORT)
@click.argument("text", type=text, required=False)
@option("--name", type=text, help='Show it under this name; "" takes it back.')
@option("--tag", "tags", type=text, multiple=True, help="Add a tag; repeatable.")
@option("--untag", "gone", type=text, multiple=True, help="Take a tag back; repeatable.")
@option("--hide/--show", "hidden", default=None, help="Leave it out of the index, or show it again.")
@options.run_lang
@options.json
@click.pass_obj
def command(workspace: Workspace, /, *, run: str, lang: str | None, as_json: bool, **said: Any) -> None:
    """Say TEXT of a run or a training in results/index.html, or tell what was said of it.

    It is kept in note.json beside the record, which stays as it was. An empty TEXT takes the text back.
    """
    from harness.report.writing import write_index
    from harness.runs.listing import find_report
    from harness.runs.notes import load_note, save_note

    folder, console = find_report(workspace, run), Console()
    before = load_note(folder)
    # In the order they were added, each once; an empty tag is none.
    tags, gone = (*before.tags, *said.pop("tags")), said.pop("gone")
    kept = dict.fromkeys(tag for tag in tags if tag and tag not in gone)
    # None is an option that was not typed; an empty text is one that takes back.
    note = replace(before, tags=tuple(kept), **{key: value for key, value in said.items() if value is not None})
    # Told only, nothing is written: looking at a note must not make the index anew.
    if note != before:
        save_note(folder, note)
        write_index(workspace.results, lang)
    if as_json:
        console.document({"format": 1, "run": folder.name, **asdict(note)})
        return
    state = "hidden in the index" if note.hidden else ""
    facts = [("name", note.name), ("tags", ", ".join(note.tags)), ("text", note.text), ("state", state)]
    console.facts(folder.name, facts if any(fact for _, fact in facts) else [("note", "nothing was said of it")])
