"""What is unusual about a picture, and what would bring it nearer, in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from harness.nearness.features import COLUMNS, DIRECTION, LAYOUT, NAMES
from harness.nearness.scoring import Array

_PALETTE = "palette"
_NEARLY = 0.4  # the features of a group stand with the plainest first: it is named unless another is far ahead


@dataclass(frozen=True)
class Words:
    """How one feature is spoken of.

    Attributes:
        low, high: what a picture is that has less, or more, of it than training pictures have.
        bring_up, bring_down: what helps in each case.
        show: the value as a reader may check it.
        times: whether the value is a logarithm, so that it compares as "2.5 times the usual".
    """

    label: str
    low: str
    high: str
    bring_up: str
    bring_down: str
    times: bool = False
    show: Callable[[float], str] = "{:.2f}".format


def _share(value: float) -> str:
    return f"{100 * value:.0f} %"


_COLOUR = "correct the white balance"
WORDS: dict[str, Words] = {
    "brightness": Words("mean brightness", "darker", "brighter", "brighten it", "darken it", show=_share),
    "shadows": Words("darkest tones", "deeper in its shadows", "paler in its shadows", "lift the shadows",
                     "set the black point", show=_share),
    "highlights": Words("brightest tones", "dimmer in its lights", "glaring in its lights", "set the white point",
                        "bring the lights down", show=_share),
    "contrast": Words("contrast", "flatter in contrast", "harsher in contrast", "raise the contrast",
                      "lower the contrast", show=_share),
    "local_contrast": Words("local contrast", "smoother", "busier", "sharpen it, or take a picture with more detail",
                            "choose a calmer part of it", times=True),
    "saturation": Words("colourfulness", "paler", "more colourful", "raise the saturation", "lower the saturation",
                        show=_share),
    "red_green": Words("red over green", "greener", "redder", _COLOUR, _COLOUR),
    "yellow_blue": Words("yellow over blue", "bluer", "yellower", _COLOUR, _COLOUR),
    "palette_share": Words("pixels in the training pictures' main colours", "farther off the palette",
                           "plainer in its colours",
                           "use the training pictures' colours", "keep more of its own colours", show=_share),
    "edge_density": Words("density of lines", "sparser in lines", "denser in lines", "crop closer to the subject",
                          "choose a calmer part of it, or drop small lines", times=True),
    "strong_edges": Words("density of hard edges", "softer in its edges", "harder in its edges",
                          "take a sharper picture", "soften it", times=True),
    "line_width": Words("width of dark parts", "finer in its dark lines", "broader in its dark lines",
                        "draw broader lines, or crop closer", "draw finer lines, or show more of it", times=True),
    "flat_share": Words("even areas", "less evenly filled", "more evenly filled", "remove noise and texture",
                        "use a picture with texture", show=_share),
    "fine_detail": Words("fine detail", "blurred", "finer in detail", "use a sharper picture, and do not enlarge it",
                         "reduce a larger picture with a smoothing filter", times=True),
    "noise": Words("noise", "smoother, as after blur or enlargement", "noisier", "use the original, unsmoothed picture",
                   "remove the noise", times=True),
    "blocks": Words("8-pixel blocks", "less blocky", "blockier, as after strong JPEG",
                    "", "use the original file, less compressed", times=True),
}  # fmt: skip


Reason = tuple[str, str]
"""One thing that is unusual, and what would mend it."""

# Upright pictures score about 1, turned ones about -1: clearly on the other side.
_TURNED_BELOW = -0.25
_TURNED = {
    DIRECTION: ("lies on its side: rows and columns are exchanged", "turn it by 90°"),
    LAYOUT: ("stands on its head: top and bottom are exchanged", "turn it by 180°"),
}
_UNCLEAR = {
    DIRECTION: ("rows and columns are less unlike than usual", ""),
    LAYOUT: ("top and bottom are filled otherwise than usual", "choose the same view and part as training pictures"),
}


def reasons(description: Array, usual: Array, groups: Sequence[str], upright: dict[str, float]) -> list[Reason]:
    """Returns at most one reason a group, in the groups' order: the plainest feature far outside the usual range.

    Args:
        description: one number a feature.
        usual: features × 3, the 5 %, 50 % and 95 % quantiles of training pictures.
        groups: those that are unusual.
        upright: how the picture lies, by orientation group, see `harness.nearness.scoring.Upright`.
    """
    turned = {group for group, score in upright.items() if score < _TURNED_BELOW}
    found: list[Reason | None] = []
    for group in groups:
        if group == LAYOUT and DIRECTION in turned:
            continue  # what lies on its side has no top yet
        if group in upright:
            found.append(_TURNED[group] if group in turned else _UNCLEAR[group])
        else:
            found.append(_reason_of_group(description, usual, group))
    return [reason for reason in found if reason]


def _reason_of_group(description: Array, usual: Array, group: str) -> Reason | None:
    spoken = [i for i in COLUMNS[group] if NAMES[i] in WORDS]
    excess = {i: _excess(description[i], *usual[i]) for i in spoken}
    # `_NEARLY` as far out as the farthest is enough for a plainer word.
    most = max(map(abs, excess.values()))
    index = next(i for i in spoken if abs(excess[i]) >= _NEARLY * most)
    if abs(excess[index]) >= 1:
        return _sentence(WORDS[NAMES[index]], float(description[index]), *map(float, usual[index]))
    return _rare_colour(description, usual) if group == _PALETTE else None


def _excess(value: float, low: float, middle: float, high: float) -> float:
    """How many times as far from the middle as the usual range goes on that side."""
    # 1 at the edge of the usual range, on either side of a skewed one.
    room = (high - middle) if value > middle else (middle - low)
    return float((value - middle) / max(room, 1e-3))


def _sentence(words: Words, value: float, low: float, middle: float, high: float) -> Reason:
    above = value > middle
    if words.times:
        much, compared = "", f"{words.label} is {_times(math.exp(value - middle))} the usual"
    else:
        much = "much " if abs(_excess(value, low, middle, high)) > 2 else ""
        compared = f"{words.label} is {words.show(value)}, usual {words.show(low)} to {words.show(high)}"
    text = f"{much}{words.high if above else words.low}: {compared}"
    return text, words.bring_down if above else words.bring_up


def _times(ratio: float) -> str:
    return f"{ratio:.0f} times" if ratio >= 10 else f"{ratio:.1f} times" if ratio >= 0.1 else "less than a tenth of"


def _rare_colour(description: Array, usual: Array) -> Reason | None:
    """The colour, of the 4×4×4 in a description, that exceeds its usual share most."""
    bins = COLUMNS[_PALETTE][1:]  # without the share of pixels on the palette
    # Histograms hold square roots of shares.
    shares, most = description[bins] ** 2, usual[bins, 2] ** 2
    at = int(np.argmax(shares - most))
    # 2 % of the pixels: less is no reason that a person would see.
    if shares[at] - most[at] < 0.02:
        return None
    # The middle of a quarter of the levels.
    red, green, blue = (32 + 64 * int(digit) for digit in NAMES[bins[at]].removeprefix("palette_"))
    text = f"much of a rare colour: near #{red:02x}{green:02x}{blue:02x} are {_share(shares[at])} of the pixels"
    return f"{text}, usual at most {_share(most[at])}", "choose a picture without that colour, or crop it away"
