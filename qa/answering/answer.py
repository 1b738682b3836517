"""One question, top to bottom: understand, find, choose, decide whether to speak, word, verify."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from qa.answering import compose, listing, smalltalk
from qa.answering.choose import Quote, Topic, is_there, quotes, topic_of, with_beginnings
from qa.answering.read import OF_A_GROUP, READ_WORDS_OF_MANY, read
from qa.answering.silence import ENOUGH_BESIDE, answers, said_by_those_asked
from qa.answering.verify import verified
from qa.errors import QuestionError
from qa.index.interface import Scope
from qa.index.lexical import content_words
from qa.retrieval.corpus import Corpus
from qa.retrieval.parts import FEWEST_WORDS, pieces_of
from qa.retrieval.question import understand
from qa.retrieval.search import search
from qa.settings import LONGEST_QUESTION
from qa.types import Answer, Citation, Hit, Query, Question

QUOTES_IN_ALL = 3  # for a question with one answer
QUOTES_OF_A_GROUP = 2  # where several groups answer
GROUPS_AT_MOST = 8
NOT_FAR_BEHIND = 0.9  # how much lower than the best another quote may score
NOT_FAR_BEHIND_OF_ONE = 0.5  # the same where it is asked who said it
NOT_FAR_BEHIND_OF_GROUPS = 1.0  # the same among groups, where each has its say
ALSO_FOUND = 5
LEFT_OPEN = 0.25  # share of a piece's words, weighted by rarity, under which the quotes leave it open
OF_SEVERAL = ("compare", "change", "groups", "mentions")  # kinds of questions that each group answers for itself
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")  # can be neither printed nor written
MENTIONED = 0.5  # share of the topic's words that a sentence has to have where the question is who mentions it
SAME_SENTENCE = 85  # of 100, likeness of two sentences in copies of an article that are one sentence
JUDGED = 24  # sentences of a share of the articles that are looked at closely


def answer(question: Question, corpus: Corpus) -> Answer:
    """Answer from one state of the corpus; raise QuestionError where there is no question in it."""
    question = checked(question)
    text = question.text
    if said := smalltalk.reply(text, _groups(corpus)):
        return Answer(text, answered=False, lead=said, text=said)
    query = understand(question, corpus)
    if query.unclear:
        words = compose.unclear(query.unclear)
        return Answer(text, answered=False, lead=words, text=words, query=query)
    if listed := _listed(query, corpus):
        return replace(listed, question=text)
    if not content_words(query.topic):
        scopes = {group: corpus.among((group,), query.since, query.until) for group in query.publishers if group in corpus.by_group}
        there = [(group, [corpus.articles[key] for key in scope]) for group, scope in scopes.items() if scope]
        if scopes and not there:
            words = compose.silence(query, (), corpus.dates)
            return Answer(text, answered=False, lead=words, text=words, query=query)
        words = compose.no_topic(there)
        return Answer(text, answered=False, lead=words, text=words, query=query)
    scope = corpus.among(query.within or (() if query.speakers else query.publishers), query.since, query.until)
    chosen = _chosen(query, corpus, scope)
    citations = verified(numbered(chosen, corpus), corpus)
    found = [candidate.hit for candidate in search(query, corpus, ALSO_FOUND + len(citations), question.speakers)]
    also = _not_cited(found, citations)[:ALSO_FOUND]
    if not citations:
        searched = [corpus.articles[key] for key in (corpus.articles if scope is None else scope)]
        words = compose.silence(query, searched, corpus.dates)
        return Answer(text, answered=False, lead=words, text=words, also_found=also, query=query)
    lead = compose.lead(query, citations)
    notes = (*_unheard(query, corpus, citations), *_left_open(query, chosen, corpus), *compose.either(query))
    return Answer(text, True, lead, compose.text_of(lead, citations, notes), citations, notes, also, query)


def _listed(query: Query, corpus: Corpus) -> Answer | None:
    """Answer what needs no search: all that somebody is heard to say, and who quotes somebody; None for other questions."""
    scope = corpus.among(query.within, query.since, query.until)
    if query.speakers and not content_words(query.topic) and not query.publishers:
        found = listing.said_by(query.speakers, corpus, scope)
        if found:
            lead, notes = compose.all_said(query.speakers, *listing.how_many(query.speakers, corpus, scope), len(found))
            return _told(query, lead, found, notes, corpus)
    if listing.asks_who_quotes(query) and (names := listing.whom(query, corpus)):
        found = listing.quoted_by_groups(names, corpus, scope)
        groups = {citation.group for citation in found}
        if listing.asks_who_mentions(query):
            found += [
                citation for citation in verified(numbered(_chosen(query, corpus, scope), corpus), corpus) if citation.group not in groups
            ]
        searched = len(corpus.articles if scope is None else scope)
        if not found:
            words = compose.nobody_quotes(names, searched)
            return Answer(query.text, answered=False, lead=words, text=words, query=query)
        mentions = [citation.group for citation in found if citation.group not in groups]
        return _told(query, compose.who_quotes(names, list(groups), mentions), found, (), corpus)
    return None


def _told(query: Query, lead: str, found: Sequence[Citation], notes: Sequence[str], corpus: Corpus) -> Answer:
    citations = verified((replace(citation, number=number) for number, citation in enumerate(found, 1)), corpus)
    return Answer(query.text, True, lead, compose.text_of(lead, citations, notes), citations, tuple(notes), (), query)


def checked(question: Question) -> Question:
    """Return the question with its white space tidied; raise QuestionError where it is empty or far too long."""
    text = " ".join(_LONE_SURROGATE.sub("\ufffd", question.text).split())
    if not text:
        raise QuestionError("the question is empty; ask in words, for example: Who said that ...?")
    if len(text) > LONGEST_QUESTION:
        raise QuestionError(f"the question has {len(text):,} characters; expected at most {LONGEST_QUESTION:,}, ask it shorter")
    return replace(question, text=text)


def _groups(corpus: Corpus) -> list[tuple[str, int]]:
    return sorted(((group, len(keys)) for group, keys in corpus.by_group.items() if group), key=lambda pair: (-pair[1], pair[0]))


def _chosen(query: Query, corpus: Corpus, scope: Scope | None) -> list[Quote]:
    """Return the quotes to cite, those of the best group first; none is silence."""
    topic = topic_of(query, corpus)
    found: list[Quote] = []
    for group in query.publishers:  # each group that is asked gets a search of its own
        found += _of_group(group, query, topic, corpus)
    if query.speakers:
        found += _answering(replace(query, publishers=()), topic, corpus, corpus.among(query.within, query.since, query.until))
    if not query.publishers and not query.speakers:
        shares = [corpus.among((group,), query.since, query.until) for group in query.within] or [scope]
        for share in shares:
            found += _answering(query, topic, corpus, share)
    found = _once(sorted(found, key=lambda quote: -quote.score), corpus)
    if not found:
        return []
    if len(query.publishers) > 1 or len(query.within) > 1 or query.asked in OF_SEVERAL:
        picked = _each_group(found, query)
        return sorted(picked, key=when) if query.asked == "change" else picked
    best = found[0].score
    behind = NOT_FAR_BEHIND_OF_ONE if query.asked == "who" else NOT_FAR_BEHIND
    picked = [quote for quote in found if quote.score >= best - behind][:QUOTES_IN_ALL]
    return _by_group(picked)


def _of_group(group: str, query: Query, topic: Topic, corpus: Corpus) -> list[Quote]:
    """Return what a group says in its own articles; only where it says nothing there, what others report of it."""
    articles = corpus.among((group,), query.since, query.until)
    own = _answering(replace(query, publishers=(group,), speakers=()), topic, corpus, articles)
    if own or query.speakers:
        return own
    anywhere = corpus.among(query.within, query.since, query.until)
    return _answering(replace(query, publishers=(), speakers=(group,)), topic, corpus, anywhere)


def _answering(query: Query, topic: Topic, corpus: Corpus, scope: Scope | None) -> list[Quote]:
    """Return the quotes of a share of the articles that are likely enough to answer, best first."""
    found = [quote for quote in quotes(query, topic, corpus, scope) if said_by_those_asked(quote, query)]
    several = query.asked in OF_SEVERAL
    judged = read(query, found[:JUDGED], corpus, *((READ_WORDS_OF_MANY, OF_A_GROUP) if several else ()))
    if query.asked == "mentions":
        return [quote for quote in judged if quote.coverage >= MENTIONED or answers(quote, query)]
    if several:
        return [quote for quote in judged if answers(quote, query)]
    if not any(answers(quote, query) for quote in judged):
        return []
    return [quote for quote in judged if answers(quote, query, ENOUGH_BESIDE)]


def when(quote: Quote) -> tuple[bool, int]:
    """Return the key by which quotes are put in order of time, those without a date last."""
    date = quote.article.published
    return date is None, date.first.toordinal() if date else 0


def _once(found: list[Quote], corpus: Corpus) -> list[Quote]:
    """Leave out sentences that the same group has said in the same words, and all but the first of those in copies of an article."""
    seen: dict[tuple[str | None, str], Quote] = {}
    for quote in found:
        seen.setdefault((quote.article.group, " ".join(quote.text.split())), quote)
    kept: dict[int, list[Quote]] = {}
    for quote in seen.values():
        copies = corpus.copies.get(quote.key, (quote.key,))
        same = next((other for other in kept.get(copies[0], ()) if _same_words(other.text, quote.text)), None)
        if same is None:
            kept.setdefault(copies[0], []).append(quote)
        elif copies.index(quote.key) < copies.index(same.key):
            here = kept[copies[0]]
            here[here.index(same)] = quote
    return sorted((quote for listed in kept.values() for quote in listed), key=lambda quote: -quote.score)


def _same_words(one: str, other: str) -> bool:
    """Tell whether two sentences of copies of one article are the same sentence, edited perhaps."""
    from rapidfuzz.fuzz import ratio

    return ratio(" ".join(one.split()), " ".join(other.split())) >= SAME_SENTENCE


def _each_group(judged: list[Quote], query: Query) -> list[Quote]:
    """Return up to QUOTES_OF_A_GROUP quotes of each group that has something to say, the closest group first."""
    asked = {*query.publishers, *query.within}
    best = judged[0].score
    picked: dict[str | None, list[Quote]] = {}
    for quote in judged:
        group = quote.article.group
        if group not in asked and quote.score < best - NOT_FAR_BEHIND_OF_GROUPS:
            continue
        mine = picked.setdefault(group, [])
        if not mine or (len(mine) < QUOTES_OF_A_GROUP and quote.score >= mine[0].score - NOT_FAR_BEHIND):
            mine.append(quote)
    return [quote for mine in list(picked.values())[:GROUPS_AT_MOST] for quote in mine]


def _by_group(picked: list[Quote]) -> list[Quote]:
    """Bring quotes of the same speaker in the same article together, the order of the best of each kept."""
    order: dict[tuple[str, str | None, str], int] = {}
    for at, quote in enumerate(picked):
        order.setdefault(_home(quote), at)
    return sorted(picked, key=lambda quote: order[_home(quote)])


def _home(quote: Quote) -> tuple[str, str | None, str]:
    return quote.article.id, quote.speaker, quote.voice


def numbered(chosen: Iterable[Quote], corpus: Corpus) -> Iterable[Citation]:
    """Yield a citation for each quote, numbered in their order."""
    for number, quote in enumerate(chosen, 1):
        digest = quote.article.kind == "digest"
        first, also = corpus.elsewhere(quote.key, quote.text)
        yield Citation(
            number=number,
            article=quote.article,
            span=quote.span,
            quote=quote.text,
            speaker=quote.speaker,
            group=quote.article.group,
            voice="reported" if digest else quote.voice,
            score=round(quote.score, 4),
            organisation=quote.organisation,
            source=quote.source,
            cue=quote.cue,
            said=quote.said,
            first=first,
            also=also,
        )


def _not_cited(found: Iterable[Hit], citations: Sequence[Citation]) -> tuple[Hit, ...]:
    cited = [(citation.article.id, citation.span) for citation in citations]
    return tuple(hit for hit in found if not any(hit.article.id == id and hit.passage.span.overlaps(span) for id, span in cited))


def _left_open(query: Query, chosen: Sequence[Quote], corpus: Corpus) -> Iterable[str]:
    """Yield a note for each piece of a question of which the quotes and what stands beside them say next to nothing."""
    pieces = pieces_of(query.topic)
    there = with_beginnings(word for quote in chosen for word in content_words(quote.nearby))
    for piece in pieces if len(pieces) > 1 else ():
        rarity = {word: corpus.index.rarity(word) for word in content_words(piece)}
        held = sum(weight for word, weight in rarity.items() if is_there(word, there))
        if len(rarity) >= FEWEST_WORDS and held < LEFT_OPEN * sum(rarity.values()):
            yield compose.left_open(piece)


def _unheard(query: Query, corpus: Corpus, citations: Sequence[Citation]) -> Iterable[str]:
    """Yield a note for each group that was asked and says nothing."""
    heard = {citation.group for citation in citations}
    asked = query.publishers or query.within
    if len(asked) > 1:
        for group in asked:
            if group not in heard:
                yield compose.no_statement(group, len(corpus.by_group.get(group, ())))
