"""Augmentations: random parameters are sampled, applied and printed as torchvision code."""
