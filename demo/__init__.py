"""Vitrine: a shop window for vision models."""

__version__ = "0.1.0"
