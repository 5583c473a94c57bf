"""`harness export`: a generator as an ONNX file."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from harness.cli.completing import MODEL
from harness.cli.console import Console, size_text
from harness.cli.options import json_option, quiet_option, side_option, speech_option
from harness.workspace import Workspace

_EPILOG = """
\b
Examples:
  harness export facades_label2photo -o facades.onnx
  harness export demo -o demo.onnx --mode deterministic
  harness export cyclegan/horse2zebra -o zebra.onnx --half-weights
"""


@click.command("export", epilog=_EPILOG)
@click.argument("model", type=MODEL)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The new file.")
@click.option(
    "--mode",
    type=click.Choice(["paper", "deterministic", "eval"]),
    default="paper",
    show_default=True,
    help="Dropout by masks, further inputs; no dropout; running statistics.",
)
@click.option("--weights", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Another generator file.")
@side_option
@click.option("--half-weights", is_flag=True, help="Weights of 16 bits: half the size, its error is measured and said.")
@speech_option
@json_option
@quiet_option
@click.pass_obj
def command(workspace: Workspace, /, *, as_json: bool, quiet: bool, **asked: Any) -> None:
    """Write MODEL as an ONNX file that draws the pixels of `harness test`; `demo` is the package's own generator.

    The file holds its certificate: pictures by ONNX Runtime beside those of the native engine. What differs by more
    than a level of 255 is not written.
    """
    from harness.export import check_installed

    check_installed()
    from harness.export.exporting import ExportRequest, export

    console = Console(quiet=quiet)
    made = export(workspace, ExportRequest(**asked), console)
    size = made.path.stat().st_size
    if as_json:
        facts = {"format": 1, "file": str(made.path), "bytes": size, "model": made.generator.model.id}
        shapes = {"size": list(made.size), "masks": [list(shape) for shape in made.masks]}
        console.document({**facts, **shapes, "certificate": asdict(made.certificate)})
        return
    console.result(f"`{made.path}`: {made.generator.model.id}, {size_text(size)}")
    console.result(f"certificate: {made.certificate.sentence()}")
