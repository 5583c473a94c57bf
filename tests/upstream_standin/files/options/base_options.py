"""Options that test and train share, under the names the real scripts use."""

import argparse
from pathlib import Path

MODELS = {
    "pix2pix": ("batch", "unet_256", "aligned"),
    "test": (None, None, "single"),
    "cycle_gan": (None, None, "unaligned"),
    "colorization": ("batch", "unet_256", "colorization"),
}


def add_base_options(parser):
    parser.add_argument("--dataroot", required=True)
    parser.add_argument("--name", default="experiment_name")
    parser.add_argument("--checkpoints_dir", default="./checkpoints")
    # devices
    parser.add_argument("--model", default="cycle_gan")
    for name, default in (("input_nc", 3), ("output_nc", 3), ("ngf", 64), ("ndf", 64), ("crop_size", 256)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument(
        "--netG", default="resnet_9blocks", help="the generator [unet_32 | unet_64 | unet_128 | unet_256]"
    )
    parser.add_argument("--netD", default="basic", help="the critic [basic | n_layers | pixel]. It has one layer here")
    parser.add_argument("--n_layers_D", type=int, default=3)
    parser.add_argument("--norm", default="instance", help="normalization [instance | batch | none | syncbatch]")
    parser.add_argument("--no_dropout", action="store_true")
    parser.add_argument("--dataset_mode", default="unaligned")
    parser.add_argument("--direction", default="AtoB")
    parser.add_argument("--num_threads", type=int, default=4)
    parser.add_argument("--batch_size", type=int, default=1)
    parser.add_argument("--load_size", type=int, default=286)
    listed = "resize_and_crop | crop | scale_width | scale_width_and_crop | none"
    parser.add_argument("--preprocess", default="resize_and_crop", help=f"what is done to pictures [{listed}]")
    parser.add_argument("--no_flip", action="store_true")
    parser.add_argument("--serial_batches", action="store_true")
    parser.add_argument("--max_dataset_size", type=int, default=10**9)
    parser.add_argument("--epoch", default="latest")
    parser.add_argument("--load_iter", type=int, default=0)
    parser.add_argument("--suffix", default="")
    parser.add_argument("--use_wandb", action="store_true")


class BaseOptions:
    """The frame of both scripts' options; `gather_options` prints and writes nothing."""

    isTrain = False

    def initialize(self, parser):
        add_base_options(parser)
        return parser

    def gather_options(self):
        """Parses the command line with the model's own defaults."""
        parser = self.initialize(argparse.ArgumentParser(formatter_class=argparse.ArgumentDefaultsHelpFormatter))
        known, _ = parser.parse_known_args()
        if known.model not in MODELS:
            print(f"there is no model {known.model}")
            raise SystemExit(0)
        assert not (self.isTrain and known.model == "test"), "TestModel cannot be used during training time"
        norm, generator, dataset_mode = MODELS[known.model]
        defaults = {"norm": norm, "netG": generator, "dataset_mode": dataset_mode}
        parser.set_defaults(**{key: value for key, value in defaults.items() if value})
        if known.model == "colorization":
            parser.set_defaults(input_nc=1, output_nc=2)
        self.parser = parser
        return parser.parse_args()

    def parse(self):
        """Prints the options as a block and saves them."""
        opt = self.gather_options()
        opt.isTrain = self.isTrain
        lines = ["----------------- Options ---------------"]
        for key, value in sorted(vars(opt).items()):
            default = self.parser.get_default(key)
            changed = "" if value == default else f"\t[default: {default}]"
            lines.append(f"{key:>25}: {value!s:<30}{changed}")
        lines.append("----------------- End -------------------")
        print("\n".join(lines))
        folder = Path(opt.checkpoints_dir) / opt.name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{opt.phase}_opt.txt").write_text("\n".join(lines) + "\n")
        return opt
