"""Which pictures of a set a model translates, which half of each is the input, and what identifies them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.catalog.domains import DOMAINS
from harness.catalog.types import Direction, Model
from harness.errors import ImageError, TestSetError, quoted
from harness.files import sha256_of
from harness.images.opening import stored_size
from harness.images.pairing import PAIR_ASPECT, looks_single
from harness.parallel import default_workers, in_order
from harness.sets.finding import FoundSet
from harness.sets.item import Item
from harness.sets.naming import safe_names
from harness.sets.test_set import Domains, Refusal, TestSet, missing_images
from harness.sets.walking import named, walk

# Of official pairs facades and night2day have both, all others only `val`.
_PAIRED_SPLITS = ("test", "val")
_OWN = {"own_a", "own_b"}  # domains of sets that nobody described


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The pictures of one test.

    Attributes:
        paired: whether there are targets: of pairs, or the photos themselves for a model that colours them.
        reference: what `--dataset` must say to select the same again; None for a folder outside the workspace.
        facts: one entry an image in order, for the run's record: `name`, `source`, `nearness`, `warnings`; and SHA-256
            of the picture translated (`sha256`), of the user's picture (`source_sha256`) and of its target's.
        digest: equal selections have equal digests.
        refused: files of the folder that are not among the pictures, with the reasons.
        remarks: what the user should know before they are translated.
    """

    name: str
    reference: str | None
    items: tuple[Item, ...]
    paired: bool
    direction: Direction
    digest: str
    facts: tuple[dict[str, Any], ...]
    refused: tuple[Refusal, ...] = ()
    split: str | None = None
    nearness: dict[str, Any] | None = None
    remarks: tuple[str, ...] = ()

    def only(self, names: Container[str]) -> Selection:
        """Returns the pictures of these names; the digest stays that of the whole selection."""
        items = tuple(item for item in self.items if item.name in names)
        return replace(self, items=items, facts=tuple(facts for facts in self.facts if facts["name"] in names))

    def limited(self, count: int | None) -> Selection:
        """Returns the first `count` pictures, all for None; the digest says how many."""
        if count is None or count >= len(self.items):
            return self
        # Without hashing again; two runs of the first ten of one set are of equal pictures.
        return replace(self, items=self.items[:count], facts=self.facts[:count], digest=f"{self.digest}:first-{count}")


def select(found: FoundSet, model: Model, split: str | None = None, *, follow_links: bool = False) -> Selection:
    """Returns the pictures of a set that a model can read.

    Args:
        found: a prepared set, an official dataset or a folder laid out like one.
        split: the folder of pictures; by default the catalog's for this model.
        follow_links: whether links that lead out of the folder are followed.

    Raises:
        TestSetError: it holds no such folder, no picture there, or none of the kind that the model eats.
    """
    if found.test_set is not None:
        return _from_prepared(found, found.test_set, model, split)
    return _from_layout(found, model, split, follow_links=follow_links)


def input_side(found: FoundSet, model: Model) -> tuple[Direction, str | None]:
    """Returns which half of a pair the model takes, and a line where that is a guess.

    The domains decide where both are known; else the direction the set was made for does, or the model's.

    Raises:
        TestSetError: both halves are known, and the model eats neither.
    """
    known: Domains = tuple(None if domain in _OWN else domain for domain in found.domains)  # type: ignore[assignment]
    # A set says which half is the input of the model it was made for; one's own may learn the other way round.
    fallback = model.direction if model.own or found.direction is None else found.direction
    # Both sides known and different: only then does the model's input say which is which.
    if known[0] != known[1] and model.input_domain in known:
        return ("AtoB" if known[0] == model.input_domain else "BtoA"), None
    if None not in known and known[0] != known[1] and model.input_domain not in _OWN:
        raise _wrong_domain(found, model, " and ".join(f"`{domain}`" for domain in known))
    if model.own and model.dataset == found.reference:  # its training said which half is the input
        return fallback, None
    side = "left" if fallback == "AtoB" else "right"
    return fallback, f"what the halves of `{found.name}` are is not recorded: the {side} one is the input ({fallback})"


