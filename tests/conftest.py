"""Fixtures that more than one room of tests needs."""

from __future__ import annotations

import gc
import os
import shutil
import time
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.catalog.repositories import LUA, REPOSITORIES
from tests.fetch.repository import Upstream, make_upstream

if TYPE_CHECKING:
    from playwright.sync_api import Browser

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["LC_ALL"] = "C.UTF-8"  # whoever runs the tests may speak another language
os.environ["HARNESS_PASS"] = "STANDIN_MISBEHAVE"  # what makes the stand-in for the authors' scripts fail


def pytest_configure(config: pytest.Config) -> None:
    """Shows a GPU to `-m gpu` alone: all other tests mean a processor by `auto`, on every machine."""
    if config.option.markexpr != "gpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""


@pytest.fixture
def gpu() -> str:
    """A GPU's name as `--device` takes it; the test is skipped where none is."""
    import torch

    if not torch.cuda.is_available():
        pytest.skip("needs CUDA, and `-m gpu`")
    return "cuda"


@pytest.fixture(autouse=True)
def own_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test writes into the checkout: commands without `--workspace` find themselves in the test's folder."""
    monkeypatch.delenv("HARNESS_WORKSPACE", raising=False)
    monkeypatch.delenv("HARNESS_LANG", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def lua_upstream(tmp_path_factory: pytest.TempPathFactory) -> Upstream:
    """A tiny repository in place of the Lua original."""
    return make_upstream(tmp_path_factory.mktemp("lua"))


@pytest.fixture(autouse=True)
def no_clone_from_afar(lua_upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """`harness setup` clones the Lua original too, whatever a test is about: nothing is asked of the real host."""
    monkeypatch.delenv("HARNESS_UPSTREAM_URL", raising=False)
    tiny = replace(LUA, url=str(lua_upstream.path), commit=lua_upstream.first)
    monkeypatch.setitem(REPOSITORIES, LUA.id, tiny)


@pytest.fixture
def shared_facades() -> Path:
    """Real facade pairs, where a checkout has them beside it; the test is skipped where not."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data" / "facades_pairs"
    if not folder.is_dir():
        pytest.skip("needs the real facade pairs beside the checkout")
    return folder


@pytest.fixture
def shared_torch7() -> Path:
    """Files of real Torch7 with what it drew, where a checkout has them beside it; the test is skipped where not."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data" / "torch7"
    if not folder.is_dir():
        pytest.skip("needs the real Torch7 files beside the checkout")
    return folder


@pytest.fixture(scope="session")
def upstream_git() -> str:
    """A git directory or URL that holds the pinned official commit, from HARNESS_UPSTREAM."""
    url = os.environ.get("HARNESS_UPSTREAM")
    if not url:
        pytest.skip("needs HARNESS_UPSTREAM to name a git directory with the pinned official commit")
    return url


@pytest.fixture(scope="session")
def workers_find_the_tests() -> Iterator[None]:
    """Actors and jobs are programs of their own, which find `tests` as this one does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[1]), prepend=os.pathsep)
        yield


@pytest.fixture(scope="session")
def ray_cluster(workers_find_the_tests: None) -> Iterator[Any]:
    """A Ray cluster of two nodes on this machine, given workers one after the other; skipped where Ray is not."""
    pytest.importorskip("ray", reason="needs Ray: pip install 'pix2pix-harness[ray]'")
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Ray leaves sockets and children to the collector
        import ray
        from ray.cluster_utils import Cluster

        # More processors than there are: these workers wait for each other, and do not compute much.
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 4, "include_dashboard": False})
        cluster.add_node(num_cpus=4)
        yield cluster
        ray.shutdown()
        cluster.shutdown()
        gc.collect()


@pytest.fixture
def joined(ray_cluster: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A cluster that is joined by one of its first two nodes: what dies is another, begun and forgotten meanwhile."""
    import ray

    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)  # a node counts the GPUs it is told to have by it
    ray.init(address=ray_cluster.address, log_to_driver=False, logging_level="ERROR")
    yield ray_cluster
    while sum(node["Alive"] for node in ray.nodes()) > 2:
        time.sleep(0.2)
    ray.shutdown()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The one headless Chromium of a test process: two of its event loops do not go together."""
    from playwright.sync_api import sync_playwright

    executable = next((p for n in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(n))), None)
    if executable is None:
        pytest.skip("needs Chromium: `apt-get install chromium`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield browser
        browser.close()
