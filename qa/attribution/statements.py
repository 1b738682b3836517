"""Reads an article into statements: who says what, where, and in whose voice.

Brings together what the tagger marks, what quotation marks bound, what the layout shows, and whom names and pronouns
stand for. What no statement covers is the article's own voice; so is what "we" and the group itself are the source of.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from qa.attribution.cues import communicates, is_told, names_somebody
from qa.attribution.layout import Shown, shown
from qa.attribution.names import PERSON_ROLES
from qa.attribution.quotations import Quotation, quotations
from qa.attribution.speakers import Speaker, Speakers
from qa.types import Article, Span, Statement, Voice

if TYPE_CHECKING:
    from qa.attribution.tagger import Attribution

LEAST_SCORE = 0.5  # how sure the tagger has to be of a cue
_MOSTLY = 0.5  # share of a quotation that has to be said by one speaker for the whole to be
_FEWEST_WORDS = 4  # of a quotation that goes on without being attributed again; fewer are a term or a slogan
_A_SENTENCE = 6  # words of a quotation that are more than a term or a slogan
_FEWEST_REPORTED = 2  # words of a paraphrase; one word tells nothing that somebody said
_LOOK_BACK = 24  # code points before a source or cue that may take back that it was said
_FEWEST_SPOKEN = 3  # words between marks that may be somebody's; fewer are a term or a jibe
_NO_SOURCE = frozenset({"the", "a", "an", "this", "that", "these", "which", "it"})
_NAMED = r"(?:[A-Z][\w-]*\.?|of|the)(?:\s+(?:[A-Z][\w-]*\.?|of|the|de|van|von|bin|al))*"
_WORDS_OF = re.compile(
    rf"(?P<who>(?:[Tt]he\s+)?{_NAMED})(?:[’']s|(?<=s)[’'])\s+(?:[\w-]+\s+){{0,3}}?"
    r"(?P<noun>words|statement|remarks?|phrase|comment|claim|description|warning|promise|call|slogan|verdict|response|answer|speech|letter)\b"
    rf"|(?P<words>[Ii]n the words of|[Tt]he words of|[Tt]o quote)\s+(?P<of>[^,:;()“\"«‘\n]{{2,60}}\w)"
)
_OPENING = " \t“”\"‘’'«»„"
_ADDS = re.compile(r"\s(?:and|but)\s(?:also\s|then\s)?$")
_CLOSING_MARKS = ("”", "’", '"', "''", "»", "“", "‘")
_NAME_BEHIND = re.compile(r" (?P<who>(?:[Tt]he )?[A-Z][\w’'-]*\w(?: [A-Z][\w’'-]*\w)*)(?=[ ,.:;\n]|$)")
_ROLE_AND_NAME = re.compile(r" (?:[a-z]+ )?(?P<role>[a-z]+) [A-Z][\w’'-]+(?: [A-Z][\w’'-]+)*")
_LONGEST_WORD = 40  # code points; what has no spaces for longer is no text
_BESIDE = 3  # code points between a cue and a quotation that is surely its own, however little of it is marked
_SMALL_GAP = 1  # words that the tagger leaves out within one content
_WORD = re.compile(r"\w")
_BETWEEN = re.compile(r"[\s.,;:—–\-]*")
_ITSELF = re.compile(
    r"(?:this|the|our) (?:(?:present )?article|statement|resolution|declaration|document|text|editorial|piece|essay|pamphlet|leaflet"
    r"|authors?|writer)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A statement before its speaker is known."""

    source: Span | None
    cue: Span | None
    content: tuple[Span, ...]
    own: bool = False
    direct: bool = False

    @property
    def start(self) -> int:
        """Where the source stands, or else what is said: the order in which speakers are made out."""
        return self.source.start if self.source else self.content[0].start

    @property
    def end(self) -> int:
        """Behind the last of its parts."""
        return max(span.end for span in (*self.content, *filter(None, (self.source, self.cue))))


