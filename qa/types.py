"""The frozen dataclasses that pass between stages, from a read article to a verified answer.

Every position is a half-open range of code points in `Article.text`, which never changes after reading.
Nothing here knows how a value is computed, stored or shown.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["full", "digest"]
Origin = Literal[
    "front matter", "column", "heading", "page metadata", "file metadata", "mail header", "feed", "link",
    "web domain", "web address", "byline", "dateline", "text", "corrected",
]  # fmt: skip
FIELDS = ("title", "group", "author", "published", "url", "publication")  # of an article, that may be unknown and be corrected
INFERRED: frozenset[Origin] = frozenset({"web domain", "web address", "byline", "dateline", "text"})  # read out of what isn't a field
LinkKind = Literal["article", "feed", "sitemap"]
Voice = Literal["own", "quoted", "reported"]
Asked = Literal["who", "what", "polar", "compare", "change", "groups", "mentions", "number", "when", "fact"]
Read = Literal["publisher", "speaker", "since", "until", "asked", "topic", "carried"]
Verdict = Literal["word for word", "altered", "said by somebody else", "digest only", "not in the corpus"]
Step = Literal["same", "changed", "missing", "added", "omitted", "aside"]
Touched = Literal["negation", "number"]
Stance = Literal["says", "mentions", "silent"]

_PARTIAL_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2})(?:[T ]\d{1,2}:\S*)?)?)?")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Half-open range of code points, `text[start:end]`."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """Return the words that stand at this place in `text`."""
        return text[self.start : self.end]

    def overlaps(self, other: Span) -> bool:
        """Tell whether the two ranges share a code point."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A year, a month or a day; `precision` says which, and nothing finer is ever made up."""

    year: int
    month: int | None = None
    day: int | None = None

    @classmethod
    def parse(cls, text: str) -> PartialDate:
        """Read "2025", "2025-10", "2025-10-08" or an ISO timestamp; raise ValueError for anything else."""
        match = _PARTIAL_DATE.fullmatch(text.strip())
        if not match:
            raise ValueError(f"{text!r} is not a date like 2025, 2025-10 or 2025-10-08")
        year, month, day = int(match[1]), int(match[2]) if match[2] else None, int(match[3]) if match[3] else None
        dt.date(year, 1 if month is None else month, 1 if day is None else day)  # raises ValueError on month 13 or 30 February
        return cls(year, month, day)

    @property
    def precision(self) -> Literal["year", "month", "day"]:
        """How much of the date is known."""
        if self.month is None:
            return "year"
        return "month" if self.day is None else "day"

    @property
    def first(self) -> dt.date:
        """The earliest day that the date may mean."""
        return dt.date(self.year, self.month or 1, self.day or 1)

    @property
    def last(self) -> dt.date:
        """The latest day that the date may mean."""
        month = self.month or 12
        return dt.date(self.year, month, self.day or calendar.monthrange(self.year, month)[1])

    def __str__(self) -> str:
        """Write it as it was read: "2025", "2025-10" or "2025-10-08"."""
        parts = [f"{self.year:04d}"]
        parts += [f"{part:02d}" for part in (self.month, self.day) if part is not None]
        return "-".join(parts)

    def in_words(self) -> str:
        """Write it for people: "2025", "October 2025" or "8 October 2025"."""
        if self.month is None:
            return str(self.year)
        month = f"{calendar.month_name[self.month]} {self.year}"
        return month if self.day is None else f"{self.day} {month}"


