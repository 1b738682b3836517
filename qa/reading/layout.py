"""Places on pages to text: columns in reading order, lines joined into paragraphs, hyphens at line ends, running heads dropped.

Knows pieces of text with their places and nothing of PDF. Positions grow to the right and upwards.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import median

_EDGE_ROWS = 2  # at the top and the bottom of a page, among which running heads and page numbers are looked for
_SAME_PLACE = 8.0  # points that a running head may move between pages
_FEWEST_ROWS = 3  # that stand beside each other where a page shows that it has columns, and fewer
_FEWEST_FURTHER_ROWS = 2  # where it has shown it
_FEWEST_WORDS = 3  # in the median line of a column; a table has fewer
_GUTTER = 0.4  # of a line's height
_SENTENCE_ENDS = re.compile(r"[.!?:…][\"'”’»)\]]*$")
_BULLET = re.compile(r"[•▪◦‣●■]\s")
_DIGITS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(r"\W*(?:page|p\.?)?\s*(\d{1,4}|[ivxlc]{1,6})\s*(?:(?:of|/)\s*\d{1,4})?\W*", re.IGNORECASE)
_BROKEN = re.compile(r"(?P<left>[^\W_]+(?:[-’'][^\W_]+)*)[-\u2010\u00ad]$")
_FIRST_WORD = re.compile(r"[^\W_]+")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_WITH_HYPHEN = frozenset(
    "anti half non self well twenty thirty forty fifty sixty seventy eighty ninety".split()
)  # few words without a hyphen are divided behind these
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}


@dataclass(slots=True)
class Piece:
    """A run of characters on one line of a page: where it starts and ends, its base line, and how high its letters are."""

    text: str
    left: float
    right: float
    base: float
    height: float
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a column. `flow` numbers the columns of the whole file in reading order."""

    text: str
    left: float
    right: float
    base: float
    height: float
    bold: bool
    page: int
    flow: int


def laid_out(pages: Sequence[list[Piece]]) -> tuple[str, tuple[int, ...]]:
    """Return the text of the pages in reading order, paragraphs divided by an empty line, and where each page starts in it."""
    lines: list[Line] = []
    flow = 0
    for number, pieces in enumerate(_without_running_heads(pages)):
        for column in _columns(pieces):
            lines.extend(_line(row, number, flow) for row in _rows(column))
            flow += 1
    return _written(_paragraphs(lines), len(pages))


# ---- running heads


def _without_running_heads(pages: Sequence[list[Piece]]) -> list[list[Piece]]:
    """Return the pages without what comes again at the same place of their edges, and without numbers that count them."""
    seen: dict[str, list[tuple[int, Piece]]] = defaultdict(list)
    counted: dict[int, list[tuple[int, Piece]]] = defaultdict(list)
    for page, pieces in enumerate(pages):
        rows = list(_rows(pieces))
        for piece in (piece for row in (*rows[:_EDGE_ROWS], *rows[max(len(rows) - _EDGE_ROWS, _EDGE_ROWS) :]) for piece in row):
            number = _PAGE_NUMBER.fullmatch(piece.text)
            if number:
                counted[_value(number[1]) - page].append((page, piece))
            else:
                seen[_DIGITS.sub("#", piece.text.casefold())].append((page, piece))
    enough = 2 if len(pages) <= 4 else 3
    dropped: set[int] = set()
    for found in (*seen.values(), *counted.values()):
        usual = median(piece.base for _, piece in found)
        same = [(page, piece) for page, piece in found if abs(piece.base - usual) <= _SAME_PLACE]
        if len({page for page, _ in same}) >= enough:
            dropped.update(id(piece) for _, piece in same)
    return [[piece for piece in pieces if id(piece) not in dropped] for pieces in pages]


def _value(written: str) -> int:
    """Return a page number in digits or Roman ones."""
    if written.isdecimal():
        return int(written)
    values = [_ROMAN[letter] for letter in written.lower()]
    return sum(-value if value < after else value for value, after in zip(values, [*values[1:], 0], strict=True))


# ---- columns


def _columns(pieces: list[Piece]) -> list[list[Piece]]:
    """Return the pieces of a page as columns in reading order.

    What reaches over the gutter, such as a headline, divides the page: the columns above it are read before those below.
    """
    gutter = _gutter(pieces)
    if gutter is None:
        return [pieces] if pieces else []
    found: list[list[Piece]] = []
    single: list[Piece] = []  # what is not in columns, as far as it was read
    for band, across in _bands(pieces, gutter):
        left, right = _sides(band, gutter)
        if _side_by_side(left, right, _FEWEST_FURTHER_ROWS):
            found += [single] if single else []
            found += [*_columns(left), *_columns(right)]
            single = []
        else:
            single = single + band
        single = single + across
    return found + ([single] if single else [])


