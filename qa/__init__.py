"""whosaid answers which group said what, with attributed, word-for-word quotes. Start at `qa.library`."""
