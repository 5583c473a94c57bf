"""What the end of an official script means: a recognised cause and the next thing to do."""

from __future__ import annotations

import re
import shlex
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.engines.official.process import Finished
from harness.errors import EngineError, MemoryShortError, OfficialScriptError

_SHOWN_LINES = 12
_SHOWN_COLUMNS = 200
_RANK = re.compile(r"^\[rank\d+\]: ")
_KILLED = -int(getattr(signal, "SIGKILL", 9))


Kind = Literal["weights", "memory", "disk", "options", "other"]


@dataclass(frozen=True)
class _Cause:
    """What a pattern in the last lines of output means; of some kinds a caller knows a better hint."""

    pattern: str
    meaning: str
    hint: str
    kind: Kind = "other"

    @property
    def error(self) -> type[EngineError]:
        return MemoryShortError if self.kind == "memory" else OfficialScriptError


# The first that matches is meant: a trace may name several, and the special ones stand first.
_CAUSES = (
    _Cause(
        # Most mismatches surface while upstream patches old InstanceNorm keys, before load_state_dict can explain.
        r"Error\(s\) in loading state_dict|in __patch_instance_norm_state_dict|'Sequential' object has no attribute",
        "the weights do not fit the generator they were loaded into",
        "name the model these weights belong to with `--model`, or bring them again with `harness setup --model NAME`",
        "weights",
    ),
    _Cause(
        r"CUDA out of memory|CUDA error: out of memory|OutOfMemoryError",
        "the GPU has no memory left",
        "use `--device cpu`, a smaller `--size`, or end what else runs on the GPU",
        "memory",
    ),
    _Cause(
        r"DefaultCPUAllocator: .*(?:memory|alloc)|^MemoryError|Cannot allocate memory",
        "the machine has no memory left",
        "use a smaller `--size`, or close other programs",
        "memory",
    ),
    _Cause(
        # torch's own writer raises RuntimeError where write() fails, in words of its own.
        r"No space left on device|Errno 28|Disk quota exceeded|PytorchStreamWriter|inline_container\.cc",
        "the disk is full",
        "make room and run it again",
        "disk",
    ),
    _Cause(
        r"UnpicklingError|EOFError: Ran out of input|PytorchStreamReader failed|Invalid magic number",
        "the weights file is damaged or is no weights file",
        "bring it again with `harness setup --model NAME`",
        "weights",
    ),
    _Cause(
        r"^NotImplementedError: .* is not recognized",
        "an option names something the script does not know",
        "see what it takes in `options/base_options.py` of the clone",
    ),
    _Cause(r"^ModuleNotFoundError|^ImportError", "a Python module is missing or broken", "harness doctor"),
    _Cause(r"^FileNotFoundError|is not a valid directory", "a file is missing", "harness setup"),
)


_KILLED_FROM_OUTSIDE = _Cause(
    "",
    "it was killed from outside, most often because the machine had no memory left",
    "use a smaller `--size`, or close other programs",
    "memory",
)
_OPTIONS_REFUSED = _Cause(
    "",
    "it does not know the options it was given; the clone is at another commit than harness expects",
    "harness setup",
    "options",
)


def failure(finished: Finished, hints: Mapping[Kind, str] | None = None) -> EngineError:
    """Returns the error for a script that ended with another code than 0; the caller raises it.

    Args:
        hints: what to do about a kind of cause, where the caller knows better than what is said of tests.
    """
    found = _cause(finished)
    if found is None:
        return OfficialScriptError(f"{_ended(finished)}\n{account(finished)}")
    hint = (hints or {}).get(found.kind, found.hint)
    return found.error(f"{_ended(finished)}: {found.meaning}\n{account(finished)}", hint)


def _cause(finished: Finished) -> _Cause | None:
    output = "\n".join(finished.tail)
    found = next((cause for cause in _CAUSES if re.search(cause.pattern, output, re.MULTILINE)), None)
    # Only where the output names no cause.
    by_code = {_KILLED: _KILLED_FROM_OUTSIDE, 2: _OPTIONS_REFUSED}  # 2 is argparse's
    return found or by_code.get(finished.returncode)


def _ended(finished: Finished) -> str:
    return f"`{finished.command[0]}` ended with {_code(finished.returncode)}"


def account(finished: Finished) -> str:
    """Returns command, return code and the lines of output that matter, indented."""
    lines = [line[:_SHOWN_COLUMNS] for line in _that_matter(finished.tail)]
    shown = "\n".join(f"    {line}" for line in lines) or "    (nothing)"
    return f"  command: {shlex.join(finished.command)}\n  return code: {finished.returncode}\n  last output:\n{shown}"


def _code(returncode: int) -> str:
    if returncode >= 0:
        return f"code {returncode}"
    try:
        return signal.Signals(-returncode).name
    except ValueError:
        return f"signal {-returncode}"


def _that_matter(tail: Sequence[str]) -> list[str]:
    lines = [line for line in tail if line.strip()]
    # Of several processes each one's words are marked; torchrun's own trace below them says nothing more.
    lines = [_RANK.sub("", line) for line in lines if _RANK.match(line)] or lines
    traces = [i for i, line in enumerate(lines) if line.startswith("Traceback (most recent call last)")]
    if not traces:
        return lines[-_SHOWN_LINES:]
    trace = lines[traces[-1] :]
    raised = next((i for i, line in enumerate(trace[1:], 1) if not line.startswith(" ")), len(trace) - 1)
    # The exception with the call that raised it; of a message of many lines, the first ones say what it is.
    return trace[max(0, raised - 4) : raised + _SHOWN_LINES - 4]
