"""Cuts a text into sentences, and sentences into windows, as exact places in the text.

Sentence ends inside a line come from sentencex; this module decides what a line is (a paragraph, a heading, or
one row of a hard-wrapped paragraph) and bounds the length of what comes out. It knows nothing of articles' meaning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from statistics import median

from qa.types import Passage, Span

WINDOW_WORDS = 150
LONG_SENTENCE = 400  # code points; above it a sentence that holds a quotation is cut inside the quotation too
LONGEST_SENTENCE = 1200  # code points; text without any sentence end is cut at a space before this

_LINE = re.compile(r"[^\r\n\u2028\u2029\x0b\x0c]+")
_QUOTE_MARKS = str.maketrans(dict.fromkeys("\"'“”‘’«»„‟‹›「」『』()[]", " "))
_ENDS_SENTENCE = re.compile(r"[.!?…:;。！？؟।][\"'“”‘’»›)\]」』]*\s*$")


def sentences(text: str, language: str = "en") -> tuple[Span, ...]:
    """Return the sentences of `text` in order: not empty, not overlapping, without the white space around them.

    Every code point that is not white space is in exactly one sentence. A quotation stays in one piece with
    what introduces it, unless that is longer than LONG_SENTENCE code points.
    """
    found: list[Span] = []
    for block in _blocks(text):
        for sentence in _cut(text, block, language):
            found.extend(_bounded(text, sentence, language))
    return tuple(found)


def windows(article_id: str, text: str, spans: tuple[Span, ...], words: int = WINDOW_WORDS) -> Iterator[Passage]:
    """Group `spans` (the sentences of `text`) into passages of at most `words` words; a longer sentence is one by itself."""
    lengths = [len(span.of(text).split()) for span in spans]
    first = 0
    while first < len(spans):
        last, total = first, lengths[first]
        while last + 1 < len(spans) and total + lengths[last + 1] <= words:
            last += 1
            total += lengths[last]
        yield Passage(article_id, Span(spans[first].start, spans[last].end), spans[first : last + 1])
        first = last + 1


def _blocks(text: str) -> Iterator[Span]:
    """Yield the stretches within which a sentence may run: lines, or runs of lines where the text is hard-wrapped."""
    lines = [Span(*match.span()) for match in _LINE.finditer(text)]
    wrapped_at = _wrap_width(text, lines)
    current: Span | None = None
    for line in lines:
        if not line.of(text).strip():
            continue
        if current is not None and wrapped_at and _continues(text, current, line, wrapped_at):
            current = Span(current.start, line.end)
            continue
        if current is not None:
            yield current
        current = line
    if current is not None:
        yield current


def _wrap_width(text: str, lines: list[Span]) -> int | None:
    """Return the width at which the text is hard-wrapped, or None where each line is a paragraph.

    Wrapped text has many lines of nearly one length that stop in the middle of a sentence.
    """
    full = [line for line in lines if len(line.of(text).strip()) >= 40]
    if len(full) < 3:
        return None
    width = int(median(line.end - line.start for line in full))
    open_ended = sum(not _ENDS_SENTENCE.search(line.of(text)) for line in full)
    return width if width <= 100 and open_ended > len(full) / 2 else None


def _continues(text: str, before: Span, line: Span, width: int) -> bool:
    between = text[before.end : line.start]
    if between.count("\n") > 1 or between.count("\r") > 1:
        return False
    last_row = text[max(text.rfind("\n", before.start, before.end) + 1, before.start) : before.end]
    return len(last_row) >= 0.7 * width or text[line.start : line.end].lstrip()[:1].islower()


def _cut(text: str, block: Span, language: str) -> Iterator[Span]:
    import sentencex

    for boundary in sentencex.get_sentence_boundaries(language, block.of(text)):
        span = _trimmed(text, Span(block.start + boundary["start_index"], block.start + boundary["end_index"]))
        if span:
            yield span


def _bounded(text: str, sentence: Span, language: str) -> Iterator[Span]:
    """Cut a sentence that is too long to quote: first at sentence ends inside its quotation, then at spaces."""
    if sentence.end - sentence.start <= LONG_SENTENCE:
        yield sentence
        return
    start = sentence.start
    for end in [*_ends_inside_quotation(text, sentence, language), sentence.end]:
        piece = _trimmed(text, Span(start, end))
        if piece:
            yield from _hard_cut(text, piece)
        start = end


def _ends_inside_quotation(text: str, sentence: Span, language: str) -> Iterator[int]:
    """Yield where sentences inside a quotation end, each with the marks that close it."""
    unquoted = sentence.of(text).translate(_QUOTE_MARKS)
    pieces = list(_cut(unquoted, Span(0, len(unquoted)), language))
    for piece, following in pairwise(pieces):
        end, start = sentence.start + piece.end, sentence.start + following.start
        while end < start and not text[end].isspace():
            end += 1
        yield end


def _hard_cut(text: str, sentence: Span) -> Iterator[Span]:
    start = sentence.start
    while sentence.end - start > LONGEST_SENTENCE:
        space = max(text.rfind(mark, start + 1, start + LONGEST_SENTENCE) for mark in (" ", "\t", "\u3000"))
        end = space if space > start else start + LONGEST_SENTENCE
        span = _trimmed(text, Span(start, end))
        if span:
            yield span
        start = end
    span = _trimmed(text, Span(start, sentence.end))
    if span:
        yield span


def _trimmed(text: str, span: Span) -> Span | None:
    words = span.of(text)
    start = span.start + len(words) - len(words.lstrip())
    end = span.end - (len(words) - len(words.rstrip()))
    return Span(start, end) if start < end else None
