"""Trainings by the real code of the authors: cut off and resumed, by two processes, without skips, in colours."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from harness.engines.official.training import TrainingJob, train
from harness.errors import TrainingError
from harness.fetch.git import ensure_clone
from tests.engines.official.test_training import Events, cut_off, losses, trained, weights
from tests.engines.official.test_upstream import PINS
from tests.pictures import save_pair, save_picture

pytestmark = pytest.mark.upstream

LENGTH = ("--n_epochs", "1", "--n_epochs_decay", "1", "--num_threads", "0")
SMALL = ("--load_size", "140", "--crop_size", "128", "--ngf", "4", "--ndf", "4", *LENGTH)
IMAGES = 4


@pytest.fixture(scope="module")
def real_clone(tmp_path_factory: pytest.TempPathFactory, upstream_git: str) -> Path:
    folder = tmp_path_factory.mktemp("upstream") / "clone"
    ensure_clone(upstream_git, PINS["today"], folder)
    return folder


def job(tmp_path: Path, name: str, family: str, *options: str, **fields: object) -> TrainingJob:
    data = tmp_path / "data"
    for number in range(IMAGES):
        if family == "pix2pix":
            save_pair(data / "train" / f"{number}.png", 128)
        else:
            for part in ("train", "trainA", "trainB"):
                save_picture(data / part / f"{number}.png", 128, 128)
    folder = tmp_path / name
    network = "G_A" if family == "cyclegan" else "G"
    save_picture(folder / "samples" / "input" / f"{network}-1.png", 128, 128)
    known: dict[str, object] = {"save_seconds": 0, "warm_up": 1}
    return TrainingJob(family, "AtoB", data, folder, (*SMALL, *options), **(known | fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("family", "options"),
    [
        ("pix2pix", ("--netG", "unet_128")),
        ("cyclegan", ("--netG", "resnet_6blocks", "--pool_size", "3")),
        ("colorization", ("--netG", "unet_128")),
    ],
)
def test_cut_off_within_an_epoch_and_resumed_is_as_uncut(
    real_clone: Path, tmp_path: Path, family: str, options: tuple[str, ...]
) -> None:
    whole, cut = (job(tmp_path, name, family, *options) for name in ("whole", "cut"))
    expected = losses(trained(whole, real_clone))
    found = losses(cut_off(cut, real_clone, 6))
    found |= losses(trained(cut, real_clone))
    assert sorted(found) == list(range(1, 2 * IMAGES + 1))
    assert found == expected
    assert all(torch.equal(a, b) for a, b in zip(weights(whole).values(), weights(cut).values(), strict=True))
    drawn = {path.parent.name for path in cut.folder.glob("samples/0*/G*-1.png")}
    assert drawn == {"00001", "00002"}


@pytest.mark.gpu
def test_a_u_net_resumed_on_a_gpu_is_as_uncut(real_clone: Path, tmp_path: Path, gpu: str) -> None:
    whole, cut = (job(tmp_path, name, "pix2pix", "--netG", "unet_128", device=gpu) for name in ("whole", "cut"))
    expected = losses(trained(whole, real_clone))
    cut_off(cut, real_clone, 6)
    assert losses(trained(cut, real_clone)).items() <= expected.items()
    assert all(torch.equal(a, b) for a, b in zip(weights(whole).values(), weights(cut).values(), strict=True))


@pytest.mark.parametrize(
    ("family", "given", "said"),
    [
        ("pix2pix", ("--dir", "BtoA"), "`--direction` of .* reads `BtoA`"),
        ("pix2pix", ("--mod", "test"), "`--model` of"),
        ("cyclegan", ("--mod=nonsense",), "`--model` of"),
        ("cyclegan", ("--dataset_m", "aligned"), "`--dataset_mode` of"),
        ("pix2pix", ("--cont",), "`--continue_train` of"),
        ("colorization", ("--epoch_c", "3"), "`--epoch_count` of"),
        ("pix2pix", ("--load", "64"), "refuses its options: ambiguous option: --load"),
        ("pix2pix", ("--gpu_ids", "0"), "refuses its options: unrecognized arguments: --gpu_ids 0"),
    ],
)
def test_what_is_set_here_is_compared_with_what_their_parser_reads(
    real_clone: Path, tmp_path: Path, family: str, given: tuple[str, ...], said: str
) -> None:
    with pytest.raises(TrainingError, match=said):
        trained(job(tmp_path, "set", family, *given), real_clone)


@pytest.mark.parametrize("policy", ["linear", "step", "cosine", "plateau"])
def test_options_and_rates_are_told_as_they_turn_out(real_clone: Path, tmp_path: Path, policy: str) -> None:
    length = ("--n_epochs", "2", "--n_epochs_d=6", "--lr_pol", policy, "--lr_decay_iters", "3")
    asked = job(tmp_path, "rates", "pix2pix", "--netG", "unet_128", *length, warm_up=0, keep=1)
    events = trained(asked, real_clone)
    told = events[0][1]
    assert (told["options"]["crop_size"], told["options"]["lr_policy"], told["options"]["n_epochs"]) == (128, policy, 2)
    assert told["choices"]["netG"] == ["resnet_9blocks", "resnet_6blocks", "unet_256", "unet_128"]
    assert told["choices"]["preprocess"][0] == "resize_and_crop"
    rates = {event["epoch"]: event["rate"] for kind, event in events if kind == "loss"}
    assert told["rates"] == pytest.approx([rates[epoch] for epoch in range(1, 9)], rel=1e-9, abs=1e-15)


def test_two_processes_on_the_cpu(real_clone: Path, tmp_path: Path) -> None:
    both = job(tmp_path, "both", "pix2pix", "--netG", "unet_128", processes=2)
    events: Events = []
    finished = train(both, real_clone, lambda kind, told: events.append((kind, told)))
    assert any("over gloo" in shim for shim in finished.shims)
    assert sorted(losses(events)) == [1, 2, 3, 4]
    assert not any(key.startswith("module.") for key in weights(both))


@pytest.mark.parametrize(("critic", "first"), [("basic", "model.0.weight"), ("pixel", "net.0.weight")])
def test_the_real_discriminators_can_be_blinded(real_clone: Path, tmp_path: Path, critic: str, first: str) -> None:
    blind = job(tmp_path, "blind", "pix2pix", "--netG", "unet_128", "--netD", critic, discriminator="unconditional")
    trained(blind, real_clone)
    weight = torch.load(blind.checkpoints / "latest_net_D.pth", weights_only=True)[first]
    assert weight.shape[1] == 6
    assert not weight[:, :3].any()
    assert weight[:, 3:].any()


def test_the_real_generator_learns_from_l1_alone(real_clone: Path, tmp_path: Path) -> None:
    alone = job(tmp_path, "alone", "pix2pix", "--netG", "unet_128", discriminator="none")
    events = trained(alone, real_clone)
    assert {tuple(event["losses"]) for kind, event in events if kind == "loss"} == {("G_L1",)}
    kept = [torch.load(p, weights_only=True) for p in sorted(alone.checkpoints.glob("[12]_net_D.pth"))]
    assert len(kept) == 2
    assert torch.equal(kept[0]["model.0.weight"], kept[1]["model.0.weight"])


def test_without_skips_every_skip_of_the_real_u_net_is_silent(real_clone: Path, tmp_path: Path) -> None:
    straight = job(tmp_path, "straight", "pix2pix", "--netG", "unet_128", without_skips=True)
    trained(straight, real_clone)
    state = torch.load(straight.checkpoints / "latest_net_G.pth", weights_only=True)
    silent = [k for k, v in state.items() if v.ndim == 4 and not v[: v.shape[0] // 2].any() and v.any()]
    assert len(silent) == 6  # seven levels, the innermost has no skip
