from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from harness.engines.official.process import BOOTSTRAP, Finished, Script, child_environment, started
from harness.errors import OfficialScriptError

# Hooks of a test: what they are given is `session` to the script too.
SHARING = "import builtins\ndef install(settings, session):\n    builtins.session = session\n    return []\n"


@contextmanager
def begun(folder: Path, code: str, *options: str, **fields: object) -> Iterator[Script]:
    """Starts a script of a made-up clone; `models/base_model.py` is all the bootstrap asks of one."""
    (folder / "models").mkdir(parents=True, exist_ok=True)
    (folder / "models" / "base_model.py").touch()
    (folder / "script.py").write_text(code, encoding="utf-8")
    (folder / "scratch").mkdir(exist_ok=True)
    (folder / "sharing_hooks.py").write_text(SHARING)
    known = {"scratch": folder / "scratch", "device": "cpu", "seed": 5, "log": folder / "log.txt"}
    known |= {"hooks": {folder / "sharing_hooks.py": {}}}
    with started(folder / "script.py", list(options), **(known | fields)) as script:  # type: ignore[arg-type]
        yield script


def run(folder: Path, code: str, *options: str, listener: Callable[[str, Any], None] | None = None) -> Finished:
    with begun(folder, code, *options) as script:
        return script.follow(*([listener] if listener else []))


def test_the_script_finds_itself_as_if_called_by_hand(tmp_path: Path) -> None:
    (tmp_path / "options.py").write_text("WHOSE = 'theirs'\n")  # harness.official has a module of that name
    code = "import os, sys, options\nprint(__name__, options.WHOSE, sys.argv[1:], sys.path[0] == os.getcwd())"
    finished = run(tmp_path, code, "--name", "نما #1 'x'")
    assert finished.returncode == 0
    assert finished.tail == ("__main__ theirs ['--name', \"نما #1 'x'\"] True",)
    assert finished.command == ("script.py", "--name", "نما #1 'x'")


def test_output_of_both_streams_is_logged_and_events_have_a_way_of_their_own(tmp_path: Path) -> None:
    events = []
    code = (
        "import sys\nprint('یک')\nsession.tell('done', '000001')\nprint('two', file=sys.stderr)\n"
        "session.tell('begin', {'name': 'نما'})\nsys.stdout.buffer.write(b'\\xff\\n')\nsys.exit(4)"
    )
    (tmp_path / "log.txt").write_text("before\n")
    finished = run(tmp_path, code, listener=lambda kind, told: events.append((kind, told)))
    assert finished.returncode == 4
    assert events == [("done", "000001"), ("begin", {"name": "نما"})]
    assert list(finished.tail) == ["یک", "two", "\ufffd"]
    assert (tmp_path / "log.txt").read_text(encoding="utf-8") == "before\nیک\ntwo\n\ufffd\n"


def test_events_are_whole_however_they_are_written_and_whatever_is_printed_beside_them(tmp_path: Path) -> None:
    # What two processes print at once, and a line of events that is written in pieces, the last one never ended.
    code = (
        "import sys, threading\n"
        "def shout():\n    for _ in range(2000): sys.stdout.write('x' * 50 + chr(10))\n"
        "other = threading.Thread(target=shout)\nother.start()\n"
        "for number in range(2000): session.tell('step', {'number': number})\n"
        "other.join()\n"
        "raw = session._events\nraw.write(b'[\"la'); raw.write(b'te\", 1]\\n'); raw.write(b'no json\\n')\n"
        "session.tell('last')\nraw.write(b'[\"never')"
    )
    events = []
    assert run(tmp_path, code, listener=lambda kind, told: events.append((kind, told))).returncode == 0
    assert events == [*(("step", {"number": n}) for n in range(2000)), ("late", 1), ("last", None)]


def test_an_error_of_whoever_listens_is_not_taken_for_a_damaged_line(tmp_path: Path) -> None:
    def refuse(kind: str, told: Any) -> None:
        raise ValueError(f"no number: {told}")

    with pytest.raises(ValueError, match="no number: 7"):
        run(tmp_path, "session.tell('step', 7)", listener=refuse)


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


def test_only_what_a_script_needs_of_the_environment_reaches_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = {
        "HF_TOKEN": "s3cret",
        "HTTPS_PROXY": "http://u:s3cret@proxy",
        "MASTER_PORT": "1",
        "WANDB_API_KEY": "s3cret",
    }
    needed = {"CUDA_HOME": "/cuda", "LC_TIME": "C", "OMP_NUM_THREADS": "1", "MY_CLUSTER": "told"}
    for name, value in (secrets | needed).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HARNESS_PASS", "MY_CLUSTER, ANOTHER")
    finished = run(tmp_path, "import json, os\nprint(json.dumps(dict(os.environ)))")
    seen = json.loads(finished.tail[-1])
    assert "s3cret" not in finished.tail[-1]
    assert needed.items() <= seen.items()
    assert seen["PATH"] == os.environ["PATH"]
    assert (seen["WANDB_MODE"], seen["HF_HUB_OFFLINE"]) == ("disabled", "1")


