"""Checks a sentence by a language model against the quotes that it cites, and says why it can't be shown where it can't.

Rules come first: who is named and whose the quotes are, words between quotation marks, figures, dates, names and the side that
words are on. Then a trained model measures whether what is left of the claim is supported (`SupportCheck`). A sentence passes
as a whole or not at all. Nothing here knows where a sentence comes from.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

from qa.answering.compose import speaker as who_says
from qa.answering.words import readings, words_of
from qa.answering.writing.cast import Cast, Named, points_back, without_and
from qa.answering.writing.drafts import LONGEST
from qa.answering.writing.figures import all_there, day_of, days, figures
from qa.answering.writing.sides import asserts, judges, turned, widened
from qa.attribution.groups import Registry
from qa.attribution.quotations import Quotation, quotations
from qa.index.lexical import STOP_WORDS, content_words, stems
from qa.retrieval.question import names_in
from qa.types import Citation, Mark, Sentence, Span

CITES_NOTHING = "cites no quote"
CITES_WRONGLY = "cites a number that isn't there"
NO_SENTENCE = "is no plain sentence"
NOT_WORD_FOR_WORD = "has words between quotation marks that aren't in the quote"
NAMES_NOBODY = "doesn't name who says it"
ANOTHERS_WORDS = "gives words to somebody whose they aren't"
OTHER_FIGURES = "has a figure or date that isn't in the quote"
OTHER_NAMES = "has a name that isn't in the quote"
TURNED = "says no where the quote doesn't, or the other way round"
WIDENED = "goes further than the quote"
A_VIEW = "takes a side"
REPEATS = "says what an earlier one says"
UNSUPPORTED = "isn't supported by the quote"

_ADDRESS = re.compile(r"https?:|www\.|\]\(|\bjavascript:|<[a-z/!]|\w@\w+\.\w|\{\{|\$\{", re.IGNORECASE)
_OF_THE_MODEL = re.compile(
    r"\b(?:I|me|my|myself|I['’]m|you|your)\b|\bas an? (?:AI|language model)\b|\b(?:ignore|disregard)\b.{0,40}\binstructions?\b",
    re.IGNORECASE,
)
_CLAUSES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (r"\s*(?:;|,?\s*\b(?:while|whereas|but)\b|,\s*and\b)\s*", r"\s*(?:;|,?\s*\b(?:while|whereas|but|and)\b)\s*")
)
_SETS_APART = re.compile(
    r"\b(?:unlike|in contrast|contrary|disagree\w*|differ\w*|against each|opposed to|rather than|instead of)\b", re.IGNORECASE
)
_ANY_MARK = re.compile('[“”„"«»‹›「」『』]')
_INITIAL = re.compile(r"(?:^|[:;]\s+|[“\"‘(]\s*)$")
_FEWEST_WORDS = 3  # of a sentence, or of what may be a claim by itself
_FEWEST_CLAIMED = 2  # words with meaning that name nobody
_LONGEST_WORD = 60
_QUOTES_SOMEBODY = re.compile(r"\b(?:quot|report|cit)(?:es?|s|ed|ing)\b", re.IGNORECASE)  # whom the article doesn't name
_END = re.compile(r"[.!?…][\"'”’»)\]]*$")
_ORDINARY_END = re.compile(r"(?:ing|ed|ly|ers|ies)$")


class SupportCheck(Protocol):
    """Anything that measures how likely a claim is supported by evidence."""

    def probabilities(self, pairs: Sequence[tuple[str, str]]) -> Any:
        """Return a probability for each (claim, evidence), shape (len(pairs),)."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a sentence that rests on quotes of its own: its words, what is between quotation marks taken out in `bare`."""

    text: str
    cited: tuple[Citation, ...]
    bare: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of a sentence: itself as it may be shown, or why it may not. `speakers` are those whose words it gives."""

    sentence: Sentence | None
    why: str = ""
    speakers: frozenset[str | None] = frozenset()


class _Refused(Exception):  # noqa: N818  the way out of a row of checks
    """A sentence can't be shown; the message says why."""


