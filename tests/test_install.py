"""Where PyTorch comes from before anything is installed: a real server, a real pip, wheels of a few bytes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import install as installing

ROOT = Path(__file__).resolve().parents[1]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        return


def serve(handler: type) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def wheel(folder: Path, name: str, version: str, requires: str = "") -> None:
    """A package without content, as an index lays it out."""
    (folder / name).mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / name / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        needs = f"Requires-Dist: {requires}\n" if requires else ""
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    """PyTorch's own index: both packages, and nothing of what they require."""
    wheel(tmp_path / "cpu", "torch", "2.13.0+cpu", requires="filelock")
    wheel(tmp_path / "cpu", "torchvision", "0.28.0+cpu", requires="torch")
    yield from serve(partial(Quiet, directory=str(tmp_path / "cpu")))


@pytest.fixture(scope="module")
def venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installing.make_venv(tmp_path_factory.mktemp("made") / "venv")


@pytest.fixture
def python(venv: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty virtual environment whose pip knows no other index than those a test names."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    yield venv
    brought = [name for name in versions(venv) if name not in {"pip", "setuptools"}]
    subprocess.run([venv, "-m", "pip", "uninstall", "--quiet", "--yes", *brought], check=True)


def versions(python: Path) -> dict[str, str]:
    told = subprocess.run([python, "-m", "pip", "list", "--format=freeze"], check=True, capture_output=True, text=True)
    return dict(line.split("==") for line in told.stdout.splitlines())


def test_the_cpu_wheels_are_taken_and_the_rest_comes_from_the_package_index(
    tmp_path: Path, index: str, python: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel(tmp_path / "packages", "torch", "2.13.0", requires="nvidia-cublas")  # what must not be taken
    wheel(tmp_path / "packages", "torchvision", "0.28.0")
    wheel(tmp_path / "packages", "filelock", "9")
    wheel(tmp_path / "packages", "program", "1", requires="torchvision")
    (tmp_path / "constraints.txt").write_text("torch==2.13.0\ntorchvision==0.28.0\nfilelock==9\n")
    monkeypatch.setattr(installing, "ROOT", tmp_path)
    for packages in serve(partial(Quiet, directory=str(tmp_path / "packages"))):
        monkeypatch.setenv("PIP_INDEX_URL", packages)
        assert not installing.has_torch(python)
        assert installing.install(python, "cpu", ["program"], index) == 0

    assert installing.has_torch(python)
    found = versions(python)
    assert (found["torch"], found["torchvision"]) == ("2.13.0+cpu", "0.28.0+cpu")
    assert (found["filelock"], found["program"]) == ("9", "1")


def test_an_index_that_lacks_this_python_is_no_end(
    tmp_path: Path, python: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty" / "torch").mkdir(parents=True)
    for name, version in (("torch", "2.13.0"), ("torchvision", "0.28.0")):
        wheel(tmp_path / "packages", name, version)
    (tmp_path / "constraints.txt").write_text("")
    monkeypatch.setattr(installing, "ROOT", tmp_path)
    for empty in serve(partial(Quiet, directory=str(tmp_path / "empty"))):
        assert installing.answers(empty)
        for packages in serve(partial(Quiet, directory=str(tmp_path / "packages"))):
            monkeypatch.setenv("PIP_INDEX_URL", packages)
            assert installing.install(python, "cpu", ["torchvision"], empty) == 0

    assert versions(python)["torchvision"] == "0.28.0"
    assert "about 2.8 GB" in capfd.readouterr().out


def test_what_is_asked_and_seen_decides(index: str) -> None:
    choose = partial(installing.choose, index=index)
    assert choose("auto", linux=True, gpu=False) == "cpu"
    assert choose("auto", linux=True, gpu=True) == "cuda"
    assert choose("cpu", linux=True, gpu=True) == "cpu"
    assert choose("cuda", linux=True, gpu=False) == "cuda"
    assert choose("auto", linux=False, gpu=True) == "plain"
    with pytest.raises(SystemExit, match="no CUDA"):
        choose("cuda", linux=False, gpu=True)


def test_without_that_index_the_package_index_serves_unless_cpu_was_insisted_on() -> None:
    nobody = "http://127.0.0.1:9"
    assert installing.choose("auto", linux=True, gpu=False, index=nobody) == "fallback"
    assert installing.choose("cpu", linux=False, gpu=False, index=nobody) == "plain"
    with pytest.raises(SystemExit, match="does not answer"):
        installing.choose("cpu", linux=True, gpu=False, index=nobody)


def test_an_index_that_never_answers_is_not_waited_for() -> None:
    asked, release = threading.Event(), threading.Event()

    class Mute(Quiet):
        def do_GET(self) -> None:
            asked.set()
            release.wait()

    for index in serve(Mute):
        assert not installing.answers(index, patience_s=0.5)
        assert asked.is_set()
        release.set()


def test_a_page_in_place_of_an_index_is_none(tmp_path: Path) -> None:
    for index in serve(partial(Quiet, directory=str(tmp_path))):
        assert not installing.answers(index)


def test_a_gpu_is_seen_by_what_its_driver_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not installing.sees_gpu((str(tmp_path / "version"),))
    (tmp_path / "version").touch()
    assert installing.sees_gpu((str(tmp_path / "version"),))
    tool = tmp_path / "nvidia-smi"
    tool.touch(mode=0o755)
    assert installing.sees_gpu(())


def test_the_size_is_said_before_anything_is_downloaded() -> None:
    told = {source: line.format(index=installing.CPU_WHEELS) for source, line in installing.SAID.items()}
    assert all("GB to download" in told[source] for source in ("cpu", "cuda", "plain", "fallback"))


def test_the_makefile_installs_by_it() -> None:
    made = subprocess.run(["make", "-n", "-B", "install"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert "install.py --dev" in made
    assert subprocess.run([sys.executable, "install.py", "--help"], cwd=ROOT, check=True, capture_output=True).stdout
