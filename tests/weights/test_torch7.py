"""Files of Lua Torch: every type that they hold, in bytes and as text, and what no file may do to the reader."""

from __future__ import annotations

import random
import struct
import warnings

import numpy as np
import pytest
import torchfile

from harness.errors import WeightsError
from harness.weights.architecture import architecture_of
from harness.weights.container import recognise
from harness.weights.reading import read_weights
from harness.weights.torch7 import Lua, Storage, Tensor, read_torch7
from tests.weights import torch7_files as files
from tests.weights.torch7_files import Function, Table, Thing, View, Writer, make_generator, save

FORMS = {"bytes": {}, "short longs": {"long": 4}, "text": {"text": True}}
forms = pytest.mark.parametrize("form", list(FORMS.values()), ids=list(FORMS))


def read(tmp_path, thing, **form):
    return read_torch7(save(tmp_path / "file.t7", thing, **form))


def refused(tmp_path, data: bytes) -> str:
    path = tmp_path / "file.t7"
    path.write_bytes(data)
    with pytest.raises(WeightsError) as caught:
        read_torch7(path)
    assert "file.t7" in caught.value.message and caught.value.hint
    return caught.value.message


def integers(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}i", *values)


def text(word: str) -> bytes:
    return integers(len(word)) + word.encode()


def tensor(shape, strides, offset, storage: bytes) -> bytes:
    head = integers(files.OBJECT, 1) + text("V 1") + text("torch.FloatTensor") + integers(len(shape))
    return head + struct.pack(f"<{2 * len(shape) + 1}q", *shape, *strides, offset) + storage


def storage(count: int, values: int = 4) -> bytes:
    head = integers(files.OBJECT, 2) + text("V 1") + text("torch.FloatStorage")
    return head + struct.pack(f"<q{values}f", count, *range(values))


@forms
def test_plain_values_come_as_they_are(tmp_path, form):
    values = {"none": None, "yes": True, "no": False, "half": 0.5, "three": 3, "words": "سلام", "bytes": b"\xff\n4\n"}
    found = read(tmp_path, Table(values), **form)
    assert found.kind == "" and "none" in found.fields
    assert found.fields["words"] == "سلام" and found.fields["bytes"] == "\udcff\n4\n"
    assert [found.get(key) for key in ("none", "yes", "no", "half", "three")] == [None, True, False, 0.5, 3]
    assert found.get("absent", 7) == 7


@forms
def test_tables_are_keys_and_come_back_as_themselves(tmp_path, form):
    inner = Table({1: "a", 2: "b", 4: "d"})
    outer = Table([(inner, 1), (1, inner), (True, "yes"), ("again", inner)])
    outer.put("itself", outer)
    found = read(tmp_path, outer, **form)
    assert found.get(1) is found.get("again") and found.fields[found.get(1)] == 1
    assert found.get(1).sequence() == ["a", "b"]
    assert found.get("itself") is found
    assert found.fields[("boolean", True)] == "yes"


@forms
def test_objects_have_class_and_version(tmp_path, form):
    found = read(tmp_path, Thing("nn.gModule", {"old": Thing("nn.Old", {"x": 1}, version=None)}, version=2), **form)
    assert (found.kind, found.version) == ("nn.gModule", 2)
    assert (found.get("old").kind, found.get("old").version, found.get("old").get("x")) == ("nn.Old", 0, 1)


@pytest.mark.parametrize("type_", [files.OLD_FUNCTION, files.OLDER_FUNCTION, files.FUNCTION])
@forms
def test_functions_are_passed_over(tmp_path, form, type_):
    function = Function(b"\x1bLJ\x02\n4\n3\n", ["closed over"], type_)
    found = read(tmp_path, Table({"f": function, "again": function, "after": 5}), **form)
    assert found.get("f").kind == "function" and found.get("after") == 5
    assert type_ == files.OLD_FUNCTION or found.get("again") is found.get("f")


@pytest.mark.parametrize("kind", ["f4", "f8", "f2", "i8", "i4", "i2", "i1", "u1"])
@forms
def test_tensors_of_every_type(tmp_path, form, kind):
    values = np.array([[1, 2, 10], [4, 5, 100]], kind)
    found = read(tmp_path, Table({"t": values, "after": "words"}), **form)
    array = found.get("t").array()
    assert array.tolist() == values.tolist() and found.get("after") == "words"
    assert array.dtype == (np.int32 if kind == "i8" and form.get("long") == 4 else values.dtype)


