"""Say it, and prove it: model -> statements -> verified Answer. Imports retrieval and prompts."""
