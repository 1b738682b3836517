"""Cuts what a language model writes, as it comes, into sentences with the numbers that they cite.

Knows the forms in which models cite and the marks that they put around words, and nothing of quotes or of what is true.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator

from qa.passages import sentences
from qa.types import Mark, Sentence, Span

LONGEST = 1200  # characters of a sentence; what runs on for longer is none
_ENOUGH_AFTER = 12  # characters of the next sentence after which the one before it has ended for certain
_WIDEST_RANGE = 20  # numbers that "[1-9]" may stand for

_NUMBERS = r"\d{1,3}(?:\s*(?:,|;|&|and|[-–—]|,\s*and)\s*\^?#?\d{1,3})*"
_NAMED = r"(?:(?:sources?|quotes?|citations?|evidence|refs?\.?|references?|no\.?|nos\.?|see|cf\.?)\s*:?\s*)"
_MARK = re.compile(
    rf"\\?\[\s*{_NAMED}?[\^#]?(?P<square>{_NUMBERS})\s*\\?\](?:\(#?[^()\s]{{0,200}}\))?"
    rf"|【\s*{_NAMED}?(?P<lens>{_NUMBERS})\s*(?:[†‡:][^】]{{0,40}})?】"
    rf"|\(\s*{_NAMED}\s*\[?#?(?P<named>{_NUMBERS})\]?\s*\)"
    r"|(?P<raised>[⁰¹²³⁴-⁹]+(?:[,˒⸴ ]+[⁰¹²³⁴-⁹]+)*)"
    rf"|\((?P<round>{_NUMBERS})\)(?=\s*(?:[.,;:!?]|$)|\s+(?-i:[A-Z“\"]))",
    re.IGNORECASE,
)
_RAISED = {ord(raised): plain for raised, plain in zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True)}
_UNIT = re.compile(r"(?:\b|\d)(?:[munckd]?m|ft|mi|in|yd|s|x)$", re.IGNORECASE)  # "5 km²" cites nothing
_EMPHASIS = re.compile(r"\*+|(?<!\w)_+|_+(?!\w)|`+|~~|</?(?:sup|sub|b|i|em|strong|cite|u)>")
_LINE_MARK = re.compile(r"^\s*(?:>\s*)*(?:#{1,6}\s+|[-*•‣–—]\s+|\(?\d{1,2}[.)]\s+)?")
_FENCE = re.compile(r"^\s*(?:```|~~~)\s*[\w-]{0,20}\s*$")
_THINKS = re.compile(r"<\s*think(?:ing)?\s*>", re.IGNORECASE)
_THOUGHT = re.compile(r"<\s*/\s*think(?:ing)?\s*>", re.IGNORECASE)
_LONGEST_TAG = 16
_MAY_END = re.compile(r"[.!?…。！？][\"'”’»)\]】]*(?:\s|$|[\[【(⁰¹²³⁴-⁹])")
_TITLE = re.compile(r"\b(?:Mrs?|Ms|Dr|Prof|Sen|Rep|Gov|Lt|Gen|Col|Cllr|Rev|Hon|St)\.$")  # after which no sentence ends
_PAIRS = (("“", "”"), ("«", "»"), ("„", "“”"), ("(", ")"), ("[", "]"), ("【", "】"))
_BEGINS_MARK = re.compile(r"^[\s\[【(<\\^*⁰¹²³⁴-⁹]*(?:[\[【(<][^\]】)>]*)?$")


class Drafts:
    """Takes pieces of a text and gives back its sentences, each as soon as it has ended."""

    def __init__(self, known: Collection[int]) -> None:
        """Take the numbers that there are, which tell whether "(1)" may cite."""
        self._known = frozenset(known)
        self._unread = ""  # may hold the beginning of a mark of thinking aloud
        self._thinking = False
        self._line = ""  # that has not ended
        self._begins = True  # whether that is where the line begins
        self._held: Sentence | None = None  # the last sentence of a line, for what it cites may stand on the next one

    def feed(self, piece: str) -> Iterator[Sentence]:
        """Yield the sentences that have ended with this piece."""
        self._unread += piece
        yield from self._lines(self._said())

    def finish(self) -> Iterator[Sentence]:
        """Yield what is left at the end; a sentence that was cut off in the middle is among it."""
        rest = "" if self._thinking else self._unread
        self._unread = ""
        yield from self._lines(f"{rest}\n")
        if self._held:
            yield self._held
            self._held = None

    def _said(self) -> str:
        """Return what is not thought aloud, up to where a mark of it may begin."""
        said = ""
        while True:
            found = (_THOUGHT if self._thinking else _THINKS).search(self._unread)
            if not found:
                break
            said += "" if self._thinking else self._unread[: found.start()]
            self._unread = self._unread[found.end() :]
            self._thinking = not self._thinking
        begins = self._unread.rfind("<", max(0, len(self._unread) - _LONGEST_TAG))
        cut = len(self._unread) if begins < 0 or ">" in self._unread[begins:] else begins
        said += "" if self._thinking else self._unread[:cut]
        self._unread = self._unread[cut:]
        return said

    def _lines(self, text: str) -> Iterator[Sentence]:
        *ended, self._line = re.split(r"\r\n|[\n\r\v\f\u2028\u2029\x85]", self._line + text)
        for line in ended:
            yield from self._line_ended(line)
            self._begins = True
        yield from self._begun()

    def _line_ended(self, line: str) -> Iterator[Sentence]:
        if _FENCE.match(line):
            return
        found = list(_drafts(line, self._known, begins=self._begins))
        if found and self._held and not found[0].text and len(found) == 1:  # what is cited, on a line of its own
            self._held = Sentence(self._held.text, (*self._held.marks, *(Mark(len(self._held.text), m.numbers) for m in found[0].marks)))
            return
        for draft in found:
            if self._held:
                yield self._held
            self._held = draft

    def _begun(self) -> Iterator[Sentence]:
        """Yield the sentences of the line that has not ended, all but the last."""
        if not _MAY_END.search(self._line) and len(self._line) <= LONGEST:
            return
        plain = _Plain(self._line, self._known, begins=self._begins)
        ends = plain.sentences()
        cut = 0
        for following in ends[1:]:
            after = plain.text[following.start :]
            if len(after) < _ENOUGH_AFTER or _BEGINS_MARK.match(self._line[plain.raw(following.start) :]):
                break
            if not _closed(plain.text[: following.start]):
                continue
            cut = following.start
        if not cut and len(plain.text) > LONGEST:
            cut = len(plain.text)
        if cut:
            done, self._line = self._line[: plain.raw(cut)], self._line[plain.raw(cut) :]
            yield from self._line_ended(done)
            self._begins = False
            if self._held:  # what follows it is no mark
                yield self._held
                self._held = None


def _drafts(line: str, known: frozenset[int], *, begins: bool) -> Iterator[Sentence]:
    plain = _Plain(line, known, begins=begins)
    spans = plain.sentences()
    if not spans and plain.marks:
        yield Sentence("", tuple(plain.marks))
    for number, span in enumerate(spans):
        first = 0 if number == 0 else span.start
        last = spans[number + 1].start if number + 1 < len(spans) else len(plain.text) + 1
        marks = [
            Mark(min(max(mark.at - span.start, 0), span.end - span.start), mark.numbers) for mark in plain.marks if first <= mark.at < last
        ]
        yield Sentence(span.of(plain.text), tuple(marks))


class _Plain:
    """A line without marks, emphasis and what it opens with as a part of a list; every place in it leads back to the line."""

    def __init__(self, line: str, known: frozenset[int], *, begins: bool) -> None:
        self.marks: list[Mark] = []
        self._line = line
        self._at: list[int] = []  # of each character, where it stands in the line
        kept: list[str] = []
        opening = _LINE_MARK.match(line) if begins else None
        at = opening.end() if opening else 0
        while at < len(line):
            mark = _MARK.match(line, at)
            if mark and (numbers := self._cited(mark, known)):
                while kept and kept[-1].isspace():
                    kept.pop()
                    self._at.pop()
                self.marks.append(Mark(len(kept), numbers))
                at = mark.end()
                continue
            emphasis = _EMPHASIS.match(line, at)
            if emphasis:
                at = emphasis.end()
                continue
            character = line[at]
            if unicodedata.category(character)[0] != "C" or character == "\t":
                kept.append(character)
                self._at.append(at)
            at += 1
        self.text = "".join(kept)

    def raw(self, at: int) -> int:
        """Return where in the line a place of the text stands."""
        return self._at[at] if at < len(self._at) else len(self._line)

    def sentences(self) -> tuple[Span, ...]:
        """Return the sentences of the text; what lies between brackets or quotation marks that are closed is in one."""
        joined: list[Span] = []
        for span in sentences(self.text):
            before = joined[-1].of(self.text) if joined else ""
            if joined and (not _closed(before) or _TITLE.search(before) or not any(map(str.isalnum, span.of(self.text)))):
                joined[-1] = Span(joined[-1].start, span.end)
            else:
                joined.append(span)
        return tuple(joined)

    def _cited(self, mark: re.Match[str], known: frozenset[int]) -> tuple[int, ...]:
        """Return the numbers of a mark; none where it is no mark after all."""
        if mark["raised"]:
            if _UNIT.search(self._line[max(0, mark.start() - 3) : mark.start()]):
                return ()
            runs = [run.translate(_RAISED) for run in re.split(r"[,˒⸴ ]+", mark["raised"])]
            return tuple(n for run in runs for n in ([int(run)] if int(run) in known else map(int, run)))
        numbers = tuple(_numbers(mark["square"] or mark["lens"] or mark["named"] or mark["round"]))
        if mark["round"]:
            ends = not self._line[mark.end() :].lstrip()[:1].isalnum()  # "(1) first, (2) then" counts, and cites nothing
            after_one = self._line[: mark.start()].rstrip()[-1:] in tuple('.!?”"')
            return numbers if set(numbers) <= known and (ends or after_one) else ()
        return numbers


def _numbers(listed: str) -> Iterator[int]:
    parts = re.findall(r"\d+|[-–—]", listed)
    for at, part in enumerate(parts):
        if part.isdigit():
            yield int(part)
        elif 0 < at < len(parts) - 1:
            first, last = int(parts[at - 1]), int(parts[at + 1])
            yield from range(first + 1, min(last, first + _WIDEST_RANGE))


def _closed(text: str) -> bool:
    """Tell whether no quotation and no bracket is left open."""
    if text.count('"') % 2:
        return False
    return all(sum(map(text.count, closing)) >= text.count(opening) for opening, closing in _PAIRS)
