"""A sweep's page: the rule and what it chose, then for each dataset every configuration in a table and in dots."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

from harness.report.columns import known_column
from harness.report.gallery import script_texts
from harness.web.charts import Dots, dots
from harness.web.language import Language
from harness.web.privacy import public_word
from harness.web.render import in_language, render_page

if TYPE_CHECKING:
    from harness.sweep.rule import Row
    from harness.sweep.sweeping import Swept


def render_sweep(swept: Swept, words: Language, pages: Mapping[str, str]) -> str:
    """Returns the page; runs are addressed in their folders beside it."""
    names = [name for name in swept.varied if name not in {"seed", "dataset"}]
    columns = {column: known_column(column, words) for row in swept.rows for column in row.numbers}
    main = swept.rule.metric if swept.rule else next(iter(columns), "")
    sections: dict[str, list[Row]] = {}
    for row in swept.rows:
        sections.setdefault(row.words["dataset"], []).append(row)

    warnings = [words.text("sweep.flatters")] if swept.rule and swept.rule.same_pictures else []
    if swept.rule and swept.unknown:
        models = ", ".join(f"`{model}`" for model in swept.unknown)
        warnings.append(words.text("sweep.unknown", models=models, report=swept.rule.report))
    if len(swept.devices) > 1:
        warnings.append(words.text("sweep.devices", devices=", ".join(swept.devices)))

    def label(row: Row) -> str:
        words = {name: row.words[name] for name in names if name in row.words}
        return " · ".join(word if name == "model" else f"{name} {word}" for name, word in words.items())

    return render_page(
        "sweep.html.j2",
        words,
        package="harness.sweep",
        styles=("run.css", "sweep.css"),
        data=script_texts(words),
        pages=pages,
        home=f"../{in_language('index.html', words.code)}",
        page=swept,
        sections=sections,
        names=names,
        warnings=warnings,
        columns=columns,
        main=columns.get(main),
        charts={dataset: _charts(rows, names, main, words) for dataset, rows in sections.items()},
        label=label,
        labels={dataset: [label(row) for row in rows] for dataset, rows in sections.items()},
        constant=[(n, w) for n, w in swept.rows[0].words.items() if n not in swept.varied and n != "dataset"],
        command=shlex.join(public_word(word) for word in swept.command),
        run_of=lambda run: f"../{quote(run)}/index.html",
    )


def _charts(rows: list[Row], names: list[str], main: str, words: Language) -> list[Dots]:
    """One a name by which rows differ: their numbers by its values."""
    charts = []
    for name in names:
        groups: dict[str, dict[int, float]] = {}
        for place, row in enumerate(rows):
            if main in row.numbers:
                groups.setdefault(row.words.get(name, "–"), {})[place] = row.numbers[main].mean
        if len(groups) > 1 and (chart := dots(name, groups, words)):
            charts.append(chart)
    return charts
