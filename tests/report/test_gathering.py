"""What a run's page says, from record and measurement alone."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from harness.metrics.statistics import Summary
from harness.report.gallery import run_document
from harness.report.gathering import run_page
from harness.report.provenance import command_again, command_to_play
from harness.web.language import language
from harness.web.render import json_block
from tests.report.samples import plain_measurement, sample_record

EN = language("en")
NAMES = [f"{i:05d}" for i in range(9)]


def test_best_median_and_worst_are_of_the_first_metric() -> None:
    page = run_page(sample_record("r", NAMES), plain_measurement(9), (), EN)
    values = page.columns[0].values
    by_role = {role: values[row] for role, row in page.examples.items()}
    assert by_role == {"best": max(values), "median": sorted(values)[4], "worst": min(values)}


@pytest.mark.parametrize(("count", "roles"), [(1, ["best"]), (2, ["best", "worst"]), (3, ["best", "median", "worst"])])
def test_few_images_are_not_shown_twice(count: int, roles: list[str]) -> None:
    page = run_page(sample_record("r", NAMES[:count]), plain_measurement(count + 1), (), EN)
    short = run_page(sample_record("r", NAMES[:count]), _first(count), (), EN)
    assert list(short.examples) == roles
    assert len(page.pictures) == count + 1


def _first(count: int):
    whole = plain_measurement(9)
    return replace(whole, rows=whole.rows[:count])


def _with_baseline(low: float, high: float):
    m = plain_measurement(9)
    other = Summary((low + high) / 2, low, high, low, low, high, 9, 0)
    return replace(m, baselines={"input_copied": dict.fromkeys(m.columns, other)})


@pytest.mark.parametrize(
    ("low", "high", "higher", "lower"),
    [
        (0.0, 0.01, "Clearly better than copying the input.", "Clearly worse than copying the input."),
        (90.0, 99.0, "Clearly worse than copying the input.", "Clearly better than copying the input."),
        (0.0, 99.0, "Not told apart from copying the input.", "Not told apart from copying the input."),
    ],
)
def test_the_verdict_follows_the_intervals(low: float, high: float, higher: str, lower: str) -> None:
    page = run_page(sample_record("r", NAMES), _with_baseline(low, high), (), EN)
    assert [h.verdict for h in page.headlines] == [higher, higher, lower]


def test_an_unpaired_run_has_no_quality() -> None:
    page = run_page(sample_record("r", NAMES, paired=False), plain_measurement(9, paired=False), (), EN)
    assert page.kinds == ("input", "output")
    assert [c.name for c in page.columns] == ["input_ssim", "input_psnr"]
    assert {h.verdict for h in page.headlines} == {""}
    assert all("target" not in p.addresses for p in page.pictures)


def test_the_spread_of_samples_is_a_picture_of_its_own() -> None:
    page = run_page(sample_record("r", NAMES), plain_measurement(9), {"00003"}, EN)
    assert page.kinds[-1] == "spread"
    assert [p.name for p in page.pictures if "spread" in p.addresses] == ["00003"]


def test_nearness_is_a_column_and_far_pictures_a_warning() -> None:
    images = tuple(
        {
            "name": n,
            "source": n,
            "warnings": [],
            "nearness": {"percentile": 10.0 * i, "verdict": "far" if i > 6 else "near"},
        }
        for i, n in enumerate(NAMES)
    )
    page = run_page(sample_record("r", NAMES, images=images), plain_measurement(9), (), EN)
    assert page.columns[-1].values == tuple(10.0 * i for i in range(9))
    assert "nearness-ssim" in [s.id for s in page.scatters]
    assert any(w.startswith("2 images far from the pictures") for w in page.warnings)


def test_warnings_of_a_record_speak_the_pages_language() -> None:
    record = sample_record(
        "r",
        NAMES,
        warnings=(
            "3 files of the set left out, as `a.txt`: is damaged",
            "the clone of the authors' code has local changes",
        ),
    )
    persian = run_page(record, plain_measurement(9), (), language("fa")).warnings
    assert persian[0].startswith("۳ پرونده") and "`a.txt`: آسیب" in persian[0] and "تغییر" in persian[1]
    english = run_page(record, plain_measurement(9), (), EN).warnings
    assert english[1] == "The clone of the authors' code has local changes"


def test_the_document_is_json_without_infinity_and_cannot_end_its_script() -> None:
    names = ["</script><script>alert(1)</script>", *NAMES[1:]]
    page = run_page(sample_record("r", names), plain_measurement(9, names), (), EN)
    block = json_block(run_document(page, EN))

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    document = json.loads(block, parse_constant=refuse)
    assert "<" not in block and ">" not in block
    assert document["names"] == names
    assert document["columns"][1]["values"][-1] == "inf"
    assert math.isclose(document["columns"][0]["values"][0], 0.2)


def test_the_command_makes_the_same_run_again() -> None:
    record = sample_record("r", NAMES, extra={"native": {"samples": 4, "precision": "bf16", "batch_size": None}})
    assert command_again(record) == (
        "harness test --model pix2pix/facades_label2photo --dataset my_photos --split test --engine official"
        " --mode paper --seed 0 --device cpu --size 48x48 --seeds 4 --precision bf16"
    )


def test_weights_of_ones_own_are_not_taken_for_the_official_ones() -> None:
    command = ("harness", "test", "--weights", "/home/someone/latest_net_G.pth")
    record = sample_record("r", NAMES, command=command)
    model = {**record.model, "architecture": {**record.model["architecture"], "ngf": 12}}
    made = run_page(replace(record, model=model), plain_measurement(9), (), EN).made
    assert made.again.endswith("--weights latest_net_G.pth")
    facts = [f for _, group in made.groups for f in group if f.label == "Weights from"]
    assert [(f.value, f.link) for f in facts] == [("a file of the user’s, not the official one", None)]
    assert [f.label for f in made.licences] == ["Code", "Test pictures"]


def test_the_record_of_very_many_images_is_shortened() -> None:
    names = [f"{i:05d}" for i in range(500)]
    made = run_page(sample_record("r", names), plain_measurement(500, names), (), EN).made
    assert json.loads(made.record)["images"][-1] == "… 497 more, all in images.jsonl, in format 1 in run.json"
    assert len(json.loads(run_page(sample_record("r", NAMES), plain_measurement(9), (), EN).made.record)["images"]) == 9


def test_the_demo_is_made_again_by_the_demo() -> None:
    record = sample_record("r", NAMES, command=("harness", "--workspace", "/tmp/w", "demo", "-q", "--images", "3"))
    assert command_again(record) == "harness demo --images 3"
    other = sample_record("r", NAMES, command=("harness", "test", "--model", "demo"))
    assert command_again(other).startswith("harness test")


@pytest.mark.parametrize(
    ("command", "given", "said"),
    [
        (("harness", "test", "--model", "m"), None, None),
        (("harness", "test", "--weights=mine/g.pth"), None, "mine/g.pth"),
        (("harness", "test", "--weights", "../g.pth"), {"weights": "g.pth"}, "../g.pth"),
        (("harness", "test", "--weights", "/home/me/g.pth"), {"weights": "g.pth"}, "g.pth"),
        (("harness", "train", "--dataset", "d"), {"weights": "results/t/checkpoints/5_net_G.pth"}, None),
        (("harness", "train", "--dataset", "d"), {"weights": None}, None),
        (("python", "mine.py"), {"weights": "results/t/checkpoints/5_net_G.pth"}, None),
        (("python", "mine.py"), None, "FILE"),
        ((), None, "FILE"),
    ],
)
def test_weights_are_named_where_they_were_given(command, given, said) -> None:  # type: ignore[no-untyped-def]
    record = sample_record("r", NAMES, command=command)
    other = {**record.model, "architecture": {**record.model["architecture"], "ngf": 12}, **(given or {})}
    words = command_again(replace(record, model=other)).split()
    said = said or (given or {}).get("weights")
    assert words[words.index("--weights") + 1] == said if said else "--weights" not in words


def test_what_was_recorded_less_of_is_read_from_the_command_that_was_typed() -> None:
    typed = ("harness", "--workspace=w", "test", "-d", "../photos", "--limit=3", "--follow-links")
    record = sample_record("r", NAMES, command=typed)
    again = command_again(replace(record, test_set={**record.test_set, "reference": None}))
    assert "--dataset ../photos" in again and "--limit 3" in again and again.endswith("--follow-links")


def test_everything_that_was_asked_of_the_native_engine_is_asked_again() -> None:
    native = {"batch_size": 4, "precision": "fp32", "compile_": True, "samples": 1, "devices": ["cuda:0", "cuda:1"]}
    again = command_again(sample_record("r", NAMES, engine="native", extra={"native": native}))
    assert again.endswith("--size 48x48 --batch-size 4 --devices cuda:0,cuda:1 --compile")


def test_a_page_warns_of_a_bounded_number_of_things() -> None:
    images = tuple({"name": n, "source": n, "nearness": None, "warnings": [f"w{i}" for i in range(99)]} for n in NAMES)
    record = sample_record("r", NAMES, images=images, warnings=[f"warning {i}" for i in range(99)], shims=())
    page = run_page(record, plain_measurement(9), (), EN)
    assert len(page.warnings) == 21 and page.warnings[-1] == "and 79 more, in `run.json`"
    assert [len(p.notes) for p in page.pictures] == [10] * 9
    assert json.loads(page.made.record)["images"][0]["warnings"][-1] == "w98"


def test_an_image_says_why_it_is_far() -> None:
    nearness = {"percentile": 99.8, "verdict": "far", "reasons": ["much darker", "paler", "a third"]}
    images = ({"name": NAMES[0], "source": "x.png", "warnings": ["cropped"], "nearness": nearness},)
    page = run_page(sample_record("r", NAMES, images=images), plain_measurement(9), (), EN)
    assert page.pictures[0].notes == ("cropped", "much darker", "paler")
    assert (page.histograms[-1].frame.x_low, page.histograms[-1].frame.x_high) == (0, 100)


def test_provenance_links_the_commit_also_of_a_mirror_and_cites_model_and_data() -> None:
    upstream = {"url": "a git directory on this machine", "commit": "2a" * 20, "dirty": True}
    made = run_page(sample_record("r", NAMES, upstream=upstream), plain_measurement(9), (), EN).made
    facts = {f.label: f for _, group in made.groups for f in group}
    assert facts["Commit"].link == f"https://github.com/junyanz/pytorch-CycleGAN-and-pix2pix/tree/{'2a' * 20}"
    assert facts["Working tree"].value == "has local changes"
    assert [c.id for c in made.citations] == ["pix2pix", "facades"]
    assert "/home" not in made.record and "…/my photos" in made.record


@pytest.mark.parametrize("code", ["en", "fa"])
def test_a_run_of_the_lua_original_says_where_it_differs_and_what_it_mirrors(code: str) -> None:
    record = sample_record(
        "r", NAMES, upstream=None, engine="native", extra={"native": {"lua_seed": 5, "lua_order": ["b", "a"]}}
    )
    architecture = {**record.model["architecture"], "code": "lua", "dropout_levels": [5, 6, 7]}
    model = {**record.model, "id": "lua/edges2shoes", "family": "lua", "architecture": architecture}
    record, words, pin = replace(record, model=model), language(code), "89ff2a81ce441fbe1f1b13eca463b87f1e539df8"
    made = run_page(record, plain_measurement(9), (), words).made
    facts = [fact for _, group in made.groups for fact in group]
    told = [fact.value for fact in facts if fact.label == words.text("made.unlike")]
    assert len(told) == 4 and "75" in told[-1].translate(str.maketrans("۰۱۲۳۴۵۶۷۸۹", "0123456789"))
    assert f"https://github.com/phillipi/pix2pix/tree/{pin}" in {fact.link for fact in facts}
    assert made.licences[0].link == f"https://github.com/phillipi/pix2pix/blob/{pin}/LICENSE"
    assert "--lua-seed 5 --lua-order b,a" in made.again
    assert [citation.id for citation in made.citations] == ["pix2pix", "shoes", "hed"]
    plain = run_page(sample_record("r", NAMES), plain_measurement(9), (), words).made
    assert not [f for _, group in plain.groups for f in group if f.label == words.text("made.unlike")]


def test_a_model_of_ones_own_still_cites_its_method() -> None:
    record = sample_record("r", NAMES)
    record = replace(record, model={**record.model, "id": "my-training"})
    assert [c.id for c in run_page(record, plain_measurement(9), (), EN).made.citations] == ["pix2pix"]


def test_a_picture_of_the_run_is_opened_in_play_as_it_was_drawn() -> None:
    record = sample_record("run", ["a"])
    told = command_to_play(replace(record, seed=7, mode="deterministic"))
    assert told.startswith(f"harness play {record.model['id']} ") and told.endswith(" --picture")
    assert "--seed 7" in told and "--mode deterministic" in told and "--dataset" in told
    demo = command_to_play(replace(record, command=("harness", "demo")))
    assert demo.startswith("harness play demo --dataset") and "--weights" not in demo
