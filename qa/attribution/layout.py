"""Speech that the layout of a text shows: interviews and debates, block quotes, credited mottos and letters.

"Name:" at the start of a line, ">" before one, a name behind a dash under a quotation, a signature under "Dear ...":
these say who speaks without a verb. Names are found here, whom they stand for is not.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qa.attribution.names import PERSON_ROLES, TITLES, names_in
from qa.attribution.quotations import Quotation
from qa.types import Span

_LINE = re.compile(r"[^\r\n\u2028\u2029]+")
_CAPITALISED = r"[^\W\d_a-zß-öø-ÿ](?:[^\W_]|[.’'&-])*"
_TURN = re.compile(
    rf"\s*[\"“]?(?:\*\*|__)?(?P<name>{_CAPITALISED}(?: (?:{_CAPITALISED}|of|de|van|von|al|bin)){{0,4}})"
    r"(?:\*\*|__)?\s*:(?:\*\*|__)?(?=\s|$)"
)
_ASKS = frozenset({"q", "question", "interviewer", "host", "moderator"})
_ANSWERS = frozenset({"a", "answer"})
_CREDIT = re.compile(
    rf"\s*(?P<dash>[―—–]{{1,2}}|--?)\s*(?P<name>{_CAPITALISED}(?:\s(?:{_CAPITALISED}|of|the|and|for|de|la|van|von|der|al|bin)){{0,9}})"
    r"\s*(?:[,(][^.,!?]*|(?:in|on|at|to|from|speaking|writing)\s[^.,!?]*)?\.?\s*$"
)
_DEAR = re.compile(r"\s*(?:Dear|To the [Ee]ditor|Open letter to)\b")
_CLOSING = re.compile(
    r"(?:Yours|Sincerely|(?:(?:Kind|Best|With) )?regards|(?:In|With) solidarity|(?:With )?comradely|Fraternally|Signed|Respectfully)\b"
    r"[^.:!?]*[.:!]?",
    re.IGNORECASE,
)
_LETTER = re.compile(r"[^\W\d_]")
_AFTER_A_WORD = re.compile(r"[\w,] ")
_SPOKEN = re.compile(r"\?|\b(?:I|[Ww]e|[Yy]ou|[Mm]y|[Oo]ur|[Yy]our)\b")
_OF_ONESELF = re.compile(r"\b(?:I|[Mm]y)\b")
_SPOKEN_SHARE = 0.45  # of the turns of an interview
_SPOKEN_OF = re.compile(r"\b(?:about|against|at|for|in|on|to)\s+(?:the\s+)?$", re.IGNORECASE)  # "The rules for Low Mill:"
_FEWEST_TURNS = 3
_LONGEST_SALUTATION, _LONGEST_CLOSING, _LONGEST_SIGNATURE = 80, 60, 90  # code points


@dataclass(frozen=True, slots=True)
class Shown:
    """Speech that the layout shows. `own` where the article's own people speak, as whoever asks in an interview."""

    source: Span | None
    cue: Span | None
    content: tuple[Span, ...]
    own: bool = False


def shown(text: str, quotations: Sequence[Quotation]) -> list[Shown]:
    """Return what the layout of a text shows, in order of its places."""
    lines = [line for match in _LINE.finditer(text) if (line := _trimmed(text, Span(*match.span())))]
    found = [*_turns(text, lines), *_blocks(text, lines), *_credited(text, lines, quotations), *_letters(text, lines)]
    return sorted(found, key=lambda item: item.content[0].start)


@dataclass(frozen=True, slots=True)
class _Turn:
    """A line that opens with a name and a colon; `label` is the name in small letters.

    `words` is what follows at once, in line number `below`: the same as `at` unless the name stands alone.
    """

    at: int
    below: int
    label: str
    name: Span
    colon: Span
    words: Span


