"""A small awkward corpus, written for the tests: five invented bodies on an invented river, the Wend; a small encoder.

`FILES` maps a path below the corpus folder to the file's text, `GROUPS_TOML` names the groups. What is awkward about
each article is said above it. Other tests may lean on the facts, so change a sentence only with a look at them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from qa.index.store import Analysed
from qa.models.encoder import ModelIdentity, Vectors
from qa.passages import sentences, windows
from qa.settings import MilvusAddress, Place
from qa.types import Article, PartialDate, Span, Statement

RIVER_TRUST = "River Trust"
FARMERS_UNION = "Farmers' Union"
MILL_OWNERS_GUILD = "Mill Owners' Guild"
CITY_COUNCIL = "City Council"
ANGLERS_CLUB = "Anglers' Club"

GROUPS_TOML = """\
[[group]]
name = "River Trust"
kind = "organisation"
aliases = ["Wend River Trust", "WRT"]
publications = ["Clear Water"]
domains = ["rivertrust.example"]

[[group]]
name = "Farmers' Union"
kind = "union"
aliases = ["Farmers' Union of the Wend", "FUW"]
publications = ["The Furrow"]

[[group]]
name = "Mill Owners' Guild"
kind = "organisation"
aliases = ["Guild of Mill Owners"]

[[group]]
name = "City Council"
kind = "government"
aliases = ["Wendford City Council"]
domains = ["wendford.example"]

[[group]]
name = "Anglers' Club"
kind = "organisation"
aliases = ["Wendford Anglers"]
parent = "River Trust"
"""

# A month for a date; curly quotes; another group reported and a person quoted; "She said".
_LIMIT = """\
---
id: trust-limit
title: A limit the Wend can live with
group: River Trust
author: Nell Okafor
published: 2024-03
url: https://rivertrust.example/limit
publication: Clear Water
---
The Wend ran dry at Alder Bridge for eleven days last summer.

We call for a limit on taking water from the river between May and September. No more than forty million litres a day \
should leave it in those months. Without a limit the trout will be gone from the upper reaches within ten years.

“Every litre that leaves the river in July is a litre the trout do not have,” said Dr Ada Marsh, a hydrologist who has \
measured the Wend since 2009. She said that the water at Alder Bridge was warmer than at any time in her records. \
“Warm water holds less air,” she added, “and fish drown in it as you would.”

Not everybody agrees. The Mill Owners' Guild said in February that it “will take any such limit before a judge” and that its \
members hold rights older than the city itself. We have read those rights. They speak of wheels, not of pumps.

## What would change

A farm could still fill a winter reservoir. A mill could still turn its wheel, because a wheel gives the water back. \
Pumping for cooling would have to stop in dry weeks.

Is that too much to ask? We do not think so. The river was here before any of us.
"""

# A year for a date; emoji, combining marks, a sentence three times, an acronym explained.
_OTTERS = """\
---
id: trust-otters
title: Otters are back 🦦
group: River Trust
published: 2023
url: https://rivertrust.example/otters
---
Otters are back on the Wend 🦦🦦. Our volunteers counted fourteen of them in the winter of 2022. The river belongs to \
everyone.

The count was made with the Upper Valley Water Board (UVWB). The UVWB lent us six cameras and paid for the batteries. \
Zoe\u0308 Cre\u0301pin, who is eleven, saw the first cub from the footbridge at Low Mill 👧🏽. “It looked at me and then it \
sneezed,” Zoe\u0308 told us.

The river belongs to everyone. An otter eats about a kilogram of fish a day, most of it eels. The Anglers' Club feared \
for its trout when we put up the first holts in 2016. Its chairman, Tom Brandt, now says that “the otters take eels and \
leave us the trout”.

There is more to do. Three of the nine holts stand empty, and two were flooded in November. A new holt costs £180. \
The river belongs to everyone.
"""

# A day for a date; straight quotes; an initial; a number; opposition in its own voice.
_NO_FLAT_LIMIT = """\
---
id: union-no-flat-limit
title: "No flat limit: what farms need from the Wend"
group: Farmers' Union
author: [Joan Pell, R. D. Hale]
published: 2024-05-11
publication: The Furrow
---
The same abstraction limit for everybody would shut one farm in seven below Sallow End. The Farmers' Union opposes it. We oppose \
it because it treats a dry year and a wet year alike.

The River Trust wants forty million litres a day and not a drop more. "Nobody at the Trust has ever had to water a \
thousand lambs in August," said Joan Pell, who farms at Nether Wick. She added that her own borehole had fallen by \
four metres in ten years.

Potatoes need water in June or they are worth nothing. Soft fruit needs it every day. Mr. R. D. Hale of Sallow End \
lost 30 per cent of his strawberries in 2022, i.e. about £41,000. "I was told to pray for rain," Mr. Hale told this paper. \
"I did, and it hailed."

