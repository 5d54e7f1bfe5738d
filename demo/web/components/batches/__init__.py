"""Several pictures at once on a tab: what visitors put in, how it is answered, and the strip."""
