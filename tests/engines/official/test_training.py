"""A training that is cut off goes on as if it had not been: on a stand-in that learns, with every loss compared."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.engines.official.training import TrainingJob, refuse_contradictions, train
from harness.errors import EngineError, MemoryShortError, TrainingError
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

    def make(name: str, family: str = "pix2pix", **fields: Any) -> TrainingJob:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
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
    """Trains until iteration `after` is told, then ends the script; it may have gone on a little."""
    events: Events = []

    def listen(kind: str, told: dict[str, Any]) -> None:
        events.append((kind, told))
        if kind == "step" and told["iteration"] == after:
            raise Killed

    with pytest.raises(Killed):
        train(job, clone, listen)
    return events


def killed(job: TrainingJob, clone: Path, after: int) -> Events:
    """Trains until the stand-in is killed after so many iterations of its own."""
    events: Events = []
    with (
        pytest.MonkeyPatch.context() as patched,
        pytest.raises(EngineError, match="SIGKILL: it was killed from outside"),
    ):
        patched.setenv("STANDIN_MISBEHAVE", f"die:{after}")
        train(job, clone, lambda kind, told: events.append((kind, told)))
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
    found = losses(killed(cut, clone, 3 + 3))  # within the first epoch, after as many iterations to warm up
    events = killed(cut, clone, 5 + 3)  # within the second
    assert next(told for kind, told in events if kind == "resumed")["iteration"] == 3
    assert set(losses(events)) == set(range(1, 9))  # the first told once more: nobody may have heard them
    found |= losses(events)
    found |= losses(trained(cut, clone))
    assert found == expected
    assert all(torch.equal(a, b) for a, b in zip(weights(whole).values(), weights(cut).values(), strict=True))


def test_samples_disturb_nothing_and_show_every_epoch(clone: Path, make_training: Callable[..., TrainingJob]) -> None:
    plain = losses(trained(make_training("plain"), clone))
    sampled = make_training("sampled")
    save_picture(sampled.folder / "samples" / "input" / "G-1.png", 32, 32)
    assert losses(trained(sampled, clone)) == plain
    drawn = sorted(p.relative_to(sampled.folder).as_posix() for p in sampled.folder.glob("samples/0*/*.png"))
    assert drawn == ["samples/00001/G-1.png", "samples/00002/G-1.png", "samples/00003/G-1.png"]


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
    assert sorted(p.name for p in job.folder.iterdir()) == ["checkpoints", "log.txt"]


def test_the_plan_is_told_before_the_first_iteration(clone: Path, make_training: Callable[..., TrainingJob]) -> None:
    events = trained(make_training("plan", warm_up=1, options=(*SMALL, "--batch_size", "2")), clone)
    assert [kind for kind, _ in events[:4]] == ["options", "plan", "speed", "loss"]
    plan = events[1][1]
    assert (plan["images"], plan["batch_size"], plan["batches"], plan["epochs"]) == (IMAGES, 2, 3, 3)
    assert plan["parameters"]["D"] == 6 * 4 * 4 + 1
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
    with pytest.raises(EngineError, match="disk is full") as caught:
        trained(job, clone)
    assert "make room" in str(caught.value.hint)
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
    with pytest.raises(EngineError, match="disk is full"):
        trained(job, clone)


def test_too_little_memory_is_a_device_error(
    clone: Path, make_training: Callable[..., TrainingJob], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STANDIN_MISBEHAVE", "batch")
    with pytest.raises(MemoryShortError, match="no memory left") as caught:
        trained(make_training("memory", options=(*SMALL, "--batch_size", "4")), clone)
    assert "--crop_size" in str(caught.value.hint)


def test_an_option_the_script_does_not_know_is_answered_with_its_words(
    clone: Path, make_training: Callable[..., TrainingJob]
) -> None:
    with pytest.raises(TrainingError, match=r"refuses its options: unrecognized arguments: --lerning_rate 1"):
        trained(make_training("typo", options=(*SMALL, "--lerning_rate", "1")), clone)


def test_another_batch_size_begins_the_epoch_again(clone: Path, make_training: Callable[..., TrainingJob]) -> None:
    job = make_training("smaller")
    killed(job, clone, 8)
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


def test_fused_adam_stands_among_the_shims_and_goes_on_exactly_after_a_cut(
    clone: Path, make_training: Callable[..., TrainingJob]
) -> None:
    whole, cut = (make_training(name, fused=True) for name in ("whole", "cut"))
    events: Events = []
    finished = train(whole, clone, lambda kind, told: events.append((kind, told)))
    assert [shim for shim in finished.shims if shim.startswith("Adam by PyTorch's fused kernel")]

    found = losses(cut_off(cut, clone, 6)) | losses(trained(cut, clone))

    assert found == losses(events)
    assert all(torch.equal(a, b) for a, b in zip(weights(whole).values(), weights(cut).values(), strict=True))
    optimizers = torch.load(cut.state, weights_only=True)["optimizers"]
    assert all(group["fused"] for one in optimizers for group in one["param_groups"])
    plain = losses(trained(make_training("plain"), clone))
    for iteration, (told, _) in found.items():
        assert told == pytest.approx(plain[iteration][0], rel=3e-3, abs=1e-3)


@pytest.mark.parametrize("cut", [False, True])
def test_a_discriminator_that_does_not_see_the_input_takes_nothing_of_it(
    clone: Path, make_training: Callable[..., TrainingJob], cut: bool
) -> None:
    job = make_training("blind", discriminator="unconditional")
    if cut:  # resumed it is as blind
        cut_off(job, clone, 3)
    trained(job, clone)
    first = torch.load(job.checkpoints / "latest_net_D.pth", weights_only=True)["weight"]  # (1, input and output, 4, 4)
    assert not first[:, :3].any()
    assert first[:, 3:].all()
    seeing = make_training("seeing")
    trained(seeing, clone)
    assert torch.load(seeing.checkpoints / "latest_net_D.pth", weights_only=True)["weight"][:, :3].all()


def test_without_a_discriminator_the_generator_learns_from_l1_alone(
    clone: Path, make_training: Callable[..., TrainingJob]
) -> None:
    job, shorter = (make_training(name, discriminator="none") for name in ("alone", "shorter"))
    told: Events = []
    finished = train(job, clone, lambda kind, event: told.append((kind, event)))
    assert any("L1 alone" in shim for shim in finished.shims)
    assert all(list(event["losses"]) == ["G_L1"] for kind, event in told if kind == "loss")
    cut_off(shorter, clone, 2)  # what is saved then, nobody has trained any further since the beginning
    trained(shorter, clone)
    critics = [torch.load(j.checkpoints / "latest_net_D.pth", weights_only=True)["weight"] for j in (job, shorter)]
    epochs = [
        torch.load(path, weights_only=True)["weight"] for path in sorted(job.checkpoints.glob("[0-9]*_net_D.pth"))
    ]
    assert len(epochs) > 1
    assert all(torch.equal(critic, critics[0]) for critic in (*critics, *epochs))
    assert weights(job).keys() == weights(shorter).keys()


def test_an_interrupt_lets_it_save_its_state_first(
    clone: Path, make_training: Callable[..., TrainingJob], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_training("stopped", save_seconds=1000)
    monkeypatch.setenv("STANDIN_MISBEHAVE", "wait:2")
    events: Events = []

    def listen(kind: str, told: dict[str, Any]) -> None:
        events.append((kind, told))
        if kind == "step" and told["iteration"] == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(job, clone, listen)
    told = [kind for kind, _ in events]
    assert told[told.index("stopping") :] == ["stopping", "loss", "saved", "stopped"]
    assert torch.load(job.state, weights_only=True)["iterations"] == 3
    assert (events[-2][1], events[-1][1]["why"]) == ({"epoch": 1, "batch": 3, "iteration": 3}, "unwanted")


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits for a process that is nobody's child, as Linux can")
def test_it_saves_its_state_and_ends_when_whoever_started_it_is_gone(
    clone: Path, make_training: Callable[..., TrainingJob]
) -> None:
    job = make_training("orphan", save_seconds=1000)
    code = f"""
