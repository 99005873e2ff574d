"""Boxes: personal fields encrypted under the key of every person they are about.

AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce per layer. The associated data bind a box to
its stream, version, topic, persons, compartment and key generation, so that a box put into another's
place does not open.
"""
from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import lru_cache
from struct import pack
from typing import NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.avro.errors import Unreadable
from adapters.avro.forms import Raw
from domain.events.contract import Compartment
from domain.ports import KeyName, KeyStore

NONCE_BYTES = 12
KEY_CACHE_SECONDS = 30.0
KEYS_CACHED_MAX = 20_000
PERSONS_MAX = 64
PARTS_CACHED_MAX = 4_096


class Place(NamedTuple):
    """Where a box stands. `case` is the text of the id under which its keys are kept."""

    stream: str
    version: int
    topic: str
    case: str


class CachedKeys:
    """Ciphers of a key store's keys, all dropped together at the latest KEY_CACHE_SECONDS after the first came in.

    So no key is used for longer after it was destroyed or withheld, and none stays unseen for longer after
    access was restored. A key for encryption never opens a box: it may stand withheld.
    """

    def __init__(self, keys: KeyStore, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._keys = keys
        self._monotonic = monotonic
        self._dropped_at = float("-inf")
        self._current: dict[tuple[str, str, str], tuple[int, AESGCM]] = {}
        self._opening: dict[tuple[str, str, str, int], AESGCM | None] = {}

    def drop(self) -> None:
        """Forget every key at once."""
        self._current, self._opening = {}, {}

    def freshen(self) -> None:
        """Drop what is too old. Called before every use; a clock that went backwards drops too."""
        now = self._monotonic()
        if not 0 <= now - self._dropped_at < KEY_CACHE_SECONDS:
            self.drop()
            self._dropped_at = now

    def current(self, case: str, person: str, compartment: str) -> tuple[int, AESGCM]:
        """Raises KeysUnavailable, and ValueError for what is no id."""
        cache, key = self._current, (case, person, compartment)
        found = cache.get(key)
        if found is None:
            generation, secret = self._keys.current(_key_name(case, person, compartment))
            found = generation, AESGCM(secret)
            if len(cache) < KEYS_CACHED_MAX:
                cache[key] = found
        return found

    def opening(self, case: str, person: str, compartment: str, generation: int) -> AESGCM | None:
        """None where the key is withheld or destroyed. Raises KeysUnavailable, and ValueError for damaged names."""
        cache, key = self._opening, (case, person, compartment, generation)
        try:
            return cache[key]
        except KeyError:
            secret = self._keys.open(_key_name(case, person, compartment), generation)
            cipher = None if secret is None else AESGCM(secret)
            if len(cache) < KEYS_CACHED_MAX:
                cache[key] = cipher
            return cipher


def _key_name(case: str, person: str, compartment: str) -> KeyName:
    return KeyName(case=UUID(case), person=UUID(person), compartment=Compartment(compartment))


def lock(plain: bytes, place: Place, compartment: str, persons: list[str], keys: CachedKeys) -> dict[str, Raw]:
    """The raw Box. Raises KeysUnavailable, and ValueError where the case is no id."""
    begin = _bound(place, compartment, persons)
    layers, text = [], plain
    for person in persons:
        generation, cipher = keys.current(place.case, person, compartment)
        nonce = os.urandom(NONCE_BYTES)
        text = cipher.encrypt(nonce, text, begin + pack(">q", generation))
        layers.append({"person": person, "generation": generation, "nonce": nonce})
    return {"compartment": compartment, "layers": layers, "ciphertext": text}


def unlock(box: dict[str, Raw], place: Place, keys: CachedKeys) -> bytes | None:
    """The plain text, or None while the key of any layer is missing.

    Raises Unreadable where every key is there and the box does not open, and KeysUnavailable.
    """
    layers, compartment = box["layers"], box["compartment"]
    if not 0 < len(layers) <= PERSONS_MAX:
        raise Unreadable(place.topic, f"a box of {compartment} with {len(layers)} layers")
    ciphers = []
    for layer in layers:
        cipher = keys.opening(place.case, layer["person"], compartment, layer["generation"])
        if cipher is None:
            return None
        ciphers.append(cipher)
    begin = _bound(place, compartment, [layer["person"] for layer in layers])
    text: bytes = box["ciphertext"]
    try:
        for layer, cipher in zip(reversed(layers), reversed(ciphers), strict=True):
            text = cipher.decrypt(layer["nonce"], text, begin + pack(">q", layer["generation"]))
    except (InvalidTag, ValueError):
        where = f"{place.stream} version {place.version}, {place.topic}"
        raise Unreadable(where, f"the box of {compartment} is damaged, or of another event") from None
    return text


def _bound(place: Place, compartment: str, persons: list[str]) -> bytes:
    """Length-prefixed (stream, version, topic, persons, compartment); the layer's generation follows, 8 bytes."""
    version = pack(">Iq", 8, place.version)
    return b"".join((
        _part(place.stream), version, _part(place.topic), _part("".join(persons)), _part(compartment), _EIGHT,
    ))


_EIGHT = pack(">I", 8)


@lru_cache(maxsize=PARTS_CACHED_MAX)
def _part(text: str) -> bytes:
    part = text.encode()
    return pack(">I", len(part)) + part
