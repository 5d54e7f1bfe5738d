"""Models from the owner's own files: one file a kind of file; each declares READER."""
