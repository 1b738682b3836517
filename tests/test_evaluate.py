"""Measuring a corpus: question files, how one answer is judged, shares of many, and the command that prints them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from qa import cli
from qa.errors import ReadingError
from qa.evaluation import marks
from qa.evaluation.figures import Outcome, report, share
from qa.evaluation.gold import Answerable, Facts, Gold, Quotes, Row, Said, Turn, read_questions
from qa.evaluation.marks import Found
from qa.evaluation.run import doubts, evaluate
from qa.evaluation.tables import lines, written
from qa.library import Library
from qa.models.encoder import SentenceEncoder
from qa.rows import answer_row, passage_row
from qa.types import Answer, Article, Citation, PartialDate, Question, Span

SCORER = Path(__file__).resolve().parents[2] / "shared" / "eval" / "score.py"

ROWS: list[dict[str, Any]] = [
    {"id": "a", "kind": "who", "question": "Who calls for a limit on taking water between May and September?", "history": [],
     "groups": ["WRT"], "speakers": [], "quotes": ["call for a limit on taking water"]},
    {"id": "b", "kind": "reported", "question": "Who said that fish drown in warm water?", "history": [],
     "groups": ["River Trust"], "speakers": ["Ada Marsh"], "quotes": ["and fish drown in it"]},
    {"id": "c", "kind": "groups", "question": "Compare what the River Trust and the Farmers' Union say about a limit.", "history": [],
     "groups": ["River Trust", "Farmers' Union", "Anglers' Club"], "speakers": [], "quotes": ["a limit"]},
    {"id": "d", "kind": "none", "question": "What is the capital of Mongolia?", "history": [], "groups": [], "speakers": [],
     "quotes": []},
    {"id": "e", "kind": "who", "question": "Who wants a fish pass?", "history": [], "groups": ["City Council"], "speakers": [],
     "quotes": ["words that nobody wrote"]},
]  # fmt: skip


def _file(tmp_path: Path, *rows: dict[str, Any] | str, name: str = "questions.jsonl") -> Path:
    path = tmp_path / name
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows), "utf-8")
    return path


def _cite(quote: str, group: str | None = None, speaker: str | None = None, article: str = "a", start: int = 0) -> Citation:
    return Citation(1, Article(article, quote), Span(start, start + len(quote)), quote, speaker, group, "own", 1.0)


def _answer(*citations: Citation) -> Answer:
    return Answer("?", bool(citations), "", "", citations)


# ---- question files


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"quotes": ["a b"], "groups": ["G"], "speakers": ["S"], "kind": "who"}, Quotes(("a b",), ("G",), ("S",))),
        ({"quotes": [], "groups": ["G", "H"], "kind": "groups"}, Quotes((), ("G", "H"), several=True)),
        ({"kind": "none"}, Quotes((), nobody=True)),
        ({"answerable": False, "gold_sentences": []}, Answerable(False)),
        ({"answerable": True, "gold_sentences": ["s"]}, Answerable(True, ("s",))),
        ({"gold": [{"article": 7, "fact": "f"}], "kind": "two"}, Facts((("7", "f"),))),
        ({"gold": []}, Facts(())),
        ({"gold": ["a", "b"], "answerability": ["ANSWERABLE"], "history": ["And?"]}, Turn(("a", "b"), True)),
        ({"gold": [], "answerability": "UNANSWERABLE"}, Turn((), False)),
        ({"gold": ["a"], "answerability": ["PARTIAL"]}, Turn(("a",), None)),
        ({"article": "a", "content": [[2, 5], [7, 8]], "names": ["N"]}, Said("a", (Span(2, 5), Span(7, 8)), ("N",))),
    ],
)
def test_fields_tell_what_a_row_measures(tmp_path: Path, fields: dict[str, Any], expected: Gold) -> None:
    (row,) = read_questions(_file(tmp_path, {"question": "Why?", **fields})).rows
    assert row.gold == expected


def test_what_is_right_is_never_asked(tmp_path: Path) -> None:
    right = {"question": "Why?", "quotes": ["q"], "groups": ["G"], "speakers": ["S"], "since": "2024", "history": ["Who?"]}
    told = {**right, "filters": {"groups": ["F"], "speakers": ["T"], "since": 2023, "until": "2024-12"}}
    one, other = read_questions(_file(tmp_path, right, "", told)).rows
    assert one.question == Question("Why?", history=("Who?",))
    assert other.question == Question("Why?", ("Who?",), ("F",), ("T",), PartialDate(2023), PartialDate(2024, 12))
    assert other.where.endswith("questions.jsonl:3")


def test_a_mark_before_and_a_line_separator_within_are_read(tmp_path: Path) -> None:
    path = tmp_path / "odd.jsonl"
    path.write_bytes('\ufeff{"question": "Why \u2028?", "quotes": ["\\ud800 q"]}\r\n'.encode())
    (row,) = read_questions(path).rows
    assert row.question.text == "Why \u2028?"
    assert row.gold == Quotes(("\ufffd q",))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("not json", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[1]", "is not a JSON object"),
        ('{"question": "Why?"}', 'of no known kind: its fields are question; expected "question" with "quotes"'),
        ('{"question": "Why?", "gold": "a"}', "of no known kind"),
        ('{"question": " ", "quotes": ["a"]}', 'has no "question"'),
        ('{"quotes": ["a"]}', 'has no "question"'),
        ('{"question": "Why?", "quotes": "a"}', '"quotes" is "a"; expected a list of texts'),
        ('{"question": "Why?", "quotes": []}', 'say so with "kind": "none"'),
        ('{"question": "Why?", "quotes": ["a"], "kind": 1}', '"kind" is 1'),
        ('{"question": "Why?", "answerable": "no"}', "expected true or false"),
        ('{"question": "Why?", "gold": [{"article": "a"}]}', '"fact"'),
        ('{"question": "Why?", "gold": ["a", {}]}', "expected the id of an article"),
        ('{"question": "Why?", "article": "a", "content": [[5, 2]], "names": ["N"]}', "[[start, end], ...]"),
        ('{"question": "Why?", "article": "a", "content": [[1, 2]], "names": []}', '"names" is empty'),
        ('{"question": "Why?", "quotes": ["a"], "filters": {"group": ["G"]}}', '"filters" is'),
        ('{"question": "Why?", "quotes": ["a"], "filters": {"since": "soon"}}', "'soon' is not a date"),
        (json.dumps({"question": "q" * 5000, "quotes": ["a"]}), "5,000 characters"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path: Path, line: str, said: str) -> None:
    path = _file(tmp_path, ROWS[0], line)
    with pytest.raises(ReadingError) as error:
        read_questions(path)
    assert str(error.value).startswith(f"{path}:2: ")
    assert said in str(error.value)
    assert "\n" not in str(error.value)


# ---- one answer


def test_quotes_are_judged_by_words_place_group_and_speaker() -> None:
    gold = Quotes(("the heron waits", "no such words"), ("Trust",), ("Marsh",))
    right = _cite("“The day is long,\nand the  heron waits.”", "Trust", "Dr Ada Marsh")
    wrong = _cite("The duck swims.", "Guild", "Hester Vane")
    perfect = marks.of_quotes(gold, _answer(right, wrong))
    assert set(perfect.values()) == {1.0}
    assert set(perfect) == {"answered_when_something_is", "group_first", "quote_first", "quote_top3", "speaker"}
    late = marks.of_quotes(gold, _answer(wrong, right))
    assert (late["group_first"], late["quote_first"], late["quote_top3"], late["speaker"]) == (0, 0, 1, 1)
    too_late = marks.of_quotes(gold, _answer(wrong, wrong, wrong, right))
    assert (too_late["quote_top3"], too_late["speaker"]) == (0, 0)
    by_another = marks.of_quotes(gold, _answer(_cite("and the heron waits", "Trust", "Hester Vane")))
    assert (by_another["quote_first"], by_another["speaker"]) == (1, 0)
    assert set(marks.of_quotes(gold, _answer()).values()) == {0.0}


def test_silence_is_right_where_nobody_answers() -> None:
    assert marks.of_quotes(Quotes((), nobody=True), _answer()) == {"silent_when_nothing_is_said": 1}
    assert marks.of_quotes(Quotes((), nobody=True), _answer(_cite("The duck swims."))) == {"silent_when_nothing_is_said": 0}


def test_what_a_row_does_not_tell_is_not_judged() -> None:
    assert set(marks.of_quotes(Quotes((), ("Trust",)), _answer())) == {"answered_when_something_is", "group_first"}
    assert set(marks.of_quotes(Quotes(("q",)), _answer())) == {"answered_when_something_is", "quote_first", "quote_top3"}
    assert marks.of_facts(Facts(()), [Found("a", "b")]) == {}
    assert marks.of_turn(Turn(("a",), None), False, [], _answer()) == {"recall@5": 0}


def test_groups_count_by_recall_and_precision() -> None:
    gold = Quotes(("q",), ("Trust", "Guild", "Union"), several=True)
    judged = marks.of_quotes(gold, _answer(_cite("q", "Trust"), _cite("q", "Trust"), _cite("q", "Guild"), _cite("q", "Club")))
    assert judged["groups_recall"] == pytest.approx(2 / 3)
    assert judged["groups_precision"] == pytest.approx(2 / 3)


def test_an_answerable_question_wants_a_gold_sentence_whole_or_cut() -> None:
    gold = Answerable(True, ("The heron stands at Alder Bridge from six until nine.",))
    cut = marks.of_answerable(gold, _answer(_cite("heron stands at Alder Bridge")))
    assert cut == {"answered_when_answerable": 1, "gold_sentence_in_top3": 1}
    assert marks.of_answerable(gold, _answer(_cite("The heron")))["gold_sentence_in_top3"] == 0  # too short to tell
    assert marks.of_answerable(Answerable(False), _answer()) == {"silent_when_unanswerable": 1}
    assert marks.of_answerable(Answerable(False), _answer(_cite("q"))) == {"silent_when_unanswerable": 0}


def test_facts_count_at_the_first_passage_that_holds_them() -> None:
    gold = Facts((("x", "the weir leaks"), ("y", "otters sneeze")))
    found = [Found("z", "Nothing."), Found("x", "We know the\nweir leaks."), Found("x", "The weir: the weir leaks."), Found("w", "Bread.")]
    judged = marks.of_facts(gold, found)
    assert (judged["hits@10"], judged["hits@4"], judged["mrr@10"], judged["map@10"]) == (1, 1, 0.5, 0.25)
    assert (judged["article_recall@10"], judged["every_article@10"], judged["every_fact@10"]) == (0.5, 0, 0)
    all_found = marks.of_facts(gold, [*found, Found("y", "Do otters sneeze?")])
    assert all_found["map@10"] == pytest.approx((1 / 2 + 1 / 5) / 2)
    assert (all_found["every_article@10"], all_found["every_fact@10"]) == (1, 1)
    assert marks.of_facts(gold, [Found("z", "")] * 4 + found)["hits@4"] == 0
    assert marks.of_facts(gold, [Found("z", "")] * 10 + found)["hits@10"] == 0


def test_a_turn_is_judged_by_its_first_five_passages_and_by_silence() -> None:
    found = [Found(article, "") for article in "abcdefg"]
    assert marks.of_turn(Turn(("a", "g"), True), True, found, _answer()) == {
        "recall@5": 0.5, "recall@5_follow_ups": 0.5, "answered_when_answerable": 0,
    }  # fmt: skip
    assert marks.of_turn(Turn((), False), False, found, _answer()) == {"silent_when_unanswerable": 1}


def test_said_wants_the_place_and_the_name() -> None:
    gold = Said("a", (Span(10, 20),), ("Marsh's",))
    there = _cite("five.", speaker="Ada MARSH", start=19)
    beside, elsewhere = _cite("five.", speaker="Marsh", start=20), _cite("five.", speaker="Marsh", article="b", start=12)
    judged = marks.of_said(gold, _answer(beside, elsewhere, there))
    assert judged == {"quote_first": 0, "speaker_first": 0, "quote_top3": 1, "speaker_top3": 1, "speaker_given_quote": 1}
    unnamed = marks.of_said(gold, _answer(_cite("five.", speaker="Tidemarsh", start=12)))  # within a word: another name
    assert (unnamed["quote_first"], unnamed["speaker_first"], unnamed["speaker_given_quote"]) == (1, 0, 0)
    assert "speaker_given_quote" not in marks.of_said(gold, _answer(beside))


# ---- many


def test_a_share_has_wilsons_interval() -> None:
    figure = share(18 / 21, 21)
    assert (figure.low, figure.high) == (pytest.approx(0.6536, abs=1e-4), pytest.approx(0.9502, abs=1e-4))
    assert written(figure) == "0.86 (0.65-0.95, n=21)"
    assert written(share(1, 1)) == "1.00 (0.21-1.00, n=1)"
    assert (share(0, 5).low, share(1, 5).high) == (0, 1)


def _outcome(kind: str | None, gold: Gold, judged: dict[str, float], seconds: float = 1.0) -> Outcome:
    return Outcome(Row("f:1", Question("Why?"), gold, kind), judged, seconds)


def test_figures_are_split_by_kind_and_by_what_rows_measure() -> None:
    outcomes = [
        _outcome("who", Quotes(("q",)), {"quote_first": 1.0}),
        _outcome("fact", Quotes(("q",)), {"quote_first": 0.0}),
        _outcome(None, Answerable(True), {"answered_when_answerable": 1.0}),
        _outcome(None, Answerable(False), {"silent_when_unanswerable": 0.0}),
    ]
    tables = {(table.task, table.kind): dict(table.figures) for table in report("f", outcomes).tables}
    assert set(tables) == {("answers", "who"), ("answers", "fact"), ("answers", None), ("answerable", None)}
    assert [tables["answers", kind]["quote_first"].value for kind in ("who", "fact", None)] == [1, 0, 0.5]
    balanced = tables["answerable", None]["balanced_accuracy"]
    assert (balanced.value, balanced.n) == (0.5, 2)
    assert 0 < balanced.low < 0.5 < balanced.high < 1


def test_times_are_the_middle_one_and_the_nearest_rank() -> None:
    outcomes = [_outcome(None, Quotes(("q",)), {"quote_first": 1.0}, seconds) for seconds in range(20, 0, -1)]
    found = report("f", outcomes)
    assert (found.median_seconds, found.p95_seconds) == (10.5, 19)


def test_the_worst_come_first_and_right_ones_never() -> None:
    golds = [{"quote_first": 1.0}, {"quote_first": 0.0, "quote_top3": 1.0}, {"quote_first": 0.0, "quote_top3": 0.0}, {}]
    found = report("f", [_outcome(None, Quotes(("q",)), judged) for judged in golds])
    assert [outcome.marks for outcome in found.worst(9)] == [golds[2], golds[1]]
    assert len(found.worst(1)) == 1
    assert found.worst(0) == []


def test_a_report_is_an_aligned_table_and_the_worst_rows() -> None:
    bad = Outcome(Row("f:2", Question("Who waits?"), Quotes(("the heron  waits",), ("Trust",))), {"quote_first": 0.0}, 0.5,
                  _answer(_cite("The duck swims.", "Guild", "Hester Vane", "g", 4)), verbatim=1)  # fmt: skip
    printed = list(lines(report("f", [_outcome("who", Quotes(("q",)), {"quote_first": 1.0}), bad]), 1))
    assert printed[0] == "f: 2 questions, 0.75 s each (median), 1.00 s (95th percentile)"
    assert printed[1].split() == ["task", "kind", "figure", "share", "(95%", "interval,", "n)"]
    assert "answers  all   quote_first  0.50 (0.09-0.91, n=2)" in printed
    assert "quotes   all   verbatim     1.00 (0.21-1.00, n=1)" in printed
    assert printed[-3:] == [
        "  wanted  published by Trust",
        '          "the heron waits"',
        '  came    by Hester Vane, published by Guild, g [4:19]: "The duck swims."',
    ]
    assert "f:2  Who waits?  (missed: quote_first)" in printed
    assert not any("f:2" in line for line in lines(report("f", [bad]), 0))


# ---- a real index


def test_an_index_is_measured(library: Library, tmp_path: Path) -> None:
    (found,) = evaluate(library, [read_questions(_file(tmp_path, *ROWS))], lambda *_: None)
    judged = [outcome.marks for outcome in found.outcomes]
    assert judged[0]["group_first"] == 1  # the file has an alias of the group, the citation its canonical name
    assert judged[1]["speaker"] == 1
    assert judged[2]["groups_recall"] == pytest.approx(2 / 3)
    assert judged[3] == {"silent_when_nothing_is_said": 1}
    assert (judged[4]["group_first"], judged[4]["quote_first"]) == (0, 0)  # what is right is not asked for: the club is found
    assert found.verbatim
    assert (found.verbatim.value, found.verbatim.n) == (1, sum(len(o.answer.citations) for o in found.outcomes if o.answer))
    assert 0 < found.median_seconds <= found.p95_seconds


def test_filters_are_asked(library: Library, tmp_path: Path) -> None:
    row = {"question": "Who speaks of a limit?", "quotes": ["limit"], "groups": ["River Trust"]}
    path = _file(tmp_path, row, {**row, "filters": {"groups": ["Mill Owners' Guild"]}})
    (found,) = evaluate(library, [read_questions(path)], lambda *_: None)
    free, filtered = ({citation.group for citation in outcome.answer.citations} for outcome in found.outcomes if outcome.answer)
    assert len(free) > 1
    assert filtered == {"Mill Owners' Guild"}


def test_right_answers_that_the_index_lacks_are_said(library: Library, tmp_path: Path) -> None:
    rows = [
        {"question": "Why?", "quotes": ["q"], "groups": ["WRT", "Beekeepers"]},
        {"question": "Why?", "gold": ["trust-limit", "nowhere"]},
    ]
    first, second = doubts(library, [read_questions(_file(tmp_path, *rows))])
    assert first.endswith("1 of the articles named as right are not in the index: nowhere")
    assert second.endswith("1 of the groups named as right are not in the index: Beekeepers")
    assert doubts(library, [read_questions(_file(tmp_path, *ROWS))]) == []


def _words_of(library: Library, id: str, words: str) -> list[int]:
    start = library.article(id).text.index(words)
    return [start, start + len(words)]


@pytest.mark.skipif(not SCORER.is_file(), reason="needs the shared scorer beside the repository")
def test_figures_are_those_of_the_shared_scorer(library: Library, tmp_path: Path) -> None:
    place = _words_of(library, "trust-limit", "and fish drown in it")
    jobs: dict[str, list[dict[str, Any]]] = {
        "answers": [{**row, "groups": [library.canonical(group) for group in row["groups"]]} for row in ROWS],
        "abstain": [
            {"question": "Who wants a fish pass?", "answerable": True, "gold_sentences": ["wants a fish pass there by 2026"]},
            {"question": "What would a new pipe cost?", "answerable": True, "gold_sentences": ["Nobody wrote this."]},
            {"question": "What is the capital of Mongolia?", "answerable": False, "gold_sentences": []},
        ],
        "search": [
            {"question": "salmon at the weir", "gold": [{"article": "anglers-salmon", "fact": "Salmon are patient."}]},
            {"question": "otters", "gold": [{"article": "trust-otters", "fact": "Three of the nine holts stand empty"},
                                            {"article": "letter", "fact": "Nobody wrote this."}]},
            {"question": "the moon", "gold": []},
        ],
        "turns": [
            {"question": "And the Farmers' Union?", "history": ["What does the River Trust say about a limit?"],
             "gold": ["union-no-flat-limit", "notice"], "answerability": ["ANSWERABLE"]},
            {"question": "Who speaks of otters?", "history": [], "gold": ["trust-otters"], "answerability": ["PARTIAL"]},
            {"question": "What is the capital of Mongolia?", "history": [], "gold": [], "answerability": ["UNANSWERABLE"]},
        ],
        "said": [
            {"question": "Who said: fish drown in warm water?", "article": "trust-limit", "content": [place], "names": ["Marsh"]},
            {"question": "Who said: fish drown in warm water?", "article": "letter", "content": [[0, 9]], "names": ["Marsh"]},
        ],
    }  # fmt: skip
    for job, rows in jobs.items():
        named = [{"id": str(number), **row} for number, row in enumerate(rows)]
        gold, out = _file(tmp_path, *named, name=f"{job}.jsonl"), tmp_path / f"{job}-out.jsonl"
        (found,) = evaluate(library, [read_questions(gold)], lambda *_: None)
        outputs = []
        for row in named:
            asked = Question(row["question"], tuple(row.get("history", ())))
            passages = [passage_row(library, hit) for hit in library.search(asked, 10)]
            outputs.append(json.dumps({"id": row["id"], **answer_row(library.ask(asked)), "passages": passages}))
        out.write_text("\n".join(outputs), "utf-8")
        command = [sys.executable, SCORER, job, gold, out, *([out] if job == "turns" else [])]
        scored = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])
        (total,) = [table for table in found.tables if table.kind is None]
        counts = {"answerable", "queries", "tasks", "questions"}
        assert {name: round(figure.value, 4) for name, figure in total.figures} == {
            name: value
            for name, value in scored.items()
            if name not in counts and value is not None  # None: no such rows
        }


# ---- the command


@pytest.fixture
def run(encoder: SentenceEncoder, index_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run `whosaid evaluate` in this process on the small corpus, with the encoder that is loaded already."""
    monkeypatch.setattr("qa.library.load_encoder", lambda model=None: encoder)

    def invoke(*arguments: str | Path) -> Result:
        result = CliRunner().invoke(cli.main, ["evaluate", "--index", str(index_folder), *map(str, arguments)])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


