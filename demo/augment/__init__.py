"""Augmentations, one file each: draw the parameters, apply them, print them as torchvision code."""
