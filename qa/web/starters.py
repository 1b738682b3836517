"""Questions to begin with, drawn from the articles at hand and shown only if they get an answer.

Knows no fact about any corpus: a subject is a name that many groups use, or failing that a word of many titles.
"""

from __future__ import annotations

import calendar
import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain, islice, pairwise, zip_longest

from qa.library import Library

AT_MOST = 4
_ARTICLES_READ = 150
_SUBJECTS = 4
_TRIES = 12  # questions asked before the page opens for questions
_LONGEST_NAME = 40  # characters: a longer name makes no inviting question

_NAME_WITHIN_SENTENCE = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{3,}(?: [A-Z][a-z]+)*\b")
_WORD = re.compile(r"\b[a-z]{5,}\b")
_NO_SUBJECT = {*map(str.lower, calendar.month_name[1:]), *map(str.lower, calendar.day_name)} | set(
    "about above after again against answer answers before being below between could doing during every first further letter other"
    " other others report reports shall should statement their there these thing things third those through today under until"
    " where which while whose within without would years".split()
)
_BODIES = set(
    "Association Board Church Club Committee Coalition Commission Council Court Federation Guild Institute International League"
    " Ministry Movement Network Organisation Organization Party Society States Trust Union".split()
)


def starters(library: Library) -> tuple[str, ...]:
    """Return up to AT_MOST questions that this library answers, each of another form where it can be."""
    found: list[str] = []
    tries = 0
    for forms in _forms(library):
        for question in forms:
            if len(found) == AT_MOST or tries == _TRIES:
                return tuple(found)
            tries += 1
            if library.ask(question).answered:
                found.append(question)
                break
    return tuple(found)


def _forms(library: Library) -> Iterator[list[str]]:
    """Yield one list of alternatives for each form of question, the most inviting first."""
    names = [entry.group.name for entry in library.groups() if len(entry.group.name) <= _LONGEST_NAME]
    subjects = _subjects(library)
    if not subjects or not names:
        return
    first, second, third = (subjects[at % len(subjects)] for at in range(3))
    yield [f"Which groups speak of {subject}?" for subject in subjects[:3]]
    yield [f"What does {the(name)} say about {second}?" for name in names[:3]]
    yield [f"Compare what {the(one)} and {the(two)} say about {first}" for one, two in pairwise(names[:3])]
    yield [f"What does {the(name)} say about {third}?" for name in names[:0:-1]]


def the(name: str) -> str:
    """Put "the" before a name that reads better so: one that says what kind of body it is."""
    return f"the {name}" if _BODIES & set(name.split()) and not name.startswith("The ") else name


def _subjects(library: Library) -> list[str]:
    """Return what most groups speak of, without the groups' own names."""
    own = {word.lower() for entry in library.groups() for name in (entry.group.name, *entry.group.aliases) for word in name.split()}
    names: defaultdict[str, set[str | None]] = defaultdict(set)
    words: defaultdict[str, set[str | None]] = defaultdict(set)
    listed = library.articles()
    sample = listed[:: max(1, len(listed) // _ARTICLES_READ)][:_ARTICLES_READ]
    title_words = {word for article in sample for word in _WORD.findall((article.title or "").lower())}
    for article in sample:
        text = library.article(article.id).text
        for name in _NAME_WITHIN_SENTENCE.findall(text):
            names[name].add(article.group)
        for word in title_words & set(_WORD.findall(text)):
            words[word].add(article.group)
    quoted = (f"“{word}”" for word in _most_shared(words, own))  # reads well for any word, where "about limit" doesn't
    by_turns = chain.from_iterable(zip_longest(_most_shared(names, own), quoted))
    return list(islice(filter(None, by_turns), _SUBJECTS))


def _most_shared(found: dict[str, set[str | None]], own: set[str]) -> list[str]:
    fit = [name for name, groups in found.items() if len(groups) > 1 and not set(name.lower().split()) & (own | _NO_SUBJECT)]
    return sorted(fit, key=lambda name: (-len(found[name]), name))
