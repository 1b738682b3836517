"""Files of every format, made as their programs make them, for the tests of reading. All words are invented."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

Placed = tuple[float, float, str, float, str]
"""Left edge, base line, font, size and words of a line on a page."""


def pdf(
    pages: Sequence[Sequence[Placed]], *, title: str | None = None, author: str | None = None, password: str | None = None, turn: int = 0
) -> bytes:
    """Return a PDF with each line drawn at its place; `turn` is by how much its pages are turned to be shown."""
    from reportlab.lib.pdfencrypt import StandardEncryption

    file = io.BytesIO()
    width, height = A4
    canvas = Canvas(file, pagesize=A4, invariant=1, encrypt=StandardEncryption(password, canPrint=0) if password else None)
    canvas.setTitle(title or "")
    canvas.setAuthor(author or "")
    for page in pages:
        canvas.setPageRotation(turn)
        canvas.translate(*{0: (0, 0), 90: (width, 0), 180: (width, height), 270: (0, height)}[turn])
        canvas.rotate(turn)
        for left, base, font, size, words in page:
            canvas.setFont(font, size)
            canvas.drawString(left, base, words)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def column(left: float, top: float, *lines: str, font: str = "Times-Roman", size: float = 10, step: float = 12) -> list[Placed]:
    """Return lines below each other; an empty one leaves a gap, and spaces before one indent it."""
    placed: list[Placed] = []
    for at, line in enumerate(lines):
        if line:
            indent = len(line) - len(line.lstrip())
            placed.append((left + 5 * indent, top - at * step, font, size, line.strip()))
    return placed


def scanned_pdf(pages: int = 2) -> bytes:
    """Return a PDF whose pages are pictures."""
    from PIL import Image
    from reportlab.lib.utils import ImageReader

    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, invariant=1)
    for _ in range(pages):
        canvas.drawImage(ImageReader(Image.new("L", (60, 80), 200)), 0, 0, 595, 842)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def zipped(members: Mapping[str, str | bytes]) -> bytes:
    """Return a ZIP archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def docx(body: str, *, core: str | None = None, notes: str | None = None) -> bytes:
    """Return a Word document with this body in WordprocessingML, `core` its Dublin Core fields, `notes` its footnotes."""
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="{name.replace(" ", "")}"><w:name w:val="{name}"/></w:style>'
        for name in ("Title", "heading 1", "heading 2", "Quote", "List Paragraph")
    )
    members = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_RELS}"><Relationship Id="r1" Type="{_OFFICE}/officeDocument" '
        'Target="word/document.xml"/></Relationships>',
        "word/document.xml": f'<w:document xmlns:w="{_W}"><w:body>{body}</w:body></w:document>',
        "word/styles.xml": f'<w:styles xmlns:w="{_W}">{styles}</w:styles>',
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{_RELS}"><Relationship Id="r1" Type="{_OFFICE}/styles" '
        f'Target="styles.xml"/><Relationship Id="r2" Type="{_OFFICE}/footnotes" Target="footnotes.xml"/></Relationships>',
    }
    if notes:
        members["word/footnotes.xml"] = f'<w:footnotes xmlns:w="{_W}">{notes}</w:footnotes>'
    if core:
        members["docProps/core.xml"] = (
            '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
            'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/">'
            f"{core}</cp:coreProperties>"
        )
    return zipped(members)


def word_paragraph(words: str, style: str | None = None) -> str:
    """Return a paragraph in WordprocessingML."""
    styled = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f'<w:p>{styled}<w:r><w:t xml:space="preserve">{words}</w:t></w:r></w:p>'


_ODF = "urn:oasis:names:tc:opendocument:xmlns"


def odt(body: str, *, meta: str = "", styles: str = "", manifest: str = "") -> bytes:
    """Return an OpenDocument text with this body in its XML, `meta` its fields, `styles` its automatic styles."""
    spaces = " ".join(f'xmlns:{name}="{_ODF}:{name}:1.0"' for name in ("office", "text", "table", "style", "meta"))
    spaces += ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": f"<office:document-content {spaces}><office:automatic-styles>{styles}</office:automatic-styles>"
            f"<office:body><office:text>{body}</office:text></office:body></office:document-content>",
            "meta.xml": f"<office:document-meta {spaces}><office:meta>{meta}</office:meta></office:document-meta>",
            "META-INF/manifest.xml": f"<manifest>{manifest}</manifest>",
        }
    )


def epub(chapters: Mapping[str, str], *, metadata: str, spine: Sequence[str] | None = None, more: Mapping[str, str] | None = None) -> bytes:
    """Return an electronic book of these XHTML files in OPS/, read in the order of `spine` or as they stand."""
    items = "".join(f'<item id="i{at}" href="{name}" media-type="application/xhtml+xml"/>' for at, name in enumerate(chapters))
    items += '<item id="toc" href="toc.xhtml" properties="nav" media-type="application/xhtml+xml"/>'
    names = list(chapters)
    order = "".join(f'<itemref idref="i{names.index(name)}"/>' for name in spine or names)
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="OPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
            "OPS/book.opf": '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">'
            f'<metadata>{metadata}</metadata><manifest>{items}</manifest><spine><itemref idref="toc"/>{order}</spine></package>',
            "OPS/toc.xhtml": "<html><body><nav><a href='a.xhtml'>Contents</a></nav></body></html>",
            **{f"OPS/{name}": content for name, content in chapters.items() if content},
            **(more or {}),
        }
    )
