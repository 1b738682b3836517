"""Reads a question: which groups and people it asks after, what kind of answer it wants, and its topic.

Plain rules over the words, the earlier questions and the names that the corpus knows. Searches nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from qa.attribution.groups import Mention
from qa.index.lexical import content_words
from qa.retrieval.asking import WHO, kind_of, without_change
from qa.retrieval.corpus import Corpus
from qa.retrieval.dates import Dated, events, expressions, says_when
from qa.retrieval.followup import CARRIED_AT_MOST, DEPENDENT, carried, filled, is_courtesy, leans, name_alone, own_words, without_and
from qa.retrieval.readings import Named, Readings, after_earlier, heard, unless_taken_back
from qa.retrieval.typos import misspelt
from qa.retrieval.vocabulary import AUXILIARY, BODY, NEUTRAL, OFFICES, OPINION, ORGAN, SAY
from qa.types import Query, Question, Span


def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_FRAMES = [  # what opens a question and says nothing of its topic; taken off one after another
    _pattern(pattern)
    for pattern in (
        r"^\W*(?:please )?(?:can you |could you )?(?:tell me|show me|explain|summari[sz]e|list|find|compare)\b(?: me)?"
        r"(?: how| what| the views? of)?",
        rf"^\W*(?:according to )?(?:who|which|what|whose|in which|by whom)(?: of the)?(?: (?:\w+ )?(?:{BODY}))?(?: (?:{AUXILIARY}))?"
        rf"(?: it that)?(?: (?:{NEUTRAL}))*(?: (?:that|whether|for|about|on|of|to|as))?\b",
        rf"^\W*(?:what|how|why|when|where|which)(?: (?:{AUXILIARY}))?\b",
        rf"^\W*(?:{AUXILIARY})(?: there)? any(?:one|body| (?:{BODY}))(?: (?:{NEUTRAL}))*(?: (?:that|whether|for|about|on|of|to))?\b",
        rf"^\W*(?:{AUXILIARY}|the|and|or|an?|both|each|all|(?:{NEUTRAL})|that|whether|if|about|on|of|regarding|concerning|over)\b",
    )
]
_ACCORDING = r"(?:according to|in the (?:view|eyes|opinion|words) of)"
_TAIL = _pattern(
    rf"\b(?:{_ACCORDING}(?: the)?|in the (?:articles?|corpus|texts?)"
    r"|in (?:its|their|his|her) (?:articles?|statements?|papers?))\s*[?.!]*\s*$"
)
_GAP = "\x00"  # stands where a name was taken out
_AND = r"\s*(?:,\s*and|,|and|or|&)\s*(?:by\s+)?(?:both\s+)?(?:the\s+)?['‘\"“]?"
_CLOSED = r"(?:['’]s|['’\"”])?"
_ASKED_OF_GAP = _pattern(
    rf"(?:,?\s*\b(?:{_ACCORDING}|(?:as )?(?:reported|written|said) by|compared (?:to|with)|from|by))?"
    rf"\s*(?:\b(?:{AUXILIARY})\b)?\s*\b(?:both|the)?\s*['‘\"“]?{_GAP}{_CLOSED}(?:{_AND}{_GAP}{_CLOSED})*"
    rf"(?:\s+(?:(?:have|has) to )?(?:{NEUTRAL}|position|stance|opinion|line|attitude)\b(?:\s+(?:about|on|of|that|whether|to|towards?))?)?"
)
_OTHERS = rf"(?:['’\"”]?{_AND}{_GAP})*"
_ADVERBS = r"(?:\w+ly |also |both |each |have |has |had |not )*"
_SAYS_AFTER = _pattern(rf"^{_OTHERS}['’\"”]?(?:['’]s)?\s*(?:\([^)]*\)\s*)?(?:(?:{ORGAN})\s+)?{_ADVERBS}(?:{SAY})\b")
_OPINION_AFTER = _pattern(rf"^{_OTHERS}['’\"”]?(?:['’]s)?\s+(?:\w+\s+)?(?:{OPINION})\b")
_LED = rf"(?:{_ACCORDING}|by|from|(?:articles?|statements?|reports?|response|reaction|answer) (?:from|in|of))"
_LED_BEFORE = _pattern(rf"\b{_LED}\s+(?:both\s+)?(?:the\s+)?['‘\"“]?(?:{_GAP}['’\"”]?{_AND})*$")
_ASKS = _pattern(rf"^\W*(?:what|how|why|where|when|which|{AUXILIARY})\b")
_AUXILIARY_BEFORE = _pattern(rf"\b(?:{AUXILIARY})\s+(?:the\s+)?['‘\"“]?(?:{_GAP}['’\"”]?{_AND})*$")
_AUXILIARY_LAST = _pattern(rf"\b(?:{AUXILIARY})\s+(?:the\s+)?['‘\"“]?$")
_CAPITALISED = re.compile(r"(?<![\w’'])[A-Z][\w’'\-]*\w(?:\s+(?:of the |of |de |al |bin )?[A-Z0-9][\w’'\-]*\w)*")
_POSSESSIVE = re.compile(r"['’]s$")


def understand(question: Question, corpus: Corpus) -> Query:
    """Return the question as understood, standing alone; earlier questions fill in what it leaves out."""
    if not question.history:
        return _alone(question, corpus)
    query = _turn(question, corpus)
    earlier = _earlier(question.history, corpus)
    if not earlier:
        return query
    before, *later = earlier
    for turn in later:
        before = _after(turn, before, corpus)
    meant = _after(query, before, corpus)
    if meant != query:
        if query.since or query.until:  # "And in 2023?" takes nothing of "in 2024"
            meant = replace(meant, since=query.since, until=query.until)
        meant = after_earlier(meant, query, before, question)
    topics = () if "carried:topic" in question.without else carried(query, meant, earlier)
    return replace(meant, own=query.text, carried=topics) if topics or meant != query else query


def _earlier(history: Sequence[str], corpus: Corpus) -> list[Query]:
    """Return the earlier turns that a question may need, in order: back to one that stands alone, and as many topics as are carried.

    What came before these changes nothing, so that a long conversation is read as fast as a short one.
    """
    found: list[Query] = []
    topics: set[str] = set()
    alone = False
    for text in reversed(history):
        turn = _turn(Question(text), corpus)
        if is_courtesy(turn):
            continue
        found.append(turn)
        alone = alone or not leans(turn)
        topics |= {turn.topic} if own_words(turn.topic) else set()
        if alone and len(topics) >= CARRIED_AT_MOST:
            break
    return found[::-1]


def _turn(question: Question, corpus: Corpus) -> Query:
    """Return a turn of a conversation read by itself, without the "and" that it may open with."""
    text = " ".join(question.text.split())
    return replace(_alone(replace(question, text=without_and(text)), corpus), text=text)


def _after(query: Query, before: Query, corpus: Corpus) -> Query:
    """Return a question as it is meant after another one, which is understood already."""
    return filled(_of_the_named(query, before, corpus), before) if leans(query) else query


def _of_the_named(query: Query, before: Query, corpus: Corpus) -> Query:
    """Return "And NATO?" as asked of NATO, where the one before asked somebody, or asked who, and NATO may be a speaker too."""
    name = name_alone(query)
    group = corpus.registry.canonical(name)
    known = group in corpus.registry.groups
    if query.named or not (before.named or before.asked in ("who", "groups")) or not (known or name.casefold() in corpus.speakers):
        return query
    asked = (group,) if known else _speakers_called(name, corpus)
    return replace(query, topic="", speakers=asked, named=asked)


def names_in(text: str) -> list[str]:
    """Return the capitalised names in a text that hold a word with meaning."""
    return [name for name, _ in _capitalised(text)]


def _capitalised(text: str) -> Iterator[tuple[str, Span]]:
    for match in _CAPITALISED.finditer(text):
        name = _POSSESSIVE.sub("", match.group())
        if content_words(name):  # not "Who" or "Which"
            yield name, Span(match.start(), match.start() + len(name))


def _alone(question: Question, corpus: Corpus) -> Query:
    text, guesses = _spelt(" ".join(question.text.split()), question, corpus)
    asked = kind_of(text)
    dated = _dated(text, question, corpus)
    mentions = [mention for mention in corpus.registry.mentions(text) if not (dated and mention.span.overlaps(dated.span))]
    of = [mention for mention in mentions if _is_asked_of(text, mention, mentions, publishes=_publishes(mention, corpus))]
    if not of and not WHO.match(text):
        of = [mention for mention in mentions if _publishes(mention, corpus)]
    within = tuple(map(corpus.registry.canonical, question.groups))
    named = [one for mention in of for one in _bodies(text, mention, within, corpus)]
    persons = [
        Named("speaker", name, speaker, span, speaker)
        for name, span in _people_asked_of(text, mentions)
        for speaker in _speakers_called(name, corpus)
    ]
    bodies, people = unless_taken_back(named, question), unless_taken_back(persons, question)
    publishers = tuple(dict.fromkeys(body.name for body in bodies if body.kind == "publisher"))
    groups = dict.fromkeys(body.group for body in bodies)
    speakers = dict.fromkeys(one.name for one in (*bodies, *people) if one.kind == "speaker")
    if len(publishers) > 1 and asked in ("what", "polar"):
        asked = "compare"
    topic = _topic(text, asked == "change", [one.span for one in (*named, *persons)], dated.span if dated else None)
    readings = Readings(text, guesses)
    query = Query(
        text=text if len(bodies) + len(people) == len(named) + len(persons) else topic or text,  # who was taken back is asked no more
        topic=topic,
        asked=asked,
        publishers=publishers,
        speakers=question.speakers or tuple(speakers),
        within=within,
        named=tuple(dict.fromkeys((*groups, *speakers))),
        unknown=tuple(_unknown(text, mentions, corpus)),
        since=question.since or (dated.since if dated else None),
        until=question.until or (dated.until if dated else None),
        unclear=readings.unclear(bodies, mentions, within, corpus),
        either=readings.either(people),
    )
    return replace(query, readings=readings.of(query, (*bodies, *people), dated))


def _spelt(text: str, question: Question, corpus: Corpus) -> tuple[str, dict[str, str]]:
    """Return the question with its misspelt names put right, and the names as typed by what they are read as."""
    guesses: dict[str, str] = {}
    for found in reversed(misspelt(text, corpus)):
        meant = {corpus.registry.canonical(found.name), *_speakers_called(found.name, corpus)}
        if not any(f"{kind}:{name}" in question.without for kind in ("publisher", "speaker", "spelling") for name in {*meant, found.name}):
            guesses[found.name] = found.span.of(text)
            text = f"{text[: found.span.start]}{found.name}{text[found.span.end :]}"
    return text, guesses


def _dated(text: str, question: Question, corpus: Corpus) -> Dated | None:
    """Return the one stretch of time in a question that says when somebody spoke; two of them say too little."""
    if question.since or question.until or "since" in question.without or "until" in question.without:
        return None
    known = corpus.dates
    found = [*expressions(text, known[1] if known else None), *events(text, corpus.titles)]
    limits = [dated for dated in found if says_when(text, dated, kind_of(text), known, follows=bool(question.history))]
    return limits[0] if len(limits) == 1 else None


def _bodies(text: str, mention: Mention, within: Sequence[str], corpus: Corpus) -> Iterator[Named]:
    """Yield the bodies that a name asks: those with articles of their own, else the group as a speaker.

    Of several that go by the name, those that the corpus never hears are not meant.
    """
    for group in [group for group in mention.groups if len(mention.groups) > 1 and heard(group, corpus)] or mention.groups:
        published = [body for body in _published_for(group, corpus) if not within or body in within]
        for body in published:
            yield Named("publisher", mention.span.of(text), body, mention.span, group)
        if not published:
            yield Named("speaker", mention.span.of(text), group, mention.span, group)


def _published_for(group: str, corpus: Corpus) -> tuple[str, ...]:
    """Return the group where it has articles; else its offices that have, as a ministry speaks for a state."""
    if group in corpus.by_group:
        return (group,)
    offices = (told for told in corpus.registry.groups.values() if told.parent == group and told.kind in OFFICES)
    return tuple(office.name for office in offices if office.name in corpus.by_group)


def _publishes(mention: Mention, corpus: Corpus) -> bool:
    return any(_published_for(group, corpus) for group in mention.groups)


def _is_asked_of(text: str, mention: Mention, mentions: Sequence[Mention], *, publishes: bool) -> bool:
    """Tell whether a group is asked what it says ("does G say", "according to G", "G's view") rather than spoken of."""
    before, after = _masked(text, Span(0, mention.span.start), mentions), _masked(text, Span(mention.span.end, len(text)), mentions)
    if (_SAYS_AFTER.search(after) and not _within_a_claim(text, before)) or _OPINION_AFTER.search(after):
        return True
    if _LED_BEFORE.search(before):
        return True
    if not publishes or WHO.match(text) or not _ASKS.search(text):
        return False
    return bool(_AUXILIARY_BEFORE.search(before))


def _masked(text: str, part: Span, mentions: Sequence[Mention]) -> str:
    """Return a part of the text with a mark in the place of each name, so that patterns needn't be made for every question."""
    words, at = [], part.start
    for span in (mention.span for mention in mentions if part.start <= mention.span.start and mention.span.end <= part.end):
        words += [text[at : span.start], _GAP]
        at = span.end
    return "".join([*words, text[at : part.end]])


