"""Reads aligned pairs or single pictures, found and ordered as the real loaders do."""

import os
import random
from pathlib import Path

from PIL import Image

EXTENSIONS = tuple(
    e for pair in ("jpg", "jpeg", "png", "ppm", "bmp", "tif", "tiff") for e in (f".{pair}", f".{pair.upper()}")
)


def find_pictures(folder, limit):
    assert Path(folder).is_dir(), f"{folder} is not a valid directory"
    found = [str(p) for p in sorted(Path(folder).rglob("*")) if p.is_file() and p.name.endswith(EXTENSIONS)]
    return found[: min(limit, len(found))]


def fit(picture, opt):
    """Brings a picture to the asked size; with `--preprocess none` to multiples of 4."""
    if opt.preprocess == "none":
        size = tuple(round(side / 4) * 4 for side in picture.size)
    else:
        assert opt.load_size >= opt.crop_size
        size = (opt.load_size, opt.load_size)
    picture = picture if picture.size == size else picture.resize(size, Image.BICUBIC)
    return picture if opt.preprocess == "none" else picture.crop((0, 0, opt.crop_size, opt.crop_size))


class Dataset:
    def __init__(self, opt):
        self.opt = opt
        self.aligned = opt.dataset_mode == "aligned"
        folder = opt.dataroot if opt.dataset_mode == "single" else Path(opt.dataroot) / opt.phase
        self.paths = find_pictures(folder, opt.max_dataset_size)

    def __len__(self):
        return len(self.paths)

    def __iter__(self):
        for path in self.paths:
            picture = Image.open(path).convert("RGB")
            if not self.aligned:
                yield {"A": fit(picture, self.opt), "A_paths": [path]}
                continue
            width, height = picture.size
            left, right = picture.crop((0, 0, width // 2, height)), picture.crop((width // 2, 0, width, height))
            yield {"A": fit(left, self.opt), "B": fit(right, self.opt), "A_paths": [path], "B_paths": [path]}


class CustomDatasetDataLoader:
    """Tensors in random order, cropped at random, a batch at a time; a share of them for each of several processes."""

    def __init__(self, opt):
        self.opt, self.folders, self.epoch = opt, [Path(opt.dataroot) / opt.phase], 1
        self.aligned = opt.dataset_mode == "aligned"
        if opt.dataset_mode == "unaligned":
            self.folders = [Path(opt.dataroot) / f"{opt.phase}{side}" for side in "AB"]
        self.paths = [find_pictures(folder, opt.max_dataset_size) for folder in self.folders]

    def __len__(self):
        return min(max(map(len, self.paths)), self.opt.max_dataset_size)

    def set_epoch(self, epoch):
        self.epoch = epoch

    def __iter__(self):
        import torch

        order = torch.randperm(len(self)).tolist()
        if "LOCAL_RANK" in os.environ:
            generator = torch.Generator().manual_seed(self.epoch)
            order = torch.randperm(len(self), generator=generator).tolist()
            order += order[: -len(order) % int(os.environ["WORLD_SIZE"])]  # equal shares
            order = order[int(os.environ["RANK"]) :: int(os.environ["WORLD_SIZE"])]
        size = self.opt.batch_size
        for start in range(0, len(order), size):
            items = [self.item(i) for i in order[start : start + size]]
            yield {key: torch.stack([item[key] for item in items]) for key in ("A", "B")}

    def item(self, index):
        if self.opt.dataset_mode == "colorization":
            photo = self.tensor(Image.open(self.paths[0][index]).convert("RGB"))
            return {"A": photo.mean(0, keepdim=True), "B": photo[1:]}
        if self.aligned:
            pair = Image.open(self.paths[0][index]).convert("RGB")
            width, height = pair.size
            sides = [pair.crop((0, 0, width // 2, height)), pair.crop((width // 2, 0, width, height))]
        else:
            sides = [Image.open(paths[index % len(paths)]).convert("RGB") for paths in self.paths]
        return {key: self.tensor(side) for key, side in zip("AB", sides, strict=True)}

    def tensor(self, picture):
        import numpy as np
        import torch

        return torch.from_numpy(np.asarray(brought(picture, self.opt), dtype="float32") / 127.5 - 1).permute(2, 0, 1)


def brought(picture, opt):
    """Scales and crops a picture to train on as the real `get_transform` does."""
    load, crop, (width, height) = opt.load_size, opt.crop_size, picture.size
    if "resize" in opt.preprocess:
        picture = picture.resize((load, load), Image.BICUBIC)
    elif "scale_width" in opt.preprocess and not (width == load and height >= crop):
        picture = picture.resize((load, int(max(load * height / width, crop))), Image.BICUBIC)
    elif opt.preprocess == "none":
        picture = picture.resize(tuple(round(side / 4) * 4 for side in picture.size), Image.BICUBIC)
    if "crop" in opt.preprocess:
        left, top = (random.randrange(side - crop + 1) for side in picture.size)
        picture = picture.crop((left, top, left + crop, top + crop))
    return picture


def create_dataset(opt):
    if opt.isTrain:
        return CustomDatasetDataLoader(opt)
    if "LOCAL_RANK" in os.environ:
        raise ValueError("Default process group has not been initialized, please make sure to call init_process_group.")
    dataset = Dataset(opt)
    print(f"dataset [{opt.dataset_mode.capitalize()}Dataset] was created")
    return dataset
