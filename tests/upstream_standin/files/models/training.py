"""Models that learn: U-Nets of the depth and width the options say, with the real key names, and one-layer critics."""

import os
import select
import signal
import sys
from pathlib import Path

import torch
from torch import nn

from .base_model import FAILURES
from .networks import get_scheduler


class UnetSkipConnectionBlock(nn.Module):
    def __init__(self, outer, inner, inside=None, outermost=0, dropout=False):
        super().__init__()
        self.outermost = outermost
        shape = {"kernel_size": 4, "stride": 2, "padding": 1}
        down = nn.Conv2d(outermost or outer, inner, bias=False, **shape)
        up = nn.ConvTranspose2d(inner * (2 if inside else 1), outer, bias=bool(outermost), **shape)
        if outermost:
            layers = [down, inside, nn.ReLU(), up, nn.Tanh()]
        elif inside is None:
            layers = [nn.LeakyReLU(0.2), down, nn.ReLU(), up, nn.BatchNorm2d(outer)]
        else:
            layers = [nn.LeakyReLU(0.2), down, nn.BatchNorm2d(inner), inside, nn.ReLU(), up, nn.BatchNorm2d(outer)]
            layers += [nn.Dropout(0.5)] if dropout else []
        self.model = nn.Sequential(*layers)

    def forward(self, x):
        made = self.model(x)
        return made if self.outermost else torch.cat([x, made], 1)


class Generator(nn.Module):
    def __init__(self, netG, ngf, dropout, input_nc, output_nc):
        super().__init__()
        depth = int(netG.removeprefix("unet_")).bit_length() - 1
        block = UnetSkipConnectionBlock(ngf * 8, ngf * 8)
        for _ in range(depth - 5):
            block = UnetSkipConnectionBlock(ngf * 8, ngf * 8, block, dropout=dropout)
        for factor in (4, 2, 1):
            block = UnetSkipConnectionBlock(ngf * factor, ngf * factor * 2, block)
        self.model = UnetSkipConnectionBlock(output_nc, ngf, block, outermost=input_nc)

    def forward(self, x):
        return self.model(x)


class ImagePool:
    """Keeps earlier pictures as the real one does; its draws come from torch here."""

    def __init__(self, pool_size):
        self.pool_size, self.num_imgs, self.images = pool_size, 0, []

    def query(self, image):
        if len(self.images) < self.pool_size:
            self.images.append(image.detach())
            return image
        place = int(torch.randint(self.pool_size, (1,)))
        self.images[place], earlier = image.detach(), self.images[place]
        return earlier


