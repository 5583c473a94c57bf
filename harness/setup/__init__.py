"""Brings upstream code, weights and datasets into the workspace; the package itself can be called, `harness.setup()`.

The command's name and the package's are one, and importing a part of the package would overwrite any function of that
name in `harness`: so the module is callable.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from harness.workspace import Workspace

if TYPE_CHECKING:
    from harness.progress import Progress
    from harness.setup.outcome import SetupReport


class _CallablePackage(ModuleType):
    def __call__(
        self,
        models: Sequence[str] = (),
        datasets: Sequence[str] = (),
        upstream_url: str | None = None,
        from_file: Path | None = None,
        bundle: Path | None = None,
        workspace: Path | None = None,
        progress: Progress | None = None,
    ) -> SetupReport:
        """Brings what is missing and returns what is there; see `harness.setup.service.set_up`."""
        from harness.setup.service import set_up

        return set_up(
            Workspace.locate(workspace), models, datasets, upstream_url, None, from_file, bundle, progress=progress
        )


sys.modules[__name__].__class__ = _CallablePackage
