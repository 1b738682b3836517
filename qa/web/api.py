"""What programs may ask of the page's server: seven functions over HTTP and, as tools, over MCP.

They return the rows that the command line prints with --json. Each checks all that it is given, since nobody has done so
before, and raises WhosaidError with one line. They read only, and know neither HTTP nor MCP.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from qa.errors import QuestionError, SettingsError, WhosaidError
from qa.library import Library
from qa.models.writer import Writer
from qa.rows import Row, answer_row, article_row, check_row, comparison_row, group_row, passage_row
from qa.settings import LONGEST_QUESTION, LONGEST_QUOTE
from qa.types import Article, PartialDate, Question
from qa.web.opening import Opening, in_words

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

ENDPOINTS = ("ask", "search", "compare", "check", "list_groups", "list_articles", "get_article")
AT_ONCE = 4  # questions of the page and of programs over HTTP that are worked on at the same time
LONGEST_NAME = 300  # characters
MOST_NAMES = 100
MOST_EARLIER = 50
MOST_PASSAGES = 100
MOST_ARTICLES = 1000

_FAILED = "something went wrong here; the terminal of the server says what"


class Api:
    """The seven functions, over a library that may still be on its way."""

    def __init__(self, opening: Opening) -> None:
        """Answer from the library that `opening` opens."""
        self._opening = opening

    def functions(self) -> tuple[Callable[..., Any], ...]:
        """Return them all; their names, types and descriptions are what programs see."""
        return tuple(getattr(self, name) for name in ENDPOINTS)

    def ask(
        self,
        question: str,
        history: list[str] | None = None,
        groups: list[str] | None = None,
        speakers: list[str] | None = None,
        since: str | None = None,
        until: str | None = None,
        worded: bool = False,
    ) -> dict[str, Any]:
        """Answer a question with word-for-word quotes, each with who says it and in whose article, or say that nobody speaks of it.

        Args:
            question: A question in English, for example "Who calls for a ceasefire?"; at most 2,000 characters.
            history: Earlier questions of the same conversation, the oldest first.
            groups: Only articles of these groups; list_groups names them.
            speakers: Only where these people or bodies speak.
            since: Only articles of this date or later: 2025, 2025-10 or 2025-10-08.
            until: Only articles of this date or earlier.
            worded: Whether the server's language model, where it has one, also words the answer from its quotes: "written".
        """
        asked = _question(question, history, groups, speakers, since, until)
        if not isinstance(worded, bool):
            raise SettingsError(f"worded: expected true or false, not {_shown(worded)}")
        library = self._library()
        answer = library.ask(asked)
        if worded:
            answer = library.worded(answer, self._writer())
        also = [passage_row(library, hit) for hit in answer.also_found]
        return {"question": answer.question, **answer_row(answer), "also_found": also}

    def search(
        self, question: str, k: int = 10, groups: list[str] | None = None, since: str | None = None, until: str | None = None
    ) -> dict[str, Any]:
        """Find the passages nearest to a question, best first, from the groups and dates that it names.

        Args:
            question: A question or a few words; at most 2,000 characters.
            k: How many passages, from 1 to 100.
            groups: Only articles of these groups; list_groups names them.
            since: Only articles of this date or later: 2025, 2025-10 or 2025-10-08.
            until: Only articles of this date or earlier.
        """
        asked, most = _question(question, None, groups, None, since, until), _number("k", k, 1, MOST_PASSAGES)
        library = self._library()
        return {"question": asked.text, "passages": [passage_row(library, hit) for hit in library.search(asked, most)]}

    def compare(
        self, topic: str, groups: list[str] | None = None, since: str | None = None, until: str | None = None, by_date: bool = False
    ) -> dict[str, Any]:
        """Tell of each group what it says on a topic, whether it only mentions it, or that nothing was found in its articles.

        Args:
            topic: What to compare them on, for example "river levels"; at most 2,000 characters.
            groups: Only these groups, else all that have articles; list_groups names them.
            since: Only articles of this date or later: 2025, 2025-10 or 2025-10-08.
            until: Only articles of this date or earlier.
            by_date: In order of time, to see who changed.
        """
        asked = _question(topic, None, groups, None, since, until, what="topic")
        if not isinstance(by_date, bool):
            raise SettingsError(f"by_date: expected true or false, not {_shown(by_date)}")
        return comparison_row(self._library().compare(asked, by_date=by_date))

    def check(self, quote: str, speaker: str | None = None) -> dict[str, Any]:
        """Tell who says a pasted quote, where, and whether word for word, altered, by somebody else, or nowhere.

        Args:
            quote: The words that somebody is said to have said; at most 10,000 characters.
            speaker: The person or body that is said to have said them.
        """
        words = _text("quote", quote, LONGEST_QUOTE)
        name = None if speaker is None else _text("speaker", speaker, LONGEST_NAME)
        return check_row(self._library().check(words, name))

    def list_groups(self) -> list[dict[str, Any]]:
        """List the groups that have articles, with their other names, how many articles and of what time; those with most first."""
        return [group_row(entry) for entry in self._library().groups()]

    def list_articles(
        self,
        words: str = "",
        groups: list[str] | None = None,
        since: str | None = None,
        until: str | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[dict[str, Any]]:
        """List the articles, the newest first, without their texts.

        Args:
            words: Only articles that have all these words in title, author, id, address or publication.
            groups: Only articles of these groups; list_groups names them.
            since: Only articles of this date or later: 2025, 2025-10 or 2025-10-08.
            until: Only articles of this date or earlier.
            limit: How many at most, from 1 to 1,000.
            offset: How many of the newest to leave out, for the next ones of a long list.
        """
        wanted, names = _text("words", words, LONGEST_NAME).split(), _names("groups", groups, MOST_NAMES)
        first, last = _stretch(since, until)
        start, most = _number("offset", offset, 0, 10**9), _number("limit", limit, 1, MOST_ARTICLES)
        found = self._library().articles(*wanted, groups=names, since=first, until=last)
        return [_article(article, with_text=False) for article in found[start : start + most]]

    def get_article(self, id: str) -> dict[str, Any]:
        """Return one article with its whole text, in which the start and end of each quote count characters.

        Args:
            id: The id of an article, as answers and list_articles give it.
        """
        name = _text("id", id, LONGEST_QUESTION)
        try:
            return _article(self._library().article(name), with_text=True)
        except KeyError:
            raise SettingsError(f"no article with the id {_shown(name)}; list_articles lists them") from None

    def _writer(self) -> Writer:
        if not self._opening.writers:
            raise SettingsError("worded: this server has no language model; whosaid serve --writer names one")
        return self._opening.writers[0]

    def _library(self) -> Library:
        opened = self._opening.opened
        if opened is None:
            stage = self._opening.stage
            raise SettingsError(stage.problem or f"the articles are not open yet ({stage.in_words()}); try again in a moment")
        opened.library.refresh()
        return opened.library


def one_line(function: Callable[..., Any], failure: Callable[[str], Exception]) -> Callable[..., Any]:
    """Return the function with whatever goes wrong raised as a `failure` of one line, without a trace of the code."""

    @wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except WhosaidError as error:
            raise failure(" ".join(in_words(error).split())) from None
        except Exception:
            logging.getLogger(__name__).exception("%s failed", function.__name__)
            raise failure(_FAILED) from None

    return wrapped


def connect(opening: Opening) -> None:
    """Make the functions endpoints of the page that is being laid out; they share the queue with its questions."""
    import gradio as gr

    def failure(line: str) -> Exception:
        return gr.Error(line, print_exception=False)  # type: ignore[no-any-return]

    for function in Api(opening).functions():
        gr.api(one_line(function, failure), api_name=function.__name__, concurrency_id="ask", concurrency_limit=AT_ONCE)


async def unreadable(request: Request, error: Exception) -> Response:
    """Answer a call over HTTP whose parameters Gradio couldn't match, which it doesn't catch itself."""
    from starlette.responses import JSONResponse

    if not request.url.path.startswith("/gradio_api/call/"):
        logging.getLogger(__name__).error("%s failed", request.url.path, exc_info=error)
        return JSONResponse({"error": _FAILED}, 500)
    known = "GET /gradio_api/info lists the endpoints with their parameters"
    return JSONResponse({"error": f"there is no such endpoint, or it has no such parameter; {known}"}, 422)


def _article(article: Article, *, with_text: bool) -> Row:
    """Return the row of an article; where the server keeps its file is nobody else's business, its name is enough."""
    row = article_row(article, with_text)
    source = row["source"]
    return {**row, "source": PurePath(source).name if source and "://" not in source else source}