class Trained:
    """What both models share, under the names the real BaseModel has."""

    def __init__(self, opt):
        self.opt, self.device = opt, opt.device
        self.save_dir = Path(opt.checkpoints_dir) / opt.name
        self.misbehaviour, self.steps = os.environ.get("STANDIN_MISBEHAVE", ""), 0
        for name in self.model_names:
            generator = name.startswith("G")
            channels = (opt.input_nc, opt.output_nc)
            net = (
                Generator(opt.netG, opt.ngf, not opt.no_dropout, *channels)
                if generator
                else nn.Conv2d(self.judged(opt), 1, 4, 2)
            )
            setattr(self, f"net{name}", net)
        groups = [[n for n in self.model_names if n.startswith(kind)] for kind in "GD"]
        parameters = [[p for n in group for p in getattr(self, f"net{n}").parameters()] for group in groups]
        self.optimizers = [torch.optim.Adam(group, lr=opt.lr, betas=(opt.beta1, 0.999)) for group in parameters]

    def judged(self, opt):
        """How many channels a critic sees."""
        return opt.output_nc

    def setup(self, opt):
        if torch.distributed.is_initialized():
            if opt.norm == "syncbatch":
                raise ValueError("For distributed training, opt.norm must be 'syncbatch' or 'inst'")
            for name in self.model_names:
                net = torch.nn.parallel.DistributedDataParallel(getattr(self, f"net{name}"), device_ids=[0])
                setattr(self, f"net{name}", net)
        self.schedulers = [get_scheduler(optimizer, opt) for optimizer in self.optimizers]

    def optimize_parameters(self):
        kind, _, number = self.misbehaviour.partition(":")
        if kind == "die" and self.steps == int(number):
            os.kill(os.getpid(), signal.SIGKILL)
        if kind == "wait" and self.steps == int(number):
            select.select([sys.stdin], [], [])
        self.steps += 1
        if self.misbehaviour == "batch" and self.opt.batch_size > 1:
            raise FAILURES["memory"]
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        self.compute()
        for optimizer in self.optimizers:
            optimizer.step()
        if self.misbehaviour == "nan" and self.steps == 6:
            with torch.no_grad():
                next(getattr(self, f"net{self.model_names[0]}").parameters()).mul_(float("nan"))

    def get_current_losses(self):
        return {name: float(getattr(self, f"loss_{name}")) for name in self.loss_names}

    def update_learning_rate(self):
        for scheduler in self.schedulers:
            scheduler.step(*([0] if self.opt.lr_policy == "plateau" else []))

    def save_networks(self, suffix):
        for name in self.model_names:
            net = getattr(self, f"net{name}")
            torch.save(getattr(net, "module", net).state_dict(), self.save_dir / f"{suffix}_net_{name}.pth")
            if self.misbehaviour == "disk" and suffix == 2:
                raise FAILURES["disk"]


class Pix2PixModel(Trained):
    model_names = ("G", "D")
    loss_names = ("G_GAN", "G_L1", "D_real")
    criterionL1 = nn.L1Loss()

    def judged(self, opt):
        return opt.input_nc + opt.output_nc

    def set_input(self, data):
        forward = self.opt.direction == "AtoB"
        self.real_A, self.real_B = (data["A"], data["B"]) if forward else (data["B"], data["A"])

    def compute(self):
        self.fake_B = self.netG(self.real_A)
        self.backward_D()
        self.backward_G()

    def backward_D(self):
        self.loss_D_real = self.netD(torch.cat((self.real_A, self.real_B), 1)).pow(2).mean()
        self.loss_D_real.backward()

    def backward_G(self):
        self.loss_G_GAN = -self.netD(torch.cat((self.real_A, self.fake_B), 1)).mean() * 0.01
        self.loss_G_L1 = self.criterionL1(self.fake_B, self.real_B) * self.opt.lambda_L1
        (self.loss_G_GAN + self.loss_G_L1).backward()


class ColorizationModel(Pix2PixModel):
    def lab2rgb(self, lightness, colours):
        made = torch.cat([lightness, colours], 1)[0].permute(1, 2, 0)
        return ((made.detach().numpy() + 1) * 127.5).clip(0, 255)


class CycleGANModel(Trained):
    model_names = ("G_A", "G_B", "D_A", "D_B")
    loss_names = ("D_A", "cycle_A", "D_B", "cycle_B")

    def __init__(self, opt):
        super().__init__(opt)
        self.fake_A_pool, self.fake_B_pool = ImagePool(opt.pool_size), ImagePool(opt.pool_size)

    def set_input(self, data):
        self.real_A, self.real_B = data["A"], data["B"]

    def compute(self):
        fake_B, fake_A = self.netG_A(self.real_A), self.netG_B(self.real_B)
        self.loss_D_A = self.netD_A(self.fake_B_pool.query(fake_B)).pow(2).mean()
        self.loss_cycle_A = (self.netG_B(fake_B) - self.real_A).abs().mean()
        self.loss_D_B = self.netD_B(self.fake_A_pool.query(fake_A)).pow(2).mean()
        self.loss_cycle_B = (self.netG_A(fake_A) - self.real_B).abs().mean()
        (self.loss_D_A + self.loss_cycle_A + self.loss_D_B + self.loss_cycle_B).backward()
