"""`harness study score`: what people answered, as a share of made pictures taken for real, with its uncertainty."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from harness.course.trials import FORMAT, Trial
from harness.documents import Document, typed
from harness.errors import RunError, TestSetError
from harness.files import write_json, write_text
from harness.web.language import Language, language

RESAMPLES = 10_000
QUICKEST_MS = 200
"""Median time to answer below which nobody can have looked; a choice between two takes 350 ms and more."""

MOST_ALIKE = 0.95
"""Share of answers on one side from which somebody only pressed one key."""

FRAMES_OFF = 1.5
"""An exposure that is off by more frames than this was not the one asked for; a tenth of them may be."""


_KEY = Document(
    newest=FORMAT,
    error=RunError,
    missing="there is no study key `{name}` in `{folder}`",
    bring="harness study score FILES --key study-key.json",
    mend="use the file that `harness study` wrote",
)


class Key(TypedDict):
    """What of a study's key is read; `runs` by `name`."""

    study: str
    exposure_ms: int
    runs: tuple[dict[str, str], ...]
    trials: tuple[Trial, ...]


@dataclass(frozen=True)
class Answer:
    """One trial of one person: whether the made picture was taken for real, and how long that took."""

    trial: Trial
    fooled: bool
    rt_ms: float


@dataclass(frozen=True)
class Person:
    """One participant.

    Attributes:
        excluded: why the answers do not count, the key of a sentence and its values; None where they do.
        exposure_off_ms: the greatest distance of an exposure from the one asked for.
    """

    name: str
    file: str
    answers: tuple[Answer, ...]
    excluded: tuple[str, dict[str, object]] | None
    exposure_off_ms: float

    @property
    def rate(self) -> float:
        return sum(a.fooled for a in self.answers) / max(1, len(self.answers))

    def why(self, words: Language) -> str | None:
        """Returns why the answers do not count, in words."""
        return words.text(f"score.why.{self.excluded[0]}", **self.excluded[1]) if self.excluded else None

    @property
    def median_ms(self) -> float:
        return median(a.rt_ms for a in self.answers) if self.answers else math.nan


@dataclass(frozen=True)
class Rate:
    """The share of made pictures of one run taken for real, over those who count.

    Attributes:
        wilson: 95 % interval as if all answers were independent.
        bootstrap: 95 % interval over people and pictures drawn anew, both levels; None below two people or pictures.
    """

    run: str
    fooled: int
    n: int
    wilson: tuple[float, float]
    bootstrap: tuple[float, float] | None

    @property
    def share(self) -> float:
        return self.fooled / self.n


@dataclass(frozen=True)
class Score:
    """A scored study."""

    study: str
    rates: tuple[Rate, ...]
    people: tuple[Person, ...]
    refused: tuple[tuple[str, str], ...]

    def to_json(self) -> dict[str, Any]:
        """What `--json` prints and `study-score.json` holds."""
        return {
            "format": FORMAT,
            "study": self.study,
            "rates": [asdict(rate) | {"share": rate.share} for rate in self.rates],
            "people": [
                {
                    "name": p.name,
                    "file": p.file,
                    "answers": len(p.answers),
                    "share_fooled": p.rate,
                    "median_ms": p.median_ms if p.answers else None,
                    "exposure_off_ms": p.exposure_off_ms,
                    "excluded": p.why(language("en")),
                }
                for p in self.people
            ],
            "refused": [{"file": name, "reason": reason} for name, reason in self.refused],
            "rules": rules(language("en")),
        }


def rules(words: Language) -> list[str]:
    """Returns the exclusion rules in words, as every result states them."""
    values = {"quickest": QUICKEST_MS, "alike": round(100 * MOST_ALIKE), "frames": FRAMES_OFF}
    return [words.text(f"score.rule.{key}", **values) for key in ("unanswered", "quick", "alike", "exposure")]


def score_study(key: Path, files: Sequence[Path], output: Path | None = None, *, lang: str = "en") -> Score:
    """Scores result files against the key and, where `output` names a folder, writes a page and a JSON document there.

    Raises:
        RunError: the key is damaged.
        TestSetError: no file holds answers to this study.
    """
    document: Key = _KEY.load(key, partial(typed, Key))
    trials = {trial.id: trial for trial in document["trials"]}
    people, refused = [], []
    for file in files:
        try:
            people.append(_person(file, document, trials))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            refused.append((file.name, str(error) or type(error).__name__))
    counted = [p for p in people if p.excluded is None]
    if not people:
        first = f": `{refused[0][0]}`: {refused[0][1]}" if refused else ""
        raise TestSetError(
            f"no file holds answers to the study `{document['study']}`{first}", "harness study score FILES"
        )
    runs = [run["name"] for run in document["runs"]]
    rates = tuple(rate for run in runs if (rate := _rate(run, counted)) is not None)
    score = Score(document["study"], rates, tuple(people), tuple(refused))
    if output is not None:
        write_json(output / "study-score.json", score.to_json())
        write_text(output / "study-score.html", _page(score, document, lang))
    return score


