from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.engines.official.process import BOOTSTRAP, EVENT, Finished, child_environment, started
from harness.errors import OfficialScriptError


def run(folder: Path, code: str, *options: str, **callbacks: object) -> Finished:
    """Runs a script of a made-up clone; `models/base_model.py` is all the bootstrap asks of one."""
    (folder / "models").mkdir(parents=True, exist_ok=True)
    (folder / "models" / "base_model.py").touch()
    (folder / "script.py").write_text(code, encoding="utf-8")
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    known = {"scratch": scratch, "device": "cpu", "seed": 5, "log": folder / "log.txt"}
    with started(folder / "script.py", list(options), **known) as script:
        return script.follow(**callbacks)


def test_the_script_finds_itself_as_if_called_by_hand(tmp_path: Path) -> None:
    (tmp_path / "options.py").write_text("WHOSE = 'theirs'\n")  # harness.official has a module of that name
    code = "import os, sys, options\nprint(__name__, options.WHOSE, sys.argv[1:], sys.path[0] == os.getcwd())"
    finished = run(tmp_path, code, "--name", "نما #1 'x'")
    assert finished.returncode == 0
    assert finished.tail == ("__main__ theirs ['--name', \"نما #1 'x'\"] True",)
    assert finished.command == ("script.py", "--name", "نما #1 'x'")


def test_output_of_both_streams_is_logged_and_events_are_not(tmp_path: Path) -> None:
    events, lines = [], []
    code = (
        "import sys\nprint('یک')\nprint('::harness done 000001')\nprint('two', file=sys.stderr)\n"
        "print('::harness begin 000002')\nsys.stdout.buffer.write(b'\\xff\\n')\nsys.exit(4)"
    )
    (tmp_path / "log.txt").write_text("before\n")
    finished = run(tmp_path, code, on_event=lambda kind, name: events.append((kind, name)), on_line=lines.append)
    assert finished.returncode == 4
    assert events == [("done", "000001"), ("begin", "000002")]
    assert lines == list(finished.tail) == ["یک", "two", "\ufffd"]
    assert (tmp_path / "log.txt").read_text(encoding="utf-8") == "before\nیک\ntwo\n\ufffd\n"


def test_nothing_is_left_in_the_clone_and_text_is_utf8_in_any_locale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LANG", "LC_ALL"):
        monkeypatch.setenv(name, "C")
    monkeypatch.setenv("PYTHONUTF8", "0")
    finished = run(tmp_path, "import models.base_model\nopen('scratch/name.txt', 'wt').write('نما')")
    assert finished.returncode == 0, finished.tail
    assert (tmp_path / "scratch" / "name.txt").read_text(encoding="utf-8") == "نما"
    assert not list(tmp_path.rglob("__pycache__"))


@pytest.mark.parametrize(
    ("visible", "device", "seen"),
    [
        (None, "cpu", ""),
        ("0,1", "cpu", ""),
        (None, "cuda", "0"),
        (None, "cuda:2", "2"),
        ("4, 7", "cuda", "4"),
        ("4, 7", "cuda:1", "7"),
        ("GPU-abc", "cuda", "GPU-abc"),
    ],
)
def test_the_child_sees_one_device_counted_among_the_visible(
    monkeypatch: pytest.MonkeyPatch, visible: str | None, device: str, seen: str
) -> None:
    if visible is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert child_environment(device)["CUDA_VISIBLE_DEVICES"] == seen


def test_a_clone_without_the_script(tmp_path: Path) -> None:
    with (
        pytest.raises(OfficialScriptError, match=r"has no `test\.py`") as caught,
        started(tmp_path / "test.py", [], scratch=tmp_path, device="cpu", seed=0, log=tmp_path / "log.txt"),
    ):
        pass
    assert caught.value.hint == "harness setup"


def test_an_error_here_ends_the_script_too(tmp_path: Path) -> None:
    told: list[int] = []

    def interrupted(line: str) -> None:
        told.append(int(line))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, "import os, signal\nprint(os.getpid())\nsignal.pause()", on_line=interrupted)
    with pytest.raises(ProcessLookupError):
        os.kill(told[0], 0)


DRIVER = """
import signal, sys, torch
from contextlib import contextmanager
from pathlib import Path
from harness.catalog.types import Architecture
from harness.engines.official.engine import translate
from harness.engines.job import Job
from harness.sets.item import Item

class Speaking:
    @contextmanager
    def step(self, label, total=None, unit="images"):
        print(f"step {label}", flush=True)
        yield self
    def advance(self, amount=1):
        print("advance", flush=True)

signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background
source, folder, clone = (Path(p) for p in sys.argv[1:])
items = tuple(Item(name, source, False) for name in "abc")
architecture = Architecture("resnet_9blocks", "instance", False)
weights = folder / "weights.pth"
torch.save({"model.1.weight": torch.zeros(4, 3, 7, 7)}, weights)
job = Job(weights, architecture, items, "AtoB", "paper", 1, "cpu", (64, 64), folder / "images", folder / "log.txt")
try:
    translate(job, clone, Speaking())
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals to send")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_the_script_and_leaves_nothing(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    from tests.pictures import save_picture

    monkeypatch.setenv("STANDIN_MISBEHAVE", "hang")
    source = save_picture(tmp_path / "source.png", 64, 64)
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER, source, tmp_path, clone], stdout=subprocess.PIPE, text=True
    )
    assert driver.stdout is not None
    translating = False
    for line in driver.stdout:
        translating |= "test.py" in line
        if translating and line.strip() == "advance":
            break
    driver.send_signal(number)
    driver.communicate()
    assert driver.returncode == 130
    log = (tmp_path / "log.txt").read_text(encoding="utf-8")
    process = next(int(line.split()[1]) for line in log.splitlines() if line.startswith("process "))
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    assert list((tmp_path / "images").iterdir()) == []


def test_the_script_begins_only_when_it_is_followed(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "base_model.py").touch()
    (tmp_path / "script.py").write_text("print(open('laid_out_later').read())")
    known = {"scratch": tmp_path, "device": "cpu", "seed": 5, "log": tmp_path / "log.txt"}
    with started(tmp_path / "script.py", [], **known) as script:
        (tmp_path / "laid_out_later").write_text("there")
        assert script.follow().tail == ("there",)


def test_without_a_word_from_its_parent_the_script_does_not_begin(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "base_model.py").touch()
    (tmp_path / "script.py").write_text("open('begun', 'w')")
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps({"seed": 0, "image_seeds": {}, "report": str(tmp_path / "r.json"), "event": EVENT}))
    command = [sys.executable, BOOTSTRAP, settings, tmp_path / "script.py"]
    done = subprocess.run(command, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert done.returncode == 1
    assert not (tmp_path / "begun").exists()
