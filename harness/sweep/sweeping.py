"""`harness sweep`: plans the points of a file, computes those that are missing, chooses, and writes the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

from harness.errors import RunError, TestSetError
from harness.files import write_json
from harness.progress import Progress, Silent
from harness.report.writing import write_index
from harness.runs.listing import SWEEP
from harness.runs.record import load_record
from harness.shards.pool import PoolRequest, find_pool
from harness.sweep.points import Done, Known, Task, hashes, known, worker
from harness.sweep.rule import Row, choose, measured, numbers
from harness.sweep.sweep_file import NATIVE, Point, Rule, Sweep, located, read_sweep
from harness.sweep.sweep_page import render_sweep
from harness.training.starting import rehearse
from harness.version import __version__
from harness.web.language import language
from harness.web.render import write_pages
from harness.workspace import Workspace

_PENDING = Done(why="not computed yet", hint="the same command again")


@dataclass(frozen=True, kw_only=True)
class SweepRequest:
    """Which file to compute, and who is to.

    Attributes:
        file: see docs/how-to/sweep.md.
        pool: who computes; without an executor this process does, one point after the other.
        device: of every point, `auto`, `cpu`, `cuda` or `cuda:N`.
    """

    file: Path
    pool: PoolRequest = field(default_factory=PoolRequest)
    device: str = "auto"
    lang: str = "en"
    command: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Every point of a file, each of which can be computed as far as can be known before."""

    sweep: Sweep
    points: tuple[Known, ...]

    def seconds_left(self, workers: int = 1) -> float | None:
        """Returns how long the unfinished points may take by those that are finished, None where none is alike."""
        spent: dict[bool, list[float]] = {True: [], False: []}
        for one in self.points:
            if one.run:
                spent[one.settled is not None].append(one.seconds)
        left = [spent[one.settled is not None] for one in self.points if not one.run]
        return sum(map(fmean, left)) / workers if all(left) else None


@dataclass(frozen=True, kw_only=True)
class Swept:
    """What came of a sweep.

    Attributes:
        file: the text of the file.
        varied: by what its points differ.
        made: how many runs were computed this time, those of what was chosen among them.
        devices: what runs were computed on; of several, numbers may differ in their last digits.
        rows: one a configuration, in the file's order.
    """

    name: str
    harness_version: str
    command: tuple[str, ...]
    started: str
    file: str
    rule: Rule | None
    varied: tuple[str, ...]
    points: int
    made: int
    devices: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def failed(self) -> int:
        """How many points, or tests of what was chosen, have no run."""
        return sum(len(row.missing) + len(row.unreported) for row in self.rows)


def plan_sweep(workspace: Workspace, request: SweepRequest, progress: Progress | None = None) -> Plan:
    """Returns the points of a file and how far each is; writes nothing.

    Raises:
        HarnessError: what the file says cannot be computed; names the file and the point.
    """
    progress, sweep = progress or Silent(), read_sweep(request.file)
    folder = workspace.run(sweep.name)
    if folder.exists() and not (folder / SWEEP).is_file():
        raise RunError(f"`{folder}` exists already, and is no sweep", f'say `name = "…"` in `{request.file}`')
    planned: dict[str, Known] = {}
    rehearsed: set[object] = set()
    said: dict[str, Any] = {"device": request.device, "lang": request.lang, "command": request.command}
    with progress.step("checking the points", len(sweep.points), "points") as step:
        for point in sweep.points:
            train = point.train and replace(point.train, **said)
            with located(sweep.file, f"`{point.labels[0]}`"):
                one = known(workspace, replace(point, test=replace(point.test, **said), train=train), None)
                _refuse_native(one)
                if sweep.rule:
                    _refuse_leaks(workspace, one, sweep.rule)
                _refuse_options(workspace, one, rehearsed)
                other = planned.setdefault(one.identity, one)
                if other is not one:
                    _refuse_twice(one, other, progress)
            step.advance()
    if sweep.rule:
        with located(sweep.file):
            _refuse_directions(planned.values())
    return Plan(sweep=sweep, points=tuple(planned.values()))


