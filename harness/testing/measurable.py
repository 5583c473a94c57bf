"""Whether what a test will draw can be measured: known from the sizes, so it is said before anything is drawn."""

from __future__ import annotations

from harness.engines.inputs import fits, gathered, own_size, reason, refuse_size, size_hint
from harness.errors import EngineError, ImageError
from harness.metrics.ssim import WINDOW
from harness.parallel import default_workers, in_order
from harness.sets.item import Item
from harness.testing.recording import Assignment


def refuse_unmeasurable(work: Assignment) -> None:
    """Raises where a size is too small for a metric, or none that the network takes.

    Raises:
        EngineError: the size that all pictures are brought to.
        ImageError: pictures at their own size; names up to five of them.
    """
    architecture, least = work.generator.architecture, f"SSIM needs {WINDOW} pixels a side at least"
    if work.size is not None:
        refuse_size(work.size, architecture)
        # The window of SSIM has to fit into the picture once; see `harness.metrics.ssim`.
        if min(work.size) < WINDOW:
            raise EngineError(
                f"size {work.size[0]}x{work.size[1]} cannot be measured: {least}", "use a larger `--size`"
            )
        return

    def problem(item: Item) -> ImageError | None:
        try:
            width, height = own_size(item)
        except ImageError as error:
            return ImageError(f"`{item.path}` {error.message}", error.hint)
        said = f"`{item.path}` is {width}x{height}"
        if work.preprocessing is not None:
            _, (width, height) = work.preprocessing.tested((width, height), architecture.multiple_of)
        if not fits((width, height), architecture):
            return ImageError(f"{said}: {reason(architecture)}", size_hint(architecture))
        if min(width, height) < WINDOW:
            return ImageError(f"{said}: {least}", "leave `--size own` out, or take it out of the set")
        return None

    found = [error for error in in_order(problem, work.selection.items, default_workers()) if error]
    if found:
        raise gathered(found)
