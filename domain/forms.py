"""What a part of a name, a place or an address may look like: they leave by those names, and are no place for a story.

Text that a person writes leaves only where a contract names its class (design decision 13). What these parts are called
says what stands in them, so they have no class; the form keeps out what makes another text of them.
"""
from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, get_args, get_type_hints

from domain.people import Address, PersonName
from domain.refusals import Refused

PART_MAX, LANDMARKS_MAX = 100, 300
"""Signs of one part. Names with several given names and both surnames, as people have them, are far below."""
NUMBERED = re.compile(r"(?<!\d)(?:\d{9}|\d{3}[ ./-]\d{3}[ ./-]\d{3}|\d{3}-\d{2}-\d{4})(?!\d)")
"""Nine digits as an A-Number or a social security number is written: numbers under which an authority files a person."""
A_NUMBER = re.compile(r"\bA[ #/-]{0,2}\d(?:[ ./-]?\d){6,8}\b", re.IGNORECASE)
STORY = re.compile(
    r"\b(undocumented|indocumentad[oa]s?|sin papeles|no papers|immigration status|out of status|green card|removal order)\b",
    re.IGNORECASE,
)
"""Words that no name and no address has; words of status that some have are let be."""
BLANKS, MARKS = re.compile("[\u00a0\u2007\u202f\u3000]"), "\ufeff\u200e\u200f"
"""Blanks that do not break, as spreadsheets have them; marks of direction, and of a file's first byte, at the ends."""
JOINERS = re.compile("[\u200c\u200d]")
"""Unseen, and letters of some scripts need them."""
WITH_DIGITS = frozenset({"postal_code", "landmarks"})
"""Parts with numbers of their own; landmarks are text, and flow where they are named as such."""
BIRTH_PLACE = frozenset({"birth_city", "birth_region"})


def require_forms(command: Any) -> None:
    """Raises Refused naming the part of a name, a place or an address that is more than that."""
    for name in _formed(command.__class__):
        for field, part in _parts(getattr(command, name), name):
            _require(part, field)


def _require(part: str, field: str) -> None:
    most = LANDMARKS_MAX if field.endswith("landmarks") else PART_MAX
    if len(part) > most:
        because = f"a part of a name, a place or an address has at most {most} signs"
        raise Refused(because, rule="DECISION-13", field=field)
    if not JOINERS.sub("", BLANKS.sub(" ", part.strip(MARKS))).isprintable():
        because = "this is one line of letters, digits and marks, without signs that nobody sees"
        raise Refused(because, rule="DECISION-13", field=field)
    has_digits = field.rpartition(".")[2] in WITH_DIGITS
    if A_NUMBER.search(part) or (not has_digits and NUMBERED.search(part)):
        because = "a number of nine digits files a person, and has a field of its own: leave it out here"
        raise Refused(because, rule="DECISION-13", field=field)
    if STORY.search(part):
        raise Refused("a status has no place in a name or an address: leave it out", rule="B3", field=field)


@cache
def _formed(kind: Any) -> tuple[str, ...]:
    """The fields of a command, or of a part of one, in which a name, a place or an address may stand."""
    hints = get_type_hints(kind)
    return tuple(field.name for field in fields(kind) if field.name in BIRTH_PLACE or _holds(hints[field.name]))


def _holds(hint: Any) -> bool:
    if hint in (PersonName, Address):
        return True
    if is_dataclass(hint) and isinstance(hint, type):
        return bool(_formed(hint))
    return any(_holds(inner) for inner in get_args(hint))


def _parts(value: Any, field: str) -> Iterator[tuple[str, str]]:
    """Every part that is told, with the name of its field."""
    match value:
        case str():
            yield field, value
        case tuple():
            for each in value:
                yield from _parts(each, field)
        case PersonName() | Address():
            for part in fields(value):
                told = getattr(value, part.name)
                if told is not None:
                    yield f"{field}.{part.name}", told
        case _ if is_dataclass(value):
            for name in _formed(value.__class__):
                yield from _parts(getattr(value, name), f"{field}.{name}")
