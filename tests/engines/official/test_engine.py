from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from harness.catalog.types import Architecture
from harness.engines.job import Job
from harness.errors import EngineError, MemoryShortError, OfficialScriptError, WeightsError
from harness.progress import Silent
from tests.engines.official.conftest import MakeJob
from tests.engines.translating import images_of
from tests.engines.translating import official as translate
from tests.pictures import picture

UNET = Architecture("unet_256", "batch", True)


class Counting(Silent):
    """Remembers each step's label, total and how far it came."""

    def __init__(self) -> None:
        self.steps: list[list[object]] = []

    @contextmanager
    def step(self, label: str, total: float | None = None, unit: str = "images") -> Iterator[Counting]:
        self.steps.append([label, total, 0])
        yield self

    def advance(self, amount: float = 1) -> None:
        self.steps[-1][2] += amount  # type: ignore[operator]

    def expect(self, total: float | None) -> None:
        return


def array(path: Path) -> np.ndarray:
    with Image.open(path) as opened:
        return np.asarray(opened.convert("RGB"))


def outputs(job: Job) -> dict[str, np.ndarray]:
    return {item.name: array(images_of(job) / "output" / f"{item.name}.png") for item in job.items}


def untouched(clone: Path) -> bool:
    status = ["git", "status", "--porcelain", "--ignored"]
    return subprocess.run(status, cwd=clone, check=True, capture_output=True, text=True).stdout == ""


@pytest.mark.parametrize("direction", ["AtoB", "BtoA"])
def test_pairs_come_back_under_their_names_with_targets(clone: Path, make_job: MakeJob, direction: str) -> None:
    names = ("نما ۱", "🏠 #1? 100%", "plain")
    job = make_job(names, paired=True, direction=direction)
    progress = Counting()
    answer = translate(job, clone, progress)
    assert sorted(p.name for p in images_of(job).iterdir()) == ["input", "output", "target"]
    for name in names:
        both = picture(name, 128, 64)
        left, right = both.crop((0, 0, 64, 64)), both.crop((64, 0, 128, 64))
        source, target = (left, right) if direction == "AtoB" else (right, left)
        np.testing.assert_array_equal(array(images_of(job) / "input" / f"{name}.png"), source)
        np.testing.assert_array_equal(array(images_of(job) / "output" / f"{name}.png"), ImageOps.invert(source))
        np.testing.assert_array_equal(array(images_of(job) / "target" / f"{name}.png"), target)
    assert progress.steps == [["staging", 3, 3], ["translating with the authors' test.py", 3, 3]]
    assert answer.engine == "official"
    assert set(answer.durations) == {"stage", "start_up", "translate"}
    assert all(seconds >= 0 for seconds in answer.durations.values())
    assert untouched(clone)


def test_single_pictures_of_their_own_sizes(clone: Path, make_job: MakeJob) -> None:
    job = make_job(("a", "b"), size=None)
    picture("wide", 72, 40).save(job.items[1].path)
    translate(job, clone)
    assert sorted(p.name for p in images_of(job).iterdir()) == ["input", "output"]
    assert {name: image.shape for name, image in outputs(job).items()} == {"a": (64, 64, 3), "b": (40, 72, 3)}


def test_more_pictures_than_their_default_of_fifty(clone: Path, make_job: MakeJob) -> None:
    job = make_job(tuple(f"n{number}" for number in range(53)))
    translate(job, clone)
    assert len(list((images_of(job) / "output").iterdir())) == 53


def test_random_draws_depend_on_seed_and_name_not_on_order(clone: Path, make_job: MakeJob) -> None:
    live = make_job().architecture.__class__("unet_128", "batch", None)
    sized = {"architecture": live, "size": (128, 128)}
    first = make_job(("a", "b", "c"), **sized)
    again = make_job(("c", "x", "a"), **sized)
    other = make_job(("a", "b", "c"), seed=2, **sized)
    fixed = make_job(("a", "b", "c"), mode="deterministic", **sized)
    for job in (first, again, other, fixed):
        translate(job, clone)
    for name in ("a", "c"):
        np.testing.assert_array_equal(outputs(first)[name], outputs(again)[name])
        assert (outputs(first)[name] != outputs(other)[name]).any()
        assert (outputs(first)[name] != outputs(fixed)[name]).any()
    corners = {tuple(image[0, 0]) for image in outputs(first).values()}
    assert len(corners) == 3


def test_the_older_command_line_is_served_too(legacy_clone: Path, make_job: MakeJob) -> None:
    answer = translate(make_job(), legacy_clone)
    assert answer.options[-2:] == ("--gpu_ids", "-1")
    assert "older" in answer.extra["command_line"]
    assert untouched(legacy_clone)


