"""Training loops of the built-in recipe kinds and what they share."""
