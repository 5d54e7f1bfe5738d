"""Data sets, recipes, training and evaluation of the project's own networks."""
