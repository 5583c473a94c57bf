"""What hand-ins share with each other and with a dataset: pictures, whatever was done to them, and texts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image
from rapidfuzz import fuzz, process

from harness.catalog.domains import DOMAINS
from harness.course.evidence import Finding
from harness.course.receiving import Received
from harness.errors import HarnessError
from harness.images.opening import open_rgb
from harness.images.pairing import looks_single, split_ab
from harness.parallel import default_workers, in_order
from harness.prepare.splitting import Fingerprint, fingerprint, same_picture
from harness.progress import Progress
from harness.sets.finding import FoundSet
from harness.sets.layouts import layout_of
from harness.sets.walking import walk

_ALIKE = 85.0
"""Ratio of rapidfuzz, 0 to 100, from which two answers are one text: unrelated ones have about 50."""

_SHORTEST = 80  # letters: short answers to one question are alike by themselves
_HANDED_OUT = 1 / 3
"""Share of hand-ins, four at least, from which what all of these have was handed out to them."""

_CANDIDATE = 0.7  # coarse correlation; of one picture, shifted, it is 0.73 and more, see `harness.prepare.splitting`
_CLOSELY = 2  # candidates of each picture that are looked at closely
_MOST_OF_SET = 3000  # pictures of a dataset's part: of more, a look at each would take longer than the marking


@dataclass(frozen=True, eq=False)
class Shown:
    """A picture that was handed in, or one of a dataset; `owner` is a hand-in's code, `train` or `given`."""

    owner: str
    name: str
    path: Path
    print: Fingerprint


Shared = tuple[Shown, Shown]
"""Two pictures that are one, of which the first was handed in."""


def shared_pictures(
    received: Sequence[Received], sets: Sequence[FoundSet], progress: Progress
) -> tuple[list[Shared], Counter[str]]:
    """Returns which pictures are another hand-in's or training pictures, and how many of each hand-in were handed out.

    Turned by quarters, mirrored, cropped by a little, scaled or recompressed they are found all the same. What the
    sets hold beside their training part, or a third of the hand-ins have, was handed out and is nobody's own.
    """
    jobs = [(handed.code, f"{run}/{name}", path) for handed in received for run, name, path in _photos(handed)]
    shown: list[Shown] = []
    with progress.step("looking at the pictures", len(jobs)) as step:
        for one in in_order(lambda job: list(_shown(*job)), jobs, default_workers()):
            shown += one
            step.advance()
    known = [one for found in sets for one in _of_set(found, progress)]
    own, given = _not_handed_out(shown, known, max(4.0, len(received) * _HANDED_OUT))
    pool = [*known, *given, *own]
    found: dict[Shown, Shown] = {}

    def same(likely: tuple[Shown, list[tuple[int, int]]]) -> list[Shown]:
        one, places = likely
        return [pool[k] for k, quarters in places if same_picture(pool[k].print, _turned(one.print, quarters))]

    handed_out = Counter(one.owner for one in shown)
    handed_out.subtract(one.owner for one in own)
    with progress.step("comparing the pictures", len(own)) as step:
        for a, alike in zip(own, in_order(same, _likely(own, pool), 2), strict=True):
            # What students have in common with a set goes before what they have in common with each other. A set may
            # show one house twice, in its training part and beside it: the picture more like it is the one.
            alike.sort(key=lambda b: b.owner not in {"train", "given"})
            if alike and alike[0].owner == "given":
                handed_out[a.owner] += 1
            elif alike:
                found[a] = alike[0]
            step.advance()
    return list(found.items()), handed_out


def _photos(handed: Received) -> Iterator[tuple[str, str, Path]]:
    """The photo of each image, which is what a student brings: the input, or what an input was made from."""
    for run, record in handed.runs.items():
        domain = DOMAINS.get(str(record.model.get("output_domain")))
        eaten = DOMAINS.get(str(record.model.get("input_domain")))
        drawn = record.test_set["layout"] == "paired" and domain and domain.kind == "photo"
        kind = "target" if drawn and not (eaten and eaten.kind == "photo") else "input"
        for image in record.images:
            path = handed.run(run) / "images" / kind / f"{image['name']}.png"
            if path.is_file():
                yield run, image["name"], path


