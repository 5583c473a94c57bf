"""What `explain` states and where it stands: sections, statements, formulas and their sources; texts are in `text/`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Literal

from harness.catalog.repositories import LUA, PYTORCH
from harness.catalog.types import Repository

Paper = Literal["pix2pix", "CycleGAN"]
ARXIV: dict[Paper, str] = {"pix2pix": "1611.07004", "CycleGAN": "1703.10593"}


@dataclass(frozen=True)
class Section:
    """A section of one of the two papers, by the numbering of its arXiv version."""

    paper: Paper
    number: str

    def __str__(self) -> str:
        return f"{self.paper} §{self.number}"

    @property
    def url(self) -> str:
        return f"https://arxiv.org/abs/{ARXIV[self.paper]}"


@dataclass(frozen=True)
class Line:
    """A line of upstream's code at the pin; `token` stands on that very line."""

    file: str
    number: int
    token: str
    repository: Repository = PYTORCH

    def __str__(self) -> str:
        return f"{self.file}:{self.number}"

    @property
    def url(self) -> str:
        return f"{self.repository.url}/blob/{self.repository.commit}/{self.file}#L{self.number}"


Source = Section | Line


@dataclass(frozen=True)
class Statement:
    """A statement: the key of its text, its sources, and the formula under it, if any."""

    key: str
    sources: tuple[Source, ...]
    formula: str = ""


# The token of a line is looked for in the pinned file by a test: a wrong number fails there.
_p, _c = partial(Section, "pix2pix"), partial(Section, "CycleGAN")
_net = partial(Line, "models/networks.py")
_pix = partial(Line, "models/pix2pix_model.py")
_cyc = partial(Line, "models/cycle_gan_model.py")
_train = partial(Line, "options/train_options.py")
_base = partial(Line, "options/base_options.py")
_lua = partial(Line, repository=LUA)

# The papers' equations 1, 3 and 4 (pix2pix), 2, 3 and section 5.2 (CycleGAN); `_{…}` are subscripts.
CGAN = "L_{cGAN}(G, D) = E_{x,y}[log D(x, y)] + E_{x,z}[log(1 − D(x, G(x, z)))]"
L1 = "L_{L1}(G) = E_{x,y,z}[‖y − G(x, z)‖_{1}]"
OBJECTIVE = "G* = arg min_{G} max_{D} L_{cGAN}(G, D) + λ L_{L1}(G)"
CYCLE = "L_{cyc}(G, F) = E_{x}[‖F(G(x)) − x‖_{1}] + E_{y}[‖G(F(y)) − y‖_{1}]"
FULL = "L(G, F, D_{X}, D_{Y}) = L_{GAN}(G, D_{Y}) + L_{GAN}(F, D_{X}) + λ L_{cyc}(G, F)"
IDENTITY = "L_{identity}(G, F) = E_{y}[‖G(y) − y‖_{1}] + E_{x}[‖F(x) − x‖_{1}]"

# The papers' notation: Ck is convolution, norm and ReLU with k filters, CDk the same with dropout.
U_NET = "encoder C64-C128-C256-C512-C512-C512-C512-C512, decoder CD512-CD1024-CD1024-C1024-C1024-C512-C256-C128"
PATCH_GAN = "C64-C128-C256-C512"

