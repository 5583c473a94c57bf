"""How much of a class a label map has beside the training pictures, in words a person can check: more than so many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.nearness.features import COLUMNS, colour_histogram
from harness.nearness.palette import Colour, Picture
from harness.nearness.profile import Profile
from harness.nearness.scoring import COMPARED_FEATURES

# Of the training pictures; fewer than one in twenty are as far out on that side.
_NOTABLE = 0.95


@dataclass(frozen=True)
class ClassRank:
    """A class of which a picture has more, or less, than `than` of `of` training pictures have."""

    name: str
    more: bool
    than: int
    of: int


def class_ranks(
    image: Picture, profile: Profile, names: Sequence[str], colours: Sequence[Colour]
) -> tuple[ClassRank, ...]:
    """Returns the classes a picture has unusually much or little of, the most unusual first.

    A profile knows 4×4×4 colours: classes that share one of them cannot be told apart there and are left out.

    Args:
        image: H×W×3 uint8 RGB in the palette's colours.
    """
    places = [(red >> 6) * 16 + (green >> 6) * 4 + (blue >> 6) for red, green, blue in colours]
    alone = Counter(places)
    bins = COLUMNS["palette"][1:]  # without the share of pixels on the palette
    at = np.array([int(np.flatnonzero(column == COMPARED_FEATURES)[0]) for column in bins])
    # Square roots of shares: (training pictures, 64), rounded as the profile's half precision has them.
    reference = profile.reference
    trained = reference.points[:, at] * reference.scale[at] + reference.centre[at]
    shares = colour_histogram(image)
    found = []
    for name, place in zip(names, places, strict=True):
        if alone[place] > 1:
            continue
        less, more = (trained[:, place] < shares[place] - 1e-3).sum(), (trained[:, place] > shares[place] + 1e-3).sum()
        than = max(less, more)
        if than > _NOTABLE * len(trained):
            found.append(ClassRank(name, bool(less > more), int(than), len(trained)))
    return tuple(sorted(found, key=lambda rank: -rank.than))
