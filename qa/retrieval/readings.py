"""What was understood of a question, as one list that a person can look over and take back from, entry by entry.

Decides nothing about how a question is read, but for leaving out what the person took back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from qa.attribution.groups import Mention
from qa.attribution.names import TITLES
from qa.retrieval import dates
from qa.retrieval.asking import in_words
from qa.retrieval.corpus import Corpus
from qa.retrieval.dates import Dated
from qa.types import Query, Question, Read, Reading, Span


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody who is asked: the words as written in the question and where, who is meant, and the group that was named."""

    kind: Literal["publisher", "speaker"]
    words: str
    name: str
    span: Span
    group: str

    @property
    def key(self) -> str:
        """The key by which a person takes this reading back."""
        return f"{self.kind}:{self.name}"


def unless_taken_back(found: Iterable[Named], question: Question) -> tuple[Named, ...]:
    """Return those who are asked, but for the ones that the person took back."""
    return tuple(named for named in found if named.key not in question.without)


@dataclass(frozen=True, slots=True)
class Readings:
    """The words of one question as they were `read`, and its misspelt names as typed by what they are read as (`guesses`)."""

    read: str
    guesses: Mapping[str, str]

    def of(self, query: Query, asked_of: Sequence[Named], dated: Dated | None) -> tuple[Reading, ...]:
        """Return the readings of a question that stands alone."""
        found = [Reading(named.kind, *self._as_typed(named), named.key, named.words in self.guesses) for named in asked_of]
        if dated:
            kind: Read = "since" if dated.since else "until"
            found.append(Reading(kind, dated.span.of(self.read), dates.in_words(dated.since, dated.until), kind))
        asked = {named.words for named in asked_of}
        found += [Reading("topic", typed, meant, f"spelling:{meant}", True) for meant, typed in self.guesses.items() if meant not in asked]
        return (*dict.fromkeys(found), *_whole(query))

    def _as_typed(self, named: Named) -> tuple[str, str]:
        return self.guesses.get(named.words, named.words), named.name

    def unclear(
        self, bodies: Sequence[Named], mentions: Sequence[Mention], within: Sequence[str], corpus: Corpus
    ) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return the names that two bodies go by, of which each has articles or speech here and none is told apart.

        Another name of one of them in the question tells it apart, and so does a group set by hand.
        """
        sure = {group for mention in mentions if len(mention.groups) == 1 for group in mention.groups} | set(within)
        owners: dict[str, dict[str, None]] = defaultdict(dict)
        for body in bodies:
            owners[body.words][body.group] = None
        return tuple(
            (words, tuple(groups))
            for words, groups in owners.items()
            if len(groups) > 1 and not sure & set(groups) and all(heard(group, corpus) for group in groups)
        )

    def either(self, people: Sequence[Named]) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return the surnames that are those of speakers with different first names, with these speakers."""
        called: dict[str, dict[str, str]] = defaultdict(dict)
        for person in people:
            first, *rest = person.name.split()
            if " " not in person.words and len(rest) == 1 and len(first.strip(".")) > 1 and first.casefold().strip(".") not in TITLES:
                called[person.words].setdefault(first, person.name)
        return tuple((words, tuple(names.values())) for words, names in called.items() if len(names) > 1)


def heard(group: str, corpus: Corpus) -> bool:
    """Tell whether a group has articles or is quoted or reported in the corpus."""
    return group in corpus.by_group or group.casefold() in corpus.speakers


def after_earlier(filled: Query, alone: Query, before: Query, question: Question) -> Query:
    """Return a follow-up without what the person took back of the earlier questions, and with readings of what is left."""
    back = question.without
    own = {reading.key: reading for reading in alone.readings}
    earlier = {*before.publishers, *before.speakers}
    readings: list[Reading] = []

    def kept(kind: Literal["publisher", "speaker"], names: Sequence[str]) -> tuple[str, ...]:
        left = []
        for name in names:
            key = f"{kind}:{name}"
            new = Reading("carried", None, name, f"carried:{name}") if name in earlier else Reading(kind, name, name, key)
            reading = own.get(key, new)
            if not {reading.key, key} & set(back):
                left.append(name)
                readings.append(reading)
        return tuple(left)

    publishers, speakers = kept("publisher", filled.publishers), kept("speaker", filled.speakers)
    since, until = (alone.since, alone.until) if "carried:dates" in back else (filled.since, filled.until)
    readings += [reading for reading in alone.readings if reading.kind in ("since", "until")]
    if (since or until) and not (alone.since or alone.until):
        readings.append(Reading("carried", None, dates.in_words(since, until), "carried:dates"))
    topic = alone.topic if "carried:topic" in back else filled.topic
    if before.topic and before.topic in topic and topic != alone.topic:
        readings.append(Reading("carried", None, before.topic, "carried:topic"))
    query = replace(filled, publishers=publishers, speakers=speakers, since=since, until=until, topic=topic)
    return replace(query, readings=(*readings, *_whole(query)))


def _whole(query: Query) -> tuple[Reading, ...]:
    """Return the readings that are of the question as a whole: they can be seen, not taken back."""
    asked = Reading("asked", None, in_words(query.asked), f"asked:{query.asked}")
    return (asked, Reading("topic", query.topic, query.topic, "topic")) if query.topic else (asked,)
