"""A reproduction's page: each table with what was published, what was measured, and the verdict; then pictures."""

from __future__ import annotations

import shlex
from pathlib import PurePath
from urllib.parse import quote

from harness.catalog.reproductions import RECIPES, TOLERANCE
from harness.report.columns import known_column
from harness.report.gallery import script_texts
from harness.reproduce.findings import is_blind
from harness.reproduce.reproduction import Reproduction
from harness.web.language import Language
from harness.web.privacy import public_word
from harness.web.render import render_page


def render_reproduction(made: Reproduction, words: Language) -> str:
    """Returns the page; pictures and further pages are addressed in the folders of the runs beside it."""
    columns = {block.column for section in made.sections for block in section.blocks if block.column}
    return render_page(
        "reproduction.html.j2",
        words,
        package="harness.reproduce",
        styles=("run.css", "reproduction.css"),
        data=script_texts(words),
        page=made,
        warnings=(*made.departures, *([words.text("reproduce.blind")] if is_blind(made.sections) else [])),
        recipe=RECIPES[made.target],
        columns={name: known_column(name, words) for name in columns},
        tolerance=TOLERANCE,
        # A folder anywhere on this machine has no place on a page that is handed on.
        dataset=PurePath(str(made.asked.get("dataset", ""))).name,
        runs={row: runs for section in made.sections for row, runs in section.runs.items()},
        command=shlex.join(public_word(word) for word in made.command),
        run_of=lambda run: f"../{quote(run)}/index.html",
        picture_of=lambda run, kind, name: f"../{quote(run)}/images/{kind}/{quote(name, safe='')}.png",
    )
