from __future__ import annotations

from harness.catalog.models import MODELS
from harness.catalog.published_scores import METRICS, PROTOCOLS, published_scores, scores_of
from harness.metrics.registry import COLUMNS, TOTALS

BY_ID = {score.id: score for score in published_scores()}


def test_every_score_has_source_and_known_protocol():
    scores = published_scores()

    assert len(BY_ID) == len(scores) > 140
    assert all(score.source and score.protocol in PROTOCOLS for score in scores)
    assert {score.protocol for score in scores} == set(PROTOCOLS)
    assert {score.model for score in scores if score.model} <= set(MODELS)
    assert {score.metric for score in scores} == set(METRICS)


def test_what_can_be_measured_is_something_that_harness_measures():
    assert {column for _, column in METRICS.values() if column} <= {*COLUMNS, *TOTALS}


def test_scores_of_a_model_begin_with_those_said_to_be_of_its_weights():
    scores = scores_of(MODELS["pix2pix/facades_label2photo"])

    assert [(s.weights, s.metric, s.value) for s in scores][:2] == [
        ("called official", "fid", 119.135),
        ("mmgen", "fid", 124.9773),
    ]
    assert scores[0].generated == scores[0].real == 106


def test_no_source_says_which_official_file_of_cyclegan_it_measured():
    scores = [s for s in scores_of(MODELS["cyclegan/horse2zebra"]) if s.weights == "called official"]

    assert [(s.method, s.value) for s in scores] == [
        ("CycleGAN with identity loss", 62.111),
        ("CycleGAN without identity loss", 77.202),
    ]
    assert all(s.whose == "weights called official, which file is not said" for s in scores)
    assert BY_ID["cut-cyc-h2z"].value == 77.2
    assert all("live dropout" not in PROTOCOLS[s.protocol].evaluator for s in scores)


def test_the_two_panels_of_people_are_told_apart():
    pix2pix, cyclegan = (PROTOCOLS[BY_ID[id_].protocol] for id_ in ("p2p-amt-m2p", "cyc-amt-m2p"))

    assert "about 50 people" in pix2pix.evaluator and "512×512" in pix2pix.evaluator
    assert "25 people" in cyclegan.evaluator
    assert "not to be compared" in pix2pix.difference and "not to be compared" in cyclegan.difference


def test_tables_are_named_as_both_versions_of_the_paper_number_them():
    assert BY_ID["p2p-t3-286"].source == "arXiv:1611.07004v3, table 3 (CVPR 2017: table 2)"
    assert BY_ID["p2p-t2-unet"].source == "arXiv:1611.07004v3, table 2 (not in CVPR 2017)"
    assert BY_ID["p2p-t2-unet"].protocol != BY_ID["p2p-t3-70"].protocol


def test_the_two_families_do_not_share_scores():
    assert {s.value for s in scores_of(MODELS["cyclegan/facades_label2photo"])} == {123.626, 119.726, 124.8}


def test_shares_taken_for_real_keep_their_uncertainty():
    by_people = next(s for s in scores_of(MODELS["pix2pix/map2sat"]) if s.metric == "amt_fool_pct")

    assert (by_people.text, by_people.generated) == ("18.9 ± 2.5", None)


def test_a_model_without_published_scores():
    assert scores_of(MODELS["pix2pix/day2night"]) == ()
