"""From a question and the turns before it to a `Query`: the parser's slots, linked to the corpus's names and to dates.

What a person took back (`Question.without`) is left out. Decides nothing about what answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Literal
from weakref import WeakKeyDictionary

from qa.index.lexical import content_words
from qa.language.dates import DateSpan, in_words, parse_when
from qa.query.conversation import stand_alone
from qa.query.linking import Entity, Linker, Match, fold, linked
from qa.query.parser import Parse, load_parser
from qa.retrieval.corpus import Corpus
from qa.types import Intent, Named, NameLink, Query, Question, Reading, Slot, SlotKind, Span

SEEN = 0.35  # score from which somebody may be meant at all
_OF_ARTICLES: tuple[Intent, ...] = ("catalogue", "summary")  # intents that ask for articles
_WHOLE = 0.95  # how nearly words have to be a whole name to be taken for one wherever they stand
_SURE = 0.9  # how likely words have to limit the time of saying for the search to be limited by them
_OF_SOMEBODY: tuple[Intent, ...] = ("what", "speaker", "stance", "compare", "change", "summary")  # intents that ask somebody
_LONGEST_NAME = 8  # words of a question that may be nothing but a name
_GROWS = 3  # words beside those tagged that may belong to a name
_TIED = 0.02  # scores that are no further apart can't be told apart
_LINKERS: WeakKeyDictionary[Corpus, Linker] = WeakKeyDictionary()
_WANTED: dict[Intent, str] = {
    "who": "who says it", "what": "what is said", "speaker": "what somebody is quoted as saying", "stance": "for or against",
    "fact": "a fact", "groups": "all groups that do", "compare": "a comparison", "change": "change over time",
    "catalogue": "what there is", "summary": "a summary", "more": "more of the same", "help": "help", "courtesy": "a courtesy",
    "unreadable": "not understood",
}  # fmt: skip


def understand(question: Question, corpus: Corpus) -> Query:
    """Return what a question means in this corpus."""
    text = " ".join(question.text.split())
    turns = [text, *(" ".join(turn.split()) for turn in reversed(question.history))]
    parse = load_parser().parse(text, turns[:0:-1])
    slots = _unless_taken_back(parse, question)
    linker = linker_of(corpus)
    slots = _with_bare_name(slots, text, linker, corpus)
    slots = _with_named(slots, text, linker, corpus) if parse.intent in _OF_SOMEBODY else slots
    slots = [_as_name(slot, turns, linker, corpus) if parse.intent in _OF_ARTICLES else slot for slot in slots]
    slots = _without_replaced(_with_whole_names(slots, turns, linker), parse.intent)
    names = tuple(dict.fromkeys(link(_words(slot, turns), linker, corpus) for slot in _of("asked", slots)))
    names = tuple(_without(named, question) for named in names)
    asked_at = [slot.span for slot in _of("asked", slots) if not slot.turn]
    told = tuple(
        Named(mention.span.of(text), tuple(NameLink("group", group, 1.0) for group in mention.groups))
        for mention in corpus.registry.mentions(text)
        if not any(mention.span.overlaps(span) for span in asked_at)
    )
    when = None if {"since", "until"} & {*question.without} else _when(slots, turns, corpus)
    about = sorted(_of("about", slots), key=lambda slot: (-slot.turn, slot.span))
    needed = [turns[turn] for turn in sorted({slot.turn for slot in slots if slot.turn}, reverse=True)]
    within = tuple(map(corpus.registry.canonical, question.groups))
    query = Query(
        text=text,
        read=stand_alone(_by_known_names(text, names), needed),
        topic=" ".join(dict.fromkeys(_words(slot, turns) for slot in about)),
        intent=parse.intent,
        intents=parse.intents,
        names=names,
        told=told,
        within=within,
        only=question.speakers,
        since=question.since or (when.since if when else None),
        until=question.until or (when.until if when else None),
        order=parse.order if "order" not in question.without else "none",
        side=parse.side if parse.intent == "stance" else "none",
        negated=parse.is_negated,
        unclear=tuple(named for named in names if len(named.publishers) > 1 and not {*named.publishers} & {*within}),
    )
    return _with_readings(query, slots, turns, when)


def link(words: str, linker: Linker, corpus: Corpus) -> Named:
    """Return whom words name here."""
    words = re.sub(r"^the\s+", "", words, flags=re.IGNORECASE)
    matches = [match for match in linker.matches(words) if match.score >= SEEN]
    links = tuple(NameLink(match.entity.kind, match.entity.name, round(match.score, 4)) for match in matches)
    meant = [match for match in matches if match.score >= max(linked(), matches[0].score - _TIED)]
    publishers = tuple(dict.fromkeys(m.entity.name for m in meant if m.entity.kind == "group" and m.entity.name in corpus.by_group))
    others = tuple(dict.fromkeys(m.entity.name for m in meant if m.entity.name not in publishers))
    return Named(words, links, publishers, () if publishers else others, bool(meant) and _is_guess(words, meant[0]))


def _by_known_names(text: str, names: Sequence[Named]) -> str:
    """Return a question with nicknames that share no word with the name of the body they mean replaced by it, for who reads it."""
    for named in names:
        if len(named.publishers) == 1 and not {*fold(named.words)} & {*fold(named.publishers[0])}:
            text = re.sub(re.escape(named.words), lambda _, name=named.publishers[0]: name, text)  # type: ignore[misc]
    return text


def _is_guess(words: str, match: Match) -> bool:
    """Tell whether words had to be read as misspelt to name anybody."""
    return match.asked < 0.949


def linker_of(corpus: Corpus) -> Linker:
    """Return the names of a corpus, brought together once."""
    found = _LINKERS.get(corpus)
    if found is None:
        found = _LINKERS[corpus] = Linker(_names(corpus))
    return found


def _names(corpus: Corpus) -> Iterator[tuple[Entity, str]]:
    heard = {name for names in corpus.speakers.values() for name in names}
    for group in corpus.registry.groups.values():
        if group.name not in corpus.by_group and group.name not in heard:
            continue
        for name in (group.name, *group.aliases, *group.publications, *corpus.registry.short_names(group.name)):
            yield Entity("group", group.name), name
    for names in corpus.speakers.values():
        for name in names:
            if name not in corpus.registry.groups:
                yield Entity("speaker", name), name
    for names in corpus.authors.values():
        for name in names:
            yield Entity("author", name), name


def _with_whole_names(slots: Sequence[Slot], turns: Sequence[str], linker: Linker) -> list[Slot]:
    """Return the slots with those of names taking in the words beside them that make a known name whole, from other slots too."""
    whole = [_grown(slot, turns[slot.turn], linker) if slot.kind == "asked" else slot for slot in slots]
    asked = [slot for slot in whole if slot.kind == "asked"]
    found: list[Slot] = []
    for slot in whole:
        taken = [one.span for one in asked if one.turn == slot.turn and one.span.overlaps(slot.span)]
        if slot.kind == "asked" or not taken:
            found.append(slot)
            continue
        start, end = slot.span.start, slot.span.end
        for span in taken:
            start, end = (span.end, end) if span.start <= start else (start, min(end, span.start))
        text = turns[slot.turn][start:end]
        if text.strip():
            start += len(text) - len(text.lstrip())
            found.append(Slot(slot.kind, Span(start, start + len(text.strip())), slot.turn, slot.chance))
    return list(dict.fromkeys(found))


def _with_bare_name(slots: Sequence[Slot], text: str, linker: Linker, corpus: Corpus) -> list[Slot]:
    """Return the slots with the name that is all there is to a question, as in "Petra Holm?" or "and the guild?", as one asked."""
    words = [Span(*match.span()) for match in re.finditer(r"[^\s?!.,;:]+", text)]
    if any(slot.kind == "asked" and not slot.turn for slot in slots) or not 0 < len(words) <= _LONGEST_NAME:
        return list(slots)
    for first in range(len(words)):
        span = Span(words[first].start, words[-1].end)
        if content_words(text[: span.start]):
            break
        if _wholeness(span.of(text), linker) >= _WHOLE and link(span.of(text), linker, corpus).known:
            return [*(slot for slot in slots if slot.turn or not slot.span.overlaps(span)), Slot("asked", span)]
    return list(slots)


def _with_named(slots: Sequence[Slot], text: str, linker: Linker, corpus: Corpus) -> list[Slot]:
    """Return the slots with the first publisher whose whole name stands in a question that has to ask somebody and names nobody."""
    if any(slot.kind == "asked" for slot in slots):
        return list(slots)
    words = [Span(*match.span()) for match in re.finditer(r"[^\s?!.,;:]+", text)]
    for first in range(len(words)):
        for last in range(min(first + _LONGEST_NAME, len(words)) - 1, first - 1, -1):
            span = Span(words[first].start, words[last].end)
            if _wholeness(span.of(text), linker) >= _WHOLE and link(span.of(text), linker, corpus).publishers:
                return [*(slot for slot in slots if slot.turn or not slot.span.overlaps(span)), Slot("asked", span)]
    return list(slots)


def _as_name(slot: Slot, turns: Sequence[str], linker: Linker, corpus: Corpus) -> Slot:
    """Return words that are the whole name of a publisher as such: "the WRP article" asks for the WRP's."""
    if slot.kind != "about" or _wholeness(_words(slot, turns), linker) < _WHOLE:
        return slot
    return Slot("asked", slot.span, slot.turn) if link(_words(slot, turns), linker, corpus).publishers else slot