import os, signal
from pathlib import Path
from harness.engines.official.training import TrainingJob, refuse_contradictions, train

def listen(kind, told):
    if kind == "step" and told["iteration"] == 2:
        print(Path(f"/proc/self/task/{{os.getpid()}}/children").read_text(), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

job = TrainingJob("pix2pix", "AtoB", Path({str(job.data)!r}), Path({str(job.folder)!r}), {SMALL!r}, warm_up=0)
train(job, Path({str(clone)!r}), listen)
"""
    environment = os.environ | {"STANDIN_MISBEHAVE": "wait:2"}
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout
        orphan = os.pidfd_open(int(starter.stdout.readline()))
    assert starter.returncode == -signal.SIGKILL
    select.select([orphan], [], [])
    os.close(orphan)
    assert torch.load(job.state, weights_only=True)["iterations"] == 3


def test_networks_that_are_no_numbers_are_not_saved_though_nobody_has_heard_of_their_losses(
    clone: Path, make_training: Callable[..., TrainingJob], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STANDIN_MISBEHAVE", "nan")
    job = make_training("quiet", log_every=100)
    with pytest.raises(TrainingError, match=rf"in iteration 6 .* the last state before it is kept in `{job.state}`"):
        trained(job, clone)
    assert torch.load(job.state, weights_only=True)["iterations"] == 5
    for path in job.checkpoints.glob("*.pth"):
        assert all(torch.isfinite(t).all() for t in torch.load(path, weights_only=True).values())
    early = make_training("early", save_seconds=1000, keep=1)
    with pytest.raises(TrainingError, match="nothing was saved yet"):
        trained(early, clone)


@pytest.mark.parametrize(
    ("options", "said", "hint"),
    [
        (("--dir", "BtoA"), r"`--direction` of `train\.py` is set by harness .* reads `BtoA`", "--direction"),
        (("--mod=test",), "`--model` of", "--family"),  # which their own parser stumbles over
        (("--load", "64"), "refuses its options: ambiguous option: --load could match", "options"),
    ],
)
def test_what_is_set_here_is_compared_with_what_their_parser_reads(
    clone: Path, make_training: Callable[..., TrainingJob], options: tuple[str, ...], said: str, hint: str
) -> None:
    job = make_training("set", options=(*SMALL, *options))
    events: Events = []
    with pytest.raises(TrainingError, match=said) as caught:
        train(job, clone, lambda kind, told: events.append((kind, told)))
    assert hint in str(caught.value.hint)
    assert events == []


@pytest.mark.parametrize(
    ("family", "read", "said", "hint"),
    [
        ("cyclegan", {"dataset_mode": "aligned"}, "`--dataset_mode` of", "leave it out"),
        ("cyclegan", {"continue_train": True}, "`--continue_train` of", "--resume"),
        ("pix2pix", {"epoch_count": 3}, "`--epoch_count` of", "leave it out"),
        ("pix2pix", {"input_nc": 1}, "`--input_nc` of", "leave it out"),
        ("pix2pix", {"use_wandb": True}, "`--use_wandb` of", "--tensorboard"),
        ("pix2pix", {"suffix": "x"}, "`--suffix` of", "leave it out"),
    ],
)
def test_no_plan_contradicts_what_is_set_here(
    make_training: Callable[..., TrainingJob], family: str, read: dict[str, Any], said: str, hint: str
) -> None:
    job = make_training("set", family)
    with pytest.raises(TrainingError, match=said) as caught:
        refuse_contradictions(job, read)
    assert hint in str(caught.value.hint)
    refuse_contradictions(job, {"direction": "AtoB", "input_nc": 3, "lr": 1.0})
    refuse_contradictions(make_training("grey", "colorization"), {"input_nc": 1, "output_nc": 2})


def test_options_are_told_as_their_parser_has_them(clone: Path, make_training: Callable[..., TrainingJob]) -> None:
    class Enough(Exception):
        pass

    told: dict[str, Any] = {}

    def listen(kind: str, options: dict[str, Any]) -> None:
        told.update(options)
        raise Enough

    options = (
        "--netG",
        "unet_32",
        "--crop",
        "64",
        "--n_epochs=2",
        "--n_epochs_d",
        "3",
        "--lr_p",
        "cosine",
        "--dir",
        "AtoB",
    )
    with pytest.raises(Enough):
        train(make_training("told", options=options), clone, listen)
    assert {k: told["options"][k] for k in ("crop_size", "load_size", "n_epochs_decay", "direction")} == {
        "crop_size": 64, "load_size": 286, "n_epochs_decay": 3, "direction": "AtoB",
    }  # fmt: skip
    assert told["choices"]["gan_mode"] == ["vanilla", "lsgan", "wgangp"]
    assert told["rates"] == pytest.approx([2e-4, 1e-4, 0, 1e-4, 2e-4], abs=1e-12)


def test_the_older_command_line_is_refused(legacy_clone: Path, make_training: Callable[..., TrainingJob]) -> None:
    with pytest.raises(EngineError, match="pinned commit"):
        trained(make_training("older"), legacy_clone)
