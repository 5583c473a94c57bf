"""`harness doctor`: all checks in the order people read them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from harness.catalog.repositories import LUA
from harness.doctor import cleaning, machine, software, supplies, surroundings
from harness.doctor.check import Check
from harness.progress import Progress, Silent
from harness.workspace import Workspace


@dataclass(frozen=True)
class Diagnosis:
    """What was found."""

    checks: tuple[Check, ...]

    @property
    def usable(self) -> bool:
        """Whether nothing stops harness from working."""
        return not any(check.state == "bad" for check in self.checks)

    def to_json(self) -> dict[str, Any]:
        """Returns what `--json` prints."""
        return {"format": 1, "usable": self.usable, "checks": [asdict(check) for check in self.checks]}


def examine(workspace: Workspace, *, offline: bool = False, progress: Progress | None = None) -> Diagnosis:
    """Looks at the machine and the workspace, changing nothing; `offline` asks no host."""
    found = [
        # From what everything needs to what is nice to have.
        software.check_python(),
        software.check_torch(),
        software.check_torchvision(),
        software.check_gpu(),
        machine.check_cores(),
        machine.check_memory(),
        machine.check_writable(workspace.root),
        machine.check_disk(workspace.root),
        cleaning.check_leftovers(workspace),
        software.check_git(),
        supplies.check_clone(workspace),
        supplies.check_clone(workspace, LUA.id),
        supplies.check_weights(workspace),
        supplies.check_mirrors(workspace),
        surroundings.check_proxies(),
        surroundings.check_certificates(),
        *filter(None, [surroundings.check_netrc()]),
        software.check_browser(),
        software.check_locale(),
        software.check_heif(),
    ]
    # The only check that waits: told before, as each host may take its seconds.
    if not offline:
        hosts = supplies.download_hosts(workspace)
        (progress or Silent()).say(f"asking {', '.join(hosts)}")
        found += [supplies.check_host(host) for host in hosts]
    return Diagnosis(tuple(found))
