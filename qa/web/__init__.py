"""The page: a small web server on this machine, where people ask and open the quotes they get."""

from qa.web.serve import serve

__all__ = ["serve"]
