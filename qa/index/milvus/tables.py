"""The collections that an index in Milvus consists of, their rows, and how keys follow from content.

    NAME_state          of the whole index: which of the numbered collections are in force, and what people said of answers
    NAME_N_articles     a row an article: what it states, whether it is shown, what was found in it; written by builders only
    NAME_N_extracts     a row an article that was taken apart: what was found in it; written by whoever took it apart
    NAME_N_passages     a row a passage: its place, its sentences' places and vectors, its stems with BM25
    NAME_N_sentences    a row a sentence: its vector, with a graph to search it by
    NAME_N_statements   a row a statement
    NAME_N_parts        texts, and what the index was told: groups, corrected names, remarks, links

A rebuild writes the collections of the next number N. Every key is 62 bits of a hash of content, or such a hash and a
number in the article, so that whoever writes a row a second time writes the same one. Two of a hundred million passages
share a key with a chance of one in a thousand; of a million, one in ten million.

What is no plain value is JSON. Milvus allows 65,535 bytes in a field, so that what may be longer is a list of pieces.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from qa.index.interface import StoredPassage
from qa.index.lexical import stems
from qa.index.milvus.connection import Connection, Row
from qa.index.store import Known
from qa.models.encoder import Vectors
from qa.types import Article, PartialDate, Span, Statement

if TYPE_CHECKING:
    from pymilvus import CollectionSchema

KINDS = ("articles", "extracts", "passages", "sentences", "statements", "parts")
STATE = "state"
_LONGEST = 65_535  # bytes of a field
_PIECE = 16_000  # code points, of at most four bytes each
_PIECES = 4_096  # of a field; with 64 MB that a message may have, a text has some 60 million characters
_BANDS = 32
_SENTENCES = 1_024  # of a passage, which has at most 150 words
_K1, _B = 1.2, 0.75  # of BM25, as in tantivy
_GRAPH = {"M": 16, "efConstruction": 200}
_IDLE = [0.0, 0.0]  # Milvus wants a vector in every row
IDLE: Row = {"idle": _IDLE}

STATED = ("source", "title", "group", "author", "published", "url", "publication", "kind")


def key_of(*parts: object) -> int:
    """Return 62 bits of a hash: room is left above to count on from it."""
    told = json.dumps(parts).encode()
    return int.from_bytes(hashlib.blake2b(told, digest_size=8).digest(), "big") >> 2


def pieces(value: str) -> list[str]:
    """Cut a text at code points."""
    return [value[at : at + _PIECE] for at in range(0, len(value), _PIECE)]


def whole(found: Sequence[str]) -> str:
    """Put a text together again."""
    return "".join(found)


def packed(value: object) -> list[str]:
    """Write a value as JSON, in pieces."""
    return pieces(json.dumps(value))


def unpacked(found: Sequence[str]) -> Any:
    """Read what `packed` wrote."""
    return json.loads(whole(found))


# ---- articles


@dataclass(frozen=True, slots=True)
class Extract:
    """What was found in an article: how many passages and so on, by whom its statements were read, and who speaks in it.

    `voices` are speaker and body spoken for, of speech that isn't told as own; `group` is the one that the statements were read for.
    """

    passages: int = 0
    sentences: int = 0
    statements: int = 0
    attribution: str = "-"
    group: str | None = None
    voices: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Stored:
    """An article's row. `order` is when it was written and `since` when it was shown last, in nanoseconds."""

    key: int
    article: Article
    hash: str
    fingerprint: str
    shown: bool = False
    added: bool = False
    order: int = 0
    since: int = 0
    bands: tuple[int, ...] = ()
    acronyms: dict[str, str] = field(default_factory=dict)
    copies: tuple[int, ...] = ()
    extract: Extract = Extract()

    @property
    def known(self) -> Known:
        """The article as a change knows it."""
        return Known(self.key, self.hash, self.article, self.added, self.fingerprint, self.extract.attribution)

    def stating(self, article: Article, *, added: bool) -> Stored:
        """Return the row with what `article` states; where its group changes, its statements count as read by nobody."""
        extract = self.extract
        if article.group != extract.group:
            extract = replace(extract, attribution="", group=article.group)
        told = replace(article, text="", pages=self.article.pages)
        return replace(self, article=told, added=added, extract=extract)


ARTICLE_FIELDS = ("key", "shown", "since", "order", "facts")


def article_row(stored: Stored) -> Row:
    """Return the row as it is kept."""
    article = stored.article
    stated = {name: getattr(article, name) for name in STATED if name != "published"}
    facts = {
        "id": article.id,
        **stated,
        "published": str(article.published) if article.published else None,
        "origins": dict(article.origins),
        "pages": article.pages,
        "hash": stored.hash,
        "fingerprint": stored.fingerprint,
        "added": stored.added,
        "acronyms": stored.acronyms,
        "copies": stored.copies,
        "extract": _extract_facts(stored.extract),
    }
    return {
        "key": stored.key,
        "shown": stored.shown,
        "since": stored.since,
        "order": stored.order,
        "id_key": key_of("id", article.id),
        "words_key": key_of("words", stored.fingerprint),
        "bands": list(stored.bands),
        "facts": packed(facts),
        **IDLE,
    }


