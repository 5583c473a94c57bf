"""One image's result is the same in every batch, order and sharding; bad input is named and nothing else is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from harness.catalog.types import Architecture
from harness.engines.devices import resolve_device
from harness.engines.job import Job, NativeSettings
from harness.engines.native import generator as generator_module
from harness.engines.native.generator import Translator, choose_kernels, chosen_precision, kernels_kept
from harness.errors import DeviceError, EngineError, ImageError, MemoryShortError, WeightsError
from harness.progress import Silent
from harness.sets.item import Item
from tests.engines.native.conftest import RESNET, UNET, save_generator
from tests.engines.translating import images_of
from tests.engines.translating import native as translate
from tests.pictures import picture, save_picture

MakeJob = Callable[..., Job]


def _outputs(job: Job, kind: str = "output") -> dict[str, np.ndarray]:
    return {p.stem: np.asarray(Image.open(p)) for p in sorted((images_of(job) / kind).glob("*.png"))}


def _same(a: dict[str, np.ndarray], b: dict[str, np.ndarray], tolerance: int = 0) -> bool:
    return a.keys() == b.keys() and all(np.abs(a[n].astype(int) - b[n]).max() <= tolerance for n in a)


@pytest.mark.parametrize("architecture", [UNET, RESNET], ids=["unet", "resnet"])
def test_neither_batch_nor_order_nor_sharding_changes_an_image(make_job: MakeJob, architecture: Architecture) -> None:
    job = make_job(architecture)
    translate(job, settings=NativeSettings(batch_size=1))
    alone = _outputs(job)
    assert len({image.tobytes() for image in alone.values()}) == 5
    for settings in ({"batch_size": 2}, {"batch_size": 5}, {"batch_size": 2, "devices": ("cpu", "cpu")}):
        again = replace(make_job(architecture), items=job.items[::-1])
        translate(again, settings=NativeSettings(**settings))
        # Convolutions of other batch sizes sum in another order: the last bit of a float, at most one level.
        assert _same(alone, _outputs(again), tolerance=1)


@pytest.fixture
def threads() -> Iterator[Callable[[int], None]]:
    """Sets the number of PyTorch's threads, and afterwards the one before."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def test_the_number_of_cores_changes_no_pixel(make_job: MakeJob, threads: Callable[[int], None]) -> None:
    wide = replace(UNET, ngf=32)  # of enough channels that sums over them are parted among threads
    drawn = []
    for number in (1, 2, 3):
        threads(number)
        job = replace(make_job(wide, count=7), seed=1)
        translate(job)
        assert torch.get_num_threads() == number, "threads to come begin as before"
        drawn.append(_outputs(job))
    assert _same(drawn[0], drawn[1])
    assert _same(drawn[0], drawn[2])


@pytest.mark.parametrize(("size", "expected"), [((256, 256), {1}), ((1024, 512), {3})])
def test_small_pictures_take_a_core_each_and_large_ones_all(
    make_job: MakeJob,
    threads: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int],
    expected: set[int],
) -> None:
    threads(3)
    seen: set[int] = set()
    at_once: list[int] = []

    def forward(self: Translator, inputs: torch.Tensor, names: object, sample: int, drawn: int) -> torch.Tensor:
        seen.add(torch.get_num_threads())
        at_once.append(len(inputs))
        return inputs

    monkeypatch.setattr(Translator, "_forward", forward)
    translate(make_job(size=size, count=12))
    assert seen == expected
    assert sum(at_once) == 12
    if expected == {1}:
        assert len(at_once) > 3, "each core has its share, and no core waits for another's long batch"


def test_dropout_is_live_seeded_and_each_images_own(make_job: MakeJob) -> None:
    job, again, other = make_job(), make_job(), make_job(seed=8)
    plain = make_job(mode="deterministic")
    for each in (job, again, other, plain):
        translate(each)
    assert _same(_outputs(job), _outputs(again))
    assert not _same(_outputs(job), _outputs(other), tolerance=1)
    assert not _same(_outputs(job), _outputs(plain), tolerance=1)


def test_pairs_are_split_by_direction_and_saved_as_upstream_saves_them(make_job: MakeJob) -> None:
    job = make_job(paired=True, size=(256, 256), count=1)
    translate(job)
    pair = np.asarray(picture("pair-0.png", 512, 256))
    levels = ((np.arange(256, dtype=np.float32) / 255 - 0.5) / 0.5 + 1) / 2 * 255
    written = levels.astype(np.uint8)
    assert (np.arange(256) - written).sum() == 63, "upstream truncates: 63 of 256 levels come back one lower"
    assert np.array_equal(_outputs(job, "input")["pair-0"], written[pair[:, 256:]])
    assert np.array_equal(_outputs(job, "target")["pair-0"], written[pair[:, :256]])


