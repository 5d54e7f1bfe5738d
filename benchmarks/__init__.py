"""Measurements of the README, one command each, against a peer in the same run."""
