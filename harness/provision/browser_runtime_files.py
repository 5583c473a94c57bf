"""onnxruntime-web for pages that need no server: brought once, or placed from the package the user has."""

from __future__ import annotations

import shutil
from pathlib import Path

from harness.catalog.browser_runtime import SCRIPT, VERSION, WASM, RuntimeFile
from harness.errors import ChecksumError, FetchError
from harness.fetch.archives import unpack
from harness.fetch.asset import Asset, bring
from harness.fetch.lockfile import LockFile
from harness.files import scratch, sha256_of, written_aside
from harness.progress import Progress
from harness.workspace import Workspace


def bring_runtime(workspace: Workspace, source: Path | None, progress: Progress) -> tuple[Path, Path]:
    """Returns script and wasm in the workspace.

    Args:
        source: the package as downloaded, `onnxruntime-web-VERSION.tgz`, or a folder that holds both files.

    Raises:
        FetchError: no server had them, or `source` lacks one.
        ChecksumError: a file is another one.
    """
    files = {file: workspace.browser_runtime(VERSION) / file.name for file in (SCRIPT, WASM)}
    if source is None:
        for file, target in files.items():
            asset = Asset(f"onnxruntime-web {file.name}", file.urls, file.sha256, file.size_bytes)
            try:
                bring(asset, target, LockFile(workspace.lock_file), progress)
            except FetchError as error:
                hint = f"bring onnxruntime-web-{VERSION}.tgz another way, and name it with `--from-file`"
                raise error.restated(hint=hint) from error
    elif source.is_file():
        workspace.third_party.mkdir(parents=True, exist_ok=True)
        with scratch(workspace.third_party) as place:
            unpack(source, place / "package", progress=progress)
            _place(place / "package", files)
    else:
        _place(source, files)
    return files[SCRIPT], files[WASM]


def _place(folder: Path, files: dict[RuntimeFile, Path]) -> None:
    for file, target in files.items():
        found = next((path for path in (folder / file.name, folder / "dist" / file.name) if path.is_file()), None)
        if found is None:
            raise FetchError(f"`{folder}` holds no `{file.name}`", f"give onnxruntime-web-{VERSION}.tgz, or its `dist`")
        if (digest := sha256_of(found)) != file.sha256:
            raise ChecksumError(
                f"`{found}` is not of onnxruntime-web {VERSION}: its SHA-256 is {digest}, expected {file.sha256}",
                f"bring it from {file.urls[0]}",
            )
        with written_aside(target) as draft:
            shutil.copyfile(found, draft)
