"""What a key store does beyond opening: withhold under a court's seal, destroy under an expungement."""
from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol
from uuid import UUID

from domain.events.contract import Compartment
from domain.ports import KeyName, KeyStore

KEY_BYTES = 32
COMPARTMENTS = tuple(Compartment)


class KeyCustody(KeyStore, Protocol):
    """A key store that can also take keys away.

    A withheld name still gives its current key, so that work on a sealed case can be recorded, boxed;
    it opens nothing. A destroyed key never comes back, nor does its generation: the next one is new.
    Codecs use a key for at most 60 s longer.
    """

    def withhold(self, names: Iterable[KeyName]) -> None:
        """Open nothing under these names, whether their keys exist yet or not. Again: no effect."""

    def restore_access(self, names: Iterable[KeyName]) -> None:
        """Open them again. What was destroyed stays destroyed."""

    def destroy(self, names: Iterable[KeyName]) -> int:
        """Destroy every generation that exists, and say how many were destroyed now.

        On return no copy of the keys is left in the store's files. Raises KeysUnavailable where that
        cannot be said yet: call it again.
        """

    def replayed(self, lineage: UUID) -> int:
        """The position in a log up to which this store has withheld and destroyed what the log says; 0 in any other log.

        It is kept with the keys, so that an older copy of the store, brought back, replays what it missed.
        """

    def replayed_to(self, lineage: UUID, position: int) -> None: ...
