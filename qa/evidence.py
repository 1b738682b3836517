"""Answers and comparisons to take away: as Markdown and HTML to read, as JSON and CSV to work with.

Each quote comes with who said it, who published it, when, its address, its place in the article's text, the SHA-256 of that
text, and how it was found, so that anybody with the article can check it. Every word of articles and people is escaped.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import html
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any

from qa.answering.compose import about_written, heading, in_words_of, quoted, with_marks
from qa.errors import SettingsError
from qa.rows import citation_row, written_row
from qa.types import Answer, Article, Citation, Comparison, GroupStance, Question, Written

_MARKDOWN = re.compile(r"[\\`*_\[\]|<>&~$]|^[#+=-]|(?<=^\d)[.)]|(?<=^\d\d)[.)]|(?<=^\d{3})[.)]|(?<=^\d{4})[.)]")
_WEB = re.compile(r"https?://[^\s<>\"']+")
_VOICES = {"own": "in its own voice", "quoted": "direct quote", "reported": "paraphrase"}
_COLUMNS = (
    *("asked", "found", "speaker", "voice", "published_by", "published", "quote"),
    *("title", "url", "article", "start", "end", "text_sha256"),
)
_WORDED = ("worded", "worded_by")  # where a language model worded an answer: the same in each of its rows
_ANCHOR = "<a href='{}' rel='noopener noreferrer nofollow'>{}</a>"
_STYLE = (
    "body{font:16px/1.6 Georgia,serif;max-width:44rem;margin:2rem auto;padding:0 1rem;color:#22201d}"
    "h1,h2,h3,footer,.facts{font-family:system-ui,sans-serif}h1{font-size:1.4rem}h2{font-size:1.15rem;margin-top:2rem}"
    "h3{font-size:1rem;margin:1.2rem 0 .3rem}blockquote{margin:.4rem 0;padding-left:1rem;border-left:3px solid #1d6b66}"
    ".facts,footer{font-size:.8rem;color:#6a645c;overflow-wrap:anywhere}"
    "@media (prefers-color-scheme:dark){body{background:#171614;color:#eceae6}.facts,footer{color:#aca69d}a{color:#8fd3cb}}"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A question or topic with what came of it. `read_as` tells how it was understood, `within` what the search was limited to.

    `rows` are the groups of a comparison, those of whom nothing was found included; `citations` are then theirs. `worded` is
    the answer as a language model words it, where one was asked.
    """

    asked: str
    lead: str
    notes: tuple[str, ...]
    citations: tuple[Citation, ...]
    read_as: tuple[str, ...] = ()
    within: str = ""
    rows: tuple[GroupStance, ...] = ()
    worded: Written | None = None


def of_answer(answer: Answer, within: str = "") -> Entry:
    """Return an answer as an entry."""
    readings = answer.query.readings if answer.query else ()
    read_as = tuple(f"{r.kind}: {r.meaning}" for r in readings)
    return Entry(answer.question, answer.lead, answer.notes, answer.citations, read_as, within, worded=answer.written)


def of_comparison(comparison: Comparison, within: str = "") -> Entry:
    """Return a comparison as an entry."""
    notes = tuple(f"{row.group or 'Unknown group'}: {stance(row)}." for row in comparison.rows if row.stance != "says")
    citations = tuple(citation for row in comparison.rows for citation in row.citations)
    return Entry(comparison.topic, comparison.lead, notes, citations, within=within, rows=comparison.rows)


def stance(row: GroupStance) -> str:
    """Return what a group has on a topic, in words that never make a position of silence."""
    if row.stance == "says":
        return "says something"
    if row.stance == "mentions":
        return "only mentions it or tells of others"
    return f"no statement found in {'1 article' if row.articles == 1 else f'{row.articles:,} articles'}"


def limits(question: Question) -> str:
    """Return what a question is limited to by hand, for people: "River Trust, from 2024"; nothing where nothing is."""
    since, until = question.since, question.until
    dates = ([f"from {since.in_words()}"] if since else []) + ([f"to {until.in_words()}"] if until else [])
    return ", ".join([*question.groups, *question.speakers, *dates])