def _within_a_claim(text: str, before: str) -> bool:
    """Tell whether a name stands in what somebody is asked to have said: "Who said that the Guild claims ...?"."""
    return bool(WHO.match(text)) and not _AUXILIARY_LAST.search(before)


def _search(pattern: str, text: str) -> bool:
    return bool(re.search(pattern, text, re.IGNORECASE))


def _people_asked_of(text: str, mentions: Sequence[Mention]) -> Iterator[tuple[str, Span]]:
    """Yield capitalised names, of no known group, that are asked what they say.

    Stricter than for groups: "did the Italian government fall" and "led by the Democrats" ask nobody.
    """
    for name, span in _capitalised(text):
        if any(span.overlaps(mention.span) for mention in mentions):
            continue
        if (_SAYS_AFTER.search(text[span.end :]) and not _within_a_claim(text, text[: span.start])) or _search(
            rf"\b(?:{_ACCORDING}|(?:said|written|told|reported) by)\s+(?:the\s+)?$", text[: span.start]
        ):
            yield name, span


def _speakers_called(name: str, corpus: Corpus) -> tuple[str, ...]:
    """Return the speakers or authors whom the corpus knows by a name, else the name itself."""
    last = name.rsplit(maxsplit=1)[-1].casefold()
    return corpus.speakers.get(name.casefold()) or corpus.speakers.get(last) or corpus.authors.get(name.casefold()) or (name,)


