"""Names of people and bodies in one text: where they stand, and which of them are the same.

Works on capital letters, titles and a list of common given names; a text without capitals has no names for it. What a
name is called elsewhere, and who speaks, is not its business.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from qa.types import Span
from qa.words import BODY_WORDS, MEN, WOMEN

Gender = Literal["f", "m"]

_ABBREVIATED = r"(?:Mr|Mrs|Ms|Dr|Prof|Sen|Sens|Rep|Reps|Gov|Gen|Col|Lt|Sgt|Maj|Capt|Rev|Hon|St|Jr|Sr)\."
_FIRST_WORDS = frozenset(
    """
    a about above according add adding after again against all also although among an and another any anyone anything april are as asked
    at august away back because before behind being below between both but by can could december despite did do does down during each
    earlier either even ever every everyone everything february few finally first following for former friday from further furthermore
    get given had has have he hence her here hers him his how however i if in indeed inside instead into is isn't it it's its itself
    january july june just last later least let let's like many march may maybe meanwhile mere monday more moreover most much must my
    near neither never nevertheless no nobody none nor not nothing november now october of off on once one only or other others
    otherwise our out outside over overall perhaps please quite rather recently said same saturday say second see september several
    shall she should similarly since so some someone sometimes soon still such sunday take than that that's the their them then there
    there's thereby therefore these they third this those though three through throughout thursday thus to today together tomorrow too
    tuesday two ultimately under unfortunately unless unlike until up upon us very was we wednesday well were what what's when where
    whereas whether which while who whoever whom whose why will with within without would yes yesterday yet you your
    """.split()
)  # fmt: skip
_OF_MEN = frozenset("baron brother chairman congressman father imam king lord mister mr pope prince rabbi sheikh sir spokesman".split())
_OF_WOMEN = frozenset("baroness chairwoman congresswoman dame lady miss mother mrs ms princess queen sister spokeswoman".split())
TITLES = _OF_MEN | _OF_WOMEN | frozenset(
    """
    acting admiral ambassador analyst archbishop attorney ayatollah bishop campaign captain cardinal chair
    chairperson chancellor chief col colonel commissioner comrade councillor defence defense deputy director doctor dr emeritus eu
    finance foreign former gen general gov governor interior judge justice leader lieutenant major manager mayor minister officer
    premier president press prime prof professor rep representative representatives reps rev reverend secretary secretary-general sen
    senator senators sergeant sheriff speaker strategist then u.s uk un us vice vice-president
    """.split()
)  # fmt: skip
ROLES = _OF_MEN | _OF_WOMEN | frozenset(
    """
    activist admiral ambassador analyst archbishop bishop candidate captain cardinal chair chairperson chancellor
    colonel commissioner comrade councillor deputy director doctor dr economist gen general gov governor historian judge leader manager
    mayor minister nominee officer premier president prof professor rep representative rev reverend secretary secretary-general sen
    senator sheriff speaker spokesperson strategist
    """.split()
)  # fmt: skip
_BEHIND_NAMES = frozenset("CBE KC MBE MEP MP MSP OBE PhD QC".split())
_HEADS_OF_STATE = frozenset({"president", "king", "queen", "pope", "premier"})
PERSON_ROLES = frozenset(
    """
    activist actor actress ambassador analyst attorney author billionaire bishop businessman candidate chair chairman chairwoman
    chancellor chief commander commissioner congressman congresswoman democrat director doctor economist farmer general governor
    historian hydrologist journalist judge justice king lawmaker lawyer leader mayor minister nominee nurse officer organiser organizer
    pastor politician pollster premier president prince professor queen reporter representative republican researcher scientist
    secretary secretary-general senator singer spokesman spokesperson spokeswoman strategist teacher vice-president writer
    """.split()
)  # fmt: skip
BODY_NOUNS = frozenset(
    """
    administration agency alliance army association bank board campaign church club coalition commission committee company congress
    corporation council court department federation foundation government group guild institute league magazine ministry movement
    network newspaper organisation organization paper parliament party regime senate tribunal trust union university
    """.split()
)  # fmt: skip


_WORD = rf"(?:{_ABBREVIATED}|[^\W\d_a-zß-öø-ÿ][\w\u0300-\u036f’'\-]*[\w\u0300-\u036f]|(?:[A-Z]\.){{2,}}|[A-HJ-Z]\.?|I\.)"
_OF_A_BODY = "|".join(sorted(word.title() for word in BODY_WORDS | BODY_NOUNS))
_JOINED = (
    r"(?:\s+(?:(?:of|for)(?:\s+the)?|and(?:\s+the)?|de(?:\s+la)?|du|del|van(?:\s+der)?|von|bin|al|el|ibn)\s+|[ \u00a0]+|-"
    r"|(?<=[^\r\n]{50})\r?\n"  # text with hard line ends
    rf"|(?<=s)[’'] (?=(?:[A-Z][\w-]+ ){{0,2}}(?:{_OF_A_BODY})\b))"  # "the Mill Owners' Guild"
)
_NAME = re.compile(rf"{_WORD}(?:{_JOINED}{_WORD}){{0,15}}")  # so many words, lest a line of capitals be one name
_ACRONYM = re.compile(r"[^\W\d_a-zß-öø-ÿ]{2,}(?:[’']s)?$")
_POSSESSIVE = re.compile(r"[’']s?$")


@dataclass(frozen=True, slots=True)
class Name:
    """A name at a place, without the title before it; `title` is that title in small letters."""

    span: Span
    words: tuple[str, ...]
    title: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The name with single spaces."""
        return " ".join(self.words)

    @property
    def body(self) -> bool:
        """Whether a word in it says that it is a body's and not a person's name."""
        return any(_small(word) in BODY_WORDS for word in self.words) or (self.words[0].isupper() and len(self.words[0]) > 2)

    @property
    def gender(self) -> Gender | None:
        """What the title or the given name tells."""
        for word in self.title:
            if word in _OF_WOMEN:
                return "f"
            if word in _OF_MEN:
                return "m"
        first = _small(self.words[0])
        if len(self.words) < 2 or (first in WOMEN) == (first in MEN):
            return None
        return "f" if first in WOMEN else "m"

    @property
    def person(self) -> bool:
        """Whether the title or the given name shows that it is a person's."""
        return not self.body and (bool(self.title) or (len(self.words) > 1 and _is_given(_small(self.words[0]))))


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of a name and its place."""

    text: str
    start: int
    end: int

    @property
    def small(self) -> str:
        """The word in small letters."""
        return _small(self.text)


def names_in(text: str, within: Span) -> Iterator[Name]:
    """Yield the names in a stretch of text, without the word that only opens a sentence and without titles."""
    for match in _NAME.finditer(text, within.start, within.end):
        words = [
            _Word(found.group(), match.start() + found.start(), match.start() + found.end()) for found in re.finditer(r"\S+", match.group())
        ]
        for part in _parted(text, words):
            rest = part
            while rest:
                name, rest = _name(rest)
                if name is not None:
                    yield name


def _parted(text: str, words: list[_Word]) -> Iterator[list[_Word]]:
    """Part what stands together but isn't one name: "Ada Marsh and Ben Hale", unlike "Board of Soil and Water"."""
    first = 0
    for at, word in enumerate(words[1:], 1):
        if word.text == "and":
            end = next((later for later in range(at + 1, len(words)) if words[later].text == "and"), len(words))
            if _are_two(words[first:at], words[at + 1 : end]):
                yield words[first:at]
                first = at + 1
        elif word.small in _FIRST_WORDS and word.text[0].isupper() and "\n" in text[words[at - 1].end : word.start]:
            yield words[first:at]
            first = at
    yield words[first:]


