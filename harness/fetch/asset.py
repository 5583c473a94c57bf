"""One file of the catalog brought to its place: decide, stream, verify, rename."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from harness.errors import ArchiveError, ChecksumError, CountError, FetchError, HarnessError, NetworkError, WeightsError
from harness.fetch.http import PATIENT, Patience, stream
from harness.fetch.lockfile import LockFile
from harness.files import sha256_of
from harness.progress import Progress, Silent
from harness.redacting import without_credentials

_SPARE_BYTES = 64 << 20
_REFUSED = (NetworkError, ChecksumError, ArchiveError, WeightsError)
"""What another mirror may mend; a full disk is not among it."""


@dataclass(frozen=True)
class Asset:
    """A file that can be brought.

    Attributes:
        id: its key in the lock file, e.g. `weights pix2pix/sat2map`.
        urls: where it is, tried in order.
        sha256: the hash the catalog knows, or None.
        size_bytes: its size, or None; decides whether the disk is large enough before a server is asked.
        needs_bytes: room that using it takes beside its own, e.g. for unpacking.
    """

    id: str
    urls: tuple[str, ...]
    sha256: str | None = None
    size_bytes: int | None = None
    needs_bytes: int = 0


def bring(
    asset: Asset,
    target: Path,
    lock: LockFile,
    progress: Progress | None = None,
    *,
    inspect: Callable[[Path], None] = lambda part: None,
    patience: Patience = PATIENT,
) -> bool:
    """Brings `asset` to `target` unless it is there already; returns whether anything was done.

    Args:
        inspect: looks into the verified bytes before they get their name; raises a HarnessError to refuse them. After
            a CountError they are kept for the next call.

    Raises:
        FetchError: no mirror had it (NetworkError), the bytes are not the expected ones (ChecksumError), the disk is
            too small, or another file is in its place.
        HarnessError: what `inspect` raised.
    """
    progress = progress or Silent()
    if is_there(asset, target, lock, progress):
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    failures: list[HarnessError] = []
    for url in asset.urls:
        part = part_of(target, url)
        try:
            _bring_from(url, asset, part, lock, progress=progress, inspect=inspect, patience=patience)
        except _REFUSED as error:
            if isinstance(error, CountError):  # other mirrors hold the same pictures
                raise
            failures.append(error)
            if url != asset.urls[-1]:
                progress.warn(f"{error.message}; trying the next mirror")
            continue
        part.replace(target)
        for left in target.parent.glob(f".{target.name}.*.part*"):
            _remove_parts(left)
        return True
    raise _all_failed(asset, failures)


def is_there(asset: Asset, target: Path, lock: LockFile, progress: Progress) -> bool:
    """Decides whether `target` holds the asset, or what the user placed for it.

    Raises:
        ChecksumError: there is another file.
    """
    if not target.exists():
        return False
    known, found = known_digests(asset, lock), sha256_of(target)
    if not known:
        # What the user placed is recorded apart: it says nothing of what a later download must be.
        lock.record("placed", asset.id, target.resolve().as_uri(), target.stat().st_size, found)
        progress.say(trusted_on_sight(asset.id, found))
    elif found not in known:
        raise ChecksumError(
            f"`{target}` is another file than was recorded for {asset.id}: expected SHA-256 "
            f"{' or '.join(sorted(known))}, got {found}; nothing was overwritten",
            f"move it away, e.g. `mv {target} {target}.old`, and set up again, or place it with `--from-file`",
        )
    return True


def known_digests(asset: Asset, lock: LockFile) -> set[str]:
    """Returns every SHA-256 that an asset may have: the catalog's, the first download's, what the user placed."""
    entries = (lock.entry("downloaded", asset.id), lock.entry("placed", asset.id))
    return {digest for digest in (asset.sha256, *(entry.sha256 for entry in entries if entry)) if digest}


def trusted_on_sight(asset: str, digest: str) -> str:
    """Returns the word about a file of which nobody told the digest before."""
    return f"{asset}: its SHA-256 was not known; from now on it must be {digest}"


def part_of(target: Path, url: str) -> Path:
    """Returns where the bytes of one mirror gather: beside the target, hidden, kept when a connection breaks."""
    # Of the address: bytes of two mirrors must never be joined into one file.
    mark = hashlib.sha256(url.encode()).hexdigest()[:8]
    return target.with_name(f".{target.name}.{mark}.part")


def check_space(folder: Path, missing: int, what: str) -> None:
    """Raises FetchError when the disk of `folder` has no room for `missing` bytes."""
    free = shutil.disk_usage(folder).free
    if missing and free < missing + _SPARE_BYTES:
        raise FetchError(
            f"{what} needs {_human(missing)} more on the disk of `{folder}`, and {_human(free)} are free",
            "make room, or use another disk with `--workspace DIR`",
        )


def verify(part: Path, asset: Asset, url: str, lock: LockFile) -> str:
    """Returns the SHA-256 of `part` if these are the expected bytes: the catalog's, else those seen first.

    Raises:
        ChecksumError: they are not, or they are a web page; says what was expected and what may be the cause.
    """
    found = sha256_of(part)
    recorded = lock.entry("downloaded", asset.id)
    expected = asset.sha256 or (recorded.sha256 if recorded else None)
    page = _is_web_page(part)
    # A web page in place of a file is an answer of a proxy or a login page; by hash it may still be what is wanted.
    if found == expected or (expected is None and not page):
        return found
    source = "by the catalog" if asset.sha256 else f"as first seen on {recorded.date[:10]}" if recorded else ""
    cause = (
        "it is a web page: the server, a proxy or the login page of a network answered in place of the file"
        if page
        else "it may have been replaced at its source, or changed on the way"
    )
    raise ChecksumError(
        f"{asset.id} from `{url}` is not what it should be: "
        f"expected {f'SHA-256 {expected} ({source})' if expected else 'a file, no web page'}, "
        f"got SHA-256 {found} ({part.stat().st_size:,} bytes); the bytes were deleted; {cause}",
        "open the address in a browser to see what it is, or bring the file another way with `--from-file`",
    )


def _bring_from(
    url: str,
    asset: Asset,
    part: Path,
    lock: LockFile,
    *,
    progress: Progress,
    inspect: Callable[[Path], None],
    patience: Patience,
) -> None:
    """Leaves the verified bytes of one mirror in `part`; bytes that are refused are removed."""

    def enough_space(missing: int) -> None:
        check_space(part.parent, missing + asset.needs_bytes, asset.id)

    def enough_as_told(missing: int) -> None:
        try:
            enough_space(missing)
        except FetchError as error:  # on the word of one server, which another may not repeat
            raise NetworkError(f"`{url}` announces {missing:,} bytes: {error.message}", error.hint) from error

    # Bytes that came before the connection broke need no room again.
    kept = part.stat().st_size if part.exists() else 0
    enough_space(max(0, (asset.size_bytes or 0) - kept))
    server = urlsplit(without_credentials(url)).netloc
    with progress.step(f"{asset.id} from {server}", asset.size_bytes, "bytes") as step:
        size = stream(url, part, step, check_space=enough_as_told, patience=patience, tell=progress.say)
    known = known_digests(asset, lock)
    try:
        digest = verify(part, asset, url, lock)
        inspect(part)
    except _REFUSED as error:
        # With CountError the bytes are whole and only unexpected: `--accept-counts` takes them as they are.
        if not isinstance(error, CountError):
            _remove_parts(part)
        raise
    # A hint only: sizes in the catalog were read once from a server, and hashes decide.
    if asset.sha256 is None and asset.size_bytes not in {None, size}:
        progress.warn(f"{asset.id} has {size:,} bytes; {asset.size_bytes:,} were known")
    lock.record("downloaded", asset.id, without_credentials(url), size, digest)
    if not known:
        progress.say(trusted_on_sight(asset.id, digest))


def _remove_parts(part: Path) -> None:
    part.unlink(missing_ok=True)
    part.with_name(part.name + ".json").unlink(missing_ok=True)


def _all_failed(asset: Asset, failures: list[HarnessError]) -> HarnessError:
    if len(failures) == 1:
        return failures[0]
    tried = "\n".join(f"  {error.message}" for error in failures)
    # Bytes that are wrong everywhere point to the catalog or the source, not to the network.
    kind = ChecksumError if all(isinstance(error, ChecksumError) for error in failures) else NetworkError
    return kind(f"{asset.id} could not be brought from any of {len(failures)} places:\n{tried}", failures[-1].hint)


def _is_web_page(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(512).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype html", b"<html", b"<head", b"<?xml"))


def _human(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
