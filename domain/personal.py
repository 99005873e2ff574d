"""A personal field is known, unknown, or withheld; code that reads one is total over the three.

*Unknown*: the agency has not learned it. *Withheld*: it was recorded, and its key is not
available to this reader (a court's seal, an expunged record, another compartment).
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final, Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Known(Generic[T]):
    """The agency knows it and this reader may see it."""

    value: T


class Unknown(Enum):
    UNKNOWN = "unknown"


class Withheld(Enum):
    WITHHELD = "withheld"


UNKNOWN: Final = Unknown.UNKNOWN
WITHHELD: Final = Withheld.WITHHELD

Personal = Known[T] | Unknown | Withheld


def known_or(personal: Personal[T], otherwise: R) -> T | R:
    """The value where it is known, else `otherwise`."""
    return personal.value if isinstance(personal, Known) else otherwise


def transform(personal: Personal[T], function: Callable[[T], R]) -> Personal[R]:
    """Apply to a known value; unknown stays unknown, withheld stays withheld."""
    return Known(function(personal.value)) if isinstance(personal, Known) else personal
