"""Lets a language model word an answer from its quotes, and checks each sentence before it is shown."""
