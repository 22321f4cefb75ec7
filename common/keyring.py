"""Keys for sealed values and their indexes.

The ring is a file outside the database and outside its backups: without it, ids, cards and phones are
unreadable, and amounts stay readable. Each key has a number (kid) that is written in front of what it seals.
"""

import hashlib
import hmac
import json
import os
import secrets
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_NONCE_BYTES = 12
_lock = threading.Lock()


class CannotOpen(Exception):
    """A sealed value doesn't fit its place or its key: it was moved, changed, or the ring is another one."""


@dataclass(frozen=True)
class Keyring:
    """`data` keys by number, the number that seals new values, and the key of the indexes."""

    data: dict[int, bytes]
    current: int
    index: bytes

    def seal(self, value: bytes, *, place: str) -> bytes:
        """Seal for one place (table.column), so that a value cannot be moved to another."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher(self.current).encrypt(nonce, value, place.encode())
        return bytes([self.current]) + nonce + sealed

    def open(self, sealed: bytes, *, place: str) -> bytes:
        try:
            cipher = self._cipher(sealed[0])
            return cipher.decrypt(sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :], place.encode())
        except (InvalidTag, KeyError, IndexError, ValueError) as error:
            raise CannotOpen(place) from error

    def fingerprint(self, kind: str, value: str) -> str:
        """A keyed index (32 hexadecimal characters): equal values give equal marks, nothing leads back."""
        return hmac.digest(self.index, f"{kind}:{value}".encode(), "sha256").hex()[:32]

    def check_value(self) -> str:
        """Tells two rings apart without telling anything of their keys."""
        material = b"".join(self.data[kid] for kid in sorted(self.data)) + self.index
        return hashlib.sha256(b"aidcenter-keyring" + material).hexdigest()[:16]

    def _cipher(self, kid: int) -> AESGCM:
        return _cipher_of(self.data[kid])


@lru_cache(maxsize=16)
def _cipher_of(key: bytes) -> AESGCM:
    return AESGCM(key)


def write_new(path: Path) -> None:
    """Make a ring with one data key and one index key, readable by its owner only. Never overwrites."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = datetime.now(tz=UTC).isoformat(timespec="seconds")
    content = {
        "keys": [
            {"kid": 1, "use": "data", "alg": "AES-256-GCM", "key": secrets.token_hex(32), "created": made},
            {"kid": 0, "use": "index", "alg": "HMAC-SHA256", "key": secrets.token_hex(32), "created": made},
        ]
    }
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)


def read(path: Path) -> Keyring:
    try:
        keys = json.loads(path.read_text(encoding="utf-8"))["keys"]
    except FileNotFoundError as error:
        raise ImproperlyConfigured(f"No keyring at {path}. Make one with: manage.py keys init") from error
    data = {key["kid"]: bytes.fromhex(key["key"]) for key in keys if key["use"] == "data"}
    index = next(bytes.fromhex(key["key"]) for key in keys if key["use"] == "index")
    return Keyring(data=data, current=max(data), index=index)


@lru_cache(maxsize=4)
def _ring_at(path: Path) -> Keyring:
    with _lock:
        return read(path)


def ring() -> Keyring:
    """The ring this installation works with."""
    return _ring_at(settings.KEYRING_FILE)
