"""Whether a number could not but flatter: the rule chooses on the pictures it reports, or a training has seen them."""

from __future__ import annotations

from harness.catalog.types import Model
from harness.errors import HarnessError, RunError, TestSetError
from harness.runs.trained import training_of
from harness.sets.trainable import TrainingData, find_data
from harness.sweep.points import Known, hashes, known
from harness.sweep.sweep_file import Rule
from harness.testing.recording import Assignment
from harness.training.checks import digest_of
from harness.workspace import Workspace


def refuse_leaks(workspace: Workspace, one: Known, rule: Rule) -> bool:
    """Refuses a point of which what is reported could not but flatter; returns whether all it learned from is known.

    Raises:
        RunError: what is reported was chosen on, or learned from, and the file does not say that this is meant.
        TestSetError: a part of the dataset is not there.
    """
    if one.settled:
        chosen_on, reported = (_pictures(one.settled.data, part) for part in (rule.on, rule.report))
        seen, all_known = _seen(one.settled.data, one.settled.data.chosen_on), True
    else:
        assert one.work
        report = known(workspace, one.point, rule.report).work
        chosen_on, reported = _tested(one.work), _tested(report)
        seen, all_known = _seen_by(workspace, one.work.generator.model)
    both, learned = len(chosen_on & reported), len(seen & reported)
    if not rule.same_pictures and (both or learned):
        why = f"a training has seen {learned} pictures of it"
        if both:
            why = f"{both} pictures of it are in `{rule.on}`, too"
        raise RunError(
            f"`choose.report` is `{rule.report}`, and {why}: a number flatters what was chosen by it",
            "report on another part, or say `same_pictures = true`, which the page will tell",
        )
    return all_known


def _pictures(data: TrainingData, part: str) -> set[str]:
    if not data.pictures(part):
        raise TestSetError(
            f"`{data.reference}` holds no picture in `{part}`; it has: {', '.join(data.walked)}",
            "harness prepare-images FOLDER --targets FOLDER --split 80/10/10",
        )
    return {*hashes(data.walked[part].pictures).values()}


def _tested(work: Assignment | None) -> set[str]:
    return {facts["sha256"] for facts in work.selection.facts} if work else set()


def _seen(data: TrainingData, chosen_on: str | None) -> set[str]:
    """SHA-256 of the pictures that a training learns from, and of those it chooses its epoch on."""
    parts = {*data.parts, *([chosen_on] if chosen_on and data.has_targets else [])} & data.walked.keys()
    return {sha256 for part in parts for sha256 in hashes(data.walked[part].pictures).values()}


def _seen_by(workspace: Workspace, model: Model) -> tuple[set[str], bool]:
    """The same of a model that was trained here, by its training's record, and whether these are all of them."""
    made = training_of(workspace, model)
    if made is None:  # the authors', whose pictures nobody recorded
        return set(), True
    told = made[1].dataset
    try:
        data = find_data(workspace, told["reference"], made[1].family, follow_links=told.get("follow_links", False))
    except HarnessError:  # it is gone, or no longer what it was
        return set(), False
    learned = [
        (f"{part}/{name}", sha256) for part in data.parts for name, sha256 in hashes(data.walked[part].pictures).items()
    ]
    chosen_on = told.get("chosen_on", data.chosen_on)
    all_known = digest_of(learned) == told.get("digest") and (chosen_on is None or bool(data.pictures(chosen_on)))
    return _seen(data, chosen_on), all_known
