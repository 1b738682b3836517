"""The command line: what it reads and writes, and one clear line for whatever can't be used."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from articles import IDS
from click.testing import CliRunner, Result

from qa import cli, settings
from qa.models import encoder as encoders
from qa.models.encoder import SentenceEncoder

Run = Callable[..., Result]


@pytest.fixture
def run(encoder: SentenceEncoder, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in this process, with the encoder that is loaded already unless the test names a model."""

    def same(name: str = encoders.BUNDLED) -> SentenceEncoder:
        return encoder if name == encoders.BUNDLED else SentenceEncoder(name)

    monkeypatch.setattr("qa.models.encoder.SentenceEncoder", same)

    def invoke(*arguments: str | Path) -> Result:
        result = CliRunner().invoke(cli.main, [str(argument) for argument in arguments])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


def _failed(result: Result, *said: str, status: int = 1) -> None:
    """Check that a command failed with one line that says these things."""
    assert result.exit_code == status
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("whosaid: ")
    for part in said:
        assert part in result.stderr


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


# ---- who says what


def test_statements_of_an_article_say_who_and_where(run: Run, index_folder: Path) -> None:
    result = run("statements", "union-reservoirs", "--index", index_folder)
    assert result.exit_code == 0
    assert "Ruth Amadi" in result.stdout
    rows = json.loads(run("statements", "union-reservoirs", "--json", "--index", index_folder).stdout)
    article = json.loads(run("articles", "--json", "--text", "--index", index_folder).stdout)
    text = next(row["text"] for row in article if row["id"] == "union-reservoirs")
    said = {row["speaker"]: [text[start:end] for start, end in row["content"]] for row in rows}
    assert any("the diggers, the clay and the money" in part for part in said["Ruth Amadi"])
    assert {"article", "group", "source", "cue", "content", "speaker", "voice", "organisation", "speech"} == set(rows[0])


def test_statements_of_one_speaker(run: Run, index_folder: Path) -> None:
    rows = json.loads(run("statements", "--speaker", "Marsh", "--json", "--index", index_folder).stdout)
    assert {row["speaker"] for row in rows} == {"Ada Marsh"}


def test_statements_of_a_batch_of_articles_need_no_index(run: Run, tmp_path: Path) -> None:
    batch, output = tmp_path / "articles.jsonl", tmp_path / "out.jsonl"
    text = "“The weir leaks,” said Ada Marsh. We shall mend it."
    batch.write_text(json.dumps({"id": "a", "text": text, "group": "River Trust"}) + '\n{"id": 7, "text": "Nobody spoke."}\n', "utf-8")
    assert run("statements", "--batch", batch, "--output", output).exit_code == 0
    first, second = _lines(output)
    assert (first["id"], second) == ("a", {"id": "7", "statements": []})
    said = next(row for row in first["statements"] if row["speaker"] == "Ada Marsh")
    assert said["voice"] == "quoted"
    assert [text[start:end] for start, end in said["content"]] == ["“The weir leaks,”"]


def test_a_batch_of_articles_goes_on_past_a_bad_line(run: Run, tmp_path: Path) -> None:
    batch, output = tmp_path / "articles.jsonl", tmp_path / "out.jsonl"
    batch.write_text('{"id": "a"}\n{"id": "b", "text": "Nobody spoke."}\n', "utf-8")
    _failed(run("statements", "--batch", batch, "--output", output), "articles.jsonl:1", "1 of the inputs could not be read")
    assert [row["id"] for row in _lines(output)] == ["b"]


def test_statements_of_an_article_that_is_not_there(run: Run, index_folder: Path) -> None:
    _failed(run("statements", "nowhere", "--index", index_folder), "no article with the id 'nowhere'", "whosaid articles")


