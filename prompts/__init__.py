"""What a model is told: one Markdown file an act, and the loader. Imports no other room."""
