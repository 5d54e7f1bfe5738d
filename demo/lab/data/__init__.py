"""Data sets of the lab as arrays and lists of photos."""
