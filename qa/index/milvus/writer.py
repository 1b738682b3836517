"""Changes an index in Milvus, so that nobody sees half an article and a change that is done twice changes nothing.

Milvus has no transactions, so the order of writes has to do: an article's passages, sentences and statements, which
nobody looks for; what was found in it; then its own row, with which it is there, whole, at once. So one article is
seen old or new; of a change of several articles a reader may see a part. What vanishes loses its row, which a note tells
of; whatever else belongs to it goes with a later change, so that questions which are being answered still find it.
"""

from __future__ import annotations

import secrets
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, replace

from qa.attribution.groups import explained_acronyms
from qa.index.copies import bands, fingerprint
from qa.index.home import Progress
from qa.index.milvus.connection import Row, batched
from qa.index.milvus.facts import (
    ALIASES,
    DEAD,
    GENERATION,
    GROUPS,
    LINK,
    REMARKS,
    SHOWN,
    TEXT,
    MilvusFacts,
    newest,
    remarks_value,
    same_groups,
)
from qa.index.milvus.tables import (
    EXTRACT_FIELDS,
    Extract,
    Stored,
    Tables,
    article_row,
    extract_of,
    extract_row,
    key_of,
    packed,
    part_row,
    passage_row,
    pieces,
    sentence_row,
    statement_row,
    text_key,
    unpacked,
    voices_of,
)
from qa.index.remarks import Remarks
from qa.index.store import Analysed, Known, text_hash
from qa.types import Article, Group, Link, Span, Statement

_BYTES_AT_ONCE = 8_000_000  # of rows that wait to be written, by a rough count; a message may have 64 MB
_ABANDONED = 24 * 3600 * 1_000_000_000  # nanoseconds after which what was written and not shown is nobody's any more
_GRACE = 60 * 1_000_000_000  # nanoseconds in which who still holds an older state finds what was taken out since
_FLUSHED = 1_000  # rows of a change that are worth telling Milvus to write and index at once
_AT_ONCE = 500


