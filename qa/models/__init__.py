"""Loads models from disk and runs them. Knows nothing of articles, indexes or answers."""
