"""The shapes of catalog entries. Every fact stands once, with its source."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from harness.catalog.preprocessing import Preprocessing

Family = Literal["pix2pix", "cyclegan", "colorization"]
"""The method; `colorization` is pix2pix from lightness to colour, of which there are no official weights."""
Direction = Literal["AtoB", "BtoA"]
Discriminator = Literal["conditional", "unconditional", "none"]
Norm = Literal["batch", "instance", "none"]
# models/networks.py, `define_G`; `test.py` takes no others.
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


@dataclass(frozen=True)
class Architecture:
    """What the official `define_G` needs: the options that must fit the weights.

    Attributes:
        netG: one of `OFFICIAL_GENERATORS`, or `unet_N` and `resnet_Nblocks` of another depth in the same manner.
        use_dropout: None where the keys of a state dict do not tell (U-Nets).
        code: whose arithmetic takes pictures in and out: the PyTorch repository's, or the Lua original's. What follows
            is how U-Nets of the latter differ.
        biased: whether every convolution has a bias, also before a norm.
        skips: whether a level is joined with its mirror; without, it is the paper's encoder-decoder.
        dropout_levels: the levels that drop out, 0 the outermost; None for those of the PyTorch repository.
        bottleneck_norm: whether a norm follows the innermost convolution.
    """

    netG: str
    norm: Norm
    use_dropout: bool | None
    ngf: int = 64
    input_nc: int = 3
    output_nc: int = 3
    code: Literal["pytorch", "lua"] = "pytorch"
    biased: bool = False
    skips: bool = True
    dropout_levels: tuple[int, ...] | None = None
    bottleneck_norm: bool = False

    def to_json(self) -> dict[str, Any]:
        """Returns its fields as records hold them; those of the Lua original only where it is one."""
        own = ("code", "biased", "skips", "dropout_levels", "bottleneck_norm")
        return {key: value for key, value in asdict(self).items() if self.code == "lua" or key not in own}

    def drops_out(self, level: int, levels: int) -> bool:
        """Whether this level of a U-Net of so many levels has dropout, level 0 being the outermost."""
        if self.dropout_levels is not None:
            return level in self.dropout_levels
        # upstream: on the `num_downs - 5` blocks of 8 ngf between the innermost and the ones that narrow
        # Three of unet_256, two of unet_128, never the innermost.
        return bool(self.use_dropout) and 4 <= level < levels - 1

    @property
    def multiple_of(self) -> int:
        """Height and width of an input, in pixels, must be multiples of this."""
        # A U-Net halves its input down to one pixel: `unet_256` eight times. A ResNet halves it twice.
        return int(self.netG.removeprefix("unet_")) if self.netG.startswith("unet_") else 4

    @property
    def colorizes(self) -> bool:
        """Whether it is a generator of upstream's `colorization`: lightness in, the two colour axes of Lab out."""
        # L in, a and b out.
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
        family: the method, or `lua`: pix2pix as its paper's own Torch7 code trained it, on the datasets of pix2pix.
        preprocessing: how its training brought pictures to size, where a test is not simply at `crop_size`.
    """

    family: Family | Literal["lua"]
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
    preprocessing: Preprocessing | None = None

    @property
    def id(self) -> str:
        """`family/name`, unique over all families."""
        return f"{self.family}/{self.name}"

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height in pixels a test brings pictures to, None where `preprocessing` says it of each."""
        return None if self.preprocessing else (self.crop_size, self.crop_size)

    @property
    def paired(self) -> bool:
        """Whether the model's dataset has a target for every input."""
        return self.family in {"pix2pix", "lua"}

    @property
    def dataset_id(self) -> str:
        """The id of the dataset, if it is an official one."""
        return f"{'pix2pix' if self.family == 'lua' else self.family}/{self.dataset}"


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
    # A dict cannot be hashed; a dataset is known by its name.
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
