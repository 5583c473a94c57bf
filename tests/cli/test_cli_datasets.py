from __future__ import annotations

import json

from harness.catalog.datasets import DATASETS
from harness.cli.main import main


def lines(capsys) -> dict[str, str]:
    """The table's rows by their first word."""
    return {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}


def test_the_list_has_every_dataset_and_says_what_is_installed(tmp_path, capsys):
    (tmp_path / "datasets" / "cyclegan" / "facades" / "testB").mkdir(parents=True)

    assert main(["datasets"]) == 0

    rows = lines(capsys)
    assert set(DATASETS) < set(rows)
    assert " yes " in rows["cyclegan/facades"]
    assert " - " in rows["pix2pix/facades"]
    assert "facade_photo | facade_label" in rows["pix2pix/facades"]
    assert "train 400, val 100, test 106" in rows["pix2pix/facades"]


def test_filters(tmp_path, capsys):
    (tmp_path / "datasets" / "pix2pix" / "maps" / "val").mkdir(parents=True)

    assert main(["datasets", "--family", "pix2pix"]) == 0
    assert len(lines(capsys)) == 7
    assert main(["datasets", "--installed"]) == 0
    assert set(lines(capsys)) == {"dataset", "pix2pix/maps"}


def test_nothing_installed_says_how_to_begin(capsys):
    assert main(["datasets", "--installed"]) == 0
    assert "hint: harness setup --dataset facades" in capsys.readouterr().err


def test_json_is_one_document_with_all_facts(tmp_path, capsys):
    folder = tmp_path / "datasets" / "pix2pix" / "maps"
    (folder / "val").mkdir(parents=True)

    assert main(["datasets", "--json"]) == 0

    by_id = {d["id"]: d for d in json.loads(capsys.readouterr().out)["datasets"]}
    assert list(by_id) == list(DATASETS)
    assert by_id["pix2pix/maps"]["folder"] == str(folder)
    assert by_id["pix2pix/maps"]["models"] == ["pix2pix/sat2map", "pix2pix/map2sat"]
    assert by_id["cyclegan/horse2zebra"]["sha256"].startswith("a74d9d39")
    assert by_id["cyclegan/mini"]["splits"] == {"trainA": None, "trainB": None, "testA": None, "testB": None}


def test_one_dataset_with_the_commands_to_bring_it_and_test_on_it(capsys):
    assert main(["datasets", "facades"]) == 0

    out = capsys.readouterr().out
    for part in (
        "paired: A and B side by side",
        "harness setup --dataset pix2pix/facades\n",
        "harness test --model pix2pix/facades_label2photo\n",
        "@inproceedings{Tylecek13,",
    ):
        assert part in out


def test_what_cannot_be_downloaded_is_brought_from_a_file(capsys):
    assert main(["datasets", "cityscapes"]) == 0

    out = capsys.readouterr().out
    assert "harness setup --dataset pix2pix/cityscapes --from-file ARCHIVE" in out
    assert "https://cityscapes-dataset.com" in out
    assert "address" not in out


def test_wrong_use_and_typos(capsys):
    assert main(["datasets", "facades", "--installed"]) == 2
    assert main(["datasets", "facadess"]) == 1
    assert "Did you mean `facades`?" in capsys.readouterr().err
