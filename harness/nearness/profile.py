"""The profile of a domain: what its training pictures look like, in one small JSON file with its provenance."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from harness.documents import Document
from harness.errors import ImageError, TestSetError
from harness.images.opening import open_rgb
from harness.images.palettes import snap
from harness.nearness.features import NAMES, SMALLEST_SIDE, VERSION, describe
from harness.nearness.palette import ColourSet, Picture, main_colours
from harness.nearness.scoring import ORIENTATION, Array, Reference, Scale, Upright, calibrate
from harness.parallel import default_workers, in_order
from harness.progress import Progress, Silent
from harness.version import __version__

_DOCUMENT = Document(
    newest=1,
    error=TestSetError,
    missing="there is no profile `{folder}/{name}`",
    bring="harness setup",
    mend="delete it, then `harness setup`",
)
# Below 20 quantiles of 5 % mean nothing; 256 points keep the file below 100 kB and scoring fast.
FEWEST, MOST = 20, 256
Half = Literal["left", "right"]


@dataclass(frozen=True)
class Profile:
    """What the pictures of a domain look like.

    Attributes:
        domain: in the catalog's words, such as `facade photo`.
        provenance: where the pictures come from, as given, with their number, those used, a SHA-256 over the sorted
            list of names, and the harness version.
        usual: features × 3: the 5 %, 50 % and 95 % quantiles of the training pictures.
    """

    domain: str
    provenance: dict[str, Any]
    palette: ColourSet
    usual: Array
    reference: Reference
    scale: Scale


def build_profile(
    images: Sequence[Path],
    domain: str,
    provenance: dict[str, Any],
    *,
    half: Half | None = None,
    size: tuple[int, int] | None = None,
    colours: Picture | None = None,
    progress: Progress | None = None,
) -> Profile:
    """Describes the pictures of a domain; of more than 256, as many are drawn, the same ones every time.

    Args:
        images: training pictures.
        provenance: at least `dataset`; copied into the profile.
        half: which half of each picture belongs to the domain, where A and B stand side by side.
        size: width and height in pixels the model's preprocessing brings them to, or None to leave them.
        colours: N×3 uint8; label maps are snapped to them, as prepared ones are. The published maps are JPEGs, beside
            whose noise a clean map would look unusual.

    Raises:
        TestSetError: fewer than 20 pictures.
        ImageError: a picture that cannot be read, or a side below 32 pixels.
    """
    if len(images) < FEWEST:
        raise TestSetError(
            f"{len(images)} pictures are too few to profile `{domain}`: {FEWEST} are needed",
            "take more of the training pictures",
        )
    chosen = sorted(images)
    if len(images) > MOST:
        # Of the sorted list, with one seed: the same pictures on every machine.
        kept = np.random.default_rng(0).choice(len(images), MOST, replace=False)
        chosen = [chosen[i] for i in sorted(kept)]
    with (progress or Silent()).step(f"Profiling {domain}", 2 * len(chosen)) as step:

        def read(path: Path) -> Picture:
            pixels = _read(path, half, size, colours)
            step.advance()
            return pixels

        # Pictures are read twice, once for their colours and once to be described, rather than kept in memory.
        palette = main_colours(in_order(read, chosen, default_workers()))
        rows = in_order(lambda path: describe(read(path), palette), chosen, default_workers())
        descriptions = np.array(list(rows))
    facts = {
        "count": len(images),
        "used": len(chosen),
        "list_sha256": hashlib.sha256("\n".join(sorted(path.name for path in images)).encode()).hexdigest(),
        "size": list(size) if size else None,
        "harness": __version__,
    }
    return profile_of(descriptions, domain, {**provenance, **facts}, palette)


def profile_of(descriptions: Array, domain: str, provenance: dict[str, Any], palette: ColourSet) -> Profile:
    """Returns the profile of n × features descriptions, rounded as the file rounds it."""
    # (features, 3)
    usual = np.quantile(descriptions, [0.05, 0.5, 0.95], axis=0).T
    reference, scale = Reference.of(descriptions), calibrate(descriptions)
    # By way of the file's rounding, so that a fresh profile judges as it will when it is read again.
    return _from_document(_document(Profile(domain, provenance, palette, usual, reference, scale)))


def _read(path: Path, half: Half | None, size: tuple[int, int] | None, colours: Picture | None) -> Picture:
    try:
        image = open_rgb(path)
    except ImageError as error:
        raise ImageError(f"`{path}` {error.message}", "take it out of the training pictures") from error
    if half:
        middle = image.width // 2
        image = image.crop((0, 0, middle, image.height) if half == "left" else (middle, 0, image.width, image.height))
    if size and image.size != size:
        image = image.resize(size, Image.Resampling.BICUBIC)
    if min(image.size) < SMALLEST_SIDE:
        raise ImageError(f"`{path}` is smaller than {SMALLEST_SIDE} pixels", "take it out of the training pictures")
    pixels = np.asarray(image)
    return pixels if colours is None else snap(pixels, colours, colours).pixels


def save_profile(path: Path, profile: Profile) -> None:
    """Writes a profile, under 100 kB, e.g. `datasets/<family>/<name>/profile-<domain>.json`."""
    _DOCUMENT.save(path, _document(profile))


def load_profile(path: Path) -> Profile:
    """Reads a profile; raises TestSetError if it is missing, damaged, or describes pictures by other features."""
    return _DOCUMENT.load(path, lambda document: _of_this_version(path, document))


def _of_this_version(path: Path, document: dict[str, Any]) -> Profile:
    if document["features"] != VERSION:
        raise TestSetError(f"`{path}` was made by another version of harness", "harness setup")
    try:
        return _from_document(document)
    except zlib.error as error:
        raise ValueError(str(error)) from error


def _document(profile: Profile) -> dict[str, Any]:
    reference, scale = profile.reference, profile.scale
    usual = np.round(profile.usual, 5).tolist()
    return {
        "features": VERSION,
        "domain": profile.domain,
        "provenance": profile.provenance,
        "palette": [list(colour) for colour in profile.palette.colours],
        "usual": dict(zip(NAMES, usual, strict=True)),
        "centre": _packed(reference.centre, "<f4"),
        "scale": _packed(reference.scale, "<f4"),
        # Half precision is finer than a standardised feature can be told.
        "points": _packed(reference.points, "<f2"),
        "upright": {
            group: [_packed(upright.scale, "<f4"), _packed(upright.weights, "<f4")]
            for group, upright in reference.upright.items()
        },
        "remoteness": _packed(scale.usual, "<f4"),
        "scores": _packed(scale.scores, "<f4"),
    }


def _from_document(document: dict[str, Any]) -> Profile:
    upright = {group: Upright(*(_unpacked(part) for part in document["upright"][group])) for group in ORIENTATION}
    points = _unpacked(document["points"])
    return Profile(
        domain=document["domain"],
        provenance=document["provenance"],
        palette=ColourSet([(red, green, blue) for red, green, blue in document["palette"]]),
        usual=np.array([document["usual"][name] for name in NAMES]),
        reference=Reference(_unpacked(document["centre"]), _unpacked(document["scale"]), points, upright),
        scale=Scale(_unpacked(document["remoteness"]), _unpacked(document["scores"])),
    )


def _packed(array: Array, kind: str) -> dict[str, Any]:
    # JSON takes text only: base 85 makes a quarter more of the bytes, base 64 a third.
    data = zlib.compress(array.astype(kind).tobytes(), 9)
    return {"kind": kind, "shape": list(array.shape), "data": base64.b85encode(data).decode()}


def _unpacked(packed: dict[str, Any]) -> Array:
    kind, shape = packed["kind"], packed["shape"]
    # Nothing of a file is trusted: another dtype could hold objects.
    if kind not in {"<f2", "<f4"}:
        raise ValueError(f"an array of kind {kind}")
    size = int(np.prod(shape)) * np.dtype(kind).itemsize
    data = zlib.decompressobj().decompress(base64.b85decode(packed["data"]), size)  # never more than is told
    return np.frombuffer(data, dtype=kind).reshape(shape).astype(np.float64)