def _turns(text: str, lines: Sequence[Span]) -> Iterator[Shown]:
    """Yield the turns of an interview: names before colons that come again, or "Q:" and "A:"."""
    opened = [turn for at in range(len(lines)) if (turn := _turn(text, at, lines))]
    if opened and opened[0].at == 0 and opened[0].label not in _ASKS | {turn.label for turn in opened[1:]}:
        opened.pop(0)  # a heading
    if not (speakers := _who_talk(text, opened)):
        return
    faq = not any(turn.label in _ANSWERS and _OF_ONESELF.search(text, turn.words.start, turn.words.end) for turn in opened)
    ends = [turn.at for turn in opened[1:]] + [opened[-1].below + 1]  # behind the last turn the text may be the article's again
    for turn, end in zip(opened, ends, strict=True):
        beside = () if turn.below > turn.at else (turn.words,)
        content = tuple(part for span in (*beside, *lines[turn.at + 1 : end]) if (part := _trimmed(text, span)))
        if content and (turn.label in speakers or turn.label in TITLES | PERSON_ROLES):
            answers = turn.label in _ANSWERS
            yield Shown(None if answers else turn.name, turn.colon, content, own=turn.label in _ASKS or (answers and faq))


def _turn(text: str, at: int, lines: Sequence[Span]) -> _Turn | None:
    line = lines[at]
    match = _TURN.match(text, line.start, line.end)
    if match is None:
        return None
    colon = match.start() + match.group().rindex(":")
    below = at + 1 if match.end() == line.end and at + 1 < len(lines) else at
    words = lines[below] if below > at else Span(match.end(), line.end)
    if not _LETTER.search(text, words.start, words.end):  # "Votes: 547"
        return None
    return _Turn(at, below, match["name"].lower(), Span(*match.span("name")), Span(colon, colon + 1), words)


def _known_names(text: str, labels: set[int]) -> set[str]:
    """Return the names in a text and their last words, in small letters, but for labels and words that open a sentence."""
    known: set[str] = set()
    for name in names_in(text, Span(0, len(text))):
        opens_sentence = not _AFTER_A_WORD.fullmatch(text, max(0, name.span.start - 2), name.span.start)
        if name.span.start not in labels and (len(name.words) > 1 or name.title or not opens_sentence):
            known |= {name.text.lower(), name.words[-1].lower()}
    return known


def _is_named(label: str, known: set[str]) -> bool:
    """Tell whether a label names who speaks, unlike "Phone:", "Photo:" or "Last Modified:"."""
    if label.lower() in _ASKS | _ANSWERS:
        return True
    name = next(names_in(label, Span(0, len(label))), None)
    return name is not None and (name.person or name.text.lower() in known)


def _who_talk(text: str, turns: Sequence[_Turn]) -> set[str]:
    """Return the labels of those who talk to each other: one asks another, or several, of whom one is named and one talks again."""
    if len(turns) < 2:
        return set()
    known = _known_names(text, {turn.name.start for turn in turns})
    counted = Counter(turn.label for turn in turns)
    named = {turn.label for turn in turns if _is_named(turn.name.of(text), known)}
    again = {label for label, count in counted.items() if count > 1}
    speakers = named if named & _ASKS else named | again
    enough = bool(named & _ASKS) or (named and again and sum(counted[label] for label in speakers) >= _FEWEST_TURNS)
    return speakers if enough and len(speakers) > 1 and _is_spoken(text, [turn for turn in turns if turn.label in speakers]) else set()


def _is_spoken(text: str, turns: Sequence[_Turn]) -> bool:
    """Tell whether turns sound like people talking to each other, unlike a table of results or the notes of a critic."""
    spoken = sum(_SPOKEN.search(text, turn.words.start, turn.words.end) is not None for turn in turns)
    return spoken >= _SPOKEN_SHARE * len(turns)


