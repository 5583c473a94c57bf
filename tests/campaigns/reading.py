"""Readers of pictures, checkpoints, records and archives, given what nobody should give them."""

from __future__ import annotations

import io
import json
import pickle
import random
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from harness.errors import HarnessError
from harness.fetch.archives import unpack
from harness.images.opening import open_rgb
from harness.metrics.storage import load_measurement
from harness.runs.record import load_record
from harness.sets.test_set import load_test_set
from harness.weights.reading import read_weights
from tests.campaigns.ready import make_ready
from tests.campaigns.tally import Trial, Verdict
from tests.pictures import picture
from tests.provision.conftest import UNET, dataset_bytes, generator_bytes, tar_bytes

_WORDS = [None, True, -1, 10**400, 0.5, "", "../../secret", "/etc/passwd", "a\x00b", "\u202egnp.exe", "\ud800", [], {}]


@dataclass(frozen=True)
class Reader:
    """One reader, the file it reads in a folder, and sound contents to spoil."""

    case: str
    file: str
    read: Callable[[Path], Any]
    sound: tuple[bytes, ...]


def readers(ready: Path) -> list[Reader]:
    """Returns every reader of what may come from elsewhere; records are those of a workspace made ready."""
    run = ready / "ws" / "results" / "mine"
    made = ready / "ws" / "datasets" / "photos" / "dataset.json"
    table = (run / "metrics.csv").read_bytes()

    def with_record(path: Path) -> Any:
        path.with_name("run.json").write_bytes((run / "run.json").read_bytes())
        return load_record(path.parent)

    def with_table(path: Path) -> Any:
        if path.name == "metrics.json":
            path.with_name("metrics.csv").write_bytes(table)
        else:
            path.with_name("metrics.json").write_bytes((run / "metrics.json").read_bytes())
        return load_measurement(path.parent)

    return [
        Reader("picture", "a.png", open_rgb, tuple(_pictures())),
        Reader("checkpoint", "a.pth", read_weights, (generator_bytes(UNET), generator_bytes(UNET, legacy=True))),
        Reader("run.json", "run.json", lambda path: load_record(path.parent), ((run / "run.json").read_bytes(),)),
        Reader("images.jsonl", "images.jsonl", with_record, ((run / "images.jsonl").read_bytes(),)),
        Reader("dataset.json", "dataset.json", lambda path: load_test_set(path.parent), (made.read_bytes(),)),
        Reader("metrics.json", "metrics.json", with_table, ((run / "metrics.json").read_bytes(),)),
        Reader("metrics.csv", "metrics.csv", with_table, (table,)),
        Reader("archive", "a.zip", _unpacked, (dataset_bytes("train"), tar_bytes("train"))),
    ]


def _pictures() -> Iterator[bytes]:
    small = picture("fuzzed", 40, 30)
    for mode, format_ in (("RGB", "PNG"), ("P", "PNG"), ("L", "JPEG"), ("P", "GIF"), ("CMYK", "TIFF"), ("RGBA", "WEBP"),
                          ("RGB", "BMP")):  # fmt: skip
        small.convert(mode).save(file := io.BytesIO(), format_)
        yield file.getvalue()


def _unpacked(path: Path) -> None:
    unpack(path, path.parent / "unpacked", ("train",), lambda folder: None)


def spoilt(random_: random.Random, sound: bytes, *, of_json: bool) -> bytes:
    """Returns content with something wrong in it: bits, cuts, pieces lost, doubled or put in, values of other kinds."""
    if of_json and random_.random() < 0.6:
        return json.dumps(_other_value(random_, json.loads(sound))).encode()
    data = bytearray(sound)
    for _ in range(random_.randint(1, 4)):
        place, length = random_.randrange(len(data) + 1), random_.randint(1, 40)
        how = random_.choice(("flip", "cut", "lose", "double", "put in"))
        if how == "flip" and place < len(data):
            data[place] ^= 1 << random_.randrange(8)
        elif how == "cut":
            del data[place:]
        elif how == "lose":
            del data[place : place + length]
        elif how == "double":
            data[place:place] = data[place : place + length]
        else:
            data[place:place] = random_.randbytes(length)
    return bytes(data)


def _other_value(random_: random.Random, document: Any) -> Any:
    """The document with another value, a key less or a key more somewhere inside."""
    if isinstance(document, dict | list) and document and random_.random() < 0.85:
        key = random_.choice(sorted(document)) if isinstance(document, dict) else random_.randrange(len(document))
        if isinstance(document, dict) and random_.random() < 0.15:
            return {k: v for k, v in document.items() if k != key} | ({"more": 1} if random_.random() < 0.5 else {})
        document[key] = _other_value(random_, document[key])
        return document
    return random_.choice(_WORDS)


