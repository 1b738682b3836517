"""Reads a question: what is wanted, who is asked, about what, when, and what is carried over from earlier turns. Knows no ranking."""
