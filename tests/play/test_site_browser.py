"""The page that needs no server of ours: computed in the browser, with the noise that torch draws."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import numpy as np
import pytest
from playwright.sync_api import Browser

from harness.engines.seeds import image_seed
from harness.export.masks import torch_masks
from harness.play.playing import PlayRequest
from harness.play.site import Site, SiteRequest, write_site
from harness.progress import Silent
from harness.workspace import Workspace
from tests.play.conftest import canvas, differences, drawn_by_test, settled

pytestmark = pytest.mark.browser


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def site(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Site:
    package = os.environ.get("HARNESS_ORT_WEB")
    if not package:
        pytest.skip("needs HARNESS_ORT_WEB to name onnxruntime-web's .tgz or its dist folder")
    request = SiteRequest(
        play=PlayRequest(model="demo", dataset="maps", seed=3),
        folder=tmp_path_factory.mktemp("site") / "site",
        from_file=Path(package),
    )
    return write_site(workspace, request, Silent())


@pytest.fixture
def address(site: Site) -> Iterator[str]:
    handler = partial(_Quiet, directory=str(site.folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def test_masks_in_javascript_are_those_of_torch(browser: Browser) -> None:
    script = (files("harness.play") / "static" / "masks.js").read_text(encoding="utf-8")
    shapes, asked = [(6, 4, 4), (3, 8, 8)], [(seed * 7919, f"نما {seed} 🏠 {'x' * seed}") for seed in range(100)]
    page = browser.new_page()
    drawn = page.evaluate(
        f"([asked, shapes]) => {{ {script} return asked.map(([seed, name]) => "
        "drawMasks(imageSeed(seed, name), shapes).map((mask) => [...mask])); }",
        [asked, shapes],
    )
    page.close()
    for (seed, name), masks in zip(asked, drawn, strict=True):
        for ours, theirs in zip(masks, torch_masks(image_seed(seed, name), shapes), strict=True):
            assert np.array_equal(ours, theirs.ravel())


def test_pictures_of_the_set_give_the_pixels_of_the_test(browser: Browser, address: str, workspace: Workspace) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on(
        "request", lambda r: said.append(r.url) if urlsplit(r.url).hostname not in {"127.0.0.1", "", None} else None
    )
    page.goto(address)
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for name, output in drawn_by_test(workspace, "maps", 3).items():
        before = page.evaluate("document.getElementById('result').dataset.took")
        page.set_input_files("#file", workspace.dataset("maps") / "testA" / f"{name}.png")
        page.wait_for_function("(before) => document.getElementById('result').dataset.took !== before", arg=before)
        settled(page)
        assert page.input_value("#name") == name
        largest, share = differences(canvas(page, "result"), output)
        assert largest <= 1 and share < 0.001
    page.check("#samples")
    settled(page)
    assert page.locator("#strip canvas").count() == 5
    assert [line for line in said if "Failed to load" not in line and "willReadFrequently" not in line] == []
    context.close()


@pytest.mark.parametrize(("missing", "said"), [
    ("ort-wasm-simd-threaded.wasm", "`ort-wasm-simd-threaded.wasm` is missing beside this page"),
    ("model.onnx", "`model.onnx` is missing beside this page"),
])  # fmt: skip
def test_what_is_missing_is_named(browser: Browser, site: Site, tmp_path: Path, missing: str, said: str) -> None:
    shutil.copytree(site.folder, tmp_path / "site")
    (tmp_path / "site" / missing).unlink()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path / "site"))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_address[1]}/")
        page.wait_for_selector("#problem:not([hidden])")
        assert said in page.inner_text("#problem")
        page.close()
        server.shutdown()


def test_from_a_disk_it_says_what_to_type(browser: Browser, site: Site) -> None:
    page = browser.new_page()
    page.goto((site.folder / "index.fa.html").as_uri())
    page.wait_for_selector("#problem:not([hidden])")
    assert "python3 -m http.server --bind 127.0.0.1" in page.inner_text("#problem")
    page.close()
