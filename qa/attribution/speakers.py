"""Names whom the source of a statement stands for: "he", "the minister" and "Mr Trump" become a name the text gives.

Works through one article from its start, and remembers who spoke last. What it can't tell stays as the text has it;
a wrong name is worse than none. Other names of the same body elsewhere are the registry's business.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass, field

from qa.attribution.names import BODY_NOUNS, PERSON_ROLES, TITLES, Gender, Name, Names, names_in, without_place
from qa.types import Article, Span
from qa.words import BODY_WORDS

REACH = 1500  # code points back to where whoever "he" stands for was named or spoke last
_FEMALE, _MALE = frozenset({"she", "her", "hers", "herself"}), frozenset({"he", "his", "him", "himself"})
_NEUTRAL = frozenset({"it", "its", "itself"})
_MANY = frozenset({"they", "their", "them", "themselves"})
_FIRST_PERSON = frozenset({"i", "we", "my", "our", "me", "us", "mine", "ours", "myself", "ourselves"})
_RELATIVE = frozenset({"who", "which", "that", "whose", "whom"})
_PRONOUNS = _FEMALE | _MALE | _NEUTRAL | _MANY | _RELATIVE
_DETERMINERS = frozenset({"", "the", "a", "an", "this", "that", "these", "those", "and", "of", "in", "for", "to"})
_LEADING = re.compile(r"^(?:(?:against|by|from|to|with|including|and|but|as|for|of)\s+)+", re.IGNORECASE)
_DETERMINER = re.compile(r"^(?:the|this|that|a|an)\s+", re.IGNORECASE)
_NOUNS = BODY_NOUNS | PERSON_ROLES
_DESCRIPTION = re.compile(
    r",|;|:|\(|\s[-–—]|—|\s(?:who|which|that|whose|whom|when|where|in|on|at|during|after|before|as|told|said|with|from)(?=\s|$)",
    re.IGNORECASE,
)
_ROLE_THEN_NAME = re.compile(r"(?:[\w’'-]+\s+){0,5}[\w’'-]+,\s+(?=[A-Z])")
_NOT_ITSELF = re.compile(  # "Tom Hale and Ada Marsh" are two, "a spokesman for Ada Marsh" is another
    r"\b(?:and|or)\s+(?:the\s+)?$|,\s*$|(?:^|\s)(?:for|of|to|by|from|at|with|against|on|in|behind)\s+(?:the\s+)?$"
)
_OF_A_BODY = re.compile(r"\s(?:of|for)\s(?!.*\sand\s)")
_BEFORE_A_ROLE = (
    r"(?:who (?:is|was)\s+)?(?:(?:the|a|an|its|his|her|their|our)\s+)?"
    r"(?:(?!(?:the|an?|who|whom|which|that|and|but|of|to|with|said|told)\b)[\w’'-]+\s+){0,4}?"
)
_PEOPLE = frozenset("critics experts many officials others people police residents some workers".split())
_DATELINE = re.compile(r"[A-Z]{3,}[A-Z .,()/]*\s[-–—]+\s+")
_WITH_DETERMINER = re.compile(r"(?:[Tt]he|[Aa]n?|[Ss]ome|[Mm]any|[Tt]hose|[Mm]ost)\s+(?:[\w’'-]+\s+){0,4}[\w’'-]+$")
_PLURAL = re.compile(r"(?:(?<!\w)[A-Z][\w.’'-]*\s+|(?<!\w)\d[\w,.]*\s+)(?:[a-z][\w’'-]*\s+)?[a-z][\w’'-]*s$")
_PLURAL_TOPIC = re.compile(r"(?:As for |For |But |And |While |When |If )?(?P<who>[Tt]he (?:[\w’'-]+ ){0,3}?[\w’'-]+[^s\W]s)(?=,)")
_INTRODUCES = re.compile(
    r"\W*(?:in|on|at|after|before|during|since|for|with|from|by|as|while|when|although|though|earlier|later|meanwhile|yesterday|today"
    r"|last|but|and|then|still|however|instead|also)\b",
    re.IGNORECASE,
)
_OTHER_SUBJECT = re.compile(r"^\s*(?:I|we|they|you|he|she|it)\b|\w{2}ing\b", re.IGNORECASE)  # "including the one supporting Marsh"
_GOVERNS = re.compile(
    r"\b(?:about|of|for|with|by|from|to|at|against|on|in|than|like|over|between|and|as|under|behind|versus)\s+(?:the\s+)?$", re.IGNORECASE
)
_LEADS = (
    r"(?:leaders?|spokes(?:man|woman|person|people)|presidents?|chair(?:man|woman|person)?|(?:general )?secretary|directors?|heads?"
    r"|members?|editor|founder|minister|commander|official|organi[sz]er|delegate|mp|mep|councillor)"
)
_CAPITALS = r"[A-Z][\w’'&-]*(?:(?:\s+(?:of|for|and|the|on))*\s+[A-Z][\w’'&-]*)*"
_ORGANISATION_BEFORE = re.compile(
    rf"(?P<body>(?:[A-Z][\w’'&-]*\s+(?:(?:of|for|and|the)\s+)*)+(?:(?:campaign|party|union|government|army|committee|council)\s+)?)"
    rf"(?:(?:general|press|senior|deputy|executive|chief|national|foreign|prime)\s+){{0,2}}(?i:{_LEADS})\s+$"
)
_AROUND_A_BODY = re.compile(
    r"^(?:(?:Like|Interim|Former|Acting|Current|Then|Late|The|As)\s+)+"
    r"|(?:\s*\b(?:Prime|Press|Executive|Research|Majority|Minority|General|Foreign|National|Deputy|Vice|Communications))+$"
)
_PORTFOLIO = re.compile(r"(?<!general )(?:secretary|minister) (?:of|for) \w+$", re.IGNORECASE)  # no body, as in "secretary of State"
_OF_A_COUNTRY = re.compile(r"[A-Z][a-z]+(?:an|ish|ese|sh|ch|i|ic)$")
_ORGANISATION_AFTER = re.compile(
    rf"^,?\s+(?:\(\s*|,\s*)?(?:(?:the|a|an|former|deputy|acting|senior|national|its|general|vice|co-?)[\s-]+)*{_LEADS}"
    rf"\s+(?:of|for|at|with|in)\s+(?:the\s+)?(?P<body>{_CAPITALS})|^,?\s+(?:of|from|at|with)\s+(?:the\s+)(?P<member>{_CAPITALS})"
)


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who says something. `name` is None where the text names nobody; `own` where it is whose article it is."""

    name: str | None
    own: bool = False
    person: bool = False
    many: bool = False
    organisation: str | None = None


