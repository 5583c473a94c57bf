"""Runs one of the authors' scripts inside this process, with what it needs mended from outside.

Started by path as `python bootstrap.py SETTINGS.json SCRIPT ARGUMENT…`, in an interpreter that need not know harness.
The settings: `seed` of the run, `image_seeds` (staged stem -> seed; may be empty), `hooks` (path of a Python file ->
settings of its `install`; may be empty), `processes` (that run this together), `report` (JSON file written before the
script begins: `shims` and versions) and `events` (a file that gets a line for each event, of the first process only).
The script begins when the line `go` comes on stdin, so that what it works on can be laid out while this process imports
torch. Where stdin ends after that, whoever started the script asks it to stop, or is gone.
"""

from __future__ import annotations

import errno
import importlib
import importlib.util
import json
import os
import random
import runpy
import select
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

_DETECTION_OPERATORS = ("nms", "qnms")

_keep_alive: list[Any] = []


class Session:
    """What hooks are given: which process this is, a way to tell events, and places in the script to hang on to."""

    def __init__(self, events: Path, processes: int) -> None:
        self.processes = processes
        # torchrun numbers its processes there.
        self.rank = int(os.environ["RANK"]) if processes > 1 else 0
        # One writer and one write() a line: what several processes print at once can tear each other's lines.
        self._events = events.open("ab", buffering=0) if self.rank == 0 else None
        self._made: list[Callable[[Any], None]] = []

    def tell(self, kind: str, told: Any = None) -> None:
        """Tells an event, with anything JSON can say; processes but the first say nothing."""
        if self._events is not None:
            # A file on a full disk takes a part of a line without an error of its own.
            line = (json.dumps([kind, told]) + "\n").encode()
            if self._events.write(line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self._events.name)

    def is_unwanted(self) -> bool:
        """Whether whoever started the script asks it to stop, or is gone."""
        # At its end a pipe can be read from without waiting; on Windows select() takes sockets only.
        return os.name != "nt" and self.rank == 0 and bool(select.select([sys.stdin.fileno()], [], [], 0)[0])

    def when_made(self, then: Callable[[Any], None]) -> None:
        """Calls `then` with the model that `models.create_model` makes, in the order of asking."""
        self._made.append(then)

    def hook_models(self) -> None:
        """Patches `create_model`, which train.py imports once it begins, where somebody asked for the model."""
        if not self._made:
            return
        models: Any = importlib.import_module("models")
        plain = models.create_model

        def create_model(opt: Any) -> Any:
            model = plain(opt)
            for then in self._made:
                then(model)
            return model

        models.create_model = create_model

    @staticmethod
    def after(owner: Any, name: str, then: Callable[..., None]) -> None:
        """Lets `then` follow each call of a method, with the same arguments."""
        plain = getattr(owner, name)

        def both(*arguments: Any) -> Any:
            result = plain(*arguments)
            then(*arguments)
            return result

        setattr(owner, name, both)


def stand_in_for_wandb() -> list[str]:
    """Puts an empty `wandb` in place where the real one cannot be imported; util/visualizer.py imports it always."""
    try:
        importlib.import_module("wandb")
    except Exception as error:  # a broken wandb fails in many ways (protobuf raises TypeError); the shim tells which
        # Submodules of a failed import would be found beside the stand-in.
        for name in [n for n in sys.modules if n.partition(".")[0] == "wandb"]:
            del sys.modules[name]
        module = ModuleType("wandb")
        module.__dict__.update(run=None)
        sys.modules["wandb"] = module
        return [f"empty stand-in for the module wandb ({type(error).__name__} on import)"]
    return []


def mend_torchvision(torch: Any) -> list[str]:
    """Declares what a torchvision built for CUDA misses beside a CPU torch; upstream uses its transforms only."""
    try:
        importlib.import_module("torchvision")
        return []
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
    for name in [n for n in sys.modules if n.partition(".")[0] == "torchvision"]:
        del sys.modules[name]
    library = torch.library.Library("torchvision", "DEF")
    for operator in _DETECTION_OPERATORS:
        library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _keep_alive.append(library)  # its destructor would take the definitions back
    importlib.import_module("torchvision")
    return [f"declared torchvision::{' and ::'.join(_DETECTION_OPERATORS)}, missing beside this torch"]


