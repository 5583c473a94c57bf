"""`harness study`: the real-or-fake test of both papers as one offline page, and the key that stays with the teacher.

Protocol (Isola et al. 2017, section 3.4; Zhu et al. 2017, section 5.1.1): a real and a made picture of one input side
by side for one second, then the question which is real; the first trials are practice with an answer. Sides are
balanced here, the order is each participant's own, and how long the pictures really stood is measured by the page.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from PIL import Image

from harness.errors import RunError, quoted
from harness.files import folder_written_aside, write_json, write_text
from harness.progress import Progress, Silent
from harness.runs.listing import find_run
from harness.runs.pixel_differences import read_pixels
from harness.runs.record import RunRecord, load_record
from harness.web.language import language, languages
from harness.web.render import picture_address, render_page
from harness.workspace import Workspace

FORMAT = 1
KEY, PAGE = "study-key.json", "study.html"
Side = Literal["left", "right"]


@dataclass(frozen=True, kw_only=True)
class StudyRequest:
    """What a study is to be made of.

    Attributes:
        runs: the run whose outputs are judged; a second one is judged beside it, its trials mixed in.
        trials, practice: numbers of pairs; no picture stands in both.
        exposure_s: seconds a pair is shown.
        seed: of the choice, the sides and the order; None takes a new one, which the key keeps.
        lang: the language the page begins in; it has both.
        output: the folder to write.
    """

    runs: tuple[str, ...]
    trials: int = 40
    practice: int = 10
    exposure_s: float = 1.0
    seed: int | None = None
    lang: str = "en"
    output: Path


@dataclass(frozen=True)
class Trial:
    """One pair: which image of which run it shows, and on which side the real picture stands."""

    id: str
    run: str
    image: str
    real: Side


@dataclass(frozen=True)
class Study:
    """A study that was made: its folder, page and key."""

    folder: Path
    page: Path
    key: Path
    trials: tuple[Trial, ...]


def make_study(workspace: Workspace, request: StudyRequest, progress: Progress | None = None) -> Study:
    """Writes `study.html`, to hand out, and `study-key.json`, to keep.

    Raises:
        RunError: a run without targets, two runs of other pictures, or fewer images than trials.
    """
    progress = progress or Silent()
    folders = [find_run(workspace, run) for run in request.runs]
    records = [load_record(folder) for folder in folders]
    names = _common_names(records)
    _check_count(names, request)
    seed = secrets.randbits(32) if request.seed is None else request.seed
    rng = random.Random(seed)
    chosen = rng.sample(names, request.trials + request.practice)
    practice = _trials(chosen[: request.practice], records, rng, "p")
    trials = _trials(chosen[request.practice :], records, rng, "t")
    facts = {"study": f"{seed:08x}-{secrets.token_hex(4)}", "exposure_ms": round(1000 * request.exposure_s)}
    with folder_written_aside(request.output) as draft:
        with progress.step("putting the pictures in", len(chosen)) as step:
            shown = []
            by_name = {record.name: folder for record, folder in zip(records, folders, strict=True)}
            for trial in (*practice, *trials):
                shown.append(_shown(by_name[trial.run], trial))
                step.advance()
        practised = [pair | {"real": t.real} for pair, t in zip(shown, practice, strict=False)]
        document = facts | {"practice": practised, "trials": shown[len(practice) :]}
        write_text(draft / PAGE, _page(document, request.lang))
        key = {
            "format": FORMAT,
            **facts,
            "seed": seed,
            "practice": request.practice,
            "runs": [{"name": r.name, "model": r.model["id"], "engine": r.engine, "mode": r.mode} for r in records],
            "trials": [asdict(trial) for trial in trials],
        }
        write_json(draft / KEY, key)
    output = request.output
    return Study(output, output / PAGE, output / KEY, tuple(trials))


def _common_names(records: Sequence[RunRecord]) -> list[str]:
    first = records[0]
    if len({record.name for record in records}) < len(records):
        raise RunError(f"`{first.name}` stands beside a run of its name", "choose runs of different names")
    for record in records:
        if record.test_set["layout"] != "paired":
            raise RunError(
                f"`{record.name}` has no targets: there is no real picture to set beside what was drawn",
                "harness prepare-images FOLDER --targets FOLDER",
            )
        if record.test_set["digest"] != first.test_set["digest"]:
            raise RunError(f"`{record.name}` and `{first.name}` translated other pictures", "choose runs of one set")
    return [image["name"] for image in first.images]


def _check_count(names: Sequence[str], request: StudyRequest) -> None:
    wanted = request.trials + request.practice
    if len(names) < wanted:
        fewer, runs = max(2, len(names) * 4 // 5), " --against ".join(map(quoted, request.runs))
        raise RunError(
            f"`{request.runs[0]}` has {len(names)} images; {request.trials} trials and {request.practice} for practice "
            f"need {wanted}, since none is shown twice",
            f"harness study {runs} --trials {fewer} --practice {len(names) - fewer}",
        )
    if request.trials < 2 * len(request.runs):
        raise RunError("a study needs at least two trials a run", "harness study RUN --trials 20")


def _trials(names: Sequence[str], records: Sequence[RunRecord], rng: random.Random, letter: str) -> list[Trial]:
    """One trial a name; runs and sides take turns, so that both are balanced, and are then shuffled."""
    sides: tuple[Side, Side] = ("left", "right")
    turns = [(records[n % len(records)].name, sides[n // len(records) % 2]) for n in range(len(names))]
    rng.shuffle(turns)
    pairs = enumerate(zip(names, turns, strict=True), 1)
    return [Trial(f"{letter}{n:03d}", run, name, side) for n, (name, (run, side)) in pairs]


def _shown(run: Path, trial: Trial) -> dict[str, str]:
    # All in one encoding, lossless, without name or metadata.
    pictures = (Image.fromarray(read_pixels(run / "images" / k / f"{trial.image}.png")) for k in ("target", "output"))
    real, made = (picture_address(picture, "WEBP", lossless=True, method=2) for picture in pictures)
    left, right = (real, made) if trial.real == "left" else (made, real)
    return {"id": trial.id, "left": left, "right": right}


def _page(document: dict[str, Any], lang: str) -> str:
    shown = ("study.", "base.made_by")
    words = {
        code: {k.partition(".")[2]: v for k, v in language(code).strings.items() if k.startswith(shown)}
        for code in languages()
    }
    facts = {code: {"digits": language(code).digits, "dir": language(code).direction} for code in words}
    return render_page(
        "study.html.j2",
        language(lang),
        package="harness.course",
        styles=("study.css",),
        scripts=("study.js",),
        data=document | {"lang": lang, "words": words, "languages": facts},
    )
