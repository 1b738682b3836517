"""Answers as Markdown for the chat, source cards as data for the panel. The one home of escaping.

Words of articles and people go into Markdown and HTML through `markdown` and `html` alone; cards and the reader are
data that the panel puts in as plain text.
"""

from __future__ import annotations

import base64
import html as htmllib
import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TypedDict

from qa.answering.compose import about_written, heading, in_words_of, pieces, quoted, same_words
from qa.answering.compose import speaker as who_says
from qa.types import Citation, Sentence
from qa.web import reader
from qa.web.conversation import Shown, Turn
from qa.web.opening import Stage
from qa.web.places import Place

_CARD_WORDS = 220  # characters of a quote on its card
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
VOICES = {"own": "own voice", "quoted": "direct quote", "reported": "paraphrase"}
COPY = "copy-cited"  # the link that take_away.js makes a button of
_DIGEST_CARD = "digest, our words"


FEEDBACK = {"good": "Good", "speaker": "Wrong speaker", "group": "Wrong group", "answer": "Doesn't answer"}
_OF_SILENCE = ("good", "answer")


class Card(TypedDict):
    """A source in the panel. `number` 0 stands for a passage that was found and not cited."""

    link: str
    number: int
    speaker: str
    publisher: str
    date: str
    title: str
    voice: str
    digest: bool
    words: str


class Panel(TypedDict):
    """What the panel lists: the sources of an answer, and apart from them what else was found."""

    cards: list[Card]
    also: list[Card]
    hint: str
    opened: str


class Message(TypedDict):
    """A message in the chat."""

    role: str
    content: str


# ---- escaping


def markdown(text: str) -> str:
    """Return text for one line of Markdown, in which every mark of punctuation is an entity and so means itself only."""
    return _PUNCTUATION.sub(lambda mark: f"&#{ord(mark[0])};", " ".join(text.split()))


def html(text: str) -> str:
    """Return text for HTML and its attributes."""
    return htmllib.escape(text, quote=True)


# ---- the chat


def messages(conversation: Iterable[Shown], *, waiting: bool = False, writing: bool = False) -> list[Message]:
    """Return the messages of a conversation; `waiting` says that the last question is being answered, `writing` that it is worded."""
    conversation = list(conversation)
    found: list[Message] = []
    for at, shown in enumerate(conversation):
        last = writing and at == len(conversation) - 1
        found.append(Message(role="user", content=markdown(shown.turn.question)))
        found.append(Message(role="assistant", content="\n\n".join([answer(shown, at, writing=last), *_below(shown.turn, at)])))
    return [*found[:-1], Message(role="assistant", content="*Looking through the articles …*")] if waiting else found


def answer(shown: Shown, at: int = 0, *, writing: bool = False) -> str:
    """Return what came of a question, turn number `at`, as Markdown: how it was read, lead, quotes under who says them, notes.

    Above the quotes comes what a language model wrote; `writing` says that it still does.
    """
    turn = shown.turn
    if turn.problem:
        return f"**That could not be answered.** {markdown(turn.problem)}"
    if not turn.lead:
        return "*Stopped before an answer.*"
    parts = [*_readings(shown, at), *_written(shown, writing=writing), _lines(turn.lead)]
    for who, cited in groupby(shown.quotes, lambda place: heading(_citation(place))):
        parts.append(f"#### {markdown(who)}")
        parts.extend(f"> {markdown(quoted(_citation(place)))}\u00a0{_link(place)}" for place in cited)
    parts.extend(f"*{markdown(note)}*" for note in dict.fromkeys(shown.lost))
    parts.extend(f"*{markdown(note)}*" for note in turn.notes)
    if turn.within:
        parts.append(f"*Searched within: {markdown(turn.within)}.*")
    if shown.quotes:
        parts.append(f"[Copy with citations](#{COPY})")
    return "\n\n".join(parts)


def _written(shown: Shown, *, writing: bool) -> Iterator[str]:
    """Yield what a language model wrote, each sentence with links to the quotes below, and what is to be said of it."""
    written = shown.written
    if written is None:
        return
    if written.sentences or writing:
        yield f"#### {markdown(in_words_of(written.model))}"
    if written.sentences:
        yield " ".join(_sentence(sentence, shown.quotes) for sentence in written.sentences)
    if writing and not written.done:
        yield "*Writing …*"
    elif not written.done:
        yield "*It was stopped before it ended.*"
    yield from (f"*{markdown(note)}*" for note in (about_written(written) if written.done else ()))


def _sentence(sentence: Sentence, quotes: Iterable[Place]) -> str:
    link = {_citation(place).number: _link(place) for place in quotes}
    parts = ((words, "".join(link[number] for number in numbers if number in link)) for words, numbers in pieces(sentence))
    return "".join(f"{' ' if words[:1] == ' ' else ''}{markdown(words)}{f'{chr(160)}{links}' if links else ''}" for words, links in parts)


