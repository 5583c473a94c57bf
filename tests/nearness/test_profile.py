from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.errors import ImageError, TestSetError
from harness.nearness import profile as module
from harness.nearness.assessment import assess
from harness.nearness.profile import Profile, build_profile, load_profile, save_profile
from tests.nearness.conftest import saved, wall


def test_a_saved_profile_says_the_same(walls: Profile, tmp_path: Path) -> None:
    save_profile(tmp_path / "profile-wall.json", walls)
    loaded = load_profile(tmp_path / "profile-wall.json")
    for picture in (wall(900), 255 - wall(901)):
        assert assess(picture, loaded) == assess(picture, walls)


def test_the_file_is_small_and_tells_where_it_comes_from(walls: Profile, tmp_path: Path) -> None:
    save_profile(tmp_path / "p.json", walls)
    assert (tmp_path / "p.json").stat().st_size < 100_000
    document = json.loads((tmp_path / "p.json").read_text())
    assert document["format"] == 1 and document["domain"] == "wall"
    assert document["provenance"]["dataset"] == "test/walls"
    assert document["provenance"]["count"] == document["provenance"]["used"] == 60
    assert len(document["provenance"]["list_sha256"]) == 64 and document["provenance"]["harness"]


def test_even_the_largest_profile_is_small(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    descriptions = generator.normal(size=(module.MOST, len(module.NAMES)))
    save_profile(tmp_path / "p.json", module.profile_of(descriptions, "noise", {}, module.ColourSet([])))
    assert (tmp_path / "p.json").stat().st_size < 100_000


def test_the_same_pictures_give_the_same_profile_in_any_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = saved(tmp_path / "pictures", 30)
    monkeypatch.setattr(module, "MOST", 24)
    for name, order in (("a", paths), ("b", paths[::-1])):
        save_profile(tmp_path / name, build_profile(order, "wall", {}))
    assert (tmp_path / "a").read_text() == (tmp_path / "b").read_text()
    assert load_profile(tmp_path / "a").provenance["used"] == 24


def test_halves_of_pairs_are_profiled_after_the_models_preprocessing(tmp_path: Path) -> None:
    plain, pairs = saved(tmp_path / "plain", 20), []
    for path in plain:
        pair = Image.new("RGB", (128, 64), "red")
        pair.paste(Image.open(path), (64, 0))
        pairs.append(tmp_path / "pairs" / path.name)
        pairs[-1].parent.mkdir(exist_ok=True)
        pair.resize((256, 128), Image.Resampling.NEAREST).save(pairs[-1])
    of_pairs = build_profile(pairs, "wall", {}, half="right", size=(64, 64))
    expected = build_profile(plain, "wall", {})
    brightness = module.NAMES.index("brightness")
    assert of_pairs.usual[brightness] == pytest.approx(expected.usual[brightness], abs=0.01)


def test_too_few_pictures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TestSetError, match="19 pictures are too few to profile `wall`: 20"):
        build_profile(saved(tmp_path, 19), "wall", {})


@pytest.mark.parametrize("spoil", ["text", "small"])
def test_a_picture_that_cannot_be_used_is_named(tmp_path: Path, spoil: str) -> None:
    paths = saved(tmp_path, 20)
    if spoil == "text":
        paths[7].write_text("no picture")
    else:
        Image.new("RGB", (300, 16)).save(paths[7])
    with pytest.raises(ImageError, match=r"007\.png"):
        build_profile(paths, "wall", {})


def test_a_missing_profile_is_named(tmp_path: Path) -> None:
    with pytest.raises(TestSetError, match="there is no profile"):
        load_profile(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda d: d.update(format=2), "has format 2"),
        (lambda d: d.update(features=0), "another version"),
        (lambda d: d.pop("points"), "is damaged"),
        (lambda d: d["points"].update(data="!"), "is damaged"),
        (lambda d: d["points"].update(kind="object"), "is damaged"),
        (lambda d: d["points"].update(shape=[10**9, 88]), "is damaged"),
        (lambda d: d.update(palette=[[1, 2]]), "is damaged"),
    ],
)
def test_a_damaged_profile_is_named(walls: Profile, tmp_path: Path, change, told: str) -> None:
    path = tmp_path / "p.json"
    save_profile(path, walls)
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    with pytest.raises(TestSetError, match=told):
        load_profile(path)


def test_label_maps_are_compared_clean(tmp_path: Path) -> None:
    """Maps saved as JPEG are snapped to their colours, so that a clean map of the same kind is near, not unusual."""
    colours = np.array([[0, 0, 170], [0, 85, 255], [255, 85, 0]], dtype=np.uint8)
    rng = np.random.default_rng(5)
    maps = [colours[rng.integers(0, 3, (8, 8))].repeat(8, 0).repeat(8, 1) for _ in range(21)]
    for index, pixels in enumerate(maps[1:]):
        Image.fromarray(pixels).save(tmp_path / f"{index:02d}.jpg", quality=75)
    pictures = sorted(tmp_path.glob("*.jpg"))
    clean = build_profile(pictures, "facade_label", {"dataset": "drawn"}, colours=colours)
    noisy = build_profile(pictures, "facade_label", {"dataset": "drawn"})
    assert assess(maps[0], clean).surprise < assess(maps[0], noisy).surprise