def test_what_a_launcher_left_in_the_environment_changes_nothing(
    clone: Path, make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCAL_RANK", "0")  # of torchrun or a cluster: their loaders would look for a process group
    assert translate(make_job(), clone).shims


def test_a_real_wandb_is_left_alone(
    clone: Path, make_job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site").mkdir()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    assert any("wandb" in shim for shim in translate(make_job(), clone).shims)
    (tmp_path / "site" / "wandb.py").touch()
    assert not any("wandb" in shim for shim in translate(make_job(), clone).shims)


@pytest.mark.parametrize(
    ("misbehaviour", "message"),
    [
        ("nothing", "3 of 3 pictures did not come out"),
        ("skip_one", r"1 of 3 pictures did not come out as expected:\n    `c`: no `000003_real.png` was written"),
        ("wrong_size", r"`c`: `000003_fake.png` is 8x8 RGB, expected 64x64 RGB"),
    ],
)
def test_exit_code_0_is_not_believed(
    clone: Path, make_job: MakeJob, monkeypatch: pytest.MonkeyPatch, misbehaviour: str, message: str
) -> None:
    monkeypatch.setenv("STANDIN_MISBEHAVE", misbehaviour)
    job = make_job()
    with pytest.raises(OfficialScriptError, match=message):
        translate(job, clone)
    assert not any(path.stem == "c" for path in images_of(job).rglob("*"))
    assert list(job.log.parent.glob(".official-*")) == []


@pytest.mark.parametrize(
    ("misbehaviour", "kind", "meaning"),
    [
        ("state_dict", OfficialScriptError, "do not fit"),
        ("sequential", OfficialScriptError, "do not fit"),
        ("memory", MemoryShortError, "GPU has no memory"),
        ("disk", OfficialScriptError, "disk is full"),
        ("killed", MemoryShortError, "killed from outside"),
    ],
)
def test_a_failed_script_is_explained_and_its_log_kept(
    clone: Path,
    make_job: MakeJob,
    monkeypatch: pytest.MonkeyPatch,
    misbehaviour: str,
    kind: type[EngineError],
    meaning: str,
) -> None:
    monkeypatch.setenv("STANDIN_MISBEHAVE", misbehaviour)
    job = make_job()
    with pytest.raises(kind, match=meaning):
        translate(job, clone)
    assert list(images_of(job).iterdir()) == []
    assert "loading the model from" in job.log.read_text(encoding="utf-8")


@pytest.mark.parametrize("large", [("b",), ("a", "c"), ("c",)])
def test_a_picture_at_which_memory_runs_out_is_left_out(
    clone: Path, make_job: MakeJob, monkeypatch: pytest.MonkeyPatch, large: tuple[str, ...]
) -> None:
    monkeypatch.setenv("STANDIN_MISBEHAVE", "large")
    job = make_job(size=None)
    for item in job.items:
        if item.name in large:
            picture("large", 104, 64).save(item.path)
    answer = translate(job, clone)
    others = [item.name for item in job.items if item.name not in large]
    assert set(answer.left_out) == set(large)
    assert all("at 104x64 pixels" in reason and "memory" in reason for reason in answer.left_out.values())
    assert sorted(path.stem for path in (images_of(job) / "output").iterdir()) == others


def test_any_size_comes_back_as_it_went_in(clone: Path, make_job: MakeJob) -> None:
    job = make_job(("a", "b"), paired=True, size=None, architecture=UNET, mode="eval")
    source = picture("odd", 2 * 257, 131)
    source.save(job.items[0].path)
    translate(job, clone)
    assert {name: output.shape for name, output in outputs(job).items()} == {"a": (131, 257, 3), "b": (64, 64, 3)}
    a, b = np.split(np.asarray(source), 2, axis=1)
    for kind, expected in (("input", a), ("output", 255 - a), ("target", b)):
        assert np.array_equal(array(images_of(job) / kind / "a.png"), expected)


def test_a_folder_that_is_no_clone(make_job: MakeJob, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="is no clone") as caught:
        translate(make_job(), tmp_path)
    assert caught.value.hint == "harness setup"


def test_weights_that_hold_no_state_dict_are_refused_and_nothing_is_left(
    clone: Path, make_job: MakeJob, tmp_path: Path
) -> None:
    page = tmp_path / "page.pth"
    page.write_text("<!DOCTYPE html><title>404</title>")
    job = make_job(weights=page)
    with pytest.raises(WeightsError, match=r"page\.pth"):
        translate(job, clone)
    assert list(images_of(job).iterdir()) == []
