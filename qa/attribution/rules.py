"""Finds who says what by plain rules: quotation marks, verbs of saying, and the names beside them.

Knows one article at a time. A stretch that no rule gives to somebody else is the article's own voice. A quotation
whose speaker can't be told is left to the article, since a wrong name is worse than none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qa.types import Article, Span, Statement, Voice

_CUES = (
    "said|says|saying|told|tells|telling|stated|stating|declared|declares|declaring|announced|announces|announcing"
    "|claimed|claims|claiming|argued|argues|arguing|insisted|insists|insisting|wrote|writes|writing|stressed|stresses|stressing"
    "|warned|warns|warning|added|adds|adding|explained|explains|explaining|noted|notes|noting|replied|replies|replying|answered|asked|asks|asking"
    "|admitted|admits|admitting|acknowledged|acknowledges|confirmed|confirms|denied|denies|denying|vowed|vows|vowing"
    "|promised|promises|promising|pledged|pledges|proclaimed|proclaims|proclaiming|tweeted|posted|remarked|remarks"
    "|called|calls|calling|described|describes|describing|welcomed|welcomes|condemned|condemns|rejected|rejects"
    "|urged|urges|urging|demanded|suggested|suggests|asserted|asserts|asserting|admitting|recognized|recognised|discovered"
)
_CUE = re.compile(rf"\b(?:{_CUES})\b")
_PHRASE_CUE = re.compile(r"\b(?:in the words of|the words of|according to|in a statement from|statement by)\b", re.IGNORECASE)
_TITLE = re.compile(
    r"^(?:(?:US|UK|UN|British|American|Israeli|Australian|German|French|Foreign|Prime|President|Presidential|Minister|Mr|Mrs|Ms|Dr|Prof"
    r"|Professor|Sen|Senator|Rep|Representative|Gov|Governor|Secretary|Secretary-General|General|Chancellor|Leader|King|Queen"
    r"|Pope|Sir|Lord|Lady|Judge|Justice|Ambassador|Congressman|Congresswoman|Chairman|Analyst|Labor|Labour)\.?\s+)+"
)
_NAME_WORD = r"[A-Z][\w’'\-]*[\w](?:(?<=s)[’'](?=\s+[A-Z]))?|[A-Z]\.?"
_NAME = re.compile(rf"(?:{_NAME_WORD})(?:\s+(?:of the|of|for|de|van|von|bin|al|and the)?\s*(?:{_NAME_WORD}))*")
_NOT_NAMES = {
    "a", "after", "all", "also", "although", "an", "and", "another", "any", "as", "at", "because", "before", "both", "but", "by",
    "despite", "during", "each", "every", "few", "first", "for", "from", "furthermore", "he", "her", "his", "how", "however", "i",
    "if", "in", "instead", "is", "it", "its", "last", "many", "meanwhile", "moreover", "most", "my", "no", "nor", "not", "now", "of",
    "on", "once", "one", "or", "our", "over", "said", "second", "several", "she", "since", "so", "some", "still", "such", "that", "the",
    "their", "then", "there", "therefore", "these", "they", "this", "those", "though", "thus", "to", "today", "two", "under", "until",
    "we", "what", "when", "where", "whether", "which", "while", "who", "why", "with", "without", "yes", "yesterday", "yet", "you",
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
}  # fmt: skip
_ENDS_IN_PRONOUN = re.compile(r"\b([Hh]e|[Ss]he|[Ii]t|[Tt]hey)\s*$")
_CLAUSE_OF_PRONOUN = re.compile(r"(?:^|,)\s*([Hh]e|[Ss]he|[Ii]t|[Tt]hey)\b[^,]*,$")
_PREPOSITION = re.compile(
    r"\b(?:in|at|on|for|from|by|of|with|after|before|to|against|like|than|and|between)\s+(?:the\s+|an?\s+)?$", re.IGNORECASE
)
_ENDS_IN_NAME = re.compile(r"(?:[’']s?)?\)?(?:\s+(?:statement|words|letter|speech|report|article|response|leadership|government))?\s*")
_BODIES = (
    "commission|inquiry|government|leaders?|officials?|ministers?|ministry|spokes(?:man|woman|person)|party|movement|group|regime"
    "|army|military|court|council|union|committee|newspaper|campaign|president|countries|authorities|workers|unions|analysts?|experts?"
    "|sources?|statement|report|police|mayor|governor|senator|critics|activists|organi[sz]ers?|organi[sz]ations?|director|secretary|judge|lawyers?"
)
_ENDS_IN_BODY = re.compile(
    rf"\b((?:[Tt]he|[Aa]n?|[Oo]ne|[Hh]is|[Hh]er|[Tt]heir|[Ii]ts|[A-Z][a-z]+)\s+(?:[\w’'-]+\s+){{0,5}}?(?:{_BODIES})(?: of [\w]+)?)\s*$"
)
_LEFT_OUT = re.compile(
    r"(?:\s*,[^,“”]{1,90},|\s+\([^)]*\)|\s+(?:has|have|had|also|later|then|now|today|still|just|often|is|was|are|were|repeatedly|once|even|who|which|never|not|[a-z]+ly))*"
    r"[\s,]*$"
)
_PUT_INTO = re.compile(rf"\s+(?:the )?(?:{_NAME_WORD})(?:\s+(?:{_NAME_WORD}))*,")
_OTHER_CLAUSE = re.compile(r",\s+(?:but|while|whereas|although|though|and)\s|;\s")
_NAMED_BETWEEN_COMMAS = re.compile(
    rf"\b[a-z]+,\s+((?:{_NAME_WORD})(?:\s+(?:{_NAME_WORD}))+),?(?:\s+(?:now|also|later|then|today|[a-z]+ly))*\s*$"
)
_AFTER_QUOTE = re.compile(r",?\s+(?:the\s+)?(?:[a-z]+\s+){0,3}")
_THAT = re.compile(r"[”’\"']?(?:(?:\s+(?!and\b)[\w’'-]+){0,6}?|,[^.;:“]{0,90},)\s+(that|whether)\s+")
_TAKES_CLAUSE = re.compile(
    "said|says|claimed|claims|insisted|insists|stressed|admitted|admits|argued|argues|warned|warns|told|writes|wrote"
)
_IS_ITSELF_SAID = re.compile("welcome|condemn|reject|demand|urge|urging|calls for|called for|promis|pledg|vow|den[iy]")
_QUOTE = re.compile(
    r"“(?P<curly>[^“”]+)”|«(?P<angle>[^«»]+)»|\"(?P<straight>[^\"]+)\""
    r"|(?<![\w’'])‘(?P<single>(?:[^‘’\n]|(?<=\w)’(?=\w))+)’(?!\w)"
)
_CREDIT = re.compile(r"^\s*[―—–-]{1,2}\s*(?P<name>[A-Z][^,\n.]{2,60})")
_FEWEST_QUOTED_WORDS = 3  # fewer between quotation marks are a term or a jibe, not speech
_PRONOUN_REACH = 2  # sentences


@dataclass(frozen=True, slots=True)
class _Source:
    """Who is named as saying something, and where."""

    span: Span
    speaker: str


def statements(article: Article, sentences: Sequence[Span]) -> Iterator[Statement]:
    """Yield what the article gives to somebody else than its group, sentence by sentence."""
    text = article.text
    full_names = _full_names(text)
    last: _Source | None = None
    last_at = 0
    for at, sentence in enumerate(sentences):
        if at - last_at > _PRONOUN_REACH:
            last = None
        credit = _credited(text, sentences, at)
        if credit:
            yield _statement(article, credit, None, [sentence], "quoted")
            last, last_at = credit, at
            continue
        for statement in _in_sentence(article, sentence, full_names, last):
            if _same(statement.speaker, article.group):
                continue
            yield statement
            last, last_at = _Source(statement.source[0], statement.speaker), at


def _in_sentence(article: Article, sentence: Span, full_names: dict[str, str], last: _Source | None) -> Iterator[Statement]:
    text = article.text
    quotes = [Span(*match.span()) for match in _QUOTE.finditer(text, sentence.start, sentence.end)]
    cues = _cues(text, sentence, quotes)
    taken: list[Span] = []
    for at, cue in enumerate(cues):
        following = cues[at + 1] if at + 1 < len(cues) else None
        if any(cue.overlaps(span) for span in taken):
            continue
        source = _source_of(text, sentence, cue, quotes, full_names, last)
        if source is None:
            continue
        free = [quote for quote in quotes if not any(quote.overlaps(span) for span in taken)]
        until = following.start if following and any(quote.start >= following.end for quote in free) else sentence.end
        within = Span(sentence.start, _next_clause(text, cue, following, quotes) or sentence.end)
        content, voice = _content_of(text, within, cue, source, [quote for quote in free if quote.start < until])
        if not content or any(part.overlaps(span) for part in content for span in taken):
            continue
        taken.extend(content)
        last = source
        yield _statement(article, source, cue, content, voice)


def _next_clause(text: str, cue: Span, following: Span | None, quotes: list[Span]) -> int | None:
    """Return where somebody else's clause begins: at ", but Tom insisted ..." after "Ada said that ..."."""
    if following is None:
        return None
    breaks = [match.start() for match in _OTHER_CLAUSE.finditer(text, cue.end, following.start)]
    outside = [at for at in breaks if not any(quote.start < at < quote.end for quote in quotes)]
    return outside[-1] if outside else None


