"""Words an answer around its quotes, and words silence. Adds no view: every claim is somebody's, in somebody's article."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from qa.index.lexical import content_words
from qa.language.dates import in_words
from qa.retrieval.corpus import Corpus
from qa.types import INFERRED, Article, Citation, GroupStance, Query, Sentence, Written

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
    """Return the opening line: who speaks, and in whose article. It never says that somebody agrees, only that they speak."""
    voices = _voices(citations)
    if query.negated:
        return f"These speak of it: {_listed(voices)}."
    if query.intent in ("compare", "change"):
        named = list(dict.fromkeys(citation.group or UNKNOWN_GROUP for citation in citations))
        return f"What {_listed(named)} {'says' if len(named) == 1 else 'say'}{', in order of time' if query.intent == 'change' else ''}:"
    if query.intent == "groups" and len(voices) > 1:
        return f"{_capital(_number(len(voices)))} answer this: {_listed(voices)}."
    return f"{_capital(_listed(voices))}, in these words:"


def summary_lead(articles: Sequence[Article]) -> str:
    """Return the line over the sentences that sum up one article, or several of a group."""
    if len(articles) == 1:
        article = articles[0]
        when = f" ({article.published.in_words()})" if article.published else ""
        return f"The most telling sentences of “{article.title or article.id}” by {article.group or UNKNOWN_GROUP}{when}:"
    groups = list(dict.fromkeys(article.group or UNKNOWN_GROUP for article in articles))
    return f"The most telling sentences of {_articles(len(articles))} by {_listed(groups)}:"


def notes(query: Query, citations: Sequence[Citation], corpus: Corpus) -> Iterable[str]:
    """Yield what has to be said beside an answer: who was asked and isn't heard, who may be meant, who is silent."""
    heard = {name for citation in citations for name in (citation.group, citation.speaker, citation.organisation)}
    asked = dict.fromkeys((*query.publishers, *query.within))
    if len(asked) > 1:
        yield from (no_statement(group, len(corpus.by_group.get(group, ()))) for group in asked if group not in heard)
    for name in query.unknown:
        yield f"Nobody called “{name}” publishes, writes or is quoted here."
    for named in query.names:
        people = named.speakers
        if len(people) > 1 and not named.publishers:
            yield f"“{named.words}” may be {' or '.join(people)}: this looks at {'both' if len(people) == 2 else 'all of them'}."
        elif named.guessed and named.known:
            yield f"“{named.words}” was read as {_listed([*named.publishers, *named.speakers])}."
    if query.negated and (silent := [group for group in corpus.by_group if group and group not in heard]):
        yield f"In the articles of the others nothing on it was found: {_listed(sorted(silent))}. That is silence here, not a position."


def silence(query: Query, searched: Sequence[Article], corpus: Corpus, *, has_near: bool = False) -> str:
    """Return what was looked for where, claiming no more than was found: "speaks of" only where no word of the topic occurs."""
    topic = f"“{query.topic}”" if query.topic else "this"
    groups = query.within or (() if query.speakers else query.publishers)
    by = f" by {_listed(groups)}" if groups else ""
    if not searched and (query.since or query.until):
        span = f" Those with a date are {in_words(*corpus.dates)}." if corpus.dates else ""
        return f"No article{by} here is {in_words(query.since, query.until)}, so nothing was searched.{span}"
    if not searched:
        return "No article fits these filters, so nothing was searched."
    if query.unknown and not query.publishers and not query.speakers:
        names = _listed([f"“{name}”" for name in query.unknown])
        return f"Nobody called {names} publishes, writes or is quoted in the {_articles(len(searched))}."
    count = len([article for article in searched if article.group in groups]) if groups else len(searched)
    absent = [word for word in content_words(query.topic) if not corpus.index.knows(word)]
    if absent and len(absent) == len(content_words(query.topic)):
        return f"{_none_of(count, by)} speaks of {topic}."
    whom = f" tells what {_listed(query.speakers)} says about {topic}" if query.speakers else " answers this"
    near = " What comes nearest is listed below; it may touch on it." if has_near else ""
    return f"Nothing was found in the {_articles(count)}{by} that{whom}.{near}"


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
