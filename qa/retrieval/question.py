"""Reads a question: which groups and people it asks after, what kind of answer it wants, and its topic.

Plain rules over the words, the earlier questions and the names that the corpus knows. Searches nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from qa.attribution.groups import Mention
from qa.index.lexical import content_words, stems
from qa.retrieval.corpus import Corpus
from qa.retrieval.vocabulary import ASKING_WORDS, AUXILIARY, BODIES, BODY, NEUTRAL, OFFICES, OPINION, ORGAN, SAY
from qa.types import Asked, Query, Question, Span


def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_WHO = _pattern(
    rf"^\W*(?:who|whose|whom|by whom|which (?:of the (?:\w+ )?)?(?:{BODY})|what (?:{BODY})"
    rf"|(?:{AUXILIARY}) (?:there )?any(?:one|body| (?:{BODY})))\b"
)
_SEVERAL = _pattern(
    rf"^\W*(?:which|what) (?:of the )?(?:\w+ )?(?:{BODIES})\b|^\W*who all\b|\bwho else\b"
    rf"|^\W*(?:list|name) (?:all |every )?(?:the )?(?:{BODIES}|everyone)\b"
)
_COMPARE = _pattern(
    r"\b(?:compare|comparison|differ|differs|difference|differences|versus|vs|in contrast|disagree|agree with each other)\b"
)
_MENTIONS = _pattern(
    r"\b(?:mention|mentions|mentioned|quotes?|quoted|cites?|cited|refers? to|referred to|speaks? (?:of|about)|talks? (?:of|about)"
    r"|brings? up|writes? about|names?)\b"
)
_FACT = _pattern(
    r"^\W*(?:(?:on|in|at|by|since|until) )?(?:how (?:many|much|long|old|far|often|large|big)|when|where"
    r"|which (?:year|month|country|city)|what (?:year|date|day|month|number|percentage|share))\b"
)
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
_DEPENDENT = _pattern(
    r"^\W*(?:and|or|but|so|then|also|what about|how about|what of|what else|who else|anyone else|anything else|why|and why)\b"
)
_POINTS_BACK = _pattern(r"\b(?:it|its|they|them|their|he|him|his|she|her|hers|this|that|these|those|there|the same|so|one|ones)\b")
_PREPOSITION = _pattern(r"^(?:the|in|about|for|on|of|to|with)\b\s*")
_CAPITALISED = re.compile(r"(?<![\w’'])[A-Z][\w’'\-]*\w(?:\s+(?:of the |of |de |al |bin )?[A-Z0-9][\w’'\-]*\w)*")
_POSSESSIVE = re.compile(r"['’]s$")


def understand(question: Question, corpus: Corpus) -> Query:
    """Return the question as understood, standing alone; earlier questions fill in what it leaves out."""
    query = _alone(question, corpus)
    if not question.history or not _leans(query):
        return query
    *earlier, last = question.history
    before = understand(Question(last, tuple(earlier)), corpus)
    return _filled(_of_the_named(query, before, corpus), before, question)


def names_in(text: str) -> list[str]:
    """Return the capitalised names in a text that hold a word with meaning."""
    return [name for name, _ in _capitalised(text)]


def _capitalised(text: str) -> Iterator[tuple[str, Span]]:
    for match in _CAPITALISED.finditer(text):
        name = _POSSESSIVE.sub("", match.group())
        if content_words(name):  # not "Who" or "Which"
            yield name, Span(match.start(), match.start() + len(name))


def _alone(question: Question, corpus: Corpus) -> Query:
    text = " ".join(question.text.split())
    mentions = list(corpus.registry.mentions(text))
    asked = _asked(text)
    of = [mention for mention in mentions if _is_asked_of(text, mention, mentions, publishes=_publishes(mention, corpus))]
    if not of and not _WHO.match(text):
        of = [mention for mention in mentions if _publishes(mention, corpus)]
    named = tuple(dict.fromkeys(group for mention in of for group in mention.groups))
    within = tuple(map(corpus.registry.canonical, question.groups))
    publishers = tuple(dict.fromkeys(body for group in named for body in _published_for(group, corpus) if not within or body in within))
    others = tuple(group for group in named if not any(body in publishers for body in _published_for(group, corpus)))
    people = [(name, span) for name, span in _people_asked_of(text, mentions)]
    speakers = dict.fromkeys((*others, *(speaker for name, _ in people for speaker in _speakers_called(name, corpus))))
    if len(publishers) > 1 and asked == "what":
        asked = "compare"
    return Query(
        text=text,
        topic=_topic(text, [*(mention.span for mention in of), *(span for _, span in people)]),
        asked=asked,
        publishers=publishers,
        speakers=question.speakers or tuple(speakers),
        within=within,
        named=tuple(dict.fromkeys((*named, *speakers))),
        unknown=tuple(_unknown(text, mentions, corpus)),
        since=question.since,
        until=question.until,
    )


def _asked(text: str) -> Asked:
    """Return what kind of answer a question wants, by its opening and its verb."""
    if _COMPARE.search(text):
        return "compare"
    if _WHO.match(text) and _MENTIONS.search(text[:60]):
        return "mentions"
    if _SEVERAL.search(text):
        return "groups"
    if _WHO.match(text):
        return "who"
    return "fact" if _FACT.match(text) else "what"


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
    before, after = text[: mention.span.start], text[mention.span.end :]
    names = "|".join(re.escape(m.span.of(text)) for m in mentions)
    others = rf"(?:['’\"”]?{_AND}(?:{names}))*"
    if (_says(others, after) and not _within_a_claim(text, before)) or _search(
        rf"^{others}['’\"”]?(?:['’]s)?\s+(?:\w+\s+)?(?:{OPINION})\b", after
    ):
        return True
    led = rf"(?:{_ACCORDING}|by|from|(?:articles?|statements?|reports?|response|reaction|answer) (?:from|in|of))"
    if _search(rf"\b{led}\s+(?:both\s+)?(?:the\s+)?['‘\"“]?(?:(?:{names})['’\"”]?{_AND})*$", before):
        return True
    if not publishes or _WHO.match(text) or not _search(rf"^\W*(?:what|how|why|where|when|which|{AUXILIARY})\b", text):
        return False
    return _search(rf"\b(?:{AUXILIARY})\s+(?:the\s+)?['‘\"“]?(?:(?:{names})['’\"”]?{_AND})*$", before)


def _says(others: str, after: str) -> bool:
    adverbs = r"(?:\w+ly |also |both |each |have |has |had |not )*"
    return _search(rf"^{others}['’\"”]?(?:['’]s)?\s*(?:\([^)]*\)\s*)?(?:(?:{ORGAN})\s+)?{adverbs}(?:{SAY})\b", after)


def _within_a_claim(text: str, before: str) -> bool:
    """Tell whether a name stands in what somebody is asked to have said: "Who said that the Guild claims ...?"."""
    return bool(_WHO.match(text)) and not _search(rf"\b(?:{AUXILIARY})\s+(?:the\s+)?['‘\"“]?$", before)


def _search(pattern: str, text: str) -> bool:
    return bool(re.search(pattern, text, re.IGNORECASE))


def _people_asked_of(text: str, mentions: Sequence[Mention]) -> Iterator[tuple[str, Span]]:
    """Yield capitalised names, of no known group, that are asked what they say.

    Stricter than for groups: "did the Italian government fall" and "led by the Democrats" ask nobody.
    """
    for name, span in _capitalised(text):
        if any(span.overlaps(mention.span) for mention in mentions):
            continue
        if (_says("", text[span.end :]) and not _within_a_claim(text, text[: span.start])) or _search(
            rf"\b(?:{_ACCORDING}|(?:said|written|told|reported) by)\s+(?:the\s+)?$", text[: span.start]
        ):
            yield name, span


def _speakers_called(name: str, corpus: Corpus) -> tuple[str, ...]:
    """Return the speakers or authors whom the corpus knows by a name, else the name itself."""
    last = name.rsplit(maxsplit=1)[-1].casefold()
    return corpus.speakers.get(name.casefold()) or corpus.speakers.get(last) or corpus.authors.get(name.casefold()) or (name,)


def _topic(text: str, asked_of: Sequence[Span]) -> str:
    """Return what is left of a question without its frame and the names of those it asks."""
    topic = text
    for span in sorted(asked_of, reverse=True):
        topic = f"{topic[: span.start]}{_GAP}{topic[span.end :]}"
    topic = _TAIL.sub("", " ".join(_ASKED_OF_GAP.sub(f" {_GAP} ", topic).split()))
    before = None
    while before != topic:
        before = topic
        for frame in _FRAMES:
            shorter = frame.sub("", topic, count=1).strip(" ,;:?!.")
            if content_words(shorter):
                topic = shorter
    topic = " ".join(topic.replace(_GAP, " ").split()).strip(" ,;:?!.")
    return topic if _own_words(_DEPENDENT.sub("", topic)) else ""


def _unknown(text: str, mentions: Sequence[Mention], corpus: Corpus) -> Iterator[str]:
    """Yield capitalised names of which the corpus lacks a word."""
    for name, span in _capitalised(text):
        if span.start == 0 or any(span.overlaps(mention.span) for mention in mentions):
            continue
        if not all(corpus.lexical.knows(word) for word in content_words(name)):
            yield name


def _own_words(text: str) -> list[str]:
    """Return the content words that are not only about asking."""
    asking = {*stems(ASKING_WORDS), *stems(SAY.replace("|", " "))}
    return [word for word in content_words(text) if word not in asking]


def _leans(query: Query) -> bool:
    """Tell whether a question needs the earlier ones: it opens with "and", points back, or names hardly anything."""
    words = _own_words(query.topic)
    if query.speakers and not words and not _DEPENDENT.match(query.text) and not _POINTS_BACK.search(query.text):
        return False  # "What did Ada Marsh say?" asks for all of it
    return bool(_DEPENDENT.match(query.text)) or (bool(_POINTS_BACK.search(query.topic)) and len(words) < 6) or not words


def _of_the_named(query: Query, before: Query, corpus: Corpus) -> Query:
    """Return "And NATO?" as asked of NATO, where the question before asked somebody and NATO may be a speaker too."""
    name = _DEPENDENT.sub("", query.text).strip(" ,;:?!.").removeprefix("the ")
    known = corpus.registry.canonical(name) in corpus.registry.groups or name.casefold() in corpus.speakers
    if query.named or not before.named or not known:
        return query
    asked = (
        (corpus.registry.canonical(name),) if corpus.registry.canonical(name) in corpus.registry.groups else _speakers_called(name, corpus)
    )
    return replace(query, topic="", speakers=asked, named=asked)


def _filled(query: Query, before: Query, question: Question) -> Query:
    """Return the question with what it leaves out taken from the one before."""
    rest = _PREPOSITION.sub("", _DEPENDENT.sub("", query.topic).strip(" ,;:?!."))
    named_words = set(content_words(" ".join(query.named)))
    own_words = [word for word in _own_words(rest) if word not in named_words]
    names_somebody = bool(query.publishers or query.speakers)
    topic, asked = f"{query.topic} {before.topic}".strip(), query.asked
    if names_somebody and not own_words:  # "And the Farmers' Union?"
        topic, asked = before.topic, before.asked if before.asked in ("what", "fact", "compare") else "what"
    elif names_somebody and not _POINTS_BACK.search(query.text):
        return query
    elif _DEPENDENT.match(query.text) and own_words and not names_somebody and not _POINTS_BACK.search(rest):  # "And in Wales?"
        topic, asked = rest, before.asked
    open_to_all = query.asked in ("who", "groups", "mentions")
    return replace(
        query,
        text=f"{query.text} ({before.text})",
        topic=topic,
        asked=asked,
        publishers=query.publishers or (() if query.speakers or open_to_all else before.publishers),
        speakers=query.speakers or (() if query.publishers or open_to_all else before.speakers),
        named=query.named or before.named,
        since=question.since or before.since,
        until=question.until or before.until,
    )
