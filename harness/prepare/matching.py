"""Which target belongs to which input: by name, by the roles that names tell, or by what the pictures are."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from harness.catalog.domains import DOMAINS
from harness.catalog.types import Direction, Model
from harness.errors import ImageError, TestSetError
from harness.images.edges import is_drawing
from harness.images.opening import decode, open_rgb
from harness.images.palettes import PALETTES, Palette
from harness.prepare.recipes.labels import MUCH_OFF
from harness.prepare.sources import Gathered, Source
from harness.sets.roles import role_and_rest, which_is_input
from harness.sets.test_set import Refusal
from harness.sets.walking import is_picture

Pairs = tuple[tuple[Source, Source], ...]

# Arabic kaf and yeh as Persian keyboards have them; joiners and direction marks, which nobody sees.
_LETTERS = str.maketrans({"ك": "ک", "ي": "ی", "ى": "ی", "\u200c": None, "\u200d": None, "\u200e": None, "\u200f": None})
# What the authors' test scripts write beside an input, `NAME_real_A`: outputs, and what was made of those.
_OUTPUT = re.compile(r"^(.*_|)(?:fake|rec|idt)_[ab]$")
# Share of pixels in a picture's 16 commonest colours from which it may be a label map or a drawing,
# and by how much it must exceed its partner's.
_FLAT = 0.8
_FLATTER_BY = 0.15
_TWO_FOLDERS = "put inputs and targets into two folders: harness prepare-images INPUTS --targets TARGETS"
_SAMPLE = 25  # pictures that are opened to tell what a folder holds

_Look = tuple[NDArray[np.uint8] | None, float]
"""A picture at 128×128 RGB, None where it stores no colours or cannot be read, and its flatness: the share of pixels,
0 to 1, that have one of the 16 commonest colours, near 1 for label maps and drawings. Colours are told apart to 16
levels a channel, so that the noise of a JPEG does not count."""


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
    for source in pictures_of(folder):  # CMP's own archive has an XML of every stem, too
        groups[_without_role(source)].append(source)
    # Groups of exactly two: of three with one name nobody knows which two belong together.
    couples = [(a, b) for a, b, *more in (g for g in groups.values() if len(g) > 1) if not more]
    if not couples:
        raise TestSetError(
            "inputs and targets are the same folder, and no two of its files have one name: a picture is never its own "
            "target",
            _TWO_FOLDERS,
        )
    # Words in names are cheap and the user's own; pictures are opened only where no word tells.
    pairs = _by_role(couples, model, direction)
    if swapped(pairs, model):
        pairs = tuple((b, a) for a, b in pairs)
    pairs = pairs or _by_kind(couples, model)
    taken = {id(source) for pair in pairs for source in pair}
    others = [Refusal(s.shown, "is no picture by its suffix") for s in folder.sources if not is_picture(s.name)]
    alone = [s for s in pictures_of(folder) if id(s) not in taken]
    refused = [
        Refusal(s.shown, f"has {'no' if len(groups[_without_role(s)]) == 1 else 'more than one'} partner of that name")
        for s in alone
    ]
    return Matched(tuple(pairs), (*folder.refused, *refused, *others))


def hidden_pairs(folder: Gathered) -> int:
    """Returns how many pairs a folder seems to hold whose files were given without targets."""
    return sum(count == 2 for count in Counter(map(_without_role, pictures_of(folder))).values())


def pictures_of(folder: Gathered) -> list[Source]:
    """Returns the files that are pictures by their suffix."""
    return [source for source in folder.sources if is_picture(source.name)]


def without_outputs(folder: Gathered) -> Gathered:
    """Leaves out what the authors' test scripts wrote beside the inputs: `x_fake_B` where there is `x_real_A`."""
    stems = {_stem(source) for source in folder.sources}
    drawn = [
        source
        for source in folder.sources
        if (found := _OUTPUT.match(_stem(source))) and stems & {f"{found[1]}real_a", f"{found[1]}real_b"}
    ]
    reason = "is an output of the authors' script, beside the input it was made of"
    left = tuple(source for source in folder.sources if source not in drawn)
    return replace(folder, sources=left, refused=(*folder.refused, *(Refusal(s.shown, reason) for s in drawn)))


def kinds_of(model: Model | None) -> tuple[str | None, str | None]:
    """Returns the kinds of picture that a model takes and makes; None for each where no model is known."""
    return (DOMAINS[model.input_domain].kind, DOMAINS[model.output_domain].kind) if model else (None, None)


def _photo_place(model: Model | None) -> int | None:
    """0 where a model takes photos and makes another kind, 1 where it is the other way round; None where neither is."""
    eaten, drawn = kinds_of(model)
    return None if eaten == drawn or "photo" not in {eaten, drawn} else int(drawn == "photo")


def swapped(pairs: Pairs, model: Model | None) -> bool:
    """Whether the pictures say that inputs and targets are the other way round, for a model of photos and another kind.

    Some pairs are opened; every one that tells must say so.
    """
    photo, palette = _photo_place(model), _palette_of(model)
    if photo is None:
        return False
    return {_which_is_no_photo(pair, palette) for pair in pairs[:_SAMPLE]} - {None} == {photo}