What would help is storage. We ask the City Council to grant planning leave for winter reservoirs within eight weeks, \
and not, as now, within two years. We ask for a limit that moves with the height of the river. A moving limit was tried \
on the Arle in 2019, and no farm there closed.

According to the City Council, there are 212 farms in the valley. It is not a large number. It feeds a city.
"""

# CRLF line ends; single curly quotes; a pronoun right after a name.
_RESERVOIRS = """\
---
id: union-reservoirs
title: Reservoirs first
group: Farmers' Union
published: 2024-06-02
---
Four reservoirs are ready to be dug and none has leave. Each would hold eighty million litres of winter water.

Ruth Amadi, who speaks for the growers of Long Reach, is tired of waiting. ‘We have the diggers, the clay and the money,’ \
she said. ‘We don’t have the paper.’

The Farmers' Union paid for the surveys itself. They cost £64,000. The River Trust welcomed the plans in April and asked \
for a strip of reeds along each bank. We agreed to the reeds at once.

The Mill Owners' Guild claims that the reservoirs would starve its wheels in January. In January the Wend is in flood. \
There is water for wheels and for reservoirs both.

We shall plough on. A reservoir is a savings bank for rain.
""".replace("\n", "\r\n")

# Right-to-left text; a long quotation over several sentences; own voice against the limit.
_RIGHTS = """\
---
id: guild-rights
title: Our wheels, our water
group: Mill Owners' Guild
published: 2024-04-20
author: Hester Vane
---
There were mills on the Wend before there was a city. The oldest charter is of 1381.

The Mill Owners' Guild rejects any limit on the river. We shall defend the charters in court, and we expect to win. A \
wheel borrows water and gives it back thirty paces further down.

Over the door of Low Mill stand the words מים הם חיים, which the miller’s wife carved in 1744. Beside them a sailor wrote \
الماء هو الحياة in 1802. Both say that water is life.

Hester Vane, the master of the Guild, put it to the City Council in these words: “You ask us for a limit. We ask you for \
a sewer that does not leak. Eleven times last year the pipe at Tanner’s Row broke, and eleven times the river carried what \
it should not. Mend the pipe before you meter the wheel.”

The Council did not reply. Its engineer, Paul Idowu, later admitted that the pipe dates from 1931.

Seven mills still work. They employ ninety-three people and grind eleven thousand tonnes of flour a year. Cooling pumps \
use less than one per cent of the river. The pumps run on forty days a year at most.
"""

# Indirect speech throughout, no position of its own; a heading without a full stop; hard-wrapped lines.
_MINUTES = """\
---
id: council-minutes
title: Minutes of the river committee
group: City Council
published: 2024-05-11
url: https://wendford.example/minutes/2024-05-11
---
# River committee

The committee met in the Corn Hall on 11 May at ten o'clock. Councillor Mary
Tench took the chair and nineteen members of the public were present. She
said that no decision on abstraction would be taken before the autumn.

The River Trust said that a limit of forty million litres a day was the least
the river could bear. The Farmers' Union replied that a flat limit would close
farms. The Mill Owners' Guild warned that it would defend its charters.

The committee heard all three and takes no position. It has asked the Upper
Valley Water Board for figures on the flow at Alder Bridge since 1990. The
figures are expected in September.

The engineer, Paul Idowu, reported eleven breaks of the sewer at Tanner's Row.
He said that a new pipe would cost £2.3 million. Repairs begin on 3 June.

The committee thanked the volunteers of the otter count. The next meeting is
on 8 June at ten.
"""

# A question and an exclamation that end inside quotation marks; nested quotation marks; no mention of a limit.
_SALMON = """\
---
id: anglers-salmon
title: Let the salmon pass
group: Anglers' Club
published: 2024-04
---
No salmon has passed Low Mill weir since 1968. The Anglers' Club wants a fish pass there by 2026.

“Would you climb three metres of wet stone to have a child?” asked Ines Calloway, who keeps our books. “I would not!” \
She said the pass would cost £310,000 and that the club has saved £48,000 of it.

The River Trust has promised to match what we raise. “A fish pass is the best bargain on the river,” Nell Okafor of the \
Trust wrote to us. The owner of Low Mill is less warm. “My father told me, ‘Never let a committee near your weir,’ and he \
was right,” said Hester Vane.

Salmon are patient. They have waited for fifty-six years below the weir, and every autumn some of them jump. We stand on \
the bridge and count them. Last October we counted nine. In 1967 our grandfathers counted two thousand.

