"""Overlays drawn with OpenCV, always on a copy."""
