"""Each recipe makes what its model was trained on, and every domain of the catalog has one."""

from __future__ import annotations

import re

import numpy as np
import pytest
from PIL import Image, ImageDraw
from skimage import data

from harness.catalog.domains import DOMAINS
from harness.catalog.lookup import find_model
from harness.catalog.models import MODELS
from harness.demo.scenes import draw_scene
from harness.errors import ImageError, TestSetError, UnknownNameError
from harness.images.edges import draw_edges, line_width
from harness.images.palettes import CITYSCAPES, FACADES
from harness.prepare.recipes.base import Drawn, Recipe, Settings
from harness.prepare.recipes.choosing import KINDS, RECIPES, input_recipe, target_recipe, way_from_photos
from harness.prepare.recipes.edge_maps import EDGES_FROM_DRAWING, EDGES_FROM_PHOTO
from harness.prepare.recipes.labels import CITYSCAPES_LABELS, FACADE_LABELS
from harness.prepare.recipes.maps import MAP
from harness.prepare.recipes.photo import PHOTO
from harness.prepare.recipes.spoilt import GREY
from tests.images.pictures import content, facades_colours, noise, raw_colours

SMALL = Settings(size=(64, 64))


def draw(
    recipe: Recipe, image: Image.Image, settings: Settings = SMALL, format_: str = "PNG", **options: object
) -> Drawn:
    return recipe.draw(recipe.read(content(image, format_, **options), settings), settings)


def colours(image: Image.Image) -> set[tuple[int, ...]]:
    return {colour for _, colour in image.getcolors(1 << 16)}


def label_blocks() -> np.ndarray:
    """12 classes in blocks of 32 by 32, as class numbers."""
    return np.repeat(np.repeat(np.arange(1, 13, dtype=np.uint8).reshape(3, 4), 32, axis=0), 32, axis=1)


def test_every_model_has_recipes_for_both_sides() -> None:
    for model in MODELS.values():
        assert input_recipe(model, None, "auto", []).draw
        assert target_recipe(model).draw
    for domain in DOMAINS.values():
        assert domain.id in RECIPES or domain.kind in RECIPES


def test_models_get_the_recipe_of_their_domain() -> None:
    names = ("facades_label2photo", "cyclegan/cityscapes_label2photo", "map2sat", "horse2zebra", "day2night")
    chosen = [input_recipe(find_model(name), None, "auto", []) for name in names]
    assert chosen == [FACADE_LABELS, CITYSCAPES_LABELS, MAP, PHOTO, PHOTO]
    assert target_recipe(find_model("facades_label2photo")) is PHOTO
    assert target_recipe(find_model("cyclegan/facades_photo2label")) is FACADE_LABELS
    assert input_recipe(None, "grey", "auto", []) is GREY


def test_shoes_are_drawn_and_drawings_cleaned_by_looking_at_them() -> None:
    model = find_model("edges2shoes")
    photo = content(Image.fromarray(data.coffee()), "JPEG")
    drawing = content(pencil(), "JPEG")
    assert input_recipe(model, None, "auto", [photo, drawing, photo]) is EDGES_FROM_PHOTO
    assert input_recipe(model, None, "auto", [drawing, b"broken", drawing, photo]) is EDGES_FROM_DRAWING
    assert input_recipe(model, None, "drawing", []) is EDGES_FROM_DRAWING


def test_what_no_recipe_makes_is_answered() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean `photo`"):
        input_recipe(None, None, "foto", [])
    with pytest.raises(UnknownNameError, match="kind of input"):
        input_recipe(None, "edgs", "auto", [])
    with pytest.raises(TestSetError, match="house front as flat areas") as caught:
        input_recipe(find_model("facades_label2photo"), None, "photo", [])
    assert caught.value.hint and "facades_photo2label" in caught.value.hint
    assert "auto" in KINDS


def test_photos_come_at_size() -> None:
    drawn = draw(PHOTO, noise(100, 60))
    assert drawn.image.size == (64, 64)
    assert drawn.size_before == (100, 60)
    assert drawn.target is None


def test_a_tiny_picture_is_refused_and_a_small_one_told() -> None:
    with pytest.raises(ImageError, match="1x1 pixels"):
        draw(PHOTO, Image.new("RGB", (1, 1)))
    assert "enlarged 3.2 times" in draw(PHOTO, noise(20, 20)).warnings[0]


@pytest.mark.parametrize(
    ("fit", "said"), [("crop", "keeps 15% of the picture"), ("pad", "covers 85%"), ("stretch", "distorted")]
)
def test_a_panorama_is_told(fit: str, said: str) -> None:
    drawn = draw(PHOTO, noise(2000, 300), Settings(size=(64, 64), fit=fit))
    assert any(said in w for w in drawn.warnings)