# In the order of the page; the first word of a key is the chapter.
STATEMENTS = (
    Statement("gan.game", (_p("1"),)),
    Statement("gan.method", (_p("1"), _p("4"))),
    Statement("gan.conditional", (_p("3"), _pix(93, "we use conditional GANs"))),
    Statement("gan.channels", (_p("3.1"), _pix(61, "opt.input_nc + opt.output_nc")), CGAN),
    Statement("generator.unet", (_p("3.2.1"), _p("6.1.1"), _net(442, "innermost=True"))),
    Statement("generator.notation", (_p("6.1.1"),), U_NET),
    Statement("generator.skips", (_p("3.2.1"), _net(515, "torch.cat([x, self.model(x)], 1)"))),
    Statement("generator.without_skips", (_p("4.3"),)),
    Statement("generator.bottleneck", (_p("6.3"), _net(496, "down = [downrelu, downconv]"))),
    Statement("generator.resnet", (_c("4"), _net(420, "x + self.conv_block(x)"))),
    Statement("discriminator.patches", (_p("3.2.2"), _net(550, "output 1 channel prediction map"))),
    Statement("discriminator.structured", (_p("2"),)),
    Statement("discriminator.texture", (_p("3.2.2"),)),
    Statement("discriminator.notation", (_p("6.1.2"),), PATCH_GAN),
    Statement("discriminator.why", (_p("3.2.2"),)),
    Statement("discriminator.field", (_p("4.4"), _net(179, "70×70 overlapping patches"))),
    Statement("discriminator.variants", (_p("4.4"), _base(34, "--n_layers_D"))),
    Statement("losses.discriminator", (_p("3.3"), _net(234, "BCEWithLogitsLoss"), _pix(101, "* 0.5"))),
    Statement("losses.generator", (_p("3.3"), _pix(109, "self.criterionGAN(pred_fake, True)"))),
    Statement("losses.l1", (_p("3.1"), _pix(111, "self.criterionL1(self.fake_B, self.real_B)")), L1),
    Statement("losses.lambda", (_p("3.1"), _p("4.2"), _pix(36, "default=100.0")), OBJECTIVE),
    Statement("noise.dropout", (_p("3.1"), _net(505, "nn.Dropout(0.5)"))),
    Statement("noise.little", (_p("3.1"),)),
    Statement("noise.test", (_p("3.3"), Line("test.py", 65, "batchnorm and dropout"))),
    Statement("noise.statistics", (_p("3.3"), Line("test.py", 50, "batch_size = 1"))),
    Statement("training.steps", (_p("3.3"), _pix(118, "# update D"), _pix(123, "# update G"))),
    Statement("training.adam", (_p("3.3"), _train(28, "default=0.0002"), _pix(68, "betas=(opt.beta1, 0.999)"))),
    Statement("training.schedule", (_train(25, "default=100"), _train(26, "linearly decay"))),
    Statement("training.start", (_p("6.2"), _net(90, "init.normal_(m.weight.data, 0.0, init_gain)"))),
    Statement("training.jitter", (_p("6.2"), _base(45, "default=286"), _base(46, "default=256"))),
    Statement("cyclegan.unpaired", (_c("3"), _cyc(10, "without paired data"))),
    Statement("cyclegan.two", (_c("3"), _cyc(78, "G_A (G), G_B (F), D_A (D_Y), D_B (D_X)"))),
    Statement("cyclegan.cycle", (_c("3.2"), _cyc(42, "default=10.0"), _cyc(175, "self.loss_cycle_A")), CYCLE),
    Statement("cyclegan.full", (_c("3.3"),), FULL),
    Statement("cyclegan.identity", (_c("5.2"), _cyc(47, "default=0.5"), _cyc(162, "self.loss_idt_A")), IDENTITY),
    Statement("cyclegan.least_squares", (_c("4"), _net(232, "MSELoss"), _train(29, "default='lsgan'"))),
    Statement("cyclegan.pool", (_c("4"), _train(30, "default=50"))),
    Statement("cyclegan.norm", (_c("4"), _base(35, 'default="instance"'), _cyc(40, "no_dropout=True"))),
    Statement("evaluation.people", (_p("4.1"), _p("4.5"))),
    Statement("evaluation.segmented", (_p("4.1"), _p("4.2"))),
    Statement("evaluation.unpaired", (_c("5.1"),)),
    Statement("limits.sparse", (_p("4"),)),
    Statement("limits.geometry", (_c("6"),)),
    Statement("limits.data", (_c("6"),)),
    Statement("afterwards.larger", (Line("README.md", 298, "pix2pixHD"), Line("README.md", 299, "SPADE/GauGAN"))),
    Statement("afterwards.unpaired", (Line("README.md", 11, "contrastive-unpaired-translation"),)),
    Statement("afterwards.diffusion", (Line("README.md", 9, "img2img-turbo"),)),
    Statement("lua.sigmoid", (_lua("models.lua", 209, "nn.Sigmoid()"), _net(224, "Do not use sigmoid"))),
    Statement("lua.schedule", (_lua("train.lua", 23, "niter = 200"), _train(26, "n_epochs_decay"))),
    Statement("lua.bias", (_lua("train.lua", 231, "m.bias:zero()"), _net(483, "bias=use_bias"))),
    Statement("lua.dropout", (_lua("models.lua", 67, "nn.Dropout(0.5)"), _net(497, "upnorm]"))),
    Statement("lua.gradient", (_lua("train.lua", 273, "netD.output"), _pix(108, "self.netD(fake_AB)"))),
    Statement("lua.results", (Line("README.md", 17, "comparable to or better"),)),
)

# Neighbours of one chapter stand together above: `groupby` joins only those.
CHAPTERS = {key: tuple(told) for key, told in groupby(STATEMENTS, key=lambda s: s.key.partition(".")[0])}
"""Statements by the first word of their keys; the page sets this model's drawings and pictures beside some of them."""

QUESTIONS = tuple(f"question.{number}" for number in range(1, 11))
ANSWERS = tuple(f"answer.{number}" for number in range(1, 11))
