"""From the marks of many questions to shares, each with the interval that so few questions allow. Knows no index.

Wilson's interval (JASA 22, 1927), z = 1.96: (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n). It keeps within 0 and 1 and
is wide where n is small. For means of parts, such as a recall, it is if anything too wide: values between 0 and 1 vary
at most as much as a yes or no of the same mean.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from qa.evaluation.gold import TASKS, Row, Task
from qa.evaluation.marks import Found, Marks
from qa.types import Answer

_Z = 1.96  # 95%

# In the order in which they are shown. BALANCED is the mean of the two before it.
BALANCED = "balanced_accuracy"
ANSWERED, SILENT = "answered_when_answerable", "silent_when_unanswerable"
ORDER = (
    "group_first", "quote_first", "speaker_first", "quote_top3", "speaker_top3", "speaker_given_quote", "speaker",
    "groups_recall", "groups_precision", "silent_when_nothing_is_said", "answered_when_something_is",
    "hits@10", "hits@4", "map@10", "mrr@10", "article_recall@10", "every_article@10", "every_fact@10",
    "recall@5", "recall@5_follow_ups", ANSWERED, SILENT, BALANCED, "gold_sentence_in_top3",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one row: marks, the answer or passages that they judge, and how many of its citations stand as quoted."""

    row: Row
    marks: Marks
    seconds: float
    answer: Answer | None = None
    found: tuple[Found, ...] = ()
    verbatim: int = 0

    @property
    def citations(self) -> int:
        """How many quotes were shown."""
        return len(self.answer.citations) if self.answer else 0

    @property
    def worth(self) -> float:
        """How good it is: the mean of the marks; 1 where there is nothing to judge."""
        return statistics.fmean(self.marks.values()) if self.marks else 1.0


@dataclass(frozen=True, slots=True)
class Figure:
    """A share or mean of `n` cases, and between what it lies with 95% confidence."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Table:
    """The figures of rows of one sort; `kind` is the rows' own label, None for all of the sort together."""

    task: Task
    kind: str | None
    questions: int
    figures: tuple[tuple[str, Figure], ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What a file measures. `verbatim` is the share of all quotes that stand word for word at their place, None without any."""

    file: str
    outcomes: tuple[Outcome, ...]
    tables: tuple[Table, ...]
    verbatim: Figure | None
    median_seconds: float
    p95_seconds: float

    def worst(self, count: int) -> list[Outcome]:
        """Return at most `count` outcomes that leave something to be wished for, the worst first, else as in the file."""
        wanting = [outcome for outcome in self.outcomes if outcome.worth < 1]
        return sorted(wanting, key=lambda outcome: outcome.worth)[:count]


def report(file: str, outcomes: Sequence[Outcome]) -> Report:
    """Return the figures of a file of at least one question."""
    cited = sum(outcome.citations for outcome in outcomes)
    exact = sum(outcome.verbatim for outcome in outcomes)
    seconds = sorted(outcome.seconds for outcome in outcomes)
    return Report(
        file,
        tuple(outcomes),
        tuple(_tables(outcomes)),
        share(exact / cited, cited) if cited else None,
        statistics.median(seconds),
        seconds[math.ceil(0.95 * len(seconds)) - 1],  # the nearest rank: a time that was measured
    )


def share(value: float, n: int) -> Figure:
    """Return a share of `n` > 0 cases with Wilson's interval."""
    middle = value + _Z**2 / (2 * n)
    reach = _Z * math.sqrt(value * (1 - value) / n + _Z**2 / (4 * n**2))
    whole = 1 + _Z**2 / n
    return Figure(value, max(0.0, (middle - reach) / whole), min(1.0, (middle + reach) / whole), n)


def _tables(outcomes: Sequence[Outcome]) -> Iterable[Table]:
    for task in TASKS:
        mine = [outcome for outcome in outcomes if outcome.row.gold.task == task]
        if not mine:
            continue
        kinds = list(dict.fromkeys(outcome.row.kind for outcome in mine))
        if len(kinds) > 1:
            for kind in kinds:
                if kind is not None:
                    yield _table(task, kind, [outcome for outcome in mine if outcome.row.kind == kind])
        yield _table(task, None, mine)


def _table(task: Task, kind: str | None, outcomes: Sequence[Outcome]) -> Table:
    found = {}
    for name in ORDER:
        values = [outcome.marks[name] for outcome in outcomes if name in outcome.marks]
        if values:
            found[name] = share(statistics.fmean(values), len(values))
    if ANSWERED in found and SILENT in found and task == "answerable":
        found[BALANCED] = _mean(found[ANSWERED], found[SILENT])
    return Table(task, kind, len(outcomes), tuple((name, found[name]) for name in ORDER if name in found))


def _mean(one: Figure, other: Figure) -> Figure:
    """Return the mean of two independent shares; its interval is made of theirs (MOVER; Zou and Donner, Stat. Med. 27, 2008)."""
    value = (one.value + other.value) / 2
    below = math.hypot(one.value - one.low, other.value - other.low) / 2
    above = math.hypot(one.high - one.value, other.high - other.value) / 2
    return Figure(value, max(0.0, value - below), min(1.0, value + above), one.n + other.n)
