"""Overlays drawn with OpenCV on a copy of the picture: boxes, masks, label plates, colours."""
