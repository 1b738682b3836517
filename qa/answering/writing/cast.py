"""Who is named in a sentence, and who of them is said to say something: read from names, verbs of saying and their places.

Knows whose the quotes of an answer are and what groups go by. Strict where in doubt: a sentence may be lost, and nobody is given
another's words.
"""

from __future__ import annotations

import calendar
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from qa.answering.whose import bare
from qa.attribution.groups import Registry
from qa.index.lexical import STOP_WORDS, content_words
from qa.retrieval.vocabulary import NEUTRAL, OPINION, SAY
from qa.types import Citation, Span

_MORE = (
    "hopes?|hoped|fears?|feared|expects?|expected|plans?|planned|vows?|vowed|intends?|intended|seeks?|sought|pledges?|pledged|agrees?|agreed"
    "|disagrees?|disagreed|backs?|backed|favou?rs?|maintains?|maintained|stress(?:es|ed)?|emphasi[sz]e[sd]?|adds?|added|acknowledges?"
    "|acknowledged|confirms?|confirmed|recalls?|recalled|laments?|asserts?|asserted|contends?|contended|cautions?|cautioned|highlights?"
    "|highlighted|states?|refuse[sd]?|endorse[sd]?|advocate[sd]?|objects?|objected|protests?|protested|holds?|held|feels?|felt|requests?"
    "|requested|counters?|countered|dismiss(?:es|ed)?|approve[sd]?|doubts?|doubted|jokes?|joked|estimates?|estimated|reckons?|reckoned"
    "|pleads?|pleaded|questions?|questioned|underlines?|underlined|remarks?|remarked|observe[sd]?|shares?|shared|denounce[sd]?|attacks?"
    "|attacked|concedes?|conceded|pushe[sd] for|campaigns?|campaigned|lobb(?:y|ies|ied)|offers?|offered|quips?|quipped"
)
_SAYS = rf"(?:{SAY}|{_MORE})"
_ADVERBS = (
    r"(?:(?:\w+ly|also|both|all|each|not|never|then|further|again|still|too|instead|even|in turn"
    r"|have|has|had|would|will|may|might|does|do|did|n['’]t)\s+)*"
)
_AND = r"\s*(?:,\s*and|,|and|or|&|as well as|along with|together with)\s+(?:both\s+)?(?:the\s+)?"
_HOLE = "\x01"  # stands where a name is
_NAMES = rf"{_HOLE}(?:['’]s?)?(?:{_AND}{_HOLE}(?:['’]s?)?)*"
_ASIDE = r"(?:\s*\([^)]*\)|\s*,[^,;]{0,90},)?"
_OF = rf"(?:\s+of\s+(?:the\s+)?{_HOLE})?"
_SPEAKS = re.compile(rf"{_NAMES}{_OF}{_ASIDE}\s*{_ADVERBS}(?:{_SAYS})\b", re.IGNORECASE)
_HOLDS = re.compile(
    rf"{_NAMES}\s+(?:(?!{_HOLE})\w+\s+)?(?:{OPINION}|calls?|proposals?|support|opposition|hopes?|fears?|words|warnings?|plea|objections?)\b",
    re.IGNORECASE,
)
_LEADS = re.compile(
    rf"(?:\baccording to|\bin the (?:words|view|eyes|opinion) of|[,”\"’'?!]\s*(?:say|says|said|writes|wrote|argues|argued|adds|added"
    rf"|asks|asked|warns|warned|claims|claimed|explains|explained|insists|insisted|told us)|\b(?:\w+ed|written|said|told|made|put) by"
    r"|(?:^|,\s)for"
    rf"|\b(?:like|unlike|as does|as do|along with|together with|agree[sd]? with|disagree[sd]? with|joins?|joined by)"
    rf"|\bstatements? (?:of|by|from))\s+(?:both\s+)?(?:the\s+)?{_NAMES}",
    re.IGNORECASE,
)
_ALONE = (
    rf"(?<!and )(?<!and the )(?<!or )(?<!& )(?<!well as )(?<!well as the ){_HOLE}(?:['’]s?)?"
    rf"(?!\s*(?:,\s*and|and|or|&|as well as)\s+(?:the\s+)?{_HOLE})"
)
_REPORTS = re.compile(
    r"\b(?:according\s+to|(?:reported|quoted|told|cited|published|carried|reports?|articles?|paper|account|summary)\s+(?:by|in|of|to)|in)"
    rf"\s+(?:an?\s+(?:article|report|piece|text)\s+(?:by|of|in)\s+)?(?:the\s+)?{_ALONE}"
    rf"|{_ALONE}\s+(?:also\s+)?(?:quotes|quoted|reports|reported|cites|cited|tells|told|records|recorded|writes|wrote|notes|noted|says|said"
    rf"|recounts|relays)\b|{_ALONE}\s+(?:articles?|reports?|accounts?|papers?|pieces?)\b",
    re.IGNORECASE,
)
_OWN_WORDS = r"(?:\s+(?:in its own (?:article|voice|words)|in an? \w+))?"
_LINK = (
    r"^\W*(?:(?:however|also|and|but|while|whereas|meanwhile|in addition|by contrast|similarly|in turn)\W+)?"
    r"(?:(?:in|on|by|since)\s+[^,;:\x01]{1,25}(?:,\s*|\s+))?"
)
_WHO = rf"(?:both\s+)?(?:the\s+)?{_NAMES}{_OF}{_ASIDE}"
_ADDS = (
    rf"(?:{NEUTRAL}|adds?|added|states?|maintains?|maintained|warns?|warned|asserts?|asserted|holds?|stress(?:es|ed)|emphasi[sz]e[sd]|recalls"
    r"|remarks|observes|announced?|announces)"
)
_FRAMES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_LINK}(?:according to|in the (?:words|view|eyes|opinion) of|as (?:reported|quoted|told) by|for)\s+{_WHO}\s*[,:]\s*",
        rf"{_LINK}{_WHO}\s+(?:(?:also|both|all|each|then|further|\w+ly)\s+)*{_ADDS}\b(?:\s+in its own (?:article|voice|words))?"
        r"\s*(?:,\s*|:\s*|that\s+)?(?=\S)",
        rf"{_LINK}{_WHO}\s*:\s*(?=\S)",
        rf"{_LINK}(?:it|they|he|she|the \w+)\s+(?:(?:also|then|further|\w+ly)\s+)*{_ADDS}\b\s*(?:,\s*|:\s*|that\s+)?(?=\S)",
    )
)
_AFTER_FRAME = re.compile(
    rf"\s*,?\s*(?:{_WHO}\s*(?:\w+ly\s+)?{_ADDS}|{_ADDS}\s+{_WHO}|according to\s+{_WHO}"
    rf"|in the (?:words|view) of\s+{_WHO}){_ASIDE}\s*(?=\W*$)",
    re.IGNORECASE,
)
_REPORTED = re.compile(rf",\s*(?:as\s+)?(?:quoted|reported|told|cited) (?:by|in)\s+{_WHO}\s*(?:,|(?=\W*$))", re.IGNORECASE)
_POINTS_BACK = re.compile(
    r"^\W*(?:(?:and|but|also|however|moreover|further(?:more)?|in addition|additionally|for example|instead|still|then|similarly|so|yet"
    r"|at the same time|in particular|elsewhere|later|as a result)\W+)?"
    r"(?P<who>it|they|he|she|its|their|his|her|the (?:(?:same|latter) )?(?:group|organi[sz]ation|party|union|club|guild|trust|council|body"
    r"|paper|newspaper|article|statement|author|association|movement|speaker|writer))\b",
    re.IGNORECASE,
)
_ELLIPTIC = re.compile(r"^\W*(?:(?:and|but|while|,|;)\s*)+", re.IGNORECASE)
_CAPITALISED = re.compile(
    r"(?<![\w’'])[A-Z][\w’'\-]*(?:(?:(?<=Mr)\.\s|(?<=Dr)\.\s|(?<=Mrs)\.\s|(?<=Ms)\.\s|(?<=\b[A-Z])\.\s?|\s)"
    r"(?:(?:of the|of|de|al|bin|van|von)\s)?[A-Z0-9][\w’'\-]*)*"
)
_DATE = re.compile(rf"(?:(?:{'|'.join(filter(None, (*calendar.month_name, *calendar.day_name)))}|\d+(?:st|nd|rd|th)?)\s*)+")
_TITLE = r"(?:(?:mrs?|ms|miss|dr|prof|professor|sir|dame|lord|lady|councillor|cllr|president|minister)\.?\s+)?"


