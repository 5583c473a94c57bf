"""Training sets made of any folder of photos: a photo is the target, and what was taken away from it the lesson."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

from harness.errors import TestSetError, UnknownNameError
from harness.images.geometry import Size
from harness.prepare.planning import plan_images
from harness.prepare.prepare_request import PrepareRequest
from harness.prepare.preparing import PreparedSet, carry_out
from harness.progress import Progress, Silent
from harness.sets.naming import safe_name
from harness.sets.test_set import load_test_set
from harness.workspace import Workspace

Task = Literal["edges", "grey", "blank", "superres"]
TASKS: tuple[Task, ...] = get_args(Task)
SPLIT = "80/10/10"
LEAST = 3
"""Photos to train on at least: two to learn from and one held out."""


def build_task_set(
    workspace: Workspace,
    task: str,
    folder: Path,
    size: Size = (256, 256),
    *,
    lang: str | None = None,
    progress: Progress | None = None,
) -> PreparedSet:
    """Makes `datasets/<folder>-<task>/` of a folder of photos: pairs to train on, and some held out.

    The spoilt picture stands left, the photo right. A set made of the same folder before is brought up to date.

    Raises:
        UnknownNameError: there is no such task.
        TestSetError: the folder holds no photos, or too few to hold any out.
    """
    progress = progress or Silent()
    if task not in TASKS:
        raise UnknownNameError("task", task, TASKS)
    if not folder.exists():
        raise TestSetError(f"there is no folder `{folder}`", f"harness train --task {task} --dataset FOLDER_OF_PHOTOS")
    request = PrepareRequest(folder=folder, size=size, as_="photo", to=task, split=SPLIT, lang=lang)
    # Planned twice: only a plan says where the pictures come from, and by that the set is named.
    origin = plan_images(workspace, request).made_by["from"]
    name = _free_name(workspace, f"{safe_name(folder.resolve().stem)}-{task}", origin)
    plan = plan_images(workspace, replace(request, name=name))
    if len(plan.files) < LEAST:
        raise TestSetError(f"`{folder}` holds {len(plan.files)} pictures; at least {LEAST} are needed", "add photos")
    made = carry_out(workspace, plan, progress)
    count = len(made.test_set.images)
    progress.say(f"`{name}`: {count} pairs of `{folder}`; look at them: {made.page.as_uri()}")
    return made


def _free_name(workspace: Workspace, name: str, origin: str) -> str:
    """The name, numbered where another folder of the same name has a set of it."""
    for candidate in (name, *(f"{name}-{number}" for number in range(2, 1000))):
        folder = workspace.dataset(candidate)
        if not (folder / "dataset.json").is_file() or load_test_set(folder).made_by.get("from") == origin:
            return candidate
    raise TestSetError(f"there are a thousand sets called `{name}`", "remove some from `datasets/`")
