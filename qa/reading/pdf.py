"""PDF: PDFium tells where each character stands, `layout` makes reading order and paragraphs of that.

The dates in a PDF are when its file was made and changed, and are never taken for a date of publishing.
"""

from __future__ import annotations

import ctypes
import re
import threading
from collections.abc import Iterator
from typing import Any

from qa.errors import ReadingError
from qa.reading.files import Notice, Source, article_from, author_of
from qa.reading.layout import Piece, laid_out
from qa.types import Article

_MOST_PAGES = 5_000
_HYPHEN = "\x02"  # what PDFium gives in place of a hyphen that ends a line
_UNKNOWN = re.compile("[\ufffd\ue000-\uf8ff]")  # glyphs of which the file doesn't say which letters they are
_NO_TITLE = re.compile(
    r"(?:untitled|title|document)\d*|microsoft \w+ - .*|.*\.(?:docx?|odt|rtf|pdf|indd|qxd|pages|tex|dvi|pmd)", re.IGNORECASE
)  # what programs put in place of a title
_PDFIUM = threading.Lock()  # the library may be in use by one thread only
_GAP, _BACK, _RISE = 0.9, 0.5, 0.45  # of a line's height: how far right, left or up a character may be to continue a piece


def read_pdf(source: Source) -> Iterator[Article | Notice]:
    """Yield the article of a PDF, with where its pages start; raise ReadingError where it has no text or can't be opened."""
    with _PDFIUM:
        pages, pictures, stated = _opened(source.raw)
    if b"%%EOF" not in source.raw[-2048:]:
        yield Notice(source.name, f"seems to be cut off; what could be read of it, {len(pages)} pages, was read", skipped=False)
    if not any(pages):
        what = "only pictures, as scans have" if pictures else "no text"
        raise ReadingError(f"has {what} on its {len(pages)} pages; run text recognition (OCR) on it first")
    if pictures:
        numbers = ", ".join(map(str, pictures[:10])) + (", ..." if len(pictures) > 10 else "")
        yield Notice(
            source.name, f"has pictures and no text on page {numbers}; run text recognition (OCR) to have them read", skipped=False
        )
    text, starts = laid_out(pages)
    unknown = len(_UNKNOWN.findall(text))
    if unknown > len(text) / 10:
        raise ReadingError("doesn't tell which letters its characters are; run text recognition (OCR) on it, or get it in another format")
    title = " ".join((stated.get("Title") or "").split())
    fields = {"title": None if _NO_TITLE.fullmatch(title) else title, "author": author_of(stated.get("Author"))}
    yield from article_from(fields, text, source.default_id, source.name, "file metadata", pages=starts)


def _opened(raw: bytes) -> tuple[list[list[Piece]], list[int], dict[str, str]]:
    """Return the pieces of each page, the numbers of pages that are only pictures, and what the file states of itself."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(raw)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise ReadingError("is protected by a password; save it without one") from error
        raise ReadingError("is no PDF, or damaged or cut off; get it again, or open it and save it as a new PDF") from error
    try:
        if len(document) > _MOST_PAGES:
            raise ReadingError(f"has {len(document)} pages; expected at most {_MOST_PAGES}; divide it")
        pages, pictures = [], []
        for number in range(len(document)):
            page = document[number]
            pieces = _pieces(page)
            if not pieces and any(page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE], max_depth=3)):
                pictures.append(number + 1)
            pages.append(pieces)
            page.close()
        return pages, pictures, document.get_metadata_dict()
    except pypdfium2.PdfiumError as error:
        raise ReadingError(f"has a damaged page ({error}); open it and save it as a new PDF") from error
    finally:
        document.close()


def _pieces(page: Any) -> list[Piece]:
    """Return the runs of characters that stand beside each other on a page, in the order in which the file draws them."""
    from pypdfium2 import raw

    textpage = page.get_textpage()
    x, y = ctypes.c_double(), ctypes.c_double()
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    turn = page.get_rotation()
    found: list[Piece] = []
    current: Piece | None = None
    last = (0.0, 0.0)
    for at in range(textpage.count_chars()):
        character = chr(raw.FPDFText_GetUnicode(textpage, at) or 0x20)
        if character in "\r\n":
            current = None
            continue
        if character.isspace():
            if current is not None:
                current.text += " "
            continue
        if not raw.FPDFText_GetCharOrigin(textpage, at, x, y) or not raw.FPDFText_GetCharBox(textpage, at, left, right, bottom, top):
            continue
        start, end, base = _upright(turn, x.value, y.value, left.value, right.value, bottom.value, top.value)
        if current is not None and not (
            (start, base) == last  # a ligature, whose letters PDFium all puts in the one place
            or (
                abs(base - current.base) <= _RISE * current.height
                and current.right - _BACK * current.height <= start <= current.right + _GAP * current.height
            )
        ):
            current = None
        if current is None:
            current = Piece("", start, end, base, _height(textpage, at, turn), bold=_is_bold(textpage, at))
            found.append(current)
        elif not current.text.endswith(" ") and start - current.right > 0.35 * current.height:
            current.text += " "
        last = start, base
        current.text += "-" if character == _HYPHEN else character
        current.right = max(current.right, end)
        if current.bold and character.isalnum() and not _is_bold(textpage, at):
            current.bold = False
    textpage.close()
    for piece in found:
        piece.text = " ".join(piece.text.split())
    return [piece for piece in found if piece.text]


def _upright(turn: int, x: float, y: float, left: float, right: float, bottom: float, top: float) -> tuple[float, float, float]:
    """Return left edge, right edge and base line of a character as they are when the page is turned the way it is shown."""
    if turn == 90:
        return y, top, -x
    if turn == 180:
        return -x, -left, -y
    if turn == 270:
        return -y, -bottom, x
    return x, right, y


def _height(textpage: Any, at: int, turn: int) -> float:
    from pypdfium2 import raw

    box = raw.FS_RECTF()
    raw.FPDFText_GetLooseCharBox(textpage, at, box)
    return max(float(abs(box.right - box.left) if turn in (90, 270) else abs(box.top - box.bottom)), 1.0)


def _is_bold(textpage: Any, at: int) -> bool:
    from pypdfium2 import raw

    name = ctypes.create_string_buffer(128)
    flags = ctypes.c_int()
    raw.FPDFText_GetFontInfo(textpage, at, name, len(name), flags)
    return any(word in name.value.lower() for word in (b"bold", b"black", b"heavy"))
