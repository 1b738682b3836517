"""Who says what in an article, and which body a name stands for. Knows nothing of questions or indexes."""
