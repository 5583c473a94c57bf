"""How many near-duplicates `--split` finds, and how many different pictures it takes for one.

    python benchmarks/near_duplicates.py FOLDER_OF_PHOTOS

Every picture is changed in ways that leave it the same picture to people; each change's share of copies that are found
is printed, then the share of pairs of different pictures that are taken for one (among them may be real duplicates,
which are named to be looked at).
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageOps

from harness.images.opening import open_rgb
from harness.prepare.splitting import fingerprint, groups_of, same_picture
from harness.sets.walking import walk


def _encoded(picture: Image.Image) -> Image.Image:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=30)
    return Image.open(stream).convert("RGB")


def _cropped(picture: Image.Image, left: int, top: int, right: int, bottom: int) -> Image.Image:
    box = (left, top, picture.width - right, picture.height - bottom)
    return picture.crop(box).resize(picture.size, Image.Resampling.BICUBIC)


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "JPEG of quality 30": _encoded,
    "half as large": lambda p: p.resize((p.width // 2, p.height // 2), Image.Resampling.BICUBIC),
    "20 % brighter": lambda p: p.point([min(255, round(v * 1.2)) for v in range(256)] * 3),
    "2 % cropped at each side": lambda p: _cropped(p, 5, 5, 5, 5),
    "5 % cropped at each side": lambda p: _cropped(p, 13, 13, 13, 13),
    "shifted by 4 pixels": lambda p: _cropped(p, 4, 4, 0, 0),
    "mirrored": ImageOps.mirror,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    files = walk(parser.parse_args().folder).pictures
    pictures = [open_rgb(file.path).resize((256, 256), Image.Resampling.BICUBIC) for file in files]
    prints = [fingerprint(picture) for picture in pictures]
    for name, change in CHANGES.items():
        caught = sum(same_picture(a, fingerprint(change(p))) for a, p in zip(prints, pictures, strict=True))
        print(f"{name:28} {caught} of {len(prints)} found")
    groups = groups_of(prints, [file.name for file in files])
    print(f"different pictures: {len(set(groups))} groups of {len(groups)}")
    for n, group in enumerate(groups):
        if group != n:
            print(f"  taken for one: {files[group].name} and {files[n].name}")


if __name__ == "__main__":
    main()
