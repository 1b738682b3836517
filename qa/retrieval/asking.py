"""What kind of answer a question wants, by its opening and its verb. Knows no names and no articles."""

from __future__ import annotations

import re

from qa.retrieval.vocabulary import AUXILIARY, BODIES, BODY
from qa.types import Asked


def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


WHO = _pattern(
    rf"^\W*(?:who|whose|whom|by whom|which (?:of the (?:\w+ )?)?(?:{BODY})|what (?:{BODY})"
    rf"|(?:{AUXILIARY}) (?:there )?any(?:one|body| (?:{BODY})))\b"
)
_SEVERAL = _pattern(
    rf"^\W*(?:which|what) (?:of the )?(?:\w+ )?(?:{BODIES})\b|^\W*who all\b|\bwho else\b"
    rf"|^\W*(?:list|name) (?:all |every )?(?:the )?(?:{BODIES}|everyone)\b"
)
_COMPARE = _pattern(
    r"\b(?:compare|comparison|differ|differs|difference|differences|versus|vs|in contrast|disagree|agree with each other)\b"
)
_MENTIONS = _pattern(
    r"\b(?:mention|mentions|mentioned|quotes?|quoted|cites?|cited|refers? to|referred to|speaks? (?:of|about)|talks? (?:of|about)"
    r"|brings? up|writes? about|names?)\b"
)
_BEFORE = r"^\W*(?:(?:on|in|at|by|since|until|for) )?"
_NUMBER = _pattern(rf"{_BEFORE}(?:how (?:many|much|long|old|far|often|large|big)|what (?:number|percentage|share))\b")
_WHEN = _pattern(rf"{_BEFORE}(?:when|(?:which|what) (?:year|date|day|month))\b")
_FACT = _pattern(rf"{_BEFORE}(?:where|which (?:country|city))\b")
_POLAR = _pattern(rf"^\W*(?:(?:and|but|so)\W+)?(?:{AUXILIARY}|could|do(?:es)?n['’]t|didn['’]t|isn['’]t|hasn['’]t)\b")
_TURNS = r"(?:chang(?:e|es|ed|ing)|shift(?:s|ed)?|evolv(?:e|es|ed)|develop(?:s|ed)?|mov(?:e|es|ed))"
_TURNED = (
    r"(?:changed|shifted|evolved|developed|moved"
    r"|(?:change|shift|evolve|develop|move)(?=\W*$| (?:since|over|after|from|between|in|during)\b))"
)
_STANCE = "(?:positions?|views?|stance|line|attitude|opinions?|policy|mind|tune)"
_POSSESSIVE = r"(?:its|their|his|her|the)"
_CHANGE = _pattern(  # "How has the Guild's position on tolls changed?", "Did the Guild change its mind?", "Have they changed?"
    rf"^\W*(?:(?:and|but|so)\W+)?(?:how|in what way|{AUXILIARY})\b(?:[^,;]*\b{_STANCE}\b[^,;]{{0,80}}\b{_TURNED}\b"
    rf"|[^,;]*\b{_TURNS} {_POSSESSIVE} {_STANCE}\b|\W+(?:(?:{AUXILIARY})\W+)?(?:they|it|he|she) {_TURNS}\b)"
)
_OF_CHANGE = _pattern(rf"\b{_TURNS}(?: {_POSSESSIVE} {_STANCE}(?: (?:on|about|towards?|to|of)\b)?|(?: over (?:time|the years))?\W*$)")
_IN_WORDS: dict[Asked, str] = {
    "who": "who said it",
    "what": "what is said",
    "polar": "yes or no, in their own words",
    "compare": "a comparison",
    "change": "what changed",
    "groups": "which groups",
    "mentions": "who mentions it",
    "number": "a number",
    "when": "a date",
    "fact": "a fact",
}


def kind_of(text: str) -> Asked:
    """Return what kind of answer a question wants, by its opening and its verb."""
    if _COMPARE.search(text):
        return "compare"
    if _CHANGE.match(text):
        return "change"
    if WHO.match(text) and _MENTIONS.search(text[:60]):
        return "mentions"
    if _SEVERAL.search(text):
        return "groups"
    if WHO.match(text):
        return "who"
    for kind, pattern in _KINDS:
        if pattern.match(text):
            return kind
    return "what"


def without_change(text: str) -> str:
    """Return a question after a change without the words that only ask for it: "changed", "changed its mind about"."""
    return _OF_CHANGE.sub("", text)


def in_words(asked: Asked) -> str:
    """Return the kind of answer for people."""
    return _IN_WORDS[asked]


_KINDS: tuple[tuple[Asked, re.Pattern[str]], ...] = (("number", _NUMBER), ("when", _WHEN), ("fact", _FACT), ("polar", _POLAR))
