"""Measures an index with questions whose right answers are known, and prints what came of it.

`gold` reads the question files, `marks` judges one answer, `figures` makes shares of many, `run` asks, `tables` shows.
The right answers never reach what is asked: a question is made of the words, the earlier questions and `filters` only.
"""
