"""The only home of words of a language: dates, names, numbers, tokens."""