def _refuse_native(one: Known) -> None:
    given, test = [name for name in one.point.words if name in NATIVE], one.point.test
    engine = one.work.request.engine if one.work else test.engine
    if given and engine != "native" and test.native.tiled is None:
        raise RunError(f"`{given[0]}` is of the native engine alone", 'say `engine = "native"` in `[test]`')


def _refuse_options(workspace: Workspace, one: Known, rehearsed: set[object]) -> None:
    """Asks the authors' parser, once for each recipe: it takes seconds, and a training hours."""
    settled, train = one.settled, one.point.train
    if settled is None or train is None or one.training:
        return
    recipe = (settled.options, settled.family, train.without_skips, train.discriminator)
    if recipe not in rehearsed:
        rehearse(workspace, train, settled)
        rehearsed.add(recipe)


def _refuse_leaks(workspace: Workspace, one: Known, rule: Rule) -> None:
    """Raises RunError where what is reported could not but flatter, or a part of the dataset is not there."""
    if one.settled:
        data = one.settled.data
        pictures = {part: {*hashes(tuple(walked.pictures)).values()} for part, walked in data.walked.items()}
        for part in (rule.on, rule.report):
            if not pictures.get(part):
                raise TestSetError(
                    f"`{data.reference}` holds no picture in `{part}`; it has: {', '.join(pictures)}",
                    "harness prepare-images FOLDER --targets FOLDER --split 80/10/10",
                )
        seen = rule.report in (*data.parts, data.chosen_on if data.has_targets else None)
    else:
        works = (one.work, known(workspace, one.point, rule.report).work)
        found = [{facts["sha256"] for facts in work.selection.facts} for work in works if work]
        pictures, seen = dict(zip((rule.on, rule.report), found, strict=False)), False
    shared = pictures[rule.on] & pictures[rule.report]
    if rule.same_pictures or not (shared or seen):
        return
    why = f"{len(shared)} pictures of it are in `{rule.on}`, too" if shared else "a training has seen it"
    raise RunError(
        f"`choose.report` is `{rule.report}`, and {why}: a number flatters what was chosen by it",
        "report on another part, or say `same_pictures = true`, which the page will tell",
    )


def _refuse_twice(one: Known, other: Known, progress: Progress) -> None:
    if {**one.point.words, "seed": ""} != {**other.point.words, "seed": ""}:
        raise RunError(f"it is the same point as `{other.point.labels[0]}`", "leave one of them out")
    progress.say(
        f"`{one.point.labels[0]}`: nothing is drawn at random, so it is `{other.point.labels[0]}` again and left out"
    )


def _refuse_directions(planned: Iterable[Known]) -> None:
    ways: dict[str, dict[str, str]] = {}
    for one in planned:
        work, settled = one.work, one.settled
        way = work.selection.direction if work else settled.direction if settled else ""
        ways.setdefault(one.point.words["dataset"], {}).setdefault(way, one.point.labels[0])
    for dataset, found in ways.items():
        if len(found) > 1:
            first, second = found.values()
            raise RunError(
                f"`{first}` and `{second}` translate `{dataset}` in two directions, and no rule "
                "chooses between numbers of other targets",
                "a file for each direction, or leave `[choose]` out",
            )


def run_sweep(workspace: Workspace, request: SweepRequest, progress: Progress | None = None) -> Swept:
    """Computes the points that are not finished and writes `results/SWEEP/`, whatever becomes of single points.

    Raises:
        HarnessError: as `plan_sweep`, before any work; or no worker can be had.
    """
    computing = _Computing(workspace, request, progress or Silent())
    plan = plan_sweep(workspace, request, progress)
    computing.done |= {(_id(one.point), None): Done(one.run.name) for one in plan.points if one.run}
    computing.progress.say(f"{len(computing.done)} of {len(plan.points)} points are finished")
    try:
        computing.compute([one for one in plan.points if not one.run], None)
        for row in computing.rows(plan):
            if row.chosen and plan.sweep.rule:
                computing.compute(
                    [one for one in plan.points if _configuration(one.point) == row.words], plan.sweep.rule.report
                )
    finally:  # after an interrupt, too: what is finished can be looked at
        swept = computing.written(plan)
    return swept


