"""Tells saying from thinking, wanting and doing, and somebody from anybody.

Annotators mark every attribution alike: "said", "wants", "is aware of". Only what somebody utters may take a sentence
away from the article's own voice, and only where the text says who that is.
"""

from __future__ import annotations

import re

from qa.attribution.names import BODY_NOUNS, PERSON_ROLES

_VERBS = frozenset(
    """
    abjure accuse acknowledge acknowledgment add address admit advise advocate affirm agree allege announce answer apologise apologize
    appeal applaud argue articulate ascribe ask assail assert assure attack attest aver backtrack beg bemoan berate blame blast boast
    brag brand call caption caution challenge chant characterise characterize charge chide cite claim clarify comment compare complain
    complaint compliment concede conclude condemn confess confide confirm congratulate contend continue contradict counter credit
    criticise criticize cry curse dare decide declare decline decry defend demand denial denounce deny deplore deride describe detail
    disagree disavow disclose discover discuss dismiss dispute dissent dub echo elaborate emphasise emphasize encourage endorse
    enumerate estimate exclaim exhort explain express extol find forecast fume greet grill guarantee hail highlight hint identify imply
    indicate inform insinuate insist instruct interject interview invite invoke jeer joke judge label lambast lambaste lament lash laud
    lecture lie liken maintain mention mock muse note object observe offer opine oppose order paint plead pledge point portray post
    praise predict present proclaim profess promise promote pronounce propose protest publish put question quip quote rail read reaffirm
    reason reassure rebuff rebuke rebut recall recite recognise recognize recommend recount refer reflect refute regard reiterate reject
    relate remark remind repeat reply report repudiate request respond retort retweet reveal ridicule rule salute say scoff scold scream
    shout show shrug signal slam sound speak specify speculate spell state stipulate stress suggest summarise summarize swear sympathise
    talk taunt tease tell testify threaten tout trash tweet underline underscore urge verify view voice volunteer vow warn welcome
    whisper wonder write yell
    """.split()
)  # fmt: skip
_SAYING = frozenset(
    """
    acknowledge add admit allege announce answer argue assert caution claim complain concede conclude contend declare estimate explain
    insist maintain note observe point predict reply report say state stress tell testify tweet warn write
    """.split()
)  # fmt: skip
_SHOWING = frozenset(
    "conclude confirm detail estimate find indicate note predict put report reveal say see show state suggest warn".split()
)
_RECORDS = frozenset(
    """
    analysis article census data document documents estimate estimates figures inquiry investigation journal memo newspaper newspapers
    poll polls records report reports research review statistics studies study survey surveys transcript
    """.split()
)  # fmt: skip
_IRREGULAR = {
    "found": "find", "lying": "lie", "pled": "plead", "said": "say", "seen": "see", "shown": "show", "spoke": "speak",
    "spoken": "speak", "swore": "swear", "sworn": "swear", "told": "tell", "written": "write", "wrote": "write",
}  # fmt: skip
_OTHER = re.compile(
    r"^\W*[:―—–-]\W*$|\b(?:according to|in the words of|(?:statements?|words|remarks?|announcement|declaration|assertion)"
    r"|in (?:a|an|the|his|her|its|their) (?:\w+ )?(?:statement|interview|speech|letter|tweet|email|post|report|memo|article)"
    r"|(?:made|makes|making) (?:it )?clear)\b",
    re.IGNORECASE,
)
_NOT = r"(?:\b(?:can)?not|\bnever|\bwithout|n[’']t)\b(?!\s+(?:only|just|merely|simply))"
_DENIED = re.compile(rf"{_NOT}|\b(?:refus\w+|declin\w+ to)\b", re.IGNORECASE)
_DENIED_BEFORE = re.compile(rf"{_NOT}\s+$", re.IGNORECASE)
_NOT_THAT = re.compile(rf"(?:{_NOT}\s+(?:that|because|as if|whether|as though)|\b(?:if|unless|whether|as though))\s*$", re.IGNORECASE)
_SOME = re.compile(r"^(?:some|many|most|several|few|others|another)\b", re.IGNORECASE)
_ACCORDING = re.compile(r"\baccording to\b", re.IGNORECASE)
_PLACED = re.compile(r",|\s(?:released|published|conducted|taken|which|who|that|in|at|from|on|of|for|to|with|across|around|throughout)\s")
_NOT_REAL = re.compile(  # "May" is a name
    r"\b(?:to|should|must|would|could|can|cannot|may|might|ought to|if|shall)\s+(?:(?:\w+ly|not|never|also|then|all|well|have)\s+)*$"
)
_ANYBODY = re.compile(
    r"^(?:any(?:one|body)?|every(?:one|body)?|some(?:one|body)?|no(?:body| one)|none|only|those|these|many|most|much|several|few|all"
    r"|either|neither|both\b(?! [A-Z])|(?:others?|another|one)\b(?! \w)|people|you|hundreds|thousands|millions|tens|dozens|masses"
    r"|what|that|this|which|they|it|there|who|whoever)\b",
    re.IGNORECASE,
)
_PEOPLE = frozenset(
    """
    administration advisers advisors aides analysts authorities critics diplomats economists experts government investigators judges
    justices lawmakers lawyers leaders legislators ministers officials opposition organisers organizers police prosecutors protesters
    regime researchers residents scientists senators spokespeople
    """.split()
)  # fmt: skip


