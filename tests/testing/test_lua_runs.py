"""The Lua original as a user runs it: a file of one's own placed, tested, reported, compared, verified, converted."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.cli.main import main
from harness.demo.demo_weights import demo_weights
from tests.fetch.repository import Upstream, make_upstream
from tests.pictures import save_pair, save_picture
from tests.weights.torch7_files import make_generator, modules_of, save

MODEL = ("--model", "lua/facades_label2image")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with a generator of 128x128, and pairs for it."""
    save(tmp_path / "mine.t7", make_generator(levels=7))
    for name in ("a", "b", "c"):
        save_pair(tmp_path / "pairs" / "test" / f"{name}.png", 140)
    return tmp_path


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Upstream:
    return make_upstream(tmp_path_factory.mktemp("upstream"))


def run(*words: object) -> None:
    assert main([str(word) for word in words]) == 0


def record_of(name: str) -> dict:
    return json.loads((Path("results") / name / "run.json").read_text(encoding="utf-8"))


def output(run_name: str, name: str) -> np.ndarray:
    with Image.open(Path("results") / run_name / "images" / "output" / f"{name}.png") as picture:
        return np.asarray(picture).astype(int)


def test_a_file_is_placed_and_runs_in_the_native_engine(here, upstream, capsys):
    run("setup", "--upstream-url", upstream.path, "--upstream-ref", upstream.first, *MODEL, "--from-file", "mine.t7")
    assert "network unet_256 expected, unet_128 found" in capsys.readouterr().err
    run("test", *MODEL, "--dataset", "pairs")
    page = capsys.readouterr().out.strip().splitlines()[-1]
    assert page.endswith("results/lua-facades_label2image-pairs-001/index.html")
    record = record_of("lua-facades_label2image-pairs-001")
    assert record["engine"] == "native" and record["model"]["family"] == "lua"
    assert record["model"]["architecture"]["dropout_levels"] == [4, 5, 6]
    assert output("lua-facades_label2image-pairs-001", "a").shape == (128, 128, 3)
    html = Path("results/lua-facades_label2image-pairs-001/index.html").read_text(encoding="utf-8")
    assert "image.scale" in html and "phillipi/pix2pix/tree/89ff2a81" in html
    run("verify")
    assert capsys.readouterr().out.split()[-4:] == ["identical", "agree", "same", "identical"]


def test_it_is_compared_with_the_pytorch_model_of_the_same_pictures(here, capsys):
    save(here / "mine.t7", make_generator(levels=8, ngf=1))
    run("test", *MODEL, "--weights", "mine.t7", "--dataset", "pairs", "--name", "lua")
    words = ("--weights", demo_weights(), "--engine", "native", "--name", "torch")
    run("test", "--model", "facades_label2photo", "--dataset", "pairs", *words)
    capsys.readouterr()
    run("compare", "lua", "torch")
    assert "`torch` minus `lua`, 3 images" in capsys.readouterr().out


def test_without_dropout_it_is_its_conversion(here, capsys):
    root = make_generator(levels=7)
    convolutions = [m for m in modules_of(root) if m.kind == "nn.SpatialConvolution"]
    for conv in (convolutions[0], convolutions[-1]):
        conv.put("bias", None)
    save(here / "mine.t7", root)
    for name in ("a", "b", "c"):
        save_pair(here / "pairs" / "test" / f"{name}.png", 128)  # of the network's size: both codes read it alike
    run("weights", "convert", "mine.t7", "-o", "latest_net_G.pth")
    assert "at most 0.00" in capsys.readouterr().out
    run("test", *MODEL, "--weights", "mine.t7", "--dataset", "pairs", "--mode", "deterministic", "--name", "lua")
    words = ("--weights", "latest_net_G.pth", "--engine", "native", "--mode", "deterministic", "--size", "128")
    run("test", "--model", "facades_label2photo", "--dataset", "pairs", *words, "--name", "torch")
    for name in ("a", "b", "c"):
        assert np.abs(output("lua", name) - output("torch", name)).max() <= 1
    assert main(["weights", "convert", "mine.t7", "-o", "latest_net_G.pth"]) == 1
    assert "exists already" in capsys.readouterr().err


def test_converting_as_json(here, capsys):
    run("weights", "convert", "mine.t7", "-o", "out.pth", "--json")
    document = json.loads(capsys.readouterr().out)
    assert document["architecture"] == {
        "netG": "unet_128", "norm": "batch", "use_dropout": True, "ngf": 2, "input_nc": 3, "output_nc": 3,
    }  # fmt: skip
    assert len(document["lost"]) == 2 and document["max_difference"] > 0


def test_the_official_engine_is_refused_in_words(here, capsys):
    assert main(["test", *MODEL, "--weights", "mine.t7", "--dataset", "pairs", "--engine", "official"]) == 1
    told = capsys.readouterr().err
    assert "`--engine official` cannot run `mine.t7`: it is of the Lua original" in told
    assert "harness weights convert" in told
    assert not list(Path("results").glob("*")) if Path("results").exists() else True


def test_a_run_of_torch7_is_drawn_again_in_its_order(here, capsys):
    table = "".join(f"<tr><td>{n}.png</td><td><img src='./images/input/{n}.png'/></td></tr>" for n in ("c", "b", "a"))
    (here / "index.html").write_text(f"<table><tr><td>Image #</td><td>Input</td></tr>{table}</table>")
    words = (*MODEL, "--weights", "mine.t7", "--dataset", "pairs", "--lua-seed", "2383")
    run("test", *words, "--lua-order", "index.html", "--name", "table")
    run("test", *words, "--lua-order", "c,b,a.png", "--name", "names")
    run("test", *words, "--name", "plain")
    assert np.array_equal(output("table", "a"), output("names", "a"))
    assert not np.array_equal(output("table", "a"), output("plain", "a"))
    assert record_of("table")["extra"]["native"]["lua_order"] == ["c", "b", "a"]
    capsys.readouterr()
    run("verify", "table", "--weights", "mine.t7")
    assert capsys.readouterr().out.split()[-4:] == ["identical", "agree", "same", "identical"]


def test_settings_of_the_native_engine_need_no_word_of_it(here, capsys):
    run("test", *MODEL, "--weights", "mine.t7", "--dataset", "pairs", "--batch-size", "2", "--name", "batches")
    assert main(["test", "--model", "facades_label2photo", "--dataset", "pairs", "--batch-size", "2"]) == 2
    assert "need `--engine native`" in capsys.readouterr().err


def test_a_network_that_colours_takes_photos_whatever_the_catalog_says(here):
    save(here / "colours.t7", make_generator(levels=5, channels=(1, 2)))
    for name in ("x", "y"):
        save_picture(here / "photos" / "test" / f"{name}.png", 40, 36)
    run("test", *MODEL, "--weights", "colours.t7", "--dataset", "photos", "--name", "colours")
    assert record_of("colours")["test_set"]["layout"] == "paired"
    with Image.open("results/colours/images/target/x.png") as target:
        assert target.size == (32, 32)
