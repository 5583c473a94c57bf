"""The rows of a recipe whose every row is a training on one set of pairs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.catalog.domains import DOMAINS
from harness.catalog.reproductions import Variant
from harness.catalog.types import Direction
from harness.errors import RunError, TestSetError, TrainingError, UnknownNameError, WeightsError
from harness.files import sha256_of
from harness.metrics.palette_accuracy import class_colours
from harness.provision.installed import clone_state, installed_weights
from harness.reproduce.recipe_rows import JUDGED, RecipeRows
from harness.runs.record import load_record
from harness.runs.trained import find_model
from harness.runs.training_record import TrainingRecord
from harness.sets.trainable import OWN_A, OWN_B, check_set, find_data
from harness.training.repeating import train_by_seeds
from harness.training.train_request import TrainRequest


class TrainedRows(RecipeRows):
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
            self.lacking = {JUDGED: "the inputs are no known label maps; `--palette NAME` says how to read your own"}
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
