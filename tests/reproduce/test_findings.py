"""Published beside measured, of measurements made up here."""

from __future__ import annotations

from harness.catalog.reproductions import RECIPES
from harness.metrics.measure import Measurement
from harness.metrics.meters import Total
from harness.metrics.rows import Row, Rows
from harness.metrics.statistics import summarise
from harness.reproduce.findings import Evidence, Findings, is_blind

NAMES = ("agreement_pixel", "agreement_class", "agreement_iou")


def measurement(totals: dict[str, Total], missing: dict[str, str] | None = None) -> Measurement:
    rows = Rows.of(Row(name, {"ssim": 0.5}) for name in "abcdef")
    summary = {"ssim": summarise([0.5] * 6)}
    return Measurement(("ssim",), rows, summary, {}, {}, totals, missing or {})


def palette(value: float) -> Evidence:
    total = Total(value, value - 0.01, value + 0.01, 6)
    totals = {f"palette_{name}": total for name in ("pixel", "class", "iou")}
    return Evidence(("run",) * 3, (measurement(totals),) * 3)


def test_a_number_is_reproduced_within_the_tolerance_and_only_where_all_else_is_as_published() -> None:
    evidence = {"l1": palette(0.85), "cgan": palette(0.5)}
    (section,) = Findings(RECIPES["table6"], evidence, exact=True).sections()
    pixels = section.blocks[0]
    assert [(f.row, f.published, f.verdict) for f in pixels.findings] == [
        ("L1", "0.86", "within"),
        ("cGAN", "0.74", "outside"),
        ("L1+cGAN", "0.83", "missing"),
    ]
    assert pixels.pairs == {}
    (section,) = Findings(RECIPES["table6"], evidence, exact=False).sections()
    assert [f.verdict for f in section.blocks[0].findings] == ["context", "context", "missing"]


def agreeing(*values: float, real: float = 0.9) -> Evidence:
    made = [{name: Total(value, None, None, 6, {"ground_truth": real}) for name in NAMES} for value in values]
    return Evidence(tuple(f"run-{n}" for n in range(len(values))), tuple(map(measurement, made)))


def test_rows_are_held_against_the_reference_and_all_pairs_counted() -> None:
    evidence = {
        "l1": agreeing(0.40, 0.41, 0.42),
        "gan": agreeing(0.70, 0.71, 0.72),  # published below L1+cGAN
        "cgan": agreeing(0.50, 0.52, 0.48),
        "l1-gan": agreeing(0.20, 0.60, 0.40),
        "l1-cgan": agreeing(0.60, 0.61, 0.62),
    }
    objective = Findings(RECIPES["ablation"], evidence, exact=True).sections()[0]
    pixels = objective.blocks[0]
    assert {f.row: f.verdict for f in pixels.findings} == {
        "L1": "same",
        "GAN": "other",
        "cGAN": "same",
        "L1+GAN": "unclear",
        "L1+cGAN": "reference",
        "real pictures": "context",
    }
    # By 0.42, 0.22, 0.57, 0.64, 0.66: of four pairs with L1+GAN the seeds do not tell; GAN stands above three others.
    assert pixels.pairs == {"other": 3, "same": 3, "unclear": 4}
    assert pixels.findings[-1].measured is not None and pixels.findings[-1].measured.mean == 0.9
    assert objective.runs["L1"] == ("run-0", "run-1", "run-2")


def test_an_evaluator_that_reads_real_pictures_no_better_is_told() -> None:
    def sections(real: float):
        return Findings(RECIPES["ablation"], {"l1-cgan": agreeing(0.5, 0.52, real=real)}, exact=True).sections()

    assert is_blind(sections(0.51))
    assert not is_blind(sections(0.52))
    assert not is_blind(Findings(RECIPES["figure7"], {}, exact=True).sections())


def test_a_number_that_one_of_the_runs_lacks_is_missing_with_the_reason() -> None:
    lacking = measurement({}, {"label_agreement": "no model draws label maps of such photos"})
    evidence = {"l1": Evidence(("a", "b"), (agreeing(0.4).measured[0], lacking))}
    finding = Findings(RECIPES["ablation"], evidence, exact=True).sections()[0].blocks[0].findings[0]
    assert (finding.measured, finding.verdict) == (None, "missing")
    assert finding.why == "no model draws label maps of such photos"
