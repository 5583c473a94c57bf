"""The networks that metrics judge by: brought, placed from the user's file, and told from every other by their hash."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from harness.catalog.backbones import BACKBONES, Backbone
from harness.errors import ChecksumError, MetricError, WeightsError
from harness.fetch.asset import Asset, bring
from harness.fetch.lockfile import LockFile
from harness.files import sha256_of, written_aside
from harness.metrics.registry import find_metrics
from harness.progress import Progress
from harness.provision.mirrors import mirrored
from harness.workspace import Workspace


def installed_backbone(workspace: Workspace, backbone: Backbone) -> Path:
    """Returns a network's file.

    Raises:
        MetricError: it is not there.
        ChecksumError: another file is in its place: a number it gives would be called by a name that is not its own.
    """
    path, hint = workspace.backbone(backbone.file), f"harness setup --metrics {backbone.metrics[0]}"
    if not path.is_file():
        raise MetricError(f"the network `{backbone.id}` is not here", hint)
    # At every use, for a network of the same name with other weights gives numbers that look right.
    if (found := sha256_of(path)) != backbone.sha256:
        raise ChecksumError(
            f"`{path}` is not `{backbone.id}`: its SHA-256 is {found}, expected {backbone.sha256}",
            f"move it away, e.g. `mv {path} {path}.old`, then {hint}",
        )
    return path


def backbones_of(metrics: Sequence[str]) -> list[Backbone]:
    """Returns the networks that metrics need, by their names or those of what they fill; each once.

    Raises:
        UnknownNameError: there is no such metric.
        MetricError: one of them needs none.
    """
    found = []
    for name in metrics:
        (metric,) = find_metrics([name])
        needed = [backbone for backbone in BACKBONES.values() if metric.name in backbone.metrics]
        if not needed:
            raise MetricError(f"`{name}` needs no network", f"harness measure RUN --metrics {name}")
        found += needed
    return list(dict.fromkeys(found))


def bring_backbone(workspace: Workspace, backbone: Backbone, progress: Progress, mirrors: Sequence[str] = ()) -> bool:
    """Brings a network's file unless it is there; returns whether anything was done.

    Raises:
        FetchError: it could not be brought, or another file is in its place.
    """
    found = Asset(f"network {backbone.id}", backbone.urls, backbone.sha256, backbone.size_bytes)
    target = workspace.backbone(backbone.file)
    if not target.exists():
        # Said before the download, as some allow no commercial use.
        progress.say(f"{backbone.id}: licence {backbone.licence}")
    return bring(mirrored(found, mirrors), target, LockFile(workspace.lock_file), progress)


def place_backbone(workspace: Workspace, backbone: Backbone, source: Path, _: Progress) -> bool:
    """Copies the user's file of a network to its place; returns whether anything was done.

    Raises:
        WeightsError: there is no such file, or it is another network: metrics are only what they are called with this.
    """
    if not source.is_file():
        raise WeightsError(f"there is no file `{source}`", f"give the path of `{backbone.file}`")
    if (found := sha256_of(source)) != backbone.sha256:
        # The likeliest slip is the network of the neighbouring metric.
        known = next((b.id for b in BACKBONES.values() if b.sha256 == found), None)
        raise WeightsError(
            f"`{source}` is {f'`{known}`, ' if known else ''}not `{backbone.id}`: its SHA-256 is {found}, expected "
            f"{backbone.sha256}",
            f"bring `{backbone.file}` from {backbone.urls[0]}",
        )
    target = workspace.backbone(backbone.file)
    if target.is_file() and sha256_of(target) == found:
        return False
    with written_aside(target) as temporary:
        shutil.copyfile(source, temporary)
    return True
