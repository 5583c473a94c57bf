"""Every error a user can meet, with what happened and the next command to type.

HarnessError
├── UnknownNameError        a model, dataset, run or option value that is not in its list
├── WorkspaceError          a folder that cannot be made, written or locked
├── FetchError              something could not be brought
│   ├── NetworkError        no connection, refused status, cut off
│   ├── ChecksumError       bytes that are not the expected ones
│   ├── ArchiveError        a broken or hostile archive
│   │   └── CountError       an archive with another number of pictures than the catalog knows
│   └── GitError            a clone that is missing, dirty or at the wrong commit
├── ImageError              a picture that cannot be read or used
├── MetricError             a metric that cannot be measured here
├── TestSetError            a folder that is no usable test set
├── WeightsError            a file that is no generator, or not this one
├── EngineError             a translation that did not succeed
│   ├── DeviceError         a device that is not there
│   │   └── MemoryShortError one that has no memory left
│   ├── TrainingError       a training that cannot begin, or stopped itself
│   └── OfficialScriptError the authors' script failed or drew too little
├── WorkerError             a worker that cannot be had, or what it could not do
└── RunError                a run folder that is missing, incomplete or exists already
"""

from __future__ import annotations

import difflib
import errno
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from harness.redacting import without_credentials

_ROOM = "make room, or use another disk with `--workspace DIR`"
_ELSEWHERE = "mend the folder's rights, or use another folder with `--workspace DIR`"
_LESS = "close other programs, or work on less at once: `--limit`, a smaller `--size` or `--batch-size`"
_MENDED_BY = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EFBIG: "raise the limit of a file's size, e.g. `ulimit -f unlimited`, or use another disk",
    errno.EROFS: _ELSEWHERE,
    errno.EACCES: _ELSEWHERE,
    errno.EPERM: _ELSEWHERE,
    errno.ENAMETOOLONG: "use shorter names, or a folder nearer to the root with `--workspace DIR`",
    errno.EMFILE: "raise the limit of open files, e.g. `ulimit -n 4096`",
    errno.EIO: "the disk or the way to it fails: use another one with `--workspace DIR`",
    errno.ENOMEM: _LESS,
}
"""What the system may refuse to any command, and what the user can do about it."""

_MOST_LISTED = 20


def quoted(name: object) -> str:
    """Returns a name or path as a command to type holds it, in quotes where a shell would take it apart."""
    return shlex.quote(str(name))


class HarnessError(Exception):
    """An error the user can mend; no address in it shows a password or token.

    Attributes:
        message: what happened, to which file, and what was expected; no full stop on one sentence.
        hint: the next command to type or thing to do, or None.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        # Here, once, since messages hold addresses from everywhere and are shown in terminals, logs and pages.
        self.message = without_credentials(message)
        self.hint = hint and without_credentials(hint)
        super().__init__(self.message)

    def __str__(self) -> str:
        return self.message

    def restated(self, message: str | None = None, hint: str | None = None) -> Self:
        """Returns the same error with another message or hint; what is None stays as it is."""
        made = type(self).__new__(type(self))  # a kind of its own may be made of other arguments
        made.__dict__.update(self.__dict__)
        HarnessError.__init__(made, message or self.message, hint or self.hint)
        return made


class UnknownNameError(HarnessError):
    """A name that is not in the list it should come from; suggests the nearest ones."""

    def __init__(self, kind: str, name: str, known: Iterable[str], hint: str | None = None) -> None:
        names = sorted(known)
        # Whatever the case, for names are typed from memory; the answer shows them as they are written.
        typed, folded = name.casefold(), {n.casefold(): n for n in names}
        # Names of runs are long: a part of one, too short to be near by its letters, is meant for it all the same.
        parts = [n for n in folded if len(typed) >= 3 and typed in n]
        near = list(dict.fromkeys([*parts, *difflib.get_close_matches(typed, folded, n=3, cutoff=0.5)]))[:3]
        question = f". Did you mean {' or '.join(f'`{folded[n]}`' for n in near)}?" if near else ""
        more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
        listed = f"known: {', '.join(names[:_MOST_LISTED])}{more}" if names else None
        super().__init__(f"no {kind} is called `{name}`{question}", hint or listed)
        self.known = names


class WorkspaceError(HarnessError):
    """A workspace folder that cannot be made, written or locked."""


class FetchError(HarnessError):
    """Something could not be brought."""


class NetworkError(FetchError):
    """No connection, a refused status or a transfer that was cut off."""


class ChecksumError(FetchError):
    """Bytes that are not the expected ones."""


class ArchiveError(FetchError):
    """A broken or hostile archive."""


class CountError(ArchiveError):
    """An archive with another number of pictures than the catalog knows; what was downloaded is kept."""


class GitError(FetchError):
    """A clone that is missing, dirty or at the wrong commit."""


class ImageError(HarnessError):
    """A picture that cannot be read or used."""


class MetricError(HarnessError):
    """A metric that cannot be measured: on these pictures, or with what is installed."""


class TestSetError(HarnessError):
    """A folder that is no usable test set."""

    __test__ = False  # pytest would collect a class of this name


class WeightsError(HarnessError):
    """A file that holds no generator, or not the expected one."""


class EngineError(HarnessError):
    """A translation that did not succeed."""


class DeviceError(EngineError):
    """A device that is not there."""


class MemoryShortError(DeviceError):
    """A device or machine that has no memory left."""


class TrainingError(EngineError):
    """A training that cannot begin as asked, or stopped itself."""


class OfficialScriptError(EngineError):
    """The authors' script failed, or drew fewer pictures than it was given."""


class WorkerError(HarnessError):
    """A worker of another process or machine that cannot be had, or a piece of work that it could not do."""


class RunError(HarnessError):
    """A run folder that is missing, incomplete or exists already."""


def refused_by_system(error: OSError | MemoryError, place: Path) -> WorkspaceError | None:
    """Returns what the system refused as an error with a path and a hint: disk, rights, limits or memory.

    Args:
        place: the folder to name where the error knows no file.

    Returns:
        None for any other error, which is a fault of harness or of the network.
    """
    # Python's own, which knows no file; of a GPU's memory MemoryShortError tells.
    if isinstance(error, MemoryError):
        return WorkspaceError(f"the memory did not suffice in `{place}`", _LESS)
    # Any other number, such as a broken pipe, is left to whoever knows what was being done.
    if error.errno not in _MENDED_BY:
        return None
    return WorkspaceError(f"`{error.filename or place}`: {error.strerror}", _MENDED_BY[error.errno])
