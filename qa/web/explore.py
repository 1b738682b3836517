"""What there is to look through: the corpus at a glance, articles that fit, groups, and one group with who quotes whom.

All of it is data that the page puts in as plain text. What is asked for comes from a browser and is never trusted.
Knows nothing of the page that shows it.
"""

from __future__ import annotations

import calendar
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, TypedDict

from qa.errors import QuestionError
from qa.library import GroupEntry, Library
from qa.types import Article, PartialDate, Span, Statement
from qa.web import places, reader
from qa.web.conversation import Filters

AT_ONCE = 200  # articles or groups that are sent at a time
_OFFERED = 300  # groups to choose from
_LONGEST = 200  # characters of what is typed to filter by
_PLOTTED = 5  # groups with a row of their own in the plot
_MONTHS = 36  # a longer stretch of time is plotted by years
_BARS = 40
_STEPS = (1, 2, 5, 10, 25, 50, 100, 250, 1000)  # years to a bar
_SPEAKERS = 60  # listed on a group's page, each way
_PLACES = 20  # that are listed of each speaker


class Row(TypedDict):
    """An article in a list."""

    link: str
    title: str
    meta: str
    digest: bool
    inferred: str


class Listing(TypedDict):
    """A part of a list, from `start` on; `total` is how long the whole is. A `problem` says what can't be read of the filter."""

    total: int
    start: int
    rows: list[Any]
    problem: str


class Period(TypedDict):
    """A stretch of time in the plot, and the dates to filter by for what is in it."""

    label: str
    since: str
    until: str


class Series(TypedDict):
    """How many articles of a group fall into each period."""

    name: str
    total: int
    counts: list[int]


class Glance(TypedDict):
    """The corpus in figures. `stamp` changes with whatever is listed, `offered` are groups to filter by."""

    stamp: int
    articles: int
    groups: int
    unclaimed: int
    digests: int
    dates: str
    unit: str
    periods: list[Period]
    all: Series
    largest: list[Series]
    left_out: str
    offered: list[str]


class Speaker(TypedDict):
    """Somebody who is quoted: how often directly and by report, and where."""

    name: str
    direct: int
    reported: int
    rows: list[Row]
    more: int


class GroupPage(TypedDict):
    """All that is known of a group."""

    name: str
    kind: str
    parent: str
    parent_listed: bool
    parts: list[str]
    aliases: list[str]
    publications: list[str]
    years: str
    total: int
    rows: list[Row]
    quoted_by: list[Speaker]
    quotes: list[Speaker]
    left_out: str


# ---- articles


def list_articles(asked: object, library: Library) -> Listing:
    """Return the articles that fit what is asked for, newest first, those without a date last."""
    told = asked if isinstance(asked, dict) else {}
    group = typed(told.get("group"))
    try:
        filters = Filters.read([group] if group else [], typed(told.get("since")), typed(told.get("until")))
    except QuestionError as error:
        return Listing(total=0, start=0, rows=[], problem=str(error))
    words = typed(told.get("words")).casefold().split()
    found = library.articles(groups=filters.groups, since=filters.since, until=filters.until, inferred=told.get("inferred") is True)
    if told.get("unknown") is True:
        found = [article for article in found if article.group is None or article.published is None]
    fit = [article for article in found if all(word in _names(article) for word in words)]
    start = _start(told.get("start"))
    return Listing(total=len(fit), start=start, rows=[row(article) for article in fit[start : start + AT_ONCE]], problem="")


def row(article: Article, link: str = "", who: str = "") -> Row:
    """Return an article as it is listed; `who` speaks in it at the place that `link` leads to."""
    meta = " · ".join(filter(None, (who, reader.publisher(article), reader.date(article))))
    return Row(
        link=link or places.to_article(article.id),
        title=article.title or reader.NO_TITLE,
        meta=meta,
        digest=article.kind == "digest",
        inferred=reader.inferred(article),
    )


def typed(value: object, most: int = _LONGEST) -> str:
    """Return what was typed where it is a text, cut to `most` characters, without anything that can't be written."""
    return value[:most].encode("utf-8", "replace").decode().strip() if isinstance(value, str) else ""


