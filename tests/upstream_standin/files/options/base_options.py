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
    parser.add_argument("--model", default="cycle_gan", choices=sorted(MODELS))
    for name, default in (("input_nc", 3), ("output_nc", 3), ("ngf", 64), ("ndf", 64), ("crop_size", 256)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--netG", default="resnet_9blocks")
    parser.add_argument("--norm", default="instance")
    parser.add_argument("--no_dropout", action="store_true")
    parser.add_argument("--dataset_mode", default="unaligned")
    parser.add_argument("--direction", default="AtoB")
    parser.add_argument("--num_threads", type=int, default=4)
    parser.add_argument("--batch_size", type=int, default=1)
    parser.add_argument("--load_size", type=int, default=286)
    parser.add_argument("--preprocess", default="resize_and_crop")
    parser.add_argument("--no_flip", action="store_true")
    parser.add_argument("--serial_batches", action="store_true")
    parser.add_argument("--max_dataset_size", type=int, default=10**9)
    parser.add_argument("--epoch", default="latest")
    parser.add_argument("--use_wandb", action="store_true")


def parse(parser, is_train):
    """Applies the model's own defaults, prints the options as a block and saves them."""
    known, _ = parser.parse_known_args()
    norm, generator, dataset_mode = MODELS[known.model]
    defaults = {"norm": norm, "netG": generator, "dataset_mode": dataset_mode}
    parser.set_defaults(**{key: value for key, value in defaults.items() if value})
    if known.model == "colorization":
        parser.set_defaults(input_nc=1, output_nc=2)
    opt = parser.parse_args()
    opt.isTrain = is_train
    lines = ["----------------- Options ---------------"]
    for key, value in sorted(vars(opt).items()):
        default = parser.get_default(key)
        changed = "" if value == default else f"\t[default: {default}]"
        lines.append(f"{key:>25}: {value!s:<30}{changed}")
    lines.append("----------------- End -------------------")
    print("\n".join(lines))
    folder = Path(opt.checkpoints_dir) / opt.name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{opt.phase}_opt.txt").write_text("\n".join(lines) + "\n")
    return opt


def new_parser():
    return argparse.ArgumentParser(formatter_class=argparse.ArgumentDefaultsHelpFormatter)
