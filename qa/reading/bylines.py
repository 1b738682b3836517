"""Who wrote an article, as a line of its own says: "By Ada Marsh and Tom Hale", "Words: Ada Marsh", "— Ada Marsh".

Only names of persons; "By our staff" and "By the River Trust" name nobody. A bare name is weighed with the text around it.
"""

from __future__ import annotations

import re
from functools import lru_cache

from qa.words import BODY_WORDS, MEN, MORE_GIVEN, WOMEN

_LONGEST = 160
_PREFIX = re.compile(
    r"^[\s*_(\[]*(?:(?:words|text|story|written|reported|report|interview|posted|review|analysis|opinion|comment|translated from [\w ]+)"
    r"(?: (?:and|&) (?:photos?|pictures|words|text|interview))? by:?|(?:words|text|story|author|authors|autor|autora|autore"
    r"|auteur|by|von|par|por):"
    r"|by|By|BY|Von|Par|Por|Di)\s+",
)
_PREFIX_ANY_CASE = re.compile(_PREFIX.pattern, re.IGNORECASE)
_BY_WHOEVER = re.compile(
    r"(?:By|BY|by)(?: (?:the|our|The|of|and|for|[A-Z][\w’'.-]*| ?&)){1,6}(?:,? (?:staff|team|desk|reporters?|correspondents?))?"
)
_DASH = re.compile(r"^\s*(?:[—–―]|--)\s*")
_AND = re.compile(r"\s+(?:and|&|und|et|y|e|en)\s+", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_](?:[\w’'\-]*[^\W\d_])?\.?")
_PARTICLES = frozenset("al ap bin da das de degli del della den der di do dos du el ibn la le ten ter van vom von zu zum y".split())
_ROLES = frozenset(
    """
    admin analyst assistant associate chief co-founder columnist contributor contributors correspondent correspondents critic deputy
    desk director editor editor-in-chief editorial editors essay executive fellow foreign founder freelance guest health historian
    intern journalist lecturer manager member national news opinion organiser organizer photographer political president press producer
    professor reader reporter reporters researcher senior special spokesman spokesperson spokeswoman sport sports staff student
    technology treasurer writer writers
    """.split()
)  # fmt: skip
_COMMON = frozenset(
    """
    a about action advertisement after again against all always an and another appeal apple are back be before best better black blue
    bread brief build by call can ceasefire change city clean climate co come contents dark days dear defend demands details down east
    edition editorial email end enough equality every fight fire first follow for forward free freedom from full further get go gold
    good great green happy have hear help here high holy home hope how image images in international introduction is issue join just
    justice keep king lake land last latest learn leave let life light live long love made make many me media more most much must my
    national never new next night no north northern not note notes nothing now of off old on one open or our out over page park part
    peace people photo picture please power prime print questions read reading really red references related resist rights river road
    royal saint sale save sea secretary section see share sign solidarity some source south southern square st start state statement
    stay stop street strike struggle subscribe summary sun super support take team tell test than thank thanks that the their then
    there these they things this time to together tomorrow top topics tv two under union united unity until up update upper us valley
    victory view viva vive vote war was watch water way we weather week welcome west western what when where which white who why will
    win with women work worker world year years yes you young your
    """.split()
)  # fmt: skip
_PLACES = frozenset(
    """
    airport avenue bay beach bridge castle county district drive farm forest garden gardens gate hall harbour heights hill hotel house
    island islands lane library lock market mill museum palace park place road school square station street theatre tower town valley
    village weir
    """.split()
)  # fmt: skip
_SURNAMES = frozenset("black day forest green hall hill king lake lane law long may west white wood".split())


def byline(line: str) -> str | None:
    """Return the persons whom a line names as the authors: "By Ada Marsh, River Correspondent"; None where it isn't a byline."""
    if len(line) > _LONGEST:
        return None
    line = line.strip(" \t*_[]|")
    prefix = _PREFIX_ANY_CASE.match(line)
    if prefix and (prefix[0][0].isupper() or ":" in prefix[0]):
        return _people(line[prefix.end() :], sure=True)
    if prefix and prefix[0].split()[0] == "by":
        return _people(line[prefix.end() :], sure=True)
    dash = _DASH.match(line)
    if dash:
        return _people(line[dash.end() :], sure=False)
    return None


def reads_as_byline(line: str) -> bool:
    """Tell whether a line is a byline, be it of nobody: "By our staff" has no author, and still heads an article."""
    return byline(line) is not None or (len(line) <= 70 and _BY_WHOEVER.fullmatch(line.strip(" \t*_[]|")) is not None)


def bare_names(line: str) -> str | None:
    """Return the persons of whose names a line is made, perhaps with a role or a place behind; by common given names."""
    return _people(line.strip(" \t*_.()[]"), sure=False) if 4 < len(line) <= _LONGEST else None


def may_be_name(line: str) -> bool:
    """Tell whether a line has the form of one person's name and holds no word that speaks against it."""
    words = line.strip(" \t*_").split()
    return len(line) <= 40 and 2 <= len(words) <= 4 and _is_name(words) and line.strip().casefold() not in _territories()


def is_person(name: str) -> bool:
    """Tell whether a name has the form of a person's and begins with a common given name."""
    return _is_name(name.split()) and _is_given(name.split(maxsplit=1)[0])


def _people(text: str, *, sure: bool) -> str | None:
    """Return the names that a text begins with; `sure` where a word before them already tells that they are names."""
    text = re.split(r"\s*[|/•·@<(\[]|\s[–—-]\s|\s+(?:in|at|for|of|from|is|with)\s", text.strip().rstrip("."))[0].strip(" ,;:")
    pieces = [piece.strip() for part in re.split(r"\s*,\s*(?:and\s+)?", text) for piece in _AND.split(part)]
    found: list[str] = []
    for piece in pieces:
        words = piece.split()
        if not _is_name(words) or not (_is_given(words[0]) or (sure and (not found or text.endswith(f"and {piece}")))):
            if found and piece and (_is_role(words) or piece in text.partition(",")[2]):
                break
            return None
        found.append(_in_small_letters(piece))
    return ", ".join(found) or None


def _is_name(words: list[str]) -> bool:
    if not 2 <= len(words) <= 5 or not words[0][:1].isupper() or not words[-1][:1].isupper():
        return False
    for at, word in enumerate(words):
        small = word.casefold().rstrip(".")
        if not _WORD.fullmatch(word) or (word[0].islower() and small not in _PARTICLES):
            return False
        if small in _SURNAMES and at == len(words) - 1 and _is_given(words[0]):
            continue
        if small in BODY_WORDS or small in _ROLES or small in _COMMON or small in _PLACES or small in _months_and_days():
            return False
    return sum(len(word) > 2 for word in words) >= 1 and len(words[-1].rstrip(".")) > 1


def _is_given(word: str) -> bool:
    small = word.casefold().rstrip(".")
    first = small.partition("-")[0]
    return len(small) == 1 or any(name in names for name in (small, first) for names in (MEN, WOMEN, MORE_GIVEN))


def _is_role(words: list[str]) -> bool:
    return any(word.casefold() in _ROLES for word in words)


def _in_small_letters(name: str) -> str:
    """Write a name that shouts as it is written elsewhere: "ADA MARSH" is Ada Marsh."""
    return name if not name.isupper() else " ".join(word.capitalize() if len(word) > 2 else word for word in name.split())


@lru_cache(maxsize=1)
def _months_and_days() -> frozenset[str]:
    from babel.dates import get_day_names, get_month_names

    names = [*get_month_names("wide", locale="en").values(), *get_day_names("wide", locale="en").values()]
    return frozenset(name.casefold() for name in names) - {"april", "june", "may", "august"}  # also given names


@lru_cache(maxsize=1)
def _territories() -> frozenset[str]:
    from babel import Locale

    return frozenset(name.casefold() for name in Locale("en").territories.values())
