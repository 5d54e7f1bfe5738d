"""Recipe kinds, one file each; each module exports KIND.

A further kind is one more module here, or in a folder appended to this package's `__path__`.
"""
