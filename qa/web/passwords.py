"""Who may come in: names with scrypt hashes of their passwords, read from a file. Knows nothing of HTTP."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path

from qa.errors import SettingsError

SHORTEST = 8  # characters
LONGEST = 1000
_KIND = "scrypt"
_N, _R, _P = 1 << 14, 8, 5  # 16 MB and some tenths of a second for each guess


class Passwords:
    """Names and the hashes of their passwords."""

    def __init__(self, hashes: Mapping[str, str]) -> None:
        """Take hashes as `hashed` makes them."""
        self._hashes = dict(hashes)
        self._nobody = hashed(secrets.token_urlsafe())

    @classmethod
    def read(cls, file: Path) -> Passwords:
        """Read a file of lines "name:password" or "name:hash"; raise SettingsError where it can't be used."""
        try:
            text = file.read_text("utf-8")
            mode = file.stat().st_mode
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{file}: can't be read as names and passwords; expected lines that whosaid password prints") from error
        if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
            logging.getLogger(__name__).warning("%s: others may read or write it; chmod 600 keeps it yours", file)
        hashes: dict[str, str] = {}
        plain = 0
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            name, colon, word = line.partition(":")
            name = name.strip()
            if not colon or not name or not word or name in hashes:
                raise SettingsError(f"{file}:{number}: expected name:hash, each name once; whosaid password prints such a line")
            if word.startswith(f"{_KIND}$"):
                try:
                    _parts(word)
                except ValueError:
                    raise SettingsError(f"{file}:{number}: the hash is damaged; whosaid password prints a new line") from None
                hashes[name] = word.strip()
            else:
                plain += 1
                hashes[name] = hashed(word)
        if not hashes:
            raise SettingsError(f"{file}: nobody is in it; expected lines that whosaid password prints")
        if plain:
            logging.getLogger(__name__).warning("%s: %d as plain words; whosaid password prints lines without", file, plain)
        return cls(hashes)

    def right(self, name: str, password: str) -> bool:
        """Tell whether the password is right; it takes as long for a name that nobody has."""
        known = self._hashes.get(name)
        kind = _parts(known or self._nobody)
        same = hmac.compare_digest(_scrypt(password[:LONGEST], *kind[:4]), kind[4])
        return same and known is not None


def hashed(password: str) -> str:
    """Return the hash to keep in place of a password."""
    salt = secrets.token_bytes(16)
    parts = (_encoded(salt), _encoded(_scrypt(password, _N, _R, _P, salt)))
    return "$".join((_KIND, str(_N), str(_R), str(_P), *parts))


def _parts(word: str) -> tuple[int, int, int, bytes, bytes]:
    """Take a hash apart; raise ValueError where it is none."""
    _, n, r, p, salt, key = word.strip().split("$")
    parts = int(n), int(r), int(p), base64.b64decode(salt, validate=True), base64.b64decode(key, validate=True)
    if not (
        2 <= parts[0] <= 1 << 18 and parts[0] & (parts[0] - 1) == 0 and 1 <= parts[1] <= 32 and 1 <= parts[2] <= 32 and len(parts[4]) == 32
    ):
        raise ValueError(word)
    return parts


def _scrypt(password: str, n: int, r: int, p: int, salt: bytes) -> bytes:
    most = 2 * 128 * n * r + (1 << 20)
    return hashlib.scrypt(password.encode("utf-8", "replace"), salt=salt, n=n, r=r, p=p, maxmem=most, dklen=32)


def _encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
