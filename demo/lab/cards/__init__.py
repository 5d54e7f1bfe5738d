"""Cards of published weights: typed facts (`weights/*.json`) and their Markdown (`*.md`)."""