class Checks:
    """Checks the sentences of one answer, in their order: what "it" means depends on the sentence before."""

    def __init__(
        self, citations: Sequence[Citation], question: str, registry: Registry, support: SupportCheck | None, enough: float = 0.5
    ) -> None:
        """Take the quotes of an answer; without `support` only the rules are checked, as for sentences that passed before."""
        self._citations: Mapping[int, Citation] = {citation.number: citation for citation in citations}
        self._cast = Cast(citations, registry)
        self._asked = question
        self._support, self._enough = support, enough
        self._shown: set[str] = set()
        self._before: frozenset[str | None] = frozenset()  # who spoke in the sentence before, none where it was left out

    def judge(self, draft: Sentence) -> Judged:
        """Return a sentence as it may be shown, or why it may not."""
        try:
            judged = self._judged(draft)
        except _Refused as refused:
            judged = Judged(None, str(refused))
        self._before = judged.speakers
        return judged

    def _judged(self, draft: Sentence) -> Judged:
        if not draft.numbers:
            raise _Refused(CITES_NOTHING)
        if any(number not in self._citations for number in draft.numbers):
            raise _Refused(CITES_WRONGLY)
        sentence = _shown(draft)
        _refuse(not _is_plain(sentence), NO_SENTENCE)
        _refuse(sentence.text in self._shown, REPEATS)
        parts = list(self._parts(sentence))
        speakers = self._before
        for number, part in enumerate(parts):
            speakers = self._check_rules(part, speakers, first=number == 0)
        if self._support is not None:
            pairs = [pair for part in parts for pair in self._pairs(part)]
            _refuse(not all(float(p) >= self._enough for p in self._support.probabilities(pairs)), UNSUPPORTED)
        self._shown.add(sentence.text)
        return Judged(sentence, speakers=speakers)

    # ---- parts that rest on quotes of their own

    def _parts(self, sentence: Sentence) -> Iterator[_Part]:
        """Cut a sentence where it cites, so that each part rests on its own quotes; one with several speakers' quotes at its clauses."""
        ends: list[tuple[int, tuple[int, ...]]] = []
        for mark in sentence.marks:
            beside = ends and not re.search(r"\w", sentence.text[ends[-1][0] : mark.at])
            numbers = (*ends[-1][1], *mark.numbers) if beside else mark.numbers
            if ends and (beside or set(numbers) == set(ends[-1][1])):
                ends.pop()
            ends.append((mark.at, numbers))
        start = 0
        pending: tuple[int, ...] = ()
        for number, (end, numbers) in enumerate(ends):
            last = number == len(ends) - 1
            text, cited = sentence.text[start : None if last else end], (*pending, *numbers)
            if not last and self._says_too_little(text):
                pending = cited  # "According to the Trust [1], ..."
                continue
            yield from self._clauses(text.strip(), tuple(self._citations[one] for one in dict.fromkeys(cited)))
            start, pending = end, ()

    def _says_too_little(self, text: str) -> bool:
        return len(content_words(self._cast.claim(text))) < _FEWEST_WORDS or not _balanced(text)

    def _clauses(self, text: str, cited: tuple[Citation, ...]) -> Iterator[_Part]:
        """Yield the clauses of a part that rests on the quotes of several speakers, each with those of whoever it names, or the whole."""
        for pattern in _CLAUSES if len(_by_voice(cited)) > 1 else ():
            cuts = [match for match in pattern.finditer(text) if _balanced(text[: match.start()]) and self._begins_clause(match, text)]
            clauses = [text[a:b] for a, b in zip([0, *(m.end() for m in cuts)], [*(m.start() for m in cuts), len(text)], strict=True)]
            whose = [tuple(c for c in cited if self._is_named(c, clause)) for clause in clauses]
            named = {citation.number for some in whose for citation in some}
            if len(clauses) > 1 and all(whose) and len(named) == len(cited) and not any(map(self._says_too_little, clauses)):
                for clause, some in zip(clauses, whose, strict=True):
                    yield self._part(clause, some)
                return
        yield self._part(text, cited)

    def _begins_clause(self, cut: re.Match[str], text: str) -> bool:
        """Tell whether a clause begins after a word that joins: "and" joins much else, unless somebody is named right after it."""
        after = text[cut.end() :]
        if "and" not in cut.group().casefold():
            return True
        first = next(iter(self._cast.names(after)), None)
        return first is not None and first.known and after[: first.span.start].casefold() in ("", "the ")

    def _part(self, text: str, cited: tuple[Citation, ...]) -> _Part:
        return _Part(text, cited, _without(text, quotations(text)))

    def _is_named(self, citation: Citation, text: str) -> bool:
        owners = self._sayers(citation)
        return any(owners & one.owners for one in self._cast.names(text))

    # ---- rules

    def _check_rules(self, part: _Part, before: frozenset[str | None], *, first: bool) -> frozenset[str | None]:
        """Raise _Refused where a part breaks a rule; return whose words it gives."""
        voices = _by_voice(part.cited)
        _refuse(len(voices) > 1 and bool(_SETS_APART.search(part.bare)), ANOTHERS_WORDS)
        claim = self._cast.claim(part.text)
        named = {word for one in self._cast.names(claim) for word in content_words(one.span.of(claim))}
        _refuse(len(set(content_words(claim)) - named) < _FEWEST_CLAIMED, NO_SENTENCE)
        self._check_quotations(part, voices)
        self._check_names(part, _Given.of(part.cited), before, first=first)
        claim, told, dated = self._cast.claim(part.bare), figures(part.bare), tuple(days(part.bare))
        for cited in voices:  # what several are said to say, each of them says
            evidence, given = " ".join(citation.quote for citation in cited), _Given.of(cited)
            _refuse(not told <= given.figures or not all_there(dated, given.days), OTHER_FIGURES)
            _refuse(judges(part.bare, evidence), A_VIEW)
            _refuse(turned(claim, evidence), TURNED)
            _refuse(widened(part.bare, evidence) or asserts(part.bare, evidence), WIDENED)
            _refuse(self._takes_over(part.bare, cited), ANOTHERS_WORDS)
        return frozenset(citation.speaker or citation.article.group for citation in part.cited)

    def _check_quotations(self, part: _Part, voices: Sequence[Sequence[Citation]]) -> None:
        _refuse(not _balanced(part.text), NOT_WORD_FOR_WORD)
        reporting = {owner for one in self._cast.reporting(part.text) for owner in one.owners}
        for one in quotations(part.text):
            words = one.inner.of(part.text)
            _refuse(
                one.open or not all(any(_stands(words, citation, reporting) for citation in cited) for cited in voices), NOT_WORD_FOR_WORD
            )

    def _check_names(self, part: _Part, given: _Given, before: frozenset[str | None], *, first: bool) -> None:
        names, speaking, reporting = (look(part.bare) for look in (self._cast.names, self._cast.speaking, self._cast.reporting))
        sayers = [self._sayers(citation) for citation in part.cited]
        anybody = frozenset[str]().union(*sayers)
        reporters = {citation.article.group for citation in part.cited if citation.article.group}
        for one in names:
            if not one.owners & anybody and not (one.known and one.owners & reporters):
                _refuse(not self._may_be_named(one, part.bare, given), OTHER_NAMES)
        for one in speaking:
            reports = one.owners & reporters and one in reporting
            if not one.owners & anybody and not reports and not self._is_ordinary(one, part.bare, given):
                _refuse(not self._told_within(one, part), ANOTHERS_WORDS)
        named = frozenset[str]().union(*(one.owners for one in names))
        if all(owners & named for owners in sayers):
            unnamed = any(citation.speaker is None and citation.voice != "own" for citation in part.cited)
            _refuse(unnamed and not _QUOTES_SOMEBODY.search(part.bare), ANOTHERS_WORDS)
            return
        speakers = {citation.speaker or citation.article.group for citation in part.cited}
        body = self._cast.is_group(next(iter(speakers)))
        follows = points_back(part.bare, to_body=body) or (not first and not speaking)
        _refuse(len(speakers) > 1 or frozenset(speakers) != before or not follows, ANOTHERS_WORDS if speaking else NAMES_NOBODY)

    def _takes_over(self, text: str, cited: Sequence[Citation]) -> bool:
        """Tell whether a sentence lets the speaker do what in the quote somebody else does who is named there."""
        sayers = frozenset[str]().union(*map(self._sayers, cited))
        ours = {word for owners, word in self._cast.doing(text) if owners & sayers}
        theirs = [(owners, word) for citation in cited for owners, word in self._cast.doing(citation.quote)]
        own = {word for owners, word in theirs if owners & sayers}
        return any(word in ours - own and not owners & sayers for owners, word in theirs)

    def _sayers(self, citation: Citation) -> frozenset[str]:
        """Return the names under which whoever says a quote may be named; whoever only reports it is none of them."""
        names = {citation.speaker, citation.organisation}
        if citation.voice == "own" or citation.digest or citation.speaker is None:
            names |= {citation.article.group}
        if citation.speaker == citation.article.group and citation.voice == "own" and citation.article.author:
            names |= {citation.article.author}
        return frozenset(filter(None, names))

    def _may_be_named(self, one: Named, text: str, given: _Given) -> bool:
        """Tell whether capitalised words stand in the evidence, are an ordinary word at a beginning, or are in the question."""
        keys = _keys(one.span.of(text))
        if all(key in given.words for key in keys) or self._is_ordinary(one, text, given):
            return True
        asked = {key for name in names_in(self._asked) for key in _keys(name)}
        return all(key in given.words or key in asked for key in keys)

    def _is_ordinary(self, one: Named, text: str, given: _Given) -> bool:
        """Tell whether a capital is only that of a beginning."""
        word = one.span.of(text)
        if one.known or " " in word or not _INITIAL.search(text[: one.span.start]):
            return False
        return word.casefold() in STOP_WORDS or bool(_ORDINARY_END.search(word)) or bool(set(stems(word)) & given.stems)

    def _told_within(self, one: Named, part: _Part) -> bool:
        """Tell whether the evidence itself lets somebody say it: the same name with the same verb, told by whoever is cited."""
        follows, name = content_words(part.bare[one.span.end : one.span.end + 80])[:1], set(stems(one.span.of(part.bare)))
        sayers = frozenset[str]().union(*map(self._sayers, part.cited))
        told = any(other.owners & sayers and other.span.start != one.span.start for other in self._cast.speaking(part.bare))
        for citation in part.cited:
            words = stems(citation.quote)
            near = [set(words[at : at + 12]) for at in range(len(words)) if words[at] in name]
            if told and any(name <= window and set(follows) <= window for window in near):
                return bool(follows)
        return False

    # ---- support

    def _pairs(self, part: _Part) -> Iterator[tuple[str, str]]:
        """Yield the claim of a part with the evidence of each speaker: of several, every one has to support it."""
        claim = self._cast.claim(without_and(part.text))
        for cited in _by_voice(part.cited):
            yield claim, "\n".join(f"{who_says(citation)}: {' '.join(citation.quote.split())}" for citation in cited)


