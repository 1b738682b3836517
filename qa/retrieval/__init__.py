"""From a question to passages: what it asks, of whom, and where the corpus speaks of it. Words no answer."""