def seed_all(seed: int) -> None:
    """Seeds what the script's code may draw from."""
    random.seed(seed)
    if "numpy" in sys.modules:
        # NumPy's legacy generator takes 32 bits.
        sys.modules["numpy"].random.seed(seed % 2**32)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


def choose_exact_kernels(torch: Any) -> list[str]:
    """Lets cuDNN take kernels that repeat their bits; `benchmark`, which BaseModel turns on, is left to the hooks."""
    if not torch.cuda.is_available():
        return []
    torch.backends.cudnn.deterministic = True
    return ["cudnn.deterministic on"]


def hook_images(image_seeds: dict[str, int], session: Session) -> list[str]:
    """Seeds before each `BaseModel.test()` by the image's name and tells each image that was saved."""
    base_model = importlib.import_module("models.base_model").BaseModel
    visualizer: Any = importlib.import_module("util.visualizer")
    plain_test, plain_save = base_model.test, visualizer.save_images

    def test(self: Any) -> Any:
        stem = Path(self.get_image_paths()[0]).stem
        seed_all(image_seeds[stem])
        if "torch" in sys.modules:
            # BaseModel's constructor has turned it on since; what it times fastest differs from run to run.
            sys.modules["torch"].backends.cudnn.benchmark = False
        session.tell("begin", stem)
        return plain_test(self)

    def save_images(webpage: Any, visuals: Any, image_path: Any, *rest: Any, **named: Any) -> Any:
        saved = plain_save(webpage, visuals, image_path, *rest, **named)
        session.tell("done", Path(image_path[0]).stem)
        return saved

    # Before `test.py` begins, which takes `save_images` out of its module at the top.
    base_model.test, visualizer.save_images = test, save_images
    exact = []
    if "torch" in sys.modules and sys.modules["torch"].cuda.is_available():
        # PyTorch's default where a GPU has it: of a float's 24 bits 11, a thousandth off what the authors' GPUs drew.
        sys.modules["torch"].backends.cudnn.allow_tf32 = False
        exact = ["cudnn.benchmark and cudnn.allow_tf32 off"]
    return [
        *exact,
        "random, numpy and torch seeded before each image from the run's seed and the image's name",
    ]


def install_hooks(path: str, settings: dict[str, Any], session: Session) -> list[str]:
    """Loads a file of hooks, which is in no package of this process, and lets it patch what it must."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return list(module.install(settings, session))


def wait_for_go(session: Session, report: Path) -> None:
    """Returns when the script is to begin; only the first process hears it, the others see a file beside the report."""
    begun = report.with_suffix(".begun")
    if session.rank == 0:
        if sys.stdin.readline() != "go\n":  # whoever started this has ended; there may be nothing staged to work on
            sys.exit("not started: nobody waits for the result")
        begun.touch()
    while not begun.exists():
        time.sleep(0.05)


def main() -> None:
    """Mends, reports and runs the script as `python SCRIPT ARGUMENT…` would."""
    settings = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    script = Path(sys.argv[2]).resolve()
    # Python put this file's folder first: its options.py would hide their package of that name.
    sys.path[:] = [str(script.parent), *(p for p in sys.path if Path(p).resolve() != Path(__file__).resolve().parent)]
    sys.argv = sys.argv[2:]

    session = Session(Path(settings["events"]), settings["processes"])
    # Before their first module: util/visualizer.py imports wandb at its top.
    shims = stand_in_for_wandb()
    importlib.import_module("models.base_model")
    torch = sys.modules.get("torch")
    if torch is not None:
        shims += [*mend_torchvision(torch), *choose_exact_kernels(torch)]
    shims.append(f"random, numpy and torch seeded with {settings['seed']} at start")
    if settings["image_seeds"]:
        shims += hook_images(settings["image_seeds"], session)
    for path, own_settings in settings["hooks"].items():
        shims += install_hooks(path, own_settings, session)
    session.hook_models()
    report = {"shims": shims, "torch": getattr(torch, "__version__", None)}
    if torch is not None:
        report |= {"threads": torch.get_num_threads(), "cuda": torch.version.cuda}
    if session.rank == 0:
        Path(settings["report"]).write_text(json.dumps(report), encoding="utf-8")
    wait_for_go(session, Path(settings["report"]))
    # After the imports, which may draw. Processes that train together shall not flip and drop out alike.
    seed_all(settings["seed"] + session.rank)
    runpy.run_path(str(script), run_name="__main__")


if __name__ == "__main__":
    main()
