"""Measuring published networks on held-out data."""
