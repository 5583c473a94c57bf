"""`python -m tests.campaigns CAMPAIGN --seed N --trials N`: runs a campaign and prints its table."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

from tests.campaigns.crowding import crowds
from tests.campaigns.fetching import download_faults, flipped_bits
from tests.campaigns.killing import kills
from tests.campaigns.reading import hostile_files, spoilt_files
from tests.campaigns.tally import table

CAMPAIGNS = {
    "downloads": download_faults,
    "flips": flipped_bits,
    "kills": kills,
    "hostile": hostile_files,
    "spoilt": spoilt_files,
    "crowd": crowds,
}


def main() -> int:
    """Returns 1 if anything was lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns", description=__doc__)
    parser.add_argument("campaign", choices=CAMPAIGNS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--trials", type=int, default=100)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="campaign-") as folder:
        trials = list(CAMPAIGNS[asked.campaign](random.Random(asked.seed), asked.trials, Path(folder)))
    print(table(sorted(trials, key=lambda trial: trial.case)))
    lost = [trial for trial in trials if trial.verdict == "lost"]
    for trial in lost:
        print(f"lost: {trial.case}: {trial.what}", file=sys.stderr)
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
