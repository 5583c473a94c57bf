"""What their script has drawn, read from its result folder: nothing is taken unless everything expected is there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from harness.engines.inputs import Framing
from harness.engines.job import Translation
from harness.engines.official.failures import account
from harness.engines.official.process import Finished
from harness.engines.official.staging import Stage, StagedImage
from harness.errors import OfficialScriptError

_PAIRED = {"input": "real_A", "output": "fake_B", "target": "real_B"}
_SINGLE = {"input": "real", "output": "fake"}
# models/colorization_model.py:47 shows its pictures under other names.
_COLOURED = {"input": "real_A", "output": "fake_B_rgb", "target": "real_B_rgb"}


def taken(stage: Stage, image: StagedImage, framed: Framing) -> Translation | str:
    """Returns what became of an image, without what was mirrored around it, and removes its files.

    Where one of its pictures is missing, damaged or of another size all stay, and what is wrong is returned in words.
    """
    paths = {kind: stage.pictures / f"{image.stem}_{label}.png" for kind, label in _labels(stage).items()}
    try:
        pictures = {kind: _opened(path, framed) for kind, path in paths.items()}
    except _UnexpectedError as problem:
        return str(problem)
    for path in paths.values():
        path.unlink()
    return Translation(image.item.name, pictures)


def refuse(faults: Sequence[str], stage: Stage, finished: Finished) -> None:
    """Raises OfficialScriptError where something is wrong with some of the pictures.

    Exit code 0 proves nothing: upstream also ends with it after an empty folder or a wrong model name.
    """
    if faults:
        more = [f"and {len(faults) - 5} more"] if len(faults) > 5 else []
        listed = "".join(f"\n    {fault}" for fault in [*faults[:5], *more])
        raise OfficialScriptError(
            f"`{finished.command[0]}` ended with code 0, but {len(faults)} of {len(stage.images)} "
            f"pictures did not come out as expected:{listed}\n{account(finished)}",
            "see the log; `harness setup` checks the clone",
        )


def _labels(stage: Stage) -> dict[str, str]:
    """Our folders and what upstream calls the pictures in them."""
    return _COLOURED if stage.colorizes else _PAIRED if stage.paired else _SINGLE


class _UnexpectedError(Exception):
    """What is wrong with a picture, in words."""


def _opened(path: Path, framed: Framing) -> NDArray[np.uint8]:
    """H×W×3, as their script saved it."""
    try:
        with Image.open(path) as picture:
            if picture.size == framed.frame and picture.mode == "RGB":
                return np.asarray(picture.crop(framed.box) if framed.size != framed.frame else picture)
            found = f"{'x'.join(map(str, picture.size))} {picture.mode}"
    except FileNotFoundError:
        raise _UnexpectedError(f"no `{path.name}` was written") from None
    except (OSError, SyntaxError, ValueError) as error:
        raise _UnexpectedError(f"`{path.name}` is not readable: {error}") from error
    raise _UnexpectedError(f"`{path.name}` is {found}, expected {'x'.join(map(str, framed.frame))} RGB")
