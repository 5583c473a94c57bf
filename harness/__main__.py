"""The `harness` command, also as `python -m harness`: what must be right before anything else is imported."""

from __future__ import annotations

import os
import sys


def entry_point() -> None:
    """Runs the command; never returns."""
    _hold_standard_streams()
    _read_names_as_utf8()
    # Imports take a moment in which Ctrl-C is as likely as later; 130 is 128 + SIGINT, as shells tell it.
    try:
        from harness.cli.main import entry_point as run
    except KeyboardInterrupt:
        sys.exit(130)
    run()


def _hold_standard_streams() -> None:
    """Opens what the shell closed (`>&-`): the next file would get its number, and what C libraries print."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _read_names_as_utf8() -> None:
    """Begins again in UTF-8 mode (PEP 540) where the locale's letters are fewer than those of people's file names."""
    if os.name == "posix" and sys.executable and sys.getfilesystemencoding() != "utf-8":
        # In place of this process, so that its id, its streams and whoever waits for it stay the same.
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606


if __name__ == "__main__":
    entry_point()
