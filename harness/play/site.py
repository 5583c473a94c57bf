"""`harness play --export`: the page with the generator as an ONNX file beside it, for any web server."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.catalog.browser_runtime import LICENCE, VERSION
from harness.demo.demo_generator import DEMO, is_demo
from harness.errors import EngineError, WorkspaceError
from harness.export.exporting import Certificate, ExportRequest, export
from harness.files import folder_written_aside, write_text
from harness.play.drawing_page import render_play
from harness.play.playing import Player, PlayRequest, png
from harness.progress import Progress
from harness.provision.browser_runtime_files import bring_runtime
from harness.web.language import language, languages
from harness.workspace import Workspace

_MODEL = "model.onnx"
_POLICY = "connect-src 'self'; worker-src 'self' blob:"
_SCRIPTS = "'self' 'wasm-unsafe-eval'"


@dataclass(frozen=True, kw_only=True)
class SiteRequest:
    """What to play where no harness is, and the folder to write.

    Attributes:
        from_file: onnxruntime-web as the user has it, in place of bringing it.
        half_weights: see `harness.export.exporting.ExportRequest`.
    """

    play: PlayRequest
    folder: Path
    from_file: Path | None = None
    half_weights: bool = False


@dataclass(frozen=True)
class Site:
    """A folder that was written: its size in bytes, and how exact the model in it is."""

    folder: Path
    bytes: int
    certificate: Certificate


def write_site(workspace: Workspace, request: SiteRequest, progress: Progress) -> Site:
    """Writes the folder.

    Raises:
        WorkspaceError: it is there already.
        EngineError: the model colours photos, whose Lab arithmetic the page does not have; or see `export`.
        FetchError: see `bring_runtime`.
    """
    if request.folder.exists():
        raise WorkspaceError(f"`{request.folder}` exists already", "name another folder, or move it away")
    player = Player(workspace, request.play, progress)
    model = player.generator.model
    if player.generator.architecture.colorizes:
        raise EngineError(f"`{model.id}` works in CIELAB, which the page alone cannot", f"harness play {model.id}")
    runtime = bring_runtime(workspace, request.from_file, progress)
    with folder_written_aside(request.folder) as draft:
        asked = ExportRequest(
            model=DEMO if is_demo(player.generator) else model.id,
            output=draft / _MODEL,
            mode=request.play.mode,
            weights=request.play.weights,
            size=player.size,
            half_weights=request.half_weights,
        )
        made = export(workspace, asked, progress)
        for file in runtime:
            shutil.copyfile(file, draft / file.name)
        # The set's own pictures stay at home: their licence is not ours to give.
        starts = [start for start in player.starts if start.of == "drawn"]
        (draft / "pictures").mkdir()
        for start in starts:
            (draft / "pictures" / f"{start.name}.png").write_bytes(png(player.start(start)))
        licences = f"{_MODEL}: {model.licence}\n{', '.join(f.name for f in runtime)}: {LICENCE}, version {VERSION}\n"
        write_text(draft / "licences.txt", licences)
        script, wasm = runtime
        told: dict[str, Any] = {
            "starts": [vars(start) for start in starts],
            "name": "drawing-001",
            "nearness": False,
            "set": "",
            "model": _MODEL,
            "script": script.name,
            "wasm": wasm.name,
            "bytes": sum((draft / name).stat().st_size for name in (_MODEL, wasm.name)),
            "masks": made.masks,
            "channels": [player.generator.architecture.input_nc, player.generator.architecture.output_nc],
        }
        addresses = {code: "index.html" if code == request.play.lang else f"index.{code}.html" for code in languages()}
        for code, address in addresses.items():
            page = render_play(
                player,
                language(code),
                addresses,
                backend=("masks.js", "onnx.js"),
                told=told,
                policy=_POLICY,
                script_sources=_SCRIPTS,
            )
            write_text(draft / address, page)
        size = sum(path.stat().st_size for path in draft.rglob("*") if path.is_file())
    return Site(request.folder, size, made.certificate)
