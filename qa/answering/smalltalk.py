"""Answers greetings and questions about whosaid itself, which cite nothing and never pass for answers."""

from __future__ import annotations

import re
from collections.abc import Sequence

_GREETING = re.compile(r"^\W*(?:hello|hi|hey|good (?:morning|afternoon|evening)|greetings)(?: there| whosaid)?\W*$", re.IGNORECASE)
_THANKS = re.compile(
    r"^\W*(?:many )?(?:thanks|thank you|thx|cheers|great|ok|okay|bye|goodbye)(?: (?:a lot|so much|very much|you))?\W*$", re.IGNORECASE
)
_ABILITY = re.compile(
    r"^\W*(?:help|what can (?:you|i) (?:do|ask)(?: (?:you|here))?|who are you|what are you"
    r"|what is whosaid|how (?:do|does) (?:you|this|it) work)\W*$",
    re.IGNORECASE,
)
_GROUPS = re.compile(
    r"^\W*(?:which|what|list|show)(?: me)?(?: all)?(?: the)? (?:groups|organi[sz]ations|parties|publishers|sources)"
    r"(?: (?:are there|are here|do you (?:know|have|cover)|are (?:covered|included|indexed)(?: here)?"
    r"|are in (?:the|this) (?:corpus|index)|can i ask about|exist))?\W*$",
    re.IGNORECASE,
)


def reply(text: str, groups: Sequence[tuple[str, int]]) -> str | None:
    """Return the reply to what is no question to the corpus, or None. `groups` are names with their number of articles."""
    if _GREETING.match(text):
        return "Hello. Ask which group said what, and I'll answer with quotes from the articles, each with its source."
    if _THANKS.match(text):
        return "You're welcome. Ask on whenever you like."
    if _ABILITY.match(text):
        example = groups[0][0] if groups else "a group"
        return (
            "I look up who said what in the articles of this corpus. I answer with word-for-word quotes, tell the speaker from the"
            f" publisher, and stay silent where nobody speaks of a thing. Try: What does {example} say about ...? Who said that ...?"
            " Which groups mention ...? Compare what ... and ... say about ..."
        )
    if _GROUPS.match(text):
        if not groups:
            return "No group is named in this corpus."
        return "\n".join(["These groups have articles here:", *(f"- {name} ({count})" for name, count in groups)])
    return None
