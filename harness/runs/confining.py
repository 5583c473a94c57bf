"""A run that came from elsewhere shows its own pictures only, whatever it was made to hold."""

from __future__ import annotations

import os
from pathlib import Path

from harness.errors import RunError


def refuse_links_out(run: Path) -> None:
    """Raises RunError where a link in a run's folder leads out of it.

    Names are checked where records are read; a link would show files of whoever looks at the run all the same.
    """
    # Resolved once: the workspace itself may lie behind a link.
    home = run.resolve()
    waiting = [str(run)]
    while waiting:
        # Entry by entry: a folder may hold a million pictures.
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                # Links that stay inside show nothing that the run does not hold.
                if entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(home):
                    raise RunError(f"`{entry.path}` is a link that leads out of the run", "remove it, or test again")
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
