"""Fits every model and number that ships, from labelled rows. Nothing here is needed to answer."""