def _below(turn: Turn, at: int) -> Iterator[str]:
    """Yield what stands below an answer: what people may say of it. A script of the page makes buttons of these links."""
    if turn.lead and not turn.problem:
        listed = (f"[{words}](#feedback-{at}-{slug})" for slug, words in FEEDBACK.items() if turn.quotes or slug in _OF_SILENCE)
        yield f"Is this right? {' '.join(listed)}"


def _readings(shown: Shown, at: int) -> Iterator[str]:
    """Yield how a question was understood, where something of it can be taken back: the panel makes buttons of these links."""
    turn = shown.turn
    if any(key for _, key in turn.understood):
        chips = (f"[{markdown(words)} ×](#without-{at}-{_in_address(key)})" if key else markdown(words) for words, key in turn.understood)
        yield f"Read as {' · '.join(chips)}"
    if turn.without:
        yield f"*Read without: {markdown(', '.join(key.split(':', 1)[-1] for key in turn.without))}.*"


def _in_address(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def key_of(address: str) -> str:
    """Return the key of a reading from the end of its link; raise ValueError where there is none in it."""
    return base64.urlsafe_b64decode(address + "=" * (-len(address) % 4)).decode()


def _lines(text: str) -> str:
    """Return our own wording, which may hold a list with a dash before each entry."""
    return "\n".join(f"- {markdown(line[2:])}" if line.startswith("- ") else f"{markdown(line)}\n" for line in text.splitlines())


def _link(place: Place) -> str:
    citation = _citation(place)
    kind = "Digest" if citation.digest else "Source"  # the style sheet sets a digest's words apart by this title
    title = f"{kind} {citation.number}: {reader.publisher(place.article)}, {place.article.title or reader.NO_TITLE}"
    return f'[\\[{citation.number}\\]](#cite-{place.link} "{markdown(title)}")'


def _citation(place: Place) -> Citation:
    if place.citation is None:
        raise TypeError("a quote without its citation")  # `Shown.quotes` holds none
    return place.citation


# ---- the panel


def panel(shown: Shown | None, opened: str = "") -> Panel:
    """Return what the panel lists for a turn; None stands for an empty conversation. `opened` is a link for it to open at once."""
    if shown is None:
        return Panel(
            cards=[], also=[], hint="The sources of an answer appear here. Each one opens its article at the quote.", opened=opened
        )
    cards = [_card(place) for place in shown.quotes]
    hint = "" if cards else "Nothing is cited, because nothing found answers the question."
    if shown.turn.problem or not shown.turn.lead or (not cards and not shown.also):
        hint = "" if cards else "This turn has no sources."
    return Panel(cards=cards, also=[_card(place) for place in shown.also], hint=hint, opened=opened)


def _card(place: Place) -> Card:
    article, citation = place.article, place.citation
    words = quoted(citation) if citation else (place.span.of(article.text) if place.span else article.text)
    digest = article.kind == "digest"
    return Card(
        link=place.link,
        number=citation.number if citation else 0,
        speaker=who_says(citation) if citation and not reader.in_our_words(citation) else "",
        publisher=_publisher(place),
        date=reader.date(article),
        title=article.title or reader.NO_TITLE,
        voice=_DIGEST_CARD if digest else VOICES[citation.voice] if citation else "",
        digest=digest,
        words=_cut(" ".join(words.split())),
    )


def _publisher(place: Place) -> str:
    same = same_words(place.citation) if place.citation else ""
    return f"{reader.publisher(place.article)}{f' ({same})' if same else ''}"


def _cut(words: str) -> str:
    if len(words) <= _CARD_WORDS:
        return words
    return words[:_CARD_WORDS].rsplit(" ", 1)[0] + " …"


# ---- states of the page


def stage(now: Stage) -> str:
    """Return how far the opening of the library is, or what went wrong."""
    if now.problem:
        return f"<div class='ws-state ws-wrong' role='alert'><strong>whosaid can't answer yet.</strong><p>{html(now.problem)}</p></div>"
    percent = now.percent
    known = f" aria-valuenow='{percent}' aria-valuemin='0' aria-valuemax='100'" if percent is not None else ""
    bar = f"<span style='width:{percent}%'></span>" if percent is not None else "<span class='ws-unknown'></span>"
    return (
        f"<div class='ws-state'><p class='ws-doing'>{html(now.in_words())}</p>"
        f"<div class='ws-bar' role='progressbar' aria-label='Getting ready'{known}>{bar}</div>"
        "<p class='ws-hint'>You can ask as soon as this is done. The page becomes ready by itself.</p></div>"
    )


def complaint(text: str) -> str:
    """Return a message about what was typed, or nothing."""
    return f"<p class='ws-complaint' role='alert'>{html(text)}</p>" if text else ""