def judged(reader: Reader, content: bytes, folder: Path) -> tuple[Verdict, str]:
    """Lets a reader read; it may answer or refuse with a HarnessError, and make nothing beside its folder."""
    inside = folder / "inside"
    inside.mkdir(parents=True, exist_ok=True)
    (inside / reader.file).write_bytes(content)
    try:
        reader.read(inside / reader.file)
        verdict: Verdict = "right"
        what = ""
    except HarnessError as error:
        verdict, what = "clear", error.message
    except Exception as error:
        verdict, what = "lost", repr(error)
    if [path.name for path in folder.iterdir()] != ["inside"]:
        verdict, what = "lost", "something was made outside"
    return verdict, what


def spoilt_files(random_: random.Random, trials: int, folder: Path) -> Iterator[Trial]:
    """Sound files with something wrong in them."""
    found = readers(with_records(folder))
    for number in range(trials):
        reader = random_.choice(found)
        content = spoilt(random_, random_.choice(reader.sound), of_json=reader.file.endswith(".json"))
        verdict, what = judged(reader, content, folder / f"{number}")
        yield Trial(f"spoilt {reader.case}", verdict, f"{number}: {what}")


def with_records(folder: Path) -> Path:
    """Returns a ready workspace's folder that has a prepared set, too."""
    from harness.prepare.prepare_request import PrepareRequest
    from harness.prepare.preparing import prepare_images
    from harness.workspace import Workspace

    ready = make_ready(folder / "ready")
    prepare_images(Workspace(ready / "ws"), PrepareRequest(folder=ready / "photos"))
    return ready


class _Command:
    """What a hostile checkpoint runs when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.marker,))


def hostile_files(random_: random.Random, trials: int, folder: Path) -> Iterator[Trial]:
    """Files made to do harm; whatever they do outside of their folder is seen."""
    for number in range(trials):
        place = folder / f"{number}"
        makers: dict[str, Callable[[], tuple[str, bytes]]] = {
            "archive": lambda: ("a.zip", _hostile_archive(random_)),
            "checkpoint": lambda: ("a.pth", _hostile_checkpoint(random_, place / "marker")),  # noqa: B023
            "picture": lambda: ("a.png", _hostile_picture(random_)),
        }
        case = random_.choice(sorted(makers))
        file, content = makers[case]()
        read = {"archive": _unpacked, "checkpoint": read_weights, "picture": open_rgb}[case]
        verdict, what = judged(Reader(case, file, read, ()), content, place)
        if verdict == "right" and case != "archive":  # of an archive, what is harmless may be taken
            verdict, what = "lost", "was taken"
        yield Trial(f"hostile {case}", verdict, f"{number}: {what}")


def _hostile_archive(random_: random.Random) -> bytes:
    outside = ["../../out", "/tmp/campaign-out", "train/../../../out", "..\\..\\out"]
    unstorable = ["train/CON", "train/a:b", "train/a.", "train/" + "n" * 300, "d/" * 500 + "x", "train/\x00"]
    names = [*outside, *unstorable, "train/A.jpg", "train/a.jpg"]
    chosen = random_.sample(names, k=random_.randint(1, 3))
    file = io.BytesIO()
    if random_.random() < 0.5:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("train/good.jpg", b"x")
            for name in chosen:
                packed.writestr(name, bytes(random_.choice((1, 50_000_000))))
        return file.getvalue()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        for name in ["train/good.jpg", *chosen]:
            entry = tarfile.TarInfo(name.replace("\x00", "0"))
            entry.type = random_.choice((tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE))
            entry.linkname = random_.choice(("../../../out", "/etc/passwd", "good.jpg"))
            tar.addfile(entry)
    return file.getvalue()


def _hostile_checkpoint(random_: random.Random, marker: Path) -> bytes:
    harm = _Command(marker)
    wrapped = random_.choice(({"model": harm}, harm, {"state_dict": {"a.weight": harm}}, [harm]))
    if random_.random() < 0.3:
        return pickle.dumps(wrapped)
    torch.save(wrapped, file := io.BytesIO(), _use_new_zipfile_serialization=random_.random() < 0.5)
    return file.getvalue()


def _hostile_picture(random_: random.Random) -> bytes:
    side = random_.choice((30_000, 60_000))
    kinds = (
        lambda: _png_of_size(side),
        lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
        lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) (r) file\n",
        lambda: b"<!doctype html><script>1</script>",
        lambda: random_.randbytes(200),
    )
    return random_.choice(kinds)()


def _png_of_size(side: int) -> bytes:
    Image.new("1", (side, 8)).save(file := io.BytesIO(), "PNG")
    data = bytearray(file.getvalue())
    data[20:24] = side.to_bytes(4, "big")  # the height in IHDR, which then lies
    return bytes(data)