def statements(article: Article, sentences: Sequence[Span], tagged: Sequence[Attribution]) -> tuple[Statement, ...]:
    """Return what an article gives to speakers, in order of their sources; `tagged` is what the tagger marks in its text."""
    text = article.text
    quoted = quotations(text)
    by_layout = shown(text, quoted)
    drafts = [draft for a in tagged if a.score >= LEAST_SCORE and (draft := _tidied(text, sentences, quoted, by_layout, a))]
    drafts = [draft for draft in (_without_others(draft, sentences, drafts) for draft in drafts) if draft.content]
    drafts = _by_nouns(text, sentences, quoted, _with_subjects(text, sentences, drafts))
    drafts = _continued(text, quoted, _whole_quotations(drafts, quoted))
    drafts = sorted(_with_layout(text, drafts, by_layout), key=lambda item: (item.start, item.content[0].start))
    said_by = _speakers_of(article, drafts, Speakers(article, sentences, [quotation.inner for quotation in quoted]))
    return tuple(_statement(article, draft, speaker, quoted) for draft, speaker in zip(drafts, said_by, strict=True))


def _speakers_of(article: Article, drafts: Sequence[_Draft], speakers: Speakers) -> list[Speaker]:
    """Make out who says each, in order; whoever says the words around a source comes before that source."""
    around = _around(drafts)
    found: dict[int, Speaker] = {}

    def resolve(number: int, waiting: frozenset[int]) -> Speaker:
        if number not in found:
            outer = around.get(number)
            within = resolve(outer, waiting | {number}) if outer is not None and outer not in waiting else None
            draft = drafts[number]
            found[number] = Speaker(article.group, own=True) if draft.own else speakers.of(draft.source, within)
        return found[number]

    return [resolve(number, frozenset({number})) for number in range(len(drafts))]


def _tidied(
    text: str, sentences: Sequence[Span], quoted: Sequence[Quotation], by_layout: Sequence[Shown], tagged: Attribution
) -> _Draft | None:
    """Bound a tagger's marks by words; leave out what it marks in other sentences than the cue's, unless that is quoted."""
    cue = _whole_words(text, tagged.cue)
    source = _with_name(text, _whole_words(text, tagged.source)) if tagged.source else None
    home = _sentence_of(cue, sentences)
    kept: list[Span] = []
    for span in tagged.content:
        part = _whole_words(text, span)
        in_marks = _touched(part, quoted) and _goes_with(text, part, home)
        near = part.overlaps(home) or in_marks or any(_touches(item.content, part) for item in by_layout)
        if near and _WORD.search(part.of(text)):
            kept += _clipped(part, home, quoted)
    content: list[Span] = []
    for part in _joined(kept):
        gap = Span(content[-1].end, part.start) if content else None
        taken = gap and any(span and span.overlaps(gap) for span in (source, cue))
        if gap and not taken and len(gap.of(text).split()) <= _SMALL_GAP and "\n" not in gap.of(text):
            content[-1] = Span(content[-1].start, part.end)
        else:
            content.append(part)
    return _Draft(source, cue, tuple(content)) if content else None


def _without_others(draft: _Draft, sentences: Sequence[Span], drafts: Sequence[_Draft]) -> _Draft:
    """Leave out a part in another sentence than the cue's that is marked as another's too."""
    home = _sentence_of(draft.cue or draft.content[0], sentences)
    others = [span for other in drafts if other is not draft for span in other.content]
    kept = tuple(span for span in draft.content if span.overlaps(home) or not any(span.overlaps(other) for other in others))
    return replace(draft, content=kept)


def _clipped(part: Span, home: Span, quoted: Sequence[Quotation]) -> list[Span]:
    """Leave out of a part that holds a quotation what is neither between its marks nor in the cue's sentence."""
    marked = [quotation.span for quotation in _touched(part, quoted)]
    allowed = [home, *marked] if marked else [part]
    return _joined([Span(max(part.start, span.start), min(part.end, span.end)) for span in allowed if span.overlaps(part)])


def _goes_with(text: str, part: Span, home: Span) -> bool:
    """Tell whether a quotation in another sentence may be the cue's: in its paragraph, or opening another."""
    between = text[min(part.end, home.end) : max(part.start, home.start)]
    line_start = text.rfind("\n", 0, part.start) + 1
    return "\n" not in between or not text[line_start : part.start].strip(_OPENING)


def _with_name(text: str, source: Span) -> Span:
    """Let a source that stops before the name have the name: "US" in "US president Ada Marsh"."""
    following = _ROLE_AND_NAME.match(text, source.end)
    if following and following["role"].lower() in PERSON_ROLES and source.of(text)[:1].isupper():
        return Span(source.start, following.end())
    return source