def _without_replaced(slots: Sequence[Slot], intent: Intent) -> list[Slot]:
    """Return the slots without those who were asked before, where the question itself names whom it asks."""
    names_anew = any(slot.kind == "asked" and not slot.turn for slot in slots) and intent != "compare"
    return [slot for slot in slots if not (names_anew and slot.kind == "asked" and slot.turn)]


def _grown(slot: Slot, text: str, linker: Linker) -> Slot:
    words = [Span(*match.span()) for match in re.finditer(r"\S+", text)]
    inside = [at for at, word in enumerate(words) if word.overlaps(slot.span)]
    best, score = slot.span, _wholeness(slot.span.of(text), linker)
    for left in range(_GROWS + 1):
        for right in range(_GROWS + 1 - left):
            first, last = inside[0] - left, inside[-1] + right
            if first < 0 or last >= len(words):
                continue
            span = Span(min(words[first].start, slot.span.start), max(words[last].end, slot.span.end))
            if (new := _wholeness(span.of(text), linker)) > score + _TIED:
                best, score = span, new
    return Slot(slot.kind, best, slot.turn)


def _wholeness(words: str, linker: Linker) -> float:
    """Return how nearly words are a name as a whole: nothing missing, nothing added; 0 to 1."""
    matches = linker.matches(words, most=1)
    return matches[0].asked * matches[0].named if matches else 0.0


