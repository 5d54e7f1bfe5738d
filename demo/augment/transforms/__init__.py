"""One file a transform; each declares SPEC."""
