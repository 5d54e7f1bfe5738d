"""Measuring trained networks on held-out data."""
