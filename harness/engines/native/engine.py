"""The native engine: decoding and translating overlap, and memory stays flat in the number of images."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from queue import Queue
from threading import Lock

import numpy as np
import torch
from numpy.typing import NDArray

from harness.engines.devices import resolve_devices
from harness.engines.inputs import checked_items, gathered
from harness.engines.job import Answer, Job, NativeSettings, Translating, Translation
from harness.engines.native.batches import Picture, batched, decoded
from harness.engines.native.colour import colours_of
from harness.engines.native.generator import Translator, kernels_kept
from harness.engines.native.pixels import SPREAD_SCALE, spread_map, spread_of, to_pixels
from harness.engines.native.tiling import Tiling
from harness.errors import ImageError, MemoryShortError
from harness.progress import Progress, Silent, Step

_PROBES = 2
_LEAST = 2  # of a batch, while there are as many: the weights are read from memory once a batch
_OF_ONE_CORE = 512 * 512
"""Pixels up to which a picture is drawn by one core of a CPU, as many batches at once as there are cores: they never
wait for each other, and the pixels are the same on any number of cores. Larger ones take all cores and all memory."""


def translate(job: Job, progress: Progress | None = None, settings: NativeSettings | None = None) -> Translating:
    """Translates a job's pictures in this process, a few at most ahead of whoever takes them.

    Raises:
        ImageError: pictures that cannot be read; all others are translated only when there are none.
        MemoryShortError: not one picture fits into the device's memory; of several those that do not are left out.
        WeightsError, DeviceError, EngineError: see `Translator`.
    """
    settings = settings or NativeSettings()
    progress = progress or Silent()
    checked_items(job.items, job.architecture)
    clock = {"begin": time.perf_counter()}
    chosen = resolve_devices(settings.devices or (job.device,))
    # A GPU beside it takes the batches, and the CPU's turn is one batch with all cores; so does what is compiled, which
    # would be compiled anew for each size of a batch.
    threads = torch.get_num_threads()
    apart = all(device == "cpu" for device in chosen) and not settings.compile_
    cores = max(1, threads // len(chosen)) if apart else 1
    translators = [Translator(job, device, settings, batches=cores) for device in chosen]
    if settings.precision == "auto" and translators[0].precision == "fp32":
        progress.say("`--precision auto` stays at fp32: this processor has neither AVX512-BF16 nor AMX")
    clock["start_up"] = time.perf_counter()
    run = _Run(job, translators, settings, cores)
    first = translators[0]
    with kernels_kept():
        try:
            with progress.step("translating natively", total=len(job.items)) as step:
                yield from run.all(step)
        finally:
            torch.set_num_threads(threads)  # what threads to come begin with
        clock["translate"] = time.perf_counter()
        error = run.precision_error() if first.precision != "fp32" and run.probes else None
    used = {"batch_size": run.largest_batch, "precision": first.precision, "samples": settings.samples}
    job.log.write_text("".join(f"{key}: {value}\n" for key, value in used.items()), encoding="utf-8")
    return Answer(
        engine="native",
        options=tuple(f"{key}={value}" for key, value in used.items()),
        shims=(),
        durations={
            "start_up": clock["start_up"] - clock["begin"],
            "translate": clock["translate"] - clock["start_up"],
        },
        extra={
            **used,
            "spread_scale": SPREAD_SCALE,
            **({"precision_error": error} if error else {}),
            **({"tiled": run.tiling.told()} if run.tiling.drawn else {}),
            **({"memory_short": True} if any(translator.short for translator in translators) else {}),
        },
        left_out=run.left_out,
    )


class _Run:
    def __init__(self, job: Job, translators: list[Translator], settings: NativeSettings, cores: int) -> None:
        self.job, self.translators, self.settings = job, translators, settings
        self.cores = cores
        self.free: Queue[Translator] = Queue()  # the turns that are free, of a CPU one a core
        for translator in translators * cores:
            self.free.put(translator)
        self._taking = Lock()
        self.left = len(job.items)
        self.tiling = Tiling(job.architecture, settings)
        self.left_out: dict[str, str] = {}
        self.colours = colours_of(job.architecture)
        self.largest_batch = 0
        self.probes: list[Picture] = []
        self.problems: list[ImageError] = []

    def all(self, step: Step) -> Iterator[Translation]:
        """Decoding threads feed one thread a device or core; all queues are bounded."""
        turns = self.free.qsize()
        with ThreadPoolExecutor(turns) as computers:
            # One batch more than turns waits: no device runs dry, and a set of ten thousand takes the memory of ten.
            computing: deque[Future[Iterable[Translation]]] = deque()

            def drawn(most: int) -> Iterator[Translation]:
                while len(computing) > most:
                    for translation in computing.popleft().result():
                        yield translation
                        step.advance()

            for batch in batched(self._readable(decoded(self.job)), self._limit):
                self.largest_batch = max(self.largest_batch, len(batch))
                self.left -= len(batch)
                computing.append(computers.submit(self._compute, batch))
                yield from drawn(turns)
            yield from drawn(0)
        if self.problems:
            raise gathered(self.problems)
        if len(self.left_out) == len(self.job.items):
            raise MemoryShortError(next(iter(self.left_out.values())), "use `--tiled auto`, or a smaller `--size`")

    def _limit(self, size: tuple[int, int]) -> int:
        """Images of a size at once: what the smallest device holds, since any of them may get the next batch.

        Towards the end batches shrink, so that no core waits long for another's last; no pixel hangs on them.
        """
        fits = min(translator.batch_for(size) for translator in self.translators)
        if self.cores == 1 or size[0] * size[1] > _OF_ONE_CORE:
            return fits
        turns = len(self.translators) * self.cores
        return min(fits, max(-(-self.left // (2 * turns)), min(_LEAST, -(-self.left // turns))))

    @contextmanager
    def _turn(self, size: tuple[int, int]) -> Iterator[Translator]:
        """Yields whichever device or core is free first, or all cores of a CPU for a large picture."""
        wanted = self.cores * len(self.translators) if size[0] * size[1] > _OF_ONE_CORE and self.cores > 1 else 1
        with self._taking:  # one at a time: two that wait for all cores would each keep some
            taken = [self.free.get() for _ in range(wanted)]
        try:
            if self.cores > 1:
                torch.set_num_threads(wanted)  # of this thread
            yield taken[0]
        finally:
            for translator in taken:
                self.free.put(translator)

    def precision_error(self) -> dict[str, float]:
        """Differences to fp32 on a few of the job's images, in levels of 255."""
        first = self.translators[0]
        # With the same noise, whosever it is.
        settings = replace(self.settings, precision="fp32", batch_size=len(self.probes), compile_=False)
        exact = Translator(self.job, str(first.device), settings)
        inputs, names = self.colours.inputs([p.framed for p in self.probes]), [p.item.name for p in self.probes]
        drawn = (t.translate(inputs, names) for t in (first, exact))
        ours, theirs = (self.colours.pixels(inputs, outputs).to(torch.int16) for outputs in drawn)
        difference = (ours - theirs).abs()
        return {
            "images": len(self.probes),
            "max": int(difference.max()),
            "mean": round(float(difference.to(torch.float32).mean()), 5),
        }

    def _readable(self, pictures: Iterator[Picture | ImageError]) -> Iterator[Picture]:
        for picture in pictures:
            if isinstance(picture, ImageError):
                self.problems.append(picture)
            elif not self.problems:  # a run with a problem fails; only the reading goes on, to name them all
                size = picture.framed.size
                whole = self.tiling.side(size, self.translators[0]) is None
                if whole and len(self.probes) < _PROBES and size == (self.probes or [picture])[0].framed.size:
                    self.probes.append(picture)
                yield picture

    def _compute(self, batch: list[Picture]) -> Iterable[Translation]:
        """Draws a batch; what is saved of its pictures is made one by one, by whoever takes them."""
        names = [p.item.name for p in batch]
        try:
            with self._turn(batch[0].framed.size) as translator:
                if tile := self.tiling.side(batch[0].framed.size, translator):
                    tiled = [self.tiling.draw(p, tile, translator, self.colours) for p in batch]
                    return map(self._translation, batch, ({"output": output} for output in tiled))
                inputs = self.colours.inputs([p.framed for p in batch])  # (N, C, H, W), of one size
                # samples times (N, C, H, W); the first is the output, whatever their number
                draws = [translator.translate(inputs, names, sample) for sample in range(self.settings.samples)]
        except MemoryShortError as error:  # of one picture: of several the batch would have been halved
            self.left_out |= dict.fromkeys(names, error.message)
            return []
        made = {"output": self.colours.pixels(inputs, draws[0])}
        if self.settings.samples > 1:
            shown = [self.colours.shown(inputs, draw) for draw in draws]
            made["mean"] = to_pixels(torch.stack([draw.to(torch.float32) for draw in shown]).mean(0))
            made["spread"] = spread_map(spread_of(shown))
        return map(
            self._translation,
            batch,
            [{kind: _inside(p, of[n]) for kind, of in made.items()} for n, p in enumerate(batch)],
        )

    def _translation(self, picture: Picture, made: dict[str, NDArray[np.uint8]]) -> Translation:
        pictures = {"input": np.asarray(self.colours.input_as_saved(picture.input)), **made}
        if picture.target is not None:
            pictures["target"] = np.asarray(self.colours.target_as_saved(picture.target))
        return Translation(picture.item.name, pictures)


def _inside(picture: Picture, pixels: torch.Tensor) -> NDArray[np.uint8]:
    """Cuts back what was mirrored around a picture: (H, W, …) uint8."""
    left, top, right, bottom = picture.box
    return pixels[top:bottom, left:right].numpy()
