"""The rows of a recipe, however they are made."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from harness.catalog.reproductions import Recipe, Variant
from harness.errors import HarnessError, MetricError, RunError, TrainingError
from harness.files import write_text
from harness.metrics.measure import Measurement
from harness.metrics.registry import find_metrics
from harness.metrics.storage import load_measurement
from harness.progress import Progress
from harness.report.writing import write_index
from harness.reproduce.findings import Evidence, Findings
from harness.reproduce.reproduction import ReproduceRequest, Reproduction, load_reproduction, save_reproduction
from harness.reproduce.reproduction_page import render_reproduction
from harness.testing.measuring import FurtherMetrics, measure_run
from harness.version import __version__
from harness.web.language import language
from harness.workspace import Workspace, checked_name

JUDGED = "label_agreement"
# Held-out pictures on the page, the first ones by name: none is chosen.
_SHOWN = 3


class RecipeRows:
    """The rows of a recipe: made where they are missing, measured, and written as a page after each."""

    def __init__(self, workspace: Workspace, recipe: Recipe, request: ReproduceRequest, progress: Progress) -> None:
        self.workspace, self.recipe, self.request, self.progress = workspace, recipe, request, progress
        self.palette = request.palette
        self.evaluator: str | None = None
        self.judged: dict[str, Any] = {}
        self.lacking: dict[str, str] = {}
        self.evidence: dict[str, Evidence] = {}
        self.asked = self.settle()
        self.folder = workspace.run(checked_name(request.name or self.usual_name(), "reproduction"))
        self.before = self._before()

    def settle(self) -> dict[str, Any]:
        """Checks what can be checked before the work, and returns what decides the numbers."""
        raise NotImplementedError

    def usual_name(self) -> str:
        return self.recipe.id

    def begin(self) -> None:
        """Makes what all rows need."""

    def runs_of(self, variant: Variant) -> tuple[Path, ...]:
        """Makes the runs of a row; a HarnessError is why it has none."""
        raise NotImplementedError

    def departures(self, images: int) -> tuple[str, ...]:
        return ()

    def all(self) -> Reproduction:
        self.begin()
        for number, variant in enumerate(self.recipe.variants, 1):
            self.progress.say(f"`{variant.id}`: row {number} of {len(self.recipe.variants)}")
            try:
                runs = self.runs_of(variant)
                measured = tuple(self._measured(run) for run in runs)
                self.evidence[variant.id] = Evidence(tuple(run.name for run in runs), measured)
            except self.forgiven as error:
                why = error.message.partition("\n")[0]
                self.progress.warn(f"`{variant.id}` has no numbers: {why}", error.hint)
                self.evidence[variant.id] = Evidence(why=why, hint=error.hint)
            made = self._written()
        with FileLock(self.workspace.results / ".index-lock"):
            write_index(self.workspace.results, self.request.lang)
        if not made.images:
            why, hint = next(iter(made.missing.values()))
            page = (self.folder / "index.html").as_uri()
            raise RunError(f"nothing of `{self.recipe.id}` could be measured, first of all: {why}; {page}", hint)
        return made

    # One row that cannot be trained at this size is no reason to leave out the others.
    forgiven: type[HarnessError] = TrainingError

    def _before(self) -> Reproduction | None:
        """What an earlier going left; raises RunError where the name is taken by anything else."""
        if not self.folder.exists():
            return None
        before = load_reproduction(self.folder)
        asked = {"target": before.target, **before.asked}
        other = [what for what, value in {"target": self.recipe.id, **self.asked}.items() if asked.get(what) != value]
        if other:
            raise RunError(
                f"`{self.folder.name}` is there already, of another {other[0]} than is asked for now",
                "choose another `--name`",
            )
        return before

    def _measured(self, run: Path) -> Measurement:
        """All that the recipe measures of a run, what is there already not again."""
        found = load_measurement(run)
        there = {*found.columns, *found.totals}
        missing = [column for column in self.recipe.columns if column not in there]
        metrics = {metric.name for metric in find_metrics(missing)} - set(self.lacking)
        if self.evaluator and not self._is_judged(run.name, found):
            metrics.add(JUDGED)
        if metrics:
            asked = FurtherMetrics(
                run=run,
                metrics=tuple(sorted(metrics)),
                palette=self.palette,
                evaluator=self.evaluator,
                device=self.request.device,
                lang=self.request.lang,
            )
            try:
                found = measure_run(self.workspace, asked, self.progress)
            except MetricError as error:  # none of them: the others are shown all the same
                found = replace(found, missing=found.missing | dict.fromkeys(metrics, error.message))
        if self.evaluator and (said := found.totals.get("agreement_pixel")):
            self.judged["pixel"][run.name] = said.value
        if self.lacking:  # what somebody measured by another evaluator is of no use beside the others
            totals = {name: total for name, total in found.totals.items() if not name.startswith("agreement_")}
            found = replace(found, totals=totals, missing=found.missing | self.lacking)
        return found

    def _is_judged(self, run: str, found: Measurement) -> bool:
        """Whether a run's label agreement is what this very evaluator said."""
        before = self.before.judged if self.before else {}
        said = found.totals.get("agreement_pixel")
        return (
            said is not None
            and before.get("sha256") == self.judged["sha256"]
            and before.get("pixel", {}).get(run) == said.value
        )

    def _written(self) -> Reproduction:
        measured = [m for evidence in self.evidence.values() for m in evidence.measured]
        images = len(measured[0].rows) if measured else 0
        departures = self.departures(images)
        made = Reproduction(
            name=self.folder.name,
            harness_version=__version__,
            command=self.request.command,
            started=datetime.now().astimezone().isoformat(timespec="seconds"),
            target=self.recipe.id,
            asked=self.asked,
            seeds=self.request.seeds,
            images=images,
            departures=departures,
            judged=self.judged,
            missing={id_: (e.why, e.hint) for id_, e in self.evidence.items() if not e.measured},
            pictures=measured[0].rows.names[:_SHOWN] if measured and self.recipe.trains else (),
            sections=Findings(self.recipe, self.evidence, exact=not departures).sections(),
        )
        self.folder.mkdir(parents=True, exist_ok=True)
        save_reproduction(self.folder, made)
        write_text(self.folder / "index.html", render_reproduction(made, language(self.request.lang)))
        return made
