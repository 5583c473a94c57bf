"""`harness demo`: the whole job without a network, on facades the package draws and a generator it carries."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harness.demo.demo_weights import MODEL, demo_profile, demo_weights
from harness.demo.scenes import UNSEEN, Scene, draw_far_scene, draw_scene
from harness.files import written_aside
from harness.images.png import write_png
from harness.prepare.prepare_request import PrepareRequest
from harness.prepare.preparing import prepare_images
from harness.progress import Progress, Silent
from harness.testing.request import Engine, TestRequest
from harness.testing.running import TestedRun, run_test
from harness.workspace import Workspace


def run_demo(
    workspace: Workspace,
    *,
    count: int = 24,
    engine: Engine = "native",
    lang: str | None = None,
    command: Sequence[str] = (),
    progress: Progress | None = None,
) -> tuple[TestedRun, TestedRun]:
    """Draws, prepares, translates, measures and reports two sets, and returns their runs.

    The first, of `count` facades, is like what the generator was trained on, the second, a third as many, far from it.
    """
    progress = progress or Silent()

    def run(name: str, draw: Callable[[int, int], Scene], images: int) -> TestedRun:
        # As a user's own lie: label maps in one folder, photos of the same names in another.
        labels, photos = workspace.drawn(name) / "labels", workspace.drawn(name) / "photos"
        with progress.step(f"drawing `{name}`", images) as step:
            for index in range(images):
                for folder, pixels in zip((labels, photos), draw(UNSEEN, index), strict=True):
                    with written_aside(folder / f"facade-{index + 1:02d}.png") as path:
                        write_png(path, pixels)
                step.advance()
        asked = PrepareRequest(folder=labels, model=MODEL, targets=photos, name=name, lang=lang)
        prepare_images(workspace, asked, progress, profile=demo_profile())
        request = TestRequest(
            model=MODEL, dataset=name, weights=demo_weights(), engine=engine, lang=lang, command=tuple(command)
        )
        return run_test(workspace, request, progress)

    progress.say("first pictures that are far from the training pictures, on purpose")
    # A third is enough to show what far looks like, and three show every kind.
    far = run("demo-far", draw_far_scene, max(3, count // 3))
    progress.say("now pictures like the training pictures")
    # The last, for the newest set is what `test` and `play` take where none is named.
    return run("demo-near", draw_scene, count), far
