"""Which target belongs to which input: by name, by the roles that names tell, or by what the pictures are."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

import numpy as np
from PIL import Image

from harness.catalog.domains import DOMAINS
from harness.catalog.types import Direction, Model
from harness.errors import ImageError, TestSetError
from harness.images.edges import is_drawing
from harness.images.opening import decode, open_rgb
from harness.prepare.sources import Gathered, Source
from harness.sets.test_set import Refusal
from harness.sets.walking import is_picture

Pairs = tuple[tuple[Source, Source], ...]
_Kind = Literal["label_map", "edges", "map", "photo"]

# What a word at an end of a name says of a picture: its place in the pair, its side, or its kind.
_ROLES: dict[str, str] = {
    **dict.fromkeys(("input", "inputs", "in", "source", "src", "x", "before"), "input"),
    **dict.fromkeys(("target", "targets", "out", "output", "gt", "groundtruth", "dst", "y", "after"), "target"),
    "a": "A",
    "b": "B",
    **dict.fromkeys(("label", "labels", "mask", "seg", "segmentation", "labelmap"), "label_map"),
    **dict.fromkeys(("edge", "edges", "sketch", "drawing", "lines"), "edges"),
    "map": "map",
    **dict.fromkeys(("photo", "photos", "image", "img", "picture", "real", "sat", "satellite"), "photo"),
}
# The longest first, so that `labelmap` is not read as `label` and a rest.
_WORD = "|".join(sorted(_ROLES, key=len, reverse=True))
# A divider or a digit has to stand before the word: `zebra` ends in no `a` that means a side.
_LAST = re.compile(rf"^(.*?[\s._\-()\[\]]|.*?\d)({_WORD})$")
_FIRST = re.compile(rf"^({_WORD})([\s._\-()\[\]].*|\d.*)$")
# Arabic kaf and yeh as Persian keyboards have them; joiners and direction marks, which nobody sees.
_LETTERS = str.maketrans({"ك": "ک", "ي": "ی", "ى": "ی", "\u200c": None, "\u200d": None, "\u200e": None, "\u200f": None})
# Share of pixels in a picture's 16 commonest colours from which it may be a label map or a drawing,
# and by how much it must exceed its partner's.
_FLAT = 0.8
_FLATTER_BY = 0.15


@dataclass(frozen=True)
class Matched:
    """Inputs with their targets, and files without a partner."""

    pairs: Pairs
    refused: tuple[Refusal, ...]


def match(inputs: Gathered, targets: Gathered) -> Matched:
    """Pairs inputs with targets of the same path without suffix.

    Names are compared as they are first, case and Unicode form apart; what is left by Persian spelling (kaf, yeh,
    digits, joiners), and then without the words that tell a role (`house-input`, `house-target`). A target of the very
    same name wins over others of the same stem; otherwise two are one too many.
    """
    pairs: list[tuple[Source, Source]] = []
    doubled: list[Refusal] = []
    left, right = list(inputs.sources), list(targets.sources)
    # From the strictest to the loosest comparison: what one pairs, no later one may pair otherwise.
    for key in (_stem, _spelling, _without_role):
        found, several = _matched_by(key, left, right)
        pairs += found
        doubled += several
        refused, asked = {refusal.source for refusal in several}, {id(source) for source, _ in found}
        # Whatever has a name that was asked for is spent, taken or not: it lacks no input.
        met = {key(source) for source in left if id(source) in asked or source.shown in refused}
        left = [s for s in left if id(s) not in asked and s.shown not in refused]
        right = [t for t in right if key(t) not in met]
    lonely = [Refusal(s.shown, "has no target of that name") for s in left]
    spare = [Refusal(f"targets/{t.shown}", "has no input of that name") for t in right]
    before = (*inputs.refused, *(Refusal(f"targets/{r.source}", r.reason) for r in targets.refused))
    order = {id(source): place for place, source in enumerate(inputs.sources)}
    pairs.sort(key=lambda pair: order[id(pair[0])])
    return Matched(tuple(pairs), (*before, *doubled, *lonely, *spare))


def match_within(folder: Gathered, model: Model | None, direction: Direction) -> Matched:
    """Pairs the files of one folder with each other: never a file with itself.

    The words in their names tell which one is the input, or what the pictures are, where the model eats another kind
    than it draws.

    Raises:
        TestSetError: nothing tells.
    """
    groups: dict[str, list[Source]] = defaultdict(list)
    for source in filter(_is_picture, folder.sources):  # CMP's own archive has an XML of every stem, too
        groups[_without_role(source)].append(source)
    # Groups of exactly two: of three with one name nobody knows which two belong together.
    couples = [(a, b) for a, b, *more in (g for g in groups.values() if len(g) > 1) if not more]
    if not couples:
        raise TestSetError(
            "inputs and targets are the same folder, and no two of its files have one name: a picture is never its own "
            "target",
            "put inputs and targets into two folders: harness prepare-images INPUTS --targets TARGETS",
        )
    # Words in names are cheap and the user's own; pictures are opened only where no word tells.
    pairs = _by_role(couples, model, direction) or _by_kind(couples, model)
    taken = {id(source) for pair in pairs for source in pair}
    others = [Refusal(s.shown, "is no picture by its suffix") for s in folder.sources if not _is_picture(s)]
    alone = [s for s in filter(_is_picture, folder.sources) if id(s) not in taken]
    refused = [
        Refusal(s.shown, f"has {'no' if len(groups[_without_role(s)]) == 1 else 'more than one'} partner of that name")
        for s in alone
    ]
    return Matched(tuple(pairs), (*folder.refused, *refused, *others))


def hidden_pairs(folder: Gathered) -> int:
    """Returns how many pairs a folder seems to hold whose files were given without targets."""
    groups = Counter(_without_role(source) for source in filter(_is_picture, folder.sources))
    return sum(count == 2 for count in groups.values())


def _matched_by(
    key: Callable[[Source], str], inputs: Sequence[Source], targets: Sequence[Source]
) -> tuple[list[tuple[Source, Source]], list[Refusal]]:
    by_key: dict[str, list[Source]] = defaultdict(list)
    for target in targets:
        by_key[key(target)].append(target)
    askers = Counter(key(source) for source in inputs)
    pairs, refused = [], []
    for source in inputs:
        found = by_key.get(key(source), [])
        same = [t for t in found if t.name == source.name]
        if len(found) == 1 or same:
            # Two spellings of one name may not both take the one target; equal stems (`a.jpg`, `a.png`) may.
            if key is _stem or askers[key(source)] == 1:
                pairs.append((source, (same or found)[0]))
        elif found:
            names = " and ".join(f"`{t.shown}`" for t in found)
            refused.append(Refusal(source.shown, f"has {len(found)} targets: {names}"))
    return pairs, refused


def _is_picture(source: Source) -> bool:
    return is_picture(source.name)


def _stem(source: Source) -> str:
    return unicodedata.normalize("NFC", PurePosixPath(source.name).with_suffix("").as_posix()).casefold()


def _spelling(source: Source) -> str:
    """The stem as a Persian reader reads it: one kaf, one yeh, digits of any script, joiners left out."""
    text = _stem(source).translate(_LETTERS)
    return "".join(str(unicodedata.digit(c)) if unicodedata.digit(c, None) is not None else c for c in text)


def _without_role(source: Source) -> str:
    folder, slash, name = _spelling(source).rpartition("/")
    role, rest = _role_and_rest(name)
    return f"{folder}{slash}{rest}" if role else _spelling(source)


def _role(source: Source) -> str | None:
    return _role_and_rest(_spelling(source).rpartition("/")[2])[0]


def _role_and_rest(name: str) -> tuple[str | None, str]:
    if found := _LAST.match(name):
        return _ROLES[found[2]], found[1].strip(" ._-")
    if found := _FIRST.match(name):
        return _ROLES[found[1]], found[2].strip(" ._-")
    return None, name


def _by_role(couples: Sequence[tuple[Source, Source]], model: Model | None, direction: Direction) -> Pairs:
    """Couples in the order of input and target, as their names tell; nothing where they do not, for all of them."""
    pairs = []
    for a, b in couples:
        first = _which_is_input(_role(a), _role(b), model, direction)
        if first is None:
            # One couple that does not tell makes the whole folder doubtful: sides would be mixed.
            return ()
        pairs.append((a, b) if first == 0 else (b, a))
    return tuple(pairs)


def _which_is_input(a: str | None, b: str | None, model: Model | None, direction: Direction) -> int | None:
    eaten = DOMAINS[model.input_domain].kind if model else None
    drawn = DOMAINS[model.output_domain].kind if model else None
    input_side, target_side = ("A", "B") if direction == "AtoB" else ("B", "A")
    # Words of a place go before those of a side, which go before kinds: `input` leaves least open.
    for first, second in (("input", "target"), (input_side, target_side), (eaten, drawn)):
        if first != second and {a, b} == {first, second}:
            return 0 if a == first else 1
    if a == b or None in {a, b}:
        # One name that says its role is enough: `x.jpg` and `x_label.png`.
        known = {"input": 0, input_side: 0, "target": 1, target_side: 1}
        # A model of photos to photos: the kind parts nothing.
        if eaten != drawn:
            known |= {str(eaten): 0, str(drawn): 1}
        for place, role in enumerate((a, b)):
            if a != b and role in known:
                return place if known[role] == 0 else 1 - place
    return None


def _by_kind(couples: Sequence[tuple[Source, Source]], model: Model | None) -> Pairs:
    """Couples ordered by what the pictures are; the suffix decides for all where it parts them."""
    eaten, drawn = (DOMAINS[model.input_domain].kind, DOMAINS[model.output_domain].kind) if model else (None, None)
    if eaten == drawn or "photo" not in {eaten, drawn}:
        raise TestSetError(
            "inputs and targets lie in one folder under the same names, and nothing tells which is which",
            "put them into two folders: harness prepare-images INPUTS --targets TARGETS",
        )
    photo_is_input = eaten == "photo"
    votes: Counter[str] = Counter()  # suffix -> how often its picture was the one that is no photo
    # 25 couples are opened at most; the suffixes then decide for all, however many there are.
    for couple in couples[:25]:
        place = _which_is_no_photo(couple)
        if place is not None:
            votes[PurePosixPath(couple[place].name).suffix.lower()] += 1
    pairs = []
    for couple in couples:
        counts = [votes[PurePosixPath(source.name).suffix.lower()] for source in couple]
        # As many votes for either suffix, e.g. where both are PNG: then each couple is looked at.
        place = _which_is_no_photo(couple) if counts[0] == counts[1] else int(counts[1] > counts[0])
        if place is None:
            raise TestSetError(
                f"`{couple[0].shown}` and `{couple[1].shown}` have one name, and their pictures do not tell which is "
                "the input",
                "put inputs and targets into two folders: harness prepare-images INPUTS --targets TARGETS",
            )
        other, photo = couple[place], couple[1 - place]
        pairs.append((photo, other) if photo_is_input else (other, photo))
    return tuple(pairs)


def _which_is_no_photo(couple: tuple[Source, Source]) -> int | None:
    flat = [_flatness(source) for source in couple]
    if max(flat) < _FLAT or abs(flat[0] - flat[1]) < _FLATTER_BY:
        return None
    return int(flat[1] > flat[0])


def _flatness(source: Source) -> float:
    """Returns the share of pixels, 0 to 1, that have one of the 16 commonest colours: near 1 for label maps, drawings.

    Colours are told apart to 16 levels a channel, so that the noise of a JPEG does not count.
    """
    try:
        content = source.read()
        if decode(content, at_least=(128, 128)).image.mode in {"P", "1"}:  # hardly ever a photo is stored so
            return 1.0
        picture = open_rgb(content, at_least=(128, 128))
    except ImageError:
        return 0.0
    # Nearest: mixing would make new colours at every border and hide that there are few.
    small = np.asarray(picture.resize((128, 128), Image.Resampling.NEAREST), dtype=np.int64)
    if is_drawing(small.astype(np.uint8)):
        return 1.0
    # 4 bits of each channel in one number, 0..4095.
    bins = np.bincount(((small >> 4) @ np.array([256, 16, 1])).ravel(), minlength=4096)
    return float(np.sort(bins)[-16:].sum() / bins.sum())
