"""Boxes, and resizing transforms that carry the inverse for coordinates."""