def _blocks(text: str, lines: Sequence[Span]) -> Iterator[Shown]:
    """Yield block quotes; one without a credit has no source, and whoever the line before it names is left to the tagger."""
    first = 0
    while first < len(lines):
        end = first
        while end < len(lines) and text.startswith(">", lines[end].start) and (end == first or _follows(text, lines[end - 1], lines[end])):
            end += 1
        if end > first:
            parts = [part for line in lines[first:end] if (part := _trimmed(text, Span(line.start + 1, line.end)))]
            below = lines[end] if end < len(lines) and _follows(text, lines[end - 1], lines[end]) else None
            above = lines[first - 1] if first and _follows(text, lines[first - 1], lines[first]) else None
            yield from _block(text, parts, above, below)
        first = max(end, first + 1)


def _block(text: str, parts: list[Span], above: Span | None, below: Span | None) -> Iterator[Shown]:
    """Yield a block quote, with the credit in its last line or below it, or the name in a line above that ends in a colon."""
    inside = _credit(text, parts[-1]) if len(parts) > 1 else None
    if inside and not _credit(text, parts[-2]):  # two of them are items of a list
        yield Shown(inside.name, inside.dash, tuple(parts[:-1]))
    elif parts:
        credit = _credit(text, below) if below and not inside else None
        source, mark = (credit.name, credit.dash) if credit else _introduced(text, above) if above else (None, None)
        yield Shown(source, mark, tuple(parts))


def _introduced(text: str, above: Span) -> tuple[Span | None, Span | None]:
    """Return the one name in a line that leads up to a block quote, and the colon at its end."""
    line = _trimmed(text, above)
    names = list(names_in(text, line)) if line and text[line.end - 1] == ":" else []
    if line is None or len(names) != 1 or _SPOKEN_OF.search(text[line.start : names[0].span.start]):
        return None, None
    return names[0].span, Span(line.end - 1, line.end)


def _follows(text: str, before: Span, line: Span) -> bool:
    """Tell whether no more than one empty line stands between two lines."""
    return text.count("\n", before.end, line.start) <= 2


@dataclass(frozen=True, slots=True)
class _Credit:
    """A dash and the name behind it."""

    dash: Span
    name: Span


def _credit(text: str, line: Span) -> _Credit | None:
    """Return the credit that a line opens with, where no more than a role or the name of a work follows the name."""
    match = _CREDIT.match(text, line.start, line.end)
    if match is None:
        return None
    name = Span(match.start("name"), match.start("name") + len(match["name"].rstrip(".")))
    return _Credit(Span(*match.span("dash")), name)


def _credited(text: str, lines: Sequence[Span], quotations: Sequence[Quotation]) -> Iterator[Shown]:
    """Yield quotations that stand alone before a dash and a name, on one line or above it, as over a chapter."""
    starts = [line.start for line in lines]
    for quotation in quotations:
        at = bisect_right(starts, quotation.span.start) - 1
        rest = Span(quotation.span.end, lines[at].end)
        if quotation.span.start != lines[at].start or quotation.open:
            continue
        places = [rest] if rest.start < rest.end else lines[at + 1 : at + 3]
        credit, *others = [_credit(text, place) for place in places] or [None]
        if credit and not any(others):  # two of them are items of a list
            yield Shown(credit.name, credit.dash, (quotation.span,))


def _letters(text: str, lines: Sequence[Span]) -> Iterator[Shown]:
    """Yield a letter that an article prints: from "Dear ..." to the signature below its closing words."""
    opened: int | None = None
    for at, line in enumerate(lines[:-1]):
        length = line.end - line.start
        if _DEAR.match(text, line.start, line.end) and length <= _LONGEST_SALUTATION:
            opened = at
        elif opened is not None and length < _LONGEST_CLOSING and _CLOSING.fullmatch(text, line.start, line.end):
            signed = lines[at + 1]
            if at > opened + 1 and signed.end - signed.start < _LONGEST_SIGNATURE:
                yield Shown(signed, None, tuple(lines[opened + 1 : at]))
            opened = None


def _trimmed(text: str, span: Span) -> Span | None:
    words = span.of(text)
    start = span.start + len(words) - len(words.lstrip())
    end = span.end - (len(words) - len(words.rstrip()))
    return Span(start, end) if start < end else None
