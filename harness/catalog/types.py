"""The shapes of catalog entries. Every fact stands once, with its source."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Family = Literal["pix2pix", "cyclegan", "colorization"]
"""The method; `colorization` is pix2pix from lightness to colour, of which there are no official weights."""
Direction = Literal["AtoB", "BtoA"]
Norm = Literal["batch", "instance", "none"]
OFFICIAL_GENERATORS = ("resnet_9blocks", "resnet_6blocks", "unet_128", "unet_256")
Layout = Literal["paired", "unpaired", "single"]
DomainKind = Literal["photo", "label_map", "edges", "drawing", "map"]
"""What a picture of a domain is made of: `drawing` is painted, printed or drawn; `edges` are black strokes on white."""


@dataclass(frozen=True)
class Domain:
    """A kind of picture that models take or make."""

    id: str
    kind: DomainKind
    description: str


@dataclass(frozen=True)
class Repository:
    """An upstream git repository pinned by full commit SHA."""

    id: str
    url: str
    commit: str
    licence: str
    role: str


@dataclass(frozen=True)
class Architecture:
    """What the official `define_G` needs: the options that must fit the weights.

    Attributes:
        netG: one of `OFFICIAL_GENERATORS`, or `unet_N` and `resnet_Nblocks` of another depth in the same manner.
        use_dropout: None where the keys of a state dict do not tell (U-Nets).
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
        return int(self.netG.removeprefix("unet_")) if self.netG.startswith("unet_") else 4

    @property
    def colorizes(self) -> bool:
        """Whether it is a generator of upstream's `colorization`: lightness in, the two colour axes of Lab out."""
        return (self.input_nc, self.output_nc) == (1, 2)

    @property
    def official(self) -> bool:
        """Whether the official scripts have a `--netG` of this name."""
        return self.netG in OFFICIAL_GENERATORS


@dataclass(frozen=True)
class Model:
    """A pretrained generator.

    Attributes:
        dataset: the dataset it was trained on, of the same family; `split` is the folder to test on.
        direction: which side of the dataset is the input: `AtoB` the left half or `testA`, `BtoA` the other.
        crop_size: pixels an official test brings pictures to.
        sha256, size_bytes: of the weights file, None if unknown: then recorded on first sight.
        own: whether it was trained in the workspace; `dataset` is then what `--dataset` must say.
    """

    family: Family
    name: str
    url: str
    architecture: Architecture
    direction: Direction
    dataset: str
    split: str
    input_domain: str
    output_domain: str
    crop_size: int
    licence: str
    source: str
    sha256: str | None = None
    size_bytes: int | None = None
    mirrors: tuple[str, ...] = ()
    note: str = ""
    own: bool = False

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
    """An official dataset.

    Attributes:
        layout: `paired` (A and B side by side in one picture), `unpaired` (`trainA`, `trainB` …), or `single`.
        splits: a folder of the unpacked archive (`test`, `trainA` …) to its number of images, None if unknown.
        tile: width and height in pixels of A and of B as published, None if unknown.
        downloadable: False where the official script refuses to bring it; the user's own copy can be unpacked.
        citations: papers of its collectors, ids of `harness.catalog.citations`; the method's paper comes beside them.
    """

    family: Family
    name: str
    url: str
    layout: Layout
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
    downloadable: bool = True
    citations: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """`family/name`, unique over both families."""
        return f"{self.family}/{self.name}"