@dataclass(frozen=True, slots=True)
class Named:
    """A name in a sentence and whose it may be; `known` tells a name of somebody from capitalised words that may be anything."""

    span: Span
    owners: frozenset[str]
    known: bool = True


class Cast:
    """Everybody who is heard in the quotes of an answer, under the names that a sentence may use."""

    def __init__(self, citations: Sequence[Citation], registry: Registry) -> None:
        """Take the quotes, and the names that groups go by."""
        self._registry = registry
        self._groups = {name for c in citations for name in (c.speaker, c.organisation, c.article.group) if name in registry.groups}
        ends = Counter(name.split()[-1].casefold() for name in registry.groups)
        starts = Counter(" ".join(name.split()[:-1]).casefold() for name in registry.groups)
        found: dict[str, set[str]] = {}
        for citation in citations:
            for name in filter(None, (citation.speaker, citation.organisation, citation.article.group)):
                found.setdefault(name, set()).add(name)
                if name in registry.groups:
                    *begins, last = name.split()
                    if begins and ends[last.casefold()] == 1 and last[:1].isupper():
                        found.setdefault(last, set()).add(name)
                    if begins and starts[" ".join(begins).casefold()] == 1 and begins[0].casefold() != "the":
                        found.setdefault(" ".join(begins), set()).add(name)
                elif name[:1].isupper() and len(bare(name).split()) > 1:
                    found.setdefault(bare(name), set()).add(name)
                    found.setdefault(name.split()[-1], set()).add(name)
        self._owners = {_plain(name): frozenset(owners) for name, owners in found.items()}
        names = sorted(found, key=len, reverse=True)
        parts = [
            (rf"{_TITLE}" if name[:1].isupper() else "") + re.escape(name).replace("'", "['’]").replace(r"\ ", r"\s+") for name in names
        ]
        self._pattern = re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)", re.IGNORECASE) if names else re.compile(r"(?!)")

    def is_group(self, name: str | None) -> bool:
        """Tell whether somebody is a body and no person."""
        return name in self._groups

    def names(self, text: str) -> list[Named]:
        """Return who is named in a text, in order, the longest name at a place."""
        found = [Named(m.span, frozenset(m.groups)) for m in self._registry.mentions(text)]
        for match in self._pattern.finditer(text):
            words = match.group()
            key = _plain(re.sub(rf"^{_TITLE}", "", words, flags=re.IGNORECASE))
            owners = self._owners.get(_plain(words)) or self._owners.get(key)
            if owners and (words[:1].isupper() or not _first_of(owners)[:1].isupper()):
                found.append(Named(Span(*match.span()), owners))
        for match in _CAPITALISED.finditer(text):
            words = match.group().removesuffix("’s").removesuffix("'s").rstrip(".")
            start = match.start()
            while (first := re.match(r"(\w+)\s+", words)) and (first[1].casefold() in STOP_WORDS or first[1].casefold() in _OPENERS):
                start, words = start + first.end(), words[first.end() :]
            if words and words.casefold() not in STOP_WORDS | _OPENERS and not _DATE.fullmatch(words):
                span = Span(start, start + len(words))
                inside = [one for one in found if one.known and span.start <= one.span.start and one.span.end <= span.end]
                pieces = words
                for one in inside:
                    pieces = pieces.replace(one.span.of(text), " ")
                if inside and not any(piece[:1].isupper() for piece in pieces.split()):
                    continue  # nothing but names that are known
                found.append(Named(span, frozenset({words}), known=False))
        kept: list[Named] = []
        for one in sorted(found, key=lambda one: (one.span.start - one.span.end, not one.known)):
            if not any(one.span.overlaps(other.span) for other in kept):
                kept.append(one)
        return sorted(kept, key=lambda one: one.span.start)

    def speaking(self, text: str) -> list[Named]:
        """Return the names in a text that are said to say something, or are put beside somebody who is."""
        return self._matching(text, (_SPEAKS, _HOLDS, _LEADS))

    def reporting(self, text: str) -> list[Named]:
        """Return the names of those in whose article something is said to be quoted or reported."""
        return self._matching(text, (_REPORTS,))

    def _matching(self, text: str, patterns: Iterable[re.Pattern[str]]) -> list[Named]:
        named = self.names(text)
        holed, places = _with_holes(text, named)
        found = set()
        for pattern in patterns:
            for match in pattern.finditer(holed):
                first, *others = _holes(match)
                found |= {places[first], *(places[at] for at in others if not re.search(r"\bof\s+(?:the\s+)?$", holed[:at]))}
        return [named[number] for number in sorted(found)]

    def doing(self, text: str) -> Iterator[tuple[frozenset[str], str]]:
        """Yield who is named in a text, each with the first word with meaning after the name, as its stem."""
        for one in self.names(text):
            if follows := content_words(re.split(r"[,;:.]", text[one.span.end : one.span.end + 80])[0]):
                yield one.owners, follows[0]

    def claim(self, text: str) -> str:
        """Return what a sentence claims, without the words that only say whose claim it is, where these can be told apart."""
        named = [one for one in self.names(text) if one.known]
        holed, places = _with_holes(text, named)
        if match := _REPORTED.search(holed):
            before, after = _cut(holed, places, 0, match.start()), _cut(holed, places, match.end(), len(holed))
            holed = before[0] + after[0]
            places = {**before[1], **{at + len(before[0]): number for at, number in after[1].items()}}
        for frame in _FRAMES:
            if (match := frame.match(holed)) and len(holed[match.end() :].split()) > 2:
                holed, places = _cut(holed, places, match.end(), len(holed))
                break
        if (match := _AFTER_FRAME.search(holed)) and match.start() > 12:
            holed, places = _cut(holed, places, 0, match.start())
        names = iter(named[number].span.of(text) for _, number in sorted(places.items()))
        whole = "".join(next(names) if character == _HOLE else character for character in holed).strip(" ,;:")
        return whole[:1].upper() + whole[1:]