def test_a_script_that_takes_too_long_is_ended_where_a_limit_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_TIME_LIMIT", "0.2")
    code = "import os, signal\nopen('scratch/process', 'w').write(str(os.getpid()))\nsignal.pause()"
    with pytest.raises(OfficialScriptError, match="took longer than HARNESS_TIME_LIMIT allows"):
        run(tmp_path, code)
    if (tmp_path / "scratch" / "process").is_file():  # it came so far
        with pytest.raises(ProcessLookupError):
            os.kill(int((tmp_path / "scratch" / "process").read_text()), 0)
    monkeypatch.setenv("HARNESS_TIME_LIMIT", "an hour")
    with pytest.raises(OfficialScriptError, match="is no number of seconds"):
        run(tmp_path, "")


def test_a_clone_without_the_script(tmp_path: Path) -> None:
    with (
        pytest.raises(OfficialScriptError, match=r"has no `test\.py`") as caught,
        started(tmp_path / "test.py", [], scratch=tmp_path, device="cpu", seed=0, log=tmp_path / "log.txt"),
    ):
        pass
    assert caught.value.hint == "harness setup"


def test_an_error_here_ends_the_script_too(tmp_path: Path) -> None:
    heard: list[int] = []

    def interrupted(kind: str, told: int) -> None:
        heard.append(told)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, "import os, signal\nsession.tell('here', os.getpid())\nsignal.pause()", listener=interrupted)
    with pytest.raises(ProcessLookupError):
        os.kill(heard[0], 0)


def test_a_script_is_asked_to_stop_and_says_its_last_words(tmp_path: Path) -> None:
    heard = []

    def interrupted(kind: str, told: object) -> None:
        heard.append(kind)
        if kind == "begun":
            raise KeyboardInterrupt

    code = "session.tell('begun')\nwhile not session.is_unwanted(): pass\nsession.tell('saved')\nprint('bye')"
    with begun(tmp_path, code) as script:
        with pytest.raises(KeyboardInterrupt):
            script.follow(interrupted)
        script.stop(interrupted)
    assert heard == ["begun", "saved"]
    assert "bye" in (tmp_path / "log.txt").read_text()


def test_a_signal_finds_it_waiting_and_the_last_words_are_heard_all_the_same(tmp_path: Path) -> None:
    code = (
        "import os, signal\nos.kill(os.getppid(), signal.SIGINT)\n"
        "while not session.is_unwanted(): pass\nsession.tell('saved')"
    )
    heard: list[str] = []
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where tests run in the background
    try:
        with begun(tmp_path, code) as script:
            with pytest.raises(KeyboardInterrupt):
                script.follow()
            script.stop(lambda kind, told: heard.append(kind))
    finally:
        signal.signal(signal.SIGINT, before)
    assert heard == ["saved"]


def test_what_it_tells_before_it_begins_can_be_waited_for(tmp_path: Path) -> None:
    early = tmp_path / "early_hooks.py"
    early.write_text("def install(settings, session):\n    session.tell('early', settings['x'])\n    return []\n")
    with begun(tmp_path, "session.tell('late')", hooks={early: {"x": 3}}) as script:
        assert script.wait_for("early") == 3
    early.write_text("def install(settings, session):\n    raise SystemExit('no')\n")
    (tmp_path / "scratch" / "events.jsonl").unlink()
    with begun(tmp_path, "", hooks={early: {}}) as script:
        assert script.wait_for("early") is None
        assert script.follow().tail[-1] == "no"


def test_a_log_that_cannot_be_written_is_an_error_and_no_script_that_waits(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    with (
        pytest.raises(OSError, match="No space left"),
        begun(tmp_path, "print('x' * 100000)", log=Path("/dev/full")) as script,
    ):
        script.follow()


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
job = Job(weights, architecture, items, "AtoB", "paper", 1, "cpu", (64, 64), folder / "log.txt")
try:
    for _ in translate(job, clone, Speaking()):
        pass
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
    assert list(tmp_path.glob(".official-*")) == []


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
    told = {"seed": 0, "image_seeds": {}, "hooks": {}, "processes": 1}
    told |= {name: str(tmp_path / name) for name in ("report", "events")}
    settings.write_text(json.dumps(told))
    command = [sys.executable, BOOTSTRAP, settings, tmp_path / "script.py"]
    done = subprocess.run(command, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert (done.returncode, b"nobody waits" in done.stderr) == (1, True)
    assert not (tmp_path / "begun").exists()
