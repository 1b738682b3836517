"""What is said where no quote is wanted or none can be looked for: greetings, help, questions that can't be read."""

from __future__ import annotations

from collections.abc import Sequence

from qa.types import Intent, Named

_COURTESY = "You're welcome. Ask which group said what, and the answer comes in quotes, each with its source."
_UNREADABLE = (
    "I am not sure that I understood this: questions are read in English, and asked of the articles here."
    " Name whom you ask and what about, for example: What does {group} say about ...?"
)
_HELP = (
    "whosaid looks up who said what in these articles. It answers with word-for-word quotes, tells the speaker from the publisher,"
    " and stays silent where nobody speaks of a thing. Try: What does {group} say about ...? Who said that ...?"
    " Which groups are against ...? Compare what ... and ... say about ... Which articles are there by ...?"
)
_NOTHING_BEFORE = "There is nothing before this to go on with. Ask a question first."


def reply(intent: Intent, groups: Sequence[str]) -> str:
    """Return the reply to an intent that wants no quote; `groups` are those with articles, those with most first."""
    text = {"courtesy": _COURTESY, "help": _HELP, "unreadable": _UNREADABLE, "more": _NOTHING_BEFORE}[intent]
    return text.format(group=groups[0] if groups else "a group")


def ask_which(unclear: Sequence[Named]) -> str:
    """Return the question back which of the bodies that go by a name is meant."""
    return "\n".join(
        f"{len(named.publishers)} bodies here go by “{named.words}”: {' and '.join(named.publishers)}. Which one is meant?"
        for named in unclear
    )
