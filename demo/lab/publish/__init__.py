"""From a finished run to the weight file and its card in `weights/`."""
