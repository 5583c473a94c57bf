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
    for folder, folders, files in os.walk(run):  # which enters no links
        for path in (Path(folder, name) for name in (*folders, *files)):
            # Links that stay inside show nothing that the run does not hold.
            if path.is_symlink() and not path.resolve().is_relative_to(home):
                raise RunError(f"`{path}` is a link that leads out of the run", "remove it, or test again")
