"""Makes claims with evidence to learn support from: those of labelled files, and more made out of them by rule.

What is made teaches what labelled sets say little of: a number, a name or a "not" that was changed, half of a claim that
nobody said, and evidence in the midst of other sentences. A change is made in the claim, in the evidence, or in both
(then the evidence supports the claim again), so that a claim by itself doesn't tell what became of it. This module knows
no model.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qa.passages import sentences

HELD_OUT = 15  # the rows of one evidence in so many are kept back
KEPT = {"same_page_nei": 0.5, "refuted": 0.8}  # share of the rows of a kind; the rest says the same again
ALTERED = 0.55  # share of supported claims that are also given altered
AMIDST = 0.25  # share of short evidence that is put between sentences of another
PIECES = 3  # of each longer text

_NUMBER = re.compile(r"\b\d[\d,.]*\d\b|\b\d\b")
_COUNTED = "two three four five six seven eight nine ten eleven twelve".split()
_MONTHS = "January February March April May June July August September October November December".split()
_NAME = re.compile(r"\b[A-Z][\w’'-]+(?: (?:of |de |van )?[A-Z][\w’'-]+)*")
_NO_NAMES = frozenset(
    """The A An In On At By For From With As It Its He She They We You I His Her Their Our This That These Those There Then
    Here But And Or So If When While Where After Before During Since Although Though However Also One Some Many Most All No
    Not What Who Which Why How To Of Mr Mrs Ms Dr""".split()
)
_VERB = re.compile(r"\b(is|was|are|were|has been|have been|can|could|will|would|should|did|does|do|had|has|have)\b(?! not\b)")
_OPPOSITES = [
    tuple(pair.split("/"))
    for pair in """more/less first/last before/after increase/decrease increased/decreased increases/decreases rise/fall rose/fell
    higher/lower high/low most/least always/never best/worst won/lost win/lose northern/southern north/south east/west
    eastern/western support/oppose supported/opposed supports/opposes accepted/rejected approved/rejected agree/disagree
    agreed/refused good/bad older/younger old/young man/woman men/women male/female father/mother son/daughter brother/sister
    husband/wife legal/illegal possible/impossible likely/unlikely allow/forbid allowed/forbidden many/few largest/smallest
    large/small early/late earlier/later minimum/maximum above/below inside/outside success/failure began/ended started/stopped
    strong/weak better/worse bought/sold buy/sell public/private true/false easy/difficult
    safe/dangerous raise/cut raised/cut gained/lost same/different longer/shorter near/far born/buried""".split()
]
_OPPOSITE = {word: other for one, two in _OPPOSITES for word, other in ((one, two), (two, one))}
_LEADING = re.compile(r"^(?:However|But|And|Also|Meanwhile|In addition|Furthermore|Moreover|Additionally|Instead|So|Yet|Still),? ")
_BRACKETS = re.compile(r" ?[(\[][^()\[\]]*[)\]]")
_LOWERED = frozenset("The A An In On At It He She They This That These Those There After Before When While For As".split())
_SUBJECT = re.compile(
    r"^(?:who (?!did|does|do\b)|what (?:is|was|are|were|has|had|caused|causes|led|made|makes|helps|provides|allows) )", re.IGNORECASE
)
_OPEN_END = re.compile(
    r"\b(?:to|of|in|on|at|by|as|for|with|from|about|called|named|known|like|used|made|considered|located)\s*$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim with its evidence, and whether the evidence supports all of it."""

    claim: str
    evidence: str
    supported: bool
    kind: str  # how the label came about
    group: str  # a name for the evidence as it stands in its file

    @property
    def held_out(self) -> bool:
        """Whether it is kept back to score on."""
        return int(self.group, 16) % HELD_OUT == 0