def _are_two(before: list[_Word], after: list[_Word]) -> bool:
    """Tell whether "and" stands between two names: of people, of two bodies, or of neither."""
    if any(_is_given(word.small) or word.small in ROLES for word in (*before[:1], *after[:1])):
        return True
    first, second = (any(_is_of_a_body(word) for word in words) for words in (before, after))
    return first == second and first == _is_of_a_body(before[-1])


def _is_of_a_body(word: _Word) -> bool:
    return word.small in BODY_WORDS or bool(_ACRONYM.match(word.text))


def _name(words: list[_Word]) -> tuple[Name | None, list[_Word]]:
    """Return the name that words open with, and the words behind it that belong to another."""
    first = 0
    while first < len(words) and _opens_only(words[first]):
        first += 1
    words = words[first:]
    first = _first_of_person(words)
    title = tuple(word.small for word in words[:first] if word.small in TITLES)
    words = words[first:]
    rest: list[_Word] = []
    if title or (words and _is_given(words[0].small)):
        words, rest = _without_rest(words, 0 if title else 1)
    while words and not words[-1].text[:1].isupper():
        words = words[:-1]
    if not words or (len(words) == 1 and len(words[0].text.strip(".")) < 2):
        return None, rest
    last = _POSSESSIVE.sub("", words[-1].text)
    return Name(Span(words[0].start, words[-1].start + len(last)), (*(word.text for word in words[:-1]), last), title), rest


def _opens_only(word: _Word) -> bool:
    """Tell whether a word has its capital from the sentence that it opens; "US" is no "us"."""
    return not _ACRONYM.match(word.text) and (not word.text[:1].isupper() or word.small in _FIRST_WORDS)


def _without_rest(words: list[_Word], fewest: int) -> tuple[list[_Word], list[_Word]]:
    """Part a person's name from what follows it: "of the Trust" in "Nell Okafor of the Trust", "MP" in "Tom Hale MP"."""
    for at, word in enumerate(words):
        if at > fewest and (word.text in ("of", "for") or word.text in _BEHIND_NAMES):
            return words[:at], words[at + 1 :]
        if word.text.endswith(("’s", "'s")):
            return words[: at + 1], words[at + 1 :]
    return words, []


