"""The authors' repositories, pinned by full commit SHA."""

from __future__ import annotations

from harness.catalog.types import Repository

PYTORCH = Repository(
    id="pytorch-CycleGAN-and-pix2pix",
    url="https://github.com/junyanz/pytorch-CycleGAN-and-pix2pix",
    # Every line number that is cited here, and every hook, is of this commit.
    commit="2a7afba2895d52556dd5dfe07e8555ef657ced6f",
    licence="BSD 2-Clause (file LICENSE: CycleGAN; pix2pix and DCGAN parts likewise BSD)",
    role="PyTorch code of pix2pix and CycleGAN, the one harness runs",
)

LUA = Repository(
    id="pix2pix",
    url="https://github.com/phillipi/pix2pix",
    commit="89ff2a81ce441fbe1f1b13eca463b87f1e539df8",
    licence="BSD 2-Clause (file LICENSE)",
    role="the paper's own Torch (Lua) code of pix2pix; its .t7 weights run in the native engine",
)

REPOSITORIES = {repository.id: repository for repository in (PYTORCH, LUA)}
"""What `harness setup` clones, by id."""
