"""Checks of what `harness setup` brings, and of the way it comes."""

from __future__ import annotations

from urllib.parse import urlsplit

from harness.catalog.models import MODELS
from harness.catalog.repositories import LUA, PYTORCH, REPOSITORIES
from harness.doctor.check import Check
from harness.errors import HarnessError
from harness.fetch.sessions import FAULTS, explained, new_session
from harness.provision.installed import clone_state, installed_weights, weights_differ
from harness.provision.mirrors import mirrors_of
from harness.redacting import without_credentials
from harness.workspace import Workspace

# Seconds for each host: a firewall that drops silently would hold up the whole report.
_TIMEOUT_S = 5.0
_WITHOUT_NETWORK = "harness setup --bundle FILE, or --upstream-url FOLDER and --from-file FILE, work without it"


def check_clone(workspace: Workspace, repository: str = PYTORCH.id) -> Check:
    """The clone of the authors' code; of the Lua original nothing is run, so it may be missing."""
    name, folder = "Lua original" if repository == LUA.id else "authors' code", workspace.upstream(repository)
    pinned = REPOSITORIES[repository].commit
    try:
        state = clone_state(workspace, repository)
    except HarnessError as error:
        return Check(name, "bad", error.message, error.hint)
    if state is None and repository == LUA.id:
        return Check(name, "ok", "not cloned; its weights run without it")
    if state is None:
        return Check(name, "warn", "not cloned yet", "harness setup")
    if state.dirty:
        keep = f"git -C {folder} stash --include-untracked"
        return Check(name, "warn", f"commit {state.commit[:12]}, with local changes", keep)
    # Another commit may be meant, so it is no fault, but no number of ours was measured with it.
    if state.commit != pinned:
        found = f"commit {state.commit[:12]}; harness is tested with {pinned[:12]}"
        return Check(name, "warn", found, "harness setup")
    return Check(name, "ok", f"commit {state.commit[:12]} in `{folder}`")


def check_weights(workspace: Workspace) -> Check:
    """The pretrained generators that are installed, each compared with what `harness.lock` recorded."""
    found = [model for model in MODELS.values() if installed_weights(workspace, model)]
    if not found:
        return Check("weights", "warn", "none installed", "harness setup --model facades_label2photo")
    try:
        changed = [told for model in found if (told := weights_differ(workspace, model))]
    except HarnessError as error:
        return Check("weights", "bad", error.message, error.hint)
    if changed:
        mend = "remove the file and bring it again with `harness setup`, or place your own with `--from-file`"
        return Check("weights", "warn", "; ".join(changed), mend)
    # All of them would fill the screen.
    shown = ", ".join(model.id for model in found[:4]) + (f" and {len(found) - 4} more" if len(found) > 4 else "")
    return Check("weights", "ok", f"{len(found)} of {len(MODELS)} models: {shown}")


def check_mirrors(workspace: Workspace) -> Check:
    """The servers that are asked first for weights and datasets."""
    try:
        found = mirrors_of(workspace)
    except HarnessError as error:
        return Check("mirrors", "warn", error.message, error.hint)
    return Check("mirrors", "ok", ", ".join(map(without_credentials, found)) or "none set")


def download_hosts(workspace: Workspace) -> list[str]:
    """Returns the addresses of the hosts that `harness setup` asks: mirrors, the code's and the weights'."""
    try:
        mirrors = mirrors_of(workspace)
    except HarnessError:  # told by `check_mirrors`
        mirrors = ()
    urls = [*map(without_credentials, mirrors), PYTORCH.url, *(model.url for model in MODELS.values())]
    return list(dict.fromkeys(f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, urls)))


def check_host(host: str) -> Check:
    """Whether a host answers, whatever it says, within a few seconds."""
    try:
        # Redirects are not followed: that the host answers is all that is asked.
        with new_session() as session, session.head(host, timeout=_TIMEOUT_S, allow_redirects=False) as answer:
            # A server that refuses the method or the address is there all the same.
            if answer.status_code < 500:
                return Check("network", "ok", f"`{host}` answers")
            return Check("network", "warn", f"`{host}` answers {answer.status_code}", "try later")
    except FAULTS as error:
        return Check("network", "warn", without_credentials(f"`{host}`: {explained(error)[0]}"), _WITHOUT_NETWORK)
