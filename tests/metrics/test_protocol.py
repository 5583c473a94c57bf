from __future__ import annotations

import json

from harness.metrics.protocol import protocol_document, protocol_line
from harness.metrics.registry import PAIRED, UNPAIRED


def test_the_line_names_what_a_reader_needs_to_compute_it_again() -> None:
    line = protocol_line(PAIRED)
    assert "\n" not in line
    for fact in (
        "Protocol 2",
        "sigma 1.5",
        "population covariance",
        "uint8 RGB",
        "peak 255",
        "95 %",
        "studentised bootstrap below 100",
        "none below 5",
        "seed 0",
    ):
        assert fact in line


def test_the_line_says_when_there_are_no_targets() -> None:
    assert "similarity to the input, not quality" in protocol_line(UNPAIRED)
    assert "similarity" not in protocol_line(PAIRED)


def test_the_document_is_json_and_says_versions() -> None:
    document = json.loads(json.dumps(protocol_document(PAIRED)))
    assert {"harness", "numpy", "pillow", "scikit-image", "torch"} <= set(document["libraries"])
    assert document["line"] == protocol_line(PAIRED)
    assert document["comparable"] != protocol_document(UNPAIRED)["comparable"]
