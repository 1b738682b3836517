"""Words what a check of a pasted quote has found. Every line tells a finding; none judges what was said."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qa.answering import compose
from qa.types import Check, Citation, Difference, Finding, Verdict

_WORDS_SHOWN = 8  # at each end of a row of same words; the middle of a longer one is left out
_A = {"negation": "a negation", "number": "a number"}


@dataclass(frozen=True, slots=True)
class Looked:
    """How much a check has looked at: `places` where it found the quote (`more`: or more), out of so many articles.

    `few_words` tells that only the very words counted, `unknown` that nobody here goes by the name that was given.
    """

    articles: int
    places: int
    more: bool = False
    few_words: bool = False
    unknown: bool = False


def worded(quote: str, speaker: str | None, verdict: Verdict, findings: tuple[Finding, ...], looked: Looked) -> Check:
    """Return the whole check: verdict first, then the findings, each with its place, then the notes."""
    lead = _lead(speaker, verdict, findings, looked)
    notes = tuple(_notes(speaker, verdict, findings, looked))
    blocks = [lead, *("\n".join(_lines(finding)) for finding in findings), *notes]
    return Check(quote, speaker, verdict, lead, "\n\n".join(blocks), findings, notes)


def who(citation: Citation) -> str:
    """Return who says the words, in whose article and when; where the text names nobody, that."""
    if citation.speaker is None and citation.voice != "own" and not citation.digest:
        return f"Somebody not named, {'quoted by' if citation.voice == 'quoted' else 'as reported by'} {_whose_article(citation)}"
    return compose.heading(citation)


def _whose_article(citation: Citation) -> str:
    date = citation.article.published
    return f"{citation.group or compose.UNKNOWN_GROUP} ({date.in_words() if date else 'date unknown'})"


def _lead(speaker: str | None, verdict: Verdict, findings: Sequence[Finding], looked: Looked) -> str:
    count = "the only article" if looked.articles == 1 else f"the {looked.articles:,} articles"
    if not findings:
        return f"Not in the corpus: nowhere in {count} do these words stand, nor words close to them."
    first = findings[0]
    said = who(first.citation)
    if verdict == "digest only":
        words = "these words stand word for word" if first.exact else "words close to these stand"
        return f"In a digest only: {words} in our digest of a text by {_whose_article(first.citation)}, and they are ours, not theirs."
    if verdict == "said by somebody else":
        how = "word for word" if first.exact else f"altered{_touching(first)}"
        return f"Said by somebody else, not by {speaker}: {said}; {how}."
    if verdict == "altered":
        return f"Altered{_touching(first)}: {said}{_in_part(first)}."
    return f"Word for word: {said}{_in_part(first)}."


def _touching(finding: Finding) -> str:
    return f", and the alteration touches {' and '.join(_A[kind] for kind in finding.touches)}" if finding.touches else ""


def _in_part(finding: Finding) -> str:
    return f"; a part of it is said by {_listed(finding.also)}" if finding.also else ""


def _lines(finding: Finding) -> Iterator[str]:
    """Yield a finding line by line."""
    citation = finding.citation
    how = "word for word" if finding.exact else f"altered, {finding.similarity:.0%} the same"
    yield f"[{citation.number}] {who(citation)}: {how}"
    yield f"  {compose.quoted(citation)}"
    yield f"  {_place(citation)}"
    yield from (f"  {line}" for line in same_but_for(finding))
    if any(difference.kind != "same" for difference in finding.differences):
        yield f"  Compared: {_compared(finding.differences)}"
    yield from (f"  {line}" for line in (*touching(finding), *remarks(finding)))


def same_but_for(finding: Finding) -> Iterator[str]:
    """Yield in what words that are the same are still written differently."""
    if finding.exact and finding.apart_from:
        yield f"The words are the same; what was pasted differs in {_listed(finding.apart_from)}."


def touching(finding: Finding) -> Iterator[str]:
    """Yield what an alteration may turn."""
    if finding.touches:
        yield f"The alteration touches {' and '.join(_A[kind] for kind in finding.touches)}."


def remarks(finding: Finding) -> Iterator[str]:
    """Yield, line by line, what else there is to know about who says the words, and where they are cut from."""
    citation = finding.citation
    publisher = citation.group or compose.UNKNOWN_GROUP
    if citation.digest:
        yield "These words are our own summary; they are no quote of anybody's."
    elif citation.voice == "reported":
        yield f"Indirect speech: the words are those of {publisher}, telling what was said."
    if finding.told_of:
        yield f"{publisher} tells so of {finding.told_of}, in its own words."
    if finding.told_by:
        same = finding.told_by == citation.speaker
        yield f"{finding.told_by} gives these words as somebody else's." if same else f"{finding.told_by} tells so in what is quoted."
    if finding.also:
        yield f"A part of it is said by {_listed(finding.also)}."
    if omitted := sum(len(difference.said.split()) for difference in finding.differences if difference.kind == "omitted"):
        yield f"The pasted quote leaves out {omitted} {'word' if omitted == 1 else 'words'} where it says so."
    if _tells_more(finding):
        yield f"In full: {' '.join(finding.within.of(citation.article.text).split())}"


def _tells_more(finding: Finding) -> bool:
    """Tell whether the sentences from which the quote is cut have more words than it, and aren't shown already."""
    text, span = finding.citation.article.text, finding.citation.span
    around = text[finding.within.start : span.start] + text[span.end : finding.within.end]
    return any(character.isalnum() for character in around)