def _cues(text: str, sentence: Span, quotes: list[Span]) -> list[Span]:
    """Return verbs and phrases of saying in order; inside quotation marks only where the verb is all that they hold."""
    found = [Span(*match.span()) for pattern in (_CUE, _PHRASE_CUE) for match in pattern.finditer(text, sentence.start, sentence.end)]
    return [
        cue
        for cue in sorted(found)
        if not any(cue.overlaps(quote) and quote.end - quote.start > cue.end - cue.start + 2 for quote in quotes)
    ]


def _source_of(
    text: str, sentence: Span, cue: Span, quotes: list[Span], full_names: dict[str, str], last: _Source | None
) -> _Source | None:
    """Return who is named beside a cue, or None where that can't be told from the words next to it.

    After "according to" and right after "said": the name that follows. Else what stands directly before the cue,
    set phrases and a clause between commas left out; for "..., declaring" the subject of the clause before the comma.
    """
    if _PHRASE_CUE.fullmatch(cue.of(text)):
        names = list(_names(text, Span(cue.end, _clause_end(text, cue.end, sentence.end)), quotes))
        return _named(names[-1], text, full_names) if names else None
    put_into = _PUT_INTO.match(text, cue.end, sentence.end) if text[: cue.start].rstrip().endswith(",") else None
    if put_into and (names := list(_names(text, Span(*put_into.span()), quotes))):
        return _named(names[0], text, full_names)
    if any(quote.end <= cue.start <= quote.end + 2 for quote in quotes):
        following = _AFTER_QUOTE.match(text, cue.end, sentence.end)
        names = list(_names(text, Span(cue.end, min(sentence.end, cue.end + 80)), quotes)) if following else []
        if following and names and names[0].start <= following.end():
            return _named(names[0], text, full_names)
    start = _clause_start(text, sentence.start, cue.start, [quote for quote in quotes if not quote.overlaps(cue)])
    before = text[start : cue.start].rstrip(" “‘\"'")
    names = list(_names(text, Span(start, start + len(before)), quotes))
    if cue.of(text).endswith("ing") and before.endswith(","):
        if pronoun := _CLAUSE_OF_PRONOUN.search(before):
            return _meant(pronoun, start, last)
        subjects = [
            name
            for name in names
            if not _PREPOSITION.search(text[start : name.start]) and text[name.end - 2 : name.end] not in ("’s", "'s")
        ]
        return _named(subjects[0], text, full_names) if subjects else None
    if named := _NAMED_BETWEEN_COMMAS.search(before):
        return _named(Span(start + named.start(1), start + named.end(1)), text, full_names)
    before = _LEFT_OUT.sub("", before)
    names = [name for name in names if name.end <= start + len(before)]
    if pronoun := _ENDS_IN_PRONOUN.search(before):
        return _meant(pronoun, start, last)
    if names and _ENDS_IN_NAME.fullmatch(text, names[-1].end, start + len(before)):
        inner = text[max(start, names[-1].start - 12) : names[-1].start]
        return None if _PREPOSITION.search(inner) else _named(names[-1], text, full_names)
    if body := _ENDS_IN_BODY.search(before):
        return _Source(Span(start + body.start(1), start + body.end(1)), " ".join(body[1].split()))
    return None