def _question(
    text: object, history: object, groups: object, speakers: object, since: object, until: object, what: str = "question"
) -> Question:
    first, last = _stretch(since, until)
    words = _text(what, text, LONGEST_QUESTION)
    if not words.strip():
        raise QuestionError(f"{what}: it is empty; ask in words, for example: Who said that ...?")
    earlier = _names("history", history, MOST_EARLIER, LONGEST_QUESTION)
    return Question(words, earlier, _names("groups", groups, MOST_NAMES), _names("speakers", speakers, MOST_NAMES), since=first, until=last)


def _text(name: str, value: object, longest: int) -> str:
    if not isinstance(value, str):
        raise SettingsError(f"{name}: expected a text, not {_shown(value)}")
    if len(value) > longest:
        raise SettingsError(f"{name}: it has {len(value):,} characters; expected at most {longest:,}")
    return value.encode("utf-8", "replace").decode()  # half a character can be neither sent nor stored


def _names(name: str, value: object, most: int, longest: int = LONGEST_NAME) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise SettingsError(f"{name}: expected a list of texts, not {_shown(value)}")
    if len(value) > most:
        raise SettingsError(f"{name}: there are {len(value):,}; expected at most {most}")
    return tuple(_text(name, entry, longest) for entry in value)


def _number(name: str, value: object, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise SettingsError(f"{name}: expected a whole number from {least:,} to {most:,}, not {_shown(value)}")
    return value


def _stretch(since: object, until: object) -> tuple[PartialDate | None, PartialDate | None]:
    first, last = _date("since", since), _date("until", until)
    if first and last and first.first > last.last:
        raise SettingsError(f"since {first} lies after until {last}; swap the two")
    return first, last


def _date(name: str, value: object) -> PartialDate | None:
    if value is None or value == "":
        return None
    try:
        return PartialDate.parse(_text(name, value, 40))
    except ValueError:
        raise SettingsError(f"{name}: {_shown(value)} is not a date; expected 2025, 2025-10 or 2025-10-08") from None


def _shown(value: object) -> str:
    """Return what came, shortened, for a message."""
    words = repr(value)
    return words if len(words) <= 60 else f"{words[:59]}…"
