"""Which pictures of hand-ins are those of a set or of each other."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from harness.course.likeness import shared_pictures
from harness.course.receiving import Received
from harness.demo.scenes import draw_scene
from harness.progress import Silent
from harness.runs.record import load_record
from harness.sets.finding import find_set
from harness.workspace import Workspace
from tests.course.handins import save_set
from tests.report.samples import sample_run


def test_a_training_photo_is_one_though_the_set_shows_its_house_again(tmp_path: Path) -> None:
    scene = draw_scene(3, 0)
    photo, label = Image.fromarray(scene.photo), Image.fromarray(scene.label)
    # The same house a step farther to the right, as CMP has it in some of its pictures.
    nearly = photo.transform(photo.size, Image.Transform.AFFINE, (1, 0, 6, 0, 1, 0), Image.Resampling.BICUBIC)
    given = save_set(tmp_path / "datasets" / "course", "test", [(nearly, label)])
    save_set(given, "train", [(photo, label)])
    found = find_set(Workspace(tmp_path), "course")

    def looked_at(own: Image.Image) -> tuple[list[str], int]:
        root = tmp_path / f"hand-in-{len(list(tmp_path.iterdir()))}"
        run = sample_run(root / "results" / "mine", ["000"])
        for kind in ("input", "target"):
            own.save(run / "images" / kind / "000.png")
        handed = Received(path=root, code="one", root=root, runs={"mine": load_record(run)})
        shared, handed_out = shared_pictures([handed], [found], Silent())
        return [other.owner for _, other in shared], handed_out["one"]

    assert looked_at(photo) == (["train"], 0)
    assert looked_at(nearly.resize((200, 200)).resize(photo.size)) == ([], 1)