@forms
def test_tensors_are_views_of_one_storage(tmp_path, form):
    row = np.arange(12, dtype=np.float32)
    parts = {"all": View(row, (3, 4)), "turned": View(row, (4, 3), (1, 4)), "part": View(row, (2, 2), (4, 1), 5)}
    parts |= {
        "empty": View(None, ()),
        "none": View(np.zeros(0, np.float32), (0, 3)),
        "gpu": View(row, (12,), cuda=True),
    }
    found = read(tmp_path, Table(parts), **form)
    arrays = {key: found.get(key).array() for key in parts}
    assert arrays["turned"].tolist() == row.reshape(3, 4).T.tolist()
    assert arrays["part"].tolist() == [[5, 6], [9, 10]]
    assert arrays["empty"].shape == (0,) and arrays["none"].size == 0 and arrays["gpu"].tolist() == row.tolist()
    assert found.get("all").storage is found.get("turned").storage


def test_numbers_that_are_none_survive_as_text(tmp_path):
    values = np.array([np.nan, np.inf, -np.inf], np.float64)
    assert np.array_equal(read(tmp_path, values, text=True).array(), values, equal_nan=True)


def test_what_the_file_holds_is_not_changed_through_an_array(tmp_path):
    path = save(tmp_path / "file.t7", np.zeros(3, np.float32))
    read_torch7(path).array()[:] = 7
    assert read_torch7(path).array().tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (integers(files.TABLE, 1, 2**31 - 1), "2,147,483,647 values claimed, 0 bytes left"),
        (integers(files.TABLE, 1, -1), "-1 values claimed"),
        (integers(files.TABLE, 1, 1, files.STRING, 10**9), "1,000,000,000 values claimed"),
        (integers(files.TABLE, 1, 1, 9), "there is no type 9"),
        (integers(files.TABLE, 1, 0, 0, 0), "8 bytes after the end"),
        (integers(files.TABLE, 1, 1, files.BOOLEAN), "4 values claimed, 0 bytes left"),
        (integers(files.OBJECT, 1) + text("V 1") + text("nn.Odd") + integers(0), "class `nn.Odd`"),
        (tensor((2, 3), (3, 1), 1, storage(4)), "reaches beyond its storage of 4 numbers"),
        (tensor((2, 2), (2, 1), 2, storage(4)), "reaches beyond"),
        (tensor((2,), (-1,), 2, storage(4)), "negative size, stride or offset"),
        (tensor((-2,), (1,), 1, storage(4)), "negative size, stride or offset"),
        (tensor((2,), (1,), 0, storage(4)), "negative size, stride or offset"),
        (tensor((2**62, 2**62), (2**62, 1), 1, storage(4)), "reaches beyond"),
        (tensor((0,), (1,), 9, storage(4)), "reaches beyond its storage of 4 numbers"),
        (tensor((2,), (1,), 1, integers(files.OBJECT, 1)), "a tensor without a storage"),
        (tensor((2,), (1,), 1, integers(0)), "a tensor without a storage"),
        (tensor((1,) * 17, (1,) * 17, 1, storage(4)), "a tensor of 17 dimensions"),
        (tensor((2,), (1,), 1, storage(2**60)), "values claimed"),
        (b"".join(integers(files.TABLE, index, 1, files.STRING, 0) for index in range(1, 900)), "deeper"),
        (integers(files.TABLE, 1, 600_000) + bytes(8 * 600_000), "more objects"),
        (b"4\n1\n3\nV 1\n13\ntorch.FloatT", "13 values claimed"),
        (b"3\n1\n1\n1\none\n", "could not convert"),
        (b"3\n1\n1\n1\n1 2\n", "1 numbers expected, 2 found"),
        (b"3\n1\n99999999999999999999\n", "too large"),
    ],
)  # fmt: skip
def test_a_hostile_file_ends_in_a_clear_error(tmp_path, data, words):
    assert words in refused(tmp_path, data)


@forms
def test_a_file_cut_off_anywhere_is_refused(tmp_path, form):
    whole = Writer(**form).write(Table({"t": np.arange(9, dtype=np.float32), "s": "words", "n": 1.5}))
    for end in range(1, len(whole)):
        refused(tmp_path, whole[:end])


