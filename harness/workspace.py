"""The workspace: the one place that knows where `third_party/`, `datasets/` and `results/` are."""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from filelock import FileLock, Timeout

from harness.errors import WorkspaceError
from harness.files import sweep

# What follows `C:` is a path of Windows; bytes that are no UTF-8 are shown by no page.
_SAFE_NAME = re.compile(r"(?![A-Za-z]:|\.)[^/\\\x00-\x1f\ud800-\udfff]+")
NAME_BYTES = 200
"""Of a name in UTF-8: file systems allow 255, and `.failed.log` or a temporary name's ending still have to fit."""


def checked_name(name: str, kind: str) -> str:
    """Returns `name` if it can be one folder's name; raises WorkspaceError for separators, `..` and the like."""
    if not _SAFE_NAME.fullmatch(name) or len(name.encode()) > NAME_BYTES:
        raise WorkspaceError(
            f"`{name}` cannot be the name of a {kind}: it must be one plain folder name that starts with no dot",
            "choose a name of letters, digits, `-` and `_`",
        )
    return name


def checked_path(path: str, kind: str) -> str:
    """Returns `path` if it leads below the folder it is relative to; raises WorkspaceError as `checked_name` does."""
    for part in path.split("/"):
        checked_name(part, kind)
    return path


def shortened(text: str, limit: int = NAME_BYTES) -> str:
    """Returns as many of a text's letters as fit into `limit` bytes of UTF-8, none of them cut in two."""
    # `ignore` drops the bytes of a letter that the limit cuts, and halves of surrogate pairs.
    return text.encode("utf-8", "ignore")[:limit].decode("utf-8", "ignore")


def numbered(stem: str) -> Iterator[str]:
    """Yields `STEM-001`, `STEM-002` and so on, names with room for what a training's tests add to theirs."""
    # A training's test runs append its direction and engine to the name, and the sum has to be a name, too.
    stem = shortened(stem, NAME_BYTES - len("-000001-BtoA-official"))
    return (f"{stem}-{n:03d}" for n in count(1))


@dataclass(frozen=True)
class Workspace:
    """Paths below one root folder. Nothing is created before something is written there."""

    root: Path

    @classmethod
    def locate(cls, folder: Path | None = None) -> Workspace:
        """The given folder, else `$HARNESS_WORKSPACE`, else the current directory."""
        chosen = folder or Path(os.environ.get("HARNESS_WORKSPACE") or ".")
        # Once, here: later changes of the working directory do not move the workspace.
        return cls(chosen.expanduser().resolve())

    @property
    def third_party(self) -> Path:
        return self.root / "third_party"

    @property
    def datasets(self) -> Path:
        return self.root / "datasets"

    @property
    def results(self) -> Path:
        return self.root / "results"

    @property
    def lock_file(self) -> Path:
        """Hashes recorded on first sight (`harness.lock`)."""
        return self.root / "harness.lock"

    @property
    def mirrors_file(self) -> Path:
        """Addresses of mirrors of weights and datasets, one a line (`mirrors.txt`)."""
        return self.root / "mirrors.txt"

    def upstream(self, repository: str) -> Path:
        """The clone of an upstream repository, by its catalog id such as `pytorch-CycleGAN-and-pix2pix`."""
        return self.third_party / checked_name(repository, "repository")

    def weights(self, family: str, name: str) -> Path:
        """The generator of a catalog model, where the official scripts look for it, one folder a family."""
        folder = f"{checked_name(name, 'model')}_pretrained"
        file = "latest_net_G.t7" if family == "lua" else "latest_net_G.pth"
        return self.third_party / "checkpoints" / checked_name(family, "family") / folder / file

    def backbone(self, file: str) -> Path:
        """A network that metrics judge by, in the folder where torch looks for its downloads."""
        return self.third_party / "backbones" / "checkpoints" / checked_name(file, "file")

    def browser_runtime(self, version: str) -> Path:
        """onnxruntime-web, for pages that compute a model themselves."""
        return self.third_party / "onnxruntime-web" / checked_name(version, "version")

    def dataset(self, name: str) -> Path:
        """A prepared test set or training set of the user."""
        return self.datasets / checked_name(name, "dataset")

    def official_dataset(self, family: str, name: str) -> Path:
        """A downloaded official dataset; three names exist in both families, hence one folder a family."""
        return self.datasets / checked_name(family, "family") / checked_name(name, "dataset")

    def drawn(self, name: str) -> Path:
        """Pictures the demo draws, laid out as a user's own folders."""
        return self.root / "demo-pictures" / checked_name(name, "folder")

    def run(self, name: str) -> Path:
        """A run's folder."""
        return self.results / checked_name(name, "run")

    @property
    def shards(self) -> Path:
        """Finished shards of tests that many workers share."""
        return self.results / ".store"

    def written_to(self) -> list[Path]:
        """The folders in which files and folders are written aside, so that cut jobs may have left something there."""
        checkpoints = self.third_party / "checkpoints"
        # One level below datasets/ as well: official datasets lie in a folder a family.
        within = (*self.datasets.glob("*/"), *self.results.glob("*/"), *checkpoints.glob("*/*/"))
        folders = (self.datasets, self.results, self.third_party, *within)
        return [folder for folder in folders if folder.is_dir() and not folder.name.startswith(".")]

    @contextmanager
    def locked(self, doing: str, wait_s: float = 0, on_wait: Callable[[str], None] | None = None) -> Iterator[None]:
        """Holds the workspace for one writing command.

        Args:
            doing: the command, told to others who find the workspace held.
            wait_s: seconds to wait for another holder; 0 fails at once, negative waits for ever.
            on_wait: called once with a line that says who holds it, before waiting begins.

        Raises:
            WorkspaceError: the folder is not writable, or another command holds it.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.root / ".harness.lock")
            try:
                # First without waiting, to be able to say who holds it before the wait begins.
                lock.acquire(timeout=0)
            except Timeout:
                if on_wait and wait_s:
                    on_wait(f"waiting: {self._holder()}")
                lock.acquire(timeout=wait_s)
        except Timeout:
            raise WorkspaceError(
                f"the workspace `{self.root}` is in use: {self._holder()}",
                "wait until it ends, or use `--workspace DIR`",
            ) from None
        except OSError as error:
            raise WorkspaceError(
                f"cannot write to the workspace `{self.root}`: {error.strerror or error}", "use `--workspace DIR`"
            ) from error
        # Beside the lock, since a locked file cannot be read by others on Windows.
        holder = self.root / ".harness.lock.json"
        try:
            holder.write_text(json.dumps({"doing": doing, "pid": os.getpid(), "host": socket.gethostname()}))
            for folder in self.written_to():
                # While nobody else writes: what lies there unlocked was left by a job that was cut.
                sweep(folder)
            yield
        finally:
            # Before the lock is let go, or it would tell of a holder that is none.
            holder.unlink(missing_ok=True)
            lock.release()

    def _holder(self) -> str:
        try:
            told = json.loads((self.root / ".harness.lock.json").read_text())
            return f"`{told['doing']}` runs as process {told['pid']} on {told['host']}"
        except (OSError, ValueError, KeyError):
            return "another harness command runs"