def _wrong_domain(found: FoundSet, model: Model, holds: str) -> TestSetError:
    eaten = DOMAINS[model.input_domain].description
    return TestSetError(
        f"`{found.name}` holds {holds}, and `{model.id}` eats `{model.input_domain}`: {eaten}",
        f"harness prepare-images FOLDER --model {model.id}, or choose a model that eats them: harness models",
    )


def _from_prepared(found: FoundSet, test_set: TestSet, model: Model, split: str | None) -> Selection:
    folder = found.folder
    missing = missing_images(folder, test_set)
    if missing:
        raise TestSetError(
            f"`{folder}` lacks {len(missing)} of the pictures its `dataset.json` names, e.g. `{missing[0]}`",
            "prepare the images again",
        )
    paired = test_set.layout == "paired"
    usual = "test" if paired else "testA"
    parts = sorted({i.output.partition("/")[0] for i in test_set.images})
    # One's own model is tested on what its training held out, if this set has such a part.
    wanted = split or (model.split if model.own and model.split in parts else usual)
    images = [i for i in test_set.images if i.output.startswith(f"{wanted}/")]
    if not images:
        raise TestSetError(
            f"`{folder}` holds no image in `{wanted}`; it has: {', '.join(parts) or 'none at all'}",
            "name one with `--split`, or harness prepare-images FOLDER",
        )
    direction, guess = _side_of_prepared(found, test_set, model)
    known = list(zip(images, _hashes([folder / image.output for image in images]), strict=True))
    changed = [i.output for i, sha in known if i.output_sha256 not in {None, sha}]
    remarks = [guess] if guess else []
    if changed:
        remarks.append(f"changed since they were prepared: {named(changed)}; they are taken as they are now")
    # A set for no model in particular, as of one's own training, has nothing that it should be near to.
    if test_set.unjudged and test_set.model:
        remarks.append(f"nearness was not judged: {test_set.unjudged}")
    if any(image.geometry is None for image in images):
        remarks.append(
            f"`{test_set.name}` was prepared before it was recorded where pictures lie: padding is measured, and full "
            "pictures show it; prepare it again"
        )
    # Sets made before pictures were hashed keep the digest that was recorded of them.
    now = tuple(replace(i, output_sha256=sha if test_set.hashed else None) for i, sha in known)
    return Selection(
        name=test_set.name,
        reference=found.reference if found.inside else None,
        items=tuple(Item(i.name, folder / i.output, paired, i.geometry) for i in images),
        paired=paired or model.architecture.colorizes,
        direction=direction,
        digest=replace(test_set, images=now).digest(),
        facts=tuple(
            # A picture that is its own target, as in colorization, has one hash for both.
            _facts(i.name, i.source, sha, i.sha256, i.target_sha256 or (i.sha256 if i.target else None))
            | {"nearness": i.nearness, "warnings": list(i.warnings)}
            for i, sha in known
        ),
        refused=test_set.refused,
        split=wanted,
        nearness=test_set.nearness,
        remarks=tuple(remarks),
    )


def _side_of_prepared(found: FoundSet, test_set: TestSet, model: Model) -> tuple[Direction, str | None]:
    if test_set.layout == "paired":
        return input_side(found, model)
    held = next(filter(None, found.domains), None)
    # Nobody said what these are, or the model was trained on something nobody described: taken at the user's word.
    if held is None or held in {model.input_domain, *_OWN} or model.input_domain in _OWN:
        return test_set.direction, None
    # A label map for a photo is an error; another kind of photo, say dogs for horses, a remark.
    if DOMAINS[held].kind != DOMAINS[model.input_domain].kind:
        raise _wrong_domain(found, model, f"`{held}`")
    return test_set.direction, f"`{found.name}` was prepared as `{held}`, and `{model.id}` eats `{model.input_domain}`"


def _facts(name: str, source: str, sha256: str, source_sha256: str, target_sha256: str | None) -> dict[str, Any]:
    hashes = {"sha256": sha256, "source_sha256": source_sha256, "target_sha256": target_sha256}
    return {"name": name, "source": source, "nearness": None, "warnings": [], **hashes}