def form_of(file: Path) -> Form:
    """Return the form that a file's ending tells; raise SettingsError for any other."""
    try:
        return FORMS[file.suffix.lower()]
    except KeyError:
        raise SettingsError(f"{file.name}: expected a name that ends in {', '.join(FORMS)}") from None


def written(entries: Sequence[Entry], file: Path, text_of: Callable[[str], Article]) -> str:
    """Return entries in the form that a file's ending tells; raise SettingsError for any other. `text_of` gives an article by id."""
    return form_of(file)(entries, text_of)


def as_json(entries: Sequence[Entry], text_of: Callable[[str], Article]) -> str:
    """Return the evidence record: every quote with all that is needed to check it."""
    record = {
        "made_by": f"whosaid {version('whosaid')}",
        "made_at": _now(),
        "entries": [
            {
                "asked": entry.asked, "understood": list(entry.read_as), "within": entry.within, "lead": entry.lead,
                "notes": list(entry.notes),
                "groups": [{"group": row.group, "articles": row.articles, "stance": row.stance} for row in entry.rows],
                "quotes": [_quote(citation, entry, text_of) for citation in entry.citations],
                **({"written": written_row(entry.worded)} if entry.worded else {}),
            }
            for entry in entries
        ],
    }  # fmt: skip
    return json.dumps(record, ensure_ascii=False, indent=2) + "\n"


def as_csv(entries: Sequence[Entry], text_of: Callable[[str], Article]) -> str:
    """Return a row for each quote, and one without a quote wherever nothing was found.

    Cells that a spreadsheet would run as a formula are put as text.
    """
    stream = io.StringIO()
    table = csv.writer(stream)
    columns = (*_COLUMNS, *_WORDED) if any(entry.worded for entry in entries) else _COLUMNS
    table.writerow(columns)
    for entry in entries:
        worded = dict(zip(_WORDED, (_worded(entry.worded), entry.worded.model), strict=True)) if entry.worded else {}
        for row in _table_rows(entry, text_of):
            table.writerow([_cell({**row, **worded}.get(name)) for name in columns])
    return stream.getvalue()


def _table_rows(entry: Entry, text_of: Callable[[str], Article]) -> Iterator[dict[str, Any]]:
    for group in entry.rows:
        found = {"asked": entry.asked, "found": stance(group), "published_by": group.group}
        yield from ({**_quote(citation, entry, text_of), **found} for citation in group.citations)
        if not group.citations:
            yield found
    if not entry.rows:
        yield from ({**_quote(citation, entry, text_of), "asked": entry.asked, "found": "a quote"} for citation in entry.citations)
    if not entry.rows and not entry.citations:
        yield {"asked": entry.asked, "found": "no quote"}


def as_markdown(entries: Sequence[Entry], text_of: Callable[[str], Article]) -> str:
    """Return entries to read, with the facts of each quote below it."""
    parts = ["# whosaid"]
    for entry in entries:
        parts += [f"## {_plain(entry.asked)}", _plain(entry.lead)]
        parts += [f"*Searched within: {_plain(entry.within)}.*"] if entry.within else []
        if entry.worded and entry.worded.sentences:
            parts += [f"**{_plain(in_words_of(entry.worded.model))}**", _plain(_worded(entry.worded))]
        parts += [f"*{_plain(note)}*" for note in about_written(entry.worded)] if entry.worded else []
        for who, cited in groupby(entry.citations, heading):
            parts.append(f"**{_plain(who)}**")
            for citation in cited:
                row = _quote(citation, entry, text_of)
                parts += [
                    f"> {_plain(quoted(citation))} \\[{citation.number}\\]",
                    "\n".join(f"- {_with_link(_plain(fact), _plain, row['url'], '<{}>')}" for fact in _facts(row)),
                ]
        parts += [f"*{_plain(note)}*" for note in entry.notes]
    return "\n\n".join(part for part in [*parts, f"Made by whosaid {version('whosaid')}, {_now()}."] if part) + "\n"