def _configuration(point: Point) -> dict[str, str]:
    return {name: word for name, word in point.words.items() if name != "seed"}


def _id(point: Point) -> frozenset[tuple[str, str]]:
    return frozenset(point.words.items())


class _Computing:
    """What is done of a sweep, by point and part of the dataset; None is the part that all are tested on."""

    def __init__(self, workspace: Workspace, request: SweepRequest, progress: Progress) -> None:
        self.workspace, self.request, self.progress = workspace, request, progress
        self.pool = find_pool(request.pool)
        self.done: dict[tuple[frozenset[tuple[str, str]], str | None], Done] = {}

    def compute(self, planned: Sequence[Known], split: str | None) -> None:
        """Has points computed; those of one training go to one worker."""
        together: dict[str, list[Known]] = {}
        for one in planned:
            together.setdefault(one.training.name if one.training else one.key, []).append(one)
        tasks = [Task(tuple(one.point for one in ones), split) for ones in together.values()]
        # Its own talk and bars only where points are computed one after the other.
        talk = self.progress if self.request.pool.executor is None else Silent()
        for outcome in self.pool.run(partial(worker, self.workspace.root, talk), tasks):
            error, task = outcome.error, outcome.thing
            failed = (Done(why=error.message, hint=error.hint),) * len(task.points) if error else ()
            for point, done in zip(task.points, outcome.made or failed, strict=True):
                self.done[_id(point), split] = done
                if done.run is None:
                    self.progress.warn(f"`{point.labels[0]}` failed: {done.why}", done.hint)
                else:
                    self.progress.say(
                        f"`{done.run}` is finished, {sum(bool(d.run) for d in self.done.values())} by now"
                    )

    def rows(self, plan: Plan) -> tuple[Row, ...]:
        """Returns the configurations over their seeds, chosen among where a rule does so."""
        grouped: dict[tuple[tuple[str, str], ...], list[Known]] = {}
        for one in plan.points:
            grouped.setdefault(tuple(_configuration(one.point).items()), []).append(one)
        rows = tuple(self._row(dict(words), ones, None) for words, ones in grouped.items())
        rule = plan.sweep.rule
        if rule is None:
            return rows
        chosen = choose(self.workspace.results, rows, rule)
        reports = (self._row({}, ones, rule.report) for ones in grouped.values())
        return tuple(
            replace(row, reports=report.runs, reported=report.numbers, unreported=report.missing) if row.chosen else row
            for row, report in zip(chosen, reports, strict=True)
        )

    def _row(self, words: dict[str, str], planned: Sequence[Known], split: str | None) -> Row:
        found = {one.point.words["seed"]: self.done.get((_id(one.point), split), _PENDING) for one in planned}
        runs = {seed: done.run for seed, done in found.items() if done.run}
        missing = {seed: (done.why, done.hint) for seed, done in found.items() if not done.run}
        return Row(words=words, runs=runs, missing=missing, numbers=numbers(measured(self.workspace.results, runs)))

    def written(self, plan: Plan) -> Swept:
        """Writes record, page and index."""
        runs = [self.workspace.run(done.run) for done in self.done.values() if done.run]
        swept = Swept(
            name=plan.sweep.name,
            harness_version=__version__,
            command=self.request.command,
            started=datetime.now().astimezone().isoformat(timespec="seconds"),
            file=plan.sweep.text,
            rule=plan.sweep.rule,
            varied=plan.sweep.varied,
            points=len(plan.points),
            made=sum(done.made for done in self.done.values()),
            devices=tuple(sorted({load_record(run).device.partition(":")[0] for run in runs})),
            rows=self.rows(plan),
        )
        folder = self.workspace.run(plan.sweep.name)
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / SWEEP, {"format": 1, **asdict(swept)})
        write_pages(folder / "index.html", language(self.request.lang), partial(render_sweep, swept))
        write_index(self.workspace.results, self.request.lang)
        return swept
