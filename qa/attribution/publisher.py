"""Whose an article is where nothing states it: by the web domain, by the publication, by how the text speaks of itself.

A report about a body is not that body's: outside of quotation marks the text itself has to say "we", call people to join,
or be signed. Where two bodies fit, nobody is named.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from urllib.parse import urlsplit

from qa.attribution.groups import Mention, Registry
from qa.attribution.quotations import quotations
from qa.types import Article, Group, Origin, Span
from qa.words import BODY_WORDS

_OWN_KIND = (  # what a body calls itself: "our party, the River Party"
    r"alliance|association|campaign|club|coalition|collective|committee|federation|foundation|group|guild|institute"
    r"|international|league|movement"
    r"|network|organi[sz]ation|party|society|tendency|trust|union"
)
_NAMES_ITSELF = re.compile(
    rf"(?:\b(?:[Ww]e|[Uu]s|WE)(?:,| (?:in|at|of|from|as)|,? the (?:members|comrades|supporters|workers|staff) (?:of|in|at)) (?:the )?"
    rf"|\b[Oo]ur (?:own )?(?:{_OWN_KIND}), (?:the )?|\b(?:[Jj]oin|[Cc]ontact) us in (?:the )?)$"
)
_ENDS_NAME = re.compile(
    r"(?:'s|’s)?\s*(?:,|\(|\b(?:we|are|believe|call|condemn|demand|have|know|say|stand|support|urge|want|welcome|will)\b|[.!]|$)"
)
_BUILDS = re.compile(r"\b(?:join|joining|build|building|build(?:ing)? up|strengthen|strengthening)(?: up)? (?:the )?$", re.IGNORECASE)
_URGES = re.compile(
    r"\b(?:this means|the (?:urgent )?task (?:today |now )?is|we (?:must|need|have to|call|urge|appeal)|that is why|let us|come and)\b",
    re.IGNORECASE,
)
_CALLS = re.compile(
    r"\s+(?:therefore |again |once more )?(?:calls? (?:for|on|upon)|demands?|pledges?|reaffirms?|commits? (?:itself|themselves)"
    r"|condemns?|salutes?"
    r"|expresses|stands? (?:with|in solidarity)|rejects?|opposes?|supports?|appeals? (?:to|for)|invites?|urges?|welcomes?)\b"
)
_HOLDS = re.compile(r"\s+(?:is|are) (?:holding|organi[sz]ing|hosting|inviting|launching|calling)\b|\s+(?:will hold|holds|invites?)\b")
_INVITES = re.compile(
    r"\b(?:join us|come (?:along|and join)|get in touch|contact us|book your|sign up|send us|write to us|donate to|help us)\b",
    re.IGNORECASE,
)
_WE_GO_ON = re.compile(
    r"\W*(?:[Ww]e (?:also |therefore |again |must |need |will |shall |call|demand|condemn|stand|urge|reject|oppose|support"
    r"|commit|appeal|invite|fight"
    r"|pledge|are |have |believe|say |want )|[Oo]ur (?:members|comrades|task|aim|demands|sections|organi[sz]ation)\b)"
)
_WE_REPORT = re.compile(
    r"\bwe (?:asked|contacted|spoke|met|visited|reached|reported|have (?:asked|contacted|reported|approached)|understand|hear)\b",
    re.IGNORECASE,
)
_ISSUED = re.compile(
    r"\W*(?:(?:this (?:statement|declaration) (?:was|is) )?(?:issued|published|released|adopted) by|(?:a )?(?:joint )?"
    r"(?:press )?(?:statement|declaration|resolution|release|communiqué|appeal|open letter) (?:by|from|of)"
    r"|(?:signed )?on behalf of|signed,?(?: by)?:?)"
    r"\s+(?:the )?",
    re.IGNORECASE,
)
_ORGAN = re.compile(
    r"(?:the )?(?:(?:central|coordinating|editorial|executive|general|international|national|permanent|political|press|public"
    r"|media|standing|steering)"
    r" )*(?:board|bureau|committee|council|executive|leadership|office|presidium|secretariat|team|department|section"
    r"|press)(?: of)?(?: the)?",
    re.IGNORECASE,
)
_BODY_NAME = re.compile(r"[A-Z][\w’'.-]*(?: (?:(?:of|for|the|and|in|&) )*[A-Z(][\w’'.()-]*){1,9}")
_ROLE = re.compile(
    r"\b(?:secretary|president|chair\w*|director|spokes\w+|minister|editor|leader|correspondent|reporter|member|officer)\b", re.IGNORECASE
)


def published_by(article: Article, registry: Registry) -> Article:
    """Return an article with the group whose it is, where that is beyond doubt; as it is where it has one or nothing tells."""
    if article.group is not None:
        return article
    group, origin = _by_domain(article, registry), "web domain"
    if group is None:
        group, origin = _by_publication(article, registry), dict(article.origins).get("publication", "text")
    if group is None and article.kind == "full":
        group, origin = _by_text(article, registry), "text"
    if group is None:
        return article
    stated: list[tuple[str, Origin]] = [("group", origin)]  # type: ignore[list-item]
    publication = article.publication
    if publication is None and article.url and group in registry.groups and (named := _in_address(article.url, registry.groups[group])):
        publication = named
        stated.append(("publication", "web address"))
    return replace(article, group=group, publication=publication, origins=(*article.origins, *stated))


# ---- by the address and the publication


def _by_domain(article: Article, registry: Registry) -> str | None:
    """Return the group whose domain the article's address is on.

    A part of a domain, such as docs.un.org, may belong to one of several bodies under the same roof: then it tells nothing.
    """
    host = (urlsplit(article.url).hostname or "").removeprefix("www.") if article.url else ""
    owners = [
        (domain.casefold().removeprefix("www."), group)
        for group in registry.groups.values()
        for domain in group.domains
        if host == domain.casefold().removeprefix("www.") or host.endswith(f".{domain.casefold().removeprefix('www.')}")
    ]
    if not owners:
        return None
    longest = max(len(domain) for domain, _ in owners)
    nearest = {group.name: domain for domain, group in owners if len(domain) == longest}
    if len(nearest) != 1:
        return None
    name, domain = nearest.popitem()
    shares = any(group.parent == name and not group.domains for group in registry.groups.values())
    return None if shares and host != domain else name


def _in_address(url: str, group: Group) -> str | None:
    """Return the one publication of a group that the address names, as its path or its host does."""
    parts = urlsplit(url)
    segments = {_squeezed(part) for part in (*parts.path.split("/"), *(parts.hostname or "").split("."))}
    named = [publication for publication in group.publications if _squeezed(publication) in segments]
    return named[0] if len(named) == 1 else None


def _squeezed(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())


def _by_publication(article: Article, registry: Registry) -> str | None:
    if not article.publication:
        return None
    wanted = _squeezed(article.publication)
    found = {
        group.name
        for group in registry.groups.values()
        if wanted and wanted in {_squeezed(name) for name in (group.name, *group.publications)}
    }
    return found.pop() if len(found) == 1 else None


# ---- by how a text speaks of itself


@dataclass(frozen=True, slots=True)
class _Own:
    """The own words of a text: what stands in quotation marks or in a quoted block is blanked out, so that places stay."""

    text: str
    lines: tuple[Span, ...]
    says_we: bool
    reports: bool

    def line_at(self, offset: int) -> Span | None:
        """Return the line that a place is in."""
        at = bisect_right(self.lines, offset, key=lambda line: line.start) - 1
        return self.lines[at] if at >= 0 and offset < self.lines[at].end else None

    @classmethod
    def of(cls, text: str) -> _Own:
        """Blank out what is quoted."""
        pieces: list[str] = []
        at = 0
        for quotation in quotations(text):
            if quotation.words(text) > 3 or quotation.open:  # fewer may be a name or a word that is doubted
                pieces += [text[at : quotation.span.start], "\u2026" * (quotation.span.end - quotation.span.start)]
                at = quotation.span.end
        own = "".join((*pieces, text[at:]))
        own = re.sub(r"^[ \t]*>[^\n]*", lambda line: "\u2026" * len(line[0]), own, flags=re.MULTILINE)
        lines = tuple(Span(*match.span()) for match in re.finditer(r"[^\r\n]+", own) if match[0].strip())
        says_we = len(list(islice(re.finditer(r"\b(?:we|our|us)\b", own, re.IGNORECASE), 2))) == 2
        return cls(own, lines, says_we, _WE_REPORT.search(own) is not None)


def _by_text(article: Article, registry: Registry) -> str | None:
    own = _Own.of(article.text)
    if not own.lines:
        return None
    signed = _signed(article, own, registry)
    if signed is not None:
        return signed or None
    mentions = [mention for mention in registry.mentions(own.text) if len(mention.groups) == 1]
    found = set(_speaking(own, mentions))
    if not found:
        found = _building(own, mentions, registry)
    return found.pop() if len(found) == 1 else None


def _signed(article: Article, own: _Own, registry: Registry) -> str | None:
    """Return whose name stands below the text, or above it as whose statement it is; "" where several sign."""
    last = [span.of(own.text).strip() for span in own.lines[-4:]]
    names = [name for line in last if (name := _signatory(line, registry))]
    if len(set(names)) > 1:
        return ""
    if names and len(own.lines) > 1:
        return names[0]
    first = [article.title or "", *(span.of(own.text).strip() for span in own.lines[:2])]
    issued = {
        name
        for line in first
        if len(line) < 160 and (match := _ISSUED.match(line)) and (name := _named(line[match.end() :], registry, sure=True))
    }
    return issued.pop() if len(issued) == 1 and own.says_we else None


def _signatory(line: str, registry: Registry) -> str | None:
    """Return the body as which a line signs: its name alone, an organ of it, or "Issued by" and its name."""
    line = re.sub(r",? (?:\d{1,2} )?[A-Z][a-z]+,? (?:\d{1,2}, )?(?:19|20)\d\d$", "", line.strip(" \t*_—–-―|.()"))
    if not 2 < len(line) <= 160 or _ROLE.search(line) or re.search(r"[!?:;]", line[9:]):
        return None
    issued = _ISSUED.match(line)
    return _named(line[issued.end() :], registry, sure=True) if issued else _named(line, registry, sure=False)


def _named(words: str, registry: Registry, *, sure: bool) -> str | None:
    """Return the body that words name and nothing else but an organ of it; one that nobody knows only where `sure` or with its organ."""
    words = words.strip(" \t*_—–-―|.,()")
    mentions = [mention for mention in registry.mentions(words) if len(mention.groups) == 1]
    if len(mentions) == 1:
        mention = mentions[0]
        rest = f"{words[: mention.span.start]} {words[mention.span.end :]}".strip(" ,")
        if (mention.span.start, mention.span.end) == (0, len(words)) or re.fullmatch(r"[Tt]he", rest):
            return mention.groups[0] if " " in mention.span.of(words) or mention.span.of(words).isupper() or sure else None
        return mention.groups[0] if _ORGAN.fullmatch(rest) else None
    if mentions:
        return None
    organ = re.match(rf"{_ORGAN.pattern}\s+(?=[A-Z])", words, re.IGNORECASE)
    of_body = organ is not None and re.search(r"\bof(?: the)?\s+$", organ[0]) is not None
    name = re.sub(r"\s+(?:press|media) (?:office|team)$", "", words[organ.end() :] if organ and of_body else words, flags=re.IGNORECASE)
    if (sure or of_body) and _BODY_NAME.fullmatch(name) and any(word.strip("'’()").casefold() in BODY_WORDS for word in name.split()):
        return name
    return None


def _speaking(own: _Own, mentions: Sequence[Mention]) -> Iterator[str]:
    """Yield the groups as which the text says "we"."""
    for mention in mentions:
        before, after = own.text[max(mention.span.start - 80, 0) : mention.span.start], own.text[mention.span.end : mention.span.end + 400]
        before = before.rpartition("\n")[2]
        if _NAMES_ITSELF.search(before) and _ENDS_NAME.match(after):
            yield mention.groups[0]
        elif _opens_clause(before) and (_CALLS.match(after) or _HOLDS.match(after)):
            rest = after.partition("\n")[0]
            sentence = re.search(r"[.!?]\s+", rest)
            next_one = rest[sentence.end() :] if sentence else after.partition("\n")[2].lstrip()[:120]
            goes_on = _WE_GO_ON.match(next_one) is not None and not _WE_REPORT.search(next_one) and own.says_we and not own.reports
            if (_CALLS.match(after) and goes_on) or (_HOLDS.match(after) and _INVITES.search(rest)):
                yield mention.groups[0]


def _opens_clause(before: str) -> bool:
    """Tell whether a name is the subject of a sentence: nothing but a small word stands before it."""
    return (
        re.search(
            r"(?:^|[.!?]\s+)(?:\W*(?:Therefore|So|Thus|Now|Today|That is why|This is why|For this reason|And|But"
            r"|Again)\W+)?(?:[Tt]he )?$",
            before,
        )
        is not None
    )


def _building(own: _Own, mentions: Sequence[Mention], registry: Registry) -> set[str]:
    """Return the groups that the text calls upon people to join or build, the one above those that it names with it."""
    found: set[str] = set()
    closing = any(span.of(own.text).rstrip().endswith("!") for span in own.lines[-3:])
    for number, mention in enumerate(mentions):
        line = own.line_at(mention.span.start)
        if line is None:
            continue
        sentence = re.split(r"(?<=[.!?])\s+", own.text[max(line.start, mention.span.start - 400) : mention.span.start])[-1]
        builds = _BUILDS.search(sentence)
        if not builds or not (_URGES.search(sentence) or not sentence[: builds.start()].strip(" \"'“‘*_")):
            continue
        if not (closing or own.says_we):
            continue
        together = {mention.groups[0]}
        if number + 1 < len(mentions) and re.fullmatch(
            r",? and (?:the |its )?", own.text[mention.span.end : mentions[number + 1].span.start]
        ):
            together.add(mentions[number + 1].groups[0])
        parents = {name for name in together if any(_parent(other, registry) == name for other in together)}
        found |= parents or together
    return found


def _parent(name: str, registry: Registry) -> str | None:
    return registry.groups[name].parent if name in registry.groups else None
