"""The explanation as lines for a terminal."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from harness.explain.explaining import Explanation, explain_language, facts
from harness.explain.network import Network
from harness.explain.statements import CHAPTERS, QUESTIONS
from harness.explain.work import AtWork
from harness.web.language import Language, spoken

# Narrower than most terminals: long lines of prose are hard to follow.
_WIDTH = 96


def text_lines(explanation: Explanation, lang: str | None = None) -> Iterator[str]:
    """Yields the whole explanation line by line."""
    words = explain_language(spoken(lang).code)
    yield words.text("title", model=explanation.model.id)
    yield ""
    labels = facts(explanation, words)
    width = max(len(label) for label, _ in labels)
    yield from (f"  {label:<{width}}  {value}" for label, value in labels)
    if explanation.difference:
        yield from ("", words.message(explanation.difference))
    for chapter, statements in CHAPTERS.items():
        yield from ("", words.text(f"chapter.{chapter}").upper(), "")
        for statement in statements:
            yield from textwrap.wrap(words.text(statement.key, **explanation.values), _WIDTH)
            if statement.formula:
                # In plain characters: `L_cGAN`, `E_x,y`.
                yield "    " + re.sub(r"_\{(.*?)\}", r"_\1", statement.formula)
            yield f"    [{', '.join(str(source) for source in statement.sources)}]"
        if chapter == "generator":
            yield from ("", *_layers(explanation.generator, words))
        if chapter == "discriminator":
            yield from ("", *_variants(explanation, words))
    yield from ("", words.text("chapter.questions").upper(), "")
    for number, key in enumerate(QUESTIONS, 1):
        yield from textwrap.wrap(f"{number}. {words.text(key)}", _WIDTH, subsequent_indent="   ")


def work_lines(work: AtWork, lang: str | None = None) -> Iterator[str]:
    """Yields what is known in numbers of a trained model at work, line by line."""
    words = explain_language(spoken(lang).code)
    yield from ("", words.text("chapter.work").upper(), "")
    if work.verdicts:
        verdicts = work.verdicts
        numbers = (words.number(verdicts.real_mean, 2), words.number(verdicts.made_mean, 2))
        said = words.text("work.verdicts", n=verdicts.map, size=verdicts.square[1], real=numbers[0], made=numbers[1])
        yield from textwrap.wrap(said, _WIDTH)
    for column in work.columns:
        numbers = words.number(column.ssim, 4), words.number(column.psnr, 2)
        yield f"  {column.name:<24} SSIM {numbers[0]}  PSNR {numbers[1]}  {column.differs}"


def _layers(network: Network, words: Language) -> Iterator[str]:
    # A skip is told at the layer after which it joins.
    joined = {skip.last: skip for skip in network.skips}
    parameters, shape = words.grouped(network.parameters), words.product(network.input)
    yield words.text("table.caption", n=len(network.layers), shape=shape, parameters=parameters)
    for number, layer in enumerate(network.layers):
        window = f"{layer.kernel}/{layer.stride}" if layer.kernel else ""
        size = f"{layer.parameters:,}" if layer.parameters else ""
        skip = joined.get(number)
        note = f"  <- {words.text(f'joined.{skip.joining}', n=skip.first + 1)}" if skip else ""
        shape = "×".join(map(str, layer.shape))
        # Kernel and stride as `4/2`; layers without parameters leave the place empty.
        yield f"{number + 1:4} {layer.kind:<16} {window:<4} {shape:<12} {size:>11}{note}".rstrip()


def _variants(explanation: Explanation, words: Language) -> Iterator[str]:
    rows = [[words.text(f"table.{key}") for key in ("variant", "field", "step", "map", "parameters")]]
    for v in explanation.variants:
        size = v.field.size
        rows.append([v.name, f"{size}×{size}", str(v.field.step), f"{v.map}×{v.map}", f"{v.network.parameters:,}"])
    yield from ("  ".join(f"{cell:<13}" for cell in row).rstrip() for row in rows)