def test_a_corrected_name_is_followed_listed_and_taken_back(run: Run, index_folder: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    shutil.copytree(index_folder, index)
    assert run("alias", "--index", index).stdout == "no corrected names\n"
    assert run("alias", "Ada Marsh", "Dr A. Marsh", "--index", index).stdout == "Ada Marsh → Dr A. Marsh\n"
    rows = json.loads(run("statements", "--speaker", "A. Marsh", "--json", "--index", index).stdout)
    assert {row["speaker"] for row in rows} == {"Dr A. Marsh"}
    assert json.loads(run("alias", "--json", "--index", index).stdout) == {"Ada Marsh": "Dr A. Marsh"}
    assert run("alias", "--remove", "Ada Marsh", "--index", index).stdout == "no corrected names\n"
    _failed(run("alias", "--remove", "Ada Marsh", "--index", index), "not a corrected name")
    _failed(run("alias", "A", "B", "--index", tmp_path / "none"), "no index here yet")


# ---- asking


def test_ask_prints_the_answer_and_where_it_stands(run: Run, index_folder: Path) -> None:
    result = run("ask", "Who calls for a limit on taking water between May and September?", "--index", index_folder)
    assert result.exit_code == 0
    assert "River Trust, in its own voice (March 2024):" in result.stdout
    assert "[1] A limit the Wend can live with (2024-03, https://rivertrust.example/limit) · trust-limit [" in result.stdout


def test_ask_is_silent_with_status_0(run: Run, index_folder: Path) -> None:
    result = run("ask", "What does the Anglers' Club say about nuclear power?", "--index", index_folder)
    assert result.exit_code == 0
    assert "Anglers' Club" in result.stdout
    assert "Nearest passages, which don't answer:" in result.stdout
    assert "[1]" not in result.stdout


def test_ask_json_is_one_object_with_exact_places(run: Run, index_folder: Path) -> None:
    row = json.loads(run("ask", "What did Ada Marsh say about warm water?", "--json", "--index", index_folder).stdout)
    texts = {article["id"]: article["text"] for article in json.loads(run("articles", "--json", "--text", "--index", index_folder).stdout)}
    assert row["answered"] is True
    first = row["citations"][0]
    assert set(first) == {
        "number", "article", "group", "speaker", "voice", "organisation", "quote", "start", "end", "page", "title", "published", "url",
        "kind", "source", "cue", "said", "also_in",
    }  # fmt: skip
    assert (first["number"], first["speaker"], first["voice"], first["published"]) == (1, "Ada Marsh", "quoted", "2024-03")
    for citation in row["citations"]:
        assert texts[citation["article"]][citation["start"] : citation["end"]] == citation["quote"]


def test_ask_takes_filters_and_earlier_questions(run: Run, index_folder: Path) -> None:
    result = run("ask", "And the FUW?", "--after", "What does the River Trust say about a limit?", "--json", "--index", index_folder)
    assert json.loads(result.stdout)["citations"][0]["group"] == "Farmers' Union"
    result = run("ask", "Who speaks of a limit?", "--group", "WRT", "--until", "2024", "--json", "--index", index_folder)
    assert {citation["group"] for citation in json.loads(result.stdout)["citations"]} == {"River Trust"}
    result = run("ask", "What about warm water?", "--speaker", "Ada Marsh", "--json", "--index", index_folder)
    assert {citation["speaker"] for citation in json.loads(result.stdout)["citations"]} == {"Ada Marsh"}


def test_a_batch_of_questions(run: Run, index_folder: Path, tmp_path: Path) -> None:
    questions = [
        {"id": "a", "question": "Who said that fish drown in warm water?"},
        {"id": 2, "question": "And the Farmers' Union?", "history": ["What does the River Trust say about a limit?"], "groups": None},
        {"id": "c", "question": "What is the capital of Mongolia?", "since": 2023, "until": "2024-12", "speakers": 1, "unknown": 1},
    ]
    odd = '{"id": "\u2028", "question": "What about \\ud800 \u2028?"}'  # a line separator as it is, half a character escaped
    (tmp_path / "in.jsonl").write_text("\n\n".join([*map(json.dumps, questions), odd]), "utf-8")
    result = run("ask", "--batch", tmp_path / "in.jsonl", "--output", tmp_path / "out.jsonl", "--index", index_folder)
    assert result.exit_code == 0
    rows = _lines(tmp_path / "out.jsonl")
    assert [row["id"] for row in rows] == ["a", 2, "c", "\u2028"]
    assert [row["answered"] for row in rows] == [True, True, False, False]
    assert rows[0]["citations"][0]["speaker"] == "Ada Marsh"
    assert rows[2]["citations"] == []


def test_lines_of_a_batch_that_cannot_be_asked_are_said_and_the_rest_goes_on(run: Run, index_folder: Path, tmp_path: Path) -> None:
    lines = [
        "not json", '{"id": 1}', '["a"]', '{"id": 2, "question": ""}', '{"id": 3, "question": "Why?", "since": "soon"}',
        '{"id": 4, "question": "Why?", "history": "And?"}', '{"id": 5, "question": "Who wants a fish pass?"}', "[" * 100_000,
    ]  # fmt: skip
    (tmp_path / "in.jsonl").write_text("\n".join(lines), "utf-8")
    result = run("ask", "--batch", tmp_path / "in.jsonl", "--output", tmp_path / "out.jsonl", "--index", index_folder)
    _failed(
        result, "7 of 8 lines", "in.jsonl:1: is not JSON", 'in.jsonl:2: has no "question"', "in.jsonl:4: the question is empty", "'soon'"
    )
    rows = _lines(tmp_path / "out.jsonl")
    assert len(rows) == 8
    assert [row["answered"] for row in rows].count(True) == 1
    assert rows[6]["id"] == 5


@pytest.mark.parametrize(
    "arguments",
    [
        ["ask"],
        ["statements", "--batch", __file__],
        ["statements", "a", "--batch", __file__, "--output", "b"],
        ["alias", "one name"],
        ["alias", "one name", "--remove", "another"],
        ["ask", "Why?", "--batch", __file__],
        ["ask", "--batch", __file__],
        ["ask", "Why?", "--output", "x"],
        ["search", "a", "-k", "0"],
        ["asks"],
    ],
)
def test_wrong_usage_is_status_2(run: Run, arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


@pytest.mark.parametrize(("question", "said"), [("", "is empty"), ("  ", "is empty"), ("q" * 100_000, "100,000 characters")])
def test_a_question_that_is_none(run: Run, index_folder: Path, question: str, said: str) -> None:
    _failed(run("ask", question, "--index", index_folder), said)


def test_a_date_that_is_none(run: Run, index_folder: Path) -> None:
    _failed(run("ask", "Why?", "--since", "soon", "--index", index_folder), "since 'soon'", "2025-10-08")


# ---- searching and listing


def test_search_prints_and_writes_passages(run: Run, index_folder: Path, tmp_path: Path) -> None:
    assert "anglers-salmon" in run("search", "salmon at the weir", "-k", "2", "--index", index_folder).stdout.splitlines()[0]
    row = json.loads(run("search", "salmon at the weir", "-k", "2", "--json", "--index", index_folder).stdout)
    assert len(row["passages"]) == 2
    assert set(row["passages"][0]) == {"article", "start", "end", "text", "score", "group"}
    (tmp_path / "in.jsonl").write_text('{"id": "x", "question": "salmon"}', "utf-8")
    run("search", "--batch", tmp_path / "in.jsonl", "--output", tmp_path / "out.jsonl", "-k", "3", "--index", index_folder)
    (found,) = _lines(tmp_path / "out.jsonl")
    assert found["id"] == "x"
    assert len(found["passages"]) == 3


def test_articles_as_table_list_and_lines(run: Run, index_folder: Path, tmp_path: Path) -> None:
    table = run("articles", "--index", index_folder).stdout.splitlines()
    assert len(table) == len(IDS)
    assert table[0].startswith("2024-07-15  Mill Owners' Guild, Guild goes to court")
    assert any("unknown group" in line for line in table)
    rows = json.loads(run("articles", "--json", "--index", index_folder).stdout)
    assert {row["id"] for row in rows} == IDS
    assert "text" not in rows[0]
    run("articles", "--text", "--output", tmp_path / "all.jsonl", "--index", index_folder)
    assert {row["id"] for row in _lines(tmp_path / "all.jsonl") if row["text"]} == IDS
    assert len(run("articles", "--group", "FUW", "--index", index_folder).stdout.splitlines()) == 2


def test_groups(run: Run, index_folder: Path) -> None:
    assert "   2  River Trust  (also: Wend River Trust, WRT, Clear Water)" in run("groups", "--index", index_folder).stdout
    rows = {row["name"]: row for row in json.loads(run("groups", "--json", "--index", index_folder).stdout)}
    assert rows["River Trust"]["articles"] == 2
    assert (rows["River Trust"]["first"], rows["River Trust"]["last"]) == ("2023", "2024-03")
    assert rows["Anglers' Club"]["parent"] == "River Trust"


# ---- building, and input that can't be used


def test_build_says_what_it_did(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("The heron stands at the bridge.", "utf-8")
    first = run("build", tmp_path / "a.md", "--index", tmp_path / "i")
    assert first.exit_code == 0
    assert "1 added; 1 sentences encoded" in first.stdout
    again = json.loads(run("build", tmp_path / "a.md", "--index", tmp_path / "i", "--json").stdout)
    assert (again["unchanged"], again["sentences"], again["skipped"]) == (1, 0, [])


def test_build_goes_on_past_what_it_cannot_read(run: Run, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "good.md").write_text("---\ntitle: Good\npublished: soon\n---\nThe heron stands at the bridge.", "utf-8")
    (corpus / "yaml.md").write_text("---\ntitle: [a\n---\nThe duck swims.", "utf-8")
    (corpus / "empty.txt").write_bytes(b"")
    (corpus / "blank.txt").write_text(" \n", "utf-8")
    (corpus / "latin.txt").write_bytes("Die Mühle am Fluß ist über hundert Jahre alt und hört nie auf zu mahlen.".encode("latin-1"))
    (corpus / "rows.jsonl").write_text('{"id": "good", "text": "Twice."}\nnot json\n{"id": "r", "text": "A third."}', "utf-8")
    result = run("build", corpus, "--index", tmp_path / "i")
    _failed(
        result, "empty.txt: is empty", "blank.txt: is empty", "'soon' is not a date", "yaml.md: front matter is not YAML", "rows.jsonl:2"
    )
    assert "id 'good' is already the id of" in result.stderr
    ids = {row["id"] for row in json.loads(run("articles", "--json", "--index", tmp_path / "i").stdout)}
    assert ids == {"good", "yaml", "latin", "r"}


@pytest.mark.slow
def test_a_very_long_line_is_read(run: Run, tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("The heron stood at the weir and " + "waited, " * 6_000 + "and nobody came.", "utf-8")
    assert run("build", tmp_path / "long.txt", "--index", tmp_path / "i").exit_code == 0
    row = json.loads(run("search", "heron at the weir", "-k", "1", "--json", "--index", tmp_path / "i").stdout)
    assert "heron" in row["passages"][0]["text"]


def test_the_life_of_an_article(run: Run, corpus_folder: Path, tmp_path: Path) -> None:
    index, leaflet = tmp_path / "i", tmp_path / "leaflet.txt"
    leaflet.write_text(
        "The ford at Holm is closed.\n\nThe water stands too high for carts, and the ferry is out of order until June.\n", "utf-8"
    )
    run("build", corpus_folder, "--index", index)
    assert "1 added" in run("add", leaflet, "--index", index).stdout
    row = json.loads(run("ask", "Who says that the ford at Holm is closed?", "--json", "--index", index).stdout)
    assert [(one["article"], one["group"]) for one in row["citations"]] == [("leaflet", None)]
    edited = run("edit", "leaflet", "--group", "City Council", "--published", "2025-04", "--index", index)
    assert "1 changed" in edited.stdout
    assert run("articles", "--group", "Wendford City Council", "--since", "2025", "--index", index).stdout.splitlines() == [
        "2025-04     City Council, (no title)  [leaflet]"
    ]
    assert "1 removed" in run("remove", "leaflet", "--index", index).stdout
    assert json.loads(run("articles", "leaflet", "--json", "--index", index).stdout) == []
    _failed(run("remove", "leaflet", "--index", index), "no article with the id 'leaflet'")
    _failed(run("edit", "notice", "--published", "soon", "--index", index), "'soon' is not a date")
    assert run("edit", "notice", "--index", index).exit_code == 2
    _failed(run("refresh", "--index", index), "no link was added to this index; whosaid add URL does that")
    _failed(run("add", tmp_path / "nowhere.txt", "--index", index), "there is no such file or folder")


def test_articles_can_be_filtered(run: Run, index_folder: Path) -> None:
    def ids(*filters: str) -> set[str]:
        return {row["id"] for row in json.loads(run("articles", *filters, "--json", "--index", index_folder).stdout)}

    assert ids() == IDS
    assert ids("otters") == {"trust-otters"}
    assert ids("--unknown", "group") | ids("--group", "River Trust") < IDS
    assert ids("--unknown", "group").isdisjoint(ids("--group", "River Trust"))
    assert ids("--until", "2024-03") < IDS
    assert "notice" not in ids("--since", "1900")
    assert ids("--inferred") == {"notice"}
    _failed(run("articles", "--since", "soon", "--index", index_folder), "since 'soon' is not a date")


def test_build_without_articles_changes_nothing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    _failed(run("build", tmp_path / "empty", "--index", tmp_path / "i"), "no article found", "nothing was changed")
    assert not (tmp_path / "i").exists()


def test_paths_that_cannot_be_used(run: Run, tmp_path: Path, index_folder: Path) -> None:
    (tmp_path / "a.md").write_text("Words.", "utf-8")
    (tmp_path / "a.xyz").write_text("Words.", "utf-8")
    _failed(run("build", tmp_path / "missing", "--index", tmp_path / "i"), "missing", "there is no such file or folder")
    _failed(run("build", tmp_path / "a.xyz", "--index", tmp_path / "i"), ".xyz", "expected one of")
    _failed(run("build", tmp_path / "a.md", "--index", tmp_path), "is not an index")
    _failed(run("build", tmp_path / "a.md", "--index", tmp_path / "a.md"), "is a file")
    _failed(run("ask", "Why?", "--index", tmp_path / "nothing"), "no index here yet", "whosaid build")
    _failed(run("ask", "Why?", "--index", tmp_path), "is not an index")
    _failed(run("ask", "Why?", "--model", tmp_path / "no-model", "--index", index_folder), "no-model", "there is no such folder")
    _failed(run("ask", "Why?", "--model", tmp_path, "--index", index_folder), "config.json")
    _failed(run("build", tmp_path / "a.md", "--groups", tmp_path / "a.xyz", "--index", tmp_path / "i"), "can't be read as TOML")
    assert (tmp_path / "a.md").read_text("utf-8") == "Words."


# ---- settings and starting


def test_the_index_comes_from_the_environment(run: Run, index_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHOSAID_INDEX", str(index_folder))
    assert run("groups").exit_code == 0


@pytest.mark.slow
def test_the_corpus_that_ships_reads_without_a_notice(run: Run, tmp_path: Path) -> None:
    row = json.loads(run("build", settings.shipped_corpus(), "--index", tmp_path / "i", "--json").stdout)
    assert (row["added"], row["skipped"]) == (12, [])
    answer = json.loads(run("ask", "And the Spartacists?", "--after", "What does Red Flag say about the Trump plan?", "--json",
                            "--index", tmp_path / "i").stdout)  # fmt: skip
    assert answer["citations"][0]["group"] == "International Communist League (Fourth Internationalist)"
    assert answer["citations"][0]["kind"] == "digest"


@pytest.mark.slow
def test_the_installed_command_runs() -> None:
    command = Path(sys.executable).with_name("whosaid")
    done = subprocess.run([command, "--help"], capture_output=True, text=True, check=True)
    for name in ("build", "add", "refresh", "ask", "search", "check", "articles", "edit", "remove", "groups", "evaluate", "serve"):
        assert f"  {name} " in done.stdout


@pytest.mark.parametrize("columns", [["text"], ["text=a", "text=b"], ["=a"]])
def test_a_column_has_a_field_and_a_name(tmp_path: Path, columns: list[str]) -> None:
    told = [part for column in columns for part in ("--column", column)]
    result = CliRunner().invoke(cli.main, ["build", str(tmp_path), *told])
    assert result.exit_code == 2
    assert "expected FIELD=NAME, each field once, such as text=body" in result.stderr
