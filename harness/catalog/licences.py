"""What may be done with datasets and weights, as far as upstream says.

Where pictures come from: `docs/datasets.md:8-15,26-31` of the pinned PyTorch repository.
"""

from __future__ import annotations

CMP = "CMP Facade Database, Czech Technical University: cite its paper"
CITYSCAPES = "Cityscapes: not redistributed, its own non-commercial licence after registration"
GOOGLE_MAPS = "scraped from Google Maps: Google's terms, no right to publish"
IMAGENET = "pictures from ImageNet: their owners' rights, research only"
FLICKR = "pictures from Flickr: their owners' rights"
ART = "paintings from WikiArt, photos from Flickr: their owners' rights"
ZAPPOS = "UT Zappos50K: its own academic terms, cite its paper"
HANDBAGS = "product pictures from Amazon (iGAN project): their owners' rights, cite its paper"
TRANSIENT = "Transient Attributes dataset: cite its paper"
UNSTATED = "none stated"


def of_weights(dataset_licence: str) -> str:
    """Returns the note for weights trained on such pictures."""
    return f"none stated for the weights; trained on: {dataset_licence}"
