"""Takes a question apart that asks several things at once: "Does A say that ..., while B claims that ...?".

Each part is searched by itself, in the articles of whoever it names, so that what one source says isn't crowded out by
what another does. Plain rules over the words; the whole question is always searched too, so a bad cut costs little.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from qa.attribution.groups import Registry
from qa.index.lexical import content_words

FEWEST_WORDS = 3  # with meaning, that a part has to have besides names of groups
_TOO_SHORT = 5  # words; a shorter piece belongs to the one before
PRESS = frozenset({None, "newspaper", "broadcaster", "magazine", "agency"})  # kinds of groups that are named as sources, not as a topic
_LINK = (
    r"while|whereas|but|although|yet|despite|compared (?:to|with)|in (?:contrast|comparison) (?:to|with)|versus"
    r"|as (?:also )?(?:reported|mentioned|stated|noted|described|covered|discussed) (?:by|in)"
    r"|and (?=(?:how|does|did|do|is|are|was|were|has|have|what|which|who|whether|that|the|a|also|in|according|another|later|report|article)"
    r"\b)"
)
_CUT = re.compile(rf",?\s+(?:{_LINK})\s*|[;,]\s+(?:and\s+|or\s+)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """Something that a question asks, and the groups that it names as the source of it; none where it names nobody."""

    text: str
    sources: tuple[str, ...]


def parts_of(text: str, asked: tuple[str, ...], registry: Registry) -> tuple[Part, ...]:
    """Return what is to be searched beside the whole question, none where that is one thing asked of nobody.

    `asked` are the groups that the question is asked of as a whole.
    """
    pieces = [piece for piece in pieces_of(text) if len(_own_words(piece, registry)) >= FEWEST_WORDS]
    everybody = tuple(dict.fromkeys((*asked, *sources_in(text, registry))))
    if len(pieces) < 2:
        return (Part(text, everybody),) if everybody else ()
    return tuple(Part(piece, tuple(sources_in(piece, registry)) or everybody) for piece in pieces)


def sources_in(text: str, registry: Registry) -> Iterator[str]:
    """Yield the papers and the like that a text names; a party or a state that is named is more often what it is about."""
    for mention in registry.mentions(text):
        for group in mention.groups:
            known = registry.groups.get(group)
            if known is None or known.kind in PRESS:
                yield group


def pieces_of(text: str) -> list[str]:
    """Return the pieces that a text falls into at its links and commas; very short ones stay with the one before."""
    pieces: list[str] = []
    for piece in (part.strip(" ,;?.") for part in _CUT.split(text)):
        if pieces and len(piece.split()) < _TOO_SHORT:
            pieces[-1] = f"{pieces[-1]} {piece}"
        elif piece:
            pieces.append(piece)
    return pieces


def _own_words(piece: str, registry: Registry) -> list[str]:
    for mention in reversed(list(registry.mentions(piece))):
        piece = f"{piece[: mention.span.start]} {piece[mention.span.end :]}"
    return content_words(piece)
