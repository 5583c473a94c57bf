"""How a notebook shows a result: a caption, a small table, links to pages; plain HTML in the notebook's own looks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

_MOST_ROWS = 20


def shown_in_notebook(
    caption: str, head: Sequence[object], rows: Sequence[Sequence[object]], pages: Iterable[Path | None] = ()
) -> str:
    """Returns what `_repr_html_` answers; of a long table the first rows, and how many more there are."""
    lines = [_row("td", row) for row in rows[:_MOST_ROWS]]
    more = f"<p>… and {len(rows) - _MOST_ROWS} more</p>" if len(rows) > _MOST_ROWS else ""
    table = f"<table><thead>{_row('th', head)}</thead><tbody>{''.join(lines)}</tbody></table>" if rows else ""
    # A link of a notebook works from wherever the notebook lies; names in the caption are anybody's text.
    links = "".join(
        f'<p><a href="{escape(page.resolve().as_uri())}">{escape(str(page))}</a></p>' for page in pages if page
    )
    return f"<div><p>{escape(caption)}</p>{table}{more}{links}</div>"


def _row(kind: str, cells: Sequence[object]) -> str:
    return "<tr>" + "".join(f"<{kind}>{escape(_text(cell))}</{kind}>" for cell in cells) + "</tr>"


def _text(cell: object) -> str:
    # Four digits, as a table in passing needs; the frame has them in full.
    return "–" if cell is None else f"{cell:.4g}" if isinstance(cell, float) else str(cell)
