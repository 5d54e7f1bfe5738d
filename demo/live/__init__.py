"""Video: frames in, answers and frames out, side by side; no user interface."""
