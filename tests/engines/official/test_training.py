"""A training that is cut off goes on as if it had not been: on a stand-in that learns, with every loss compared."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.engines.official.training import TrainingJob, option_value, train
from harness.errors import DeviceError, EngineError, TrainingError
from tests.pictures import save_pair, save_picture

SMALL = (
    *("--netG", "unet_32", "--ngf", "2", "--load_size", "36", "--crop_size", "32"),
    *("--n_epochs", "2", "--n_epochs_decay", "1", "--pool_size", "3"),
)
IMAGES = 5
LAST = 3 * IMAGES
Events = list[tuple[str, dict[str, Any]]]


class Killed(Exception):
    """Raised by a listener in place of a power cut."""


@pytest.fixture
def make_training(tmp_path: Path) -> Callable[..., TrainingJob]:
    data = tmp_path / "data"
    for number in range(IMAGES):
        save_pair(data / "train" / f"{number}.png", 32)
        for side in "AB":
            save_picture(data / f"train{side}" / f"{number}.png", 32, 32)
    save_picture(tmp_path / "sample" / "s.png", 32, 32)

    def make(name: str, family: str = "pix2pix", **fields: Any) -> TrainingJob:
        folder = tmp_path / name
        (folder / "samples").mkdir(parents=True, exist_ok=True)
        known: dict[str, Any] = {"options": SMALL, "save_seconds": 0, "keep": 2, "warm_up": 0}
        return TrainingJob(family, "AtoB", data, folder, **(known | fields))  # type: ignore[arg-type]

    return make


def trained(job: TrainingJob, clone: Path) -> Events:
    events: Events = []
    train(job, clone, lambda kind, told: events.append((kind, told)))
    return events


def losses(events: Events) -> dict[int, tuple[dict[str, float], float]]:
    return {told["iteration"]: (told["losses"], told["rate"]) for kind, told in events if kind == "loss"}


def weights(job: TrainingJob) -> dict[str, torch.Tensor]:
    found = {}
    for path in sorted(job.checkpoints.glob("latest_net_*.pth")):
        found |= {f"{path.stem}.{key}": value for key, value in torch.load(path, weights_only=True).items()}
    return found


def cut_off(job: TrainingJob, clone: Path, after: int) -> Events:
    """Trains until iteration `after` is told, then ends the script as a power cut would."""
    events: Events = []

    def listen(kind: str, told: dict[str, Any]) -> None:
        events.append((kind, told))
        if kind == "step" and told["iteration"] == after:
            raise Killed

    with pytest.raises(Killed):
        train(job, clone, listen)
    return events


@pytest.mark.parametrize("family", ["pix2pix", "cyclegan"])
def test_cut_off_twice_and_resumed_is_as_uncut_bit_for_bit(
    clone: Path, make_training: Callable[..., TrainingJob], family: str
) -> None:
    whole = make_training("whole", family)
    expected = losses(trained(whole, clone))
    assert sorted(expected) == list(range(1, LAST + 1))
    assert expected[LAST][1] < expected[1][1]  # the learning rate decayed

    cut = make_training("cut", family, warm_up=2)  # which must leave no trace
    found = losses(cut_off(cut, clone, 3))  # within the first epoch
    events = cut_off(cut, clone, 8)  # within the second
    resumed = next(told for kind, told in events if kind == "resumed")["iteration"]
    assert resumed >= 2  # it ran on until it was ended
    assert set(range(1, resumed + 1)) <= set(losses(events))  # told once more: nobody may have heard them
    found |= losses(events)
    found |= losses(trained(cut, clone))
    assert found == expected
    assert all(torch.equal(a, b) for a, b in zip(weights(whole).values(), weights(cut).values(), strict=True))


def test_samples_disturb_nothing_and_show_every_epoch(clone: Path, make_training: Callable[..., TrainingJob]) -> None:
    plain = losses(trained(make_training("plain"), clone))
    sampled = make_training("sampled")
    sample = sampled.folder.parent / "sample" / "s.png"
    assert losses(trained(replace(sampled, samples={"G": (sample,)}), clone)) == plain
    drawn = sorted(p.relative_to(sampled.folder).as_posix() for p in (sampled.folder / "samples").rglob("*.png"))
    assert drawn == ["samples/00001/s.png", "samples/00002/s.png", "samples/00003/s.png"]


def test_kept_epochs_are_few_and_the_last_is_one(clone: Path, make_training: Callable[..., TrainingJob]) -> None:
    job = make_training("kept", keep=2, save_seconds=1000)
    events = trained(job, clone)
    names = sorted(p.name for p in job.checkpoints.glob("*.pth"))
    assert names == [f"{epoch}_net_{net}.pth" for epoch in (2, 3) for net in "DG"] + [
        "latest_net_D.pth",
        "latest_net_G.pth",
    ]
    assert [told["kept"] for kind, told in events if kind == "epoch"] == [False, True, True]
    assert not [p for p in job.checkpoints.iterdir() if p.name.startswith(".")]
    assert sorted(p.name for p in job.folder.iterdir()) == ["checkpoints", "log.txt", "samples"]


def test_the_plan_is_told_before_the_first_iteration(clone: Path, make_training: Callable[..., TrainingJob]) -> None:
    events = trained(make_training("plan", warm_up=1, options=(*SMALL, "--batch_size", "2")), clone)
    assert [kind for kind, _ in events[:3]] == ["plan", "speed", "loss"]
    plan = events[0][1]
    assert (plan["images"], plan["batch_size"], plan["batches"], plan["epochs"]) == (IMAGES, 2, 3, 3)
    assert plan["parameters"]["D"] == 3 * 4 * 4 + 1
    json.dumps(plan, allow_nan=False)


def test_losses_that_are_no_numbers_stop_it_with_the_state_before(
    clone: Path, make_training: Callable[..., TrainingJob], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STANDIN_MISBEHAVE", "nan")
    job = make_training("nan")
    with pytest.raises(TrainingError, match="no finite number") as caught:
        trained(job, clone)
    assert "--lr" in str(caught.value.hint)
    state = torch.load(job.state, weights_only=True)
    assert state["iterations"] < 6
    assert all(torch.isfinite(t).all() for net in state["networks"].values() for t in net.values())


def test_a_full_disk_stops_it_and_no_half_file_stays(
    clone: Path, make_training: Callable[..., TrainingJob], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STANDIN_MISBEHAVE", "disk")
    job = make_training("disk", keep=3)
    with pytest.raises(TrainingError, match="disk is full") as caught:
        trained(job, clone)
    assert "harness train --resume disk" in str(caught.value.hint)
    assert not list(job.checkpoints.glob("2_net_*"))
    assert not [p for p in job.checkpoints.iterdir() if p.name.startswith(".")]
    monkeypatch.delenv("STANDIN_MISBEHAVE")
    assert max(losses(trained(job, clone))) == LAST  # room was made


def test_a_full_disk_under_the_state_itself(clone: Path, make_training: Callable[..., TrainingJob]) -> None:
    job = make_training("full")
    job.checkpoints.mkdir(parents=True)
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    (job.checkpoints / ".state.pt.part").symlink_to("/dev/full")  # where the state is written before it gets its name
    with pytest.raises(TrainingError, match="disk is full"):
        trained(job, clone)


def test_too_little_memory_is_a_device_error(
    clone: Path, make_training: Callable[..., TrainingJob], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STANDIN_MISBEHAVE", "batch")
    with pytest.raises(DeviceError, match="no memory left") as caught:
        trained(make_training("memory", options=(*SMALL, "--batch_size", "4")), clone)
    assert "--crop_size" in str(caught.value.hint)


def test_an_option_the_script_does_not_know_is_answered_with_its_words(
    clone: Path, make_training: Callable[..., TrainingJob]
) -> None:
    with pytest.raises(TrainingError, match=r"refuses its options: unrecognized arguments: --lerning_rate 1"):
        trained(make_training("typo", options=(*SMALL, "--lerning_rate", "1")), clone)


def test_another_batch_size_begins_the_epoch_again(clone: Path, make_training: Callable[..., TrainingJob]) -> None:
    job = make_training("smaller")
    cut_off(job, clone, 8)
    events = trained(replace(job, options=(*SMALL, "--batch_size", "5")), clone)
    assert next(told for kind, told in events if kind == "resumed")["batch"] == 0
    assert [told["epoch"] for kind, told in events if kind == "epoch"] == [2, 3]


def test_two_processes_train_together_on_the_cpu_and_go_on_after_a_cut(
    clone: Path, make_training: Callable[..., TrainingJob]
) -> None:
    job = make_training("two", processes=2, options=(*SMALL, "--norm", "syncbatch"))
    events = cut_off(job, clone, 5)
    assert next(told for kind, told in events if kind == "plan")["batches"] == 3  # five pictures, two processes

    def listen(kind: str, told: dict[str, Any]) -> None:
        events.append((kind, told))

    finished = train(job, clone, listen)
    assert any("process group of 2 over gloo" in shim for shim in finished.shims)
    assert next(told for kind, told in events if kind == "resumed")["iteration"] >= 3
    assert sorted(losses(events)) == list(range(1, 10))
    assert not any("module." in key for key in weights(job))


def test_without_skips_only_what_the_decoder_takes_from_them_is_zero(
    clone: Path, make_training: Callable[..., TrainingJob]
) -> None:
    job = make_training("straight", without_skips=True)
    trained(job, clone)
    state = torch.load(job.checkpoints / "latest_net_G.pth", weights_only=True)
    half_zero = [
        k for k, v in state.items() if v.ndim == 4 and not v[: v.shape[0] // 2].any() and v[v.shape[0] // 2 :].any()
    ]
    assert len(half_zero) == 4  # five levels, the innermost has no skip
    assert all(v.any() for k, v in state.items() if v.ndim == 4)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_killed_by_the_kernel_is_said(clone: Path, make_training: Callable[..., TrainingJob]) -> None:
    job = make_training("killed")

    def kill(kind: str, told: dict[str, Any]) -> None:
        if kind == "step" and told["iteration"] == 2:
            child = next(int(p.name) for p in Path("/proc").glob("[0-9]*") if _is_training(p, job))
            os.kill(child, signal.SIGKILL)

    if not Path("/proc/self/cmdline").exists():
        pytest.skip("needs /proc")
    with pytest.raises(EngineError, match="SIGKILL: it was killed from outside"):
        train(job, clone, kill)
    assert max(losses(trained(job, clone))) == LAST


def _is_training(process: Path, job: TrainingJob) -> bool:
    try:
        words = (process / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return str(job.folder).encode() in words and any(w.endswith(b"train.py") for w in words)


def test_the_older_command_line_is_refused(legacy_clone: Path, make_training: Callable[..., TrainingJob]) -> None:
    with pytest.raises(EngineError, match="pinned commit"):
        trained(make_training("older"), legacy_clone)


def test_the_last_value_of_an_option_counts() -> None:
    assert option_value(["--lr", "1", "--x", "--lr=2"], "lr") == "2"
    assert option_value(["--lr_policy", "step"], "lr") is None