def _meant(pronoun: re.Match[str], start: int, last: _Source | None) -> _Source | None:
    """Return whoever spoke just before for "he", "she" and "it"; "they" may be anybody."""
    if last is None or pronoun[1].lower() == "they":
        return None
    return _Source(Span(start + pronoun.start(1), start + pronoun.end(1)), last.speaker)


def _content_of(text: str, within: Span, cue: Span, source: _Source, quotes: list[Span]) -> tuple[list[Span], Voice]:
    """Return what is said: the quotations beside the cue, else the clause after "that"; nothing where there is neither."""
    spoken = [quote for quote in quotes if len(quote.of(text).split()) >= _FEWEST_QUOTED_WORDS]
    after = [quote for quote in spoken if quote.start >= cue.end]
    before = [quote for quote in spoken if quote.end <= cue.start]
    that = _THAT.match(text, cue.end, within.end)
    if before and before[-1].end + 3 >= min(source.span.start, cue.start):  # "...," she said, "..."
        return [*before, *after], "quoted"
    if after and not (that and that.end() <= after[0].start):
        return after, "quoted"
    if before:
        return before, "quoted"
    if source.span.start > cue.start and text[: cue.start].rstrip().endswith(",") and not _PHRASE_CUE.fullmatch(cue.of(text)):
        parts = (Span(within.start, cue.start), Span(source.span.end, within.end))  # "The weir, said she, is too high."
        return [part for span in parts if (part := _closed(text, span))], "reported"
    clause = _clause(text, within, cue, source, that)
    in_marks = sum(quote.end - quote.start for quote in after)
    return ([clause], "quoted" if 2 * in_marks > clause.end - clause.start else "reported") if clause else ([], "reported")