def _bands(pieces: list[Piece], gutter: float) -> Iterator[tuple[list[Piece], list[Piece]]]:
    """Yield from top to bottom what stands between two pieces that reach over the gutter, with the lower one of the two."""
    band: list[Piece] = []
    usual = median(piece.height for piece in pieces)
    for piece in sorted(pieces, key=lambda piece: -piece.base):
        if piece.left < gutter < piece.right or _is_over_both(piece, pieces, gutter, usual):
            yield band, [piece]
            band = []
        else:
            band.append(piece)
    yield band, []


def _is_over_both(piece: Piece, pieces: list[Piece], gutter: float, usual: float) -> bool:
    """Tell whether a short headline stands over both columns: the right one has room for it and text above and below."""
    if piece.right > gutter or not (piece.bold or piece.height > 1.12 * usual):
        return False
    beside = [other.base - piece.base for other in pieces if other.left >= gutter]
    room = not any(-1.3 * piece.height < distance < 1.6 * piece.height for distance in beside)
    return room and any(distance > 0 for distance in beside) and any(distance < 0 for distance in beside)


def _sides(pieces: list[Piece], gutter: float) -> tuple[list[Piece], list[Piece]]:
    return [piece for piece in pieces if piece.right <= gutter], [piece for piece in pieces if piece.left >= gutter]


def _gutter(pieces: list[Piece]) -> float | None:
    """Return where a page is divided into columns: left of where many lines start, with text beside them."""
    best: tuple[int, float] | None = None
    starts = sorted(piece.left for piece in pieces)
    height = median(piece.height for piece in pieces) if pieces else 0.0
    for at, start in enumerate(starts):
        if at and start - starts[at - 1] < 1:  # the same edge again
            continue
        gutter = start - _GUTTER * height / 2
        beside = across = 0
        for band, over in _bands(pieces, gutter):
            left, right = _sides(band, gutter)
            across += len(over)
            if _side_by_side(left, right, _FEWEST_ROWS) and max(piece.right for piece in left) <= start - _GUTTER * height:
                beside += min(len(left), len(right))
        if beside and (best is None or beside - across > best[0]):
            best = (beside - across, gutter)
    return best[1] if best else None


def _side_by_side(left: list[Piece], right: list[Piece], fewest: int) -> bool:
    """Tell whether two sets of pieces are columns of running text beside each other."""
    for side in (left, right):
        rows = [sum(len(piece.text.split()) for piece in row) for row in _rows(side)]
        if len(rows) < fewest or median(rows) < _FEWEST_WORDS:
            return False
    tops, bottoms = [max(p.base for p in side) for side in (left, right)], [min(p.base for p in side) for side in (left, right)]
    return min(tops) > max(bottoms)


# ---- lines


def _rows(pieces: list[Piece]) -> Iterator[list[Piece]]:
    """Yield the pieces that stand on one line from left to right, line by line from the top."""
    row: list[Piece] = []
    for piece in sorted(pieces, key=lambda piece: (-piece.base, piece.left)):
        if row and row[0].base - piece.base > 0.45 * min(row[0].height, piece.height):
            yield sorted(row, key=lambda piece: piece.left)
            row = []
        row.append(piece)
    if row:
        yield sorted(row, key=lambda piece: piece.left)


def _line(row: list[Piece], page: int, flow: int) -> Line:
    main = max(row, key=lambda piece: len(piece.text))
    text = " ".join(piece.text for piece in row)
    return Line(text, row[0].left, max(piece.right for piece in row), main.base, main.height, all(piece.bold for piece in row), page, flow)


# ---- paragraphs


@dataclass(frozen=True, slots=True)
class _Setting:
    """How a file sets its text: the usual height of letters, distance of lines in heights, and each column's right edge."""

    height: float
    leading: float
    edges: dict[int, float]


def _paragraphs(lines: list[Line]) -> list[list[Line]]:
    if not lines:
        return []
    setting = _setting(lines)
    found: list[list[Line]] = [[lines[0]]]
    for at in range(1, len(lines)):
        after = lines[at + 1] if at + 1 < len(lines) and lines[at + 1].flow == lines[at].flow else None
        if _starts_paragraph(found[-1], lines[at], after, setting):
            found.append([])
        found[-1].append(lines[at])
    return found


