"""Questions to go on with after an answer, each asked beforehand, so that none of them leads to silence.

Knows nothing of the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from qa.library import Library
from qa.types import Answer, Question
from qa.web.starters import the

AT_MOST = 3
_TRIES = 6  # questions asked for it
_CLAUSE = re.compile(
    r"\b(?:am|is|are|was|were|be|been|has|have|had|will|would|shall|should|can|could|must|may|do|does|did|not)\b", re.IGNORECASE
)
_VERB_FIRST = re.compile(
    r"^[a-z]+(?:s|ed) (?:(?:for|of|on|to|with|against|about) )?(?=(?:a|an|the|this|these|its|their|any|all|every|[A-Z]\w*)\b)"
)
_NAME = re.compile(r"\b[A-Z][\w'’-]+(?: [A-Z][\w'’-]+)*")
_LONGEST_TOPIC = 80  # characters: a longer one is a whole question, which reads badly inside another


def suggestions(answer: Answer, library: Library) -> tuple[str, ...]:
    """Return up to AT_MOST questions that follow from an answer and are answered themselves; none after silence."""
    found: list[str] = []
    for question in [*_forms(answer, library)][:_TRIES]:
        if len(found) < AT_MOST and _says_more(library.ask(Question(question)), answer):
            found.append(question)
    return tuple(found)


def _forms(answer: Answer, library: Library) -> Iterator[str]:
    """Yield questions about the same topic that others may answer, or that tell more of who answered."""
    topic = _noun(answer.query.topic) if answer.query else ""
    if not answer.citations or not topic or len(topic) > _LONGEST_TOPIC:
        return
    heard = list(dict.fromkeys(citation.group for citation in answer.citations if citation.group))
    others = [entry.group.name for entry in library.groups() if entry.group.name not in heard]
    if len(heard) > 1 and answer.query and answer.query.asked != "compare":
        yield f"Compare what {the(heard[0])} and {the(heard[1])} say about {topic}"
    elif others:
        yield f"Which other groups speak of {topic}?"
    for name in others[:3]:
        yield f"What does {the(name)} say about {topic}?"
    for speaker in dict.fromkeys(citation.speaker for citation in answer.citations if citation.speaker and citation.voice != "own"):
        if speaker[:1].isupper() and speaker not in heard:
            yield f"What did {speaker} say?"


def _noun(topic: str) -> str:
    """Return a topic as it reads after "about": without the verb it begins with; of a whole claim only its longest name, or nothing."""
    topic = _VERB_FIRST.sub("", topic)
    return topic if not _CLAUSE.search(topic) else max(_NAME.findall(topic), key=len, default="")


def _says_more(other: Answer, answer: Answer) -> bool:
    """Tell whether another answer has a quote that this one hasn't."""
    here = {(citation.article.id, citation.span) for citation in answer.citations}
    return other.answered and any((citation.article.id, citation.span) not in here for citation in other.citations)
