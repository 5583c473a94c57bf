from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from harness.errors import MetricError, WeightsError
from harness.metrics.inception import InceptionMeter
from harness.metrics.meters import Instruments, Shot
from harness.metrics.registry import METRICS
from harness.weights.perceptual import load_inception
from tests.metrics.drawn import noise


def drawn(seed: int) -> np.ndarray:
    return noise(seed, 40, 56) // (1 + seed % 3)


def measured(backbones: dict[str, Path], count: int, **more: object) -> InceptionMeter:
    meter = METRICS["inception"].begin(Instruments(backbones=backbones, **more))
    assert isinstance(meter, InceptionMeter)
    for i in range(count):
        target = None if "reals" in more else drawn(i + 70)
        meter.one(Shot(f"{i:02d}", drawn(i), drawn(i), target))
    return meter


def test_a_set_has_the_numbers_torch_fidelity_prints_for_its_folders(
    backbones: dict[str, Path], tmp_path: Path
) -> None:
    import torch_fidelity

    for folder, first in (("outputs", 0), ("targets", 70)):
        (tmp_path / folder).mkdir()
        for i in range(6):
            Image.fromarray(drawn(first + i)).save(tmp_path / folder / f"{i:02d}.png")
    # FID of 2,048 dimensions takes it 15 seconds; test_fid.py compares that step alone.
    theirs = torch_fidelity.calculate_metrics(
        input1=str(tmp_path / "outputs"),
        input2=str(tmp_path / "targets"),
        cuda=False,
        kid=True,
        prc=True,
        kid_subset_size=6,
        kid_subsets=1,
        feature_extractor="inception-v3-compat",
        feature_extractor_weights_path=str(backbones["inception"]),
        verbose=False,
        cache=False,
        save_cpu_ram=True,
    )
    _, kid, precision, recall = measured(backbones, 6).whole()
    assert kid.value == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-3)
    assert (precision.value, recall.value) == pytest.approx((theirs["precision"], theirs["recall"]))


def test_few_pictures_carry_a_warning_their_number_and_the_floor(backbones: dict[str, Path]) -> None:
    fid, kid, *_ = measured(backbones, 5).whole()
    assert fid.n == 5 and fid.beside["floor"] > 0
    said = " ".join(fid.notes)
    assert "5 outputs against 5 real pictures" in said and "fewer than 2,048" in said and "KID" in said
    assert kid.notes == ("subsets of 5",)


def test_without_targets_the_reals_given_are_taken(backbones: dict[str, Path]) -> None:
    fid, *_ = measured(backbones, 4, reals=lambda: (drawn(i) for i in range(70, 75))).whole()
    assert "4 outputs against 5 real pictures" in fid.notes[0]
    with pytest.raises(MetricError, match="no real pictures to set the outputs against"):
        InceptionMeter(load_inception(backbones["inception"], "cpu"), None).one(Shot("a", drawn(0), drawn(0)))


def test_one_picture_says_why_there_is_no_number(backbones: dict[str, Path]) -> None:
    with pytest.raises(MetricError, match="needs two pictures a set at least"):
        measured(backbones, 1).whole()


def test_a_file_that_is_not_there_names_the_command() -> None:
    with pytest.raises(MetricError) as caught:
        METRICS["inception"].begin(Instruments())
    assert caught.value.hint == "harness setup --metrics fid"


def test_a_file_of_another_network_is_told(backbones: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="is not an Inception-v3 of FID"):
        load_inception(backbones["alexnet"], "cpu")
    (tmp_path / "page.pth").write_text("<html>")
    with pytest.raises(WeightsError, match="is not an Inception-v3 of FID"):
        load_inception(tmp_path / "page.pth", "cpu")


class Hostile:
    def __reduce__(self):
        return (Path.touch, (Path("touched"),))


def test_a_file_with_code_in_it_is_refused_before_it_can_run(perceptual_libraries: None, tmp_path: Path) -> None:
    torch.save({"weight": Hostile()}, tmp_path / "weights.pth")
    with pytest.raises(WeightsError):
        load_inception(tmp_path / "weights.pth", "cpu")
    assert not Path("touched").exists()
