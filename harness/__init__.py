"""Reproduces the official pix2pix and CycleGAN results and takes them to anybody's own images."""

__version__ = "0.1.0"
