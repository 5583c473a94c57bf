"""What names of pictures and folders say of them: the role in a pair, and the part they belong to."""

from __future__ import annotations

import re
from typing import Literal

from harness.catalog.types import Direction

Part = Literal["train", "val", "test"]
PARTS: tuple[Part, ...] = ("train", "val", "test")

_PARTS: dict[str, Part] = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}
# A place in the pair, a side, or a kind of picture.
_ROLES: dict[str, str] = {
    **dict.fromkeys(("input", "inputs", "in", "source", "src", "x", "before"), "input"),
    **dict.fromkeys(("target", "targets", "gt", "groundtruth", "dst", "y", "after"), "target"),
    **dict.fromkeys(("out", "output", "outputs"), "target"),
    "a": "A",
    "b": "B",
    **dict.fromkeys(("label", "labels", "mask", "masks", "seg", "segmentation", "labelmap", "labelmaps"), "label_map"),
    **dict.fromkeys(("edge", "edges", "sketch", "sketches", "drawing", "drawings", "lines"), "edges"),
    **dict.fromkeys(("map", "maps"), "map"),
    **dict.fromkeys(("photo", "photos", "image", "images", "img", "imgs", "picture", "pictures", "real"), "photo"),
    **dict.fromkeys(("sat", "satellite"), "photo"),
}
_DIVIDERS = r"\s._\-()\[\]"
# The longest first, so that `labelmap` is not read as `label` and a rest.
_WORD = "|".join(sorted(_ROLES, key=len, reverse=True))
# A divider or a digit has to stand before the word: `zebra` ends in no `a` that means a side.
_LAST = re.compile(rf"^(.*?[{_DIVIDERS}]|.*?\d)({_WORD})$")
_FIRST = re.compile(rf"^({_WORD})([{_DIVIDERS}].*|\d.*)$")


def part_of(folder: str) -> Part | None:
    """Returns the part that a folder's name says, `Train` and `training` like `train`; None where it says none."""
    return _PARTS.get(folder.casefold())


def role_and_rest(name: str) -> tuple[str | None, str]:
    """Returns the role that a picture's name, in lower case and without suffix, begins or ends with, and the rest."""
    if found := _LAST.match(name):
        return _ROLES[found[2]], found[1].strip(" ._-")
    if found := _FIRST.match(name):
        return _ROLES[found[1]], found[2].strip(" ._-")
    return None, name


def folder_role(name: str) -> tuple[Part | None, str] | None:
    """Returns the part, if any, and the role that a folder's name says and nothing else; None where it says more.

    `A`, `labels`, `train_A` and `photos-test` do; `trainA`, which the authors' unaligned loader reads, does not.
    """
    words = [word for word in re.split(rf"[{_DIVIDERS}]+", name.casefold()) if word]
    roles = [_ROLES[word] for word in words if word in _ROLES]
    parts = [_PARTS[word] for word in words if word in _PARTS]
    if len(roles) != 1 or len(parts) > 1 or len(words) != len(roles) + len(parts):
        return None
    return (parts[0] if parts else None), roles[0]


def which_is_input(
    a: str | None, b: str | None, *, eaten: str | None, drawn: str | None, direction: Direction
) -> int | None:
    """Returns 0 or 1: which of two roles is the input's; None where they do not tell.

    Args:
        eaten, drawn: the kinds of picture that the model takes and makes, None where no model is known.
    """
    input_side, target_side = ("A", "B") if direction == "AtoB" else ("B", "A")
    # Words of a place go before those of a side, which go before kinds: `input` leaves least open.
    for first, second in (("input", "target"), (input_side, target_side), (eaten, drawn)):
        if first != second and {a, b} == {first, second}:
            return 0 if a == first else 1
    if a != b and None in {a, b}:
        # One name that says its role is enough: `x.jpg` and `x_label.png`.
        known = {"input": 0, input_side: 0, "target": 1, target_side: 1}
        # A model of photos to photos: the kind parts nothing.
        if eaten != drawn:
            known |= {str(eaten): 0, str(drawn): 1}
        place = 0 if b is None else 1
        if (role := a or b) in known:
            return place if known[role] == 0 else 1 - place
    return None
