"""One pasted quote, top to bottom: find where its words stand, tell whose they are there, judge, word, verify.

A quote stands word for word, or close to it, or nowhere: a sentence that only means the same is another sentence.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from qa.answering import report
from qa.answering.align import Fit, apart_from, differences, measured, touched
from qa.answering.places import MOST_PLACES, Place, few_words, places
from qa.answering.verify import stands
from qa.answering.whose import Speech, bare, is_aside, said_by, whose
from qa.answering.words import readings
from qa.errors import QuestionError
from qa.index.lexical import stems
from qa.retrieval.corpus import Corpus
from qa.settings import LONGEST_QUOTE
from qa.types import Check, Citation, Finding, Span, Statement, Verdict, Voice

MOST_FINDINGS = 10
LONGEST_ASIDE = 15  # words
_DIRECTLY: dict[Voice, int] = {"own": 0, "quoted": 1, "reported": 2}
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")  # can be neither printed nor written


@dataclass(frozen=True, slots=True)
class _Said:
    """A place with whoever says its words; `claimed` as in `Finding`."""

    place: Place
    speech: Speech
    claimed: bool | None


def check(quote: str, corpus: Corpus, speaker: str | None = None) -> Check:
    """Tell who says a quote in which articles, and whether word for word; raise QuestionError where there is none in it.

    `speaker` is whoever is said to have said it.
    """
    quote, speaker = _checked(quote), _named(speaker)
    ways = readings(quote)
    if not ways:
        raise QuestionError(f"the quote {quote[:40]!r} has no word in it; paste the words that somebody is said to have said")
    found = sorted((_said(place, corpus, speaker) for place in places(quote, ways, corpus)), key=_best_first)
    findings = [_finding(number, said, corpus) for number, said in enumerate(found[:MOST_FINDINGS], 1)]
    verified = tuple(finding for finding in findings if stands(finding.citation, corpus))
    looked = report.Looked(
        articles=len(corpus.articles),
        places=len(found),
        more=len(found) >= MOST_PLACES,
        few_words=few_words(ways[0]),
        unknown=speaker is not None and not any(f.claimed for f in verified) and _is_unknown(speaker, corpus),
    )
    return report.worded(quote, speaker, _verdict(verified), verified, looked)


def _checked(quote: str) -> str:
    text = _LONE_SURROGATE.sub("\ufffd", quote).strip()
    if not text:
        raise QuestionError("the quote is empty; paste the words that somebody is said to have said")
    if len(text) > LONGEST_QUOTE:
        raise QuestionError(f"the quote has {len(text):,} characters; expected at most {LONGEST_QUOTE:,}, check it in parts")
    return text


def _named(speaker: str | None) -> str | None:
    if speaker is None:
        return None
    name = " ".join(_LONE_SURROGATE.sub("\ufffd", speaker).split())
    if not stems(name):
        raise QuestionError(f"the speaker {name[:40]!r} is no name; name a person or a group, or leave the speaker out")
    return name


def _said(place: Place, corpus: Corpus, speaker: str | None) -> _Said:
    statements = corpus.statements(place.key)
    place = replace(place, fit=_with_asides(place, [statement for statement in statements if statement.speech]))
    words = [place.words.place(range(at, at + 1)) for numbers in place.fit.said for at in numbers]
    speech = whose(place.article, words, statements)
    # A digest is our own wording: nobody's words can be confirmed by it.
    claimed = None if speaker is None else place.article.kind != "digest" and said_by(speaker, speech, place.article, corpus.registry)
    return _Said(place, speech, claimed)


def _with_asides(place: Place, statements: Sequence[Statement]) -> Fit:
    """Tell words that only interrupt a speech from such as the quote drops."""
    stretches = list(place.fit.stretches)
    for at, stretch in enumerate(stretches):
        if stretch.kind == "missing" and len(stretch.said) <= LONGEST_ASIDE:
            before, *between, after = (place.words.place(range(i, i + 1)) for i in range(stretch.said.start - 1, stretch.said.stop + 1))
            if is_aside(before, between, after, statements):
                stretches[at] = replace(stretch, kind="aside")
    return place.fit if stretches == list(place.fit.stretches) else measured(stretches, place.reading.words, place.words)


def _best_first(said: _Said) -> tuple[bool, bool, bool, float, int, dt.date, str, int]:
    """Return the key by which findings are listed: the speaker asked for, the very words, no digest, said directly, early."""
    place, date = said.place, said.place.article.published
    return (
        said.claimed is False,
        not place.fit.exact,
        place.article.kind == "digest",
        -place.fit.similarity,
        _DIRECTLY[said.speech.voice],
        date.first if date else dt.date.max,
        place.article.id,
        place.span.start,
    )


def _finding(number: int, said: _Said, corpus: Corpus) -> Finding:
    place, speech, digest = said.place, said.speech, said.place.article.kind == "digest"
    span, quote, fit = place.span, place.reading.words, place.fit
    citation = Citation(
        number=number,
        article=place.article,
        span=span,
        quote=span.of(place.article.text),
        speaker=speech.speaker,
        group=place.article.group,
        voice="reported" if digest else speech.voice,
        score=round(fit.similarity, 4),
        organisation=speech.organisation,
        source=speech.source,
        cue=speech.cue,
        said=speech.said,
    )
    sentences = [sentence for sentence in corpus.index.spans(place.key) if sentence.overlaps(span)]
    return Finding(
        citation=citation,
        exact=fit.exact,
        differences=differences(fit, quote, place.words),
        within=Span(min([span, *sentences]).start, max(s.end for s in [span, *sentences])),
        apart_from=apart_from(fit, quote, place.words) if fit.exact else (),
        touches=touched(fit, quote, place.words),
        claimed=said.claimed,
        also=speech.also,
        told_by=speech.told_by,
        told_of=speech.told_of,
    )


def _verdict(findings: Sequence[Finding]) -> Verdict:
    """Judge by the best of the findings."""
    if not findings:
        return "not in the corpus"
    if findings[0].citation.digest:
        return "digest only"
    if findings[0].claimed is False:
        return "said by somebody else"
    return "word for word" if findings[0].exact else "altered"


def _is_unknown(speaker: str, corpus: Corpus) -> bool:
    """Tell whether nobody of this name publishes, writes or speaks anywhere here."""
    return corpus.registry.canonical(speaker) not in corpus.by_group and not len(corpus.spoken([bare(speaker)], None))