class MilvusWriter(MilvusFacts):
    """One change of the collections of one number, as `qa.index.home.Writer` describes it. For one thread."""

    def __init__(self, tables: Tables, *, all_known: bool = False) -> None:
        """Begin; with `all_known` every article's row is read at once, else only those that are asked for."""
        super().__init__(tables)
        self._rows: dict[int, Stored] = {}  # as they are, as far as they were read
        self._absent: set[int] = set()  # keys under which there was none
        self._changed: dict[int, Stored] = {}  # as they will be
        self._given: set[int] = set()  # keys of articles that came with this change
        self._dead: dict[int, Stored] = {}
        self._parts: dict[int, Row | None] = {}  # by their keys; None for what is to go
        self._remarks: dict[str, Remarks] = {}
        self._buffer: dict[str, dict[int, Row]] = defaultdict(dict)
        self._size = 0
        self._written = 0
        self._texts: dict[int, str] = {}  # of articles that wait to be written
        self._extracts: dict[int, Extract] = {}
        self._shown: dict[str, Stored] | None = None
        self._by_band: dict[int, list[int]] | None = None
        if all_known:
            self._read_all()

    # ---- articles' rows

    def _read_all(self) -> None:
        by_band: dict[int, list[int]] = defaultdict(list)
        for one in self.stored("key >= 0", "bands"):
            self._rows[one.key] = one
            for band in one.bands:
                by_band[band].append(one.key)
        self._by_band = by_band
        self._shown = self._newest(one for one in self._rows.values() if one.shown)

    def _newest(self, rows: Iterable[Stored]) -> dict[str, Stored]:
        """Return the articles by their ids; what a kill left of an older text goes with this change."""
        rows = list(rows)
        found = newest(rows)
        for one in rows:
            if found[one.article.id].key != one.key and one.key not in self._given:
                self._dead[one.key] = one
        return found

    def _row(self, key: int) -> Stored | None:
        """Return an article's row as this change leaves it; None where there is none."""
        return self._rows_of([key]).get(key)

    def _rows_of(self, keys: Iterable[int]) -> dict[int, Stored]:
        wanted = list(keys)
        missing = [key for key in wanted if key not in self._rows and key not in self._changed and key not in self._absent]
        if missing and self._shown is None:
            self._rows |= self.stored_at(missing, "bands")
            self._absent.update(key for key in missing if key not in self._rows)
        found = {key: self._changed.get(key) or self._rows.get(key) for key in wanted}
        return {key: one for key, one in found.items() if one and key not in self._dead}

    def _found(self, filter: str) -> list[Stored]:
        """Return the shown rows that fit a filter, as this change leaves them."""
        rows = {one.key: one for one in self.stored(f"{SHOWN} and {filter}", "bands")}
        self._rows |= rows
        return [one for one in self._rows_of(rows).values() if one.shown]

    def known(self) -> dict[str, Known]:
        """Return every shown article by its id, without its text."""
        if self._shown is None:
            self._read_all()
        return {id: one.known for id, one in (self._shown or {}).items()}

    def how_many(self) -> int:
        """Return how many articles are shown."""
        if self._shown is not None:
            return len(self._shown)
        return self.tables.connection.count(self.tables.name("articles"), SHOWN)

    def one_known(self, id: str) -> Known | None:
        """Return the shown article with this id, without its text; None where there is none."""
        if self._shown is not None:
            one = self._shown.get(id)
        else:
            one = self._newest(one for one in self._found(f"id_key == {key_of('id', id)}") if one.article.id == id).get(id)
        return one.known if one else None

    def alike(self, fingerprint: str) -> list[Known]:
        """Return the shown articles of these words, those that came first first."""
        rows = self._shown.values() if self._shown is not None else self._found(f"words_key == {key_of('words', fingerprint)}")
        found = [one for one in rows if one.fingerprint == fingerprint]
        return [one.known for one in sorted(found, key=lambda one: (one.order, one.key))]

    def article(self, key: int) -> Article:
        """Return an article with its text, shown or not; raise KeyError where there is no such key."""
        one = self._row(key)
        if one is None:
            raise KeyError(key)
        return replace(one.article, text=self.text(key))

    def text(self, key: int) -> str:
        """Return the text of an article, shown or not; raise KeyError where there is no such key."""
        return self._texts[key] if key in self._texts else super().text(key)

    def articles(self, keys: Iterable[int]) -> dict[int, Article]:
        """Return those of these articles that are shown, without texts."""
        return {key: one.article for key, one in self._rows_of(keys).items() if one.shown}

    def before(self, key: int) -> list[int]:
        """Return the keys of articles that may be near copies of this one and came before it, the oldest first."""
        mine = self._row(key)
        if mine is None or not mine.bands:
            return []
        if self._by_band is not None:
            near = {other for band in mine.bands for other in self._by_band.get(band, ())}
        else:
            rows = self.stored(f"array_contains_any(bands, [{','.join(map(str, mine.bands))}])", "bands")
            found = {one.key: one for one in rows}
            self._rows |= {other: one for other, one in found.items() if other not in self._rows}
            near = {*found, *(other for other, one in self._changed.items() if set(one.bands) & set(mine.bands))}
        rows_near = self._rows_of(near - {key})
        older = [one for one in rows_near.values() if (one.order, one.key) < (mine.order, mine.key)]
        return [one.key for one in sorted(older, key=lambda one: (one.order, one.key))]

    def spans(self, article: int) -> tuple[Span, ...]:
        """Return the sentences of one article as places in its text."""
        one = self._row(article)
        return tuple(span for passage in self.passages_of([one] if one else []) for span in passage.sentences)

    def unshown(self) -> list[int]:
        """Return the keys of articles that were written and aren't shown, long ago: others may be at work on newer ones."""
        old = time.time_ns() - _ABANDONED
        return [key for key, one in self._rows_of(self._rows).items() if not one.shown and one.order < old]

    def attributed_otherwise(self, identity: str) -> list[int]:
        """Return the keys of shown articles whose statements were read by another attributor than this."""
        rows = self._rows_of({*self._rows, *self._changed})
        return sorted(key for key, one in rows.items() if one.shown and one.extract.attribution != identity)

    def unattributed(self) -> list[int]:
        """Return the keys of articles of this change whose statements nobody has read since their group changed."""
        return sorted(key for key, one in self._rows_of(self._changed).items() if one.shown and not one.extract.attribution)

    # ---- writing articles

    def left(self, article: Article, hash: str, attribution: str) -> list[int]:
        """Return the key under which a change that was stopped, or a worker, has left this article, read by this attributor."""
        key = self._key_for(article, hash)
        one = self._row(key)
        if one is None or one.shown:
            return []
        found = self._extracts_of([key]).get(key)
        if found is None or found.attribution != attribution:
            return []
        self._given.add(key)
        return [key]

    def write(self, article: Article) -> int:
        """Write an article that nobody has taken apart yet, without showing it; return its key, which follows from id and text."""
        key = self._key_for(article, text_hash(article))
        self._dead.pop(key, None)  # what a kill left of an older text may be what the article says again
        if self._row(key) is None:
            one = Stored(
                key, replace(article, text=""), text_hash(article), fingerprint(article.text), order=time.time_ns(),
                bands=tuple(bands(article.text)), acronyms=dict(explained_acronyms(article.text)), extract=Extract(group=article.group),
            )  # fmt: skip
            self._rows[key] = one
            self._texts[key] = article.text
            for band in one.bands if self._by_band is not None else ():
                self._by_band[band].append(key)  # type: ignore[index]  # it is there, or there would be no band
            text = part_row(TEXT, key, pieces(article.text))
            self._put("parts", text, len(article.text))
            self._put("articles", article_row(one), 1_000)
        self._given.add(key)
        return key

    def _key_for(self, article: Article, hash: str) -> int:
        """Return the key of an article: another one where it was given out before, or has become that of an article by another id."""
        number = 0
        while True:
            key = key_of("article", article.id, hash, *([number] if number else []))
            one = self._row(key)
            if key not in self._given and (one is None or not one.shown or one.article.id == article.id):
                return key
            number += 1

    def take_apart(self, key: int, analysed: Analysed) -> None:
        """Add to an article that was written what was found in it."""
        text, first = analysed.article.text, 0
        for number, passage in enumerate(analysed.passages):
            vectors = analysed.vectors[first : first + len(passage.sentences)]
            row = passage_row(key, number, text, passage.span, passage.sentences, first, vectors)
            self._put("passages", row, 3 * analysed.vectors.shape[1] * len(vectors) + 2_000)
            for vector in vectors:
                self._put("sentences", sentence_row(key, first, row["key"], vector), 4 * len(vector))
                first += 1
        self._put_statements(key, analysed.statements)
        extract = Extract(
            len(analysed.passages), first, len(analysed.statements), analysed.attribution, analysed.article.group,
            voices_of(analysed.statements),
        )  # fmt: skip
        self._extracts[key] = extract
        self._put("extracts", extract_row(key, extract), 500)

    def _put_statements(self, key: int, statements: Sequence[Statement]) -> None:
        for number, said in enumerate(statements):
            self._put("statements", statement_row(key, number, said), 500)

    def _put(self, kind: str, row: Row, size: int) -> None:
        self._buffer[kind][row["key"]] = row
        self._size += size
        if self._size > _BYTES_AT_ONCE and kind in ("extracts", "articles"):  # with which an article is done
            self.keep()

    def keep(self) -> None:
        """Have what was written and taken apart survive a kill: what was found in an article comes last."""
        for kind in ("parts", "articles", "passages", "sentences", "statements", "extracts"):
            rows = list(self._buffer.pop(kind, {}).values())
            for some in batched(rows, _AT_ONCE):
                self.tables.connection.upsert(self.tables.name(kind), some)
            self._written += len(rows)
        self._texts.clear()
        self._size = 0

    def _extracts_of(self, keys: Iterable[int]) -> dict[int, Extract]:
        """Return what was found in those of these articles that were taken apart."""
        wanted = list(keys)
        missing = [key for key in wanted if key not in self._extracts]
        rows = self.tables.connection.get(self.tables.name("extracts"), missing, EXTRACT_FIELDS)
        self._extracts |= {int(row["key"]): extract_of(row) for row in rows if row["done"]}
        return {key: self._extracts[key] for key in wanted if key in self._extracts}

    def taken_apart(self, keys: Iterable[int]) -> set[int]:
        """Return which of these articles were taken apart, by whomever."""
        rows = self.tables.connection.get(self.tables.name("extracts"), keys, ("key", "done"))
        return {int(row["key"]) for row in rows if row["done"]}

    # ---- what will be shown

    def show(self, key: int, article: Article, *, added: bool) -> None:
        """Let an article that was taken apart be seen, stating what `article` does, once this change is published."""
        one = self._rows_of([key])[key]
        one = replace(one, extract=self._extracts_of([key])[key], shown=True, since=time.time_ns())
        self._changed[key] = one.stating(article, added=added)

    def set_fields(self, key: int, article: Article, *, added: bool) -> None:
        """Put what an article states in place of what it stated; where its group changes, its statements count as unread."""
        if one := self._row(key):
            self._changed[key] = replace(one.stating(article, added=added), since=time.time_ns())

    def replace_statements(self, key: int, statements: Iterable[Statement], attribution: str) -> None:
        """Put other statements in place of an article's; its sentences and vectors stay."""
        said = tuple(statements)
        if one := self._row(key):
            extract = replace(one.extract, statements=len(said), attribution=attribution, voices=voices_of(said))
            self._changed[key] = replace(one, extract=extract)
            self._put_statements(key, said)

    def link_copies(self, key: int, others: Iterable[int]) -> None:
        """Note that an article is nearly the same as these others."""
        found = tuple(others)
        if found and (one := self._row(key)):
            self._changed[key] = replace(one, copies=tuple(sorted({*one.copies, *found})))

    def remove(self, keys: Iterable[int]) -> None:
        """Take articles out with everything that belongs to them."""
        found = self._rows_of(keys)
        self._dead |= found
        for key in found:
            self._changed.pop(key, None)

    def _note(self, kind: str, name: str, value: object) -> None:
        self._parts[key_of(kind, name)] = part_row(kind, name, packed(value))

    def set_groups(self, groups: Sequence[Group]) -> bool:
        """Remember the groups; tell whether they differ from those remembered."""
        if same_groups(groups, self.groups()):
            return False
        self._note(GROUPS, "", [asdict(group) for group in groups])
        return True

    def set_aliases(self, aliases: Mapping[str, str]) -> None:
        """Remember the names that a person has corrected."""
        self._note(ALIASES, "", dict(aliases))

    def set_link(self, link: Link) -> None:
        """Remember an address in the state in which it was read last."""
        self._note(LINK, link.url, [link.url, link.kind, link.etag, link.modified, link.sha256, link.fetched])

    def remarks(self) -> dict[str, Remarks]:
        """Return what is known of articles beside what their files state, by their ids."""
        found = {**super().remarks(), **self._remarks}
        return {id: remarks for id, remarks in found.items() if remarks != Remarks()}

    def set_remarks(self, id: str, remarks: Remarks) -> None:
        """Remember what is known of an article beside what its file states; nothing at all is forgotten."""
        self._remarks[id] = remarks
        if remarks == Remarks():
            self._parts[key_of(REMARKS, id)] = None
        else:
            self._note(REMARKS, id, remarks_value(id, remarks))

    # ---- the steps of a change

    def prepare(self, new: Collection[int], dead: Collection[int]) -> None:
        """Write what waits: passages are found by searches as soon as their article is shown, so that nothing else is needed."""
        self.keep()
        self._extracts_of(new)

    def publish(self, *, changed: bool) -> None:
        """Let this change be seen, article by article, and tell readers that there is something new."""
        self.keep()
        connection, articles, parts = self.tables.connection, self.tables.name("articles"), self.tables.name("parts")
        if self._dead:
            self._note(DEAD, secrets.token_hex(8), [time.time_ns(), *sorted(self._dead)])
        told = [row for row in self._parts.values() if row]
        connection.upsert(parts, told)
        for some in batched(self._changed.values(), _AT_ONCE):
            connection.upsert(articles, [article_row(one) for one in some])
        connection.delete(articles, self._dead)
        connection.delete(parts, (key for key, row in self._parts.items() if row is None))
        if changed or self._dead:
            connection.upsert(parts, [part_row(GENERATION, "", packed(secrets.token_hex(8)))])
        self._written += len(self._changed)

    def settle(self, progress: Progress) -> None:
        """Clear away what earlier changes took out, also those that were killed; have much that is new indexed at once."""
        connection, parts = self.tables.connection, self.tables.name("parts")
        notes = [int(row["key"]) for row in connection.rows(parts, f'kind == "{DEAD}"', ["key"])]
        for row in connection.get(parts, notes, ("key", "value")):
            noted, *keys = unpacked(row["value"])
            if noted <= time.time_ns() - _GRACE:
                self._clear(keys)
                connection.delete(parts, [int(row["key"])])
        if self._written >= _FLUSHED:
            progress("Indexing", 0, 0)
            for kind in ("passages", "sentences", "articles", "statements", "extracts", "parts"):
                connection.flush(self.tables.name(kind))

    def _clear(self, keys: Sequence[int]) -> None:
        """Delete what belongs to articles that have no row any more; one that was written anew since keeps what it has."""
        there = self.stored_at(keys)
        gone = [key for key in keys if key not in there]
        connection = self.tables.connection
        for kind in ("passages", "sentences", "statements"):
            connection.delete_of(self.tables.name(kind), "article", gone)
        connection.delete(self.tables.name("extracts"), gone)
        connection.delete(self.tables.name("parts"), map(text_key, gone))
