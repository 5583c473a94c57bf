"""The shapes of catalog entries. Every fact stands once, with its source."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Family = Literal["pix2pix", "cyclegan"]
Direction = Literal["AtoB", "BtoA"]
Norm = Literal["batch", "instance", "none"]


@dataclass(frozen=True)
class Repository:
    """An upstream git repository pinned by full commit SHA."""

    id: str
    url: str
    commit: str
    commit_date: str
    licence: str
    role: str
    older_commits: tuple[str, ...] = ()


@dataclass(frozen=True)
class Architecture:
    """What the official `define_G` needs: the options that must fit the weights.

    `use_dropout` is None where the keys of a state dict do not tell (U-Nets).
    """

    netG: str
    norm: Norm
    use_dropout: bool | None
    ngf: int = 64
    input_nc: int = 3
    output_nc: int = 3

    @property
    def multiple_of(self) -> int:
        """Height and width of an input, in pixels, must be multiples of this."""
        return {"unet_128": 128, "unet_256": 256}.get(self.netG, 4)


@dataclass(frozen=True)
class Model:
    """A pretrained generator."""

    family: Family
    name: str
    url: str
    architecture: Architecture
    direction: Direction
    dataset: str
    split: str
    input_domain: str
    output_domain: str
    load_size: int
    crop_size: int
    licence: str
    source: str
    sha256: str | None = None
    size_bytes: int | None = None
    mirrors: tuple[str, ...] = ()
    note: str = ""

    @property
    def id(self) -> str:
        """`family/name`, unique over both families."""
        return f"{self.family}/{self.name}"

    @property
    def paired(self) -> bool:
        """Whether the model's dataset has a target for every input."""
        return self.family == "pix2pix"


@dataclass(frozen=True)
class Dataset:
    """A downloadable official dataset.

    `splits` maps a folder of the unpacked archive (`test`, `trainA` …) to its number of images, None if unknown.
    """

    family: Family
    name: str
    url: str
    layout: Literal["paired", "unpaired"]
    splits: dict[str, int | None] = field(hash=False)
    domain_a: str
    domain_b: str
    licence: str
    source: str
    tile: tuple[int, int] | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    mirrors: tuple[str, ...] = ()
    note: str = ""

    @property
    def id(self) -> str:
        """`family/name`, unique over both families."""
        return f"{self.family}/{self.name}"