def _names(article: Article) -> str:
    return " ".join(filter(None, (article.title, article.group, article.author, article.publication))).casefold()


def _start(value: object) -> int:
    return value if type(value) is int and 0 < value < 10**9 else 0


# ---- at a glance


def glance(library: Library) -> Glance:
    """Return the corpus in figures, with how many articles are from when, by its largest groups."""
    articles, groups = library.articles(), library.groups()
    dated = [article for article in articles if article.published]
    unit, periods = _periods([article.published for article in dated if article.published])
    at = {article.id: _position(article.published, unit, periods) for article in dated if article.published}
    placed = [article for article in dated if at[article.id] is not None]

    def series(name: str, among: Iterable[Article]) -> Series:
        counts = Counter(at[article.id] for article in among)
        return Series(name=name, total=counts.total(), counts=[counts[number] for number in range(len(periods))])

    dates = sorted((article.published for article in dated if article.published), key=lambda date: date.first)
    return Glance(
        stamp=zlib.crc32(repr([(a.id, a.title, a.group, a.author, str(a.published)) for a in articles]).encode("utf-8", "replace")),
        articles=len(articles),
        groups=len(groups),
        unclaimed=sum(article.group is None for article in articles),
        digests=sum(article.kind == "digest" for article in articles),
        dates=_from_to(dates),
        unit=unit,
        periods=[Period(label=_label(start, unit), since=_iso(start, unit), until=_iso(end, unit)) for start, end in periods],
        all=series("All articles", placed),
        largest=[series(entry.group.name, [a for a in placed if a.group == entry.group.name]) for entry in groups[:_PLOTTED]],
        left_out=_left_out(len(articles) - len(dated), len(dated) - len(placed)),
        offered=[entry.group.name for entry in groups[:_OFFERED]],
    )


_Period = tuple[int, int]  # the first and the last month or year, counted from the year 0


