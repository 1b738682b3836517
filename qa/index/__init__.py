"""Keeps articles and finds passages: SQLite holds the truth, FAISS and tantivy are derived from it.

Knows nothing of questions' meaning or of how an answer is worded.
"""
