"""Training sets made of any folder of photos: a photo is the target, and what was taken away from it the lesson."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from harness.errors import TestSetError, UnknownNameError
from harness.images.geometry import Size
from harness.prepare.naming import safe_name
from harness.prepare.plan import plan_images
from harness.prepare.service import PreparedSet, carry_out
from harness.progress import Progress, Silent
from harness.workspace import Workspace

Task = Literal["edges", "grey", "blank", "superres"]
TASKS: tuple[Task, ...] = ("edges", "grey", "blank", "superres")
SPLIT = "80/10/10"


def build_task_set(
    workspace: Workspace, task: str, folder: Path, size: Size = (256, 256), progress: Progress | None = None
) -> PreparedSet:
    """Makes `datasets/<folder>-<task>/` of a folder of photos: pairs to train on, and some held out.

    The spoilt picture stands left, the photo right. A set that is there already is brought up to date.

    Raises:
        UnknownNameError: there is no such task.
        TestSetError: the folder holds no photos, or too few to hold any out.
    """
    progress = progress or Silent()
    if task not in TASKS:
        raise UnknownNameError("task", task, TASKS)
    if not folder.exists():
        raise TestSetError(f"there is no folder `{folder}`", f"harness train --task {task} --dataset FOLDER_OF_PHOTOS")
    name = f"{safe_name(folder.resolve().stem)}-{task}"
    plan = plan_images(workspace, folder, name=name, size=size, as_="photo", to=task, split=SPLIT)
    made = carry_out(workspace, plan, progress=progress)
    count = len(made.test_set.images)
    progress.say(f"`{name}`: {count} pairs of `{folder}`; look at them: {made.page.as_uri()}")
    return made
