"""What `test` says of a folder that it prepares first."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.cli.main import main
from harness.workspace import Workspace
from tests.images.pictures import noise
from tests.prepare.test_matching import label_map
from tests.testing.conftest import MODEL


@pytest.mark.parametrize("photos", [1, 7])
def test_a_photo_among_label_maps_is_told_by_name(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str], photos: int
) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    for n in range(8):
        label_map(n).convert("RGB").save(folder / f"map{n}.png")
    for n in range(photos):
        noise(128, 128, n).save(folder / f"photo{n}.png")
    words = ["test", "--model", MODEL, "--dataset", str(folder), "--engine", "native", "--device", "cpu", "-q"]
    assert main(words) == 0
    said = capsys.readouterr().err
    assert "`photo0.png` looks like no label map" in said
    assert said.count("looks like no label map") == min(photos, 5)
    assert ("and 2 more that look like nothing" in said) == (photos == 7)
