"""Words an answer around its quotes, and words silence. Adds no view: every claim is somebody's, in somebody's article."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from qa.retrieval.dates import in_words
from qa.types import INFERRED, Article, Citation, GroupStance, PartialDate, Query, Sentence, Written

_ASKS_WHO_SAYS = re.compile(
    r"^\W*(?:who|which \w+)(?: \w+)? (?:says?|said|claims?|claimed|argues?|argued|writes?|wrote|thinks?|believes?|states?)\b", re.IGNORECASE
)
UNKNOWN_GROUP = "an unknown group"


def heading(citation: Citation) -> str:
    """Return who says a quote, in whose article and when: "Hamas, as reported by the River Trust (March 2024)"."""
    article = citation.article
    publisher = article.group or UNKNOWN_GROUP
    when = article.published.in_words() if article.published else "date unknown"
    when = "; ".join(filter(None, (when, inferred_publisher(article), same_words(citation))))
    if citation.digest:
        digest = f"our digest of a text by {publisher} ({when})"
        return _capital(digest) if citation.speaker == citation.group else f"{speaker(citation)}, in {digest}"
    if citation.voice == "own":
        named = article.group or f"{UNKNOWN_GROUP[0].upper()}{UNKNOWN_GROUP[1:]}"
        return f"{named}, in its own voice ({when})"
    how = "quoted by" if citation.voice == "quoted" else "as reported by"
    return f"{speaker(citation)}, {how} {publisher} ({when})"


def inferred_publisher(article: Article) -> str:
    """Return from what it was inferred whose article it is, nothing where that is stated."""
    origin = article.origin("group")
    return f"publisher inferred from the {origin}" if origin in INFERRED and article.group else ""


def same_words(citation: Citation) -> str:
    """Return by whom else the article of a quote was published, nothing where there is no copy of it."""
    if citation.first:
        return f"first published by {citation.first.group or UNKNOWN_GROUP}"
    return f"also published by {_listed([article.group or UNKNOWN_GROUP for article in citation.also])}" if citation.also else ""


def speaker(citation: Citation) -> str:
    """Return who says a quote: a name with the body spoken for, or the article's words for somebody it doesn't name."""
    who = citation.speaker or UNKNOWN_GROUP
    if citation.organisation and citation.organisation not in who:
        return f"{who} of {citation.organisation}"
    return who if who[:1].isupper() or not who[:1].isalpha() else f"“{who}”"


def quoted(citation: Citation) -> str:
    """Return the words of a quote between quotation marks, unless they have their own or are a digest's, which nobody said."""
    words = " ".join(citation.quote.split())
    return words if citation.digest or re.search('[“”"«»]', words) else f"“{words}”"


def text_of(lead: str, citations: Sequence[Citation], notes: Iterable[str]) -> str:
    """Return the whole answer as plain text: the lead, the quotes under who says them, and the notes."""
    parts = [lead]
    for who, listed in groupby(citations, heading):
        parts.append("\n".join([f"{who}:", *(f"  {quoted(citation)} [{citation.number}]" for citation in listed)]))
    parts.extend(notes)
    return "\n\n".join(part for part in parts if part)


def lead(query: Query, citations: Sequence[Citation]) -> str:
    """Return the opening line that fits what was asked."""
    voices = _voices(citations)
    topic = f"“{query.topic}”" if query.topic else "this"
    if query.asked in ("compare", "change"):
        return _what_they_say(list(dict.fromkeys(citation.group or UNKNOWN_GROUP for citation in citations)), topic)
    if query.asked in ("number", "when", "fact"):
        return f"According to {voices[0]}:"
    if query.asked in ("what", "polar"):
        return _what_they_say(voices, topic) if query.named else f"On {topic}:"
    verb = "mention" if query.asked == "mentions" else "say"
    if len(voices) == 1 and verb == "say" and not _ASKS_WHO_SAYS.match(query.text):
        return f"{_capital(voices[0])}, in these words:"
    if len(voices) == 1:
        return f"{_capital(voices[0])} {verb}s {'it' if verb == 'mention' else 'so'}."
    return f"{_capital(_number(len(voices)))} speak of it, the closest first: {_listed(voices)}."


def all_said(names: Sequence[str], statements: int, articles: int, shown: int) -> tuple[str, tuple[str, ...]]:
    """Return the opening line over what somebody is heard to say, and the note that there is more."""
    lead = f"{_listed(names)} is heard in {_articles(articles)}, by quotation or report:"
    more = statements - shown
    return lead, (
        f"There {'is 1 more statement' if more == 1 else f'are {more:,} more statements'}; ask about a topic.",
    ) if more > 0 else ()