def communicates(cue: str) -> bool:
    """Tell whether a cue is a way of uttering something, and not of thinking, wanting or showing it."""
    words = re.findall(r"[a-z]+", cue.lower())
    if words[:2] in (["point", "to"], ["points", "to"], ["pointed", "to"]):
        return False
    return bool(_OTHER.search(cue)) or any(_lemma(word) in _VERBS for word in words)


def is_told(before_source: str, before_cue: str, cue: str) -> bool:
    """Tell whether a cue tells of an utterance that was made: not "should say", "to say", "if she says", "never said", "not that"."""
    if _DENIED.search(cue) or _NOT_THAT.search(before_source) or _DENIED_BEFORE.search(before_cue):
        return False
    first = "".join(cue.lower().split()[:1]) + " "
    return not _NOT_REAL.search(before_cue) and not _NOT_REAL.fullmatch(first)


def names_somebody(source: str, speaker: str, cue: str) -> bool:
    """Tell whether a paraphrase is somebody's, given its source, whom that stands for, and its cue.

    With a plain verb of saying anybody will do ("several experts say"), and a record may show ("the poll found"). What
    is demanded, praised or denied has to be so by a certain person or body: not by "many", "those who" or "socialists".
    """
    if _ANYBODY.match(source) and speaker == source:
        return bool(_SOME.match(source)) and _does(cue, _SAYING)
    described = speaker == source or not speaker[:1].isupper()
    head = _PLACED.split(speaker, maxsplit=1)[0] if described else speaker
    words = re.findall(r"[\w’'-]+", head)
    if not words:
        return False
    last = words[-1].lower()
    if last in _RECORDS or _ACCORDING.search(cue):
        return _ACCORDING.search(cue) is not None or _does(cue, _SHOWING)
    if _does(cue, _SAYING):
        return True
    definite = source.lower().startswith(("the ", "his ", "her ", "its ", "a ", "an "))
    return (
        words[-1][:1].isupper()
        or last in _PEOPLE
        or (definite and (last in BODY_NOUNS or last in PERSON_ROLES))
        or source.lower() in ("he", "she")
    )


def _does(cue: str, verbs: frozenset[str]) -> bool:
    return any(_lemma(word, verbs) in verbs for word in re.findall(r"[a-z]+", cue.lower()))


def _lemma(word: str, verbs: frozenset[str] = _VERBS) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    for end, instead in (
        ("ies", "y"),
        ("ied", "y"),
        ("es", ""),
        ("es", "e"),
        ("s", ""),
        ("ed", ""),
        ("ed", "e"),
        ("ing", ""),
        ("ing", "e"),
    ):
        stem = word.removesuffix(end)
        if stem != word and stem + instead in verbs:
            return stem + instead
        if stem != word and len(stem) > 3 and stem[-1] == stem[-2] and stem[:-1] in verbs:  # "stopped"
            return stem[:-1]
    return word
