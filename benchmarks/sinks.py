"""What becomes of a picture that is drawn – files, numbers, the page's strip – by the number of threads that do it.

    python benchmarks/sinks.py [--images 250] [--threads 1 4 8 16]

Street fronts are drawn, so that no network and no decoding is in the times; every line is one pass over the images.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

from engines import DRAWN_SERIES

from harness.demo.scenes import draw_scene
from harness.engines.job import Translation
from harness.metrics.measure import MeasureRequest, Measuring
from harness.testing import one_pass

SCENES = 40


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=250)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 4, 8, 16])
    given = parser.parse_args()
    scenes = [draw_scene(DRAWN_SERIES, number) for number in range(SCENES)]
    names = [f"{number:05d}" for number in range(given.images)]

    def drawn() -> Generator[Translation, None, None]:
        for number, name in enumerate(names):
            scene, other = scenes[number % SCENES], scenes[(number + 7) % SCENES]
            yield Translation(name, {"input": scene.label, "output": other.photo, "target": scene.photo})

    for which in ("write", "measure", "show", "all"):
        for threads in given.threads:
            one_pass.default_workers = lambda: threads  # noqa: B023
            with tempfile.TemporaryDirectory() as folder:
                run = Path(folder)
                (run / "images").mkdir()
                sinks = {
                    "write": one_pass.written_to(run / "images"),
                    "measure": one_pass.measured_by(Measuring(MeasureRequest(), run / "images", paired=True)),
                    "show": one_pass.shown_in(run, names, {}, paired=True),
                }
                wall, processor = time.perf_counter(), time.process_time()
                one_pass.hand_on(drawn(), [*sinks.values()] if which == "all" else [sinks[which]])
                wall, processor = (
                    (time.perf_counter() - wall) / len(names),
                    (time.process_time() - processor) / len(names),
                )
            print(
                f"{which:8} {threads:2} threads: {1e3 * wall:6.2f} ms a picture, {1e3 * processor:6.2f} of a processor"
            )


if __name__ == "__main__":
    main()