def _periods(dates: Sequence[PartialDate]) -> tuple[str, list[_Period]]:
    """Return the unit, "month" or "year", and the stretches of time that hold all dates: years where months would be many or guessed."""
    if not dates:
        return "year", []
    months = [date.year * 12 + date.month - 1 for date in dates if date.month]
    if 2 * len(months) > len(dates) and max(months) - min(months) < _MONTHS:
        return "month", [(month, month) for month in range(min(months), max(months) + 1)]
    first, last = min(date.year for date in dates), max(date.year for date in dates)
    step = next((step for step in _STEPS if last // step - first // step < _BARS), _STEPS[-1])
    begin = first // step * step
    return "year", [(year, year + step - 1) for year in range(begin, last + 1, step)]


def _position(date: PartialDate, unit: str, periods: Sequence[_Period]) -> int | None:
    if unit == "month" and date.month is None:
        return None
    number = date.year * 12 + (date.month or 1) - 1 if unit == "month" else date.year
    start, end = periods[0]
    at = (number - start) // (end - start + 1)
    return at if 0 <= at < len(periods) else None


def _iso(number: int, unit: str) -> str:
    return f"{number // 12:04d}-{number % 12 + 1:02d}" if unit == "month" else f"{min(max(number, 1), 9999):04d}"


def _label(number: int, unit: str) -> str:
    return f"{calendar.month_abbr[number % 12 + 1]} {number // 12}" if unit == "month" else str(number)


def _from_to(dates: Sequence[PartialDate]) -> str:
    if not dates:
        return ""
    first, last = dates[0].in_words(), max(dates, key=lambda date: date.last).in_words()
    return first if first == last else f"{first} to {last}"


def _left_out(undated: int, rough: int) -> str:
    parts = [f"{undated:,} without a date"] if undated else []
    parts += [f"{rough:,} dated by the year only"] if rough else []
    return f"Not in the plot: {' and '.join(parts)}." if parts else ""


# ---- groups


def list_groups(asked: object, library: Library) -> Listing:
    """Return the groups one of whose names holds the wanted words, those with most articles first."""
    told = asked if isinstance(asked, dict) else {}
    words = typed(told.get("words")).casefold().split()
    fit = [entry for entry in library.groups() if all(word in _all_names(entry) for word in words)]
    start = _start(told.get("start"))
    rows = [
        {
            "name": entry.group.name,
            "kind": entry.group.kind or "",
            "articles": entry.articles,
            "years": _years(entry),
            "aliases": ", ".join(entry.group.aliases),
        }
        for entry in fit[start : start + AT_ONCE]
    ]
    return Listing(total=len(fit), start=start, rows=rows, problem="")


def _all_names(entry: GroupEntry) -> str:
    group = entry.group
    return " ".join((group.name, *group.aliases, *group.publications, group.kind or "")).casefold()


def _years(entry: GroupEntry) -> str:
    if not entry.first or not entry.last:
        return ""
    return str(entry.first.year) if entry.first.year == entry.last.year else f"{entry.first.year} to {entry.last.year}"


def group_page(name: object, library: Library) -> GroupPage | None:
    """Return what is known of a group, None where there is none of this name."""
    entries = {entry.group.name: entry for entry in library.groups()}
    entry = entries.get(library.canonical(name)) if isinstance(name, str) and len(name) <= 1000 else None
    if entry is None:
        return None
    group = entry.group
    articles = library.articles()
    own = [article for article in articles if article.group == group.name]
    quoting: defaultdict[str, list[_Spoken]] = defaultdict(list)
    quoted: defaultdict[str, list[_Spoken]] = defaultdict(list)
    everything = library.statements_everywhere()
    for article in articles:
        for said in everything.get(article.id, ()):
            if not said.speech or said.voice == "own" or not said.speaker:
                continue
            if article.group == group.name:
                if said.speaker != group.name:
                    quoted[said.speaker].append((article, said))
            elif group.name in (said.speaker, said.organisation):
                quoting[reader.publisher(article)].append((article, said))
    left_out = max(len(quoting), len(quoted)) - _SPEAKERS
    return GroupPage(
        name=group.name,
        kind=group.kind or "",
        parent=group.parent or "",
        parent_listed=bool(group.parent) and library.canonical(group.parent or "") in entries,
        parts=sorted(one for one, other in entries.items() if other.group.parent == group.name),
        aliases=list(group.aliases),
        publications=list(group.publications),
        years=_years(entry),
        total=len(own),
        rows=[row(article) for article in own[:AT_ONCE]],
        quoted_by=_most_first(quoting, group.name),
        quotes=_most_first(quoted, ""),
        left_out=f"Only the {_SPEAKERS} who speak most often are listed." if left_out > 0 else "",
    )


_Spoken = tuple[Article, Statement]


def _most_first(spoken: dict[str, list[_Spoken]], body: str) -> list[Speaker]:
    """Return who speaks, those who do so most first; a person who speaks for `body` is named with each place."""
    ordered = sorted(spoken.items(), key=lambda pair: (-len(pair[1]), pair[0]))[:_SPEAKERS]
    return [
        Speaker(
            name=name,
            direct=sum(said.voice == "quoted" for _, said in places_),
            reported=sum(said.voice != "quoted" for _, said in places_),
            rows=(rows := _places(places_, body))[:_PLACES],
            more=len(rows[_PLACES:]),
        )
        for name, places_ in ordered
    ]


def _places(spoken: Sequence[_Spoken], body: str) -> list[Row]:
    """Return the articles in which somebody speaks, each opening at the first time; persons are named where they speak for `body`."""
    found: dict[tuple[str, str], list[_Spoken]] = defaultdict(list)
    for article, said in spoken:
        found[article.id, said.speaker or ""].append((article, said))
    rows = []
    for (id, speaker), listed in found.items():
        who = speaker if body and speaker != body else ""
        often = f"{len(listed)} statements" if len(listed) > 1 else ""
        rows.append(row(listed[0][0], places.to_words(id, hull(listed[0][1])), ", ".join(filter(None, (who, often)))))
    return rows


def hull(said: Statement) -> Span:
    """Return the stretch from the first to the last of what a statement marks."""
    spans = (*said.content, *said.source, *said.cue)
    return Span(min(span.start for span in spans), max(span.end for span in spans))