Members pay £25 a year. Children fish for nothing.
"""

# A digest: our own words about an article, never shown as its words.
_COURT_DIGEST = """\
---
id: guild-court-digest
title: Guild goes to court
group: Mill Owners' Guild
published: 2024-07-15
kind: digest
---
The article announces that the guild has filed a claim against the city over the river. It names the charter of 1381 as \
the ground of the claim. It says that the guild has hired two barristers. The hearing is expected in November 2024. It \
repeats that a wheel gives its water back. The article does not say what the claim will cost. It ends with an appeal for \
money to the members. It gives the address of the treasurer. No other body is quoted in it. It is signed by the master. \
The article is two pages long.
"""

# Neither group nor date nor front matter; the title is its first heading.
_LETTER = """\
# A letter found under a door

To whom it may concern. I have lived beside the Wend for seventy years. I have seen it brown, green, white with soap and once, in \
1953, over my kitchen table.

Nobody asked me about a limit. Nobody asked the heron either. He stands at Alder Bridge from six until nine and takes what \
he needs.

My neighbour says that the river sings less than it did. I think she is right. It used to sing under the bridge and now it \
mutters.

The bus stops at the weir on Thursdays. Bring bread for the ducks, but not white bread. I have no more to say and I do not \
sign letters.
"""

# Plain text with CRLF line ends: nothing but its words is known.
_NOTICE = """\
NOTICE AT THE WEIR

Do not swim below the weir. The water is cold and the stones move. Two boys were pulled out in 1988 and one was not.

Keep dogs on a lead from March to July. The ducks nest on the left bank. The kingfisher nests on the right bank and bites.

Boats must be carried round by the path. The path is steep. Do not leave boats on it. Whoever finds the brass key of the \
sluice may keep it, since the lock was changed in 1990.
""".replace("\n", "\r\n")

FILES: dict[str, str] = {
    "river-trust/limit.md": _LIMIT,
    "river-trust/otters.md": _OTTERS,
    "farmers-union/no-flat-limit.md": _NO_FLAT_LIMIT,
    "farmers-union/reservoirs.md": _RESERVOIRS,
    "mill-owners-guild/rights.md": _RIGHTS,
    "city-council/minutes.md": _MINUTES,
    "anglers-club/salmon.md": _SALMON,
    "digests/court.md": _COURT_DIGEST,
    "letter.md": _LETTER,
    "notice.txt": _NOTICE,
}

IDS = {
    "trust-limit", "trust-otters", "union-no-flat-limit", "union-reservoirs", "guild-rights", "council-minutes",
    "anglers-salmon", "guild-court-digest", "letter", "notice",
}  # fmt: skip


def write_corpus(folder: Path) -> Path:
    """Write the small corpus and its groups.toml below `folder`, bytes as they are here; return the folder."""
    for name, text in FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
    (folder / "groups.toml").write_text(GROUPS_TOML, "utf-8")
    return folder


class WordEncoder:
    """A deterministic encoder that takes no time: texts that share words are near each other. Counts what it is given."""

    def __init__(self, name: str = "words", dimension: int = 384) -> None:
        self.identity = ModelIdentity(name, hashlib.sha256(name.encode()).hexdigest(), dimension)
        self.encoded: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.encoded.extend(texts)
        rows = np.full((len(texts), self.identity.dimension), 1e-3, np.float32)
        for at, text in enumerate(texts):
            for word in text.casefold().split():
                rows[at, int.from_bytes(hashlib.blake2b(word.encode(), digest_size=4).digest()) % rows.shape[1]] += 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


class SilentAttributor:
    """An attributor that hears nobody and takes no time. Counts the articles it is given."""

    def __init__(self, identity: str = "silent") -> None:
        self.identity = identity
        self.read: list[str] = []

    def statements(self, articles: Sequence[Article], sentences: Sequence[Sequence[Span]]) -> list[tuple[Statement, ...]]:
        self.read.extend(article.id for article in articles)
        return [() for _ in articles]


NOBODY = SilentAttributor()


def beside(place: Place) -> Place:
    """Return where another index may come to be beside one."""
    return replace(place, name=f"{place.name}_b") if isinstance(place, MilvusAddress) else place.with_name("beside")


FULLY_TOLD = Article(
    "a",
    "Zoe\u0308 🦦 came. The river is low.",
    "T",
    "River Trust",
    "N",
    PartialDate(2024, 3),
    "u",
    "Clear Water",
    "digest",
    "a.md",
    origins=(("title", "heading"), ("group", "front matter")),
    pages=(0, 12),
)
"""An article of which every field is known."""


def analysed(article: Article, statements: Sequence[Statement] = ()) -> Analysed:
    """Return an article taken apart, with vectors of its words and what is said in it as told."""
    spans = sentences(article.text)
    vectors = WordEncoder().encode([span.of(article.text) for span in spans])
    return Analysed(article, tuple(windows(article.id, article.text, spans)), tuple(statements), "x", vectors)