def _setting(lines: list[Line]) -> _Setting:
    steps = [
        (above.base - below.base) / above.height
        for above, below in pairwise(lines)
        if above.flow == below.flow and abs(above.height - below.height) < 0.5 and above.base > below.base
    ]
    # the text is set in whatever height most of its letters have
    heights = sorted((line.height, len(line.text)) for line in lines)
    half, height = sum(letters for _, letters in heights) / 2, heights[-1][0]
    for tall, letters in heights:
        half -= letters
        if half <= 0:
            height = tall
            break
    edges = {}
    for flow, grouped in groupby(lines, key=lambda line: line.flow):
        column = list(grouped)
        rights = sorted(line.right for line in column)
        edges[flow] = rights[round(0.9 * (len(rights) - 1))]  # not the last: one overlong line would make all others short
    return _Setting(height, min(max(median(steps), 0.8), 2.5) if steps else 1.2, edges)


def _starts_paragraph(paragraph: list[Line], line: Line, after: Line | None, setting: _Setting) -> bool:
    before = paragraph[-1]
    if abs(before.height - line.height) > 0.12 * before.height or before.bold != line.bold or _BULLET.match(line.text):
        return True
    if _BROKEN.search(before.text) and line.text[:1].islower():
        return False
    ended = _SENTENCE_ENDS.search(before.text) is not None
    if before.flow != line.flow:
        return ended or (_was_meant(before, line, setting) and not line.text[:1].islower())
    if before.base - line.base > 1.35 * setting.leading * line.height:
        return True
    if _is_indented(before, line, after, ended):
        return True
    if ended and len(paragraph) > 1 and before.left - line.left > 0.8 * line.height:  # back from an indented block
        return True
    is_body = line.height < 1.15 * setting.height  # the lines of a headline break anywhere
    return is_body and _was_meant(before, line, setting) and (ended or not line.text[:1].islower())


def _is_indented(before: Line, line: Line, after: Line | None, ended: bool) -> bool:
    """Tell whether a line is indented as the first of a paragraph or of a block, and not as a list's further lines are."""
    if line.left - before.left < 0.6 * line.height:
        return False
    return ended or (after is not None and after.left < line.left - 0.3 * line.height)


def _was_meant(before: Line, line: Line, setting: _Setting) -> bool:
    """Tell whether a line was ended by whoever wrote it: the next word would still have had room."""
    word = line.text.split(" ", 1)[0]
    width = (line.right - line.left) * (len(word) + 1) / max(len(line.text), 1)
    return before.right + width + line.height < setting.edges[before.flow]


# ---- text


def _written(paragraphs: list[list[Line]], pages: int) -> tuple[str, tuple[int, ...]]:
    words = {word.casefold() for paragraph in paragraphs for line in paragraph for word in _WORD.findall(line.text)}
    parts: list[str] = []
    length = 0
    starts: dict[int, int] = {}
    for paragraph in paragraphs:
        text = ""
        gap = 2 if parts else 0
        for line in paragraph:
            text, at = _continued(text, line.text, words)
            starts.setdefault(line.page, length + gap + at)
        parts.append(text)
        length += gap + len(text)
    found: list[int] = []
    following = length
    for page in reversed(range(pages)):
        following = starts.get(page, following)
        found.append(following)
    return "\n\n".join(parts), (0, *reversed(found[:-1])) if pages else ()


def _continued(text: str, line: str, words: set[str]) -> tuple[str, int]:
    """Return a paragraph with another line, and where that starts.

    A hyphen at the end of a line is dropped unless the word has it elsewhere in the file, has another one, or begins
    as words with a hyphen do.
    """
    broken, following = _BROKEN.search(text), _FIRST_WORD.match(line)
    if not broken or not following:
        text = f"{text} " if text else ""
        return text + line, len(text)
    left, right = broken["left"], following[0]
    whole, hyphened = (left + right).casefold(), f"{left}-{right}".casefold()
    if text.endswith("\u00ad"):
        is_one = True
    elif whole in words or hyphened in words:
        is_one = whole in words
    else:
        is_one = right[0].islower() and left.isalpha() and left.casefold() not in _WITH_HYPHEN
    kept = text[:-1] if is_one else text
    return kept + line, len(kept)
