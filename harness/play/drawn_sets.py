"""Drawings as a prepared set that `harness test` takes, each under the name that its noise follows from."""

from __future__ import annotations

import hashlib
import shlex
from dataclasses import replace
from datetime import date

from PIL import Image

from harness.demo.demo_generator import is_demo
from harness.errors import TestSetError
from harness.files import sha256_of, written_aside
from harness.play.playing import Pixels, Player, png
from harness.sets.naming import safe_name
from harness.sets.test_set import SetImage, TestSet, load_test_set, save_test_set, sides
from harness.version import __version__

MADE_BY = "harness play"


def free_name(player: Player) -> str:
    """Returns the first `drawing-001`, `drawing-002` … that the set of drawings does not have."""
    taken = {image.name.casefold() for image in _collected(player).images}
    return next(name for n in range(1, len(taken) + 2) if (name := f"drawing-{n:03d}") not in taken)


def add_drawing(player: Player, drawing: Pixels, name: str, source: str | None = None) -> int:
    """Adds a drawing to the set, made on first use, and returns how many it holds.

    Args:
        name: as it was drawn with; a picture of another name would have other noise.
        source: what the drawing began from, as the user knows it.

    Raises:
        TestSetError: the name is taken or no file's, or a set of that name is of another kind or for another model.
    """
    workspace, model = player.workspace, player.generator.model
    folder = workspace.dataset(player.request.collected)
    if name != safe_name(name):
        raise TestSetError(f"`{name}` cannot be the name of a file", f"call it `{safe_name(name)}`")
    with workspace.locked(MADE_BY, wait_s=10):
        test_set = _collected(player)
        if test_set.made_by.get("command") != MADE_BY or test_set.model != model.id:
            raise TestSetError(
                f"`{folder}` is a set of another kind or for another model", "harness play --add-to ANOTHER_NAME"
            )
        if name.casefold() in {image.name.casefold() for image in test_set.images}:
            raise TestSetError(f"`{test_set.name}` has a picture `{name}`", "give the drawing another name")
        output = f"testA/{name}.png"
        content = png(Image.fromarray(drawing))
        near = player.assessed(drawing)
        with written_aside(folder / output) as draft:
            draft.write_bytes(content)
        made = SetImage(
            name=name,
            output=output,
            source=source or f"{name}.png",
            sha256=hashlib.sha256(content).hexdigest(),
            size_before=player.size,
            operations=(f"drawn by hand{f', beginning with `{source}`' if source else ''}, {date.today()}",),
            nearness=near.to_json() if near else None,
            output_sha256=sha256_of(folder / output),
        )
        save_test_set(folder, replace(test_set, images=(*test_set.images, made)))
    return len(test_set.images) + 1


def test_command(player: Player, seed: int) -> str:
    """Returns the command that draws the set's pictures as they were played."""
    model, request = player.generator.model, player.request
    words = ["harness", "test", "--model", model.id, "--dataset", request.collected, "--engine", "native"]
    words += ["--seed", str(seed)] if seed else []
    words += ["--mode", request.mode] if request.mode != "paper" else []
    if request.weights or is_demo(player.generator):
        words += ["--weights", str(player.generator.weights)]
    if player.size != model.size:
        words += ["--size", f"{player.size[0]}x{player.size[1]}"]
    return shlex.join(words)


def _collected(player: Player) -> TestSet:
    """The set as it is, or one without pictures."""
    folder, model = player.workspace.dataset(player.request.collected), player.generator.model
    if folder.exists():
        return load_test_set(folder)
    return TestSet(
        name=player.request.collected,
        layout="single",
        direction=model.direction,
        images=(),
        model=model.id,
        made_by={"command": MADE_BY, "version": __version__},
        domains=sides(model.input_domain, None, model.direction),
    )