@dataclass(frozen=True, slots=True)
class _Given:
    """What the quotes that are cited hold, with who says them, where and when."""

    words: frozenset[str]
    stems: frozenset[str]
    figures: frozenset[Any]
    days: tuple[Any, ...]

    @classmethod
    def of(cls, cited: Sequence[Citation]) -> _Given:
        texts = []
        for citation in cited:
            article = citation.article
            date = article.published.in_words() if article.published else ""
            about = (citation.speaker, citation.organisation, article.group, article.author, article.title, date)
            texts += [citation.quote, *filter(None, about)]
        whole = "\n".join(texts)
        years = {(float(citation.article.published.year), "") for citation in cited if citation.article.published}
        found = {figure for text in texts for figure in figures(text)} | years
        dates = (*days(whole), *(day for citation in cited for day in day_of(citation.article.published)))
        return cls(frozenset(_keys(whole)), frozenset(content_words(whole)), frozenset(found), dates)


def _refuse(wrong: bool, why: str) -> None:
    if wrong:
        raise _Refused(why)


def _shown(draft: Sentence) -> Sentence:
    """Return a sentence in one line and one way of writing, without what can't be seen; it ends with a mark."""
    text = _tidy(draft.text)
    marks = [Mark(min(len(_tidy(draft.text[: mark.at])), len(text)), mark.numbers) for mark in draft.marks]
    if marks and not _END.search(text) and marks[-1].at == len(text):
        text += "."  # an entry of a list
    return Sentence(text, tuple(marks))


