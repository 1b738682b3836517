"""Marked-up text to plain text: the paragraphs, headings, quotes, list items and table rows of an HTML or XML tree.

Every format that is HTML or can be turned into it goes through here, so that one set of rules decides what a text looks
like: an empty line between blocks, "> " before a quote, " | " between the cells of a row. Knows nothing of files.
"""

from __future__ import annotations

import html.entities
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from qa.errors import ReadingError

Kind = Literal["paragraph", "heading", "quote", "item", "row"]

# The second names of a kind are those that trafilatura uses for the same thing.
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "head"})
_ROWS = frozenset({"tr", "row"})
_CELLS = frozenset({"td", "th", "cell"})
_ITEMS = frozenset({"li", "item", "dt", "dd"})
_QUOTES = frozenset({"blockquote", "quote"})
_BLOCKS = (
    frozenset(
        "address article aside body caption center details div dl fieldset figcaption figure footer form header hr html legend list main"
        " nav ol p pre section summary table tbody tfoot thead ul".split()
    )
    | _HEADINGS
    | _ROWS
    | _ITEMS
    | _QUOTES
)
_BREAKS = frozenset({"br", "lb"})
_UNSEEN = frozenset(
    "audio button canvas datalist del embed iframe input math noscript object option rp rt s script select strike style svg template"
    " textarea title video".split()
)
AROUND = frozenset({"nav", "header", "footer", "aside", "form"})  # what stands around the text of a page

_SPACE = re.compile(r"\s+")
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\ufeff"))  # soft hyphen, zero-width space, byte order mark
_MARK = re.compile(r"[\[(]?(?:\d{1,3}|[*†‡↑↩])[\])]?\ufe0e?")  # of a footnote
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
_OF_XML = frozenset({"amp", "lt", "gt", "quot", "apos"})


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of text that stands for itself."""

    kind: Kind
    text: str


def parse_html(raw: bytes) -> Any:
    """Return the root of an HTML document in UTF-8; raise ReadingError where there is none."""
    from lxml import etree, html

    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    try:
        root = html.document_fromstring(raw.replace(b"\x00", b"\xef\xbf\xbd"), parser=parser)  # as browsers do with null bytes
    except (etree.LxmlError, ValueError) as error:
        raise ReadingError(f"has no HTML that can be read ({error}); save the page again") from error
    return root


def parse_xml(raw: bytes, inside: str) -> Any:
    """Return the root of an XML document; raise ReadingError where it isn't one. Nothing outside of it is ever fetched."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True)
    try:
        return etree.fromstring(raw, parser)
    except (etree.LxmlError, ValueError) as error:
        raise ReadingError(f"has a damaged part, {inside} ({error}); open it in the program that made it and save it again") from error


def parse_xhtml(raw: bytes, inside: str) -> Any:
    """Return the root of a document that should be XML and may only be HTML."""
    try:
        return parse_xml(_ENTITY.sub(_character, raw.decode("utf-8")).encode(), inside)
    except (UnicodeDecodeError, ReadingError):
        return parse_html(raw)


def _character(entity: re.Match[str]) -> str:
    """Write out an entity that HTML knows and XML doesn't."""
    known = html.entities.html5.get(f"{entity[1]};")
    return entity[0] if entity[1] in _OF_XML or known is None else known


def name_of(element: Any) -> str:
    """Return the name of an element without its namespace, in small letters; empty for what is no element."""
    tag = element.tag
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def blocks(root: Any, without: frozenset[str] = frozenset()) -> list[Block]:
    """Return the blocks of a tree in order, each with its white space collapsed, leaving out elements `without`.

    What a reader doesn't see, or sees struck through, is left out, and so are the marks of footnotes.
    """
    from lxml import etree

    found: list[Block] = []
    buffer: list[str] = []
    open_names: list[str] = []
    unseen = _UNSEEN | without

    def flush() -> None:
        lines = [" ".join(line.split()) for line in "".join(buffer).translate(_INVISIBLE).split("\n")]
        buffer.clear()
        text = "\n".join(lines).strip("\n")
        if text.strip(" |\n"):
            found.append(Block(_kind(open_names), text))

    def add(piece: str | None) -> None:
        if piece:
            buffer.append(piece if "pre" in open_names else _SPACE.sub(" ", piece))

    # lxml's walk needs no recursion, which a page nested a thousand deep would exhaust
    walk = etree.iterwalk(root, events=("start", "end"))
    skipped: Any = None  # lxml tells of the end of what it was told to skip
    for event, element in walk:
        name = name_of(element)
        if event == "start":
            if name in unseen or is_mark(element) or is_hidden(element):
                walk.skip_subtree()
                skipped = element
                continue
            if name in _BLOCKS and not _is_only_paragraph(element, name):
                flush()
                open_names.append(name)
            elif name in _CELLS and "".join(buffer).strip():
                buffer.append(" | ")
            elif name in _BREAKS:
                buffer.append("\n")
            elif name == "q":  # the marks that browsers show
                buffer.append("“")
            add(element.text)
        else:
            if element is skipped:
                skipped = None
            elif name in _BLOCKS and not _is_only_paragraph(element, name):
                flush()
                open_names.pop()
            elif name == "q":
                buffer.append("”")
            if element is not root:
                add(element.tail)
    flush()
    return found


def joined(found: Sequence[Block]) -> str:
    """Return the text of blocks: an empty line between two, none within a list or a table."""
    parts: list[str] = []
    before: Kind | None = None
    for block in found:
        if parts:
            parts.append("\n" if block.kind == before and block.kind in ("item", "row") else "\n\n")
        parts.append("\n".join(f"> {line}" for line in block.text.split("\n")) if block.kind == "quote" else block.text)
        before = block.kind
    return "".join(parts)


def without_title(found: list[Block], title: str | None) -> tuple[str | None, list[Block]]:
    """Return the title and the blocks below it, where the first block is a heading that has the title's words or is the only title."""
    if not found or found[0].kind != "heading":
        return title, found
    heading = " ".join(found[0].text.split())
    if title is None or heading.casefold() in " ".join(title.split()).casefold():
        return heading, found[1:]
    return title, found


def _kind(open_names: Sequence[str]) -> Kind:
    names = set(open_names)
    if names & _QUOTES:
        return "quote"
    if names & _HEADINGS:
        return "heading"
    for name in reversed(open_names):  # a paragraph in a list is an item, one in a table that lays out a page is a paragraph
        if name in _ITEMS:
            return "item"
        if name in _ROWS:
            return "row" if open_names[-1] == name else "paragraph"
    return "paragraph"


def _is_only_paragraph(element: Any, name: str) -> bool:
    """Tell whether a paragraph is all that a cell holds, so that the row stays one line."""
    if name not in ("p", "div"):
        return False
    parent = element.getparent()
    return parent is not None and name_of(parent) in _CELLS and len(parent) == 1 and not (parent.text or "").strip()


def is_hidden(element: Any) -> bool:
    """Tell whether an element says that it isn't shown."""
    return element.get("hidden") is not None or "display:none" in (element.get("style") or "").replace(" ", "").lower()


def is_mark(element: Any) -> bool:
    """Tell whether an element is the mark of a footnote, or the way back from one: no words of the text."""
    name = name_of(element)
    if name not in ("sup", "a") or len(element) > 2:
        return False
    link = element if name == "a" else next((child for child in element.iter() if name_of(child) == "a"), None)
    return link is not None and "#" in (link.get("href") or "") and _MARK.fullmatch("".join(element.itertext()).strip()) is not None