def _topic(text: str, of_change: bool, asked_of: Sequence[Span], date: Span | None) -> str:
    """Return what is left of a question without its frame, its date and the names of those it asks."""
    topic = text
    for span in sorted({*asked_of, *([date] if date else [])}, reverse=True):
        topic = f"{topic[: span.start].rstrip() if span == date else topic[: span.start]}{'' if span == date else _GAP}{topic[span.end :]}"
    topic = without_change(topic) if of_change else topic.lstrip(" ,")
    topic = _TAIL.sub("", " ".join(_ASKED_OF_GAP.sub(f" {_GAP} ", topic).split()))
    before = None
    while before != topic:
        before = topic
        for frame in _FRAMES:
            shorter = frame.sub("", topic, count=1).strip(" ,;:?!.")
            if content_words(shorter):
                topic = shorter
    topic = " ".join(topic.replace(_GAP, " ").split()).strip(" ,;:?!.")
    return topic if own_words(DEPENDENT.sub("", topic)) else ""


def _unknown(text: str, mentions: Sequence[Mention], corpus: Corpus) -> Iterator[str]:
    """Yield capitalised names of which the corpus lacks a word."""
    for name, span in _capitalised(text):
        if span.start == 0 or any(span.overlaps(mention.span) for mention in mentions):
            continue
        if not all(corpus.index.knows(word) for word in content_words(name)):
            yield name
