"""Class names in Chinese: a text file a vocabulary, and how answers get the names of a language."""