def _clause(text: str, within: Span, cue: Span, source: _Source, that: re.Match[str] | None) -> Span | None:
    """Return the clause that a verb of saying governs."""
    rest = Span(max(cue.end, source.span.end if source.span.start > cue.start else 0), within.end)
    if _IS_ITSELF_SAID.match(cue.of(text)) and rest.of(text).strip(" .") and not (that and that.start(1) - cue.end <= 1):
        return _closed(text, Span(cue.start, within.end))
    if that:
        return _closed(text, Span(that.start(1), within.end))
    if _TAKES_CLAUSE.fullmatch(cue.of(text)) and len(rest.of(text).split()) > 2:
        return _closed(text, rest)
    if _PHRASE_CUE.fullmatch(cue.of(text)) and re.match(r"[^,]{0,80},", rest.of(text)):
        return _closed(text, Span(text.index(",", rest.start) + 1, rest.end))
    return None


def _closed(text: str, span: Span) -> Span | None:
    """Return the span without white space and commas at its start and the sentence's end mark."""
    words = span.of(text)
    start = span.start + len(words) - len(words.lstrip(" ,\n\t"))
    end = span.end - (len(words) - len(words.rstrip(" .\n\t")))
    return Span(start, end) if start < end else None


def _names(text: str, clause: Span, quotes: list[Span]) -> Iterator[Span]:
    """Yield the capitalised names in a clause, outside quotation marks, without the word that only opens a sentence."""
    for match in _NAME.finditer(text, clause.start, clause.end):
        start, words = match.start(), match.group()
        while words:
            first = re.match(r"[\w’'\-.]+\s*", words)
            if not first or first.group().strip().lower().rstrip(".") not in _NOT_NAMES:
                break
            start += first.end()
            words = words[first.end() :]
        span = Span(start, match.end())
        if len(words.strip(". ")) > 1 and not any(span.overlaps(quote) for quote in quotes):
            yield span


def _named(span: Span, text: str, full_names: dict[str, str]) -> _Source:
    written = re.sub(r"[’']s?$", "", span.of(text))
    end = span.start + len(written)
    name = " ".join(written.split())
    without_title = _TITLE.sub("", name) or name
    return _Source(
        Span(span.start, end), full_names.get(without_title.split()[-1], without_title) if " " not in without_title else without_title
    )


def _full_names(text: str) -> dict[str, str]:
    """Return first-and-last names by last name, for last names that only one full name in the article has."""
    found: dict[str, set[str]] = {}
    for span in _names(text, Span(0, len(text)), []):
        words = _TITLE.sub("", re.sub(r"[’']s?$", "", span.of(text))).split()
        if len(words) in (2, 3) and all(word[0].isupper() and not word.isupper() for word in words):
            found.setdefault(words[-1], set()).add(" ".join(words))
    return {last: next(iter(names)) for last, names in found.items() if len(names) == 1}


def _credited(text: str, sentences: Sequence[Span], at: int) -> _Source | None:
    """Return who is credited in the line below a quotation that stands alone, as above a chapter."""
    sentence = sentences[at]
    if at + 1 == len(sentences) or not _QUOTE.fullmatch(sentence.of(text)):
        return None
    following = sentences[at + 1]
    match = _CREDIT.match(following.of(text))
    if not match or "\n" not in text[sentence.end : following.start]:
        return None
    return _Source(Span(following.start + match.start("name"), following.start + match.end("name")), match["name"].strip())


def _clause_start(text: str, start: int, end: int, quotes: list[Span]) -> int:
    """Return where the clause that holds `end` begins: after a quotation, a semicolon or a colon."""
    inside = [quote.end for quote in quotes if quote.end <= end]
    marks = [text.rfind(mark, start, end) + 1 for mark in (";", ":", "—")]
    return max(start, *inside, *marks)


def _clause_end(text: str, start: int, end: int) -> int:
    found = [at for at in (text.find(mark, start, end) for mark in (",", ":", ";", "“", '"')) if at >= 0]
    return min(found, default=end)


def _statement(article: Article, source: _Source, cue: Span | None, content: list[Span], voice: Voice) -> Statement:
    return Statement(article.id, (source.span,), (cue,) if cue else (), tuple(content), source.speaker, voice)


def _same(speaker: str, group: str | None) -> bool:
    return group is not None and speaker.casefold().removeprefix("the ") == group.casefold().removeprefix("the ")