def test_no_damage_makes_anything_but_a_network_or_a_clear_error(tmp_path):
    """Bytes changed, cut out and put in at seeded places, mostly where the structure is."""
    chance, path = random.Random(5), tmp_path / "g.t7"
    root = make_generator(levels=3, ngf=1)
    wholes = [Writer(**form).write(root) for form in FORMS.values()]
    outcomes = {"read": 0, "refused": 0}
    for number in range(600):
        data = bytearray(wholes[number % 3])
        for _ in range(chance.choice((1, 1, 1, 3, 20))):
            at = chance.randrange(len(data))
            how = chance.randrange(4)
            if how == 0:
                data[at] ^= 1 << chance.randrange(8)
            elif how == 1:
                data[at : at + 4] = chance.choice((b"\xff\xff\xff\x7f", b"\0\0\0\0", b"\xff\xff\xff\xff", b"9999"))
            elif how == 2:
                del data[at : at + chance.randrange(1, 9)]
            else:
                data[at:at] = chance.randbytes(chance.randrange(1, 9))
        path.write_bytes(data)
        try:
            architecture_of(path)
            outcomes["read"] += 1
        except WeightsError as error:
            assert "g.t7" in error.message
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 30


def test_no_wrong_graph_makes_anything_but_a_clear_error(tmp_path):
    chance = random.Random(6)
    for _ in range(150):
        root = make_generator(levels=3, ngf=1)
        nodes = [node for _, node in root["forwardnodes"].pairs]
        for _ in range(chance.randrange(1, 4)):
            place, other = (chance.choice(nodes)["data"] for _ in range(2))
            module = {k: v for k, v in place.pairs if k == "module"}.get("module")
            how = chance.randrange(6)
            if how == 0:
                place.put("module", None)
            elif how == 1 and module:
                module.kind = chance.choice(("nn.SpatialConvolution", "nn.SpatialFullConvolution", "nn.Dropout", "nn."))
            elif how == 2:
                place.put("mapindex", Table([(1, other), (2, place)]))
            elif how == 3:
                place.put(chance.choice(("mapindex", "module")), chance.choice((None, 3, "words", np.zeros(2))))
            elif how == 4 and module:
                module.put("weight", chance.choice((None, np.zeros((0, 3, 4, 4), np.float32), np.zeros(3), Table())))
            else:
                chance.shuffle(root["forwardnodes"].pairs)
        path = save(tmp_path / "g.t7", root)
        try:
            architecture_of(path)
        except WeightsError as error:
            assert "g.t7" in error.message


def test_the_kind_of_file_is_told_from_its_first_bytes(tmp_path):
    for form in FORMS.values():
        assert recognise(save(tmp_path / "renamed.pth", make_generator(levels=3, ngf=1), **form)) == "torch7"
    (tmp_path / "big.t7").write_bytes(struct.pack(">ii", files.OBJECT, 1))
    with pytest.raises(WeightsError, match="big-endian machine"):
        read_weights(tmp_path / "big.t7")


def plain(found):
    """What both readers say, in one form; back references are followed no deeper than they stand."""
    if isinstance(found, Lua):
        return {str(key): plain(value) for key, value in found.fields.items() if isinstance(key, (str, int))}
    if isinstance(found, Tensor | Storage):
        return found.array().tolist()
    return found


def torchfiles(found):
    """torchfile's answer in the same form: keys are bytes, tables that count from 1 are lists."""
    if isinstance(found, list):
        return {str(number): torchfiles(value) for number, value in enumerate(found, 1)}
    fields = getattr(found, "_obj", found)
    if isinstance(fields, dict):
        return {k.decode() if isinstance(k, bytes) else str(k): torchfiles(v) for k, v in fields.items()}
    if isinstance(found, np.ndarray):
        return found.tolist()
    return found.decode() if isinstance(found, bytes) else found


def test_torchfile_reads_the_same(tmp_path):
    layer = Thing("nn.SpatialConvolution", {"weight": np.arange(6, dtype=np.float32).reshape(2, 3), "kW": 4.0})
    root = Thing("nn.gModule", {"modules": Table({1: layer, 2: layer}), "name": "words", "train": True})
    path = save(tmp_path / "file.t7", root)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert torchfiles(torchfile.load(str(path))) == plain(read_torch7(path))


def test_torch7s_own_small_files(shared_torch7):
    found = {name: read_torch7(shared_torch7 / "t7" / name) for name in ("mini.t7", "mini.ascii.t7")}
    for one in found.values():
        assert one.get("a").array().tolist() == [[1, 2, 3], [4, 5, 6]]
        assert one.get("t").array().tolist() == [[1, 4], [2, 5], [3, 6]]
        assert (one.get("b"), one.get("c"), one.get("d"), one.get("e").sequence()) == ("text", True, 3.5, [1, 2, 3])
        assert one.get("f").array().tolist() == [1, 2, 3]
    assert found["mini.t7"].get("g").kind == "function"
