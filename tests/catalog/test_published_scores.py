from __future__ import annotations

from harness.catalog.models import MODELS
from harness.catalog.published_scores import PROTOCOLS, published_scores, scores_of


def test_every_score_has_source_and_known_protocol():
    scores = published_scores()

    assert len({score.id for score in scores}) == len(scores) > 50
    assert all(score.source and score.protocol in PROTOCOLS for score in scores)
    assert {score.protocol for score in scores} == set(PROTOCOLS)
    assert {score.model for score in scores if score.model} <= set(MODELS)


def test_scores_of_a_model_begin_with_its_own_weights():
    scores = scores_of(MODELS["pix2pix/facades_label2photo"])

    assert [(s.weights, s.metric, s.value) for s in scores][:2] == [
        ("official", "fid", 119.135),
        ("mmgen", "fid", 124.9773),
    ]
    assert scores[0].generated == scores[0].real == 106


def test_the_two_families_do_not_share_scores():
    assert {s.value for s in scores_of(MODELS["cyclegan/facades_label2photo"])} == {123.626}


def test_shares_taken_for_real_keep_their_uncertainty():
    by_people = next(s for s in scores_of(MODELS["pix2pix/map2sat"]) if s.metric == "amt_fool_pct")

    assert (by_people.value, by_people.uncertainty, by_people.generated) == (18.9, 2.5, None)


def test_a_model_without_published_scores():
    assert scores_of(MODELS["pix2pix/day2night"]) == ()
