"""Serves the page over the articles that ship, building their index at the first start."""

from qa import settings
from qa.web import serve

if __name__ == "__main__":
    serve(settings.default_index(), [settings.shipped_corpus()])
