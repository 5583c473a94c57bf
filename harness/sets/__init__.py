"""A set of pictures: found, walked, described, selected."""
