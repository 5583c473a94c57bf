"""`harness export`: a generator as an ONNX file."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from harness.cli import options
from harness.cli.completing import MODEL
from harness.cli.console import Console, size_text
from harness.cli.options import NEW_FILE, option, telling
from harness.workspace import Workspace

_EPILOG = options.examples("""
  harness export facades_label2photo -o facades.onnx
  harness export demo -o demo.onnx --mode deterministic
  harness export cyclegan/horse2zebra -o zebra.onnx --half-weights
""")


@click.command("export", epilog=_EPILOG)
@click.argument("model", type=MODEL)
@option("-o", "--output", type=NEW_FILE, required=True, help="The new file.")
@options.mode(help="Dropout by masks, further inputs; no dropout; running statistics.")
@options.weights
@options.side
@option("--half-weights", is_flag=True, help="Weights of 16 bits: half the size, its error is measured and said.")
@telling(options.terminal_lang, options.json)
def command(workspace: Workspace, console: Console, /, *, as_json: bool, **asked: Any) -> None:
    """Write MODEL as an ONNX file that draws the pixels of `harness test`; `demo` is the package's own generator.

    The file holds its certificate: pictures by ONNX Runtime beside those of the native engine. What differs by more
    than a level of 255 is not written.
    """
    from harness.export import check_installed

    check_installed()
    from harness.export.exporting import ExportRequest, export

    made = export(workspace, ExportRequest(**asked), console)
    size = made.path.stat().st_size
    if as_json:
        facts = {"format": 1, "file": str(made.path), "bytes": size, "model": made.generator.model.id}
        shapes = {"size": list(made.size), "masks": [list(shape) for shape in made.masks]}
        console.document({**facts, **shapes, "certificate": asdict(made.certificate)})
        return
    console.result(f"`{made.path}`: {made.generator.model.id}, {size_text(size)}")
    console.result(f"certificate: {made.certificate.sentence()}")
