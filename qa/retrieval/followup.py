"""Follow-ups: what a question leaves out, taken from the earlier ones.

Works on questions that were read one by one and on their words. It knows no names but those already found in them, and
searches nothing. A question may need the earlier ones in two ways. Where its words say so ("And the Guild?", "Why?",
"What does she say about that?") those asked and the topic are filled in. Where it is merely short, the earlier topics go
along with a weight, which draws passages of the same matter up and shuts none out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from qa.index.lexical import content_words, stems
from qa.retrieval.vocabulary import ASKING_WORDS, AUXILIARY, NEUTRAL, OPINION, POLITE, SAY
from qa.types import Asked, Query

CARRIED = 0.5  # what a word of the question before counts for in a search, where one of the question itself counts 1
FADING = 0.6  # how much of that is left with each question further back
CARRIED_AT_MOST = 4  # earlier questions; what is further back would count next to nothing
FULL = 6  # a question with more words of its own than this stands alone
FULL_WITH_A_NAME = 4  # the same for one that holds a name or a number


def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


DEPENDENT = _pattern(
    r"^\W*(?:and|or|but|so|then|also|what about|how about|what of|what else|who else|anyone else|anything else|why|and why"
    r"|(?:is there |was there )?(?:anything|something)(?= (?:on|about)\b))\b"
)
_POINTS_BACK = _pattern(r"\b(?:it|its|they|them|their|he|him|his|she|her|hers|this|that|these|those|there|the same|so|one|ones)\b")
_CHANGES = _pattern(
    r"\bby the way\b|\bchanging the (?:subject|topic)\b|\b(?:another|a different|a new|an unrelated) (?:question|topic|subject|matter)\b"
)
_PREPOSITION = _pattern(r"^(?:(?:there\s+)?(?:anything|something)\s+)?(?:the|in|about|for|on|of|to|with)\b\s*")
_AND = re.compile(r"^\W*(?:and|or|but|so|then|also)\b[\s,]*(?=[a-z])", re.IGNORECASE)
_IN = _pattern(r"^(?:in|at|within)\b")
_LAST_PLACE = re.compile(r"\s+(?:in|at|within)\s+(?:the\s+)?[A-Z][\w’'\-]*(?:\s+[A-Z][\w’'\-]*)*$")
_TIME = _pattern(
    r"^(?:(?:in|at|during|before|after|since|until|by)\b\s*)?(?:the\s+)?"
    r"(?:(?:last|this|next|previous|following|past) (?:year|month|week|decade|century)|now|today|then|that|\d{4}s?)$"
)
_THEY = r"(?P<pronoun>he|she|they|it)"
_ADVERB = r"(?:(?:\w+ly|also|ever|then|still|first)\s+)*"
_THEY_SAY = _pattern(rf"\b(?:{AUXILIARY})\s+{_THEY}\s+(?={_ADVERB}(?:{SAY})\b)")
_OF_THEIRS = _pattern(
    rf"^.*?(?:\b(?:{AUXILIARY})\s+{_THEY}\s+(?={_ADVERB}(?:{SAY})\b){_ADVERB}"
    rf"(?:(?:{NEUTRAL})\b(?:\s+(?:anything|something))?(?:\s+(?:about|on|of|regarding|to|that))?\b)?"
    rf"|\b(?:his|her|their|its)\s+(?:{OPINION})\b(?:\s+(?:about|on|of|regarding|to|towards?))?)"
)
_SIDE = _pattern(rf"\b(?!(?:{NEUTRAL})\b)(?:{SAY})\b")
_TAKES_A_SIDE = _pattern(rf"^(?:{SAY})\b\s*")
_NAME_OR_NUMBER = re.compile(r"(?<!^)(?<![.?!:]\s)(?<![\w’'])[A-Z][\w’'\-]*\w|\d{2,}")
_ENDS = " ,;:?!."


@cache
def _asking() -> frozenset[str]:
    return frozenset({*stems("else"), *stems(ASKING_WORDS), *stems(SAY.replace("|", " "))})


@cache
def _polite() -> frozenset[str]:
    return frozenset(stems(POLITE))


def own_words(text: str) -> list[str]:
    """Return the content words that are not only about asking."""
    asking = _asking()
    return [word for word in content_words(text) if word not in asking]


def leans(query: Query) -> bool:
    """Tell whether a question needs the earlier ones: it opens with "and", points back, or names hardly anything."""
    words = own_words(query.topic)
    if _IN.match(query.text) and len(query.text.split()) < 5:  # "In Wales?"
        return True
    if query.speakers and not words and not DEPENDENT.match(query.text) and not _POINTS_BACK.search(query.text):
        return False  # "What did Ada Marsh say?" asks for all of it
    return bool(DEPENDENT.match(query.text)) or (bool(_POINTS_BACK.search(query.topic)) and len(words) < 6) or not words


def is_courtesy(query: Query) -> bool:
    """Tell whether a turn says nothing that a later one could need: "Thank you!", "OK, great.", "Why?"."""
    return not query.named and _polite().issuperset(content_words(query.text))


def without_and(text: str) -> str:
    """Return a question without the "and" or "but" that it opens with, so that the rest can be read: "And who agrees?"."""
    return _AND.sub("", text)


def name_alone(query: Query) -> str:
    """Return what is left of "And the Guild?" without what ties it to the question before."""
    return _untied(query.text).removeprefix("the ")


def filled(query: Query, before: Query) -> Query:
    """Return a question that leans, with what it leaves out taken from the one before."""
    if query.named and before.topic and _IN.match(_untied(query.text)):  # "And in France?" asks nobody, though France may speak
        query = replace(query, publishers=(), speakers=(), named=())
    names_somebody = bool(query.publishers or query.speakers)
    somewhere_else = bool(DEPENDENT.match(query.text) and before.topic and _IN.match(query.topic))  # "And the Guild, in Wales?"
    if names_somebody and _words_beside_names(query) and not _POINTS_BACK.search(query.text) and not somewhere_else:
        return query
    of_them = bool(_THEY_SAY.search(query.text)) and bool(before.named)
    open_to_all = query.asked in ("who", "groups", "mentions") and not of_them
    topic, asked = _topic(query, before)
    return replace(
        query,
        text=f"{_with_the_name(query, before)} ({_in_short(before)})",
        topic=topic,
        asked=asked,
        publishers=query.publishers or (() if query.speakers or open_to_all else before.publishers),
        speakers=query.speakers or (() if query.publishers or open_to_all else before.speakers),
        named=query.named or (() if open_to_all else before.named),
        since=query.since or before.since,
        until=query.until or before.until,
        own=query.text,
    )


def carried(query: Query, meant: Query, earlier: Sequence[Query]) -> tuple[tuple[str, float], ...]:
    """Return topics of the earlier questions, the last one first, each with the weight that its words have in a search.

    `query` is the question read by itself, `meant` with those asked filled in, `earlier` are the others read by themselves.
    Nothing for a question that stands alone or says that it changes the subject. Weights that fall with distance find as
    much as words weighed by a trained classifier after QuReTeC (Voskarides et al., 2020); the README has the figures.
    """
    if _CHANGES.search(query.text) or _stands_alone(query):
        return ()
    topics = dict.fromkeys(turn.topic for turn in reversed(earlier) if own_words(turn.topic))
    weights = [CARRIED * FADING**back for back in range(CARRIED_AT_MOST)]
    if not _words_beside_names(replace(query, named=meant.named)):
        weights[0] = 1.0  # "And the Guild?", "Why?": the topic before is the topic
    return tuple(zip(topics, weights, strict=False))


def _stands_alone(query: Query) -> bool:
    """Tell whether a question has words enough of its own, or both somebody asked and a topic."""
    if leans(query) or _POINTS_BACK.search(query.topic):
        return False
    full = FULL_WITH_A_NAME if _NAME_OR_NUMBER.search(query.text) else FULL
    return bool(query.publishers or query.speakers) or len(own_words(query.topic)) > full


def _topic(query: Query, before: Query) -> tuple[str, Asked]:
    """Return the topic that a leaning question has, and the kind of answer that it wants."""
    words = _words_beside_names(query)
    if (query.publishers or query.speakers) and not words:  # "And the Farmers' Union?"
        return before.topic, before.asked if before.asked not in ("who", "groups", "mentions") else "what"
    theirs = _OF_THEIRS.sub("", query.text, count=1).strip(_ENDS)
    if before.named and theirs != query.text.strip(_ENDS) and own_words(theirs) and not _POINTS_BACK.search(theirs):
        return theirs, query.asked  # "And what does it say about strikes?"
    inherited = query.asked if query.asked != "what" else before.asked
    rest = query.topic if query.publishers or query.speakers else _untied(query.text)
    if before.topic and (_TIME.match(rest) or (_IN.match(rest) and own_words(rest))):  # "What about last year?", "And in Wales?"
        kept = _LAST_PLACE.sub("", before.topic) if _IN.match(rest) else before.topic
        return f"{kept} {rest[:1].lower()}{rest[1:]}", inherited
    if DEPENDENT.match(query.text) and words and not query.publishers and not query.speakers and not _POINTS_BACK.search(_rest(query)):
        return _rest(query), inherited  # "And about otters?"
    side = _SIDE.search(query.text)
    if side and not query.topic and query.asked in ("who", "groups"):  # "And who supports it?"
        return f"{side.group()} {_TAKES_A_SIDE.sub('', before.topic)}".strip(), query.asked
    return f"{query.topic} {before.topic}".strip(), query.asked


def _words_beside_names(query: Query) -> list[str]:
    named = set(content_words(" ".join(query.named)))
    return [word for word in own_words(_rest(query)) if word not in named]


def _rest(query: Query) -> str:
    """Return the topic without what ties it to the question before and without its first preposition."""
    return _PREPOSITION.sub("", DEPENDENT.sub("", query.topic).strip(_ENDS))


def _untied(text: str) -> str:
    """Return the words of a question without those that open a follow-up: "in France" of "And what about in France?"."""
    before = None
    while before != text:
        before, text = text, DEPENDENT.sub("", text).strip(_ENDS)
    return text


def _with_the_name(query: Query, before: Query) -> str:
    """Return the question with the one that was asked before in place of "he", "she", "they" or "it", where that is sure."""
    match = _THEY_SAY.search(query.text)
    if not match or query.named or len(before.named) != 1:
        return query.text
    pronoun, (name,) = match["pronoun"].casefold(), before.named
    if (pronoun == "it" and not before.publishers) or (pronoun in ("he", "she") and before.publishers):
        return query.text
    called = f"the {name}" if f"the {name}".casefold() in before.text.casefold() else name
    return f"{query.text[: match.start('pronoun')]}{called}{query.text[match.end('pronoun') :]}"


def _in_short(before: Query) -> str:
    """Return an earlier question as it was asked or, where it left something out itself, who was asked on what."""
    if not before.own or not before.topic:
        return before.text
    return f"{' and '.join(before.named)} on {before.topic}" if before.named else before.topic