def test_the_subject_is_kept_in_a_crop() -> None:
    pixels = np.full((64, 192, 3), 120, dtype=np.uint8)
    pixels[20:44, 130:170] = np.random.default_rng(0).integers(0, 256, (24, 40, 3), dtype=np.uint8)
    centre = draw(PHOTO, Image.fromarray(pixels))
    subject = draw(PHOTO, Image.fromarray(pixels), Settings(size=(64, 64), focus="subject"))
    assert np.asarray(subject.image).std() > 3 * np.asarray(centre.image).std()


def test_grey_has_its_colours_as_target() -> None:
    drawn = draw(GREY, noise(64, 64))
    grey = np.asarray(drawn.image)
    assert (grey[..., 0] == grey[..., 2]).all()
    assert drawn.target is not None
    assert np.array_equal(np.asarray(drawn.target), np.asarray(noise(64, 64)))


def facades_image(format_: str) -> Image.Image:
    classes = label_blocks()
    if format_ == "raw indexes":
        image = Image.fromarray(classes).convert("P")
        image.putpalette([0, 0, 0, *raw_colours().ravel().tolist()])
        return image
    if format_ == "class numbers":
        return Image.fromarray(classes)
    if format_ == "own palette":
        image = Image.fromarray(classes - 1).convert("P")
        image.putpalette(facades_colours().ravel().tolist())
        return image
    palette = raw_colours() if format_ == "raw colours" else facades_colours()
    return Image.fromarray(palette[classes.astype(int) - 1])


@pytest.mark.parametrize("format_", ["colours", "raw colours", "raw indexes", "class numbers", "own palette"])
@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_label_maps_in_any_encoding_become_the_datasets(format_: str, fit: str) -> None:
    settings = Settings(size=(128, 96), fit=fit)
    drawn = draw(FACADE_LABELS, facades_image(format_), settings)
    expected = facades_colours()[label_blocks().astype(int) - 1]
    assert np.array_equal(np.asarray(drawn.image), expected)
    assert "(0% of the pixels" in drawn.operations[-1]
    assert not drawn.warnings


def test_padding_of_label_maps_is_background_of_the_palette() -> None:
    for format_ in ("colours", "class numbers"):
        drawn = draw(FACADE_LABELS, facades_image(format_), Settings(size=(64, 64), fit="pad"))
        assert drawn.image.getpixel((0, 0)) == FACADES[0].rgb
        assert colours(drawn.image) <= {c.rgb for c in FACADES}