def _tidy(text: str) -> str:
    plain = unicodedata.normalize("NFKC", "".join(c for c in text if unicodedata.category(c)[0] != "C" or c.isspace()))
    return re.sub(r"(?<!\.)\.\.(?!\.)", ".", re.sub(r"\s+([.,;:!?])", r"\1", " ".join(plain.split()))).lstrip(" -–—*•")


def _is_plain(sentence: Sentence) -> bool:
    """Tell whether it is a whole sentence of words: no address, nothing of the model's own, no letters made up to look like others."""
    text = sentence.text
    words = text.split()
    if len(words) < _FEWEST_WORDS or len(text) > LONGEST or max(map(len, words)) > _LONGEST_WORD or not _END.search(text):
        return False
    if _ADDRESS.search(text) or _OF_THE_MODEL.search(_without(text, quotations(text))):
        return False
    return not any(_is_mixed(word) for word in words)


def _is_mixed(word: str) -> bool:
    """Tell whether a word has letters of Latin and of another script."""
    letters = [unicodedata.name(letter, "").split(" ", 1)[0] for letter in word if letter.isalpha()]
    return "LATIN" in letters and len(set(letters) - {"MODIFIER"}) > 1


def _balanced(text: str) -> bool:
    """Tell whether every mark of a quotation is a part of one that is closed."""
    inside = [one.span for one in quotations(text) if not one.open]
    return all(any(span.start <= match.start() < span.end for span in inside) for match in _ANY_MARK.finditer(text))


