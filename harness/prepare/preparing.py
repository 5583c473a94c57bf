"""`harness prepare-images`: a folder of anybody's pictures becomes a test set the official scripts can read."""

from __future__ import annotations

import re
import shlex
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

from harness.errors import TestSetError
from harness.files import folder_written_aside
from harness.images.opening import open_rgb
from harness.keeping import Pieces, kept_pieces
from harness.nearness.profile import Profile, load_profile
from harness.parallel import default_workers, in_order
from harness.prepare.nearness import profile_for, with_nearness
from harness.prepare.picture import Outcome, Task, prepare_one
from harness.prepare.planning import Plan, plan_images
from harness.prepare.prepare_request import PrepareRequest
from harness.prepare.recipes.choosing import way_from_photos
from harness.prepare.sheet import write_sheet
from harness.prepare.splitting import Fingerprint, assign, fingerprint, groups_of
from harness.progress import Progress, Silent
from harness.sets.naming import safe_names
from harness.sets.roles import Part
from harness.sets.test_set import Refusal, SetImage, TestSet, save_test_set
from harness.units import counted
from harness.web.language import spoken
from harness.web.notebook import shown_in_notebook
from harness.workspace import Workspace


@dataclass(frozen=True)
class PreparedSet:
    """A finished set.

    Attributes:
        page: the contact sheet.
        reused: how many files had not changed since an earlier run, so that their pictures were kept.
        foreign: whether most of the pictures are nothing that the model eats.
        notes: what is to be said of single pictures and was not said of most of them, by source.
    """

    folder: Path
    test_set: TestSet
    page: Path
    reused: int = 0
    foreign: bool = False
    notes: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def _repr_html_(self) -> str:
        made, said = self.test_set, dict(self.notes)
        rows = [[image.source, "; ".join((*image.warnings, *said.get(image.source, ())))] for image in made.images]
        rows += [[refusal.source, f"left out: {refusal.reason}"] for refusal in made.refused]
        return shown_in_notebook(f"{made.name}: {len(made.images)} pictures", ["source", ""], rows, [self.page])


def prepare_images(
    workspace: Workspace, request: PrepareRequest, progress: Progress | None = None, *, profile: Profile | None = None
) -> PreparedSet:
    """Makes `datasets/<name>/` of every usable picture below a folder.

    Args:
        profile: of the pictures the model was trained on; by default that of its dataset, where it is installed.

    Raises:
        TestSetError: nothing usable was found, or `strict` and something was refused.
        WorkspaceError: the workspace cannot be written.
    """
    return carry_out(workspace, plan_images(workspace, request), progress, profile=profile)


def carry_out(
    workspace: Workspace, plan: Plan, progress: Progress | None = None, *, profile: Profile | None = None
) -> PreparedSet:
    """Does what a plan says; see `prepare_images`."""
    progress, request = progress or Silent(), plan.request
    # Before hours of work: what fell out while planning is enough to refuse all.
    if request.strict and plan.refused:
        raise _refused(plan.refused)
    # Held for the renaming alone: preparing takes long, and other commands may write meanwhile.
    naming = workspace.locked("harness prepare-images", wait_s=-1, on_wait=progress.say)
    with (
        kept_pieces(plan.folder.parent, plan.folder.name, **_deciding(plan)) as pieces,
        folder_written_aside(plan.folder, replace=True, guard=naming) as draft,
    ):
        outcomes = _make(plan, draft, pieces, progress)
        fallen_out = (*plan.refused, *(outcome.refusal for outcome in outcomes if outcome.refusal))
        refused = tuple(sorted(fallen_out, key=lambda refusal: (refusal.source, refusal.reason)))
        images = _split(plan, draft, outcomes, progress)
        # Inside the draft: on an error the folder is gone, and an earlier set of the name stands as it was.
        if not images or (request.strict and refused):
            raise _refused(refused)
        made = TestSet(
            plan.folder.name,
            plan.layout,
            plan.direction,
            images,
            plan.model.id if plan.model else None,
            plan.made_by,
            refused,
            domains=plan.domains,
        )
        found = _profile(workspace, plan, profile, progress)
        if isinstance(found, Profile):
            made = with_nearness(draft, made, found, progress)
        else:
            made = replace(made, unjudged=found)
        save_test_set(draft, made)
        write_sheet(draft, made, spoken(request.lang))
    foreign = sum(image.foreign for image in images) > len(images) / 2
    told = _tell_of_most(plan, images, progress, foreign=foreign)
    untold = ((image.source, tuple(w for w in image.warnings if _wording(w) not in told)) for image in images)
    notes = tuple(note for note in untold if note[1])
    reused = sum(outcome.reused for outcome in outcomes)
    return PreparedSet(plan.folder, made, plan.folder / "index.html", reused, foreign, notes)


def _profile(workspace: Workspace, plan: Plan, profile: Profile | None, progress: Progress) -> Profile | str:
    """What nearness is judged by, or why there is nothing."""
    if profile is not None or plan.request.profile is not None:
        return profile or load_profile(cast(Path, plan.request.profile))
    if plan.model is None:
        return "the set is for no model in particular; `--model NAME` says for which"
    try:
        return profile_for(workspace, plan.model, progress)
    except TestSetError as error:
        progress.warn(f"nearness is not judged: {error.message}", error.hint)
        return f"{error.message}; `{error.hint}`" if error.hint and "`" not in error.hint else error.message


