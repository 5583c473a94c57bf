from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from harness.errors import ImageError, MetricError
from harness.metrics.measure import MeasureRequest, Measuring, measure_images
from harness.metrics.meters import Column, Metric, Shot, pair_meter
from harness.metrics.pairs import Picture
from harness.metrics.registry import find_metrics
from tests.metrics.drawn import flat, noise, run_images, save


def by_hand(a: Picture, b: Picture) -> dict[str, float]:
    return {
        "ssim": structural_similarity(
            a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255, channel_axis=2
        ),
        "psnr": peak_signal_noise_ratio(a, b, data_range=255),
        "mae": np.abs(a.astype(float) - b).mean(),
    }


def read(images: Path, folder: str, name: str) -> Picture:
    return np.asarray(Image.open(images / folder / f"{name}.png"))


def test_each_row_equals_scikit_image_called_by_hand(tmp_path: Path) -> None:
    names = run_images(tmp_path, 5)
    measured = measure_images(tmp_path, names[::-1], paired=True)
    assert measured.columns == ("ssim", "psnr", "mae")
    assert [row.name for row in measured.rows] == names[::-1]
    for row in measured.rows:
        expected = by_hand(read(tmp_path, "output", row.name), read(tmp_path, "target", row.name))
        assert row.values == pytest.approx(expected, abs=1e-6)
    assert measured.summary["psnr"].mean == pytest.approx(np.mean([row.values["psnr"] for row in measured.rows]))
    assert measured.summary["ssim"].n == 5


def test_the_baselines_are_the_input_and_the_mean_of_the_other_targets(tmp_path: Path) -> None:
    names = run_images(tmp_path, 4)
    baselines = measure_images(tmp_path, names, paired=True).baselines
    targets = [read(tmp_path, "target", name) for name in names]
    others = [np.rint(np.mean(targets[:i] + targets[i + 1 :], axis=0)).astype(np.uint8) for i in range(len(targets))]
    for column in ("ssim", "psnr", "mae"):
        copied = [by_hand(read(tmp_path, "input", n), t)[column] for n, t in zip(names, targets, strict=True)]
        left_out = [by_hand(mean, t)[column] for mean, t in zip(others, targets, strict=True)]
        assert baselines["input_copied"][column].mean == pytest.approx(np.mean(copied))
        assert baselines["mean_target"][column].mean == pytest.approx(np.mean(left_out))


def test_a_mean_target_that_is_given_is_the_same_for_every_image(tmp_path: Path) -> None:
    names = run_images(tmp_path, 3)
    given = noise(77)
    request = MeasureRequest(mean_target=given, mean_is="the mean of 80 training targets")
    measured = measure_images(tmp_path, names, paired=True, request=request)
    by_image = [by_hand(given, read(tmp_path, "target", name))["mae"] for name in names]
    assert measured.baselines["mean_target"]["mae"].mean == pytest.approx(np.mean(by_image))
    assert measured.protocol["baselines"]["mean_target"] == "the mean of 80 training targets"


def test_a_mean_target_of_another_size_is_no_baseline(tmp_path: Path) -> None:
    names = run_images(tmp_path, 3)
    measured = measure_images(tmp_path, names, paired=True, request=MeasureRequest(mean_target=noise(77, 20, 20)))
    assert set(measured.baselines) == {"input_copied"}


def test_one_image_is_not_its_own_mean_target(tmp_path: Path) -> None:
    names = run_images(tmp_path, 1)
    assert set(measure_images(tmp_path, names, paired=True).baselines) == {"input_copied"}


def test_targets_of_several_sizes_have_no_mean(tmp_path: Path) -> None:
    names = run_images(tmp_path, 2)
    for folder in ("input", "output", "target"):
        save(tmp_path, folder, "wide", noise(9, 20, 80))
        save(tmp_path, folder, "wide again", noise(9, 20, 80))
    measured = measure_images(tmp_path, [*names, "wide", "wide again"], paired=True)
    assert set(measured.baselines) == {"input_copied"}
    assert measured.summary["mae"].n == 4


def test_without_targets_no_number_claims_quality(tmp_path: Path) -> None:
    names = run_images(tmp_path, 3, ("input", "output"))
    measured = measure_images(tmp_path, names, paired=False)
    assert measured.columns == ("input_ssim", "input_psnr")
    assert measured.baselines == {}
    expected = by_hand(read(tmp_path, "output", names[0]), read(tmp_path, "input", names[0]))
    assert measured.rows[0].values["input_psnr"] == pytest.approx(expected["psnr"])


def test_an_output_equal_to_its_target_is_infinite_and_counted_apart(tmp_path: Path) -> None:
    names = run_images(tmp_path, 3)
    save(tmp_path, "output", names[1], read(tmp_path, "target", names[1]))
    measured = measure_images(tmp_path, names, paired=True)
    assert measured.rows[1].values["psnr"] == math.inf
    assert measured.summary["psnr"].identical == 1
    assert math.isfinite(measured.summary["psnr"].mean or math.nan)


