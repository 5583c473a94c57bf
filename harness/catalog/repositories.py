"""The authors' repositories, pinned by full commit SHA."""

from __future__ import annotations

from harness.catalog.types import Repository

PYTORCH = Repository(
    id="pytorch-CycleGAN-and-pix2pix",
    url="https://github.com/junyanz/pytorch-CycleGAN-and-pix2pix",
    # The tip of 2025-08-06, on which the scripts run with torch 2.13, Pillow 13 and numpy 2.4.
    commit="2a7afba2895d52556dd5dfe07e8555ef657ced6f",
    licence="BSD 2-Clause (file LICENSE: CycleGAN; pix2pix and DCGAN parts likewise BSD)",
)

LUA = Repository(
    id="pix2pix",
    url="https://github.com/phillipi/pix2pix",
    # The last one, of 2020-08-04.
    commit="89ff2a81ce441fbe1f1b13eca463b87f1e539df8",
    licence="BSD 2-Clause (file LICENSE)",
)

REPOSITORIES = {repository.id: repository for repository in (PYTORCH, LUA)}
"""What `harness setup` clones, by id."""