def _shown(owner: str, name: str, path: Path, *, halves: bool = False) -> Iterator[Shown]:
    try:
        picture = open_rgb(path)
    except HarnessError:  # numbers and outputs tell of it
        return
    sides = split_ab(picture) if halves and not looks_single(picture.size) else (picture,)
    for side in sides:
        yield Shown(owner, name, path, fingerprint(side))


def _of_set(found: FoundSet, progress: Progress) -> Iterator[Shown]:
    parts = layout_of(found.folder).parts or (".",)
    for part in parts:
        owner = "train" if part.startswith("train") else "given"
        files = walk(found.folder / part, within=found.folder).pictures
        if len(files) > _MOST_OF_SET:
            progress.warn(
                f"hand-ins are compared with {_MOST_OF_SET} of the {len(files)} pictures of `{found.name}/{part}`"
            )
        for file in files[:_MOST_OF_SET]:
            yield from _shown(owner, file.name, file.path, halves=not part.endswith(("A", "B")))


def _not_handed_out(shown: Sequence[Shown], known: Sequence[Shown], least: float) -> tuple[list[Shown], list[Shown]]:
    """Parts what was handed in: what is nobody else's to the pixel, and one of each that many have or a set holds."""
    owners: dict[bytes, set[str]] = defaultdict(set)
    first: dict[bytes, Shown] = {}
    for one in [*known, *shown]:
        pixels = one.print.fine.tobytes()
        owners[pixels].add(one.owner)
        first.setdefault(pixels, one)
    # A training picture stays one, however many have it.
    given = {p for p, who in owners.items() if "given" in who or ("train" not in who and len(who) >= least)}
    return (
        [one for one in shown if one.print.fine.tobytes() not in given],
        [replace(first[pixels], owner="given") for pixels in given],
    )


def _likely(own: Sequence[Shown], pool: Sequence[Shown]) -> Iterator[tuple[Shown, list[tuple[int, int]]]]:
    """Each picture with the few of the pool most like it: their places, and the quarter turns that lead to them."""
    if not own:
        return
    plain = np.concatenate([one.print.coarse for one in pool])  # (K, 768), one half each
    mirrored = np.concatenate([one.print.mirrored for one in pool])
    owners = np.array([one.owner for one in pool])
    for one in own:
        turned = np.concatenate([_turned(one.print, n).coarse for n in range(4)])  # (4, 768)
        alike = np.maximum(turned @ plain.T, turned @ mirrored.T)  # (4, K) correlations
        alike[:, owners == one.owner] = -1
        best = alike.max(0)
        places = [int(k) for k in np.argsort(-best)[:_CLOSELY] if best[k] >= _CANDIDATE]
        yield one, [(k, int(alike[:, k].argmax())) for k in places]


def _turned(print_: Fingerprint, quarters: int) -> Fingerprint:
    if not quarters:
        return print_
    # Means over cells turn with the picture.
    return fingerprint(Image.fromarray(np.ascontiguousarray(np.rot90(print_.fine[0], quarters))))


def same_texts(received: Sequence[Received]) -> Iterator[tuple[str, Finding]]:
    """Yields a hand-in's code and what it says in the words of another one, a finding for each pair of hand-ins."""
    asked: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for handed in received:
        for answer in handed.answers:
            text = " ".join(answer.text.casefold().split())
            if len(text) >= _SHORTEST:
                asked[answer.id].append((handed.code, text))
    alike: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for question, texts in asked.items():
        codes, written = zip(*texts, strict=True)
        # (n, n) of 0 to 100; a text less alike than the cutoff is 0.
        ratios = process.cdist(written, written, scorer=fuzz.ratio, score_cutoff=_ALIKE, workers=1)
        for a, b in zip(*np.nonzero(ratios), strict=True):
            if codes[a] != codes[b]:
                alike[codes[a], codes[b]][question] = float(ratios[a, b])
    for (code, other), questions in alike.items():
        values = {"other": other, "ids": ", ".join(questions), "n": len(questions)}
        yield code, Finding("answers", "differs", "same_text", {**values, "ratio": round(min(questions.values()))})
