"""Title, author, date and address are read from the first and last lines of a text, or left unknown."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.reading import read
from qa.reading.bylines import bare_names, byline
from qa.reading.datelines import date_in_address, dateline
from qa.reading.metadata import with_metadata
from qa.types import Article

WORDS = (
    "The river rose in the night and the mill stood still for an hour or more. Nobody in the valley could say why the water"
    " came so early in the year, and nobody asked the council."
)


def _read(text: str, **fields: object) -> tuple[str | None, str | None, str | None, str | None]:
    found = with_metadata(Article("x", text, **fields))  # type: ignore[arg-type]
    return found.title, found.author, str(found.published) if found.published else None, found.url


@pytest.mark.parametrize(
    ("text", "title", "author", "published", "url"),
    [
        (f"The weir\n\n{WORDS}", "The weir", None, None, None),
        (f"# The weir #\n\n{WORDS}", "The weir", None, None, None),
        (f"The weir\nBy Ada Marsh\n13 July 2025\n\n{WORDS}", "The weir", "Ada Marsh", "2025-07-13", None),
        (
            f"The weir\n\nA short word on a long story.\n\nBy Ada Marsh and Tom Hale\n\n{WORDS}",
            "The weir",
            "Ada Marsh, Tom Hale",
            None,
            None,
        ),
        (f"13 July 2025\nThe weir\n\n{WORDS}", "The weir", None, "2025-07-13", None),
        (f"The weir\n\n{WORDS}\n\nAda Marsh\nWendford, July 13, 2025", "The weir", "Ada Marsh", "2025-07-13", None),
        (f"The weir\n\n{WORDS}\n\n— Oyelaran Marsh, 13 July 2025", "The weir", None, "2025-07-13", None),
        (f"The weir\nAda Marsh, 13 July 2025\n\n{WORDS}", "The weir", "Ada Marsh", "2025-07-13", None),
        (f"https://wend.example/2025-weir\n{WORDS}\n—8 October", None, None, "2025-10-08", "https://wend.example/2025-weir"),
        (f"{WORDS}\n—8 October", None, None, None, None),
        (
            f"The weir\n\n{WORDS}\n\nSource: https://wend.example/2025/07/13/weir",
            "The weir",
            None,
            "2025-07-13",
            "https://wend.example/2025/07/13/weir",
        ),
        (f"The weir\n\n{WORDS}\n\nAda Marsh is a member of the River Trust.", "The weir", "Ada Marsh", None, None),
        (f"The weir\n\nWENDFORD, 13 July 2025 – {WORDS}", "The weir", None, "2025-07-13", None),
        (f"The weir\nPublished: 13 July 2025\nUpdated: 2 August 2025\n\n{WORDS}", "The weir", None, "2025-07-13", None),
        (f"Title: The weir\nAuthor: Ada Marsh\nDate: 13 July 2025\n\n{WORDS}", "The weir", "Ada Marsh", "2025-07-13", None),
    ],
)
def test_first_and_last_lines_tell(text: str, title: str | None, author: str | None, published: str | None, url: str | None) -> None:
    assert _read(text) == (title, author, published, url)


@pytest.mark.parametrize(
    "text",
    [
        WORDS,
        f"ON Monday, the council met.\n\n{WORDS}",
        f"“Rivers do not wait.”\n― Ada Marsh, The Weir\n\n{WORDS}",
        f"{WORDS}\n\nFree the river!",
        f"{WORDS}\n\nForward Together",
        f"{WORDS}\n\nRiver Trust",
        f"{WORDS}\n\nThe mill opened on 13 July 2025 and closed again.",
        f"{WORDS}\n\nIt was Ada Marsh who told us, and we thank her.\n\nAda Marsh",
        f"{WORDS}\n\nReferences\nhttps://wend.example/1",
        f"{WORDS}\n\nhttps://wend.example/1\nhttps://wend.example/2",
        f"Listen to this article\n\n{WORDS}",
        f"{WORDS}\n\nSigned\nAda Marsh\nTom Hale\nJoan Pell",
        f"05/07/2025\n\n{WORDS}",
    ],
)
def test_what_no_line_says_beyond_doubt_stays_unknown(text: str) -> None:
    assert with_metadata(Article("x", text)) == Article("x", text)


def test_dates_that_contradict_each_other_are_no_date() -> None:
    assert _read(f"The weir\n13 July 2025\n\n{WORDS}\n\n8 March 2024")[2] is None
    assert _read(f"The weir\nJuly 2025\n\n{WORDS}\n\n13 July 2025")[2] == "2025-07-13"
    assert _read(f"The weir\n\n1 March 2024\n{WORDS}\n\n8 March 2024\n{WORDS}\n\n9 March 2024\n{WORDS}")[2] is None


def test_title_and_address_leave_the_text_and_nothing_else_does() -> None:
    found = with_metadata(
        Article("x", f"https://wend.example/weir\n\nThe weir\n=====\n\nBy Ada Marsh\n\n{WORDS}\n\n13 July 2025\n", pages=(0, 60))
    )
    assert found.text == f"By Ada Marsh\n\n{WORDS}\n\n13 July 2025\n"
    assert found.origins == (("title", "text"), ("url", "text"), ("published", "dateline"), ("author", "byline"))
    assert found.pages == (0, 17)


def test_what_is_stated_is_never_overruled() -> None:
    stated = Article("x", f"The weir\nBy Ada Marsh\n\n{WORDS}", title="Another", author="Tom Hale")
    assert with_metadata(stated) == stated


def test_rows_and_digests_state_what_they_know(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"id": "a", "text": "The weir\\n\\nBy Ada Marsh\\n\\nWords."}\n', "utf-8")
    (tmp_path / "b.csv").write_text('id,text\nb,"The weir\n\nBy Ada Marsh\n\nWords."\n', "utf-8")
    (tmp_path / "c.md").write_text("---\nkind: digest\n---\nThe weir\n\nBy Ada Marsh\n\nWords.", "utf-8")
    for article in read([tmp_path]):
        assert isinstance(article, Article)
        assert (article.title, article.author, article.text) == (None, None, "The weir\n\nBy Ada Marsh\n\nWords.")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Sunday 13 July 2025", "2025-07-13"), ("July 13, 2025", "2025-07-13"), ("13.07.2025", "2025-07-13"),
        ("2025-07-13", "2025-07-13"),
        ("London, 13 July 2025", "2025-07-13"), ("Published on Mon, 14 Jul 2025 10:00 am", "2025-07-14"),
        ("le 1er mai 2023", "2023-05-01"),
        ("13 de julio de 2025", "2025-07-13"), ("13. März 2025", "2025-03-13"), ("13 luglio 2025", "2025-07-13"),
        ("3 de março de 2025", "2025-03-03"),
        ("Issue 12, July 2025", "2025-07"), ("05.07.2025", None), ("31 February 2025", None), ("The conference of 13 July 2025", None),
        ("2025", None), ("version 2.3.2025 of it", None),
    ],
)  # fmt: skip
def test_datelines(line: str, expected: str | None) -> None:
    found = dateline(line)
    assert (str(found.date) if found and found.date else None) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/2025/10/08/weir", "2025-10-08"), ("https://a.example/2025/oct/8/weir", "2025-10-08"),
        ("https://a.example/2024/06/", "2024-06"),
        ("https://a.example/2025/weir", None), ("https://a.example/2025-weir", None), ("https://a.example/S/RES/2735(2024)", None),
        ("https://a.example/2025/13/41/weir", None),
    ],
)  # fmt: skip
def test_dates_in_addresses(url: str, expected: str | None) -> None:
    found = date_in_address(url)
    assert (str(found) if found else None) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("By Ada Marsh", "Ada Marsh"), ("BY ADA MARSH", "Ada Marsh"), ("By Ada Marsh, River Correspondent", "Ada Marsh"),
        ("Words: Ada Marsh", "Ada Marsh"),
        ("By Oyelaran Badu, Tom Hale and Zara Quix", "Oyelaran Badu, Tom Hale, Zara Quix"),
        ("Interview by Ada Marsh in Wendford", "Ada Marsh"),
        ("Par Jean de la Fontaine", "Jean de la Fontaine"), ("By R. D. Hale", "R. D. Hale"), ("— Ada Marsh", "Ada Marsh"),
        ("By our staff", None), ("By the River Trust", None), ("By the time we left", None), ("by and large", None), ("By Ada", None),
    ],
)  # fmt: skip
def test_bylines_name_persons(line: str, expected: str | None) -> None:
    assert byline(line) == expected


@pytest.mark.parametrize(
    "line", ["Free Wendford", "River Trust", "New York", "Victoria Park", "Grace Church", "Monday Morning", "Read More", "Will Power"]
)
def test_other_words_with_capitals_are_no_names(line: str) -> None:
    assert bare_names(line) is None


@given(st.text())
def test_any_text_can_be_read_and_only_its_beginning_goes(text: str) -> None:
    assert text.endswith(with_metadata(Article("x", text)).text)
