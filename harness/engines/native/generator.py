"""A generator on one device, ready to translate batches: weights, mode, precision, memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import nn

from harness.engines.job import Job, NativeSettings
from harness.engines.native.hastening import hasten
from harness.engines.native.memory import fitting_batch, free_on, lacks_memory
from harness.engines.native.torch7_noise import replayed, resumed
from harness.engines.seeds import image_seed
from harness.errors import DeviceError, EngineError, MemoryShortError, WeightsError
from harness.weights.architecture import compare_keys
from harness.weights.layers import Noise, dropout_from, set_mode
from harness.weights.networks import build_generator
from harness.weights.reading import read_state_dict

CASTS = {"bf16": torch.bfloat16, "fp16": torch.float16}
_FIRST_WITH_TF32 = (8, 0)  # compute capability of Ampere


class Translator:
    """Translates batches on one device; `batches` of them may be under way at once and share its memory."""

    def __init__(self, job: Job, device: str, settings: NativeSettings, *, batches: int = 1) -> None:
        self.job, self.device = job, torch.device(device)
        self.precision = chosen_precision(settings.precision, device)
        # cuDNN chooses its kernels by a batch's shape, and so would their last bits hang on how many pictures are left.
        self._filled = self.device.type == "cuda"
        self._replayed = replayed(job, settings)
        with _room_for(job, device):
            network = load_generator(job)
            # Autocast would turn all weights anew for each batch: dearer on a CPU than what bf16 saves.
            self._whole = torch.bfloat16 if (self.device.type, self.precision) == ("cpu", "bf16") else None
            set_mode(network, job.mode)
            if self.device.type == "cpu" and self.precision == "fp32" and not settings.compile_:
                hasten(network)  # which has orders of its own
            else:
                network.to(self.device, self._whole, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._network: Any = torch.compile(network) if settings.compile_ else network
        self._asked = settings.batch_size
        # Told once, beside the weights: what the allocator keeps for later batches would count as taken.
        self.free = free_on(self.device)
        self._batches = batches
        self._most_pixels: int | None = None  # of a batch, once memory has run out

    def batch_for(self, size: tuple[int, int]) -> int:
        """Returns how many images of a width and height are translated at once; on a GPU whatever memory is free."""
        free = None if self._filled else self.free // self._batches
        # Where each picture may have a size of its own, a GPU would draw most of a batch in vain.
        alone = self._filled and not isinstance(self.job.size, tuple)
        chosen = self._asked or (1 if alone else fitting_batch(self.job.architecture, size, free))
        return chosen if self._most_pixels is None else max(1, min(chosen, self._most_pixels // (size[0] * size[1])))

    def translate(self, inputs: torch.Tensor, names: Sequence[str], sample: int = 0) -> torch.Tensor:
        """Returns the outputs of a batch, (N, C, H, W) in [-1, 1] on the device.

        Args:
            inputs: (N, C, H, W) float32 in [-1, 1] on the CPU.
            names: of the images; with the job's seed they decide the dropout of each.
            sample: 0 is the image's own draw, others are further ones.

        Raises:
            MemoryShortError: not even one image fits into the device's memory.
            EngineError: an output is not a number.
        """
        height, width = inputs.shape[2:]
        at_once = self.batch_for((width, height))
        if len(names) <= at_once:
            drawn = at_once if self._filled else len(names)
            try:
                return self._forward(inputs, names, sample, drawn)
            except (RuntimeError, MemoryError) as error:
                if not lacks_memory(error):
                    raise
                if drawn == 1:
                    raise MemoryShortError(
                        f"`{self.device}` has too little memory for one image of {width}x{height}",
                        "use `--tiled auto`, a smaller `--size`, or `--device cpu`",
                    ) from error
            if self.device.type == "cuda":
                torch.cuda.empty_cache()
            self._most_pixels = drawn // 2 * width * height  # remembered: later batches are no larger
            at_once = self.batch_for((width, height))
        starts = range(0, len(names), at_once)
        return torch.cat([self.translate(inputs[s : s + at_once], names[s : s + at_once], sample) for s in starts])

    @property
    def short(self) -> bool:
        """Whether batches became smaller than they always are on a GPU, whose last bits hang on their size."""
        return self._filled and self._most_pixels is not None

    @torch.inference_mode()
    def _forward(self, inputs: torch.Tensor, names: Sequence[str], sample: int, drawn: int) -> torch.Tensor:
        x = inputs.to(self.device, self._whole, memory_format=torch.channels_last)
        kind = None if self._whole else CASTS.get(self.precision)
        cast = torch.autocast(self.device.type, kind) if kind else nullcontext()
        # Each image's noise hangs on the seed and its name, so that neither batch nor order changes it.
        noise = [self._noise(name, sample) for name in names]
        if missing := drawn - len(names):  # (N, C, H, W) to (drawn, C, H, W)
            x = torch.cat([x, x[-1:].expand(missing, -1, -1, -1)])
            noise += [torch.Generator() for _ in range(missing)]
        if self.device.type == "cuda":
            choose_kernels(self.precision)
        with dropout_from(noise), cast:
            # A network's first layers may work in place; the caller keeps its inputs.
            result: torch.Tensor = self._network(x.clone() if x is inputs else x)[: len(names)]
        # One look at a batch: (N, C·H·W) to N truths, before a picture of nonsense is written.
        bad = [n for n, ok in zip(names, result.flatten(1).isfinite().all(1).tolist(), strict=True) if not ok]
        if bad:
            raise EngineError(
                f"the generator draws no numbers (NaN) for `{bad[0]}` in {self.precision}",
                "use `--precision fp32`, or other weights",
            )
        return result

    def _noise(self, name: str, sample: int) -> Noise:
        if self._replayed:
            return resumed(self._replayed[name])
        return torch.Generator().manual_seed(image_seed(self.job.seed, f"{name}#{sample}" if sample else name))


@contextmanager
def _room_for(job: Job, device: str) -> Iterator[None]:
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not lacks_memory(error):
            raise
        raise DeviceError(
            f"`{device}` has too little memory for the generator `{job.weights}`",
            "close other programs" if device == "cpu" else "use `--device cpu`",
        ) from error


def load_generator(job: Job) -> nn.Module:
    """Returns the job's generator with its weights on the CPU.

    Raises:
        WeightsError: the file is unusable, or its keys and shapes are not those of the architecture.
    """
    state = read_state_dict(job.weights)
    variances = (tensor for key, tensor in state.items() if key.endswith("running_var"))
    if job.mode == "eval" and not all(variance.isfinite().all() for variance in variances):
        raise WeightsError(
            f"`{job.weights}` cannot be run in mode `eval`: its running variances are no numbers where a map has one "
            "pixel, since Torch7 divided by n - 1 there",
            "use `--mode paper` or `--mode deterministic`, which take the picture's own statistics as its authors did",
        )
    with torch.device("meta"):
        network = build_generator(job.architecture)
    difference = compare_keys(state, network.state_dict())
    if difference:
        raise WeightsError(
            f"`{job.weights}` does not fit a {job.architecture.netG} with {job.architecture.norm} norm: {difference}",
            "harness models",
        )
    # The file's own tensors, in place of empty ones that they are copied to: half the memory, and torch's way of making
    # those imports sympy.
    floats = {key: tensor.float() if tensor.is_floating_point() else tensor for key, tensor in state.items()}
    network.load_state_dict(floats, strict=False, assign=True)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.num_batches_tracked = torch.tensor(0)  # which old files lack, and nothing here reads
    return network


def chosen_precision(asked: str, device: str) -> str:
    """Returns `fp32`, `tf32`, `bf16` or `fp16`; `auto` is the most exact of those the hardware is fast in.

    Raises:
        DeviceError: the device does not compute in what is asked.
    """
    kind = torch.device(device).type
    tf32 = kind == "cuda" and torch.cuda.get_device_capability(device) >= _FIRST_WITH_TF32
    if asked == "tf32" and not tf32:
        raise DeviceError(
            f"`{device}` does not compute in tf32, which NVIDIA GPUs do from Ampere on (compute capability 8.0)",
            "use `--precision auto`, or leave it out",
        )
    if asked != "auto":
        return asked
    if kind == "cuda":
        return "tf32" if tf32 else "fp16"
    return "bf16" if torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported() else "fp32"


def choose_kernels(precision: str) -> None:
    """Lets cuDNN use kernels that repeat their results, and TF32, which is its own choice, where it is asked for."""
    cudnn = torch.backends.cudnn
    cudnn.deterministic, cudnn.benchmark, cudnn.allow_tf32 = True, False, precision == "tf32"


@contextmanager
def kernels_kept() -> Iterator[None]:
    """Puts the process's choice of kernels back afterwards."""
    cudnn = torch.backends.cudnn
    before = cudnn.deterministic, cudnn.benchmark, cudnn.allow_tf32
    try:
        yield
    finally:
        cudnn.deterministic, cudnn.benchmark, cudnn.allow_tf32 = before
