from __future__ import annotations

from pathlib import Path

import pytest

from harness.catalog.types import Architecture
from harness.engines.official.command_line import for_the_record, takes_gpu_ids, translation_options
from harness.engines.official.staging import Stage, StagedImage
from harness.errors import EngineError
from tests.engines.official.conftest import MakeJob

UNET = Architecture("unet_256", "batch", None, ngf=16)
RESNET_WITH_DROPOUT = Architecture("resnet_6blocks", "instance", True)


def options(make_job: MakeJob, paired: bool = True, gpu_ids: bool = False, **fields: object) -> list[str]:
    job = make_job(paired=paired, **fields)
    images = tuple(StagedImage(f"{n:06d}", item) for n, item in enumerate(job.items))
    return translation_options(job, Stage(Path("/stage"), images, paired), gpu_ids=gpu_ids)


def value(words: list[str], option: str) -> str:
    assert words.count(option) == 1
    return words[words.index(option) + 1]


def test_pairs_are_given_to_pix2pix_in_their_direction(make_job: MakeJob) -> None:
    words = options(make_job, architecture=UNET, direction="BtoA", size=(256, 256))
    assert " ".join(words) == (
        "--dataroot /stage/data --name harness --phase test --model pix2pix --dataset_mode aligned --direction BtoA "
        "--netG unet_256 --norm batch --ngf 16 --input_nc 3 --output_nc 3 --load_size 256 --crop_size 256 "
        "--num_test 3 --checkpoints_dir /stage/checkpoints --results_dir /stage/results"
    )


def test_single_pictures_are_given_to_the_test_model_whose_direction_swaps_channels_only(make_job: MakeJob) -> None:
    grey_input = Architecture("resnet_9blocks", "instance", False, input_nc=1)
    words = options(make_job, paired=False, direction="BtoA", architecture=grey_input)
    assert value(words, "--model") == "test"
    assert value(words, "--dataset_mode") == "single"
    assert value(words, "--direction") == "AtoB"
    assert (value(words, "--input_nc"), value(words, "--output_nc")) == ("1", "3")


@pytest.mark.parametrize(
    ("architecture", "mode", "flags"),
    [
        (UNET, "paper", set()),
        (UNET, "deterministic", {"--no_dropout"}),
        (UNET, "eval", {"--eval"}),
        (Architecture("unet_256", "batch", True), "deterministic", {"--no_dropout"}),
        (Architecture("resnet_9blocks", "instance", False), "paper", {"--no_dropout"}),
        (Architecture("resnet_9blocks", "instance", False), "eval", {"--no_dropout", "--eval"}),
        (RESNET_WITH_DROPOUT, "paper", set()),
        (RESNET_WITH_DROPOUT, "eval", {"--eval"}),
    ],
)
def test_dropout_by_mode_and_weights(make_job: MakeJob, architecture: Architecture, mode: str, flags: set[str]) -> None:
    assert {"--no_dropout", "--eval"} & set(options(make_job, architecture=architecture, mode=mode)) == flags


def test_dropout_that_the_weights_are_numbered_with_cannot_be_left_out(make_job: MakeJob) -> None:
    with pytest.raises(EngineError, match="cannot leave out the dropout") as caught:
        options(make_job, architecture=RESNET_WITH_DROPOUT, mode="deterministic")
    assert "--mode eval" in (caught.value.hint or "")


@pytest.mark.parametrize("size", [None, (512, 256)])
def test_sizes_that_are_no_square_are_left_as_staged(make_job: MakeJob, size: tuple[int, int] | None) -> None:
    words = options(make_job, size=size)
    assert value(words, "--preprocess") == "none"
    assert "--load_size" not in words


@pytest.mark.parametrize(("device", "number"), [("cpu", "-1"), ("cuda", "0"), ("cuda:3", "0")])
def test_older_scripts_are_told_the_device_they_see(make_job: MakeJob, device: str, number: str) -> None:
    assert value(options(make_job, gpu_ids=True, device=device), "--gpu_ids") == number
    assert "--gpu_ids" not in options(make_job, device=device)


def test_the_clone_tells_which_command_line_it_has(clone: Path, legacy_clone: Path, tmp_path: Path) -> None:
    assert not takes_gpu_ids(clone)
    assert takes_gpu_ids(legacy_clone)
    with pytest.raises(EngineError, match="is no clone"):
        takes_gpu_ids(tmp_path)


def test_the_record_has_no_folder_of_this_machine(make_job: MakeJob) -> None:
    recorded = for_the_record(options(make_job), Path("/stage"))
    assert not any(word.startswith("/") for word in recorded)
    assert recorded[:2] == ("--dataroot", "data")
    assert recorded[-1] == "results"
