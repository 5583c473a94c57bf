"""Reads aligned pairs or single pictures, found and ordered as the real loaders do."""

import os
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
        folder = Path(opt.dataroot) / opt.phase if self.aligned else opt.dataroot
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


def create_dataset(opt):
    if "LOCAL_RANK" in os.environ:
        raise ValueError("Default process group has not been initialized, please make sure to call init_process_group.")
    dataset = Dataset(opt)
    print(f"dataset [{opt.dataset_mode.capitalize()}Dataset] was created")
    return dataset
