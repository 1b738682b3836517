"""What stands above and below the words of an article in plain text: title, byline, dateline, web address.

A text is taken as units: lines, or paragraphs where the lines of a paragraph were broken to a width. Each is prose or
something short that may belong to the head or the foot of an article. Knows nothing of files, and changes no text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from qa.reading.bylines import bare_names, byline, may_be_name, reads_as_byline
from qa.reading.datelines import Dateline, dateline, is_place
from qa.types import Span

Kind = Literal["prose", "title", "date", "byline", "name", "address", "field", "end", "other"]

_LINE = re.compile(r"[^\n\r\f\x0b\x85\u2028\u2029]+|\r\n|[\n\r\x85\u2028\u2029]|[\f\x0b]")
_RULE = re.compile(r"\s*(?:([-=_*~#•·+—–─━═])[ \t]*)(?:\1[ \t]*){2,}\s*")
_ADDRESS = re.compile(
    r"[\s*_\[(<]*(?:(?:source|url|link|web|quelle|fuente|fonte|read (?:it )?(?:more )?(?:at|online)|from"
    r"|originally published (?:at|on)|published (?:at|on))"
    r"\s*:?\s*)?[<(\[]?(?P<url>(?:https?://|www\.)[^\s<>\"]{3,1000}?)[>)\]]?[\s*_.]*",
    re.IGNORECASE,
)
_FIELD = re.compile(
    r"[\s*_>]*(?P<name>title|headline|subject|betreff|objet|asunto|oggetto|titel|titre|from|to|cc|reply-to|date|sent|published"
    r"|posted|author|by|byline"
    r"|url|link|source|publication|group|organi[sz]ation|publisher|section|tags|category|von|an|datum)[*_]*\s*:[*_]*\s*(?P<value>\S.*)",
    re.IGNORECASE,
)
_TITLES = ("title", "headline", "subject", "betreff", "objet", "asunto", "oggetto", "titel", "titre")
_END = re.compile(r"[\s*_#~\-–—(\[]*(?:ends?|fin|ende|fine|30)[\s*_#~\-–—.)\]]*|\s*(?:###|■|∎|□|◼|⬛)\s*", re.IGNORECASE)
_STOP = re.compile(r"[.:;,…。؟।][\"'”’»)\]*_]*\s*$")
_SENTENCE = re.compile(r"[.!?…。！？؟।][\"'”’»)\]*_]*(?:\[\d+\])?\s*$")
_LIST = re.compile(r"\s*(?:[-•*◦▪–·>|]\s|\(?(?:\d{1,3}|[a-z]|[ivx]{1,5})[.)]\s|\|)", re.IGNORECASE)
_NUMBERED = re.compile(
    r"[\s#*_]*(?:(?:chapter|part|section|appendix|annex|article|table|figure|box|step|day|week|act|scene|question|note|exhibit"
    r"|schedule|kapitel|teil"
    r"|anhang|chapitre|partie|annexe|capítulo|parte|anexo|capitolo)\s+(?:[\divxlc]+\b|[a-z]\b|one|two|three|four|five)"
    r"|appendix\b|annex\b|annexe\b"
    r"|\(?\d{1,3}(?:\.\d+)*[.):]\s|\d{1,2}(?:\.\d+)+\s|[ivxlc]+[.):]\s)",
    re.IGNORECASE,
)
_GENERIC = re.compile(
    r"[\s#*_]*(?:about|abstract|acknowledge?ments?|afterword|author(?:s|'s|’s)? note|background|bibliography|biograph(?:y|ies)"
    r"|conclusions?|contact|contents"
    r"|correction|disclaimer|discussion|editor(?:s|'s|’s|ial) note|endnotes|epilogue|executive summary|fact ?sheet|faq|findings"
    r"|footnotes|foreword"
    r"|frequently asked|further (?:information|reading)|glossary|in brief|index|introduction|key (?:facts|findings|points)"
    r"|letter from|media contact"
    r"|method(?:s|ology)?|more information|notes?|overview|p\.?s\.?|postscript|preamble|preface|press contact|prologue"
    r"|questions and answers"
    r"|read more|recommendations?|references|related|results|see also|signator(?:y|ies)|signed|sources?|summary|supporters"
    r"|table of contents|terms"
    r"|the authors?|thank you|timeline|update|what is|who we are|works cited"
    r"|einleitung|zusammenfassung|vorwort|nachwort|anmerkungen|quellen|inhalt|introducción|conclusión|conclusiones|resumen"
    r"|notas|introduzione|conclusioni"
    r"|avant-propos|sommaire|introdução|conclusão)\b",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"\s*(?:dear|hello|hi|to whom|yours|sincerely|(?:best|kind|warm) (?:regards|wishes)|in solidarity|comradely)\b", re.IGNORECASE
)
_LONGEST_TITLE, _SHORTEST_PROSE = 220, 40


@dataclass(frozen=True, slots=True)
class Unit:
    """A line, or a paragraph broken over lines. `gap` is the number of empty lines before it; `ruled` whether a rule or new page is."""

    span: Span
    text: str
    gap: int = 0
    ruled: bool = False


class Units:
    """The units of a text with their kinds, each found when it is asked for."""

    def __init__(self, text: str, pages: Sequence[int] = ()) -> None:
        """Take a text apart; `pages` is where its pages start."""
        self.text = text
        self.all = _joined(text, list(_lines(text)))
        self._kinds: list[Kind | None] = [None] * len(self.all)
        self._starts = [unit.span.start for unit in self.all]
        self._new_pages = {bisect_right(self._starts, page - 1) for page in pages if page}
        self.usual_gap = self._usual_gap()
        in_long = sum(len(unit.text) for unit in self.all if len(unit.text) >= 100)
        self.is_prose = in_long >= 0.9 * sum(len(unit.text) for unit in self.all)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.all)

    def __getitem__(self, at: int) -> Unit:
        """Return one of them."""
        return self.all[at]

    def kind(self, at: int) -> Kind:
        """Return what a unit seems to be, by itself and by the one before it."""
        known = self._kinds[at]
        if known is None:
            known = self._kinds[at] = self._kind(at)
        return known

    def is_words(self, at: int) -> bool:
        """Tell whether a unit is prose; the short lines of a long text are not looked at for it."""
        return len(self.all[at].text) >= _SHORTEST_PROSE and self.kind(at) == "prose"

    def is_wide(self, at: int) -> bool:
        """Tell whether more empty lines stand before a unit than usually do in this text."""
        return self.all[at].gap >= max(2, self.usual_gap + 1)

    def is_apart(self, at: int) -> bool:
        """Tell whether a wide gap, a rule or a new page stands before a unit."""
        return self.all[at].ruled or self.is_wide(at) or at in self._new_pages

    def _kind(self, at: int) -> Kind:
        unit = self.all[at]
        kind = kind_of(unit.text)
        if kind == "byline" and re.match(r"\s*[—–―-]", unit.text) and at and re.search(r"[\"”’»']\s*$", self.all[at - 1].text):
            return "other"  # whoever an epigraph is from
        return kind

    def _usual_gap(self) -> int:
        long = [len(unit.text) >= 100 for unit in self.all]
        gaps = Counter(unit.gap for at, unit in enumerate(self.all) if at and long[at] and long[at - 1])
        return gaps.most_common(1)[0][0] if gaps else 1


def kind_of(text: str) -> Kind:
    """Return what a unit seems to be by itself."""
    if len(text) > 300:
        return "prose"
    if len(text) > _LONGEST_TITLE and not re.search(r"https?://|www\.", text):
        return "prose" if _SENTENCE.search(text) else "other"
    if address(text):
        return "address"
    if _END.fullmatch(text):
        return "end"
    stated = dateline(text)
    if stated and (not stated.beside or reads_as_byline(stated.beside) or bare_names(stated.beside) or is_place(stated.beside)):
        return "date"
    if reads_as_byline(text):
        return "byline"
    if stated_field(text):
        return "field"
    if _LIST.match(text) and not re.match(r"\s*#{1,6}\s", text):
        return "other"
    if _STOP.search(text):
        return "prose" if len(text) >= _SHORTEST_PROSE and _SENTENCE.search(text) else "other"
    if len(text) >= 120 and _SENTENCE.search(text):
        return "prose"
    if bare_names(text) or may_be_name(text):
        return "name"
    if re.match(r"\s*(?:published|posted|(?:last )?updated|by)\b", text, re.IGNORECASE) and len(text) < 60:
        return "other"
    return "title" if _may_be_title(text) else "other"


def address(text: str) -> str | None:
    """Return the web address that is all of a line, perhaps behind "Source:"."""
    if "://" not in text and "www." not in text.casefold():
        return None
    match = _ADDRESS.fullmatch(text)
    if not match:
        return None
    url = match["url"].rstrip(".,;")
    return url if "://" in url else f"https://{url}"


def stated_field(text: str) -> tuple[str, str] | None:
    """Return name and value of a line such as "Subject: The weir"; names of a title are all "title"."""
    match = _FIELD.fullmatch(text)
    if not match:
        return None
    name = match["name"].casefold()
    return ("title" if name in _TITLES else name), match["value"].strip().strip("*_").strip()


def plain_title(text: str) -> str:
    """Return a title without the marks of a heading."""
    title = " ".join(text.split()).lstrip("#").strip(" \t#")
    for mark in ("**", "__", "*", "_"):
        if len(title) > 2 * len(mark) and title.startswith(mark) and title.endswith(mark):
            title = title[len(mark) : -len(mark)]
    return title.strip()


def names_a_section(title: str) -> bool:
    """Tell whether a heading is that of a part of one document: "3. Findings", "Appendix A", "Notes to editors"."""
    return _NUMBERED.match(title) is not None or _GENERIC.match(title) is not None


def _may_be_title(text: str) -> bool:
    bare = plain_title(text)
    letters = sum(character.isalpha() for character in bare)
    if not bare or letters < 3 or letters < len(bare) / 2 or len(bare.split()) > 30 or ("|" in bare.strip("|") and bare.count("|") > 1):
        return False
    if bare[0] in "—–―-|:" or re.search(r"https?:|pic\.twitter|@\w", bare):
        return False
    first = next((character for character in bare if character.isalnum()), "")
    if first.islower() and not any(character.isupper() for character in bare.split()[0]):
        return False
    return not (_GREETING.match(bare) and (len(bare.split()) <= 4 or bare.endswith((",", ":"))))


def _lines(text: str) -> Iterator[Unit]:
    gap, ruled, underlined, ended, before = 0, False, False, True, ""
    for match in _LINE.finditer(text):
        piece = match.group()
        if piece in "\f\x0b":
            ruled = True
        elif piece in ("\n", "\r\n", "\r", "\x85", "\u2028", "\u2029"):
            gap += ended
            ended = True
        elif not piece.strip():
            continue
        elif len(piece) < 200 and _RULE.fullmatch(piece):
            underlined = not gap and not ruled and bool(before) and not piece.strip(" \t=-") and kind_of(before) == "title"
            ruled, ended = True, False
        else:
            if underlined and (gap or len(piece) > 150):  # the line under a heading
                ruled = False
            yield Unit(Span(*match.span()), piece, gap, ruled)
            gap, ruled, underlined, ended, before = 0, False, False, False, piece


def _joined(text: str, lines: list[Unit]) -> list[Unit]:
    """Join the lines of paragraphs where a text is broken to a width."""
    lengths = sorted(len(line.text) for line in lines)
    if len(lines) < 4:
        return lines
    width = lengths[int(len(lengths) * 0.9)]
    if not 40 <= width <= 110 or lengths[int(len(lengths) * 0.97)] > 1.3 * width:
        return lines
    follows = [bool(at) and not line.gap and not line.ruled for at, line in enumerate(lines)]
    long = [len(line.text) >= 0.7 * width for line in lines]
    broken = sum(1 for at in range(1, len(lines)) if follows[at] and long[at - 1])
    if broken < 0.3 * len(lines):
        return lines
    found: list[Unit] = []
    run: list[Unit] = []
    for at, line in enumerate(lines):
        if run and not (follows[at] and long[at - 1] and not _begins_anew(line.text)):
            found.append(_one(text, run))
            run = []
        run.append(line)
    found.append(_one(text, run))
    return found


def _one(text: str, run: list[Unit]) -> Unit:
    span = Span(run[0].span.start, run[-1].span.end)
    return Unit(span, span.of(text), run[0].gap, run[0].ruled)


def _begins_anew(line: str) -> bool:
    return len(line) < 80 and (
        byline(line) is not None or dateline(line) is not None or address(line) is not None or stated_field(line) is not None
    )


@dataclass(slots=True)
class Head:
    """The units above the words of an article, by their place: title, byline, date, address. `body` is the first of its words."""

    first: int
    body: int
    title: int | None = None
    dates: list[int] = field(default_factory=list)
    authors: list[int] = field(default_factory=list)
    addresses: list[int] = field(default_factory=list)
    fields: list[int] = field(default_factory=list)


def head_at(units: Units, first: int, body: int) -> Head:
    """Return what the units from `first` up to those of the words are."""
    head = Head(first, body)
    for at in range(first, body):
        kind = units.kind(at)
        if kind == "date":
            head.dates.append(at)
        elif kind in ("byline", "name"):
            head.authors.append(at)
        elif kind == "address":
            head.addresses.append(at)
        elif kind == "field":
            head.fields.append(at)
        elif kind == "title" and head.title is None:
            head.title = at
    return head


def date_of(units: Units, at: int) -> Dateline | None:
    """Return the date on a unit's line."""
    return dateline(units[at].text)
