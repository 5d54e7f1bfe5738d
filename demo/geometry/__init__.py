"""Boxes and the image transforms that carry their own inverse."""