def _deciding(plan: Plan) -> dict[str, Any]:
    """What makes every picture of the set what it is, beside the files themselves."""
    chosen = {key: plan.made_by[key] for key in ("recipes", "settings")}
    return {"job": "prepare", **chosen, "layout": plan.layout, "direction": plan.direction}


def _make(plan: Plan, draft: Path, pieces: Pieces, progress: Progress) -> list[Outcome]:
    tasks = _tasks(plan)
    prepare = partial(prepare_one, recipes=plan.recipes, folder=draft, pieces=pieces)
    with progress.step(f"preparing {counted(len(tasks), 'picture')}", len(tasks)) as step:
        outcomes = []
        for outcome in in_order(prepare, tasks, plan.request.workers or default_workers()):
            outcomes.append(outcome)
            step.advance()
    taken = sum(outcome.taken for outcome in outcomes)
    if taken:
        progress.say(f"{taken} of {len(tasks)} files had been prepared before this was cut: taken over")
    return outcomes


def _tasks(plan: Plan) -> list[Task]:
    earlier: dict[str, list[SetImage]] = defaultdict(list)
    for image in plan.earlier.images if plan.earlier else ():
        earlier[image.source].append(image)
    tasks = []
    for name, (source, target) in zip(_names(plan), plan.files, strict=True):
        # Without parts of the user's own everything is test; `_split` moves it, once contents are known.
        phase = plan.phase((source.part if plan.own_parts else None) or "test")
        before = tuple(i for i in earlier[source.shown] if i.name == name or i.name.startswith(f"{name}-tile"))
        tasks.append(Task(name, phase, source, target, before, plan.folder))
    return tasks


def _names(plan: Plan) -> list[str]:
    """A name a file, without its part's folder where no two parts hold one of that name."""
    whole = [source.name for source, _ in plan.files]
    short = [name.partition("/")[2] for name in whole] if plan.own_parts else whole
    return safe_names(short if len(set(short)) == len(short) else whole)


def _split(plan: Plan, draft: Path, outcomes: Sequence[Outcome], progress: Progress) -> tuple[SetImage, ...]:
    """Moves the pictures to train, val and test if the plan says so."""
    images = [image for outcome in outcomes for image in outcome.images]
    if plan.shares is None or not images:
        return tuple(images)
    # By the hash of the source: all tiles of a picture go one way, and the same picture always the same.
    groups = _groups(plan, draft, images, progress)
    parts = assign([i.sha256 for i in images], groups, plan.shares, _earlier_parts(plan))
    moved = []
    for image, part in zip(images, parts, strict=True):
        output = f"{plan.phase(part)}/{image.name}.png"
        (draft / output).parent.mkdir(exist_ok=True)
        (draft / image.output).rename(draft / output)
        moved.append(replace(image, output=output))
    if missed := plan.shares.missed(parts):
        progress.warn(missed)
    return tuple(moved)


def _groups(plan: Plan, draft: Path, images: Sequence[SetImage], progress: Progress) -> list[int]:
    """Which pictures must stay in one part: pieces of one source, and near-duplicates."""
    halves = 2 if plan.layout == "paired" else 1

    def look(image: SetImage) -> Fingerprint:
        return fingerprint(open_rgb(draft / image.output), halves=halves)

    with progress.step("looking for near-duplicates", len(images)) as step:
        prints = []
        for found in in_order(look, images, default_workers()):
            prints.append(found)
            step.advance()
    return groups_of(prints, [image.source for image in images])


def _tell_of_most(plan: Plan, images: Sequence[SetImage], progress: Progress, *, foreign: bool) -> set[str]:
    """Says aloud what is wrong with more than half of the pictures: then the set is, not the picture.

    Returns what was said, without its numbers.
    """
    alike = defaultdict(list)
    for image in images:
        for warning in image.warnings if image.foreign or not foreign else ():
            alike[_wording(warning)].append(warning)
    # A warning that most pictures share is about the set; of one or two pictures that says nothing.
    most = {k: found for k, found in alike.items() if (foreign or len(found) > 2) and len(found) > len(images) / 2}
    for found in most.values():
        swapped = "; are inputs and targets swapped?" if foreign and plan.request.targets else ""
        hint = _way_on(plan) if foreign else None
        progress.warn(f"{len(found)} of {len(images)} pictures, as the first: {found[0]}{swapped}", hint)
    return set(most)


def _way_on(plan: Plan) -> str | None:
    domain = plan.model.input_domain if plan.model else plan.request.to
    return way_from_photos(domain, plan.model, shlex.quote(str(plan.request.folder))) if domain else None


def _wording(warning: str) -> str:
    return re.sub(r"[\d.]+", "", warning)


def _earlier_parts(plan: Plan) -> dict[str, Part]:
    # Other shares are another split: earlier parts would pull it back to the old one.
    if plan.earlier is None or plan.earlier.made_by.get("split") != plan.made_by["split"]:
        return {}
    return {image.sha256: image.part for image in plan.earlier.images}


def _refused(refused: Sequence[Refusal]) -> TestSetError:
    lines = "".join(f"\n  {r.source}: {r.reason}" for r in refused[:20])
    more = f"\n  and {len(refused) - 20} more" if len(refused) > 20 else ""
    files = counted(len(refused), "file")
    return TestSetError(
        f"{files} cannot be used, nothing was written:{lines}{more}",
        "mend or remove them; without `--strict` the others are prepared",
    )