def test_the_command_prints_a_table_for_each_file(run: Callable[..., Result], tmp_path: Path) -> None:
    first, second = _file(tmp_path, *ROWS), _file(tmp_path, {"question": "otters", "gold": ["trust-otters", "x"]}, name="second.jsonl")
    result = run(first, second, "--failures", "1")
    assert result.exit_code == 0
    assert f"{first}: 5 questions, " in result.stdout
    assert f"{second}: 1 question, " in result.stdout
    assert "silent_when_nothing_is_said  1.00 (0.21-1.00, n=1)" in result.stdout
    assert f"{first}:5  Who wants a fish pass?" in result.stdout
    assert "not in the index: x" in result.stderr


def test_the_command_writes_one_object(run: Callable[..., Result], tmp_path: Path) -> None:
    (found,) = json.loads(run(_file(tmp_path, *ROWS), "--json", "--failures", "9").stdout)["files"]
    assert (found["questions"], found["verbatim"]["value"]) == (5, 1)
    assert set(found["seconds"]) == {"median", "p95"}
    totals = {table["kind"]: table["figures"] for table in found["tables"]}
    assert set(totals) == {"who", "reported", "groups", "none", None}
    assert totals[None]["silent_when_nothing_is_said"] == {"value": 1, "low": 0.2065, "high": 1, "n": 1}
    worst = found["failures"][0]
    assert worst["where"].endswith(":5")
    assert worst["wanted"] == ["published by City Council", '"words that nobody wrote"']
    assert "quote_first" in worst["missed"]
    assert "Anglers' Club" in worst["came"][0]


@pytest.mark.parametrize(
    ("text", "said"),
    [(None, "there is no such file"), ("\n \n", "is empty"), ("{}", ".jsonl:1: is of no known kind"), ("{", "is not JSON")],
)
def test_a_file_that_cannot_be_used_is_one_line_and_status_1(
    run: Callable[..., Result], tmp_path: Path, text: str | None, said: str
) -> None:
    path = tmp_path / "questions.jsonl"
    if text is not None:
        path.write_text(text, "utf-8")
    result = run(path)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"whosaid: {path}")
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_folder_is_no_question_file(run: Callable[..., Result], tmp_path: Path) -> None:
    result = run(tmp_path)
    assert (result.exit_code, "is a folder" in result.stderr) == (1, True)


def test_without_a_file_it_is_wrong_usage(run: Callable[..., Result]) -> None:
    assert run().exit_code == 2
