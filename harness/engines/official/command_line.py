"""Our words as the command line of the authors' scripts."""

from __future__ import annotations

from pathlib import Path

from harness.catalog.types import Architecture
from harness.engines.inputs import fits
from harness.engines.job import Job, Mode
from harness.engines.official.staging import EXPERIMENT, PHASE, Stage
from harness.errors import EngineError


def takes_gpu_ids(clone: Path) -> bool:
    """Whether the clone's scripts choose the device by `--gpu_ids`, as those before 2025 did."""
    try:
        return "--gpu_ids" in (clone / "options" / "base_options.py").read_text(encoding="utf-8")
    except OSError as error:
        raise EngineError(
            f"`{clone}` is no clone of the authors' code: it has no `options/base_options.py`", "harness setup"
        ) from error


def translation_options(job: Job, stage: Stage, *, gpu_ids: bool) -> list[str]:
    """Returns the arguments of `test.py` for a staged job.

    Raises:
        EngineError: the mode cannot be had with these weights.
    """
    # Never `--model cycle_gan`: it pairs A and B by place up to the longer of both, and names all results after A.
    options = ["--dataroot", str(stage.data), "--name", EXPERIMENT, "--phase", PHASE]
    if stage.paired:
        options += ["--model", "pix2pix", "--dataset_mode", "aligned", "--direction", job.direction]
    elif stage.colorizes:
        options += ["--model", "colorization", "--dataset_mode", "colorization", "--direction", "AtoB"]
    else:
        # `--model test` translates what it finds; BtoA would only swap the numbers of channels.
        options += ["--model", "test", "--dataset_mode", "single", "--direction", "AtoB"]
    options += _generator(job.architecture, job.mode)
    options += _size(job)
    # 50 by default: the others would be left out in silence.
    options += ["--num_test", str(len(stage.images))]
    options += ["--checkpoints_dir", str(stage.checkpoints), "--results_dir", str(stage.results)]
    if gpu_ids:
        # The chosen device is the only one the script sees, hence its first.
        options += ["--gpu_ids", "-1" if job.device == "cpu" else "0"]
    return options


def for_the_record(options: list[str], root: Path) -> tuple[str, ...]:
    """Returns the options with the temporary folder left out, so that equal runs have equal records."""
    return tuple(o if not Path(o).is_relative_to(root) else Path(o).relative_to(root).as_posix() for o in options)


def _generator(architecture: Architecture, mode: Mode) -> list[str]:
    numbers = {"ngf": architecture.ngf, "input_nc": architecture.input_nc, "output_nc": architecture.output_nc}
    options = ["--netG", architecture.netG, "--norm", architecture.norm]
    options += [word for name, value in numbers.items() for word in (f"--{name}", str(value))]
    if mode == "eval":
        options.append("--eval")
    if architecture.use_dropout is False or (mode == "deterministic" and _dropout_is_optional(architecture)):
        options.append("--no_dropout")
    return options


def _dropout_is_optional(architecture: Architecture) -> bool:
    # A ResNet's dropout layer shifts the keys after it, so the option must say what the weights were trained with.
    if architecture.netG.startswith("resnet") and architecture.use_dropout:
        raise EngineError(
            f"the official script cannot leave out the dropout of this `{architecture.netG}`: its weights count on it",
            "use `--mode eval` or `--mode paper`",
        )
    return True


def _size(job: Job) -> list[str]:
    size = job.size
    # Their sizes are squares only; pictures are staged at their exact size, so nothing is left to do for others.
    if not isinstance(size, tuple) or size[0] != size[1] or not fits(size, job.architecture):
        return ["--preprocess", "none"]
    # Both, and equal: with the one alone it crops at random, in a test too, or crops more than there is.
    return ["--load_size", str(size[0]), "--crop_size", str(size[0])]
