"""What made an index: its format, its model and versions, and which of its numbered parts is in force. Knows no storage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from qa.errors import IndexFolderError, ModelMismatchError
from qa.models.encoder import ModelIdentity


@dataclass(frozen=True, slots=True)
class Manifest:
    """What made an index, and the number of the folder or collections that are in force."""

    format: int
    number: int
    model: ModelIdentity
    versions: dict[str, str]

    @classmethod
    def now(cls, format: int, number: int, model: ModelIdentity, libraries: Iterable[str]) -> Manifest:
        """Return that of what is made just now, with the versions of these libraries and of whosaid."""
        return cls(format, number, model, {name: version(name) for name in ("whosaid", *libraries)})

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Manifest:
        """Return what was kept as a row of its fields; raise KeyError or TypeError for anything else."""
        return cls(row["format"], row["number"], ModelIdentity(**row["model"]), row["versions"])

    def check_format(self, place: object, readable: int) -> None:
        """Raise IndexFolderError where the index at `place` has another format than this version reads."""
        if self.format != readable:
            raise IndexFolderError(f"{place}: index format {self.format}, this version reads {readable}; run whosaid build PATH --rebuild")

    def check_model(self, place: object, asked: ModelIdentity) -> None:
        """Raise ModelMismatchError where the index at `place` was made with another model than `asked`."""
        made = self.model
        if made != asked:
            raise ModelMismatchError(
                f"{place}: made with model {made.name} ({made.sha256[:8]}), asked for {asked.name} ({asked.sha256[:8]});"
                f" use --model {made.name}, another --index, or whosaid build PATH --rebuild to encode everything again"
            )