@dataclass(frozen=True, slots=True)
class _Heard:
    """Who was named as a source where."""

    at: int
    end: int
    speaker: Speaker


@dataclass(frozen=True, slots=True)
class _Person:
    """Where a person is named outside of quotations, and the full name."""

    at: int
    name: Name
    full: str


@dataclass(slots=True)
class Speakers:
    """Resolves the sources of one article; those before a source should be asked for before it."""

    article: Article
    sentences: Sequence[Span]
    quoted: Sequence[Span]
    names: Names = field(init=False)
    _people: list[_Person] = field(init=False)
    _heard: list[_Heard] = field(init=False, default_factory=list)
    _genders: dict[str, Gender] = field(init=False)
    _organisations: dict[str, str | None] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Read the names of the article."""
        self.names = Names(self.article.text)
        self._people = [
            _Person(name.span.start, name, full)
            for name in self.names.all
            if not _inside(name.span, self.quoted) and (full := self.names.person(name))
        ]
        self._genders = dict(self.names.genders)

    def of(self, source: Span | None, within: Speaker | None = None) -> Speaker:
        """Return whom a source stands for; `within` is whoever says the words that hold it."""
        if source is None:
            return Speaker(None)
        speaker = self._of(source, within)
        if speaker.name and not speaker.own and within is None and speaker.name.lower() not in _PRONOUNS:
            insort(self._heard, _Heard(source.start, source.end, speaker), key=lambda heard: heard.at)
        return speaker

    def _of(self, source: Span, within: Speaker | None) -> Speaker:
        text = self.article.text
        if dateline := _DATELINE.match(source.of(text)):
            source = Span(source.start + dateline.end(), source.end)
        words = " ".join(source.of(text).split())
        first, *rest = words.lower().split() or [""]
        if _is_first_person(words):
            return within or Speaker(self.article.group, own=True)
        if not rest and first in _RELATIVE:
            return self._antecedent(source) or Speaker(words)
        if not rest and first in _FEMALE | _MALE:
            return self._pronoun(source, "f" if first in _FEMALE else "m", within) or Speaker(words)
        if not rest and first in _NEUTRAL:
            return self._latest_body(source) or Speaker(words)
        if not rest and first in _MANY:
            return self._latest_many(source) or Speaker(words)
        words = re.sub(r"[’']s?$", "", _LEADING.sub("", words))
        if words.lower() in _DETERMINERS:
            return Speaker(None)
        return self._named(source) or self._described(source, words) or Speaker(words, many=_is_many(words))

    # ---- names

    def _named(self, source: Span) -> Speaker | None:
        """Return the speaker where the source's first noun phrase is a name, with a title or a description around it."""
        text = self.article.text
        name, before = _head_name(text, source)
        if name is None or _NOT_ITSELF.search(before) or _goes_on(text, Span(name.span.end, source.end)):
            return None
        if re.search(r"[’']s?\s+$", before) and not name.person and len(name.words) < 2:
            return None
        lead = before.strip().lower()
        person = self.names.person(name)
        if person and (lead != "the" or name.title):
            return self._known(person)
        if lead == "the" and len(name.words) == 1 and (body := self._that_body(source, name.text.lower())):
            return body
        described = lead.split()[-1].rstrip(".") if lead else ""
        if lead in ("", "the", "a", "an") or name.person or len(name.words) > 1 or described in _NOUNS:
            shown = " ".join(without_place(name.words)) if name.title else name.text
            many = _is_many(shown)
            alone = len(name.words) == 1 and not name.body and not lead and not many
            return Speaker(shown, many=many, person=name.person or described in PERSON_ROLES or alone)
        return None

    def _known(self, person: str) -> Speaker:
        if person not in self._organisations:
            self._organisations[person] = self._organisation(person)
        return Speaker(person, person=True, organisation=self._organisations[person])

    def _organisation(self, person: str) -> str | None:
        """Return the body that the text says a person speaks for, where it first names that person with one."""
        text = self.article.text
        for span in (named.name.span for named in self._people if named.full == person):
            start = max(0, text.rfind("\n", 0, span.start) + 1, span.start - 90)
            if before := _ORGANISATION_BEFORE.search(text[start : span.start]):
                inside = next(names_in(text, Span(start + before.start("body"), start + before.end("body"))), None)
                body = _AROUND_A_BODY.sub("", text[inside.span.start : start + before.end("body")].strip()).strip() if inside else ""
                last = body.split()[-1] if body else ""
                if body and body not in self.names.full and not _OF_A_COUNTRY.match(last) and body.lower() not in TITLES:
                    return body
            if after := _ORGANISATION_AFTER.match(text[span.end : span.end + 120]):
                body = (after["body"] or after["member"]).strip()
                if _PORTFOLIO.search(after.group()):
                    continue
                if after["body"] or any(word.lower() in BODY_WORDS for word in body.split()):
                    return body
        return None

    # ---- descriptions: "the minister", "the party"

    def _described(self, source: Span, words: str) -> Speaker | None:
        if not _DETERMINER.match(words) or not words.lower().startswith(("the ", "this ", "that ")):
            return None
        end = _phrase_end(self.article.text, source)
        phrase = " ".join(self.article.text[source.start : end].split())
        noun = phrase.split()[-1].lower().strip("’'s,.") if phrase else ""
        if len(phrase.split()) > 4 or not noun:
            return None
        if noun in PERSON_ROLES:
            return self._in_that_role(source, noun, [word.lower() for word in phrase.split()[1:-1] if word[:1].isupper()])
        if noun in BODY_NOUNS and len(phrase.split()) == 2:
            return self._that_body(source, noun)
        return None

    def _in_that_role(self, source: Span, role: str, of: Sequence[str]) -> Speaker | None:
        """Return the one person that the text introduces in this role before this place, and with the names that go with it."""
        text = self.article.text
        found: dict[str, None] = {}
        for named in self._people[: self._before(source.start)]:
            name = named.name
            before = _without_titles(text[max(0, name.span.start - 60) : name.span.start], name).lower()
            after = text[name.span.end : min(name.span.end + 80, source.start)].lower()
            in_front = re.search(rf"\b{re.escape(role)}{',?' if after.startswith(',') else ''}\s*$", before)
            behind = re.match(rf"[’']?,\s+{_BEFORE_A_ROLE}{re.escape(role)}\b", after)
            if (role in name.title or in_front or behind) and all(word in before + after for word in of):
                found[named.full] = None
        return self._known(next(iter(found))) if len(found) == 1 else None

    def _that_body(self, source: Span, noun: str) -> Speaker | None:
        """Return the one body before this place whose name holds the noun, the article's own group among them."""
        named = {
            name.text for name in self.names.all if name.span.end <= source.start and len(name.words) > 1 and noun == name.words[-1].lower()
        }
        group = self.article.group
        if group and noun in group.lower().split():
            named.add(group)
        if len({name.casefold().removeprefix("the ") for name in named}) != 1:
            return None
        name = next(iter(named))
        return Speaker(name, own=name == group)

    # ---- pronouns

    def _pronoun(self, source: Span, gender: Gender, within: Speaker | None) -> Speaker | None:
        """Return whom "he" or "she" stands for: the subject of the clause before it, else who spoke last, else who was named last."""
        sentence = self._sentence(source.start)
        near = [named for named in self._named_between(source.start - REACH, source.start) if self._fits(named.full, gender)]
        inside = [named for named in near if named.at >= sentence.start and not self._governed(named.name, sentence)]
        if inside and within is None:
            return self._meant(inside[0].full, gender)
        heard = [
            h for h in self._heard_between(source.start - REACH, source.start) if h.speaker.person and self._fits(h.speaker.name, gender)
        ]
        since = heard[-1].at if heard else source.start - REACH
        subjects = [named for named in near if since < named.at < sentence.start and self._subject(named.name)]
        if subjects:
            return self._meant(subjects[-1].full, gender)
        if heard:
            return self._meant(heard[-1].speaker.name or "", gender)
        return self._meant(near[-1].full, gender) if len({named.full for named in near}) == 1 else None

    def _meant(self, person: str, gender: Gender) -> Speaker:
        self._genders.setdefault(person, gender)
        return self._known(person)

    def _fits(self, person: str | None, gender: Gender) -> bool:
        """Tell whether a person may be meant by a pronoun of this gender."""
        return person is not None and self._genders.get(person, gender) == gender

    def _before(self, at: int) -> int:
        return bisect_left(self._people, at, key=lambda named: named.at)

    def _named_between(self, start: int, end: int) -> list[_Person]:
        return self._people[self._before(start) : self._before(end)]

    def _heard_between(self, start: int, end: int) -> list[_Heard]:
        first, last = (bisect_left(self._heard, at, key=lambda heard: heard.at) for at in (start, end))
        return self._heard[first:last]

    def _subject(self, name: Name) -> bool:
        """Tell whether a name opens its sentence, as its subject mostly does, after no more than a title or a short phrase."""
        sentence = self._sentence(name.span.start)
        before = self.article.text[sentence.start : name.span.start]
        if self._governed(name, sentence):
            return False
        introduction, comma, close = before.rpartition(",")
        if _OTHER_SUBJECT.search(close) or self._named_between(name.span.start - len(close), name.span.start):
            return False
        return len(close.split()) <= 4 and (not comma or bool(_INTRODUCES.match(introduction)))

    def _governed(self, name: Name, sentence: Span) -> bool:
        """Tell whether a preposition or a possessive keeps a name from being a subject."""
        text = self.article.text
        before = _without_titles(text[max(sentence.start, name.span.start - 60) : name.span.start], name)
        return text[name.span.end : name.span.end + 2] in ("’s", "'s") or bool(_GOVERNS.search(before))

    def _in_a_place(self, name: Name, sentence: Span) -> bool:
        before = self.article.text[sentence.start : name.span.start]
        return bool(re.search(r"\b(?:in|on|of|at|from|for|to|with)\s+(?:the\s+)?$", before, re.IGNORECASE))

    def _sentence(self, at: int) -> Span:
        number = self._sentence_number(at)
        return self.sentences[number] if number >= 0 and at < self.sentences[number].end else Span(at, at)

    def _sentence_number(self, at: int) -> int:
        return bisect_right(self.sentences, at, key=lambda sentence: sentence.start) - 1

    def _latest_body(self, source: Span) -> Speaker | None:
        """Return the body that "it" stands for: the one that spoke in this sentence or the one before, if no other is named since."""
        start = self.sentences[max(0, self._sentence_number(source.start) - 1)].start if self.sentences else source.start
        heard = self._heard_between(start, source.start)
        last = heard[-1] if heard else None
        if last is None or last.speaker.many or not last.speaker.name or last.speaker.name in self._genders:
            return None
        since = [name for name in self.names.all if last.end <= name.span.start < source.start and not _inside(name.span, self.quoted)]
        others = {name.text for name in since if name.words[-1] not in last.speaker.name.split() and self._subject(name)}
        named = last.speaker.name[:1].isupper() or last.speaker.name.lower().startswith("the ")
        return last.speaker if named and not others and (not last.speaker.person or " " not in last.speaker.name) else None

    def _latest_many(self, source: Span) -> Speaker | None:
        """Return whom "they" stands for: the plural subject that opens the sentence, else those who spoke last if they were several."""
        text = self.article.text
        sentence = self._sentence(source.start)
        if topic := _PLURAL_TOPIC.match(text, sentence.start, source.start):
            return Speaker(re.sub(r"^[Tt]he ", "", topic["who"]), many=True)
        heard = self._heard_between(source.start - REACH // 3, source.start)
        return heard[-1].speaker if heard and heard[-1].speaker.many else None

    def _antecedent(self, source: Span) -> Speaker | None:
        """Return what "who" or "which" stands for: the noun phrase right before it."""
        text = self.article.text
        sentence = self._sentence(source.start)
        before = Span(sentence.start, sentence.start + len(text[sentence.start : source.start].rstrip(" ,—–-(")))
        names = list(names_in(text, before))
        if names and text[names[-1].span.end : before.end].strip("’'s ,") == "":
            name, person = names[-1], self.names.person(names[-1])
            if len(names) > 1 and re.fullmatch(r"\s+and\s+(?:the\s+)?", text[names[-2].span.end : name.span.start]):
                return Speaker(" ".join(text[names[-2].span.start : name.span.end].split()), many=True)
            if person:
                return self._known(person)
            if not self._in_a_place(name, sentence):
                return Speaker(name.text)
        described = _WITH_DETERMINER.search(before.of(text)) or _PLURAL.search(before.of(text))
        return Speaker(described.group(), many=_is_many(described.group())) if described else None


def _is_first_person(words: str) -> bool:
    """Tell whether a source is "I", "we", "we in the Trust" or "our union", and not "US" or "me and Ada"."""
    first, *rest = words.lower().split() or [""]
    if first not in _FIRST_PERSON or words.startswith(("US", "ME")):
        return False
    return not rest or first in ("we", "i") or (first == "our" and rest[-1] in BODY_WORDS)


def _head_name(text: str, source: Span) -> tuple[Name | None, str]:
    """Return the name that a source's first noun phrase ends with, or that follows a role and a comma, and what is before its title."""
    end = _phrase_end(text, source)
    names = list(names_in(text, Span(source.start, end)))
    if names and names[0].person and _OF_A_BODY.match(text, names[0].span.end, end):
        names, end = names[:1], names[0].span.end
    if names and not text[names[-1].span.end : end].strip("’' .”\"s"):
        return names[-1], _without_titles(text[source.start : names[-1].span.start], names[-1])
    if role := _ROLE_THEN_NAME.match(text, source.start, source.end):
        end = _phrase_end(text, Span(role.end(), source.end))
        name = next(names_in(text, Span(role.end(), end)), None)
        if name and name.person and name.span == Span(role.end(), end):
            return name, ""
    return None, ""


def _goes_on(text: str, rest: Span) -> bool:
    """Tell whether what follows a name makes the source another: "Ada Marsh's lawyer" or "Ada Marsh, Tom Hale and Ruth Amadi"."""
    if rest.of(text)[:2] in ("’s", "'s") and rest.end - rest.start > 2:
        return True
    comma = re.match(r",\s+", rest.of(text))
    if comma is None or not re.search(r"\sand\s+(?:the\s+)?[A-Z]", rest.of(text)):
        return False
    following = next(names_in(text, Span(rest.start + comma.end(), rest.end)), None)
    if following is None or following.words[0].lower() in TITLES | PERSON_ROLES:
        return False
    return bool(following.title) or following.span.start == rest.start + comma.end()


def _without_titles(before: str, name: Name) -> str:
    """Return the words before a name without its titles."""
    for word in reversed(name.title):
        before = re.sub(rf"\b{re.escape(word)}\.?\s*$", "", before, flags=re.IGNORECASE)
    return before


def _phrase_end(text: str, source: Span) -> int:
    """Return where the first noun phrase of a source ends: before a comma, a bracket or a relative clause."""
    cut = _DESCRIPTION.search(text, source.start + 1, source.end)
    end = cut.start() if cut else source.end
    return source.start + len(text[source.start : end].rstrip())


def _is_many(words: str) -> bool:
    """Tell whether words stand for several: "farmers", "Ada Marsh and Tom Hale"."""
    last = "".join(words.lower().split()[-1:]).strip("’'.,”\"")
    plural = last.endswith("s") and not last.endswith("ss") and (words[:1].islower() or last[:-1] in PERSON_ROLES)
    return plural or last in _PEOPLE or (" and " in words and last not in BODY_WORDS)


def _inside(span: Span, others: Sequence[Span]) -> bool:
    """Tell whether a span is inside one of others, which are in order and do not overlap."""
    at = bisect_right(others, span.start, key=lambda other: other.start) - 1
    return at >= 0 and span.end <= others[at].end