def _place(citation: Citation) -> str:
    article = citation.article
    page = article.page_at(citation.span.start)
    parts = (str(article.published) if article.published else "", article.url or "", f"page {page}" if page else "")
    about = ", ".join(part for part in parts if part)
    title = f"{article.title or '(no title)'}{f' ({about})' if about else ''}"
    return f"{title} · {article.id} [{citation.span.start}:{citation.span.end}]"


def _compared(differences: Sequence[Difference]) -> str:
    """Return both texts as one: "No more than [forty → fifty] litres [left out: a day] [added: ever] leave it"."""
    parts = []
    for difference in differences:
        said, claimed = (" ".join(words.split()) for words in (difference.said, difference.claimed))
        match difference.kind:
            case "same":
                parts.append(_middle_left_out(said))
            case "changed":
                parts.append(f"[{_bare(said)} → {_bare(claimed)}]")
            case "missing":
                parts.append(f"[left out: {_bare(said)}]")
            case "added":
                parts.append(f"[added: {_bare(claimed)}]")
            case "omitted":
                parts.append("[…]")
            case "aside":
                parts.append(f"[in between: {_bare(said)}]")
    return re.sub(r"(?<=[$¢£¤¥\u20a0-\u20cf]) (?=\[)", "", " ".join(parts))  # "£[2.3 → 3.2]"


def _bare(words: str) -> str:
    return re.sub(r"[^\w%°)\]]+$", "", words) or words


def _middle_left_out(words: str) -> str:
    listed = words.split()
    if len(listed) <= 2 * _WORDS_SHOWN + 2:
        return words
    return " ".join([*listed[:_WORDS_SHOWN], "…", *listed[-_WORDS_SHOWN:]])


def _notes(speaker: str | None, verdict: Verdict, findings: Sequence[Finding], looked: Looked) -> Iterator[str]:
    if looked.places > len(findings):
        count = f"{looked.places:,}{' or more' if looked.more else ''}"
        yield f"It stands in {count} places; the {len(findings)} best are listed."
    if looked.few_words and findings:
        yield "So few words may come together anywhere: that they stand here doesn't tell where a quote comes from."
    elif looked.few_words:
        yield "With so few words, only the very words were looked for."
    if speaker and verdict == "altered" and any(f.exact and f.claimed is False and not f.citation.digest for f in findings):
        yield f"Word for word it is said by somebody else than {speaker}, see above."
    if speaker and verdict == "digest only":
        yield f"A digest can't tell whether {speaker} said it; look into the article that it is about."
    if speaker and looked.unknown:
        yield f"Nobody called {speaker} publishes, writes or speaks in these articles, as far as whosaid can tell."


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