def who_quotes(names: Sequence[str], quoting: Sequence[str | None], mentioning: Sequence[str | None]) -> str:
    """Return the opening line that says who quotes or reports somebody, and who only mentions them."""
    quotes = [group or UNKNOWN_GROUP for group in quoting]
    mentions = list(dict.fromkeys(group or UNKNOWN_GROUP for group in mentioning))
    parts = []
    if quotes:
        parts.append(f"{_listed(quotes)} {'quotes or reports' if len(quotes) == 1 else 'quote or report'} {_listed(names)}")
    if mentions:
        whom = _listed(names) if not quotes else "them" if len(names) > 1 else "the name"
        parts.append(f"{_listed(mentions)} {'mentions' if len(mentions) == 1 else 'mention'} {whom}")
    return f"{_capital('; '.join(parts))}."


def nobody_quotes(names: Sequence[str], searched: int) -> str:
    """Return that nobody in the articles that were searched quotes somebody."""
    return f"{_none_of(searched, '')} quotes {_listed(names)}."


def no_topic(groups: Sequence[tuple[str, Sequence[Article]]]) -> str:
    """Return what there is by the groups that a question names without saying what it asks about."""
    if not groups:
        return "The question names no topic. Ask what somebody says about something."
    lines = []
    for group, articles in groups:
        titles = "; ".join(f"“{article.title or article.id}”" for article in articles[:5])
        more = "" if len(articles) <= 5 else f" and {len(articles) - 5} more"
        lines.append(f"{group} has {_articles(len(articles))} here: {titles}{more}.")
    return "\n".join([*lines, "Ask what it says about a topic." if len(groups) == 1 else "Ask what they say about a topic."])


def unclear(names: Sequence[tuple[str, Sequence[str]]]) -> str:
    """Return the question back which of the bodies that go by a name is meant."""
    return "\n".join(
        f"{_capital(_number(len(bodies)))} bodies go by “{name}”: {_listed(bodies)}. Which one is meant?" for name, bodies in names
    )


def either(query: Query) -> Iterable[str]:
    """Yield a note for each surname in the question that several speakers have."""
    for name, people in query.either:
        yield f"“{name}” may be {' or '.join(people)}: this looks at {'both' if len(people) == 2 else 'all of them'}."


def silence(query: Query, searched: Sequence[Article], known: tuple[PartialDate, PartialDate] | None = None) -> str:
    """Return what was looked for where, and that nobody there says it; `known` are the corpus's first and last dates."""
    topic = f"“{query.topic}”" if query.topic else "this"
    count = _articles(len(searched))
    if not searched and (query.since or query.until):
        by = f" by {_listed(groups)}" if (groups := query.within or query.publishers) else ""
        span = f" Those with a date are {in_words(*known)}." if known else ""
        return f"No article{by} here is {in_words(query.since, query.until)}, so nothing was searched.{span}"
    if not searched:
        return "No article fits these filters, so nothing was searched."
    by = f" by {_listed(groups)}" if (groups := query.within or (() if query.speakers else query.publishers)) else ""
    if query.speakers:
        return f"{_none_of(len(searched), by)} tells what {_listed(query.speakers)} says about {topic}."
    if by:
        return f"{_none_of(len(searched), by)} speaks of {topic}."
    if query.unknown:
        return f"{_listed([f'“{name}”' for name in query.unknown])} occurs nowhere in the {count}."
    return f"Nothing in the {count} answers this."


def compared(topic: str, rows: Sequence[GroupStance]) -> str:
    """Return the opening line over a comparison: how many groups say something, only mention the topic, or are silent."""
    counts = {stance: sum(row.stance == stance for row in rows) for stance in ("says", "mentions", "silent")}
    searched = _articles(sum(row.articles for row in rows))
    if not counts["says"] and not counts["mentions"]:
        return f"“{topic}”: no statement found by any of {len(rows)} groups in {searched}."
    parts = [f"{counts['says']} of {len(rows)} groups {'says' if counts['says'] == 1 else 'say'} something"]
    if counts["mentions"]:
        parts.append(f"{counts['mentions']} only {'mentions it or tells' if counts['mentions'] == 1 else 'mention it or tell'} of others")
    if counts["silent"]:
        parts.append(f"no statement found by {counts['silent']}")
    return f"“{topic}”: {', '.join(parts)}; {searched} searched."


