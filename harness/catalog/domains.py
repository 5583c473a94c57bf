"""The kinds of pictures that models take and make, shared by models and datasets."""

from __future__ import annotations

from harness.catalog.types import Domain

DOMAINS: dict[str, Domain] = {
    domain.id: domain
    for domain in (
        # Each stands for what a model's training pictures have in common: nearness is judged beside those.
        Domain("facade_photo", "photo", "house front, rectified, filling the picture"),
        Domain("facade_label", "label_map", "house front as flat areas in the 12 colours of the CMP labels"),
        Domain("cityscapes_photo", "photo", "street of a German city from behind a windscreen"),
        Domain("cityscapes_label", "label_map", "street as flat areas in the Cityscapes colours"),
        Domain("edges", "edges", "black outlines of one object on white, as of an edge detector"),
        Domain("shoe_photo", "photo", "one shoe on white"),
        Domain("handbag_photo", "photo", "one handbag on white"),
        Domain("satellite", "photo", "city from above, as Google Maps showed it in 2016"),
        Domain("map", "map", "street map as Google Maps drew it in 2016"),
        Domain("day_photo", "photo", "outdoor scene of a fixed camera by day"),
        Domain("night_photo", "photo", "outdoor scene of a fixed camera by night"),
        Domain("apple", "photo", "apples"),
        Domain("orange", "photo", "oranges"),
        Domain("horse", "photo", "wild horses in the open"),
        Domain("zebra", "photo", "zebras in the open"),
        Domain("summer_photo", "photo", "Yosemite valley in summer"),
        Domain("winter_photo", "photo", "Yosemite valley in winter"),
        # B of all four painters' sets.
        Domain("photo", "photo", "landscape photo"),
        Domain("monet_painting", "drawing", "landscape painting by Monet"),
        Domain("cezanne_painting", "drawing", "painting by Cézanne"),
        Domain("ukiyoe_print", "drawing", "Japanese ukiyo-e print"),
        Domain("vangogh_painting", "drawing", "painting by van Gogh"),
        Domain("iphone_flower", "photo", "flower taken with an iPhone, everything in focus"),
        # Inputs of `harness train --task`, made from the targets.
        Domain("grey", "photo", "photo without its colours"),
        Domain("blank", "photo", "photo with a grey hole of a quarter of its area"),
        Domain("superres", "photo", "photo of a quarter of the pixels a side, enlarged again"),
        # For sets of one's own, of which nobody has said what they show.
        Domain("own_a", "photo", "pictures like those on the A side of the set it was trained on"),
        Domain("own_b", "photo", "pictures like those on the B side of the set it was trained on"),
        Domain("dslr_flower", "photo", "flower taken with a single-lens reflex camera, background out of focus"),
    )
}