def _small(word: str) -> str:
    return unicodedata.normalize("NFC", _POSSESSIVE.sub("", word)).lower().rstrip(".")


def _is_given(word: str) -> bool:
    return word in MEN or word in WOMEN


def _first_of_person(name: list[_Word]) -> int:
    """Return where a person's own name begins behind titles and bodies: "Union President Doris Hall", "Rival Ann Lee"; else 0."""
    words = [word.small for word in name]
    owned = [at for at, word in enumerate(name[:-2], 1) if _is_of_a_body(word) and word.text.endswith(("’s", "'s"))]
    if owned and not any(_is_of_a_body(word) for word in name[owned[-1] :]):
        return owned[-1]  # "the Trust's Okello Obote"
    roles = [at for at, word in enumerate(words[:-1]) if word in ROLES and words[at + 1] not in ("of", "for")]
    if roles and not any(word in BODY_WORDS or word in TITLES for word in words[roles[-1] + 1 :]):
        return roles[-1] + 1
    given = [at for at, word in enumerate(words[:-1]) if _is_given(word)]
    if (
        given
        and not any(word in BODY_WORDS for word in words[given[0] :])
        and not any(word in ("of", "for", "and") for word in words[: given[0]])
    ):
        return given[0] if not (given[0] and len(words[0]) == 1) else 0
    first = 0
    while first + 1 < len(words) and words[first] in TITLES and words[first + 1] not in BODY_WORDS and name[first + 1].text[:1].isupper():
        first += 1
    return first


class Names:
    """All names of one text."""

    def __init__(self, text: str) -> None:
        """Read the text."""
        self.all = list(names_in(text, Span(0, len(text))))

    @cached_property
    def full(self) -> dict[str, tuple[str, ...]]:
        """The full names of people by their last word, in order of their first place."""
        found: dict[str, dict[str, None]] = defaultdict(dict)
        alone = {name.words[0] for name in self.all if len(name.words) == 1}
        for name in self.all:
            words = without_place(name.words)
            if "and" in words:
                continue
            if 2 <= len(words) <= 4 and not name.body and (name.person or words[-1] in alone) and not words[-1].isupper():
                found[words[-1]][" ".join(words)] = None
        return {last: _without_shorter(list(names)) for last, names in found.items()}

    @cached_property
    def genders(self) -> dict[str, Gender]:
        """What titles and given names tell of each person, by full name; nothing where they contradict each other."""
        told: dict[str, set[Gender]] = defaultdict(set)
        for name in self.all:
            person = self.person(name)
            if person and name.gender:
                told[person].add(name.gender)
        return {person: next(iter(genders)) for person, genders in told.items() if len(genders) == 1}

    @cached_property
    def _heads_of_state(self) -> set[str]:
        """The full names that stand behind a title such as "President" somewhere."""
        return {" ".join(without_place(name.words)) for name in self.all if set(name.title) & _HEADS_OF_STATE and len(name.words) > 1}

    def person(self, name: Name) -> str | None:
        """Return the full name of the person that a name is of, as the text gives it; None where it isn't a person's or is shared."""
        words = without_place(name.words)
        if name.text.isupper() and len(name.text) > 2:  # "MARSH:" in a debate
            words = tuple(word.title() for word in words)
            owners = tuple(owner for owner in self.full.get(words[-1], ()) if set(words) <= set(owner.split()))
            return owners[0] if len(owners) == 1 else None
        if name.body:
            return None
        if len(words) == 1:
            owners = self.full.get(words[0], ())
            if name.gender:
                owners = tuple(owner for owner in owners if _gender_of(owner) in (name.gender, None))
            if set(name.title) & _HEADS_OF_STATE:
                heads = tuple(owner for owner in owners if owner in self._heads_of_state)
                owners = heads or tuple(owner for owner in owners if _gender_of(owner) != "f")  # "President Marsh" isn't his wife
            if len(owners) == 1:
                return owners[0]
            return words[0] if name.title and not owners and words[0][:1].isupper() else None
        for owner in self.full.get(words[-1], ()):
            if set(words) <= set(owner.split()):
                return owner
        return " ".join(words) if name.person else None


def without_place(words: tuple[str, ...]) -> tuple[str, ...]:
    """Leave out where somebody is from: "Bernie Sanders of Vermont"."""
    return words[: words.index("of")] if "of" in words[1:] else words


def _without_shorter(names: list[str]) -> tuple[str, ...]:
    """Leave out names all of whose words are in another, longer one."""
    return tuple(name for name in names if not any(set(name.split()) < set(other.split()) for other in names))


def _gender_of(name: str) -> Gender | None:
    return Name(Span(0, 0), tuple(name.split())).gender