def stored(row: Row) -> Stored:
    """Read an article's row."""
    facts = unpacked(row["facts"])
    published = PartialDate.parse(facts["published"]) if facts["published"] else None
    known = {name: facts[name] for name in STATED if name != "published"}
    article = Article(facts["id"], "", published=published, origins=tuple(facts["origins"].items()), pages=tuple(facts["pages"]), **known)
    return Stored(
        int(row["key"]), article, facts["hash"], facts["fingerprint"], bool(row["shown"]), facts["added"], int(row["order"]),
        int(row["since"]), tuple(map(int, row.get("bands") or ())), facts["acronyms"], tuple(facts["copies"]), _extract(facts["extract"]),
    )  # fmt: skip


def _extract_facts(extract: Extract) -> Row:
    return {name: getattr(extract, name) for name in Extract.__dataclass_fields__}


def _extract(facts: Row) -> Extract:
    return Extract(**{**facts, "voices": tuple((speaker, body) for speaker, body in facts["voices"])})


EXTRACT_FIELDS = ("key", "done", "worker", "until", "facts")


def extract_row(key: int, extract: Extract) -> Row:
    """Return the row of an article that was taken apart."""
    return {"key": key, "done": True, "worker": "", "until": 0, "facts": packed(_extract_facts(extract)), **IDLE}


def claim_row(key: int, worker: str, until: int) -> Row:
    """Return the row of an article that a worker is about to take apart, until a time in nanoseconds."""
    return {"key": key, "done": False, "worker": worker, "until": until, "facts": packed(_extract_facts(Extract())), **IDLE}


def extract_of(row: Row) -> Extract:
    """Read what was found in an article."""
    return _extract(unpacked(row["facts"]))


# ---- passages, sentences, statements: numbered within their article, so that their keys are in the article's order


def member(key: int, number: int) -> int:
    """Return the key of the passage, sentence or statement number `number` of an article."""
    return key + 1 + number


PASSAGE_FIELDS = ("key", "article", "start", "end", "first", "spans", "vectors")


def passage_row(key: int, number: int, text: str, span: Span, sentences: Sequence[Span], first: int, vectors: Vectors) -> Row:
    """Return the row of a passage, of whose article `first` sentences come before it; `vectors` are those of its sentences."""
    places = np.array([(sentence.start, sentence.end) for sentence in sentences], np.int32)
    return {
        "key": member(key, number),
        "article": key,
        "start": span.start,
        "end": span.end,
        "first": member(key, first),
        "spans": base64.b64encode(places.tobytes()).decode(),
        "vectors": [base64.b64encode(vector.tobytes()).decode() for vector in vectors.astype(np.float16)],
        "words": _shortened(" ".join(stems(span.of(text)))),
    }


def _shortened(words: str) -> str:
    if len(words.encode()) <= _LONGEST:
        return words
    return words.encode()[:_LONGEST].decode(errors="ignore").rpartition(" ")[0]


def stored_passage(row: Row) -> StoredPassage:
    """Read a passage's row."""
    key, article, start, end, first = (int(row[name]) for name in ("key", "article", "start", "end", "first"))
    return StoredPassage(key, article, start, end, first, base64.b64decode(row["spans"]))


def halves_of(row: Row) -> npt.NDArray[np.float16]:
    """Return the vectors of a passage's sentences, shape (sentences, dimension)."""
    return np.stack([np.frombuffer(base64.b64decode(vector), np.float16) for vector in row["vectors"]])


def sentence_row(key: int, number: int, passage: int, vector: Vectors) -> Row:
    """Return the row of a sentence of an article; `passage` is the key of its passage."""
    return {"key": member(key, number), "article": key, "passage": passage, "vector": vector}


STATEMENT_FIELDS = ("key", "article", "facts")


def speaker_key(name: str) -> int:
    """Return what the statements of a speaker are found by."""
    return key_of("speaker", name)


def statement_row(key: int, number: int, said: Statement) -> Row:
    """Return the row of a statement."""
    places = [[[span.start, span.end] for span in spans] for spans in (said.source, said.cue, said.content)]
    heard = said.speech and said.voice != "own"
    return {
        "key": member(key, number),
        "article": key,
        "speaker": speaker_key(said.speaker) if heard and said.speaker is not None else 0,
        "facts": packed([*places, said.speaker, said.voice, said.organisation, said.speech]),
        **IDLE,
    }


def statement_of(row: Row, id: str) -> Statement:
    """Read a statement of the article with this id."""
    source, cue, content, speaker, voice, organisation, speech = unpacked(row["facts"])
    return Statement(id, _spans(source), _spans(cue), _spans(content), speaker, voice, organisation, speech)


