"""The dropout that Torch7 drew on a processor for a whole run, from the seed that `test.lua` printed.

Mirrors `THRandom.c` of torch7: one Mersenne Twister for all pictures, in the order in which they are translated.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.engines.job import Job, NativeSettings
from harness.errors import EngineError
from harness.weights.networks import MOST_FILTERS


def replayed(job: Job, settings: NativeSettings) -> dict[str, dict[str, Any]]:
    """Returns the generator's state before each picture of a run of Torch7, by name; none where nothing is replayed.

    Raises:
        EngineError: a job that Torch7 cannot have done, or pictures that its run had not.
    """
    a, seed, names = job.architecture, settings.lua_seed, settings.lua_order or tuple(item.name for item in job.items)
    if seed is None:
        return {}
    strange = [item.name for item in job.items if item.name not in names]
    if a.code != "lua" or job.mode != "paper" or not isinstance(job.size, tuple) or settings.samples > 1 or strange:
        asked = "it takes a `.t7` file, `--mode paper`, one size and no `--seeds`"
        reason = f"its order lacks `{strange[0]}`" if strange else asked
        raise EngineError(f"`--lua-seed {seed}` cannot replay this run: {reason}", "leave `--lua-seed` out")
    noise, levels = np.random.RandomState(seed), a.multiple_of.bit_length() - 1
    numbers = sum(
        a.ngf * min(2 ** (level - 1), MOST_FILTERS) * (job.size[0] >> level) * (job.size[1] >> level)
        for level in range(1, levels)
        if a.drops_out(level, levels)
    )
    found = {}
    for name in names:
        found[name] = noise.get_state(legacy=False)
        noise.randint(0, 2**32, numbers, np.uint32)
    return found


def resumed(state: dict[str, Any]) -> np.random.RandomState:
    """Returns a generator that goes on from a state."""
    noise = np.random.RandomState(0)
    noise.set_state(state)
    return noise