@dataclass(frozen=True, slots=True)
class Article:
    """One text and what is known of it. `group` is whose article it is; None means that nothing states it.

    `kind` is "digest" where the words are whosaid's own summary and must never pass as the group's.
    `source` is the file (and line) it was read from. `origins` tells of each field that is known where it was stated.
    `pages` is where each page of a file with pages starts in `text`, from page 1 on; empty where there are none.
    """

    id: str
    text: str
    title: str | None = None
    group: str | None = None
    author: str | None = None
    published: PartialDate | None = None
    url: str | None = None
    publication: str | None = None
    kind: Kind = "full"
    source: str | None = None
    origins: tuple[tuple[str, Origin], ...] = ()
    pages: tuple[int, ...] = ()

    def origin(self, field: str) -> Origin | None:
        """Return where a field was stated or what it was inferred from, None where it is unknown."""
        return dict(self.origins).get(field)

    def page_at(self, offset: int) -> int | None:
        """Return the number of the page on which this place of the text stands, None where there are no pages."""
        return max(bisect_right(self.pages, offset), 1) if self.pages else None


@dataclass(frozen=True, slots=True)
class Link:
    """An address that was read, and what tells next time whether it holds anything new.

    `etag` and `modified` are what its server calls this state, `sha256` is that of its bytes, `fetched` the time in ISO form.
    A feed or sitemap that wasn't read to its end has no marks and no hash, so that it is looked through again.
    """

    url: str
    kind: LinkKind
    etag: str | None
    modified: str | None
    sha256: str
    fetched: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A window of whole sentences: what search finds and lists."""

    article_id: str
    span: Span
    sentences: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """Who says what in an article, by direct or indirect speech.

    `speaker` is the name shown, None where the text names nobody; `source` and `cue` are where the text names the
    speaker and the saying. `voice` is "own" where the source is the article's own group. What no statement covers is
    the article's own voice too. `organisation` is the body that the text says the speaker speaks for. `speech` is
    false for what the text says that somebody thinks, wants or does without uttering it: the article's own words.
    """

    article_id: str
    source: tuple[Span, ...]
    cue: tuple[Span, ...]
    content: tuple[Span, ...]
    speaker: str | None
    voice: Voice
    organisation: str | None = None
    speech: bool = True


@dataclass(frozen=True, slots=True)
class Group:
    """A body that speaks or is spoken of, with every name it goes by."""

    name: str
    kind: str | None = None
    aliases: tuple[str, ...] = ()
    publications: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    parent: str | None = None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Group:
        """Make a group of fields as TOML and JSON have them, lists in place of tuples."""
        fields: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
        return cls(**fields)


@dataclass(frozen=True, slots=True)
class Question:
    """What a person asks: the words, the earlier questions, and filters set by hand.

    `without` are the keys of readings that the person took back: see `Reading`.
    """

    text: str
    history: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()
    since: PartialDate | None = None
    until: PartialDate | None = None
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """One thing that was read from a question: `words` as typed, None where an earlier question or the whole says it.

    `meaning` is a canonical name, a date or a kind in words; `key` names the reading for taking it back, as in
    "publisher:River Trust". `guessed` tells that the words were read as misspelt.
    """

    kind: Read
    words: str | None
    meaning: str
    key: str
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A question as understood, standing alone.

    `publishers` are groups asked what they say in their own articles, `speakers` those asked what they are reported to
    say, `within` the groups whose articles a person set by hand as the only ones to look at. `unknown` are names in the
    question of which the corpus lacks a word. `unclear` are names that two bodies here go by, of which one has to be
    chosen; `either` are surnames of several speakers, for all of whom the answer is. `readings` is what was understood.
    After earlier questions, `own` is the question in its own words, which `text` may add to, and `carried` are topics of
    earlier questions with the weight that their words have in a search.
    """

    text: str
    topic: str
    asked: Asked
    publishers: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    since: PartialDate | None = None
    until: PartialDate | None = None
    unclear: tuple[tuple[str, tuple[str, ...]], ...] = ()
    either: tuple[tuple[str, tuple[str, ...]], ...] = ()
    readings: tuple[Reading, ...] = ()
    own: str = ""
    carried: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that search found, with its article, best first by `score` (comparable within one search only)."""

    passage: Passage
    article: Article
    score: float


@dataclass(frozen=True, slots=True)
class Citation:
    """A word-for-word quote and its place: `article.text[span.start:span.end] == quote`, checked before it is shown.

    `source`, `cue` and `said` are where the article names who says it, by which words, and what exactly is theirs.
    `first` is the article of another group that had these words before, `also` are those that had them afterwards.
    """

    number: int
    article: Article
    span: Span
    quote: str
    speaker: str | None
    group: str | None
    voice: Voice
    score: float
    organisation: str | None = None
    source: tuple[Span, ...] = ()
    cue: tuple[Span, ...] = ()
    said: tuple[Span, ...] = ()
    first: Article | None = None
    also: tuple[Article, ...] = ()

    @property
    def digest(self) -> bool:
        """Whether the words are whosaid's own summary of an article."""
        return self.article.kind == "digest"


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a sentence by a language model cites, as a place in its text without marks, and which citations by their numbers."""

    at: int
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence by a language model, without the marks by which it cites and without emphasis."""

    text: str
    marks: tuple[Mark, ...] = ()

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of the citations that it rests on, each once."""
        return tuple(dict.fromkeys(number for mark in self.marks for number in mark.numbers))


@dataclass(frozen=True, slots=True)
class Written:
    """An answer as a language model words it from an answer's quotes; every sentence of it passed every check.

    `left_out` has a reason for each sentence that didn't. `problem` says what ended the writing early, in a line. `done`
    is false while more may come.
    """

    model: str
    sentences: tuple[Sentence, ...] = ()
    left_out: tuple[str, ...] = ()
    problem: str = ""
    done: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """What is shown. `lead` and `notes` are our wording, `text` is the whole with the quotes; silence has no citations.

    `also_found` are the nearest passages, which don't answer or were not cited. `written` is there where a language model
    was asked to word the answer; the quotes stand without it.
    """

    question: str
    answered: bool
    lead: str
    text: str
    citations: tuple[Citation, ...] = ()
    notes: tuple[str, ...] = ()
    also_found: tuple[Hit, ...] = ()
    query: Query | None = None
    written: Written | None = None


@dataclass(frozen=True, slots=True)
class GroupStance:
    """What one group has on a topic in its articles here: it says something, only mentions it or tells of others, or neither.

    "silent" means that nothing was found in its `articles` articles that were searched, never that it is against it.
    """

    group: str | None
    articles: int
    stance: Stance
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """A topic across groups, those with most to say first, or by date. `text` is the whole in words."""

    topic: str
    lead: str
    text: str
    rows: tuple[GroupStance, ...]
    by_date: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """A row of words of a pasted quote (`claimed`) beside those in the article (`said`), from left to right.

    "missing" are words that only the article has, "added" such as only the quote has. "omitted" is what an ellipsis or
    an insertion in the quote owns up to leaving out, "aside" what the article puts between a speaker's words, as in
    "she added": both leave a quote word for word.
    """

    kind: Step
    said: str
    claimed: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A place in an article where a pasted quote, or words close to it, stand. `citation.score` tells how close: 0 to 1.

    `apart_from` names in what words that are the same are still written differently, `touches` what an alteration may
    turn, `within` the whole sentences that the place is cut from. `claimed` tells whether the speaker whom the person
    named says it, None where nobody was named; `also` are others who say a part of it, `told_by` is whoever gives the
    words as another's in what is quoted, `told_of` somebody of whom the article tells so in its own words.
    """

    citation: Citation
    exact: bool
    differences: tuple[Difference, ...]
    within: Span
    apart_from: tuple[str, ...] = ()
    touches: tuple[Touched, ...] = ()
    claimed: bool | None = None
    also: tuple[str, ...] = ()
    told_by: str | None = None
    told_of: str | None = None

    @property
    def similarity(self) -> float:
        """How much of what was pasted and what stands there is the same: 1 where it is word for word."""
        return self.citation.score


@dataclass(frozen=True, slots=True)
class Check:
    """What is known of a pasted quote. `lead` and `notes` are our wording, `text` is the whole; findings come best first."""

    quote: str
    speaker: str | None
    verdict: Verdict
    lead: str
    text: str
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
