"""Transforms, one file each; each declares SPEC."""
