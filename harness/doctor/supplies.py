"""Checks of what `harness setup` brings, and of the way it comes."""

from __future__ import annotations

import urllib.request
from urllib.parse import urlsplit

import requests

from harness.catalog.models import MODELS
from harness.catalog.repositories import PYTORCH
from harness.doctor.check import Check
from harness.errors import HarnessError
from harness.provision.installed import clone_state, installed_weights
from harness.workspace import Workspace

_TIMEOUT_S = 5.0
_WITHOUT_NETWORK = "harness setup --bundle FILE, or --upstream-url FOLDER and --from-file FILE, work without it"


def check_clone(workspace: Workspace) -> Check:
    """The clone of the authors' code."""
    name, folder = "authors' code", workspace.upstream(PYTORCH.id)
    try:
        state = clone_state(workspace)
    except HarnessError as error:
        return Check(name, "bad", error.message, error.hint)
    if state is None:
        return Check(name, "warn", "not cloned yet", "harness setup")
    if state.dirty:
        keep = f"git -C {folder} stash --include-untracked"
        return Check(name, "warn", f"commit {state.commit[:12]}, with local changes", keep)
    if state.commit != PYTORCH.commit:
        found = f"commit {state.commit[:12]}; harness is tested with {PYTORCH.commit[:12]}"
        return Check(name, "warn", found, "harness setup")
    return Check(name, "ok", f"commit {state.commit[:12]} in `{folder}`")


def check_weights(workspace: Workspace) -> Check:
    """The pretrained generators that are installed."""
    found = [model.id for model in MODELS.values() if installed_weights(workspace, model)]
    if not found:
        return Check("weights", "warn", "none installed", "harness setup --model facades_label2photo")
    shown = ", ".join(found[:4]) + (f" and {len(found) - 4} more" if len(found) > 4 else "")
    return Check("weights", "ok", f"{len(found)} of {len(MODELS)} models: {shown}")


def download_hosts() -> list[str]:
    """Returns the addresses of the hosts that `harness setup` asks: the code's and the weights'."""
    urls = [PYTORCH.url, *(model.url for model in MODELS.values())]
    return list(dict.fromkeys(f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, urls)))


def check_host(host: str) -> Check:
    """Whether a host answers, whatever it says, within a few seconds."""
    try:
        # A server that refuses the method or the address is there all the same: only its own failures count.
        with requests.head(host, timeout=_TIMEOUT_S, allow_redirects=False) as answer:
            if answer.status_code < 500:
                return Check("network", "ok", f"`{host}` answers")
            found, mend = f"`{host}` answers {answer.status_code}", "try later"
    except requests.exceptions.SSLError:
        found, mend = f"`{host}`: the secure connection fails", "check the clock and the proxy's certificate"
    except requests.exceptions.RequestException:
        found, mend = f"`{host}` cannot be reached", _WITHOUT_NETWORK
    return Check("network", "warn", found, mend)


def check_proxies(proxies: dict[str, str] | None = None) -> Check:
    """The proxies of the environment, without any password in them."""
    found = urllib.request.getproxies() if proxies is None else proxies
    if not found:
        return Check("proxy", "ok", "none set")
    shown = ", ".join(f"{scheme} {url.rpartition('@')[2]}" for scheme, url in sorted(found.items()))
    return Check("proxy", "ok", f"from the environment: {shown}")
