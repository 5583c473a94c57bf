"""What may be done with datasets and weights, as far as upstream says; the part before the colon names the origin.

Where pictures come from: `docs/datasets.md:8-15,26-31` of the pinned PyTorch repository.
"""

from __future__ import annotations

CMP = "CMP Facade Database: cite its paper"
# Why the authors' script refuses to bring it.
CITYSCAPES = "Cityscapes: not redistributed; its own licence after registration"
GOOGLE_MAPS = "Google Maps: scraped from there; Google's terms, no right to publish"
IMAGENET = "ImageNet: the pictures' owners keep their rights; for research"
FLICKR = "Flickr: the pictures' owners keep their rights"
ART = "WikiArt and Flickr: the pictures' owners keep their rights"
ZAPPOS = "UT Zappos50K: its own terms; cite its paper"
HANDBAGS = "Amazon (iGAN project): the pictures' owners keep their rights; cite its paper"
TRANSIENT = "Transient Attributes: cite its paper"
UNSTATED = "not stated"
# Upstream says nothing of the weights: what holds is what their pictures allow.
_OF_WEIGHTS = "none stated for the weights; trained on "


def of_weights(dataset_licence: str) -> str:
    """Returns the note for weights trained on such pictures."""
    return _OF_WEIGHTS + dataset_licence


def origin(licence: str) -> str:
    """Returns where the pictures of a dataset, or behind a model, come from, in a few words for a table."""
    return licence.removeprefix(_OF_WEIGHTS).partition(":")[0]
