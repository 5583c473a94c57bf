from __future__ import annotations

import json

import pytest

from harness.catalog.models import MODELS
from harness.cli.main import main


def placed(workspace, family, name, size=1500):
    path = workspace / "third_party" / "checkpoints" / family / f"{name}_pretrained" / "latest_net_G.pth"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x" * size)
    return path


def lines(capsys) -> dict[str, str]:
    """The table's rows by their first word."""
    return {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}


def test_the_list_has_every_model_and_says_what_is_installed(tmp_path, capsys):
    placed(tmp_path, "cyclegan", "sat2map")

    assert main(["models"]) == 0

    rows = lines(capsys)
    assert set(MODELS) < set(rows)
    assert "satellite → map" in rows["cyclegan/sat2map"]
    assert "resnet_9blocks" in rows["cyclegan/sat2map"]
    assert rows["cyclegan/sat2map"].split()[-5:] == ["kB", "not", "official", "Google", "Maps"]
    assert rows["pix2pix/sat2map"].split()[-5:] == ["217.7", "MB", "-", "Google", "Maps"]


def test_filters(tmp_path, capsys):
    placed(tmp_path, "cyclegan", "horse2zebra")
    placed(tmp_path, "pix2pix", "edges2shoes")

    assert main(["models", "--family", "cyclegan"]) == 0
    assert not [name for name in lines(capsys) if name.startswith("pix2pix/")]
    assert main(["models", "--family", "cyclegan", "--installed"]) == 0
    assert set(lines(capsys)) == {"model", "cyclegan/horse2zebra"}
    assert main(["models", "--family", "lua"]) == 0
    rows = lines(capsys)
    assert len(rows) == 7 and "edges → handbag_photo" in rows["lua/edges2handbags"]
    assert rows["lua/edges2handbags"].split()[4:7] == ["unet_256", "?", "-"]


def test_nothing_installed_says_how_to_begin(tmp_path, capsys):
    assert main(["models", "--installed"]) == 0

    said = capsys.readouterr()
    assert said.out == ""
    assert "hint: harness setup --model facades_label2photo" in said.err


def test_json_is_one_document_with_all_facts(tmp_path, capsys):
    path = placed(tmp_path, "pix2pix", "facades_label2photo")

    assert main(["models", "--json"]) == 0

    document = json.loads(capsys.readouterr().out)
    by_id = {m["id"]: m for m in document["models"]}
    assert document["format"] == 1
    assert list(by_id) == list(MODELS)
    facades = by_id["pix2pix/facades_label2photo"]
    assert (facades["installed"], facades["weights"]) == (True, str(path))
    assert facades["architecture"]["netG"] == "unet_256"
    assert facades["published_scores"][0]["value"] == 119.135
    assert by_id["cyclegan/facades_label2photo"]["weights"] is None


def test_one_model_with_the_commands_to_bring_and_test_it(tmp_path, capsys):
    assert main(["models", "facades_label2photo"]) == 0

    out = capsys.readouterr().out
    assert out.startswith("pix2pix/facades_label2photo\n")
    for part in (
        "unet_256, batch norm, dropout, 64 filters",
        "tested on `test`, direction BtoA",
        "harness setup --model facades_label2photo\n",
        "harness setup --dataset pix2pix/facades\n",
        "harness test --model facades_label2photo\n",
        "@inproceedings{isola2017image,",
        "not installed",
        "FID 119.135, not measured here: pix2pix, weights called official, which file is not said; FID by mmgeneration",
    ):
        assert part in out


def test_a_model_of_both_families_is_named_in_full_in_its_commands(tmp_path, capsys):
    assert main(["models", "cyclegan/sat2map"]) == 0
    assert "harness test --model cyclegan/sat2map\n" in capsys.readouterr().out
    assert main(["models", "horse2zebra"]) == 0
    assert "harness test --model horse2zebra\n" in capsys.readouterr().out


def test_one_model_as_json(tmp_path, capsys):
    assert main(["models", "horse2zebra", "--json"]) == 0

    document = json.loads(capsys.readouterr().out)
    assert (document["id"], document["direction"], document["installed"]) == ("cyclegan/horse2zebra", "AtoB", False)


def test_a_typo_is_answered(capsys):
    assert main(["models", "horse2zebr"]) == 1
    assert "Did you mean `horse2zebra`?" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["horse2zebra", "--installed"], ["--family", "stylegan"]])
def test_wrong_use(arguments):
    assert main(["models", *arguments]) == 2
