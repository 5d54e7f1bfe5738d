"""How the answers of each task look: one file a task."""