@pytest.mark.parametrize("workers", [1, 3])
def test_workers_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int) -> None:
    names = run_images(tmp_path, 14)
    usual = measure_images(tmp_path, names, paired=True)
    monkeypatch.setattr("harness.metrics.measure.default_workers", lambda: workers)
    assert measure_images(tmp_path, names, paired=True) == usual


def test_missing_pictures_are_named_before_anything_is_measured(tmp_path: Path) -> None:
    names = run_images(tmp_path, 3)
    (tmp_path / "output" / "0001.png").unlink()
    (tmp_path / "target" / "0002.png").unlink()
    with pytest.raises(ImageError, match=r"output/0001\.png` and 1 more is missing"):
        measure_images(tmp_path, names, paired=True)


def test_no_images_at_all_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="no images to measure"):
        measure_images(tmp_path, [], paired=True)


@pytest.mark.parametrize(
    ("picture", "told"),
    [
        (flat(0, 40, 48), r"output/0001\.png` cannot be measured against .*target/0001\.png`.* 48×40 and 56×40"),
        (noise(1)[..., 0], r"output/0001\.png` has the mode L: 8-bit RGB was expected"),
    ],
)
def test_a_picture_of_another_size_or_mode_is_named(tmp_path: Path, picture: Picture, told: str) -> None:
    names = run_images(tmp_path, 3)
    save(tmp_path, "output", "0001", picture)
    with pytest.raises(ImageError, match=told):
        measure_images(tmp_path, names, paired=True)


def test_a_picture_cut_off_is_named(tmp_path: Path) -> None:
    names = run_images(tmp_path, 2)
    path = tmp_path / "output" / "0001.png"
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(ImageError, match=r"output/0001\.png` cannot be read"):
        measure_images(tmp_path, names, paired=True)


def test_pictures_below_the_window_of_ssim_are_named(tmp_path: Path) -> None:
    for folder in ("input", "output", "target"):
        save(tmp_path, folder, "tiny", noise(1, 8, 8))
    with pytest.raises(ImageError, match=r"tiny\.png`.* 8×8 pixels are too few: each side needs 11"):
        measure_images(tmp_path, ["tiny"], paired=True)


def test_each_image_is_counted_as_it_is_done(tmp_path: Path) -> None:
    class Counting:
        def __init__(self) -> None:
            self.steps: list[list[float]] = []

        def step(self, label: str, total: float | None = None, unit: str = "images"):
            self.steps.append([total or 0, 0])
            return self

        def __enter__(self):
            return self

        def __exit__(self, *_: object) -> None:
            return

        def advance(self, amount: float = 1) -> None:
            self.steps[-1][1] += amount

    progress = Counting()
    measure_images(tmp_path, run_images(tmp_path, 3), paired=True, progress=progress)
    assert progress.steps == [[3, 3], [3, 3]]


def test_only_what_is_asked_for_is_measured(tmp_path: Path) -> None:
    names = run_images(tmp_path, 5)
    measured = measure_images(
        tmp_path, names, paired=True, request=MeasureRequest(metrics=find_metrics(["spectrum", "lab_b"]))
    )
    assert measured.columns == ("sharpness", "checkerboard")
    assert list(measured.totals) == ["lab_l", "lab_a", "lab_b"]
    assert set(measured.baselines["mean_target"]) == {"sharpness", "checkerboard"}
    assert measured.missing == {}
    assert "Lab" in measured.protocol["line"] and "PSNR per image" not in measured.protocol["line"]


