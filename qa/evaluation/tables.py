"""Lays a report out as lines of plain text, a figure a line. Knows neither where they are printed nor how figures are made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from qa.evaluation.failures import came, missed, wanted
from qa.evaluation.figures import Figure, Outcome, Report
from qa.evaluation.marks import flat

_ALL = "all"  # stands in place of a kind, for all of them together
_WIDTH = 200  # characters of a line about a failure


def lines(report: Report, failures: int) -> Iterator[str]:
    """Yield a heading, a row for each figure, and the worst questions, at most `failures` of them."""
    count = len(report.outcomes)
    yield (
        f"{report.file}: {count} question{'' if count == 1 else 's'},"
        f" {report.median_seconds:.2f} s each (median), {report.p95_seconds:.2f} s (95th percentile)"
    )
    rows = [("task", "kind", "figure", "share (95% interval, n)")]
    for table in report.tables:
        rows += [(table.task, table.kind or _ALL, name, written(figure)) for name, figure in table.figures]
    if report.verbatim:
        rows.append(("quotes", _ALL, "verbatim", written(report.verbatim)))
    yield from _aligned(rows)
    if worst := report.worst(failures):
        yield f"\nThe worst {len(worst)}:" if len(worst) > 1 else "\nThe worst:"
        for outcome in worst:
            yield from _failure(outcome)


def written(figure: Figure) -> str:
    """Write a share with its interval: "0.86 (0.65-0.95, n=21)"."""
    return f"{figure.value:.2f} ({figure.low:.2f}-{figure.high:.2f}, n={figure.n})"


def _failure(outcome: Outcome) -> Iterable[str]:
    row = outcome.row
    yield _short(f"{row.where}  {flat(row.question.text)}  (missed: {', '.join(missed(outcome))})")
    for what, said in (("wanted", wanted(row.gold)), ("came", came(outcome))):
        for at, line in enumerate(said):
            yield _short(f"  {what if at == 0 else '':<6}  {line}")


def _aligned(rows: Sequence[tuple[str, ...]]) -> Iterable[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()


def _short(line: str) -> str:
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1].rstrip()}…"