def _spans(listed: Iterable[tuple[int, int]]) -> tuple[Span, ...]:
    return tuple(Span(start, end) for start, end in listed)


def voices_of(statements: Iterable[Statement]) -> tuple[tuple[str, str | None], ...]:
    """Return who is heard in these statements beside the article's own group, each once."""
    heard = ((said.speaker, said.organisation) for said in statements if said.speech and said.voice != "own" and said.speaker is not None)
    return tuple(dict.fromkeys(heard))


# ---- parts

PART_FIELDS = ("key", "kind", "value")


def text_key(key: int) -> int:
    """Return the key of an article's text."""
    return key_of("text", key)


def part_row(kind: str, name: object, value: list[str]) -> Row:
    """Return a row of what is no article: a text, or something that the index was told."""
    return {"key": key_of(kind, name), "kind": kind, "value": value, **IDLE}


# ---- the collections themselves


@dataclass(frozen=True, slots=True)
class Tables:
    """The collections of one number."""

    connection: Connection
    number: int

    def name(self, kind: str) -> str:
        """Return the name of a collection."""
        return f"{self.connection.address.name}_{self.number}_{kind}"

    def missing(self) -> list[str]:
        """Return the names of those that aren't there."""
        there = self.connection.collections()
        return [name for name in map(self.name, KINDS) if name not in there]

    def make(self, dimension: int) -> None:
        """Make those that aren't there, for vectors of this length."""
        for kind in KINDS:
            make(self.connection, self.name(kind), kind, dimension)

    def drop(self) -> None:
        """Remove them."""
        there = self.connection.collections()
        for name in map(self.name, KINDS):
            if name in there:
                self.connection.drop(name)


def make(connection: Connection, name: str, kind: str, dimension: int = 0) -> None:
    """Make one collection."""
    from pymilvus import DataType, MilvusClient

    schema: CollectionSchema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    indexes = MilvusClient.prepare_index_params()
    schema.add_field("key", DataType.INT64, is_primary=True)

    def numbers(*names: str, searched: Sequence[str] = ()) -> None:
        for number in names:
            schema.add_field(number, DataType.INT64)
            if number in searched:
                indexes.add_index(number, index_name=number, index_type="INVERTED")

    def listed(name: str, most: int = _PIECES) -> None:
        # Looked up and never searched, so that a server needn't hold it in memory.
        schema.add_field(name, DataType.ARRAY, element_type=DataType.VARCHAR, max_length=_LONGEST, max_capacity=most, mmap_enabled=True)

    if kind == "articles":
        numbers("since", "order", "id_key", "words_key", searched=("id_key", "words_key"))
        schema.add_field("shown", DataType.BOOL)
        schema.add_field("bands", DataType.ARRAY, element_type=DataType.INT64, max_capacity=_BANDS)
        listed("facts")
    elif kind == "extracts":
        schema.add_field("done", DataType.BOOL)
        schema.add_field("worker", DataType.VARCHAR, max_length=100)
        numbers("until")
        listed("facts")
    elif kind == "passages":
        numbers("article", "start", "end", "first", searched=("article",))
        schema.add_field("spans", DataType.VARCHAR, max_length=_LONGEST)
        listed("vectors", _SENTENCES)
        _searched_by_words(schema, indexes)
    elif kind == "sentences":
        numbers("article", "passage", searched=("article", "passage"))
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dimension)
        indexes.add_index("vector", index_name="vector", index_type="HNSW", metric_type="IP", params=_GRAPH)
    elif kind == "statements":
        numbers("article", "speaker", searched=("article", "speaker"))
        listed("facts")
    else:
        schema.add_field("kind", DataType.VARCHAR, max_length=16)
        listed("value")
    if kind not in ("passages", "sentences"):
        schema.add_field("idle", DataType.FLOAT_VECTOR, dim=len(_IDLE))
        indexes.add_index("idle", index_name="idle", index_type="FLAT", metric_type="L2")
    connection.create(name, schema, indexes)


def _searched_by_words(schema: Any, indexes: Any) -> None:
    """Add the stems of a passage with BM25 over them. They come apart at their spaces: a stem has nothing but letters and digits."""
    from pymilvus import DataType, Function, FunctionType

    schema.add_field(
        "words", DataType.VARCHAR, max_length=_LONGEST, enable_analyzer=True, enable_match=True, analyzer_params={"tokenizer": "standard"}
    )
    schema.add_field("bm25", DataType.SPARSE_FLOAT_VECTOR)
    schema.add_function(Function(name="bm25", function_type=FunctionType.BM25, input_field_names=["words"], output_field_names=["bm25"]))
    how = {"bm25_k1": _K1, "bm25_b": _B}
    indexes.add_index("bm25", index_name="bm25", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25", params=how)
