"""How lists and single entries of the catalog are put on the screen."""

from __future__ import annotations

from collections.abc import Iterable

from harness.cli.console import Console


def size_text(size: int) -> str:
    """Returns a number of bytes for people, in decimal units."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= scale:
            return f"{size / scale:.1f} {unit}"
    return f"{size} B"


def show_facts(console: Console, title: str, facts: Iterable[tuple[str, str]]) -> None:
    """Prints a title and under it a line a fact, labels aligned; empty facts are left out."""
    kept = [(label, fact) for label, fact in facts if fact]
    width = max(len(label) for label, _ in kept)
    console.result(title)
    for label, fact in kept:
        first, *more = fact.splitlines()
        console.result(f"  {label:<{width}}  {first}")
        for line in more:
            console.result(f"  {'':<{width}}  {line}")
