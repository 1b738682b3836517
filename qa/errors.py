"""The error tree. A message takes one line: what is wrong, what would be right, and what to do about it.

WhosaidError
├── SettingsError      a setting or option that can't be used
├── QuestionError      a question that is empty or far too long
├── ReadingError       a file or line that can't be read as articles or questions
│   └── FetchError         an address on the web from which nothing can be read
├── ModelError         a model folder that is missing or isn't the expected one
│   └── WriterError        a language model that can't be reached, fails or takes too long
└── IndexFolderError   an index that can't be opened or written, in a folder or in Milvus
    ├── NoIndexError           nothing has been built there yet
    ├── ModelMismatchError     the index was made with another model
    ├── DiskError              the disk or its permissions are in the way: full, read-only, closed to this user
    └── IndexAwayError         a server that keeps the index and can't be reached just now
"""

from __future__ import annotations


class WhosaidError(Exception):
    """Base of everything that is reported to the user as one line and exit status 1."""


class SettingsError(WhosaidError):
    """A setting or option has a value that can't be used."""


class QuestionError(WhosaidError):
    """A question is empty or far too long."""


class ReadingError(WhosaidError):
    """A file, or a line of one, can't be read as articles or questions."""


class FetchError(ReadingError):
    """An address on the web can't be read. `status` is what its server answered with, None where it didn't answer."""

    def __init__(self, message: str, *, status: int | None = None, stopped: bool = False) -> None:
        """Keep what the caller has to tell apart; `stopped` says that the reading itself was called off."""
        super().__init__(message)
        self.status = status
        self.stopped = stopped

    @property
    def gone(self) -> bool:
        """Whether the server says that there is nothing at the address, or nothing any more."""
        return self.status in {404, 410}


class ModelError(WhosaidError):
    """A model can't be loaded, or its weights are not the ones expected."""


class WriterError(ModelError):
    """A language model that was asked to write can't be reached, fails or takes too long."""


class IndexFolderError(WhosaidError):
    """An index can't be opened or written, in a folder or in Milvus."""


class NoIndexError(IndexFolderError):
    """No index has been built there yet."""


class ModelMismatchError(IndexFolderError):
    """The index was made with another model than the one asked for."""


class DiskError(IndexFolderError):
    """The disk or its permissions are in the way; the index itself is as it was. `why` says what is, without the path."""

    def __init__(self, path: object, why: str, way_out: str) -> None:
        """Say of a path what is in the way and what to do about it."""
        super().__init__(f"{path}: {why}; {way_out}")
        self.why = why


class IndexAwayError(IndexFolderError):
    """The server that keeps the index can't be reached just now, or takes too long."""
