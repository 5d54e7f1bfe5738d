"""Explanations of answers: maps of what in a picture speaks for a class, each with its check."""
