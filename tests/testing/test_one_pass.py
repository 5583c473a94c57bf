"""One pass: every picture is handed to all that want it, a few are in memory at a time, whatever ends it."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Generator, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.engines.job import Translation
from harness.files import sha256_of
from harness.metrics.measure import MeasureRequest, Measuring, measure_images
from harness.parallel import default_workers
from harness.progress import Silent
from harness.report.thumbnails import strip_path, write_strips
from harness.testing.one_pass import hand_on, measured_by, shown_in, written_to

NAMES = [f"n{number}" for number in range(6)]
KINDS = ("input", "output", "target")


def translation(name: str, kinds: tuple[str, ...] = KINDS) -> Translation:
    random = np.random.default_rng(list(name.encode()))
    return Translation(name, {kind: random.integers(0, 256, (40, 32, 3), dtype=np.uint8) for kind in kinds})


def engine(names: list[str], ended: list[str], kinds: tuple[str, ...] = KINDS) -> Generator[Translation, None, str]:
    try:
        for name in names:
            yield translation(name, kinds)
        return "answer"
    finally:
        ended.append("ended")


@pytest.mark.parametrize("paired", [True, False])
def test_what_is_measured_and_shown_in_the_pass_is_what_the_files_give(tmp_path: Path, paired: bool) -> None:
    images, ended = tmp_path / "images", []
    images.mkdir()
    kinds = KINDS if paired else KINDS[:2]
    measuring = Measuring(MeasureRequest(), images, paired=paired)
    sinks = [written_to(images), measured_by(measuring), shown_in(tmp_path, NAMES, {}, paired=paired)]

    answer = hand_on(engine(NAMES, ended, kinds), sinks)

    assert (answer, ended) == ("answer", ["ended"])
    assert measuring.finished(NAMES) == measure_images(images, NAMES, paired=paired)
    assert sorted(path.name for path in images.iterdir()) == sorted(kinds)
    for name in NAMES:
        for kind, pixels in translation(name, kinds).pictures.items():
            assert np.array_equal(np.asarray(Image.open(images / kind / f"{name}.png")), pixels)
    strips = [tmp_path / strip_path(row) for row in range(len(NAMES))]
    before = [sha256_of(path) for path in strips]
    for path in strips:
        path.unlink()
    kinds = ("input", "output", *(("target", "difference") if paired else ()))
    write_strips(tmp_path, dict(enumerate(NAMES)), kinds, Silent(), {})
    assert [sha256_of(path) for path in strips] == before


def test_strips_of_the_pass_are_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = tmp_path / "images"
    images.mkdir()
    hand_on(engine(NAMES, []), [written_to(images), shown_in(tmp_path, NAMES, {}, paired=True)])
    monkeypatch.setattr("harness.report.thumbnails.read_picture", lambda *_: pytest.fail("read again"))

    write_strips(tmp_path, dict(enumerate(NAMES)), ("input", "output", "target", "difference"), Silent(), {})


def test_few_pictures_are_in_memory_whatever_their_number() -> None:
    alive: set[int] = set()
    most = 0

    def many() -> Iterator[Translation]:
        nonlocal most
        for number in range(300):
            made = translation(str(number % 7))
            alive.add(number)
            weakref.finalize(made, alive.discard, number)
            most = max(most, len(alive))
            yield made
            del made

    hand_on(many(), [lambda made: None])  # type: ignore[arg-type]

    gc.collect()
    assert not alive
    assert most <= 2 * default_workers() + 2


@pytest.mark.parametrize("error", [OSError(28, "no space left"), KeyboardInterrupt()])
def test_whatever_ends_the_pass_ends_the_engine(error: BaseException) -> None:
    ended: list[str] = []

    def full(made: Translation) -> None:
        raise error

    with pytest.raises(type(error)):
        hand_on(engine(NAMES * 50, ended), [full])

    assert ended == ["ended"]


def test_an_image_is_whole_once_all_its_pictures_are_there(tmp_path: Path) -> None:
    whole: dict[str, list[bool]] = {}

    def heard(name: str, files: dict[str, Path]) -> None:
        whole[name] = [path.is_file() for path in files.values()]

    hand_on(engine(NAMES, []), [written_to(tmp_path, heard)])

    assert whole == dict.fromkeys(NAMES, [True] * 3)
