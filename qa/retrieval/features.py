"""What the ranker weighs of each candidate besides reading it: search's signals, who is asked and who speaks, and its form.

Each is a plain measurement, named in FEATURES; what they are worth is learnt (`qa.training.weighing`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from qa.models.encoder import Vectors
from qa.retrieval.search import SIGNALS, Candidate, Pool
from qa.types import INTENTS, Article, Intent, Named, Query

WANTS: tuple[Intent, ...] = ("who", "what", "speaker", "stance", "fact", "groups", "compare", "change")  # intents that want quotes
FEATURES = (
    *SIGNALS,
    "asked_publisher", "asked_speaker", "asked_author", "asked_other", "asked_nobody", "told_publisher", "told_speaker",
    "own", "quoted", "reported", "unnamed", "digest",
    "length", "ends", "asks", "opens", "has_number", "newness",
    *(f"wants_{name}" for name in WANTS), "newest", "oldest",
)  # fmt: skip
_END_MARK = re.compile(r"[.!?…。！？؟।][\"'“”‘’»›)\]」』]*$")


def features(pool: Pool, query: Query) -> Vectors:
    """Return the features of a pool's candidates, shape (candidates, FEATURES), float32."""
    best_asked, best_told = _best(query.names), _best(query.told)
    most = max(best_asked.values(), default=0.0)
    intents = query.intents or (0.0,) * len(INTENTS)
    days = _newness([pool.article(number) for number in range(len(pool.candidates))])
    whole = [*_of_intents(intents), float(query.order == "newest"), float(query.order == "oldest")]
    rows = []
    for number, candidate in enumerate(pool.candidates):
        article = pool.article(number)
        by = _speaks(candidate, article)
        publisher = best_asked.get(("group", article.group or ""), 0.0)
        speaker = max((best_asked.get((kind, name), 0.0) for kind in ("speaker", "group") for name in by), default=0.0)
        author = best_asked.get(("author", article.author or ""), 0.0)
        voice = candidate.statement.voice if candidate.statement else "own"
        rows.append([
            publisher, speaker, author, max(0.0, most - max(publisher, speaker, author)), float(not query.names),
            best_told.get(("group", article.group or ""), 0.0),
            max((best_told.get((kind, name), 0.0) for kind in ("speaker", "group") for name in by), default=0.0),
            float(voice == "own"), float(voice == "quoted"), float(voice == "reported"),
            float(candidate.statement is not None and not candidate.statement.speaker), float(article.kind == "digest"),
            np.log1p(len(candidate.text.split())) / 4, float(bool(_END_MARK.search(candidate.text))),
            float("?" in candidate.text), float(candidate.span.start == 0),
            float(any(letter.isdigit() for letter in candidate.text)), days[number], *whole,
        ])  # fmt: skip
    mine = np.array(rows, np.float32).reshape(len(rows), len(FEATURES) - len(SIGNALS))
    return np.concatenate([pool.signals, mine], 1)


def _of_intents(intents: Sequence[float]) -> list[float]:
    return [intents[INTENTS.index(name)] for name in WANTS]


def _best(names: Sequence[Named]) -> Mapping[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = {}
    for link in (link for named in names for link in named.links):
        found[link.kind, link.name] = max(found.get((link.kind, link.name), 0.0), link.score)
    return found


def _speaks(candidate: Candidate, article: Article) -> tuple[str, ...]:
    """Return the names of whoever says a candidate, other than its publisher."""
    said = candidate.statement
    return tuple(name for name in (said.speaker, said.organisation) if name) if said else ()


def _newness(articles: Sequence[Article]) -> list[float]:
    """Return how new each article is among those of the pool: 1 the newest, 0 the oldest or undated."""
    days = [article.published.last.toordinal() if article.published else None for article in articles]
    dated = sorted({day for day in days if day is not None})
    place = {day: at / max(len(dated) - 1, 1) for at, day in enumerate(dated)}
    return [place[day] if day is not None else 0.0 for day in days]
