"""The English words by which questions are read: verbs of saying, kinds of bodies, words about asking.

One home for the lists; how they are used stands in `question.py`.
"""

from __future__ import annotations


def _alternatives(words: str) -> str:
    """Return words, one of which a pattern is to match, as its alternatives."""
    return "|".join(words.split())


# Verbs that make somebody a speaker, then those of them that add nothing to what is spoken of.
SAY = _alternatives(
    """
    accept accepted accepts accuse accused accuses admit admits admitted advise advised advises announce announced announces
    answer answered answers argue argued argues ask asked asks assess assesses believe believed believes blame blamed blames
    call called calls cite cited cites claim claimed claims compare compared compares complain complained complains conclude
    concluded concludes condemn condemned condemns consider considered considers criticise criticised criticises criticize
    criticized criticizes decide decided decides declare declared declares defend defends demand demanded demands denied denies
    deny describe described describes discuss discussed discusses explain explained explains express expressed expresses find
    finds found insist insisted insists judge judges mention mentioned mentions note noted notes oppose opposed opposes order
    ordered orders portray portrays praise praised praises predict predicted predicts promise promised promises propose proposed
    proposes quote quoted quotes react reacted reacts recommend recommended recommends refer refers regard regards reject rejected
    rejects replied replies reply report reported reports respond responded responds rule ruled rules said say saying says see
    sees speak speaks spoke stated suggest suggested suggests support supported supports talk talked talks tell tells think thinks
    thought threaten threatened threatens told treat treats urge urged urges view views want wanted wants warn warned warns
    welcome welcomed welcomes write writes written wrote
    """
) + r"|br(?:ing|ings|ought) up|point(?:s|ed)? out"  # fmt: skip
NEUTRAL = _alternatives(
    """
    argue argued argues believe believed believes claim claimed claims conclude concluded concludes consider considered considers
    declare declared declares describe described describes discuss discussed discusses explain explained explains express
    expressed expresses find finds found insist insisted insists mention mentioned mentions note noted notes refer refers regard
    regards report reported reports say saying says said see sees speak speaks spoke stated suggest suggested suggests talk talked
    talks tell tells think thinks thought told treat treats write writes written wrote
    """
) + r"|br(?:ing|ings|ought) up|point(?:s|ed)? out"  # fmt: skip
BODY = (
    "groups?|part(?:y|ies)|organi[sz]ations?|movements?|papers?|newspapers?|articles?|bod(?:y|ies)|publications?|statements?"
    "|sources?|authors?|unions?|courts?"
)
BODIES = "groups|parties|organi[sz]ations|movements|papers|newspapers|articles|bodies|publications|sources|unions"
ORGAN = (
    "inquiry|commission|government|leaders?|leadership|officials?|spokes(?:man|woman|person)|party|movement|committee|newspaper|paper"
    "|magazine"
)
OPINION = (
    "articles?|reports?|views?|positions?|stance|statements?|opinion|attitude|line|demands?|response|answer|reaction|claims?"
    "|paper|story|piece|coverage|assessment|criticism"
)
WRITINGS = "articles?|statements?|texts?|papers?|pieces?|leaflets?|press releases?|publications?|posts?|editorials?"
OFFICES = frozenset({"ministry", "government", "court", "military", "un-body"})  # kinds of groups that speak for their parent
AUXILIARY = "do|does|did|has|have|had|is|are|was|were|would|will|can|should"
ASKING_WORDS = "group party organisation organization article statement according author view position opinion stance"
POLITE = "thank thanks cheers ok okay yes yeah please sorry good great fine nice right sure well know see got hello hi interesting amazing"
