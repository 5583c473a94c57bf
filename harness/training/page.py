"""A training's page, which follows the training while it is open, also from disk and without a server.

The page holds the last known document. Browsers let a page opened from disk load scripts beside it, and nothing
else, so newer documents come as `progress.js`, one call that the page asks for again and again.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.files import write_text
from harness.web.language import Language, language
from harness.web.render import in_language, json_block, render_page, write_pages

PAGE = "index.html"
PROGRESS = "progress.js"

_JS = "training.js."
_SHARED_TEXTS = ("column.ssim", "column.psnr", "column.mae", "baseline.input_copied", "baseline.mean_target",
                 "kind.input", "kind.output", "kind.target", "js.copy_failed")  # fmt: skip


@dataclass(frozen=True)
class TrainingPage:
    """What a training's page shows.

    Attributes:
        command: what was typed, one word each.
        facts: pairs of a key of the strings `training.fact.KEY` and a value.
        document: the last known progress, plain JSON with finite numbers only and None where nothing is known.
            Its keys:

            - `format` (1), `run`, `state` (`starting`, `running`, `ending`, `finished`, `interrupted`, `failed`),
              `started` and `updated` (ISO 8601), `message`, `hint`, `warnings` (texts);
            - `epoch`, `epochs`, `batch`, `batches`, `iteration`, `iterations`, `images_per_second`, `seconds_left`,
              `seconds_spent`;
            - `losses`: `names`, `epochs` (places on the axis, fractions of epochs) and `values` by name;
            - `rates` (learning rate) and `speed` (images a second): `epochs` and `values`;
            - `samples`: `inputs` (`name`, `network`, `input` and `target` addresses) and `epochs`, each with its
              number and `outputs`, addresses in the order of the inputs;
            - `resumes`: `epoch`, `iteration`, `at` of each;
            - `results`: None, or for each generator what held-out pictures say of it by epoch (`columns`, `epochs`,
              `values`, `chosen_on`), its `baselines`, the runs `best`, `last` and `official`, the page of their
              `comparison` and the `worst` pictures;
            - `findings`: what the losses say, see `harness.training.diagnosing`; they stand among the warnings too;
            - `said`: by language, what `message`, `hint` and `warnings` are in it.
    """

    command: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    document: dict[str, Any]


def write_training_page(folder: Path, page: TrainingPage, lang: str = "en") -> Path:
    """Writes `index.html` in a language and the same in the others beside it, and returns its path.

    Raises:
        UnknownNameError: there are no strings for `lang`.
        ValueError: a number of the document is not finite.
    """
    target = folder / PAGE
    write_pages(target, language(lang), lambda words, pages: render_training(page, words, pages))
    return target


def write_progress(folder: Path, document: dict[str, Any]) -> None:
    """Writes `progress.js`, which a page that is open reads by itself; ValueError for a number that is not finite."""
    write_text(folder / PROGRESS, f"harnessProgress({json_block(document)})\n")


def render_training(page: TrainingPage, words: Language, pages: Mapping[str, str] | None = None) -> str:
    """Returns the page as HTML."""
    cyclic = dict(page.facts).get("family") == "cyclegan"
    run = page.document["run"]
    tests = [run, f"{run}-BtoA"] if cyclic else [run]
    strings = {k.removeprefix(_JS): v for k, v in words.strings.items() if k.startswith(_JS)}
    strings |= {key.removeprefix("js."): words.strings[key] for key in _SHARED_TEXTS}
    return render_page(
        "training.html.j2",
        words,
        package="harness.training",
        styles=("run.css", "training.css"),
        scripts=("curves.js", "strips.js", "outcome.js", "training.js"),
        data={"digits": words.digits, "lang": words.code, "strings": strings, "document": page.document},
        # For `progress.js`: a page from disk has no origin that 'self' could mean.
        script_sources="'self' file:",
        pages=pages,
        home=f"../{in_language('index.html', words.code)}",
        run=run,
        guide="cyclegan" if cyclic else "pix2pix",
        facts=[(words.either(f"training.fact.{key}", key), value) for key, value in page.facts],
        command=shlex.join(page.command),
        resume=shlex.join(["harness", "train", "--resume", run]),
        tests="\n".join(shlex.join(["harness", "test", "--model", name]) for name in tests),
    )
