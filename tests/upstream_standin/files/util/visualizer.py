"""Saves pictures under the names the real script gives them."""

from pathlib import Path

import wandb

assert wandb is not None


def save_images(webpage, visuals, image_path, aspect_ratio=1.0, width=256):
    stem = Path(image_path[0]).stem
    for label, picture in visuals.items():
        name = f"{stem}_{label}.png"
        picture.save(webpage.images / name)
        webpage.names.append(name)