@pytest.fixture
def one_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first picture that fails is the first by name then."""
    monkeypatch.setattr("harness.metrics.measure.default_workers", lambda: 1)


@pytest.mark.parametrize(
    ("metric", "reason"),
    [
        ("ms_ssim", "`0000`: 56×40 pixels are too few: each side needs 161 at least"),
        ("fid", "the network `inception` is not here: harness setup --metrics fid"),
        ("lpips", "the network `alexnet` is not here: harness setup --metrics lpips"),
        (
            "palette",
            "the outputs are no label maps that are known: harness measure RUN --metrics palette --palette NAME",
        ),
        ("cycle", "no model translates these outputs back: harness models"),
    ],
)
@pytest.mark.usefixtures("one_worker")
def test_what_cannot_be_measured_says_why_and_the_rest_is_there(tmp_path: Path, metric: str, reason: str) -> None:
    names = run_images(tmp_path, 2)
    request = MeasureRequest(metrics=find_metrics(["ssim", metric]))
    measured = measure_images(tmp_path, names, paired=True, request=request)
    assert list(measured.missing.values()) == [reason]
    assert measured.columns == ("ssim",) and set(measured.baselines["mean_target"]) == {"ssim"}


def test_a_metric_of_targets_is_not_measured_without_them(tmp_path: Path) -> None:
    names = run_images(tmp_path, 2, ("input", "output"))
    request = MeasureRequest(metrics=find_metrics(["input_ssim", "ms_ssim", "lpips"]))
    assert measure_images(tmp_path, names, paired=False, request=request).missing == {
        "ms_ssim": "there are no targets",
        "lpips": "there are no targets",
    }


@pytest.mark.usefixtures("one_worker")
@pytest.mark.parametrize("name", ["lab_histogram", "lpips"], ids=["of the set", "without its network"])
def test_a_run_has_a_number_of_each_image_whatever_was_asked(tmp_path: Path, name: str) -> None:
    names, asked = run_images(tmp_path, 3), find_metrics([name])
    run = measure_images(tmp_path, names, paired=True, request=MeasureRequest(metrics=asked, rows=True))
    assert run.columns == ("ssim", "psnr", "mae")
    assert run.totals or run.missing.keys() == {"lpips"}
    # What is added to a run has its rows already.
    assert measure_images(tmp_path, names, paired=True, request=MeasureRequest(metrics=asked)).columns == ()


def test_a_value_that_is_not_a_number_takes_its_metric_out(tmp_path: Path) -> None:
    names = run_images(tmp_path, 3)
    odd = Metric(
        name="odd",
        begin=lambda _: pair_meter(lambda a, b: math.nan if a is b else 1.0),
        columns=(Column("odd", "Odd", "", "lower", "odd"),),
    )
    broken = replace(odd, name="broken", begin=lambda _: pair_meter(lambda a, b: math.nan))
    measured = measure_images(tmp_path, names, paired=True, request=MeasureRequest(metrics=(odd, broken)))
    assert measured.missing in [
        {"broken": f"`{name}`: the value is not a number"} for name in names
    ]  # first of threads
    assert measured.columns == ("odd",)


def test_pictures_are_taken_from_memory_in_any_order(tmp_path: Path) -> None:
    names = run_images(tmp_path, 4)
    measuring = Measuring(MeasureRequest(), tmp_path, paired=True)
    for name in names[::-1]:
        measuring.add(Shot(name, *(read(tmp_path, kind, name) for kind in ("input", "output", "target"))))
    assert measuring.finished(names) == measure_images(tmp_path, names, paired=True)


BOXES = {"0000": (0, 4, 56, 40), "0001": (8, 0, 40, 40), "0002": (0, 0, 56, 38)}


def test_what_was_not_drawn_is_named(tmp_path: Path) -> None:
    measuring = Measuring(MeasureRequest(baselines=False), tmp_path, paired=True)
    measuring.add(Shot("a", noise(1), noise(2), noise(3)))
    with pytest.raises(MetricError, match="`b` was not drawn"):
        measuring.finished(["a", "b"])


def test_padding_is_not_measured_by_anything(tmp_path: Path) -> None:
    names = run_images(tmp_path, 4)
    request = MeasureRequest(boxes=BOXES, metrics=find_metrics(["ssim", "psnr", "mae", "spectrum", "lab_b"]))
    before = measure_images(tmp_path, names, paired=True, request=request)
    targets = {name: read(tmp_path, "target", name) for name in names}

    def inner(name: str, picture: Picture) -> Picture:
        left, top, right, bottom = BOXES.get(name, (0, 0, 56, 40))
        return picture[top:bottom, left:right]

    for row in before.rows:
        expected = by_hand(*(inner(row.name, p) for p in (read(tmp_path, "output", row.name), targets[row.name])))
        assert {c: row.values[c] for c in expected} == pytest.approx(expected, abs=1e-6)
    # The mean of the others is, place by place, of those that show their picture there.
    for column in ("ssim", "psnr", "mae"):
        values = []
        for name in names:
            shown = np.full((len(names), 40, 56, 3), np.nan)
            for place, other in enumerate(names):
                if other != name:
                    inner(other, shown[place])[...] = inner(other, targets[other])
            others = np.array([inner(name, each) for each, other in zip(shown, names, strict=True) if other != name])
            mean = np.rint(np.nanmean(others, axis=0)).astype(np.uint8)
            values.append(by_hand(mean, inner(name, targets[name]))[column])
        assert before.baselines["mean_target"][column].mean == pytest.approx(np.mean(values), abs=1e-6)
    # Whatever the padding shows, no number moves.
    for kind in ("input", "output", "target"):
        for name, (left, top, right, bottom) in BOXES.items():
            picture = 255 - read(tmp_path, kind, name)
            picture[top:bottom, left:right] = inner(name, read(tmp_path, kind, name))
            save(tmp_path, kind, name, picture)
    assert measure_images(tmp_path, names, paired=True, request=request) == before
    assert before.protocol["padded"] == 3
    plain = measure_images(tmp_path, names, paired=True)
    assert plain.protocol["comparable"] != before.protocol["comparable"]


def test_where_no_other_target_shows_its_picture_the_mean_is_their_colour(tmp_path: Path) -> None:
    names = run_images(tmp_path, 2)
    boxes = {"0000": (0, 0, 56, 20), "0001": (0, 20, 56, 40)}
    measured = measure_images(tmp_path, names, paired=True, request=MeasureRequest(boxes=boxes))
    first, second = (read(tmp_path, "target", name) for name in names)
    colours = [np.rint(other.mean((0, 1))) for other in (second[20:], first[:20])]
    wanted = [np.abs(a - c).mean() for a, c in zip((first[:20], second[20:]), colours, strict=True)]
    assert measured.baselines["mean_target"]["mae"].mean == pytest.approx(np.mean(wanted))
