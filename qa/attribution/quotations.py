"""Finds what stands between quotation marks: of every kind, nested, running over paragraphs, or left open.

Knows marks and lines only, not who speaks. Marks inside marks are left to the outermost pair.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from qa.types import Span

_LINE = re.compile(r"[^\r\n\u2028\u2029]+")
_MARK = re.compile(r"''|``|[“„«»‘‚「『‹\"']")
_OPENS_AFTER = re.compile(r"[\s(\[{—–\-:;,.“‘«*_>]")
_LEFT_OUT = re.compile(r"(?:s|t|n|em|tis|twas|til|cause|\d\ds?)\b", re.IGNORECASE)  # "’Tis", "’90s"
_SINGLE = frozenset("'‘‚")
_SAME_BOTH_WAYS = _SINGLE | {'"', "''", "``"}  # or an apostrophe: what stands before it tells that it opens
# A mark that opens cannot stand before a space: there it is the wrong mark in the place of one that closes.
_PAIRS = {
    mark: re.compile(rf"(?P<closes>{closes})|{mark}")
    for mark, closes in {"“": r"”|“(?=\s|$)", "„": "[“”]", "«": "»", "»": "«", "「": "」", "『": "』", "‹": "›"}.items()
}
_CURLY_ENDS = (re.compile(r"(?<!s)[’‘](?!\w)"), re.compile(r"[’‘](?!\w)"))
_DOUBLED_ENDS = (re.compile("''"), re.compile('"'))
_STRAIGHT_END = re.compile(r"(?<=[\w.,!?…])\"(?!\w)")  # closes what a curly mark opened and none closes
# The likelier end comes first: behind an "s" the mark may be an apostrophe, as in "the workers’".
_ENDS = {
    '"': (re.compile('"'), re.compile("”")),
    "''": _DOUBLED_ENDS,
    "``": _DOUBLED_ENDS,
    "'": (re.compile(r"(?<!s)'(?!\w)"), re.compile(r"'(?!\w)")),
    "‘": _CURLY_ENDS,
    "‚": _CURLY_ENDS,
}
# What opens another quotation before the likelier end shows that the other end was meant.
_REOPENS = {mark: re.compile(rf"(?<![\w{mark}]){re.escape(mark)}(?=\w)") for mark in _ENDS}


@dataclass(frozen=True, slots=True)
class Quotation:
    """A stretch between marks: `span` with the marks, `inner` without. `open` where the closing mark is missing."""

    span: Span
    inner: Span
    open: bool = False

    def words(self, text: str) -> int:
        """Return how many words it has."""
        return len(self.inner.of(text).split())


def quotations(text: str) -> tuple[Quotation, ...]:
    """Return the outermost quotations of a text in order. None runs over the end of a line, and none is empty."""
    found: list[Quotation] = []
    for match in _LINE.finditer(text):
        found.extend(_in_line(text, Span(match.start(), match.start() + len(match.group().rstrip()))))
    return tuple(found)


def _in_line(text: str, line: Span) -> Iterator[Quotation]:
    ends = _Ends(text, line)
    at = line.start
    while match := _MARK.search(text, at, line.end):
        mark = Span(*match.span())
        if not _opens(text, mark, line):
            at = mark.start + 1
            continue
        close = ends.of(mark)
        if close is None and _may_stay_open(text, mark, line):
            yield Quotation(Span(mark.start, line.end), Span(mark.end, line.end), open=True)
            return
        if close is not None and close.start > mark.end:
            yield Quotation(Span(mark.start, close.end), Span(mark.end, close.start))
        at = close.end if close is not None else mark.end


def _opens(text: str, mark: Span, line: Span) -> bool:
    """Tell whether a mark can open a quotation, by what stands on either side of it."""
    kind = mark.of(text)
    before, following = text[max(line.start, mark.start - 1) : mark.start], text[mark.end : min(line.end, mark.end + 1)]
    if not following or (following.isspace() and kind != "«"):  # "« as French sets them »"
        return False
    if kind == "»" and before and not before.isspace():
        return False
    if kind in _SAME_BOTH_WAYS and before and not _OPENS_AFTER.match(before):
        return False
    return kind not in _SINGLE or not _LEFT_OUT.match(text, mark.end, line.end)


class _Ends:
    """Finds what closes the quotations of one line, from its start on."""

    def __init__(self, text: str, line: Span) -> None:
        self._text = text
        self._line = line
        self._paired: dict[str, dict[int, Span]] = {}
        self._next: dict[re.Pattern[str], Span | None] = {}

    def of(self, mark: Span) -> Span | None:
        """Return the mark that closes what `mark` opens: the likelier end, unless another quotation opens before it."""
        kind = mark.of(self._text)
        if kind in _PAIRS:
            if kind not in self._paired:
                self._paired[kind] = _paired(self._text, self._line, _PAIRS[kind])
            paired = self._paired[kind].get(mark.start)
            return self._after(_STRAIGHT_END, mark.end) if paired is None and kind in "“„" else paired
        start = mark.end + (kind in _SINGLE)
        likely, other = (self._after(end, start) for end in _ENDS[kind])
        if likely is None or other is None or other.end > likely.start:
            return likely or other
        return other if _REOPENS[kind].search(self._text, other.end, likely.end + 1) else likely

    def _after(self, end: re.Pattern[str], start: int) -> Span | None:
        """Return the next place of an end, remembered so that a line of marks is not searched anew for each of them."""
        known = self._next.get(end, self._line)
        if known is not None and known.start < start:
            match = end.search(self._text, start, self._line.end)
            known = self._next[end] = Span(*match.span()) if match else None
        return known


def _paired(text: str, line: Span, marks: re.Pattern[str]) -> dict[int, Span]:
    """Return what closes each opening mark: the mark that balances it, or the next one where one too many was opened."""
    closes: dict[int, Span] = {}
    waiting: list[int] = []
    found = list(marks.finditer(text, line.start, line.end))
    for match in found:
        if not match["closes"]:
            waiting.append(match.start())
        elif waiting:
            closes[waiting.pop()] = Span(*match.span())
    following: Span | None = None
    for match in reversed(found):
        if match["closes"]:
            following = Span(*match.span())
        elif following is not None:
            closes.setdefault(match.start(), following)
    return closes


def _may_stay_open(text: str, mark: Span, line: Span) -> bool:
    """Tell whether a quotation without an end runs to the end of its line: it opens the line, or follows a comma or colon."""
    if mark.of(text) in _SINGLE:
        return False
    at = mark.start
    while at > line.start and text[at - 1].isspace():
        at -= 1
    return at == line.start or text[at - 1] in ":,"
