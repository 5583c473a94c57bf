"""From upstream's result folder to ours: nothing is taken over unless everything expected is there."""

from __future__ import annotations

import shutil
from pathlib import Path

from PIL import Image

from harness.engines.inputs import Framing
from harness.engines.official.failures import account
from harness.engines.official.process import Finished
from harness.engines.official.staging import Stage, StagedImage
from harness.errors import OfficialScriptError
from harness.progress import Progress

_PAIRED = {"input": "real_A", "output": "fake_B", "target": "real_B"}
_SINGLE = {"input": "real", "output": "fake"}
# models/colorization_model.py:47 shows its pictures under other names.
_COLOURED = {"input": "real_A", "output": "fake_B_rgb", "target": "real_B_rgb"}


def cut_back(stage: Stage, image: StagedImage, framed: Framing) -> str | None:
    """Cuts what was mirrored around a picture off all of its results; returns what is wrong with one of them, if any.

    What was cut before is let be.
    """
    cut = framed.size != framed.frame
    if cut and problem_of(stage, image, framed.size) is None:
        return None
    problem = problem_of(stage, image, framed.frame)
    if cut and problem is None:
        for path in pictures_of(stage, image).values():
            with Image.open(path) as picture:
                whole = picture.crop(framed.box)
            whole.save(path)
    return problem


def verify(stage: Stage, framed: dict[str, Framing], finished: Finished) -> None:
    """Cuts all results back; raises OfficialScriptError unless every picture has all of them, each of the staged size.

    Exit code 0 proves nothing: upstream also ends with it after an empty folder or a wrong model name.
    """
    faults = []
    for image in stage.images:
        if found := cut_back(stage, image, framed[image.stem]):
            faults.append(f"`{image.item.name}`: {found}")
    if faults:
        more = [f"and {len(faults) - 5} more"] if len(faults) > 5 else []
        listed = "".join(f"\n    {fault}" for fault in [*faults[:5], *more])
        raise OfficialScriptError(
            f"`{finished.command[0]}` ended with code 0, but {len(faults)} of {len(stage.images)} "
            f"pictures did not come out as expected:{listed}\n{account(finished)}",
            "see the log; `harness setup` checks the clone",
        )


def collect(stage: Stage, target: Path, progress: Progress) -> None:
    """Moves the pictures to `target/{input,output,target}/NAME.png`, under the items' names."""
    for folder in _labels(stage):
        (target / folder).mkdir(parents=True, exist_ok=True)
    with progress.step("collecting", total=len(stage.images)) as step:
        for image in stage.images:
            for folder, picture in pictures_of(stage, image).items():
                shutil.move(picture, target / folder / f"{image.item.name}.png")
            step.advance()


def pictures_of(stage: Stage, image: StagedImage) -> dict[str, Path]:
    """Returns where their script writes an image's pictures, by our folders for them."""
    return {folder: stage.pictures / f"{image.stem}_{label}.png" for folder, label in _labels(stage).items()}


def problem_of(stage: Stage, image: StagedImage, size: tuple[int, int]) -> str | None:
    """Returns what is wrong with the first of an image's pictures that is missing, damaged or of another size."""
    return next(filter(None, (_problem(path, size) for path in pictures_of(stage, image).values())), None)


def _labels(stage: Stage) -> dict[str, str]:
    """Our folders and what upstream calls the pictures in them."""
    return _COLOURED if stage.colorizes else _PAIRED if stage.paired else _SINGLE


def _problem(path: Path, size: tuple[int, int]) -> str | None:
    try:
        # The head alone tells the size; decoded they are when they are measured.
        with Image.open(path) as picture:
            found = picture.size
    except FileNotFoundError:
        return f"no `{path.name}` was written"
    except OSError as error:
        return f"`{path.name}` is not readable: {error}"
    if found != size:
        return f"`{path.name}` is {found[0]}x{found[1]}, expected {size[0]}x{size[1]}"
    return None