@pytest.mark.parametrize("size", [(97, 97), (64, 120)])
@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("format_", ["colours", "raw colours", "class numbers"])
def test_label_maps_are_resized_without_mixing(format_: str, fit: str, size: tuple[int, int]) -> None:
    """Lanczos would put colours between two classes on every border, and half of them near a third class."""
    stripes = np.tile(np.array([1, 12, 4, 7, 2], dtype=np.uint8).repeat(3), (150, 10))
    if format_ == "class numbers":
        image = Image.fromarray(stripes)
    else:
        known = facades_colours() if format_ == "colours" else raw_colours()
        image = Image.fromarray(known[stripes.astype(int) - 1])
    drawn = draw(FACADE_LABELS, image, Settings(size=size, fit=fit))
    assert "(0% of the pixels" in drawn.operations[-1]
    assert colours(drawn.image) == {FACADES[n - 1].rgb for n in (1, 12, 4, 7, 2)}
    middle = np.asarray(drawn.image)[size[1] // 2]
    columns = np.flatnonzero((middle != middle[0]).any(axis=1))
    assert len(columns) > 20


def test_an_enlarged_map_is_decided_before_its_pixels_multiply() -> None:
    classes = classes_of_a_scene()
    small = Image.fromarray(facades_colours()[classes]).resize((128, 128), Image.Resampling.NEAREST)
    expected = np.asarray(small.resize((256, 256), Image.Resampling.NEAREST))
    drawn = draw(FACADE_LABELS, small, Settings(size=(256, 256)), "JPEG", quality=90)
    assert (np.asarray(drawn.image) != expected).any(axis=2).mean() < 0.015


def classes_of_a_scene() -> np.ndarray:
    label = draw_scene(1, 0).label.astype(int)
    return np.abs(label[:, :, None] - facades_colours().astype(int)).sum(axis=3).argmin(axis=2)


def test_jpeg_label_maps_are_snapped_and_the_unsure_share_is_said() -> None:
    scene = Image.fromarray(facades_colours()[classes_of_a_scene()])
    drawn = draw(FACADE_LABELS, scene, Settings(), "JPEG", quality=75)
    assert colours(drawn.image) <= {c.rgb for c in FACADES}
    said = re.search(r"snapped to the 12 facade colours \((\d+)% of .*, ([\d.]+)% remain unsure", drawn.operations[-1])
    assert said and 15 < int(said[1]) < 45 and 0.2 < float(said[2]) < 4
    assert drawn.warnings[0].startswith(f"{said[1]}% of it is off the palette, as after JPEG")
    assert not drawn.foreign
    assert not draw(FACADE_LABELS, scene, Settings()).warnings


@pytest.mark.parametrize("recipe", [FACADE_LABELS, CITYSCAPES_LABELS])
def test_of_a_photo_given_as_label_map_only_that_is_said(recipe: Recipe) -> None:
    photo = Image.fromarray(data.coffee()).crop((0, 0, 600, 90))
    drawn = draw(recipe, photo)
    assert drawn.warnings == ("looks like no label map: 100% of it is off the palette",)
    assert drawn.foreign


def test_the_way_from_photos_names_models_that_draw_label_maps() -> None:
    way = way_from_photos("facade_label", find_model("facades_label2photo"), "photos")
    assert way is not None
    assert "harness test --model cyclegan/facades_photo2label --dataset photos" in way
    assert way.endswith("harness prepare-images RUN --model facades_label2photo")
    assert "cyclegan/cityscapes_photo2label" in (way_from_photos("cityscapes_label") or "")
    assert way_from_photos("edges") is way_from_photos("photo") is None


def numbered(mode: str, numbers: np.ndarray) -> bytes:
    """A map of class numbers as programs store them."""
    if mode == "I;16":
        return content(Image.fromarray(numbers.astype(np.uint16)), "PNG")
    if mode == "I":
        return content(Image.fromarray(numbers.astype(np.int32)), "TIFF")
    image = Image.fromarray(numbers)
    if mode == "P":
        image = image.convert("P")
        image.putpalette(np.random.default_rng(0).integers(0, 256, 768).tolist())  # as VOC's: no class's own colour
        return content(image, "PNG")
    return content(image.convert(mode), "TIFF" if mode == "LA" else "PNG")


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGB", "RGBA", "I;16", "I"])
def test_class_numbers_are_read_in_whatever_mode_they_are_stored(mode: str, first: int) -> None:
    classes = label_blocks()
    files = [numbered(mode, classes + first - 1)]
    recipe = FACADE_LABELS.for_folder(files)
    settings = Settings(size=(128, 96))
    drawn = recipe.draw(recipe.read(files[0], settings), settings)
    assert np.array_equal(np.asarray(drawn.image), facades_colours()[classes.astype(int) - 1])
    assert f"class numbers read as {first} to {first + 11}" in drawn.operations
    assert recipe.name == f"facade labels numbered {first} to {first + 11}"
    assert not drawn.warnings


def test_how_numbers_are_meant_is_decided_over_the_whole_folder() -> None:
    whole = label_blocks()
    part = np.where(whole > 6, 6, whole)
    one_based = FACADE_LABELS.for_folder([numbered("L", part), numbered("RGB", whole), b"no picture"])
    zero_based = FACADE_LABELS.for_folder([numbered("L", part), numbered("L", whole - 1)])
    undecided = FACADE_LABELS.for_folder([numbered("L", part)])
    drawn = [r.draw(r.read(numbered("L", part), SMALL), SMALL) for r in (one_based, zero_based, undecided)]
    by_first, by_second, by_none = (np.asarray(d.image) for d in drawn)
    assert np.array_equal(by_first, by_none)
    assert not np.array_equal(by_first, by_second)
    assert [d.warnings for d in drawn[:2]] == [(), ()]
    assert "nothing in the folder tells how its classes are numbered: taken as 1 to 12" in drawn[2].warnings
    assert FACADE_LABELS.for_folder([content(facades_image("colours"), "PNG")]) is FACADE_LABELS
    blank = numbered("L", np.zeros((64, 64), np.uint8))
    assert colours(draw_with(zero_based, blank).image) == {FACADES[0].rgb}
    assert not draw_with(zero_based, blank).foreign, "nothing but background is a map too, where numbers are usual"


def draw_with(recipe: Recipe, data: bytes) -> Drawn:
    return recipe.draw(recipe.read(data, SMALL), SMALL)


def test_what_has_no_class_is_background_and_said() -> None:
    numbers = np.full((64, 64), 12, dtype=np.uint8)
    numbers[:32, :32], numbers[32:, :32] = 0, 255
    recipe = FACADE_LABELS.for_folder([numbered("L", numbers)])
    drawn = draw_with(recipe, numbered("L", numbers))
    assert colours(drawn.image) == {FACADES[0].rgb, FACADES[11].rgb}
    assert drawn.warnings == ("50% of it has no class: that is taken as background",)


@pytest.mark.parametrize(("numbers", "said"), [([7, 11, 23, 26], "0 to 33"), ([0, 2, 10, 13, 255], "0 to 18")])
def test_street_maps_by_number_become_the_street_colours(numbers: list[int], said: str) -> None:
    picture = np.array(numbers, dtype=np.uint8).repeat(64).reshape(-1, 64).repeat(2, axis=0)
    recipe = CITYSCAPES_LABELS.for_folder([numbered("L", picture)])
    drawn = recipe.draw(recipe.read(numbered("L", picture), SMALL), Settings(size=(64, len(picture))))
    known = {(128, 64, 128), (70, 70, 70), (70, 130, 180), (0, 0, 142)}
    assert colours(drawn.image) - {(0, 0, 0)} == known
    assert any(said in o for o in drawn.operations)


def test_street_labels_are_snapped() -> None:
    pixels = np.array(CITYSCAPES, dtype=np.uint8)[np.arange(16).reshape(4, 4)].repeat(16, 0).repeat(16, 1)
    noisy = np.clip(pixels.astype(int) + 3, 0, 255).astype(np.uint8)
    assert np.array_equal(np.asarray(draw(CITYSCAPES_LABELS, Image.fromarray(noisy)).image), pixels)


def product(paper: tuple[int, int, int] = (230, 228, 226)) -> Image.Image:
    image = Image.new("RGB", (300, 200), paper)
    ImageDraw.Draw(image).ellipse((20, 40, 140, 100), fill=(80, 30, 20))
    return image


def test_a_product_photo_becomes_edges_and_a_white_target() -> None:
    drawn = draw(EDGES_FROM_PHOTO, product(), Settings(size=(128, 128)))
    edges, target = np.asarray(drawn.image), np.asarray(drawn.target)
    assert set(np.unique(edges)) == {0, 255}
    assert line_width(edges[..., 0] == 0) < 1.1
    assert (target[0] == 255).all() and (target[:, 0] == 255).all()
    rows, columns = np.nonzero(edges[..., 0] == 0)
    assert abs(columns.mean() - 64) < 4 and abs(rows.mean() - 64) < 4, "the thing stands in the middle"
    assert not drawn.warnings


def test_edges_lie_on_the_target_they_were_drawn_from() -> None:
    drawn = draw(EDGES_FROM_PHOTO, product(), Settings(size=(128, 128)))
    assert drawn.target is not None
    again = draw_edges(np.asarray(drawn.target))
    assert np.array_equal(np.asarray(drawn.image)[..., 0] == 0, again)


def test_a_busy_background_is_told_and_kept() -> None:
    drawn = draw(EDGES_FROM_PHOTO, Image.fromarray(data.coffee()))
    assert "background is not plain" in drawn.warnings[0]


def test_a_flat_photo_has_no_edges_to_draw() -> None:
    with pytest.raises(ImageError, match="no edge"):
        draw(EDGES_FROM_PHOTO, Image.new("RGB", (64, 64), (200, 200, 200)))
    with pytest.raises(ImageError, match="no line"):
        draw(EDGES_FROM_DRAWING, Image.new("RGB", (64, 64), (200, 200, 200)))


def pencil() -> Image.Image:
    image = Image.new("RGB", (400, 300), (205, 203, 198))
    ImageDraw.Draw(image).line([(40, 60), (60, 160), (200, 180), (160, 60), (40, 60)], fill=(90, 90, 95), width=5)
    return image


@pytest.mark.parametrize("aligned", [False, True])
def test_a_pencil_drawing_becomes_thin_black_lines(aligned: bool) -> None:
    drawn = draw(EDGES_FROM_DRAWING, pencil(), Settings(size=(128, 128), fit="stretch", aligned=aligned))
    pixels = np.asarray(drawn.image)
    mask = pixels[..., 0] == 0
    assert set(np.unique(pixels)) == {0, 255}
    assert line_width(mask) < 1.1
    rows, columns = np.nonzero(mask)
    wide = np.ptp(columns) > 100
    assert wide != aligned, "framed unless it must stay where its target is"
    if aligned:
        assert abs(columns.min() - 40 * 128 / 400) <= 2 and abs(rows.min() - 60 * 128 / 300) <= 2


def test_edges_of_the_training_pass_through_almost_unchanged() -> None:
    edges = draw(EDGES_FROM_PHOTO, product(), Settings(size=(256, 256))).image
    again = draw(EDGES_FROM_DRAWING, edges, Settings(size=(256, 256), aligned=True)).image
    before, after = (np.asarray(i)[..., 0] == 0 for i in (edges, again))
    assert abs(int(before.sum()) - int(after.sum())) < 0.1 * before.sum()


def test_maps_of_another_style_are_told() -> None:
    old = Image.new("RGB", (64, 64), (232, 229, 222))
    assert not draw(MAP, old).warnings
    assert "2016 Google Maps" in draw(MAP, Image.fromarray(data.coffee())).warnings[0]