def _from_layout(found: FoundSet, model: Model, split: str | None, *, follow_links: bool) -> Selection:
    """A folder laid out as the official datasets: `test/` or `val/` with pairs, or `testA/`, `testB/`."""
    folder, colorizes = found.folder, model.architecture.colorizes
    several = model.paired or colorizes
    # Catalog datasets differ in which part they test on; a model without pairs knows exactly one.
    wanted = [split] if split else [model.split, *_PAIRED_SPLITS] if several else [model.split]
    chosen = next((s for s in wanted if (folder / s).is_dir()), None)
    if chosen is None:
        there = ", ".join(found.layout.parts) or "no folders"
        raise TestSetError(
            f"`{folder}` has no folder `{wanted[0]}`; it has: {there}",
            f"name one with `--split`, or harness prepare-images {quoted(folder)} --model {model.id}",
        )
    walked = walk(folder / chosen, within=folder, follow_links=follow_links)
    if not walked.pictures:
        more = "".join(f"; {remark}" for remark in walked.remarks())
        raise TestSetError(
            f"`{folder / chosen}` holds no picture{more}", f"harness prepare-images FOLDER --model {model.id}"
        )
    # Folders of one side end in A or B; everything else holds pairs, except for a model that colours photos.
    paired = not chosen.endswith(("A", "B")) and not colorizes
    if paired:
        _refuse_singles([file.path for file in walked.pictures], folder / chosen, model)
    direction, guess = input_side(found, model) if paired else (model.direction, None)
    if not paired:
        _refuse_other_side(found, model, chosen)
    names = safe_names([file.name for file in walked.pictures])
    hashes = _hashes([file.path for file in walked.pictures])
    pictures = list(zip(names, walked.pictures, hashes, strict=True))
    # Names as they are; the form of this text must never change, or digests of old runs would differ.
    told = json.dumps([[name, sha] for name, _, sha in pictures], ensure_ascii=False)
    return Selection(
        # Another part than the usual is another set in the names of runs.
        name=found.name if chosen == model.split else f"{found.name}-{chosen}",
        reference=found.reference if found.inside else None,
        items=tuple(Item(name, file.path, paired) for name, file, _ in pictures),
        paired=paired or colorizes,
        direction=direction,
        digest=hashlib.sha256(told.encode()).hexdigest(),
        # Nothing was prepared: the user's file is the picture translated, and holds its target.
        facts=tuple(
            _facts(name, f"{chosen}/{file.name}", sha, sha, sha if paired else None) for name, file, sha in pictures
        ),
        split=chosen,
        refused=walked.left_out(),
        remarks=(*([guess] if guess and found.official is None else []), *walked.remarks()),
    )


def _refuse_singles(paths: Sequence[Path], folder: Path, model: Model) -> None:
    """Single pictures would be cut in two, and one half measured against the other."""
    sizes = list(filter(None, in_order(_size_if_picture, paths, default_workers())))
    narrow = [size for size in sizes if looks_single(size)]
    # More than half: a panorama or two among the pairs, or the reverse, is no mistake of the whole folder.
    if len(narrow) * 2 > len(sizes):
        raise TestSetError(
            f"the pictures in `{folder}` look like single ones, not like A and B side by side: {len(narrow)} of "
            f"{len(sizes)} are narrower than {PAIR_ASPECT} times their height",
            f"harness prepare-images {quoted(folder)} --model {model.id}",
        )


def _size_if_picture(path: Path) -> tuple[int, int] | None:
    try:
        return stored_size(path)
    except ImageError:  # its reader says what is wrong with it
        return None


def _refuse_other_side(found: FoundSet, model: Model, split: str) -> None:
    """A folder that the user names is taken at its word, unless it is known to hold something else."""
    side = {"A": 0, "B": 1}.get(split[-1])
    held = found.domains[side] if side is not None else None
    if held and held not in _OWN and model.input_domain not in {held, *_OWN} and held == model.output_domain:
        raise _wrong_domain(found, model, f"`{held}` in `{split}`")


def _hashes(paths: Sequence[Path]) -> list[str]:
    return list(in_order(sha256_of, paths, default_workers()))