def _with_subjects(text: str, sentences: Sequence[Span], drafts: Sequence[_Draft]) -> list[_Draft]:
    """Give "..., adding that ..." the source of what its sentence says before, and "..." asked Ada the name behind the verb."""
    found: list[_Draft] = []
    for draft in drafts:
        source = draft.source
        if source is None and draft.cue and (_ADDS.search(text, max(0, draft.cue.start - 8), draft.cue.start) or _ing(draft.cue, text)):
            source = _subject_before(draft.cue, sentences, drafts)
        elif source is None and draft.cue and text[: draft.cue.start].rstrip().endswith(_CLOSING_MARKS):
            behind = _NAME_BEHIND.match(text, draft.cue.end)
            source = Span(*behind.span("who")) if behind else None
        found.append(replace(draft, source=source))
    return found


def _ing(cue: Span, text: str) -> bool:
    return cue.of(text).lower().endswith("ing")


def _subject_before(cue: Span, sentences: Sequence[Span], drafts: Sequence[_Draft]) -> Span | None:
    sentence = _sentence_of(cue, sentences)
    before = [draft.source for draft in drafts if draft.source and draft.cue and draft.cue.end <= cue.start]
    return before[-1] if before and before[-1].start >= sentence.start else None


def _by_nouns(text: str, sentences: Sequence[Span], quoted: Sequence[Quotation], drafts: Sequence[_Draft]) -> list[_Draft]:
    """Give a quotation that no source is marked for to whoever's words it is called: "Ada Marsh's statement that ...".

    The nearest such noun before it in its sentence counts. What was marked without a source gives way.
    """
    kept = dict(enumerate(drafts))
    said = _by_quotation(drafts, quoted)
    for quotation in quoted:
        last = _noun_before(text, sentences, quoted, quotation) if quotation.words(text) >= _FEWEST_SPOKEN else None
        owners = [at for at in said.get(quotation, ()) if at in kept and _touches(kept[at].content, quotation.span)]
        if last is None or any((source := kept[at].source) and source.of(text).lower() not in _NO_SOURCE for at in owners):
            continue
        for at in owners:
            draft = kept.pop(at)
            rest = tuple(span for span in draft.content if not span.overlaps(quotation.span) and span.start > quotation.span.end)
            if rest:
                kept[at] = replace(draft, content=rest)
        source, cue = (Span(*last.span(group)) for group in (("who", "noun") if last["who"] else ("of", "words")))
        kept[len(drafts) + quotation.span.start] = _Draft(source, cue, (quotation.span,))
    return list(kept.values())


def _by_quotation(drafts: Sequence[_Draft], quoted: Sequence[Quotation]) -> dict[Quotation, list[int]]:
    """Return the numbers of the drafts that have a part of each quotation."""
    found: dict[Quotation, list[int]] = {}
    for at, draft in enumerate(drafts):
        for quotation in dict.fromkeys(quotation for part in draft.content for quotation in _touched(part, quoted)):
            found.setdefault(quotation, []).append(at)
    return found


def _noun_before(text: str, sentences: Sequence[Span], quoted: Sequence[Quotation], quotation: Quotation) -> re.Match[str] | None:
    """Return the last "Ada Marsh's statement" before a quotation in its sentence, with no other quotation between them."""
    number = bisect_left(quoted, quotation.span, key=lambda other: other.span)
    start = max(_sentence_of(quotation.span, sentences).start, quoted[number - 1].span.end if number else 0)
    before = list(_WORDS_OF.finditer(text, start, quotation.span.start))
    return before[-1] if before else None


def _whole_words(text: str, span: Span) -> Span:
    start, end = span.start, span.end
    while start > max(0, span.start - _LONGEST_WORD) and text[start].isalnum() and text[start - 1].isalnum():
        start -= 1
    while end < min(len(text), span.end + _LONGEST_WORD) and text[end - 1].isalnum() and text[end].isalnum():
        end += 1
    return Span(start, end)