def wilson(successes: int, n: int) -> tuple[float, float]:
    """Returns Wilson's 95 % interval of a share: (p + z²/2n ± z·sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)."""
    from scipy.stats import binomtest  # takes long to import

    found = binomtest(successes, n).proportion_ci(method="wilson")
    return float(found.low), float(found.high)


def two_level_interval(answers: NDArray[np.float64], seed: int = 0) -> tuple[float, float] | None:
    """Returns the 95 % interval of a mean over people × pictures when both are drawn anew.

    Args:
        answers: people × pictures, 0 or 1; NaN where somebody was not asked.
    """
    people, pictures = answers.shape
    if people < 2 or pictures < 2:
        return None
    rng = np.random.default_rng(seed)
    asked, known = np.isfinite(answers).astype(float), np.nan_to_num(answers)
    # Drawing with replacement is a weight a person and a weight a picture: mean = wᵀ A v / wᵀ M v.
    w = rng.multinomial(people, np.full(people, 1 / people), size=RESAMPLES)
    v = rng.multinomial(pictures, np.full(pictures, 1 / pictures), size=RESAMPLES)
    sums, counts = ((w @ known) * v).sum(1), ((w @ asked) * v).sum(1)
    low, high = np.quantile(sums[counts > 0] / counts[counts > 0], [0.025, 0.975])
    return float(low), float(high)


def _rate(run: str, people: Sequence[Person]) -> Rate | None:
    own = [{a.trial.id: a.fooled for a in person.answers if a.trial.run == run} for person in people]
    names = sorted({name for answers in own for name in answers})
    if not names:
        return None
    table = np.array([[answers.get(name, np.nan) for name in names] for answers in own], dtype=float)
    fooled, n = int(np.nansum(table)), int(np.isfinite(table).sum())
    return Rate(run, fooled, n, wilson(fooled, n), two_level_interval(table))


def _person(file: Path, key: Key, trials: dict[str, Trial]) -> Person:
    if file.stat().st_size > 1_000_000:
        raise ValueError("is larger than any result of a study")
    told = json.loads(file.read_text(encoding="utf-8"))
    if told["study"] != key["study"]:
        raise ValueError(f"belongs to another study, `{str(told['study'])[:40]}`")
    answers, off, sides = {}, [], []
    frame = float(told["frame_ms"])
    for given in told["trials"]:
        trial = trials[given["trial"]]
        if given["answer"] not in {"left", "right"} or trial.id in answers:
            raise ValueError(f"has no usable answer to `{trial.id}`")
        answers[trial.id] = Answer(trial, given["answer"] != trial.real, float(given["rt_ms"]))
        off.append(abs(float(given["exposure_ms"]) - key["exposure_ms"]))
        sides.append(given["answer"])
    name = "".join(c for c in str(told.get("participant") or "") if c.isprintable())[:60] or file.stem
    found = tuple(answers.values())
    excluded = _why_excluded(found, len(trials), sides, [d / frame for d in off])
    return Person(name, file.name, found, excluded, max(off, default=0.0))


def _why_excluded(
    answers: Sequence[Answer], asked: int, sides: Sequence[str], frames_off: Iterable[float]
) -> tuple[str, dict[str, object]] | None:
    if len(answers) < asked:
        return "unanswered", {"n": len(answers), "all": asked}
    quick = median(a.rt_ms for a in answers)
    if quick < QUICKEST_MS:
        return "quick", {"ms": round(quick)}
    alike = max(sides.count(side) for side in ("left", "right")) / len(sides)
    if alike >= MOST_ALIKE:
        return "alike", {"percent": round(100 * alike)}
    bad = [off for off in frames_off if off > FRAMES_OFF]
    if len(bad) * 10 > asked:
        return "exposure", {"n": len(bad), "all": asked, "frames": FRAMES_OFF}
    return None


def _page(score: Score, key: Key, lang: str) -> str:
    from harness.catalog.published_scores import published_scores
    from harness.web.render import render_page

    words = language(lang)
    rows: list[dict[str, Any]] = []
    for rate in score.rates:
        low, high = rate.bootstrap or rate.wilson
        rows.append({"label": rate.run, "share": rate.share, "low": low, "high": high, "paper": None})
    for s in published_scores():
        if s.metric == "amt_fool_pct":
            share, spread = s.value / 100, (s.uncertainty or 0) / 100
            label = f"{s.method}, {s.dataset} {s.direction}"
            low, high = max(0.0, share - spread), share + spread
            rows.append({"label": label, "share": share, "low": low, "high": high, "paper": s.source})
    return render_page(
        "study_score.html.j2",
        words,
        package="harness.course",
        styles=("study.css",),
        score=score,
        key=key,
        rows=rows,
        rules=rules(words),
        people=sorted(score.people, key=lambda p: p.rate),
    )
