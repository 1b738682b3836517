"""The check of a pasted quote, as data for the page. What is asked comes from a browser and is never trusted.

Two checks run at a time, since each may look through every article; a third is told to come back.
"""

from __future__ import annotations

import logging
import threading
from typing import TypedDict

from qa.answering import report
from qa.answering.compose import quoted
from qa.errors import WhosaidError
from qa.library import Library
from qa.settings import LONGEST_QUOTE
from qa.types import Check, Citation, Difference, Finding
from qa.web import places, reader
from qa.web.opening import in_words

LONGEST_SPEAKER = 200  # characters
_AT_ONCE = threading.BoundedSemaphore(2)


class Step(TypedDict):
    """Words of the pasted quote beside those in the article; see `qa.types.Difference`."""

    kind: str
    said: str
    claimed: str


class Found(TypedDict):
    """A place where the quote, or words close to it, stand."""

    link: str
    who: str
    how: str
    title: str
    meta: str
    quote: str
    digest: bool
    exact: bool
    steps: list[Step]
    remarks: list[str]


class Checked(TypedDict):
    """A verdict with its reasons, or a `problem` in words."""

    problem: str
    verdict: str
    heading: str
    lead: str
    found: list[Found]
    notes: list[str]


def checked(asked: object, library: Library) -> Checked:
    """Check the quote that is asked for, or say what is wrong with it."""
    told = asked if isinstance(asked, dict) else {}
    quote, speaker = told.get("quote"), told.get("speaker")
    if not isinstance(quote, str) or not quote.strip():
        return _problem("Paste the words that somebody is said to have said.")
    if len(quote) > LONGEST_QUOTE:
        return _problem(f"The quote has {len(quote):,} characters; {LONGEST_QUOTE:,} can be checked at once. Check it in parts.")
    if speaker is not None and (not isinstance(speaker, str) or len(speaker) > LONGEST_SPEAKER):
        return _problem(f"The speaker is no name; it may have {LONGEST_SPEAKER} characters.")
    if not _AT_ONCE.acquire(blocking=False):
        return _problem("Two checks are running already. Try again in a moment.")
    try:
        return shown(library.check(quote, speaker.strip() or None if speaker else None), library)
    except WhosaidError as error:
        text = in_words(error).rstrip(".")
        return _problem(f"{text[:1].upper()}{text[1:]}.")
    except Exception:
        # The last line of defence: without it the page would only hear that something failed.
        logging.getLogger(__name__).exception("the quote could not be checked")
        return _problem("Something went wrong here; the terminal says what.")
    finally:
        _AT_ONCE.release()


def shown(check: Check, library: Library) -> Checked:
    """Return a check as the page gets it."""
    heading, _, lead = check.lead.partition(": ")
    return Checked(
        problem="",
        verdict=check.verdict,
        heading=heading,
        lead=f"{lead[:1].upper()}{lead[1:]}",
        found=[_found(finding, library) for finding in check.findings],
        notes=list(check.notes),
    )


def _found(finding: Finding, library: Library) -> Found:
    citation, article = finding.citation, finding.citation.article
    page = article.page_at(citation.span.start)
    return Found(
        link=_link(citation, library),
        who=report.who(citation),
        how="word for word" if finding.exact else f"altered, {finding.similarity:.0%} the same",
        title=article.title or reader.NO_TITLE,
        meta=" · ".join(filter(None, (reader.publisher(article), reader.date(article), f"page {page}" if page else ""))),
        quote=quoted(citation),
        digest=citation.digest,
        exact=finding.exact,
        steps=[_step(difference) for difference in finding.differences],
        remarks=[*report.same_but_for(finding), *report.touching(finding), *report.remarks(finding)],
    )


def _step(difference: Difference) -> Step:
    said, claimed = (" ".join(words.split()) for words in (difference.said, difference.claimed))
    return Step(kind=difference.kind, said=said, claimed=claimed)


def _link(citation: Citation, library: Library) -> str:
    """Return the link to the quote, or where the index has no one statement for it to the words alone."""
    link = places.to_quote(citation)
    try:
        places.find(link, library)
    except places.PlaceError:
        return places.to_words(citation.article.id, citation.span)
    return link


def _problem(text: str) -> Checked:
    return Checked(problem=text, verdict="", heading="", lead="", found=[], notes=[])
