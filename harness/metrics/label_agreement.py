"""Drawn photos judged by a generator that draws label maps of photos: does it read out of them what went in?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from harness.metrics.meters import ClassColours, Column, Instruments, Meter, Metric, Shot, Total
from harness.metrics.pairs import Picture
from harness.metrics.palette_accuracy import CHOOSE, SCORES, Confusions


class AgreementMeter:
    """Compares the evaluator's label map of each output with the input it was drawn from.

    The evaluator errs on real photos, too: its score on them, where there are any, stands beside as `ground_truth`,
    as the papers print theirs.
    """

    def __init__(self, palette: ClassColours, evaluator: Callable[[Picture, str], Picture]) -> None:
        self._evaluator = evaluator
        self._drawn, self._real = Confusions(palette), Confusions(palette)

    def one(self, shot: Shot) -> tuple[float, ...]:
        # The photo itself against the same input: what the evaluator gets wrong without any generator.
        if shot.target is not None:
            self._real.add(shot.name, self._evaluator(shot.target, shot.name), shot.input)
        return (self._drawn.add(shot.name, self._evaluator(shot.output, shot.name), shot.input),)

    def whole(self) -> tuple[Total, ...]:
        drawn = self._drawn.whole()
        if not self._real.counts:
            return drawn
        real = self._real.whole()
        return tuple(replace(o, beside={"ground_truth": r.value}) for o, r in zip(drawn, real, strict=True))


# In place of the papers' FCN score: its network needs pycaffe, and `evaluate.py` a function that SciPy removed.
def _begin(instruments: Instruments) -> Meter:
    if instruments.input_palette is None:
        raise instruments.lacking("input_palette", "the inputs are no label maps that are known", CHOOSE)
    if instruments.evaluator is None:
        raise instruments.lacking("evaluator", "no model draws label maps of such photos", "harness models")
    return AgreementMeter(instruments.input_palette, instruments.evaluator)


def _column(name: str, label: str, definition: str) -> Column:
    said = f"{definition}, of the label map that the evaluator draws of the output against the input"
    return Column(name, label, "", "higher", said, "its label map")


LABEL_AGREEMENT = Metric(
    name="label_agreement",
    begin=_begin,
    columns=(_column("label_agreement", "Label agreement by image", f"by image the {SCORES[0][1]}"),),
    totals=tuple(_column(f"agreement_{name}", f"Label agreement, {name}", said) for name, said in SCORES),
)
