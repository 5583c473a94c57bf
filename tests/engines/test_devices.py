from __future__ import annotations

import pytest
import torch

from harness.engines.devices import resolve_device, resolve_devices
from harness.errors import DeviceError


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: request.param > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: request.param)


@pytest.mark.parametrize(
    ("gpus", "asked", "got"),
    [(0, "auto", "cpu"), (0, "cpu", "cpu"), (2, "auto", "cuda"), (2, "cuda", "cuda"), (2, "cuda:1", "cuda:1")],
    indirect=["gpus"],
)
def test_what_is_there_is_used(gpus: None, asked: str, got: str) -> None:
    assert resolve_device(asked) == got


@pytest.mark.parametrize("gpus", [0], indirect=True)
@pytest.mark.parametrize(
    ("built_for", "reason"), [(None, "built without CUDA"), ("12.8", "CUDA 12.8) finds no usable GPU")]
)
def test_no_gpu_says_why(gpus: None, monkeypatch: pytest.MonkeyPatch, built_for: str | None, reason: str) -> None:
    monkeypatch.setattr(torch.version, "cuda", built_for)
    with pytest.raises(DeviceError) as caught:
        resolve_device("cuda")
    assert reason in caught.value.message
    assert caught.value.hint == "use `--device cpu`"


@pytest.mark.parametrize("gpus", [2], indirect=True)
def test_a_gpu_too_far(gpus: None) -> None:
    with pytest.raises(DeviceError, match="shows 2 GPUs") as caught:
        resolve_device("cuda:2")
    assert caught.value.hint == "use `--device cuda:1`"


@pytest.mark.parametrize("word", ["gpu", "cuda:", "cuda:-1", "CPU", ""])
def test_words_that_name_no_device(word: str) -> None:
    with pytest.raises(DeviceError, match="is no device"):
        resolve_device(word)


@pytest.mark.parametrize("gpus", [3], indirect=True)
def test_devices_that_share_pictures_are_of_one_kind(gpus: None, monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"cuda:0": "A100", "cuda:1": "A100", "cuda:2": "T4"}
    monkeypatch.setattr(torch.cuda, "get_device_name", names.__getitem__)
    monkeypatch.setattr(torch.backends.cudnn, "version", lambda: 91900)
    assert resolve_devices(["cuda:0", "cuda:1"]) == ["cuda:0", "cuda:1"]
    assert resolve_devices(["cpu", "cpu"]) == ["cpu", "cpu"]
    for mixed in (["cpu", "cuda:0"], ["cuda:1", "cuda:2"]):
        with pytest.raises(DeviceError, match="of several kinds"):
            resolve_devices(mixed)
