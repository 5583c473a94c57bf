"""Scores are those of independent arithmetic, intervals hold what they say, and who does not count is named."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from harness.cli.main import main
from harness.course.tallying import score_study, two_level_interval, wilson
from harness.course.trials import Study
from harness.errors import RunError, TestSetError
from harness.web.language import language


def answers_of(study: Study, skill: float, seed: int, **told: object) -> dict:
    """What somebody sends who sees the truth with that probability and guesses otherwise."""
    rng = np.random.default_rng(seed)
    key = json.loads(study.key.read_text(encoding="utf-8"))
    trials = []
    for trial in key["trials"]:
        sees = rng.random() < skill
        answer = trial["real"] if sees else ("left", "right")[int(rng.integers(2))]
        trials.append({"trial": trial["id"], "answer": answer, "rt_ms": 400 + 10 * seed, "exposure_ms": 200.0})
    return {"format": 1, "study": key["study"], "participant": f"p{seed}", "frame_ms": 16.67, "trials": trials} | told


def sent(folder: Path, *documents: dict) -> list[Path]:
    folder.mkdir(exist_ok=True)
    paths = []
    for n, document in enumerate(documents):
        paths.append(folder / f"{n}.json")
        paths[-1].write_text(json.dumps(document), encoding="utf-8")
    return paths


@pytest.mark.parametrize(("successes", "n"), [(0, 5), (5, 5), (3, 10), (37, 160), (1, 1)])
def test_wilsons_interval_is_the_formulas(successes: int, n: int) -> None:
    p, z = successes / n, 1.959963984540054
    spread = z * (p * (1 - p) / n + z**2 / (4 * n**2)) ** 0.5
    expected = [(p + z**2 / (2 * n) + sign * spread) / (1 + z**2 / n) for sign in (-1, 1)]
    assert wilson(successes, n) == pytest.approx(expected, abs=1e-12)


def test_the_share_is_that_of_made_pictures_taken_for_real(study: Study, tmp_path: Path) -> None:
    documents = [answers_of(study, skill, seed) for seed, skill in enumerate((1.0, 0.0, 0.5))]
    real = {trial.id: trial.real for trial in study.trials}
    wrong = sum(t["answer"] != real[t["trial"]] for d in documents for t in d["trials"])
    score = score_study(study.key, sent(tmp_path / "in", *documents))
    (rate,) = score.rates
    assert (rate.fooled, rate.n, rate.run) == (wrong, 24, "first")
    assert score.people[0].rate == 0
    assert [p.median_ms for p in score.people] == [400, 410, 420]


def test_the_two_level_interval_covers_the_rate_as_often_as_it_says() -> None:
    """People of different skill see pictures of different difficulty; the true rate is the mean over both."""
    rng = np.random.default_rng(1)
    covered = naive = 0
    for seed in range(200):
        people, pictures = rng.normal(0, 0.8, 40), rng.normal(0, 0.8, 40)
        chance = 1 / (1 + np.exp(-(people[:, None] + pictures[None] - 1)))
        answers = (rng.random(chance.shape) < chance).astype(float)
        population = np.mean(1 / (1 + np.exp(-(rng.normal(0, 0.8 * 2**0.5, 20_000) - 1))))
        interval = two_level_interval(answers, seed)
        assert interval
        covered += interval[0] <= population <= interval[1]
        low, high = wilson(int(answers.sum()), answers.size)
        naive += low <= population <= high
    assert 0.92 <= covered / 200 <= 0.99
    assert naive / 200 < 0.75  # as if 1,600 answers were independent


def test_too_few_for_two_levels() -> None:
    assert two_level_interval(np.ones((1, 9))) is None
    assert two_level_interval(np.ones((9, 1))) is None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda d: d | {"trials": d["trials"][:5]}, "5 of 8 trials answered"),
        (lambda d: d | {"trials": [t | {"rt_ms": 90} for t in d["trials"]]}, "a median answer within 90 ms"),
        (lambda d: d | {"trials": [t | {"answer": "left"} for t in d["trials"]]}, "100 % of the answers on one side"),
        (lambda d: d | {"trials": [t | {"exposure_ms": 240} for t in d["trials"]]}, "8 of 8 exposures off"),
    ],
)
def test_who_did_not_look_does_not_count_and_is_named(study: Study, tmp_path: Path, change: object, why: str) -> None:
    good, bad = answers_of(study, 0.5, 1), change(answers_of(study, 0.5, 2))  # type: ignore[operator]
    score = score_study(study.key, sent(tmp_path / "in", good, bad))
    assert [bool(p.excluded) for p in score.people] == [False, True]
    assert why in str(score.people[1].why(language("en")))
    assert score.rates[0].n == 8
    assert any("every trial" in rule for rule in score.to_json()["rules"])


def test_a_frame_too_few_or_too_many_is_no_reason(study: Study, tmp_path: Path) -> None:
    good = answers_of(study, 0.5, 1)
    good["trials"] = [t | {"exposure_ms": 200 + 16} for t in good["trials"]]
    assert score_study(study.key, sent(tmp_path / "in", good)).people[0].excluded is None


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda d: d | {"study": "other"}, "another study"),
        (lambda d: d | {"trials": [d["trials"][0] | {"answer": "middle"}]}, "no usable answer"),
        (lambda d: d | {"trials": [*d["trials"], d["trials"][0]]}, "no usable answer"),
        (lambda d: d | {"trials": [d["trials"][0] | {"trial": "t999"}]}, "t999"),
        (lambda d: {"format": 1}, "study"),
    ],
)
def test_files_that_are_no_answers_are_named_and_the_others_scored(
    study: Study, tmp_path: Path, spoil: object, why: str
) -> None:
    good = answers_of(study, 0.5, 1)
    score = score_study(study.key, sent(tmp_path / "in", good, spoil(good)))  # type: ignore[operator]
    assert len(score.people) == 1
    assert score.refused[0][0] == "1.json" and why in score.refused[0][1]


def test_nothing_to_score_is_an_error(study: Study, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(TestSetError, match=r"no file holds answers.*x.json"):
        score_study(study.key, [tmp_path / "x.json"])
    with pytest.raises(RunError, match="there is no study key"):
        score_study(tmp_path / "none.json", [tmp_path / "x.json"])
    spoilt = tmp_path / "spoilt.json"
    spoilt.write_text(study.key.read_text(encoding="utf-8").replace('"left"', '"middle"'), encoding="utf-8")
    with pytest.raises(RunError, match=r"`.*spoilt.json` is damaged: `trials") as caught:
        score_study(spoilt, [tmp_path / "x.json"])
    assert caught.value.hint == "use the file that `harness study` wrote"


def test_names_of_participants_are_only_names(study: Study, tmp_path: Path) -> None:
    told = answers_of(study, 0.5, 1, participant="\x1b[31m<script>alert(1)</script>")
    score_study(study.key, sent(tmp_path / "in", told), tmp_path / "out", lang="fa")
    page = (tmp_path / "out" / "study-score.html").read_text(encoding="utf-8")
    assert "\x1b" not in page and "<script>alert" not in page and "واقعی" in page
    assert "left out" not in page and "یک‌دهم" in page


def test_on_the_command_line(study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = sent(tmp_path / "in", *(answers_of(study, 0.5, n) for n in range(3)))
    assert main(["study", "score", *map(str, files), "--key", str(study.key)]) == 0
    out = capsys.readouterr().out
    assert "first" in out and "24" in out
    assert (study.folder / "study-score.html").is_file()
    assert main(["study", "score", str(files[0]), "--key", str(study.key), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rates"][0]["n"] == 8
