"""Video files: reading, annotating and writing."""
