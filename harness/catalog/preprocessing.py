"""Sizes of pictures as the authors' `--preprocess` makes them to train on, and as a test repeats them without chance.

The rules are those of `data/base_dataset.py` at the pinned commit: names are looked for inside the word, so that
`scale_width_and_crop` scales and crops.
"""

from __future__ import annotations

from dataclasses import dataclass

Size = tuple[int, int]

_JITTER = 1.2
"""A load size up to this many times the crop size only moves the picture about: the authors' own is 286 to 256."""


@dataclass(frozen=True)
class Preprocessing:
    """The options `--preprocess`, `--load_size` and `--crop_size`; sizes are width and height in pixels."""

    how: str = "resize_and_crop"
    load_size: int = 286
    crop_size: int = 256

    @property
    def crops(self) -> bool:
        return "crop" in self.how

    def scaled(self, size: Size) -> Size:
        """Returns what a picture is resized to, before anything is cut out of it."""
        width, height = size
        if "resize" in self.how:
            return self.load_size, self.load_size
        # __scale_width: the height follows, but is never less than what is cut out of it.
        if "scale_width" in self.how:
            keeps = width == self.load_size and height >= self.crop_size
            return size if keeps else (self.load_size, int(max(self.load_size * height / width, self.crop_size)))
        # __make_power_2 with base 4, as a ResNet halves twice; any other word leaves pictures as they are.
        return (round(width / 4) * 4, round(height / 4) * 4) if self.how == "none" else size

    def seen(self, size: Size) -> Size:
        """Returns the size of what the networks see of a picture."""
        return (self.crop_size, self.crop_size) if self.crops else self.scaled(size)

    def square(self) -> int | None:
        """Returns the side that a test brings every picture to, None where sizes follow the picture.

        What only moves about while it is trained is tested whole at the crop size, as the authors do; where little is
        cut out of much, the network knows things at the scale of the load size.
        """
        if "resize" not in self.how:
            return None
        return self.crop_size if self.crops and self.load_size <= _JITTER * self.crop_size else self.load_size

    def tested(self, size: Size, multiple: int) -> tuple[Size, Size]:
        """Returns what a test resizes a picture to, and what it takes from its middle: sides the network can halve."""
        side = self.square()
        scaled = (side, side) if side else self.scaled(size)
        # Cut, not resized again: the scale is what the network knows.
        return scaled, (scaled[0] // multiple * multiple, scaled[1] // multiple * multiple)

    def sampled(self, size: Size, multiple: int) -> tuple[Size, Size]:
        """Returns the same for a sample picture, of which no more is taken than is seen in training."""
        scaled, (width, height) = self.tested(size, multiple)
        most = self.crop_size if self.crops else max(width, height)
        return scaled, (min(width, most), min(height, most))
