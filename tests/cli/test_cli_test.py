"""`harness test`: options that contradict each other are told before anything is looked for."""

from __future__ import annotations

import pytest

from harness.cli.main import main


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--overlap", "16"], "--overlap 16 needs `--tiled N` of more pixels"),
        (["--tiled", "64", "--overlap", "64"], "--overlap 64 needs `--tiled N` of more pixels"),
        (["--tiled", "8"], "is no tile: write auto, or 32 pixels at least"),
        (["--tiled", "auto", "--engine", "official"], "--tiled need `--engine native`"),
        (["--lua-seed", "3", "--precision", "bf16"], "--precision, --lua-seed need `--engine native`"),
        (["--size", "max:0"], "is no size; write 256, 512x384, own or max:1024"),
    ],
)
def test_sizes_and_tiles_that_cannot_be(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", "-m", "horse2zebra", *words]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--slurm", "partition=gpu"], ["--gpus", "1"], ["--workers", "2"]])
@pytest.mark.parametrize("command", [["test", "-m", "horse2zebra"], ["sweep", "sizes.toml"]], ids=["test", "sweep"])
def test_who_works_is_named_where_something_is_said_of_them(
    command: list[str], words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, *words]) == 2
    assert "need `--executor`" in capsys.readouterr().err