def _whole_quotations(drafts: Sequence[_Draft], quoted: Sequence[Quotation]) -> list[_Draft]:
    """Let whoever alone has most of a quotation, or has the words of saying right beside it, have all of it."""
    whole = list(drafts)
    for quotation, owners in _by_quotation(drafts, quoted).items():
        span, draft = quotation.span, whole[owners[0]]
        named = any(part.overlaps(span) for part in (draft.source, draft.cue) if part)
        most = _shared(draft.content, span) >= _MOSTLY * (span.end - span.start)
        beside_cue = draft.cue and any(
            abs(edge - mark) <= _BESIDE for edge in (span.start, span.end) for mark in (draft.cue.start, draft.cue.end)
        )
        if (most or beside_cue) and len(owners) == 1 and not named:
            whole[owners[0]] = replace(draft, content=tuple(_joined([*draft.content, span])))
    return whole


def _continued(text: str, quoted: Sequence[Quotation], drafts: Sequence[_Draft]) -> list[_Draft]:
    """Give quotations that nobody is named for to whoever spoke right before, as in: "...," said Ada. "..."."""
    extended = list(drafts)
    said = _by_quotation(drafts, quoted)

    def give(quotation: Quotation, at: int | None) -> None:
        if at is not None:
            extended[at] = replace(extended[at], content=tuple(_joined([*extended[at].content, quotation.span])))
            said[quotation] = [at]

    for quotation, after in reversed(list(pairwise(quoted))):  # paragraphs before the one that is attributed
        if quotation not in said and after in said and _is_one_speech(text, quotation, after):
            give(quotation, said[after][0])
    for previous, quotation in pairwise(quoted):
        if quotation not in said and previous in said:
            give(quotation, _speaking_before(text, quotation, previous, [(at, extended[at]) for at in said[previous]]))
    return extended


def _is_one_speech(text: str, before: Quotation, after: Quotation) -> bool:
    """Tell whether a quotation that was left open goes on in the next paragraph."""
    return before.open and not text[before.span.end : after.span.start].strip()


def _speaking_before(text: str, quotation: Quotation, previous: Quotation, said: Sequence[tuple[int, _Draft]]) -> int | None:
    """Return whose quotation goes on here: it follows directly, or a paragraph opens where the one before was left open."""
    if _is_one_speech(text, previous, quotation):
        return said[0][0]
    if quotation.words(text) < _FEWEST_WORDS:
        return None
    for at, draft in reversed(said):
        between = text[draft.end : quotation.span.start]
        if draft.end <= quotation.span.start and "\n" not in between and _BETWEEN.fullmatch(between):
            return at
    return None


def _with_layout(text: str, drafts: Sequence[_Draft], by_layout: Sequence[Shown]) -> list[_Draft]:
    """Add what the layout shows; where tagger and layout mark the same, the layout bounds it and the tagger may name who."""
    kept, added = list(drafts), []
    for item in by_layout:
        same = [draft for draft in kept if _is_same(draft, item)]
        introduced = next((draft for draft in same if draft.source), None)
        if item.source is None and item.cue is None and introduced is None:
            introduced = _introduction(text, item, kept)
            if introduced is None:
                continue
            same.append(introduced)
        source, cue = item.source, item.cue
        if source is None and cue is None and introduced is not None:
            source, cue = introduced.source, introduced.cue
        kept = [draft for draft in kept if draft not in same] if same else kept
        added.append(_Draft(source, cue, item.content, own=item.own, direct=True))
    return [*kept, *added]


def _is_same(draft: _Draft, item: Shown) -> bool:
    """Tell whether the tagger marks what the layout shows: half of its words, its cue or its source."""
    size = sum(span.end - span.start for span in item.content)
    first = min(item.content[0].start, item.source.start) if item.source else item.content[0].start
    return (
        sum(_shared(draft.content, span) for span in item.content) >= _MOSTLY * size
        or (draft.cue is not None and item.cue is not None and draft.cue.overlaps(item.cue))
        or (draft.source is not None and item.source is not None and draft.source.overlaps(item.source) and draft.source.start >= first)
    )


def _introduction(text: str, item: Shown, drafts: Sequence[_Draft]) -> _Draft | None:
    """Return the statement that leads up to a block quote: it says some of it, or ends with a colon or the line right above."""
    start = item.content[0].start
    for draft in drafts:
        if draft.source and draft.source.end <= start and any(_touches(item.content, span) for span in draft.content):
            return draft
        if draft.end <= start and re.fullmatch(r"[\s:.,>*_“\"]*", text[draft.end : start]):
            return draft
    return None


