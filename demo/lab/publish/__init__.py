"""Writing trained weights and their cards into weights/."""
