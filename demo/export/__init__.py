"""Answers as files to take away."""
