from __future__ import annotations

import pytest

from harness.engines.official.failures import failure
from harness.engines.official.process import Finished
from harness.errors import EngineError, MemoryShortError, OfficialScriptError

TRACE = """dataset [SingleDataset] was created
Traceback (most recent call last):
  File "test.py", line 58, in <module>
    model.setup(opt)
  File "models/base_model.py", line 104, in setup
    net.load_state_dict(state_dict)
"""


def failed(output: str, returncode: int = 1) -> EngineError:
    lines = tuple(output.splitlines())
    return failure(Finished(("test.py", "--name", "two words"), returncode, lines, {}))


@pytest.mark.parametrize(
    ("ending", "meaning", "hint", "kind"),
    [
        (
            'RuntimeError: Error(s) in loading state_dict for UnetGenerator:\n\tMissing key(s): "model.1"',
            "do not fit",
            "--model",
            OfficialScriptError,
        ),
        ("AttributeError: 'Sequential' object has no attribute 'model'", "do not fit", "--model", OfficialScriptError),
        (
            '  File "models/base_model.py", line 218, in __patch_instance_norm_state_dict\n'
            "AttributeError: 'UnetSkipConnectionBlock' object has no attribute '1'",
            "do not fit",
            "--model",
            OfficialScriptError,
        ),
        ("torch.OutOfMemoryError: CUDA out of memory. Tried to", "GPU has no memory", "--device cpu", MemoryShortError),
        (
            "RuntimeError: [enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't allocate memory",
            "machine has no memory",
            "--size",
            MemoryShortError,
        ),
        ("OSError: [Errno 28] No space left on device", "disk is full", "make room", OfficialScriptError),
        ("_pickle.UnpicklingError: Weights only load failed", "damaged", "setup --model", OfficialScriptError),
        ("EOFError: Ran out of input", "damaged", "setup --model", OfficialScriptError),
        ("FileNotFoundError: [Errno 2] No such file: 'x'", "file is missing", "harness setup", OfficialScriptError),
        ("ModuleNotFoundError: No module named 'dominate'", "module is missing", "harness doctor", OfficialScriptError),
    ],
)
def test_known_causes_are_named_with_a_way_out(ending: str, meaning: str, hint: str, kind: type[EngineError]) -> None:
    error = failed(TRACE + ending)
    assert type(error) is kind
    assert meaning in error.message.splitlines()[0]
    assert hint in (error.hint or "")


def test_an_unknown_cause_still_shows_command_code_and_the_lines_that_matter() -> None:
    error = failed("noise\n" * 50 + TRACE + "KeyError: 'A'", 1)
    assert error.message == (
        "`test.py` ended with code 1\n"
        "  command: test.py --name 'two words'\n"
        "  return code: 1\n"
        "  last output:\n"
        "    " + "\n    ".join((TRACE + "KeyError: 'A'").splitlines()[2:])
    )
    assert error.hint is None


def test_a_long_message_is_cut_but_its_beginning_stays() -> None:
    keys = "\n".join(f"\tsize mismatch for model.{n}.weight: {'x' * 500}" for n in range(100))
    error = failed(TRACE + "RuntimeError: Error(s) in loading state_dict for UnetGenerator:\n" + keys)
    assert "Error(s) in loading state_dict for UnetGenerator" in error.message
    assert len(error.message.splitlines()) < 20
    assert max(map(len, error.message.splitlines())) < 250


def test_usage_errors_and_kills_are_known_by_their_code() -> None:
    usage = failed("usage: test.py [-h]\ntest.py: error: unrecognized arguments: --phase", 2)
    assert "does not know the options" in usage.message
    killed = failed("processing (0000)-th image...", -9)
    assert isinstance(killed, MemoryShortError)
    assert "ended with SIGKILL: it was killed from outside" in killed.message
    assert "ended with SIGSEGV" in failed("", -11).message
    assert "(nothing)" in failed("", -11).message
