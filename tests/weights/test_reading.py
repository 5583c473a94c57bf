from __future__ import annotations

import pickle
import random
import re
import zipfile
from pathlib import Path

import pytest
import torch

from harness.errors import WeightsError
from harness.weights.container import check_sums
from harness.weights.reading import read_state_dict, read_weights
from tests.weights.state_dicts import RESNET, UNET, state_dict_of, with_old_statistics


def saved(path: Path, document: object, legacy: bool = False) -> Path:
    torch.save(document, path, _use_new_zipfile_serialization=not legacy)
    return path


def same(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> bool:
    return list(found) == list(expected) and all(torch.equal(found[k], expected[k]) for k in expected)


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("architecture", [UNET, RESNET])
def test_what_torch_saved_is_read(tmp_path, architecture, legacy):
    expected = state_dict_of(architecture)

    found = read_weights(saved(tmp_path / "g.pth", expected, legacy))

    assert same(found.state_dict, expected)
    assert found.mended == ()


def test_a_name_with_spaces_and_other_letters(tmp_path):
    path = saved(tmp_path / "مدل من 1.pth", state_dict_of(RESNET))

    assert same(read_state_dict(path), state_dict_of(RESNET))


def test_parameters_come_as_plain_tensors(tmp_path):
    path = saved(tmp_path / "g.pth", {"model.1.weight": torch.nn.Parameter(torch.ones(2))})

    assert not read_state_dict(path)["model.1.weight"].requires_grad


@pytest.mark.parametrize(
    "wrapper",
    [
        "state_dict", "model_state_dict", "netG", "model", "G", "gen", "generator", "generator_state_dict", "params",
        "G_state_dict", "netG_state_dict", "netG_A", "G_ema", "g_a2b", "net_G", "model_weights",
    ],
)  # fmt: skip
def test_a_wrapped_generator_is_taken_out_of_what_a_training_keeps_beside_it(tmp_path, wrapper):
    beside = {"epoch": 7, "netD": {"model.0.weight": torch.ones(1)}, "optimizer_state_dict": {"state": {}, "lr": 0.1},
              "hyper_parameters": {"lr": 0.1}, "D_state_dict": {"x": torch.ones(1)}}  # fmt: skip
    path = saved(tmp_path / "g.pth", {**beside, wrapper: state_dict_of(RESNET)})

    found = read_weights(path)

    assert same(found.state_dict, state_dict_of(RESNET))
    assert found.mended == (f"taken out of `{wrapper}`",)


def test_wrappings_are_taken_away_however_many(tmp_path):
    inner = {f"_orig_mod.netG.module.{k}": v for k, v in state_dict_of(RESNET).items()}
    path = saved(tmp_path / "g.pth", {"model": {"state_dict": inner}, "params": {"lr": 0.1}})

    found = read_weights(path)

    assert same(found.state_dict, state_dict_of(RESNET))
    assert len(found.mended) == 5


@pytest.mark.parametrize("names", [("netG_A", "netG_B"), ("G", "generator_state_dict"), ("G", "G_ema")])
def test_two_generators_are_not_chosen_from(tmp_path, names):
    path = saved(tmp_path / "both.pth", {name: state_dict_of(RESNET) for name in names})

    with pytest.raises(WeightsError, match=f"holds 2 generators: `{names[0]}`, `{names[1]}`") as raised:
        read_weights(path)

    assert f"['{names[0]}']" in (raised.value.hint or "")


@pytest.mark.parametrize(
    "prefixes",
    [["module."], ["_orig_mod."], ["module.", "_orig_mod."], ["_orig_mod.", "module."], ["netG."], ["generator."],
     ["netG.", "module."]],
)  # fmt: skip
def test_what_stands_before_every_key_is_taken_away(tmp_path, prefixes):
    path = saved(tmp_path / "g.pth", {"".join(prefixes) + k: v for k, v in state_dict_of(RESNET).items()})

    found = read_weights(path)

    assert same(found.state_dict, state_dict_of(RESNET))
    assert found.mended == tuple(f"prefix `{prefix}` of the keys taken away" for prefix in prefixes)


def test_other_networks_of_the_same_module_are_left_out(tmp_path):
    generator = {f"generator.{k}": v for k, v in state_dict_of(RESNET).items()}
    beside = {"discriminator.model.0.weight": torch.ones(1), "step": torch.ones(1)}
    path = saved(tmp_path / "g.pth", beside | generator)

    found = read_weights(path)

    assert same(found.state_dict, state_dict_of(RESNET))
    assert found.mended == ("prefix `generator.` of the keys taken away; 2 other keys left out",)


def test_keys_of_two_generators_in_one_module_are_left_as_they_are(tmp_path):
    both = {f"{name}.{k}": v for name in ("netG", "generator") for k, v in state_dict_of(RESNET).items()}

    assert same(read_state_dict(saved(tmp_path / "g.pth", both)), both)


def test_old_instance_norm_statistics_are_taken_away(tmp_path):
    path = saved(tmp_path / "g.pth", with_old_statistics(state_dict_of(RESNET)), legacy=True)

    assert same(read_state_dict(path), state_dict_of(RESNET))


class Attack:
    """Pickles to a call that makes a file when it is loaded the careless way."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self):
        return (Path.touch, (self.target,))


def attack_by_torch(path: Path, target: Path) -> None:
    torch.save({"model.1.weight": torch.ones(1), "x": Attack(target)}, path)


def attack_by_legacy_torch(path: Path, target: Path) -> None:
    torch.save({"x": Attack(target)}, path, _use_new_zipfile_serialization=False)


def attack_by_pickle(path: Path, target: Path) -> None:
    path.write_bytes(pickle.dumps(Attack(target)))


def attack_by_ascii_pickle(path: Path, target: Path) -> None:
    path.write_bytes(pickle.dumps(Attack(target), protocol=0))


@pytest.mark.parametrize("attack", [attack_by_torch, attack_by_legacy_torch, attack_by_pickle, attack_by_ascii_pickle])
def test_code_in_a_pickle_is_refused_and_never_runs(tmp_path, attack):
    path, target = tmp_path / "g.pth", tmp_path / "executed"
    attack(path, target)

    with pytest.raises(WeightsError, match=r"Python objects|Python pickle|text file"):
        read_state_dict(path)

    assert not target.exists()


def test_the_attack_of_these_tests_is_real(tmp_path):
    path, target = tmp_path / "g.pth", tmp_path / "executed"
    attack_by_torch(path, target)

    torch.load(path, weights_only=False)

    assert target.exists()


def test_a_whole_pickled_network_is_refused(tmp_path):
    path = saved(tmp_path / "g.pth", torch.nn.Sequential(torch.nn.Conv2d(1, 1, 1)))

    with pytest.raises(WeightsError, match="Python objects") as raised:
        read_state_dict(path)

    assert "state_dict" in (raised.value.hint or "")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html><html><body>404 Not Found</body></html>", "web page"),
        (b"\n  <HTML>\n<head>", "web page"),
        (b"hello, I am no weights\nat all\n", "text file that begins `hello, I am no weights`"),
        ("این متن است".encode(), "text file"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:ff\n", "Git LFS pointer"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 30, "PNG picture"),
        (b"\x1f\x8b\x08" + b"\0" * 30, "gzip"),
        (b'\x40\0\0\0\0\0\0\0{"model":{}}', "safetensors"),
        (bytes(range(1, 32)), "unknown kind"),
        (pickle.dumps({"a": 1}), "Python pickle"),
    ],
)
def test_other_files_are_told_what_they_are(tmp_path, content, said):
    path = tmp_path / "g.pth"
    path.write_bytes(content)

    with pytest.raises(WeightsError) as raised:
        read_state_dict(path)

    assert said in raised.value.message
    assert str(path) in raised.value.message
    assert raised.value.hint


def test_a_lua_torch_file_is_told(tmp_path):
    path = tmp_path / "g.t7"
    path.write_bytes(b"\x04\0\0\0\x01\0\0\0\x03\0\0\0")

    with pytest.raises(WeightsError, match="Lua Torch"):
        read_state_dict(path)


def test_a_missing_file_and_a_folder(tmp_path):
    for path in (tmp_path / "none.pth", tmp_path):
        with pytest.raises(WeightsError, match="cannot read the weights"):
            read_state_dict(path)


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("kept", [0.02, 0.3, 0.7, 0.999])
def test_a_file_cut_off_anywhere(tmp_path, legacy, kept):
    path = saved(tmp_path / "g.pth", state_dict_of(RESNET), legacy)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])

    with pytest.raises(WeightsError, match="cut off"):
        read_state_dict(path)


@pytest.mark.parametrize("legacy", [False, True])
def test_a_damaged_list_of_tensors(tmp_path, legacy):
    path = saved(tmp_path / "g.pth", state_dict_of(RESNET), legacy)
    content = bytearray(path.read_bytes())
    start = content.index(b"model.1.weight")
    content[start + 20 : start + 60] = b"\xff" * 40
    path.write_bytes(content)

    with pytest.raises(WeightsError):
        read_state_dict(path)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = tmp_path / "g.pth"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("g/data.pkl", "w") as entry:
        for _ in range(64):
            entry.write(b"\0" * 2**20)

    with pytest.raises(WeightsError, match="compressed archive"):
        read_state_dict(path)


def test_an_archive_of_other_things(tmp_path):
    path = tmp_path / "g.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("facades/train/1.jpg", b"x")

    with pytest.raises(WeightsError, match=r"other things \(facades/train/1\.jpg\)"):
        read_state_dict(path)


def test_a_tensor_that_is_larger_than_its_file(tmp_path):
    path = saved(tmp_path / "g.pth", {"model.1.weight": torch.ones(1).expand(2**40)})

    with pytest.raises(WeightsError, match="claims 4,398,046,511,104 bytes"):
        read_state_dict(path)


@pytest.mark.filterwarnings("ignore:`torch.jit")
def test_a_torchscript_program(tmp_path):
    path = tmp_path / "g.pth"
    torch.jit.save(torch.jit.script(torch.nn.ReLU()), path)

    with pytest.raises(WeightsError, match="TorchScript"):
        read_state_dict(path)


@pytest.mark.parametrize(("value", "said"), [(float("nan"), "NaN"), (float("inf"), "infinite"), (-float("inf"), "inf")])
def test_weights_of_a_diverged_training(tmp_path, value, said):
    broken = state_dict_of(UNET)
    broken["model.model.3.weight"][0, 1, 2, 3] = value

    with pytest.raises(WeightsError, match=f"{said}.*`model.model.3.weight`"):
        read_state_dict(saved(tmp_path / "g.pth", broken))


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([torch.ones(1)], "a list"),
        ({}, "nothing"),
        (torch.ones(3), "a Tensor"),
        ({1: torch.ones(1)}, "keys are no names"),
        ({"a": torch.ones(1), "epoch": 3}, "a int as `epoch`"),
        ({"a": torch.ones(1, dtype=torch.complex64)}, "complex64"),
        ({"a": torch.ones(1, device="meta")}, "meta"),
        ({"a": torch.eye(2).to_sparse()}, "sparse"),
    ],
)
def test_documents_that_are_no_state_dict(tmp_path, document, said):
    with pytest.raises(WeightsError) as raised:
        read_state_dict(saved(tmp_path / "g.pth", document))

    assert said in raised.value.message


def test_a_changed_byte_of_a_tensor_is_found_by_its_checksum(tmp_path):
    path = saved(tmp_path / "g.pth", state_dict_of(RESNET))
    whole = path.read_bytes()
    assert check_sums(path)
    tensor = state_dict_of(RESNET)["model.10.conv_block.1.weight"].numpy().tobytes()

    damaged = bytearray(whole)
    damaged[whole.index(tensor) + 7] ^= 1
    path.write_bytes(damaged)

    read_state_dict(path)  # torch itself does not look
    with pytest.raises(WeightsError, match="does not fit its checksum"):
        check_sums(path)


def test_damage_anywhere_is_found_or_changes_nothing(tmp_path):
    path = saved(tmp_path / "g.pth", state_dict_of(RESNET))
    whole, dice, found = path.read_bytes(), random.Random(3), 0
    for _ in range(150):
        damaged = bytearray(whole)
        damaged[dice.randrange(len(whole))] ^= 1 << dice.randrange(8)
        path.write_bytes(damaged)
        try:
            check_sums(path)
            read = read_state_dict(path)
        except WeightsError:
            found += 1
            continue
        assert same(read, state_dict_of(RESNET))
    assert found > 100


def test_a_legacy_file_has_no_checksum(tmp_path):
    assert not check_sums(saved(tmp_path / "g.pth", state_dict_of(RESNET), legacy=True))


def test_a_small_legacy_file_cut_at_every_byte(tmp_path):
    torch.save({"layer.weight": torch.ones(2)}, tmp_path / "whole.pth", _use_new_zipfile_serialization=False)
    content = (tmp_path / "whole.pth").read_bytes()
    for kept in range(1, len(content)):
        (tmp_path / "cut.pth").write_bytes(content[:kept])
        with pytest.raises(WeightsError):
            read_weights(tmp_path / "cut.pth")


def test_a_legacy_file_whose_tensors_have_other_keys_than_its_list(tmp_path):
    torch.save({"layer.weight": torch.ones(2)}, tmp_path / "a.pth", _use_new_zipfile_serialization=False)
    content = (tmp_path / "a.pth").read_bytes()
    key = max(re.findall(rb"\d{9,}", content), key=len)
    before, found, after = content.rpartition(key)
    (tmp_path / "a.pth").write_bytes(before + found[::-1] + after)
    with pytest.raises(WeightsError, match="damaged or cut off"):
        read_weights(tmp_path / "a.pth")