def _around(drafts: Sequence[_Draft]) -> dict[int, int]:
    """Return in whose words the source of a draft stands, by their numbers: the innermost where several hold it."""
    contents = sorted((span, number) for number, draft in enumerate(drafts) for span in draft.content)
    around: dict[int, int] = {}
    open_: list[tuple[Span, int]] = []
    at = 0
    for number, source in sorted(((number, draft.source) for number, draft in enumerate(drafts) if draft.source), key=lambda item: item[1]):
        while at < len(contents) and contents[at][0].start <= source.start:
            open_.append(contents[at])
            at += 1
        open_ = [item for item in open_ if item[0].end > source.start]
        holding = [owner for span, owner in open_ if source.end <= span.end and owner != number]
        if holding:
            around[number] = holding[-1]
    return around


def _statement(article: Article, draft: _Draft, speaker: Speaker, quoted: Sequence[Quotation]) -> Statement:
    text = article.text
    source = " ".join(draft.source.of(text).split()) if draft.source else ""
    own = speaker.own or _ITSELF.fullmatch(source) is not None or _same(speaker.name, article.group)
    direct = draft.direct or _in_marks(draft, quoted)
    voice: Voice = "own" if own else "quoted" if direct else "reported"
    words = sum(len(span.of(text).split()) for span in draft.content)
    somebody = direct or (words >= _FEWEST_REPORTED and names_somebody(source, speaker.name or "", draft.cue.of(text) if draft.cue else ""))
    return Statement(
        article.id,
        (draft.source,) if draft.source else (),
        (draft.cue,) if draft.cue else (),
        draft.content,
        article.group if own else speaker.name,
        voice,
        None if own else speaker.organisation,
        somebody and _is_uttered(text, draft, quoted),
    )


def _is_uttered(text: str, draft: _Draft, quoted: Sequence[Quotation]) -> bool:
    """Tell whether the text has it that the words were uttered; a whole sentence between marks was, whatever its cue."""
    if draft.cue is None:
        return True
    cue = draft.cue.of(text)
    before_source = text[max(0, draft.start - _LOOK_BACK) : draft.start]
    before_cue = text[max(0, draft.cue.start - _LOOK_BACK) : draft.cue.start]
    sentence = any(quotation.words(text) >= _A_SENTENCE for part in draft.content for quotation in _touched(part, quoted))
    return (sentence or communicates(cue)) and is_told(before_source, before_cue, cue)


def _same(speaker: str | None, group: str | None) -> bool:
    return bool(speaker and group) and _plain(speaker or "") == _plain(group or "")


def _plain(name: str) -> str:
    return name.casefold().removeprefix("the ")


def _in_marks(draft: _Draft, quoted: Sequence[Quotation]) -> bool:
    """Tell whether most of what is said stands between quotation marks, or no words of saying bound it."""
    if draft.cue is None:
        return True
    size = sum(span.end - span.start for span in draft.content)
    inside = sum(_shared([part], quotation.span) for part in draft.content for quotation in _touched(part, quoted))
    return 2 * inside > size


def _sentence_of(span: Span, sentences: Sequence[Span]) -> Span:
    """Return the sentence in which a span begins."""
    at = bisect_right(sentences, span.start, key=lambda sentence: sentence.start) - 1
    return sentences[at] if at >= 0 and span.start < sentences[at].end else span


def _touched(span: Span, quoted: Sequence[Quotation]) -> Sequence[Quotation]:
    """Return the quotations that share a code point with a span."""
    first = bisect_right(quoted, span.start, key=lambda quotation: quotation.span.end)
    return quoted[first : bisect_left(quoted, span.end, key=lambda quotation: quotation.span.start)]


def _touches(spans: Sequence[Span], other: Span) -> bool:
    """Tell whether any of the spans, which are in order and apart from each other, shares a code point with another."""
    at = bisect_left(spans, other.end, key=lambda span: span.start) - 1
    return at >= 0 and other.start < spans[at].end


def _shared(spans: Sequence[Span], other: Span) -> int:
    return sum(max(0, min(span.end, other.end) - max(span.start, other.start)) for span in spans)


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Return the spans in order, those that touch made one."""
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined
