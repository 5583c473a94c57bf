"""How near a translation there and back comes to the picture it began with: CycleGAN's forward cycle."""

from __future__ import annotations

from harness.metrics.mae import mae
from harness.metrics.meters import Column, ImageMeter, Instruments, Meter, Metric


def _begin(instruments: Instruments) -> Meter:
    """Mean absolute error of F(G(x)) to x, of pictures as saved, in levels from 0 to 255.

    A low one need not be good: generators hide the input in details too fine to see (Chu et al. 2017, CycleGAN, a
    Master of Steganography). Saving in 8 bits, which is between G and F here, destroys part of what they hide.
    """
    reverse = instruments.reverse
    if reverse is None:
        raise instruments.lacking("reverse", "no model translates these outputs back", "harness models")
    return ImageMeter(lambda shot: (mae(reverse(shot.output, shot.name), shot.input),))


_DEFINITION = "mean absolute error to the input of the output, saved and translated back"
CYCLE = Metric(
    name="cycle",
    begin=_begin,
    columns=(Column("cycle_error", "Cycle error", "levels", "lower", _DEFINITION, "input", 2),),
)