def test_samples_show_where_the_model_is_unsure(make_job: MakeJob) -> None:
    job, one = make_job(count=2), make_job(count=2)
    translate(job, settings=NativeSettings(samples=3))
    translate(one)
    assert _same(_outputs(job), _outputs(one)), "the first sample is the run's own output"
    assert {image.shape for image in _outputs(job, "spread").values()} == {(128, 128)}
    assert max(image.max() for image in _outputs(job, "spread").values()) > 0
    certain = make_job(count=2, mode="deterministic")
    translate(certain, settings=NativeSettings(samples=3))
    assert max(image.max() for image in _outputs(certain, "spread").values()) == 0


def test_own_sizes_are_batched_by_size(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(RESNET, count=2, size=None)
    wide = Item("wide", save_picture(tmp_path / "wide.png", 64, 32), False)
    translate(replace(job, items=(job.items[0], wide, job.items[1])), settings=NativeSettings(batch_size=4))
    assert {name: image.shape[:2] for name, image in _outputs(job).items()} == {
        "single-0": (256, 256), "single-1": (256, 256), "wide": (32, 64),
    }  # fmt: skip


@pytest.mark.parametrize("size", [(300, 200), (5, 9), (257, 131)])
@pytest.mark.parametrize("architecture", [UNET, RESNET], ids=["unet", "resnet"])
def test_any_size_is_framed_by_its_mirror_image_and_cut_back(
    make_job: MakeJob, tmp_path: Path, architecture: Architecture, size: tuple[int, int]
) -> None:
    multiple = architecture.multiple_of
    path = save_picture(tmp_path / "odd.png", *size)
    job = replace(make_job(architecture, count=1, size=None), items=(Item("odd", path, False),))
    translate(job)
    # The same by hand: a larger picture, of a size that the network takes, and the middle of its output.
    frame = [max(8, -(-side // multiple) * multiple) for side in size]
    left, top = ((f - s) // 2 for f, s in zip(frame, size, strict=True))
    pixels = np.asarray(Image.open(path))
    around = ((top, frame[1] - size[1] - top), (left, frame[0] - size[0] - left), (0, 0))
    large = tmp_path / "large.png"
    Image.fromarray(np.pad(pixels, around, mode="reflect")).save(large)
    whole = replace(make_job(architecture, count=1, size=None), items=(Item("odd", large, False),))
    translate(whole)
    for kind in ("input", "output"):
        ours, theirs = (np.asarray(Image.open(images_of(j) / kind / "odd.png")) for j in (job, whole))
        assert np.array_equal(ours, theirs[top : top + size[1], left : left + size[0]])


def test_a_longest_side_brings_each_picture_to_its_own_shape(make_job: MakeJob, tmp_path: Path) -> None:
    path = save_picture(tmp_path / "wide.png", 90, 50)
    job = replace(make_job(RESNET, count=1, size=None), items=(Item("wide", path, False),), size=45)
    translate(job)
    assert _outputs(job)["wide"].shape == (25, 45, 3)


def test_every_unreadable_picture_is_named_and_none_after_it_is_drawn(
    make_job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drawn(*_: object) -> None:
        raise AssertionError("a picture was drawn in vain")

    monkeypatch.setattr(Translator, "translate", drawn)
    job = make_job(count=1)
    broken = []
    for name in ("one", "two"):
        (tmp_path / f"{name}.png").write_bytes(b"no picture")
        broken.append(Item(name, tmp_path / f"{name}.png", False))
    with pytest.raises(ImageError, match=r"(?s)2 pictures.*one\.png.*two\.png"):
        translate(replace(job, items=(broken[0], *job.items, broken[1])))


def test_weights_of_another_architecture_are_told_in_one_message(make_job: MakeJob, tmp_path: Path) -> None:
    other = save_generator(tmp_path / "other.pth", RESNET)
    with pytest.raises(WeightsError, match=r"other\.pth.*does not fit a unet_128"):
        translate(replace(make_job(count=1), weights=other))


def test_outputs_that_are_no_numbers_are_an_error(make_job: MakeJob, monkeypatch: pytest.MonkeyPatch) -> None:
    def spoilt(job: Job) -> torch.nn.Module:
        network = plain(job)
        next(network.parameters()).data.fill_(float("nan"))
        return network

    plain = generator_module.load_generator
    monkeypatch.setattr(generator_module, "load_generator", spoilt)
    with pytest.raises(EngineError, match=r"NaN.*`single-0`"):
        translate(make_job(count=1))


def test_a_batch_too_large_is_halved_until_it_fits(make_job: MakeJob, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, tried = Translator._forward, []

    def small_memory(self: Translator, inputs: torch.Tensor, names: list[str], *rest: int) -> torch.Tensor:
        tried.append(len(names))
        if len(names) > fits:
            raise torch.OutOfMemoryError("no memory")
        return plain(self, inputs, names, *rest)

    monkeypatch.setattr(Translator, "_forward", small_memory)
    fits = 1
    job, alone = make_job(), make_job()
    translate(job, settings=NativeSettings(batch_size=4))
    assert tried[:3] == [4, 2, 1]
    translate(alone, settings=NativeSettings(batch_size=1))
    assert _same(_outputs(job), _outputs(alone))
    fits = 0
    with pytest.raises(MemoryShortError, match="too little memory for one image of 128x128"):
        translate(make_job(count=1))


def test_a_picture_without_memory_for_it_ends_no_run(
    make_job: MakeJob, tmp_path: Path, batches: list[tuple[int, int]]
) -> None:
    sizes = {"a": 32, "large": 256, "b": 32}
    items = tuple(Item(name, save_picture(tmp_path / f"{name}.png", side, side), False) for name, side in sizes.items())
    job = replace(make_job(RESNET, count=0, size=None), items=items)
    answer = translate(job)
    assert set(answer.left_out) == {"large"}
    assert "too little memory for one image of 256x256" in answer.left_out["large"]
    assert set(_outputs(replace(job, items=(items[0], items[2])))) == {"a", "b"}
    assert not (images_of(job) / "output" / "large.png").exists()


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Every batch that was tried, as its number of images and their width; more than two of 64x64 run out of memory."""
    plain, tried = Translator._forward, []

    def watched(self: Translator, inputs: torch.Tensor, names: list[str], *rest: int) -> torch.Tensor:
        tried.append((len(names), inputs.shape[3]))
        if len(names) * inputs.shape[2] * inputs.shape[3] > 2 * 64 * 64:
            raise torch.OutOfMemoryError("no memory")
        return plain(self, inputs, names, *rest)

    monkeypatch.setattr(Translator, "_forward", watched)
    return tried


def test_a_batch_that_was_too_large_is_not_tried_again(make_job: MakeJob, batches: list[tuple[int, int]]) -> None:
    job = make_job(RESNET, count=13, size=(64, 64))
    translate(job, settings=NativeSettings(batch_size=4))
    assert [count for count, _ in batches if count > 2] == [4]
    assert len(_outputs(job)) == 13


def test_what_was_too_large_counts_for_every_size(
    make_job: MakeJob, tmp_path: Path, batches: list[tuple[int, int]]
) -> None:
    job = make_job(RESNET, count=0, size=None)
    sizes = [64] * 4 + [32] * 16 + [64] * 4
    items = tuple(Item(f"n{i}", save_picture(tmp_path / f"n{i}.png", s, s), False) for i, s in enumerate(sizes))
    translate(replace(job, items=items), settings=NativeSettings(batch_size=4))
    # Two of 64x64 fit, so eight of 32x32 would, and four were asked for.
    assert sorted(set(batches)) == [(2, 64), (4, 32), (4, 64)]
    assert batches.count((4, 64)) == 1


def test_the_batch_follows_the_sizes_that_the_pictures_have(
    make_job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batches: list[tuple[int, int]]
) -> None:
    # An image of 64x64 takes 12 · 4 · 64² · 4 bytes, of 32x32 a quarter of it; half of what is free is taken.
    monkeypatch.setattr(generator_module, "free_on", lambda device: 2 * 2 * 12 * 4 * 64 * 64 * 4)
    job = make_job(RESNET, count=0, size=None)
    sizes = [64] * 3 + [32] * 9
    items = tuple(Item(f"n{i}", save_picture(tmp_path / f"n{i}.png", s, s), False) for i, s in enumerate(sizes))
    answer = translate(replace(job, items=items))
    assert batches == [(2, 64), (1, 64), (8, 32), (1, 32)]
    assert "batch_size=8" in answer.options


def test_low_precision_states_its_error(make_job: MakeJob) -> None:
    job, exact = make_job(RESNET), make_job(RESNET)
    answer = translate(job, settings=NativeSettings(precision="bf16"))
    translate(exact)
    error = answer.extra["precision_error"]
    assert error["images"] == 2
    measured = max(np.abs(_outputs(job)[n].astype(int) - _outputs(exact)[n]).max() for n in ("single-0", "single-1"))
    assert error["max"] == measured > 0


@pytest.mark.parametrize("fast", [False, True])
def test_auto_takes_a_lower_precision_only_where_the_processor_computes_in_it(
    make_job: MakeJob, monkeypatch: pytest.MonkeyPatch, fast: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: fast)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    said: list[str] = []
    progress = Silent()
    monkeypatch.setattr(progress, "say", said.append)
    answer = translate(make_job(count=1), progress, settings=NativeSettings(precision="auto"))
    assert answer.extra["precision"] == ("bf16" if fast else "fp32")
    assert ("precision_error" in answer.extra) is fast
    assert [line for line in said if "stays at fp32" in line] == said[: not fast]


@pytest.mark.parametrize("mode", ["paper", "eval"])
def test_bf16_on_a_cpu_turns_the_weights_once(make_job: MakeJob, mode: str) -> None:
    translator = Translator(make_job(mode=mode), "cpu", NativeSettings(precision="bf16"))
    assert {p.dtype for p in translator._network.parameters()} == {torch.bfloat16}
    assert translator.translate(torch.zeros(1, 3, 128, 128), ["a"]).isfinite().all()


def test_memory_does_not_grow_with_the_number_of_images(make_job: MakeJob, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many pictures there are, only a bounded number is decoded and not yet written."""
    from harness.engines.native import batches

    job = make_job(RESNET, count=1, size=(32, 32))
    items = tuple(Item(f"n{i}", job.items[0].path, False) for i in range(60))
    alive, most = set(), 0
    plain = batches._decode

    class Watched(batches.Picture):
        def __init__(self, *parts: object) -> None:
            super().__init__(*parts)  # type: ignore[arg-type]
            nonlocal most
            alive.add(self.item.name)
            most = max(most, len(alive))

        def __del__(self) -> None:
            alive.discard(self.item.name)

    def watched(item: Item, job: Job) -> batches.Picture | ImageError:
        found = plain(item, job)
        return found if isinstance(found, ImageError) else Watched(*vars(found).values())

    monkeypatch.setattr(batches, "_decode", watched)
    translate(replace(job, items=items), settings=NativeSettings(batch_size=2))
    assert most < 30


def test_cuda_where_there_is_none(make_job: MakeJob) -> None:
    with pytest.raises(DeviceError, match="cuda"):
        resolve_device("cuda")
    with pytest.raises(DeviceError, match="`cuda:0` was asked for"):
        translate(make_job(), settings=NativeSettings(devices=("cpu", "cuda:0")))


def test_devices_that_are_none(make_job: MakeJob) -> None:
    for word in ("gpu0", ""):
        with pytest.raises(DeviceError, match=f"`{word}` is no device"):
            translate(make_job(), settings=NativeSettings(devices=("cpu", word)))


def test_a_generator_without_room_is_told(make_job: MakeJob, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(job: Job) -> torch.nn.Module:
        return torch.nn.Linear(1 << 30, 1 << 30)

    monkeypatch.setattr(generator_module, "load_generator", full)
    with pytest.raises(DeviceError, match=r"`cpu` has too little memory for the generator .*\.pth"):
        translate(make_job())


@pytest.fixture
def filled(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Lets translators on a CPU fill their batches, as on a GPU; returns the shapes that networks are given."""
    plain, shapes = Translator.__init__, list[int]()

    def init(self: Translator, *given: object, **named: object) -> None:
        plain(self, *given, **named)  # type: ignore[arg-type]
        self._filled = True
        network = self._network

        def watched(x: torch.Tensor) -> torch.Tensor:
            shapes.append(len(x))
            return network(x)  # type: ignore[no-any-return]

        self._network = watched

    monkeypatch.setattr(Translator, "__init__", init)
    return shapes


def test_a_gpus_batches_are_filled_and_only_the_pictures_asked_for_come_back(
    make_job: MakeJob, filled: list[int]
) -> None:
    job, other = make_job(count=5), make_job(count=2)
    translate(job, settings=NativeSettings(batch_size=4))
    translate(other, settings=NativeSettings(batch_size=4))
    assert filled == [4, 4, 4]
    assert len(_outputs(job)) == 5
    assert _same({n: p for n, p in _outputs(job).items() if n in _outputs(other)}, _outputs(other))


def test_pictures_of_their_own_sizes_are_drawn_one_by_one_on_a_gpu(make_job: MakeJob, filled: list[int]) -> None:
    translate(make_job(count=3, size=None))
    assert filled == [1, 1, 1]


def test_a_gpu_without_room_for_its_batch_says_that_bits_may_differ(
    make_job: MakeJob, monkeypatch: pytest.MonkeyPatch, filled: list[int]
) -> None:
    plain = Translator._forward

    def short(self: Translator, inputs: torch.Tensor, names: list[str], sample: int, drawn: int) -> torch.Tensor:
        if drawn > 2:
            raise torch.OutOfMemoryError
        return plain(self, inputs, names, sample, drawn)

    monkeypatch.setattr(Translator, "_forward", short)
    job = make_job(count=5)
    answer = translate(job, settings=NativeSettings(batch_size=8))
    assert set(filled) == {2}
    assert len(_outputs(job)) == 5
    assert answer.extra["memory_short"] is True


def test_tf32_is_refused_where_it_is_not(make_job: MakeJob) -> None:
    with pytest.raises(DeviceError, match="`cpu` does not compute in tf32") as caught:
        translate(make_job(), settings=NativeSettings(precision="tf32"))
    assert "--precision auto" in str(caught.value.hint)


@pytest.mark.parametrize(("capability", "chosen"), [((7, 5), "fp16"), ((8, 0), "tf32"), ((9, 0), "tf32")])
def test_auto_is_the_most_exact_that_a_gpu_is_fast_in(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], chosen: str
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert chosen_precision("auto", "cuda:1") == chosen


def test_the_choice_of_kernels_is_put_back() -> None:
    cudnn = torch.backends.cudnn
    before = cudnn.deterministic, cudnn.benchmark, cudnn.allow_tf32
    with kernels_kept():
        for precision in ("tf32", "fp32"):
            choose_kernels(precision)
            assert (cudnn.deterministic, cudnn.benchmark, cudnn.allow_tf32) == (True, False, precision == "tf32")
    assert (cudnn.deterministic, cudnn.benchmark, cudnn.allow_tf32) == before


@pytest.fixture
def on_gpu(make_job: MakeJob, gpu: str) -> Callable[..., Job]:
    """A function that makes a job for a GPU."""
    return lambda *given, **named: replace(make_job(*given, **named), device=gpu)


WIDE = [replace(UNET, ngf=32), replace(RESNET, ngf=32)]


@pytest.mark.gpu
@pytest.mark.parametrize("architecture", WIDE, ids=["unet", "resnet"])
def test_the_gpu_draws_what_the_cpu_draws(make_job: MakeJob, on_gpu: MakeJob, architecture: Architecture) -> None:
    cpu, gpu = make_job(architecture), on_gpu(architecture)
    translate(cpu)
    translate(gpu)
    assert _same(_outputs(cpu), _outputs(gpu), tolerance=1)
    differing = [np.mean(image != _outputs(gpu)[name]) for name, image in _outputs(cpu).items()]
    assert np.mean(differing) < 0.002  # of TF32 it would be several per cent


@pytest.mark.gpu
@pytest.mark.parametrize("architecture", WIDE, ids=["unet", "resnet"])
def test_on_a_gpu_neither_neighbours_nor_number_change_a_bit(on_gpu: MakeJob, architecture: Architecture) -> None:
    job = on_gpu(architecture, count=9)
    translate(job, settings=NativeSettings(batch_size=4))
    for items in (job.items, job.items[::-1], job.items[:1], job.items[3:5]):
        again = replace(on_gpu(architecture), items=items)
        translate(again, settings=NativeSettings(batch_size=4))
        wanted = {item.name for item in items}
        assert _same({n: p for n, p in _outputs(job).items() if n in wanted}, _outputs(again))


@pytest.mark.gpu
@pytest.mark.parametrize("precision", ["auto", "tf32", "bf16", "fp16"])
def test_a_gpus_lower_precisions_state_their_error(make_job: MakeJob, on_gpu: MakeJob, precision: str) -> None:
    job = on_gpu(WIDE[0])
    answer = translate(job, settings=NativeSettings(precision=precision))
    assert answer.extra["precision"] == ("tf32" if precision == "auto" else precision)
    assert 0 < answer.extra["precision_error"]["mean"] < 20
    assert torch.backends.cudnn.allow_tf32  # PyTorch's default, put back


@pytest.mark.gpu
def test_a_gpu_draws_in_tiles(on_gpu: MakeJob) -> None:
    job = on_gpu(RESNET, size=(256, 256), count=2)
    answer = translate(job, settings=NativeSettings(tiled=128))
    assert answer.extra["tiled"]["pictures"] == 2
    assert len(_outputs(job)) == 2


@pytest.mark.gpu
def test_cpu_and_gpu_do_not_share_pictures(on_gpu: MakeJob) -> None:
    with pytest.raises(DeviceError, match="are of several kinds"):
        translate(on_gpu(), settings=NativeSettings(devices=("cpu", "cuda:0")))