def side_by_side(inputs: Gathered, model: Model | None) -> bool | None:
    """Whether pictures are pairs with A and B side by side, as `test/` and `train/` of the official datasets hold them.

    None where all are twice as wide as high and nothing else tells; some are opened.
    """
    palette, told = _palette_of(model), []
    for source in pictures_of(inputs)[:_SAMPLE]:
        try:
            picture = open_rgb(source.read(), at_least=(256, 128))
        except ImageError:
            continue
        middle = picture.width // 2
        # Of a JPEG that is decoded smaller, the sides are rounded up.
        if abs(picture.width - 2 * picture.height) > 1:
            return False
        halves = [_look_at(picture.crop((x, 0, x + middle, picture.height))) for x in (0, middle)]
        told.append(_flatter(halves[0], halves[1], palette))
    if not told:
        return False
    # A photo's halves are both photos, a drawing's both drawings.
    return True if _photo_place(model) is not None and None not in told else None


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


def _stem(source: Source) -> str:
    return unicodedata.normalize("NFC", PurePosixPath(source.name).with_suffix("").as_posix()).casefold()


def _spelling(source: Source) -> str:
    """The stem as a Persian reader reads it: one kaf, one yeh, digits of any script, joiners left out."""
    text = _stem(source).translate(_LETTERS)
    return "".join(str(unicodedata.digit(c)) if unicodedata.digit(c, None) is not None else c for c in text)


def _without_role(source: Source) -> str:
    folder, slash, name = _spelling(source).rpartition("/")
    role, rest = role_and_rest(name)
    return f"{folder}{slash}{rest}" if role else _spelling(source)


def _role(source: Source) -> str | None:
    return role_and_rest(_spelling(source).rpartition("/")[2])[0]


def _by_role(couples: Sequence[tuple[Source, Source]], model: Model | None, direction: Direction) -> Pairs:
    """Couples in the order of input and target, as their names tell; nothing where they do not, for all of them."""
    pairs = []
    eaten, drawn = kinds_of(model)
    for a, b in couples:
        first = which_is_input(_role(a), _role(b), eaten=eaten, drawn=drawn, direction=direction)
        if first is None:
            # One couple that does not tell makes the whole folder doubtful: sides would be mixed.
            return ()
        pairs.append((a, b) if first == 0 else (b, a))
    return tuple(pairs)


def _by_kind(couples: Sequence[tuple[Source, Source]], model: Model | None) -> Pairs:
    """Couples ordered by what the pictures are; the suffix decides for all where it parts them."""
    photo, palette = _photo_place(model), _palette_of(model)
    if photo is None:
        raise TestSetError(
            "inputs and targets lie in one folder under the same names, and nothing tells which is which", _TWO_FOLDERS
        )
    votes: Counter[str] = Counter()  # suffix -> how often its picture was the one that is no photo
    # Some couples are opened; the suffixes then decide for all, however many there are.
    for couple in couples[:_SAMPLE]:
        place = _which_is_no_photo(couple, palette)
        if place is not None:
            votes[PurePosixPath(couple[place].name).suffix.lower()] += 1
    pairs = []
    for couple in couples:
        counts = [votes[PurePosixPath(source.name).suffix.lower()] for source in couple]
        # As many votes for either suffix, e.g. where both are PNG: then each couple is looked at.
        place = _which_is_no_photo(couple, palette) if counts[0] == counts[1] else int(counts[1] > counts[0])
        if place is None:
            raise TestSetError(
                f"`{couple[0].shown}` and `{couple[1].shown}` have one name, and their pictures do not tell which is "
                "the input",
                _TWO_FOLDERS,
            )
        pairs.append(couple if place != photo else (couple[1], couple[0]))
    return tuple(pairs)


def _palette_of(model: Model | None) -> Palette | None:
    """The palette of the label maps on either side of a model."""
    domains = (model.input_domain, model.output_domain) if model else ()
    return next((PALETTES[domain] for domain in domains if domain in PALETTES), None)


def _which_is_no_photo(couple: tuple[Source, Source], palette: Palette | None) -> int | None:
    return _flatter(_look(couple[0]), _look(couple[1]), palette)


def _flatter(a: _Look, b: _Look, palette: Palette | None) -> int | None:
    looks = (a, b)
    if palette is not None:
        # What a dataset's own label maps have, JPEGs that they are, and no photo.
        maps = [pixels is not None and palette.share_off(pixels) <= MUCH_OFF for pixels, _ in looks]
        if maps[0] != maps[1]:
            return int(maps[1])
    flat = [flatness for _, flatness in looks]
    if max(flat) < _FLAT or abs(flat[0] - flat[1]) < _FLATTER_BY:
        return None
    return int(flat[1] > flat[0])


def _look(source: Source) -> _Look:
    try:
        content = source.read()
        if decode(content, at_least=(128, 128)).image.mode in {"P", "1"}:  # hardly ever a photo is stored so
            return None, 1.0
        picture = open_rgb(content, at_least=(128, 128))
    except ImageError:
        return None, 0.0
    return _look_at(picture)


def _look_at(picture: Image.Image) -> _Look:
    # Nearest: mixing would make new colours at every border and hide that there are few.
    small = np.asarray(picture.resize((128, 128), Image.Resampling.NEAREST))
    if is_drawing(small):
        return small, 1.0
    # 4 bits of each channel in one number, 0..4095.
    bins = np.bincount(((small.astype(np.int64) >> 4) @ np.array([256, 16, 1])).ravel(), minlength=4096)
    return small, float(np.sort(bins)[-16:].sum() / bins.sum())
