"""The points of a file, and what is refused by file and key before anything is looked up."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.sweep.sweep_file import read_sweep

FILE = """
models = ["a", "b"]
datasets = ["pairs"]
seeds = [0, 1]
[test]
engine = "native"
size = ["256x128", "max:512", 64]
metrics = ["ssim", "lpips"]
compile = true
[train.small]
preset = "quick"
[train.small.options]
ngf = [8, 16]
no_flip = [true, false]
"""
RULE = '[choose]\nmetric = "ssim"\non = "val"\nreport = "test"\n'


def write(folder: Path, text: str) -> Path:
    file = folder / "sizes.toml"
    file.write_text(text, encoding="utf-8-sig")
    return file


def test_the_points_are_the_product_of_models_or_recipes_sets_options_and_seeds(tmp_path: Path) -> None:
    sweep = read_sweep(write(tmp_path, FILE))

    assert len(sweep.points) == (2 + 2 * 2) * 3 * 2
    assert (sweep.name, sweep.varied) == ("sizes", ("model", "ngf", "no_flip", "size", "seed"))
    assert {point.test.size for point in sweep.points} == {(256, 128), 512, (64, 64)}
    assert {point.test.native.compile_ for point in sweep.points} == {True}
    assert {point.test.metrics for point in sweep.points} == {("ssim", "lpips")}
    trained = {point.train.options for point in sweep.points if point.train}
    assert trained == {("--ngf", n, *flip) for n in ("8", "16") for flip in ((), ("--no_flip",))}
    assert all(p.train is None or p.train.seed == p.test.seed for p in sweep.points)


def test_the_order_of_options_is_no_other_recipe(tmp_path: Path) -> None:
    texts = ("ngf = 8\nlr = 0.0\nn_epochs = 0\n", "n_epochs = 0\nlr = 0.0\nngf = 8\n")
    start = 'datasets = ["d"]\n[train.r.options]\n'
    first, second = (read_sweep(write(tmp_path, start + text)).points[0].train for text in texts)

    assert first == second
    assert first is not None and first.options == ("--lr", "0.0", "--n_epochs", "0", "--ngf", "8")


def test_a_rule_puts_its_part_into_every_point(tmp_path: Path) -> None:
    sweep = read_sweep(write(tmp_path, FILE + RULE))

    assert {point.test.split for point in sweep.points} == {"val"}
    assert sweep.rule is not None and sweep.rule.sign == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("models = [", "Invalid value (at end of document)"),
        ('model = ["a"]', "no key is called `model`. Did you mean `models`?"),
        ('models = "a"', '`models` is "a", where a list was expected'),
        ('models = ["a"]\nseeds = [0, "1"]', '`seeds[1]` is "1", where a whole number was expected'),
        ('models = ["a"]\nseeds = []', "a seed at least"),
        ("seeds = [0]", "`models` or a recipe"),
        ('models = ["a", "a"]', "`models` names one of a, a twice"),
        ('[train.r]\npreset = "quick"', "`datasets` is missing"),
        ('models = ["a"]\n[test]\nmod = "paper"', "no key of `[test]` is called `mod`. Did you mean `mode`"),
        ('models = ["a"]\n[test]\nmode = ["paper", "papr"]', '`test.mode` is "papr", where `paper` or `deterministic`'),
        ('models = ["a"]\n[test]\nmode = []', "`test.mode` names no value"),
        ('models = ["a"]\n[test]\nmode = ["eval", "eval"]', "`test.mode` names one value twice"),
        ('models = ["a"]\n[test]\nlimit = 0', "`test.limit` is 0, where 1 or more was expected"),
        ('models = ["a"]\n[test]\nsize = "big"', "`big` is no size"),
        ('models = ["a"]\n[test]\nseed = 3', "no key of `[test]` is called `seed`"),
        ('datasets = ["d"]\n[train.r]\npreset = "fast"', '`train.r.preset` is "fast", where `quick`'),
        ('datasets = ["d"]\n[train.r]\nngf = 8', "no key of `[train.r]` is called `ngf`"),
        ('datasets = ["d"]\n[train.r.options]\nngf = []', "`train.r.options.ngf` names no value"),
        ('datasets = ["d"]\n[train.r.options]\nngf = {a = 1}', "`train.r.options.ngf` is"),
        ('datasets = ["d"]\n[train."a/b"]\n', "cannot be the name of a recipe"),
        ('name = "../out"\nmodels = ["a"]', "cannot be the name of a sweep"),
        (FILE + '[choose]\nmetric = "ssim"\non = "val"', "`choose.report` is missing"),
        (FILE + RULE.replace("ssim", "sim"), "no number is called `sim`. Did you mean"),
        (FILE + RULE.replace("ssim", "lab_l"), "which `test.metrics` does not measure"),
        (FILE + RULE.replace("ssim", "input_ssim"), "of which neither more nor less is better"),
        (FILE + RULE.replace("ssim", "psnr"), "which `test.metrics` does not measure"),
        (FILE + RULE.replace("test", "val"), "`choose.on` and `choose.report` are both `val`"),
        (FILE.replace("[test]", '[test]\nsplit = "val"') + RULE, "`test.split` has no place beside"),
    ],
)
def test_what_a_file_cannot_mean_is_said_with_file_and_key(tmp_path: Path, text: str, said: str) -> None:
    file = write(tmp_path, text)
    with pytest.raises(HarnessError) as caught:
        read_sweep(file)
    assert str(file) in caught.value.message
    assert said in caught.value.message
    assert caught.value.hint


def test_a_number_flatters_only_where_the_file_says_so(tmp_path: Path) -> None:
    text = FILE + RULE.replace("test", "val") + "same_pictures = true\n"
    assert read_sweep(write(tmp_path, text)).rule.same_pictures  # type: ignore[union-attr]


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="there is no file"):
        read_sweep(tmp_path / "none.toml")
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(HarnessError, match=r"b\.toml"):
        read_sweep(tmp_path / "b.toml")
