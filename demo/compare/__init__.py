"""Comparison of several models of one task on one picture, with their sizes and latencies."""
