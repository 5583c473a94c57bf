"""`python -m tests.supplies`: the licences of what is installed, and the vulnerabilities known of it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable

_PREFIX = "License :: OSI Approved :: "


def licence_of(metadata: importlib.metadata.PackageMetadata) -> str:
    """Returns what a package says of its licence: the expression of PEP 639, else its classifiers, else its text."""
    told = metadata.get("License-Expression")
    classified = [c.removeprefix(_PREFIX) for c in metadata.get_all("Classifier") or () if c.startswith(_PREFIX)]
    first_line = (metadata.get("License") or "").strip().partition("\n")[0]
    return told or ", ".join(sorted(classified)) or first_line or "not stated"


def by_licence(packages: Iterable[importlib.metadata.Distribution]) -> dict[str, list[str]]:
    """Returns the packages of each licence, both sorted."""
    found: dict[str, set[str]] = defaultdict(set)
    for package in packages:
        found[licence_of(package.metadata)].add(f"{package.metadata['Name']} {package.version}")
    return {licence: sorted(found[licence], key=str.lower) for licence in sorted(found)}


def vulnerabilities() -> int:
    """Asks pip-audit's database of advisories, where there are pip-audit and a network; returns its exit code."""
    if importlib.util.find_spec("pip_audit") is None:
        print("vulnerabilities: SKIPPED, pip-audit is not installed (pip install pip-audit)")
        return 0
    asked = [sys.executable, "-m", "pip_audit", "--progress-spinner", "off", "--timeout", "15"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    if done.returncode and "Found" not in done.stderr + done.stdout:
        print(f"vulnerabilities: SKIPPED, no answer: {(done.stderr.strip() or 'none').splitlines()[-1]}")
        return 0
    print(done.stdout, done.stderr)
    return done.returncode


if __name__ == "__main__":
    for licence, names in by_licence(importlib.metadata.distributions()).items():
        print(f"{licence}: {', '.join(names)}")
    sys.exit(vulnerabilities())
