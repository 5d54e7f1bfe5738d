"""Answers about many pictures as files: one file a format, which declares `FORMAT`."""