def as_html(entries: Sequence[Entry], text_of: Callable[[str], Article]) -> str:
    """Return a page of its own, without scripts and without anything from elsewhere."""
    parts = []
    for entry in entries:
        parts += [f"<h2>{_safe(entry.asked)}</h2>", *(f"<p>{_safe(line)}</p>" for line in entry.lead.splitlines() if line)]
        parts += [f"<p><em>Searched within: {_safe(entry.within)}.</em></p>"] if entry.within else []
        if entry.worded and entry.worded.sentences:
            parts.append(f"<h3>{_safe(in_words_of(entry.worded.model))}</h3><p>{_safe(_worded(entry.worded))}</p>")
        parts += [f"<p><em>{_safe(note)}</em></p>" for note in about_written(entry.worded)] if entry.worded else []
        for who, cited in groupby(entry.citations, heading):
            parts.append(f"<h3>{_safe(who)}</h3>")
            for citation in cited:
                row = _quote(citation, entry, text_of)
                facts = "<br>".join(_with_link(_safe(fact), _safe, row["url"], _ANCHOR) for fact in _facts(row))
                parts.append(f"<blockquote>{_safe(quoted(citation))} [{citation.number}]</blockquote><p class='facts'>{facts}</p>")
        parts += [f"<p><em>{_safe(note)}</em></p>" for note in entry.notes]
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
        "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>whosaid</title><style>{_STYLE}</style></head><body><h1>whosaid</h1>{''.join(parts)}"
        f"<footer>Made by whosaid {_safe(version('whosaid'))}, {_now()}.</footer></body></html>\n"
    )


def _quote(citation: Citation, entry: Entry, text_of: Callable[[str], Article]) -> dict[str, Any]:
    """Return what is needed to check a quote."""
    article = text_of(citation.article.id)
    row = citation_row(citation)
    return {
        **{name: row[name] for name in ("number", "quote", "speaker", "voice", "organisation")},
        "published_by": row["group"],
        **{name: row[name] for name in ("published", "title", "url", "kind", "article", "start", "end", "page")},
        "text_sha256": hashlib.sha256(article.text.encode("utf-8", "surrogatepass")).hexdigest(),
        "origins": dict(article.origins),
        "also_in": row["also_in"],
        "found": {"by": "sentence of a passage found by words and by meaning", "score": citation.score or None, "within": entry.within},
    }


def _worded(written: Written) -> str:
    return " ".join(map(with_marks, written.sentences))


def _facts(row: dict[str, Any]) -> Iterable[str]:
    said = f"Said by {row['speaker'] or 'unknown'} ({_VOICES[row['voice']]})"
    yield f"{said}, published by {row['published_by'] or 'an unknown group'}, {row['published'] or 'date unknown'}"
    page = f"page {row['page']}" if row["page"] else ""
    yield ", ".join(filter(None, (row["title"] or "Untitled", row["url"], page)))
    yield f"{row['article']}, characters {row['start']} to {row['end']}, SHA-256 of the text {row['text_sha256']}"


def _with_link(fact: str, escaped: Callable[[str], str], url: str | None, link: str) -> str:
    """Return an escaped fact with the article's address in it made a link, where it is one of the web."""
    if not url or not _WEB.fullmatch(url):
        return fact
    return fact.replace(escaped(url), link.replace("{}", url if link == "<{}>" else escaped(url)), 1)


def _plain(text: str) -> str:
    """Return text for a line of Markdown in which no mark means anything."""
    return _MARKDOWN.sub(r"\\\g<0>", " ".join(text.split()))


def _safe(text: str) -> str:
    return html.escape(" ".join(text.split()), quote=True)


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") else text


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


Form = Callable[[Sequence[Entry], Callable[[str], Article]], str]
FORMS: Mapping[str, Form] = {".md": as_markdown, ".html": as_html, ".json": as_json, ".csv": as_csv}
TYPES: Mapping[str, str] = {".md": "text/markdown", ".html": "text/html", ".json": "application/json", ".csv": "text/csv"}