def _without(text: str, marked: Sequence[Quotation]) -> str:
    for one in reversed(marked):
        text = f"{text[: one.span.start]} {text[one.span.end :]}"
    return text


def _keys(text: str) -> list[str]:
    return [key.removesuffix("'s").removesuffix("'") for key in words_of(text).keys]


def _voice(citation: Citation) -> tuple[str | None, str | None]:
    return citation.speaker, citation.organisation if citation.speaker else citation.article.group


def _by_voice(cited: Sequence[Citation]) -> list[tuple[Citation, ...]]:
    """Return quotes put together by who says them."""
    return [tuple(citation for citation in cited if _voice(citation) == voice) for voice in dict.fromkeys(map(_voice, cited))]


def _stands(words: str, citation: Citation, reporting: set[str]) -> bool:
    """Tell whether words stand in a quote word for word, where whoever they are given to says them.

    What an ellipsis parts has to come in that order. Words that are only reported, or are the reporter's around those that are
    quoted, are nobody's but the reporter's, who has to be named then. A digest is nobody's words.
    """
    found = readings(words)
    wanted = found[0] if found else None
    if wanted is None:
        return False
    if words_of(words).keys == words_of(citation.article.title or "").keys:
        return True
    if citation.digest:
        return False
    told = citation.voice != "own" and not {citation.article.group} & reporting
    inside = [one.inner for one in quotations(citation.quote) if not one.open]
    text = words_of(citation.quote)
    cuts = [0, *sorted(wanted.gaps), len(wanted.words.keys)]
    pieces = [wanted.words.keys[a:b] for a, b in pairwise(cuts) if a < b]
    at = 0
    for piece in pieces:
        places = (start for start in range(at, len(text.keys) - len(piece) + 1) if text.keys[start : start + len(piece)] == piece)
        for start in places:
            place = text.place(range(start, start + len(piece)))
            if not told or _is_theirs(place, citation, inside):
                at = start + len(piece)
                break
        else:
            return False
    return True


def _is_theirs(place: Span, citation: Citation, inside: Sequence[Span]) -> bool:
    """Tell whether words of a quote are the speaker's own: within what is said, and between marks where the rest is reported."""
    start = citation.span.start
    said = [Span(span.start - start, span.end - start) for span in citation.said]
    if said and not any(span.start <= place.start and place.end <= span.end for span in said):
        return False
    return (citation.voice == "quoted" and not inside) or any(span.start <= place.start and place.end <= span.end for span in inside)
