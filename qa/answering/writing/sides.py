"""Guards the side that words are on: a "no" where the evidence has none, one left out, and words for the opposite.

Works on words alone, so it stops what turns a claim round in a few of them; whether a claim is supported is measured elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from qa.answering.words import negates, words_of
from qa.index.lexical import content_words, stems

_SCOPE = 4  # words with meaning on either side of a "no" that it may concern

_LAST = frozenset({"nobody", "nothing", "none", "nowhere", "neither"})

# What says no to nothing: "no more than forty" is "at most forty".
_IDIOMS = (
    (re.compile(r"\b(?:no|not)\s+(?:more|greater|higher|longer|later)\s+than\b", re.IGNORECASE), "at most"),
    (re.compile(r"\b(?:no|not)\s+(?:less|fewer|lower|earlier|sooner)\s+than\b", re.IGNORECASE), "at least"),
    (re.compile(r"\bnot\s+(?:only|just|merely|simply|least)\b|\bno\s+(?:doubt|wonder)\b|\bwhether or not\b", re.IGNORECASE), " "),
    (re.compile(r"\b(?:not?|nothing)\s+a\s+\w+\s+more\b|\bno more\b(?!\s+(?:of\b|than\b)?\w)", re.IGNORECASE), "at most"),
)
_AT_MOST = re.compile(r"\bat most\b", re.IGNORECASE)
_PART = re.compile(r"[;:,]|\.\s|\b(?:and|but|while|whereas|because|although|though|unless|until)\b", re.IGNORECASE)
_SAYS_NO = (
    "refuse reject oppose deny lack fail without against stop prevent ban avoid end neither instead rather unable impossible too nor forbid"
    " prohibit abandon cancel dismiss halt block veto decline cease dispute disagree object exclude leave least most few little wrong false"
    " empty missing absent less fewer opponent opposition rejection refusal failure unlike unwilling silence silent"
)
_OPPOSITES = (
    ("support back welcome favour favor endorse accept agree approve praise embrace", "oppose reject condemn refuse resist disagree against"
     " deny denounce criticise criticize dismiss block"),
    ("increase raise rise grow grew rose higher more gain climb expand up", "decrease reduce cut fall fell lower decline shrink fewer less"
     " drop lose shrank down"),
    ("before earlier until", "after later since"),
    ("open reopen", "close shut closure"),
    ("win won victory", "lose lost defeat"),
    ("above over exceed", "below under"),
    ("maximum most", "minimum least"),
    ("start begin began launch", "end stop finish cease"),
    ("allow permit legal let", "ban forbid prohibit illegal"),
    ("always", "never"),
    ("warm hot warmer hotter", "cold cool colder cooler"),
    ("cheap cheaper", "expensive dear dearer costly"),
    ("strong stronger strengthen", "weak weaker weaken"),
    ("safe safer", "dangerous unsafe"),
    ("true right", "false wrong"),
    ("old older", "new newer young younger"),
    ("public", "private"), ("rich", "poor"), ("full", "empty"), ("wet", "dry"), ("summer", "winter"), ("left", "right"),
    ("north northern", "south southern"), ("east eastern", "west western"), ("buy bought", "sell sold"), ("give gave", "take took"),
    ("war", "peace"), ("guilty", "innocent"), ("success succeed", "fail failure"), ("remember", "forget"), ("early", "late"),
)  # fmt: skip
_WIDE = "always only every everyone everybody most majority entirely completely all whole nobody none never solely"
_WISHES = (
    "ask asks asked call calls called want wants wanted urge demand propose hope expect plan intend threaten warn fear seek request"
    " recommend should would could might may if unless whether"
)
_MAY = f"{_WISHES} will favour favor support back prefer require need appeal press push plead beg advise insist argue must aim offer"
_OURS = frozenset(
    "rightly wrongly correctly falsely unfortunately sadly clearly obviously thankfully admirably absurdly undoubtedly arguably"
    " importantly surprisingly hopefully fortunately laudably shamefully".split()
)


def turned(claim: str, evidence: str) -> bool:
    """Tell whether a claim says no where its evidence doesn't or the other way round, or has a word for the opposite."""
    ours, theirs = _tidied(claim), _tidied(evidence)
    said, given = set(content_words(ours)), set(content_words(theirs))
    our_stems, their_stems = set(stems(ours)), set(stems(theirs))
    no, their_no = list(_scopes(ours)), list(_scopes(theirs))
    refused = list(_scopes(theirs, _refusals()))
    denied = {word for scope in (*their_no, *refused) for word in scope}
    if no and not their_no and not _refusals() & their_stems:
        return True
    for scope in no:
        if not scope:
            continue
        there = [word for word in scope if word in given]
        another = 2 * len(there) >= len(scope) and not denied & set(scope)  # another thing is denied than there
        twice = scope[0] in _refusals() & given and not any(scope[0] in other for other in their_no)  # "does not reject"
        if another or twice:
            return True
    if (
        not no
        and not _refusals() & (our_stems - their_stems)
        and any(scope and 2 * len(said & set(scope)) > len(scope) for scope in their_no)
    ):
        return True
    return len(no) % 2 == len(their_no) % 2 and _opposite(our_stems, their_stems)


def asserts(claim: str, evidence: str) -> bool:
    """Tell whether a claim states as so what its evidence only asks for, plans, fears or makes depend on something."""
    if _may() & set(stems(claim)):
        return False
    said = set(content_words(claim))
    return any(scope and 2 * len(said & set(scope)) > len(scope) for scope in _scopes(evidence, _wishes()))


def widened(claim: str, evidence: str) -> bool:
    """Tell whether a claim is of all, most or only, where its evidence has no such word."""
    ours, theirs = (set(stems(_AT_MOST.sub(" ", _tidied(text)))) for text in (claim, evidence))
    return bool(_wide() & ours) and not _wide() & theirs


def judges(claim: str, evidence: str) -> bool:
    """Tell whether a claim takes a side of its own, as "rightly" does."""
    return bool(_OURS & (set(words_of(claim).keys) - set(words_of(evidence).keys)))


def _tidied(text: str) -> str:
    for idiom, meaning in _IDIOMS:
        text = idiom.sub(meaning, text)
    return text


def _scopes(text: str, words: frozenset[str] | None = None) -> Iterator[list[str]]:
    """Yield, for each "no" of a text or each of these words (stems), the words with meaning that it may concern, in order."""
    for part in _PART.split(text):
        found = words_of(part)
        for number, key in enumerate(found.keys):
            if negates(key) if words is None else set(stems(key)) & words:
                after = content_words(part[found.ends[number] :])[:_SCOPE]
                yield after or (content_words(part[: found.starts[number]])[-2:] if key in _LAST else [])  # "harms nobody"


def _opposite(said: set[str], given: set[str]) -> bool:
    return any(
        (said & one and not said & other and given & other and not given & one)
        or (said & other and not said & one and given & one and not given & other)
        for one, other in _sides()
    )


@cache
def _refusals() -> frozenset[str]:
    return frozenset(stems(_SAYS_NO))


@cache
def _sides() -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    return tuple((frozenset(stems(one)), frozenset(stems(other))) for one, other in _OPPOSITES)


@cache
def _wide() -> frozenset[str]:
    return frozenset(stems(_WIDE))


@cache
def _wishes() -> frozenset[str]:
    return frozenset(stems(_WISHES))


@cache
def _may() -> frozenset[str]:
    return frozenset(stems(_MAY))
