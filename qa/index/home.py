"""Where an index is kept, seen by whoever changes it: what a change reads and writes, and how it is begun and ended.

There are two such homes: a folder (`folder_home`) and collections of a Milvus server (`milvus`). What a change means is
decided in `build` and `plan`, which know neither.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from qa.index.interface import Index
from qa.index.remarks import Remarks
from qa.index.store import Analysed, Known
from qa.models.encoder import ModelIdentity
from qa.reading import Notice
from qa.settings import MilvusAddress, Place
from qa.types import Article, Group, Link, Span, Statement

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much is done and how much there is (0 where that isn't known yet)."""


class Facts(Protocol):
    """What an index was told, and its articles."""

    def groups(self) -> tuple[Group, ...]:
        """Return the groups that the index was told of."""

    def aliases(self) -> dict[str, str]:
        """Return the names that a person has corrected: each with the one that it stands for."""

    def links(self) -> dict[str, Link]:
        """Return the addresses that were read, by themselves."""

    def remarks(self) -> dict[str, Remarks]:
        """Return what is known of articles beside what their files state, by their ids."""

    def known(self) -> dict[str, Known]:
        """Return every shown article by its id, without its text."""

    def text(self, key: int) -> str:
        """Return the text of an article, shown or not; raise KeyError where there is no such key."""


class Writer(Facts, Protocol):
    """One change of an index: it reads the index with what the change has done so far, and nobody else sees that yet.

    Articles are written, then taken apart, then shown; what was written and taken apart is kept by `keep`, whatever
    happens afterwards, and seen by nobody until `publish`.
    """

    # ---- reading

    def how_many(self) -> int:
        """Return how many articles are shown."""

    def one_known(self, id: str) -> Known | None:
        """Return the shown article with this id, without its text; None where there is none."""

    def alike(self, fingerprint: str) -> list[Known]:
        """Return the shown articles of these words, those that came first first."""

    def article(self, key: int) -> Article:
        """Return an article with its text, shown or not; raise KeyError where there is no such key."""

    def articles(self, keys: Iterable[int]) -> dict[int, Article]:
        """Return those of these articles that are shown, without texts."""

    def before(self, key: int) -> list[int]:
        """Return the keys of articles that may be near copies of this one and came before it, the oldest first."""

    def spans(self, article: int) -> tuple[Span, ...]:
        """Return the sentences of one article as places in its text."""

    def left(self, article: Article, hash: str, attribution: str) -> list[int]:
        """Return the keys under which a change that was stopped has left this text, read by this attributor."""

    def unshown(self) -> list[int]:
        """Return the keys of articles that were written and aren't shown."""

    def attributed_otherwise(self, identity: str) -> list[int]:
        """Return the keys of shown articles whose statements were read by another attributor than this."""

    def unattributed(self) -> list[int]:
        """Return the keys of shown articles whose statements nobody has read since their group changed."""

    # ---- writing

    def write(self, article: Article) -> int:
        """Write an article that nobody has taken apart yet, without showing it; return its key."""

    def take_apart(self, key: int, analysed: Analysed) -> None:
        """Add to an article that was written what was found in it."""

    def show(self, key: int, article: Article, *, added: bool) -> None:
        """Let an article that was taken apart be seen, stating what `article` does, once this change is published."""

    def set_fields(self, key: int, article: Article, *, added: bool) -> None:
        """Put what an article states in place of what it stated; where its group changes, its statements count as unread."""

    def replace_statements(self, key: int, statements: Iterable[Statement], attribution: str) -> None:
        """Put other statements in place of an article's; its sentences and vectors stay."""

    def link_copies(self, key: int, others: Iterable[int]) -> None:
        """Note that an article is nearly the same as these others."""

    def remove(self, keys: Iterable[int]) -> None:
        """Take articles out with everything that belongs to them."""

    def set_groups(self, groups: Sequence[Group]) -> bool:
        """Remember the groups; tell whether they differ from those remembered."""

    def set_aliases(self, aliases: Mapping[str, str]) -> None:
        """Remember the names that a person has corrected."""

    def set_link(self, link: Link) -> None:
        """Remember an address in the state in which it was read last."""

    def set_remarks(self, id: str, remarks: Remarks) -> None:
        """Remember what is known of an article beside what its file states; nothing at all is forgotten."""

    # ---- the steps of a change

    def keep(self) -> None:
        """Have what was written and taken apart survive a kill."""

    def prepare(self, new: Collection[int], dead: Collection[int]) -> None:
        """Make ready what searches need to show the new articles and to leave out the dead ones; nobody sees them yet."""

    def publish(self, *, changed: bool) -> None:
        """Let this change be seen; not `changed` tells that nothing in it concerns who reads."""

    def settle(self, progress: Progress) -> None:
        """Take what vanished out of what searches use, and make anew what is due."""


@dataclass(frozen=True, slots=True)
class Changing:
    """A change that was begun. `old` is what a rebuild replaces, as far as that can be read, else a notice tells why not.

    `taken_apart` tells which of some articles others have taken apart by now, None where nobody else can.
    """

    writer: Writer
    old: Facts | None = None
    lost: tuple[Notice, ...] = ()
    taken_apart: Callable[[Iterable[int]], set[int]] | None = None


class Home(Protocol):
    """Where an index is kept. Making the object touches nothing."""

    def check(self) -> ModelIdentity:
        """Return the model that made the index; raise NoIndexError where there is none, IndexFolderError where it can't be used."""

    def refuse_what_is_none(self, *, rebuild: bool) -> None:
        """Raise IndexFolderError where there is something that is no index, or one that can't be used and isn't to be rebuilt."""

    def opened(self, model: ModelIdentity) -> Index:
        """Return its newest state; raise as `check` does, and ModelMismatchError where it was made with another model."""

    def reading(self) -> AbstractContextManager[Facts]:
        """Give what the index was told; raise as `check` does."""

    def changing(self, model: ModelIdentity | None, *, rebuild: bool = False, all_known: bool = False) -> AbstractContextManager[Changing]:
        """Begin a change, and end it where the block ends without an error.

        With a `model` the index is made where there is none, and a `rebuild` makes it anew beside the old one. Without one
        it has to be there. `all_known` tells that the change asks for most of what is there. Raises ModelMismatchError where
        it was made with another model, IndexFolderError where it can't be written.
        """

    def busy(self) -> bool:
        """Tell whether somebody else is in the way of a change just now, without waiting for it."""


def home_of(place: Place) -> Home:
    """Return the home that a folder or a Milvus address names."""
    if isinstance(place, MilvusAddress):
        from qa.index.milvus.home import MilvusHome

        return MilvusHome(place)
    from qa.index.folder_home import FolderHome

    return FolderHome(place)
