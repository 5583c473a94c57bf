"""Trainings by the real code of the authors: cut off and resumed, by two processes, without skips, in colours."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from harness.engines.official.training import TrainingJob, train
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
    (folder / "samples").mkdir(parents=True)
    sample = save_picture(tmp_path / "sample" / "s.png", 128, 128)
    network = "G_A" if family == "cyclegan" else "G"
    known: dict[str, object] = {"save_seconds": 0, "warm_up": 1, "samples": {network: (sample,)}}
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
    assert (cut.folder / "samples" / "00002" / "s.png").is_file()


def test_two_processes_on_the_cpu(real_clone: Path, tmp_path: Path) -> None:
    both = job(tmp_path, "both", "pix2pix", "--netG", "unet_128", processes=2)
    events: Events = []
    finished = train(both, real_clone, lambda kind, told: events.append((kind, told)))
    assert any("over gloo" in shim for shim in finished.shims)
    assert sorted(losses(events)) == [1, 2, 3, 4]
    assert not any(key.startswith("module.") for key in weights(both))


def test_without_skips_every_skip_of_the_real_u_net_is_silent(real_clone: Path, tmp_path: Path) -> None:
    straight = job(tmp_path, "straight", "pix2pix", "--netG", "unet_128", without_skips=True)
    trained(straight, real_clone)
    state = torch.load(straight.checkpoints / "latest_net_G.pth", weights_only=True)
    silent = [k for k, v in state.items() if v.ndim == 4 and not v[: v.shape[0] // 2].any() and v.any()]
    assert len(silent) == 6  # seven levels, the innermost has no skip
