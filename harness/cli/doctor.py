"""`harness doctor`: what this machine can do and what to mend."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from harness.cli import options
from harness.cli.console import Console
from harness.cli.options import option, telling
from harness.workspace import Workspace

if TYPE_CHECKING:
    from harness.doctor.examining import Diagnosis

_EPILOG = options.examples("""
  harness doctor
  harness doctor --offline
  harness doctor --clean
  harness doctor --json > machine.json
""")


@click.command("doctor", epilog=_EPILOG)
@option("--offline", is_flag=True, help="Ask no host on the network.")
@option("--clean", "clean_up", is_flag=True, help="First remove what cut jobs left, also what could go on.")
@telling(options.terminal_lang, options.json)
def command(workspace: Workspace, console: Console, /, *, offline: bool, clean_up: bool, as_json: bool) -> None:
    """Say what this machine can do and what to mend, with the command that mends it; exit code 1 if it is unusable."""
    from harness.doctor.cleaning import clean
    from harness.doctor.examining import examine

    if clean_up:
        for path in clean(workspace):
            console.say(f"removed `{path}`")
    diagnosis = examine(workspace, offline=offline, progress=console)
    if as_json:
        console.document(diagnosis.to_json())
    else:
        _show(console, diagnosis)
    # Exit code 1 only for what stops everything: scripts may go on after a warning.
    if not diagnosis.usable:
        click.get_current_context().exit(1)


def _show(console: Console, diagnosis: Diagnosis) -> None:
    # Columns: state, name, finding; what mends it stands below the finding.
    said = console.words.message
    width = max(len(said(check.name)) for check in diagnosis.checks)
    state = max(len(said(check.state)) for check in diagnosis.checks)
    for check in diagnosis.checks:
        console.raw(f"{said(check.state):{state}}  {said(check.name):{width}}  {said(check.what)}")
        if check.mend:
            console.raw(f"{'':{state}}  {'':{width}}  {said(f'mend: {check.mend}')}")
    counts = {state: sum(check.state == state for check in diagnosis.checks) for state in ("warn", "bad")}
    verdict = "usable" if diagnosis.usable else "not usable before what is bad is mended"
    console.result(f"{verdict}: {counts['bad']} bad, {counts['warn']} to know about")
