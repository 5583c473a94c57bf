"""The batch follows the memory that programs may take, and errors of memory are known by their words."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from harness.catalog.types import Architecture
from harness.engines.native import memory

GIB = 1 << 30
UNET = Architecture("unet_256", "batch", True)


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A system with 8 GiB free, 6 of them used by the file cache, and no limit."""
    (tmp_path / "meminfo").write_text(f"MemFree: {2 * GIB >> 10} kB\nMemAvailable:   {8 * GIB >> 10} kB\n")
    monkeypatch.setattr(memory, "_MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    return tmp_path


def _limit(folder: Path, limit: str) -> None:
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text(f"{3 * GIB}\n")
    (folder / "memory.stat").write_text(f"anon {GIB}\ninactive_file {2 * GIB}\n")


def test_the_file_cache_counts_as_free(system: Path) -> None:
    assert memory.free_memory() == 8 * GIB


def test_a_containers_limit_counts(system: Path) -> None:
    _limit(system, str(4 * GIB))
    assert memory.free_memory() == 3 * GIB
    _limit(system, "max")
    assert memory.free_memory() == 8 * GIB


def test_systems_that_do_not_tell_are_asked_another_way(system: Path) -> None:
    (system / "meminfo").unlink()
    assert memory.free_memory() > 0


def test_the_batch_follows_memory_and_size(system: Path) -> None:
    cpu = torch.device("cpu")
    # more of 256x256 would be slower: their maps are larger than what the allocator keeps
    for side, images in ((512, 1), (256, 4), (128, 16)):
        assert memory.fitting_batch(UNET, (side, side), memory.free_on(cpu)) == images
    _limit(system, str(GIB + GIB // 2))
    assert 1 < memory.fitting_batch(UNET, (128, 128), memory.free_on(cpu)) < 16
    for size, free in (((1024, 1024), 6 * GIB), ((256, 256), GIB // 2), ((8192, 8192), 0)):
        assert memory.fitting_batch(UNET, size, free) == 1


@pytest.mark.parametrize(("side", "images"), [(256, 16), (512, 16), (1024, 4), (2048, 1), (8192, 1)])
def test_a_gpus_batch_follows_the_size_alone(side: int, images: int) -> None:
    assert memory.fitting_batch(UNET, (side, side), None) == images


def test_errors_of_memory_are_known() -> None:
    with pytest.raises(RuntimeError) as full:
        torch.empty(1 << 60)
    assert memory.lacks_memory(full.value)
    assert memory.lacks_memory(torch.OutOfMemoryError())
    assert memory.lacks_memory(RuntimeError("could not create a primitive"))  # oneDNN's own words, and all of them
    with pytest.raises(RuntimeError) as other:
        torch.zeros(2) @ torch.zeros(3)
    assert not memory.lacks_memory(other.value)