def claims(files: Sequence[Path], seed: int) -> list[Claim]:
    """Read the rows of all files, and make more out of them; the same for the same seed."""
    chance = random.Random(seed)
    rows: list[dict[str, Any]] = []
    for file in files:
        rows += [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    labelled = [row for row in rows if "claim" in row and chance.random() < KEPT.get(row["kind"], 1)]
    given = [Claim(row["claim"], row["text"], bool(row["label"]), f"{row['source']}:{row['kind']}", _name(row["text"])) for row in labelled]
    names = sorted({name for row in given for name in _names(row.claim)})
    made = [other for row in given if row.supported and chance.random() < ALTERED for other in _altered(row, names, chance)]
    asked = list(_answers(rows, chance))
    made += asked
    made += [other for row in asked if row.supported and chance.random() < ALTERED for other in _altered(row, names, chance)]
    texts = sorted({row["text"] for row in rows if row.get("level") != "sentence" and len(row["text"].split()) > 60})
    for text in texts:
        made += _pieces(text, names, chance)
    short = [row.evidence for row in given if len(row.evidence.split()) < 40]
    found = [_amidst(row, chance.choice(short), chance) if chance.random() < AMIDST else row for row in [*given, *made]]
    chance.shuffle(found)
    return found


def _name(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _names(text: str) -> list[str]:
    found = [match.group() for match in _NAME.finditer(text)]
    found = [name.split(" ", 1)[1] if name.split()[0] in _NO_NAMES and " " in name else name for name in found]
    return [name.removesuffix("'s").removesuffix("’s") for name in found if name not in _NO_NAMES and len(name) > 2]


def _amidst(row: Claim, other: str, chance: random.Random) -> Claim:
    """Put short evidence before or after another text."""
    if len(row.evidence.split()) > 60 or other in row.evidence:
        return row
    texts = [row.evidence, other]
    chance.shuffle(texts)
    return Claim(row.claim, " ".join(texts), row.supported, row.kind, row.group)


# What is altered: each way returns what was found in both texts and what stands in its place.

_Change = tuple[str, str]


def _altered(row: Claim, names: Sequence[str], chance: random.Random, inside: str | None = None) -> Iterator[Claim]:
    """Yield a supported claim altered in one way, in the claim, in the evidence or in both; nothing where no way is open.

    `inside` is the sentence of the evidence that the claim repeats, where it does.
    """
    ways: list[Callable[[Claim, Sequence[str], random.Random], _Change | None]] = [_number, _number, _other_name, _opposite]
    chance.shuffle(ways)
    change = next((found for way in ways if (found := way(row, names, chance))), None)
    kind = "altered"
    claim, evidence = row.claim, row.evidence
    if inside and (change is None or chance.random() < 0.3):
        claim_not, inside_not = _negated(claim), _negated(inside)
        if claim_not and inside_not:
            negated = evidence.replace(inside, inside_not)
            which = chance.randrange(3)
            yield Claim(claim_not if which != 1 else claim, negated if which else evidence, which == 2, "made:negated", row.group)
            return
    if change is None:
        return
    old, new = (re.compile(rf"(?<!\w){re.escape(change[0])}(?!\w)"), change[1].replace("\\", ""))
    claim_new, evidence_new = old.sub(new, claim), old.sub(new, evidence)
    which = chance.choice([0, 0, 0, 1, 1, 2])
    yield Claim(claim_new if which != 1 else claim, evidence_new if which else evidence, which == 2, f"made:{kind}", row.group)


def _number(row: Claim, _: Sequence[str], chance: random.Random) -> _Change | None:
    for words in (_COUNTED, _MONTHS):
        shared = [word for word in words if re.search(rf"\b{word}\b", row.claim) and re.search(rf"\b{word}\b", row.evidence)]
        if shared and chance.random() < 0.5:
            old = chance.choice(shared)
            return old, chance.choice([word for word in words if word != old and word not in row.evidence] or words[:1])
    inside = set(_NUMBER.findall(row.evidence))
    shared = [number for number in _NUMBER.findall(row.claim) if number in inside]
    if not shared:
        return None
    old = chance.choice(shared)
    others = sorted(number for number in inside if len(number) == len(old) and number != old and number not in row.claim)
    if others and chance.random() < 0.5:
        return old, chance.choice(others)
    digits = [at for at, letter in enumerate(old) if letter.isdigit()]
    at = chance.choice(digits[-2:] if len(old) == 4 else digits)
    new = chance.choice([digit for digit in "123456789" if digit != old[at]])
    return old, old[:at] + new + old[at + 1 :]


def _other_name(row: Claim, names: Sequence[str], chance: random.Random) -> _Change | None:
    shared = [name for name in _names(row.claim) if name in row.evidence and name not in _MONTHS]
    if not shared:
        return None
    old = chance.choice(shared)
    near = [name for name in _names(row.evidence) if name not in row.claim and name not in old and old not in name]
    new = chance.choice(near) if near and chance.random() < 0.6 else chance.choice(names)
    return None if new in old or old in new else (old, new)


def _opposite(row: Claim, _: Sequence[str], chance: random.Random) -> _Change | None:
    words = set(re.findall(r"\w+", row.evidence))
    shared = [word for word in re.findall(r"\w+", row.claim) if word in _OPPOSITE and word in words]
    if not shared:
        return None
    old = chance.choice(shared)
    return old, _OPPOSITE[old]


def _negated(sentence: str) -> str | None:
    if re.search(r"\bnot\b", sentence):
        return re.sub(r" not\b", "", sentence, count=1)
    found = _VERB.search(sentence)
    if not found:
        return None
    first = found.group().split()[0]
    return f"{sentence[: found.start()]}{first} not{found.group().removeprefix(first)}{sentence[found.end() :]}"


# What is made of the sentences of longer texts.


def _pieces(text: str, names: Sequence[str], chance: random.Random) -> Iterator[Claim]:
    """Yield claims that repeat a sentence or two of a text, which stay in the evidence or are taken out of it."""
    parts = [span.of(text).strip() for span in sentences(text)]
    parts = [part for part in parts if len(part) < 600]
    usable = [at for at, part in enumerate(parts) if 6 <= len(part.split()) <= 45 and part[-1] in ".!"]
    for _ in range(min(PIECES, len(usable) - 2)):
        at = chance.choice(usable)
        start = max(0, at - chance.randrange(4))
        around = parts[start : at + 1 + chance.randrange(1, 4)]
        sentence = parts[at]
        rest = " ".join(part for part in around if part != sentence)
        if len(rest) < 60:
            continue
        group = _name(text)
        whole = Claim(_reworded(sentence, chance), " ".join(around), True, "made:repeated", group)
        match chance.choices(["repeated", "taken out", "altered", "joined", "half"], [3, 2, 4, 1.5, 2])[0]:
            case "repeated":
                yield whole
            case "taken out":
                yield Claim(whole.claim, rest, False, "made:taken out", group)
            case "altered":
                yield from _altered(whole, names, chance, sentence)
            case "joined":
                other = chance.choice([part for part in around if part != sentence])
                if len(other.split()) < 25 and len(sentence.split()) < 25:
                    yield Claim(_joined(whole.claim, other), whole.evidence, True, "made:joined", group)
            case _:
                other = parts[chance.choice(usable)]
                if other not in around and len(other.split()) < 25 and len(sentence.split()) < 30:
                    yield Claim(_joined(*chance.sample([whole.claim, other], 2)), whole.evidence, False, "made:half", group)


def _reworded(sentence: str, chance: random.Random) -> str:
    """Return a sentence with less in it."""
    shorter = _LEADING.sub("", sentence)
    shorter = shorter[:1].upper() + shorter[1:]
    if chance.random() < 0.5:
        shorter = _BRACKETS.sub("", shorter)
    before, comma, _ = shorter.rpartition(", ")
    if comma and len(before.split()) > 7 and chance.random() < 0.5:
        shorter = f"{before}."
    return shorter


def _joined(one: str, two: str) -> str:
    first = two.split(maxsplit=1)[0]
    return f"{one.rstrip('.')}, and {two[0].lower() + two[1:] if first in _LOWERED else two}"


# What is made of questions with their answers.


def _answers(rows: Sequence[dict[str, Any]], chance: random.Random) -> Iterator[Claim]:
    """Yield the answers to questions of who and what as sentences, and sentences with another answer from the same passage."""
    answered = defaultdict(list)
    for row in rows:
        if "question" in row and row["label"] and row.get("answer_span") and len(row["text"].split()) < 170:
            start, end = row["answer_span"]
            answered[row["text"]].append((row["question"].strip(), row["text"][start:end].strip(" .,;")))
    for text, pairs in answered.items():
        group = _name(text)
        for question, answer in dict(pairs).items():
            stated = _stated(question, answer)
            if stated is None:
                continue
            others = sorted(
                {other for _, other in pairs if _shape(other) == _shape(answer) and other not in answer and answer not in other}
            )
            match chance.random():
                case low if low < 0.45 or (low < 0.8 and not others):
                    yield Claim(stated, text, True, "made:answer", group)
                case low if low < 0.8:
                    wrong = _stated(question, chance.choice(others))
                    if wrong:
                        yield Claim(wrong, text, False, "made:other answer", group)
                case _:
                    rest = " ".join(part for span in sentences(text) if answer not in (part := span.of(text).strip()))
                    if len(rest) > 60:
                        yield Claim(stated, rest, False, "made:answer taken out", group)


def _stated(question: str, answer: str) -> str | None:
    """Return a question that asks for its subject, with the answer in the place of the question word."""
    asked = question.rstrip(" ?")
    if not _SUBJECT.match(asked) or _OPEN_END.search(asked) or not answer or len(answer) > 120 or "?" in asked:
        return None
    stated = f"{answer} {asked.split(' ', 1)[1]}."
    return stated[0].upper() + stated[1:]


def _shape(answer: str) -> str:
    return "number" if re.search(r"\d", answer) else "name" if answer[:1].isupper() else "words"