def _of(kind: SlotKind, slots: Iterable[Slot]) -> list[Slot]:
    return [slot for slot in slots if slot.kind == kind]


def _words(slot: Slot, turns: Sequence[str]) -> str:
    return slot.span.of(turns[slot.turn])


def _unless_taken_back(parse: Parse, question: Question) -> list[Slot]:
    back = {key for key in question.without if key.startswith("carried:")}
    return [slot for slot in parse.slots if not (slot.turn and f"carried:{slot.kind}" in back)]


def _without(named: Named, question: Question) -> Named:
    """Return a name without those whom the person took back."""
    back = {key.split(":", 1)[1] for key in question.without if key.startswith(("publisher:", "speaker:", "carried:"))}
    return Named(
        named.words,
        tuple(one for one in named.links if one.name not in back),
        tuple(name for name in named.publishers if name not in back),
        tuple(name for name in named.speakers if name not in back),
        named.guessed,
    )


def _when(slots: Sequence[Slot], turns: Sequence[str], corpus: Corpus) -> DateSpan | None:
    """Return the time that limits when it was said: of the question itself, else of an earlier one."""
    newest = corpus.dates[1] if corpus.dates else None
    for slot in sorted((slot for slot in _of("when", slots) if slot.chance >= _SURE), key=lambda slot: slot.turn):
        text, span = turns[slot.turn], slot.span
        if found := parse_when(text[span.start : span.end], newest):
            return found
    return None


def _with_readings(query: Query, slots: Sequence[Slot], turns: Sequence[str], when: DateSpan | None) -> Query:
    """Return the query with what was read, entry by entry, for people to look over and take back from."""
    carried = {_words(slot, turns) for slot in _of("asked", slots) if slot.turn}
    found = [reading for named in query.names for reading in _of_name(named, is_carried=named.words in carried)]
    if when:
        limit: Literal["since", "until"] = "since" if when.since else "until"
        found.append(Reading(limit, None, in_words(when.since, when.until), limit))
    if query.order != "none":
        found.append(Reading("order", None, f"{query.order} first", "order"))
    if topic := " ".join(_words(slot, turns) for slot in _of("about", slots) if slot.turn):
        found.append(Reading("carried", None, topic, "carried:about"))
    found.append(Reading("asked", None, _WANTED[query.intent], f"asked:{query.intent}"))
    if query.topic:
        found.append(Reading("topic", query.topic, query.topic, "topic"))
    return replace(query, readings=tuple(dict.fromkeys(found)))


def _of_name(named: Named, *, is_carried: bool) -> Iterator[Reading]:
    kinds: tuple[tuple[Literal["publisher", "speaker"], tuple[str, ...]], ...] = (
        ("publisher", named.publishers),
        ("speaker", named.speakers),
    )
    for kind, names in kinds:
        for name in names:
            if is_carried:
                yield Reading("carried", None, name, f"carried:{name}")
            else:
                yield Reading(kind, named.words, name, f"{kind}:{name}", named.guessed)