def comparison(lead: str, rows: Sequence[GroupStance]) -> str:
    """Return a comparison in words: each group with its quotes, then those of whom nothing was found."""
    parts = [lead]
    for row in rows:
        if row.stance == "silent":
            continue
        only = "" if row.stance == "says" else ", only mentioning it or telling of others"
        lines = [f"{row.group or UNKNOWN_GROUP} ({_articles(row.articles)}{only}):"]
        for citation in row.citations:
            lines += [f"  {heading(citation)}:", f"    {quoted(citation)} [{citation.number}]"]
        parts.append("\n".join(lines))
    silent = [f"{row.group or UNKNOWN_GROUP} ({_articles(row.articles)})" for row in rows if row.stance == "silent"]
    if silent:
        parts.append(f"No statement found: {'; '.join(silent)}. That is silence here, not a position.")
    return "\n\n".join(parts)


def left_open(piece: str) -> str:
    """Return the note that a part of the question isn't answered by the quotes."""
    return f"This answers a part of the question: nothing was found on “{piece}”."


def no_statement(group: str, searched: int) -> str:
    """Return the note that a group which was asked, or might have spoken, doesn't speak of the topic."""
    return f"No statement on it by {group} ({_articles(searched)} searched)."


def in_words_of(model: str) -> str:
    """Return the line over what a language model wrote."""
    return f"In the words of {model}, checked against the quotes below:"


def with_marks(sentence: Sentence) -> str:
    """Return a written sentence with the numbers of its citations where they stand: "... for a limit [1]."."""
    return "".join(f"{words}{' ' if numbers else ''}{''.join(f'[{number}]' for number in numbers)}" for words, numbers in pieces(sentence))


def pieces(sentence: Sentence) -> list[tuple[str, tuple[int, ...]]]:
    """Return the words of a sentence up to each place where it cites, with the numbers there; a full stop comes last."""
    text, start = sentence.text, 0
    found: list[tuple[str, tuple[int, ...]]] = []
    for mark in sorted(sentence.marks, key=lambda mark: mark.at):
        at = mark.at - 1 if mark.at == len(text) and text[-1:] in (".", "!", "?") else mark.at
        if at <= start and found:
            found[-1] = (found[-1][0], (*found[-1][1], *mark.numbers))
        else:
            found.append((text[start:at].rstrip(), mark.numbers))
        start = max(at, start)
    return [*found, (text[start:], ())]


def about_written(written: Written) -> tuple[str, ...]:
    """Return what has to be said of a writing that is done: what was left out and why, what went wrong, and that nothing is left."""
    notes = []
    if written.left_out:
        count = len(written.left_out)
        why = "; ".join(
            f"{_number(written.left_out.count(reason))} {reason}" if count > 1 else f"it {reason}"
            for reason in dict.fromkeys(written.left_out)
        )
        notes.append(f"{count} {'sentence was' if count == 1 else 'sentences were'} left out, because {why}.")
    if written.problem:
        notes.append(f"{written.problem}.")
    if not written.sentences:
        notes.append(f"Nothing by {written.model} is shown; the quotes stand by themselves.")
    return tuple(notes)


def worded(written: Written) -> str:
    """Return a writing that is done as plain text; nothing but the notes where no sentence is left."""
    text = " ".join(map(with_marks, written.sentences))
    return "\n\n".join([*([in_words_of(written.model), text] if text else []), *about_written(written)])


def _what_they_say(voices: Sequence[str], topic: str) -> str:
    return f"What {_listed(voices)} {'says' if len(voices) == 1 else 'say'} about {topic}:"


def _voices(citations: Sequence[Citation]) -> list[str]:
    """Return who speaks, each once, with those who quote or report it."""
    told: dict[str, dict[str, Citation]] = {}
    for citation in citations:
        publisher = citation.group or UNKNOWN_GROUP
        own = citation.voice == "own" or citation.speaker in (None, citation.group)
        told.setdefault(publisher if own else speaker(citation), {}).setdefault("" if own else publisher, citation)
    return [who if list(by) == [""] else f"{who} ({_how_told(by)})" for who, by in told.items()]


def _how_told(by: Mapping[str, Citation]) -> str:
    others = {publisher: citation for publisher, citation in by.items() if publisher}
    if len(others) == 1 and next(iter(others.values())).digest:
        return f"in our digest of a text by {_listed(list(others))}"
    return f"{'quoted' if all(c.voice == 'quoted' for c in others.values()) else 'reported'} by {_listed(list(others))}"


def _none_of(count: int, by: str) -> str:
    return f"None of the {count:,} articles{by}" if count > 1 else f"Nothing in the only article{by}"


def _articles(count: int) -> str:
    return "1 article" if count == 1 else f"{count:,} articles"


def _number(count: int) -> str:
    words = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    return words[count] if count < len(words) else str(count)


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else list(names))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
