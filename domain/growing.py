"""A mapping that grows by one entry at a time and is never changed, as a long case needs it."""
from __future__ import annotations

from collections.abc import ItemsView, Iterator, Mapping, ValuesView
from typing import Generic, TypeVar, overload

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")


class Growing(Mapping[K, V], Generic[K, V]):
    """Equal to the dict of the same entries, in whose order it is read.

    One more entry costs about the root of its size, where a dict would be copied whole: the latest entries lie before
    the earlier ones, and both become one when the latest are more than the root of the earlier.
    """

    __slots__ = ("_earlier", "_latest")

    def __init__(self, earlier: Mapping[K, V] | None = None, latest: Mapping[K, V] | None = None) -> None:
        self._earlier: Mapping[K, V] = {} if earlier is None else earlier
        self._latest: Mapping[K, V] = {} if latest is None else latest

    def having(self, key: K, value: V) -> Growing[K, V]:
        """The same with `value` under `key`, in the place of what stood there."""
        latest = {**self._latest, key: value}
        if len(latest) ** 2 <= len(self._earlier):
            return Growing(self._earlier, latest)
        return Growing({**self._earlier, **latest})

    def __getitem__(self, key: K) -> V:
        latest = self._latest
        return latest[key] if key in latest else self._earlier[key]

    @overload
    def get(self, key: K, /) -> V | None: ...
    @overload
    def get(self, key: K, /, default: V | T) -> V | T: ...
    def get(self, key: K, /, default: V | T | None = None) -> V | T | None:
        latest = self._latest
        return latest[key] if key in latest else self._earlier.get(key, default)

    def __contains__(self, key: object) -> bool:
        return key in self._latest or key in self._earlier

    def __len__(self) -> int:
        return len(self._earlier) + sum(key not in self._earlier for key in self._latest)

    def __iter__(self) -> Iterator[K]:
        return iter(self._whole())

    def items(self) -> ItemsView[K, V]:
        return self._whole().items()

    def values(self) -> ValuesView[V]:
        return self._whole().values()

    def __repr__(self) -> str:
        return f"Growing({self._whole()!r})"

    def _whole(self) -> dict[K, V]:
        return {**self._earlier, **self._latest}
