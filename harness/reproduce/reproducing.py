"""`harness reproduce`: trains or tests what a recipe lacks, measures it, and writes what came of it as a page."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from harness.catalog.domains import DOMAINS
from harness.catalog.models import MODELS
from harness.catalog.reproductions import RECIPES, Recipe, Variant
from harness.catalog.types import Direction
from harness.documents import Document, typed
from harness.errors import (
    HarnessError,
    MetricError,
    RunError,
    TestSetError,
    TrainingError,
    UnknownNameError,
    WeightsError,
)
from harness.files import sha256_of, write_text
from harness.metrics.measure import Measurement
from harness.metrics.palette_accuracy import class_colours
from harness.metrics.registry import find_metrics
from harness.metrics.storage import load_measurement
from harness.progress import Progress, Silent
from harness.provision.installed import clone_state, installed_weights
from harness.report.writing import write_index
from harness.reproduce.findings import Evidence, Findings, Section
from harness.reproduce.reproduction_page import render_reproduction
from harness.runs.listing import REPRODUCTION
from harness.runs.record import load_record
from harness.runs.trained import find_model
from harness.runs.training_record import TrainingRecord
from harness.sets.trainable import OWN_A, OWN_B, check_set, find_data
from harness.testing.measuring import FurtherMetrics, measure_run
from harness.testing.request import TestRequest
from harness.testing.running import run_test
from harness.training.presets import Preset
from harness.training.repeating import train_by_seeds
from harness.training.train_request import TrainRequest
from harness.version import __version__
from harness.web.language import language
from harness.workspace import Workspace, checked_name

_DOCUMENT = Document(
    newest=1,
    error=RunError,
    missing="`{folder}` has no `{name}`",
    bring="harness reproduce",
    mend="remove the folder, then `harness reproduce` again",
)
_JUDGED = "label_agreement"
# Held-out pictures on the page, the first ones by name: none is chosen.
_SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class ReproduceRequest:
    """Which recipe to follow, and on what.

    Attributes:
        target: a name of `harness.catalog.reproductions.RECIPES`.
        dataset: the pairs to train on; recipes of official models have their own.
        direction: by default the one whose inputs are what the recipe takes, as far as the set says what it shows.
        seeds: how many trainings a row has, or how often a model with live dropout draws.
        preset, options: of the trainings, the recipe's preset by default; see `TrainRequest`.
        palette: how the set's label maps are read, where the set does not say it: a name of `class_colours`.
        evaluator: the model that draws label maps of drawn photos; by default one trained on the same photos.
        name: the folder in `results/`; what is trained is called by it, too.
    """

    target: str
    dataset: str | None = None
    direction: Direction | None = None
    seeds: int = 3
    seed: int = 0
    preset: Preset | None = None
    options: tuple[str, ...] = ()
    palette: str | None = None
    evaluator: str | None = None
    name: str | None = None
    device: str = "auto"
    lang: str = "en"
    command: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Reproduction:
    """What came of a recipe.

    Attributes:
        asked: what decides the numbers: dataset, direction, preset, options, palette, seed.
        images: held-out pictures of each row, 0 before the first row is measured.
        departures: in what it departs from what was published, a sentence each; with any, no number is held against it.
        judged: the evaluator, the SHA-256 of its weights, and what it said of each run (share of pixels).
        missing: rows that have no numbers, each with the reason and the next command.
        pictures: names of a few held-out pictures to look at.
    """

    name: str
    harness_version: str
    command: tuple[str, ...]
    started: str
    target: str
    asked: dict[str, Any]
    seeds: int
    images: int
    departures: tuple[str, ...]
    judged: dict[str, Any]
    missing: dict[str, tuple[str, str | None]]
    pictures: tuple[str, ...]
    sections: tuple[Section, ...]


def reproduce(workspace: Workspace, request: ReproduceRequest, progress: Progress | None = None) -> Reproduction:
    """Makes a recipe's rows, those that are there left as they are, and writes `results/NAME/` after each.

    Raises:
        UnknownNameError: there is no such recipe, dataset, palette or evaluator.
        TestSetError, TrainingError: the dataset cannot be used for it.
        RunError: another reproduction has that name, or pictures were changed between two of its trainings.
        HarnessError: nothing at all could be measured; the page says what is missing.
    """
    if request.target not in RECIPES:
        raise UnknownNameError("recipe", request.target, RECIPES, "harness reproduce")
    kind = _Training if RECIPES[request.target].trains else _Testing
    return kind(workspace, RECIPES[request.target], request, progress or Silent()).all()


def load_reproduction(folder: Path) -> Reproduction:
    """Reads `reproduction.json`; raises RunError if it is missing, damaged or of a newer format."""
    made: Reproduction = _DOCUMENT.load(folder / REPRODUCTION, lambda content: typed(Reproduction, content))
    return made


class _Going:
    """One going of a recipe."""

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
        raise NotImplementedError

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
            metrics.add(_JUDGED)
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
            pictures=tuple(row.name for row in measured[0].rows[:_SHOWN]) if measured and self.recipe.trains else (),
            sections=Findings(self.recipe, self.evidence, exact=not departures).sections(),
        )
        self.folder.mkdir(parents=True, exist_ok=True)
        _DOCUMENT.save(self.folder / REPRODUCTION, asdict(made))
        write_text(self.folder / "index.html", render_reproduction(made, language(self.request.lang)))
        return made


class _Testing(_Going):
    """A recipe of official models as they are."""

    # What one model lacks is no reason to leave out the next.
    forgiven = HarnessError

    def settle(self) -> dict[str, Any]:
        given = {
            "--dataset": self.request.dataset,
            "--direction": self.request.direction,
            "--preset": self.request.preset,
            "options of train.py": self.request.options,
        }
        if too_much := [name for name, value in given.items() if value]:
            raise RunError(f"`{self.recipe.id}` trains nothing: {too_much[0]} has no place there", "leave it out")
        return {"seed": self.request.seed, "seeds": self.request.seeds}

    def usual_name(self) -> str:
        return self.recipe.id

    def runs_of(self, variant: Variant) -> tuple[Path, ...]:
        model = MODELS[str(variant.model)]
        run = self.workspace.run(f"{self.folder.name}-{variant.id}")
        if not (run / "run.json").is_file():
            if installed_weights(self.workspace, model) is None:
                bring = f"harness setup --model {model.name} --dataset {model.dataset_id}"
                raise WeightsError("its weights are not installed", bring)
            request = self.request
            run_test(
                self.workspace,
                TestRequest(
                    model=model,
                    dataset=model.dataset_id,
                    name=run.name,
                    device=request.device,
                    seed=request.seed,
                    seeds=request.seeds,
                    lang=request.lang,
                    command=request.command,
                ),
                self.progress,
            )
        if load_record(run).model["id"] != model.id:
            raise RunError(f"`{run.name}` is a run of another model", "choose another `--name`")
        return (run,)


class _Training(_Going):
    """A recipe whose rows are trainings on one set of pairs."""

    def settle(self) -> dict[str, Any]:
        request, recipe = self.request, self.recipe
        if request.dataset is None:
            raise TestSetError(
                f"`{recipe.id}` needs pairs to train on", f"harness reproduce {recipe.id} --dataset NAME"
            )
        if clone_state(self.workspace) is None:
            raise TrainingError("the authors' code is not installed", "harness setup")
        varied = {word.removeprefix("--") for v in recipe.variants for word in v.options if word.startswith("--")}
        for word in request.options:
            # argparse takes any unique beginning of a name.
            name = word.removeprefix("--").partition("=")[0]
            if word.startswith("--") and any(known.startswith(name) for known in varied):
                raise TrainingError(f"`{word}` is what `{recipe.id}` varies from row to row", "leave it out")
        self.data = find_data(self.workspace, request.dataset, "pix2pix")
        check_set(self.data)
        if self.data.tested_on is None:
            raise TestSetError(
                f"`{self.data.folder}` holds nothing back to test on: no `test` or `val`",
                "harness prepare-images FOLDER --targets FOLDER --split 80/0/20",
            )
        self.direction = self._direction()
        self.preset = request.preset or recipe.preset
        self.palette = self._palette()
        self.digests: set[tuple[str, str]] = set()
        return {
            "dataset": self.data.reference,
            "direction": self.direction,
            "preset": self.preset,
            "options": list(request.options),
            "palette": self.palette,
            "seed": request.seed,
        }

    def usual_name(self) -> str:
        return f"{self.recipe.id}-{self.data.name}"

    def _direction(self) -> Direction:
        kinds: list[str] = [DOMAINS[domain].kind for domain in self.data.domains]
        if self.request.direction:
            return self.request.direction
        if kinds.count(str(self.recipe.inputs)) == 1:
            return "AtoB" if kinds[0] == self.recipe.inputs else "BtoA"
        if self.recipe.rule == "order":
            return self.data.direction or "AtoB"
        raise TestSetError(
            f"which half of `{self.data.name}` is the input of `{self.recipe.id}` ({self.recipe.inputs}) is not known",
            "--direction AtoB where the left half is, else --direction BtoA",
        )

    def _palette(self) -> str | None:
        """How label maps of the set are read; None where nothing says so and they are not needed."""
        known = class_colours()
        names = [palette.name for palette in known.values()]
        if self.request.palette is not None and self.request.palette not in names:
            raise UnknownNameError("palette", self.request.palette, names)
        found = [known[domain].name for domain in self.data.domains if domain in known]
        palette = self.request.palette or (found[0] if found else None)
        if palette is None and "palette_pixel" in self.recipe.columns:
            raise TestSetError(f"`{self.data.name}` does not say how its label maps are read", "--palette cityscapes")
        return palette

    def departures(self, images: int) -> tuple[str, ...]:
        recipe, said = self.recipe, []
        if recipe.rule != "value":
            return ()
        if self.palette != recipe.palette:
            said.append(f"the published numbers are of {recipe.palette}, which `{self.data.name}` is not known to be")
        if self.preset != recipe.preset or self.request.options:
            shown = " ".join((f"--preset {self.preset}", *self.request.options))
            said.append(f"trained with `{shown}`, not as the authors did")
        if images != recipe.images:
            said.append(f"{images} pictures are held out, the published numbers are of {recipe.images}")
        return tuple(said)

    def begin(self) -> None:
        """Has somebody judge what drawn photos show, where they are drawn of label maps."""
        if not any(column.startswith("agreement_") for column in self.recipe.columns):
            return
        source = self.data.domains[0 if self.direction == "AtoB" else 1]
        # A set that says nothing of its own is believed to hold label maps where the user says how to read them.
        if source not in class_colours() and (source not in {OWN_A, OWN_B} or self.palette is None):
            self.lacking = {_JUDGED: "the inputs are no known label maps; `--palette NAME` says how to read your own"}
            return
        self.evaluator = self.request.evaluator
        if self.evaluator is None:
            # Trained on real photos alone, as the papers' FCN; with L1 alone, which reads labels best (table 6).
            other: Direction = "BtoA" if self.direction == "AtoB" else "AtoB"
            self.progress.say("first of all the evaluator, which learns to draw label maps of the training photos")
            (record,) = self._trained(Variant(id="evaluator", discriminator="none"), other, 1)
            self.evaluator = record.models[0].name
        weights = installed_weights(self.workspace, find_model(self.workspace, self.evaluator))
        if weights is None:
            raise WeightsError(f"the weights of `{self.evaluator}` are not installed", "harness models --installed")
        self.judged = {"evaluator": self.evaluator, "sha256": sha256_of(weights), "pixel": {}}

    def runs_of(self, variant: Variant) -> tuple[Path, ...]:
        records = self._trained(variant, self.direction, self.request.seeds)
        runs = []
        for record in records:
            tested = record.results[0]["last"].get("run")
            if tested is None:
                raise TrainingError(f"`{record.name}` is trained, and its test failed: {'; '.join(record.warnings)}")
            runs.append(self.workspace.run(str(tested)))
            self.digests.add((record.dataset["digest"], load_record(runs[-1]).test_set["digest"]))
        if len(self.digests) > 1:
            raise RunError(
                f"the pictures of `{self.data.name}` were changed between two trainings of `{self.folder.name}`: their "
                "numbers are no comparison",
                "choose another `--name`",
            )
        return tuple(runs)

    def _trained(self, variant: Variant, direction: Direction, seeds: int) -> tuple[TrainingRecord, ...]:
        request = TrainRequest(
            dataset=self.data.reference,
            family="pix2pix",
            direction=direction,
            preset=self.preset,
            # The row's own last, for `train.py` takes the last of an option given twice.
            options=(*self.request.options, *variant.options),
            name=f"{self.folder.name}-{variant.id}",
            device=self.request.device,
            seed=self.request.seed,
            keep=1,
            without_skips=variant.without_skips,
            discriminator=variant.discriminator,
            lang=self.request.lang,
            command=self.request.command,
        )
        return train_by_seeds(self.workspace, request, seeds, self.progress)
