"""Forty scripted people of known skill take a study in Chromium; the rate that is recovered beside the true one.

    python benchmarks/forty_people.py FOLDER_TO_WRITE [--people 40] [--trials 20]

Whether somebody is fooled by a picture is drawn with the probability 1 / (1 + exp(-(person + picture - 1))), person and
picture normal of spread 0.8. Their frames are drawn by a clock of the test's own; one more person takes the page as it
is, in real time, and how far each exposure was off is printed.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

from harness.course.tallying import score_study, two_level_interval, wilson
from harness.course.trials import Study, StudyRequest, make_study
from harness.workspace import Workspace
from tests.course.driving import with_clock
from tests.report.samples import sample_run

_TAKE = """async (sides) => {
  const at = (selector) => document.querySelector(selector);
  at("#begin").click();
  while (at("#end").hidden) {
    await new Promise((done) => setTimeout(done));
    if (!at("#answers").hidden) at(`[data-side=${sides[place_()]}]`).click();
    else if (!at("#next").hidden) at("#next").click();
  }
  return at("#result").textContent;
}"""


def take(page: Page, key: dict[str, str], fooled: set[str]) -> dict:
    pairs = page.evaluate("pairs_().map(({ id, real }) => ({ id, real }))")
    other = {"left": "right", "right": "left"}
    real = [pair.get("real") or key[pair["id"]] for pair in pairs]
    sides = [other[side] if pair["id"] in fooled else side for pair, side in zip(pairs, real, strict=True)]
    return json.loads(page.evaluate(_TAKE, sides))


def coverage(rng: np.random.Generator, people: int, pictures: int, times: int = 400) -> tuple[float, float]:
    """How often each interval holds the rate of the population, of whole studies simulated."""
    truth = np.mean(1 / (1 + np.exp(-(rng.normal(0, 0.8 * 2**0.5, 400_000) - 1))))
    held = np.zeros(2)
    for n in range(times):
        chance = rng.normal(0, 0.8, people)[:, None] + rng.normal(0, 0.8, pictures)[None]
        answers = (rng.random(chance.shape) < 1 / (1 + np.exp(1 - chance))).astype(float)
        intervals = two_level_interval(answers, n), wilson(int(answers.sum()), answers.size)
        held += [bool(i and i[0] <= truth <= i[1]) for i in intervals]
    return tuple(held / times)  # type: ignore[return-value]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--trials", type=int, default=20)
    asked = parser.parse_args()
    folder, rng = asked.folder.resolve(), np.random.default_rng(7)
    sample_run(folder / "results" / "judged", tuple(f"{n:03d}" for n in range(asked.trials + 2)))
    workspace = Workspace(folder)

    def study(name: str, exposure_s: float, trials: int) -> Study:
        output = folder / name
        shutil.rmtree(output, ignore_errors=True)
        wanted = StudyRequest(runs=("judged",), trials=trials, practice=2, exposure_s=exposure_s, seed=1, output=output)
        return make_study(workspace, wanted)

    made = study("study", 0.2, asked.trials)  # the driven clock draws every frame of it
    key = {trial.id: trial.real for trial in made.trials}
    people, pictures = rng.normal(0, 0.8, asked.people), rng.normal(0, 0.8, asked.trials)
    chance = 1 / (1 + np.exp(-(people[:, None] + pictures[None] - 1)))
    sent = []
    page_file = with_clock(made)
    page_file.write_text(
        page_file.read_text(encoding="utf-8").replace(
            "window.pairs_ =", "window.place_ = () => place;\nwindow.pairs_ ="
        ),
        encoding="utf-8",
    )
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        for n, own in enumerate(chance):
            page = browser.new_page()
            page.goto(page_file.as_uri())
            fooled = {trial for trial, p in zip(key, own, strict=True) if rng.random() < p}
            told = take(page, key, fooled)
            told["trials"] = [t | {"rt_ms": 450} for t in told["trials"]]  # a script answers faster than people
            sent.append(folder / f"answers-{n:02d}.json")
            sent[-1].write_text(json.dumps(told | {"participant": f"person {n}"}), encoding="utf-8")
            page.close()
        score = score_study(made.key, sent, folder / "study")
        (rate,) = score.rates
        print(f"{len(score.people)} people, {rate.n} answers, {len([p for p in score.people if p.excluded])} left out")
        print(
            f"true rate {chance.mean():.4f}, recovered {rate.share:.4f}, people × pictures "
            f"{rate.bootstrap}, Wilson {rate.wilson}; exposures off by up to "
            f"{max(p.exposure_off_ms for p in score.people):.2f} ms on the driven clock"
        )
        live = study("live", 1.0, min(8, asked.trials))
        page = browser.new_page()
        page.goto(live.page.as_uri())
        page.click("#begin")
        while page.is_hidden("#end"):
            if page.is_visible("#answers"):
                page.keyboard.press("ArrowLeft")
            elif page.is_visible("#next"):
                page.click("#next")
            page.wait_for_timeout(20)
        told = json.loads(page.text_content("#result") or "")
        off = [round(abs(t["exposure_ms"] - 1000), 2) for t in told["trials"]]
        print(f"in real time: a frame {told['frame_ms']} ms, exposures off by {off} ms")
        browser.close()
    both, alone = coverage(rng, asked.people, asked.trials)
    print(f"simulated studies: people × pictures holds the true rate {both:.1%} of the time, Wilson's {alone:.1%}")


if __name__ == "__main__":
    main()
