"""What kind of file claims to be weights, told from its bytes before anything reads it as such."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path
from typing import Literal

from harness.errors import WeightsError

Container = Literal["zip", "legacy", "torch7"]
"""`zip` since torch 1.6, `legacy` a row of pickles before, `torch7` what Lua Torch saved."""

AGAIN = "bring it again with `harness setup --model NAME`, or name another file"
# The official files have 218 and 46 MB.
MAX_BYTES = 8 * 2**30
# In a zip file it holds names and shapes only, some kB of them.
_MAX_PICKLE_BYTES = 16 * 2**20
# The pickled magic number 0x1950a86a20f9469cfc6c that every legacy file begins with (torch/serialization.py).
_LEGACY_MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
# An object or a table, in bytes or as text: the type as an integer of 32 bits, then a small number as the index.
_TORCH7 = (b"\x04\0\0\0", b"\x03\0\0\0", b"4\n", b"3\n")
_OTHER_KINDS = {
    b"\0\0\0\x04": "a file of Lua Torch from a big-endian machine",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"\x1f\x8b": "a gzip archive",
    b"\x89HDF": "an HDF5 file, as Keras writes",
    b"%PDF": "a PDF document",
}


def recognise(path: Path) -> Container:
    """Returns how a weights file is packed.

    Raises:
        WeightsError: the file is missing, empty, too large, cut off, a zip bomb or no weights file at all.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            head = stream.read(512)
    except OSError as error:
        raise WeightsError(f"cannot read the weights `{path}`: {error.strerror or error}", AGAIN) from error
    if size == 0:
        raise WeightsError(f"`{path}` is empty: a download that failed leaves such a file", AGAIN)
    if size > MAX_BYTES:
        raise WeightsError(f"`{path}` has {size:,} bytes, more than any generator: refused", AGAIN)
    if head.startswith(b"PK\x03\x04"):
        _check_zip(path, size)
        return "zip"
    if head.startswith(_LEGACY_MAGIC):
        return "legacy"
    if head.startswith(_TORCH7):
        return "torch7"
    raise WeightsError(f"`{path}` is {_kind(path, head)}, not weights that torch or Lua Torch saved", AGAIN)


def check_sums(path: Path) -> bool:
    """Reads a weights file to its end and compares the CRC of every entry; returns False for a kind that has none.

    Raises:
        WeightsError: see `recognise`; or a byte is another than when the file was saved.
    """
    if recognise(path) != "zip":
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError, struct.error) as error:
        raise WeightsError(f"`{path}` is damaged: {error}", AGAIN) from error
    if damaged:
        raise WeightsError(f"`{path}` is damaged: `{damaged}` in it does not fit its checksum", AGAIN)
    return True


def _check_zip(path: Path, size: int) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise WeightsError(f"`{path}` is cut off or damaged: its list of contents is not there", AGAIN) from error
    names = [entry.filename for entry in entries]
    # A program would be run by loading it: it is not looked into.
    if any(name.endswith("/constants.pkl") for name in names):
        raise WeightsError(
            f"`{path}` is a TorchScript program; a state dict was expected",
            "save the generator again with `torch.save(net.state_dict(), FILE)`",
        )
    # `torch.save` stores entries as they are; compressed or overlapping ones make a small file an endless one.
    if any(e.compress_size != e.file_size for e in entries) or sum(e.file_size for e in entries) > size:
        raise WeightsError(f"`{path}` is a compressed archive, which no state dict is: refused, not unpacked", AGAIN)
    pickles = [entry for entry in entries if entry.filename.endswith("/data.pkl")]
    if len(pickles) != 1:
        raise WeightsError(f"`{path}` is a zip archive of other things ({', '.join(names[:3])}), not weights", AGAIN)
    if pickles[0].file_size > _MAX_PICKLE_BYTES:
        raise WeightsError(f"`{path}` holds a pickle of {pickles[0].file_size:,} bytes: refused", AGAIN)


def _kind(path: Path, head: bytes) -> str:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        return "a web page: the server answered with a page in place of the file"
    if start.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer, whose file was never fetched"
    for magic, kind in _OTHER_KINDS.items():
        if head.startswith(magic):
            return kind
    # The length of its JSON in eight bytes, then the JSON.
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < MAX_BYTES:
        return "a safetensors file"
    if head[:1] == b"\x80":
        return "a Python pickle of something else (nothing of it was executed)"
    if all(byte in b"\t\n\r\f" or byte >= 32 for byte in head):
        first = head.decode("utf-8", "replace").strip().splitlines() or [""]
        return f"a text file that begins `{first[0][:40]}`"
    return "a file of an unknown kind"
