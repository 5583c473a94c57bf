"""A model's generator brought from its address, or placed from the user's file, and looked into either way."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from harness.catalog.types import Architecture, Model
from harness.errors import WeightsError, quoted
from harness.fetch.asset import Asset, bring, known_digests, trusted_on_sight
from harness.fetch.lockfile import LockFile
from harness.files import sha256_of, written_aside
from harness.progress import Progress
from harness.provision.mirrors import mirrored
from harness.workspace import Workspace

_CODES = {"lua": "Lua original", "pytorch": "PyTorch code"}


def weights_asset(model: Model) -> Asset:
    """Returns where a model's weights are and how to know them."""
    return Asset(f"weights {model.id}", (model.url, *model.mirrors), model.sha256, model.size_bytes)


def bring_weights(workspace: Workspace, model: Model, progress: Progress, mirrors: Sequence[str] = ()) -> bool:
    """Brings a model's weights unless they are there; returns whether anything was done.

    Their bytes are compared with the checksums that the file itself holds, if it is of the kind that does.

    Raises:
        FetchError: they could not be brought.
        WeightsError: what came is no generator.
    """

    def look_into(part: Path) -> None:
        # Only a warning: the catalog's facts are read from papers and scripts, the file is what will run.
        difference = _compared(model, part, progress)[1]
        if difference:
            progress.warn(
                f"the catalog's facts of `{model.id}` do not fit its file: {difference}; the file is believed"
            )

    target = workspace.weights(model.family, model.name)
    if not target.exists():
        progress.say(f"{model.id}: licence {model.licence}{f'; {model.note}' if model.note else ''}")
    asset = mirrored(weights_asset(model), mirrors)
    return bring(asset, target, LockFile(workspace.lock_file), progress, inspect=look_into)


def place_weights(workspace: Workspace, model: Model, source: Path, progress: Progress) -> bool:
    """Copies a generator file of the user to where the model's weights belong; returns whether anything was done.

    Weights of the same kind of network but another width or norm are taken with a warning: they are somebody's own
    training. Another kind is refused.

    Raises:
        WeightsError: the file is missing, no generator, or another kind of network than the model's.
    """
    if not source.is_file():
        raise WeightsError(
            f"there is no file `{source}`", "give the path of a `.pth` file, or of a `.t7` file for a `lua/` model"
        )
    digest, target = sha256_of(source), workspace.weights(model.family, model.name)
    if target.is_file() and sha256_of(target) == digest:
        return False
    # Before copying: a file that is refused leaves what was there.
    _refuse_other_network(model, source, progress)
    asset, lock = weights_asset(model), LockFile(workspace.lock_file)
    known = known_digests(asset, lock)
    # Somebody's own training is welcome under a model's name, as long as everybody is told.
    if known and digest not in known:
        progress.warn(f"`{source}` is another file of `{model.id}` than the known one: its SHA-256 is {digest}")
    elif not known:
        progress.say(trusted_on_sight(asset.id, digest))
    if target.is_file():
        progress.say(f"replacing the weights of `{model.id}`")
    with written_aside(target) as temporary:
        shutil.copyfile(source, temporary)
    # As placed: what a later download must be is not decided by it.
    lock.record("placed", asset.id, source.resolve().as_uri(), target.stat().st_size, digest)
    return True


def _compared(model: Model, path: Path, progress: Progress) -> tuple[Architecture, str]:
    """The architecture of a file, and how it differs from the model's in the catalog."""
    # torch is imported only where a file is looked into: most calls find everything there
    from harness.weights.architecture import architecture_of, difference_between
    from harness.weights.container import check_sums

    # Zip containers have a CRC of each tensor; the older format has none.
    if not check_sums(path):
        progress.say(f"{model.id}: weights of this old kind hold no checksum; only their digest tells of damage")
    found = architecture_of(path)
    return found, difference_between(model.architecture, found)


def _refuse_other_network(model: Model, source: Path, progress: Progress) -> None:
    expected = model.architecture
    found, difference = _compared(model, source, progress)
    if found.code != expected.code:
        way = f", or harness weights convert {quoted(source)} -o latest_net_G.pth" if found.code == "lua" else ""
        raise WeightsError(
            f"`{source}` is of the {_CODES[found.code]}, and `{model.id}` of the {_CODES[expected.code]}",
            f"name a model of the file's own code, see `harness models`{way}",
        )
    # Another kind of network, or other channels, cannot draw what the model's name says.
    kinds = [(a.netG, a.input_nc, a.output_nc) for a in (expected, found)]
    if kinds[0] != kinds[1] and found.code != "lua":  # whose graph says all that is needed to run it
        raise WeightsError(
            f"`{source}` does not fit `{model.id}`: {difference}",
            "name the model it belongs to with `--model`, or run it as it is with `harness test --weights FILE`",
        )
    if difference:
        progress.warn(f"`{source}` is not the authors' own `{model.id}`: {difference}")