def points_back(text: str, *, to_body: bool) -> bool:
    """Tell whether a sentence opens with a word for whoever spoke before it: a body ("it", "the group") or a person ("she")."""
    match = _POINTS_BACK.match(text)
    if not match:
        return False
    who = match["who"].casefold()
    return who not in ("he", "she", "his", "her") if to_body else who not in ("it", "its")


def without_and(text: str) -> str:
    """Return a part of a sentence without what ties it to the part before."""
    return _ELLIPTIC.sub("", text)


def _with_holes(text: str, named: Sequence[Named]) -> tuple[str, dict[int, int]]:
    """Return a text with a hole in place of each name, and the number of the name for each place of a hole."""
    holed, places, at = "", dict[int, int](), 0
    for number, one in enumerate(named):
        holed += text[at : one.span.start]
        places[len(holed)] = number
        holed += _HOLE
        at = one.span.end
    return holed + text[at:], places


def _cut(holed: str, places: dict[int, int], start: int, end: int) -> tuple[str, dict[int, int]]:
    return holed[start:end], {at - start: number for at, number in places.items() if start <= at < end}


def _holes(match: re.Match[str]) -> Iterator[int]:
    return (match.start() + at for at, character in enumerate(match.group()) if character == _HOLE)


def _plain(name: str) -> str:
    return " ".join(name.replace("’", "'").split()).casefold()


def _first_of(owners: Iterable[str]) -> str:
    return min(owners)


_OPENERS = frozenset(
    """
    according however also both while meanwhile similarly instead although though whereas because since despite given besides moreover
    furthermore additionally further finally still yet thus hence therefore overall another others one two three four five six seven eight
    nine ten several many some most few each every without within among regarding concerning asked describing speaking writing says said
    like unlike even today now later earlier there here mr mrs ms dr prof professor sir dame lord lady councillor cllr yes no nobody none
    nothing never against toward towards across along around near
    engineer chair chairman chairwoman chairperson spokesman spokeswoman spokesperson leader secretary director farmer activist journalist
    author writer economist scientist hydrologist historian lawyer senator judge general colonel captain commissioner ambassador mayor
    chancellor king queen prince princess bishop father mother doctor nurse teacher student worker member organiser organizer
    """.split()
)
