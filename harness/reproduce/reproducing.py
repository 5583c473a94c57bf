"""`harness reproduce`: trains or tests what a recipe lacks, measures it, and writes what came of it as a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.catalog.models import MODELS
from harness.catalog.reproductions import RECIPES, Variant
from harness.errors import HarnessError, RunError, UnknownNameError, WeightsError
from harness.progress import Progress, Silent
from harness.provision.installed import installed_weights
from harness.reproduce.recipe_rows import RecipeRows
from harness.reproduce.reproduction import ReproduceRequest, Reproduction
from harness.reproduce.trained_rows import TrainedRows
from harness.runs.record import load_record
from harness.testing.request import TestRequest
from harness.testing.running import run_test
from harness.workspace import Workspace


def reproduce(workspace: Workspace, request: ReproduceRequest, progress: Progress | None = None) -> Reproduction:
    """Makes a recipe's rows, those that are there left as they are, and writes `results/NAME/` after each.

    Raises:
        UnknownNameError: there is no such recipe, dataset, palette or evaluator.
        TestSetError, TrainingError: the dataset cannot be used for it.
        RunError: another reproduction has that name, or pictures were changed between two of its trainings.
        HarnessError: nothing at all could be measured; the page says what is missing.
    """
    recipe = RECIPES.get(request.target)
    if recipe is None:
        raise UnknownNameError("recipe", request.target, RECIPES, "harness reproduce")
    kind = TrainedRows if recipe.trains else TestedRows
    return kind(workspace, recipe, request, progress or Silent()).all()


class TestedRows(RecipeRows):
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

    def runs_of(self, variant: Variant) -> tuple[Path, ...]:
        model = MODELS[str(variant.model)]
        run = self.workspace.run(f"{self.folder.name}-{variant.id}")
        if not (run / "run.json").is_file():
            if installed_weights(self.workspace, model) is None:
                bring = f"harness setup --model {model.name} --dataset {model.dataset_id}"
                raise WeightsError("its weights are not installed", bring)
            request = TestRequest(
                model=model,
                dataset=model.dataset_id,
                name=run.name,
                device=self.request.device,
                seed=self.request.seed,
                seeds=self.request.seeds,
                lang=self.request.lang,
                command=self.request.command,
            )
            run_test(self.workspace, request, self.progress)
        if load_record(run).model["id"] != model.id:
            raise RunError(f"`{run.name}` is a run of another model", "choose another `--name`")
        return (run,)
