"""Commands with generated arguments: any of the catalogue, its fields by their types, of few ids so that they meet."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import MISSING, fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import Enum, StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, cast, get_args, get_origin, get_type_hints
from uuid import UUID

from hypothesis import strategies as st

from domain.submission import Command
from tests.specification import NOON, an_id
from tests.unit.people import AUNT, CHILD, EPISODE, FATHER, MOTHER, SIBLING

CHILDREN, ADULTS = (CHILD, SIBLING), (MOTHER, FATHER, AUNT)
THINGS = tuple(an_id(f"thing {number}") for number in range(6))
TEXTS = ("a word", "México, D.F.", "undocumented", "language", "R-1", "ñandú 한", "x" * 40)
COUNTRIES = ("MX", "GT", "HN", "US", "LI", "Mexico")
LANGUAGES = ("es", "quc", "ase", "Spanish")
OFFICES = ("cons-mx.el-paso", "cons-gt.denver", "cons-hn.houston", "nowhere", "ISS", "CONS-MX")
LIST_MAX = 3
PERSONS = {
    "party_id", "person_id", "subject_id", "carer_id", "adopter_id", "served_party_id", "person_ids", "party_ids",
}


def _by_name(name: str, event_ids: Sequence[UUID]) -> st.SearchStrategy[Any] | None:
    """What a field of this name is likely to hold; None where its type alone says it."""
    if "event_id" in name:
        return st.sampled_from([*event_ids[-40:], *THINGS[:1]])
    if "child_id" in name:
        return st.sampled_from([*CHILDREN, *CHILDREN, MOTHER, THINGS[0]])
    if name in PERSONS:
        return st.sampled_from([*ADULTS, *ADULTS, CHILD, THINGS[0]])
    if name == "episode_id":
        return st.sampled_from([EPISODE, *THINGS[:2]])
    if "country" in name or name in {"nationalities", "countries"}:
        return st.sampled_from(COUNTRIES)
    if "language" in name:
        return st.sampled_from(LANGUAGES)
    if name in {"office", "partner", "consulate", "recipient_kind"}:
        return st.sampled_from(OFFICES)
    return None


def value(hint: Any, name: str, event_ids: Sequence[UUID]) -> st.SearchStrategy[Any]:
    """A value of a field's declared type, right or wrong in meaning, never in form."""
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        inner = [item for item in get_args(hint) if item is not NoneType]
        return st.none() | value(inner[0], name, event_ids)
    if origin is tuple:
        return st.lists(value(get_args(hint)[0], name, event_ids), max_size=LIST_MAX).map(tuple)
    if is_dataclass(hint):
        return built(cast(type, hint), event_ids)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return st.sampled_from(list(hint))
    if hint is bool:
        return st.booleans()
    if hint is int:
        return st.sampled_from((1, 2, 3, 12, 18, 24))
    if hint is date:
        return st.integers(-9_000, 400).map(lambda days: (NOON + timedelta(days=days)).date())
    if hint is datetime:
        return st.integers(-500, 5_000).map(lambda hours: NOON + timedelta(hours=hours))
    likely = _by_name(name, event_ids)
    if likely is not None:
        return likely
    return st.sampled_from(THINGS) if hint is UUID else st.sampled_from(TEXTS)


@cache
def _hints(declared: type) -> dict[str, Any]:
    return get_type_hints(declared)


def built(declared: type, event_ids: Sequence[UUID]) -> st.SearchStrategy[Any]:
    """An instance of a command, or of a part of one. An optional field is left out half of the time."""
    hints = _hints(declared)
    required = {
        item.name: value(hints[item.name], item.name, event_ids)
        for item in fields(cast(Any, declared)) if item.default is MISSING
    }
    optional = {
        item.name: value(hints[item.name], item.name, event_ids)
        for item in fields(cast(Any, declared)) if item.default is not MISSING
    }
    return st.fixed_dictionaries(required, optional=optional).map(lambda given: declared(**given))


def _with(command: Command, name: str, given: Any) -> Command:
    changed: Command = replace(cast(Any, command), **{name: given})
    return changed


def varied(command: Command, event_ids: Sequence[UUID]) -> st.SearchStrategy[Command]:
    """The command with one of its fields as it comes."""
    declared: Any = type(command)
    hints = _hints(declared)
    return st.sampled_from(sorted(hints)).flatmap(
        lambda name: value(hints[name], name, event_ids).map(lambda given: _with(command, name, given))
    )


def as_json(given: Any) -> Any:
    """A command's field as a sender writes it; a field that is None is left out."""
    if is_dataclass(given) and not isinstance(given, type):
        written = {item.name: as_json(getattr(given, item.name)) for item in fields(given)}
        return {name: told for name, told in written.items() if told is not None}
    if isinstance(given, tuple):
        return [as_json(item) for item in given]
    if isinstance(given, Enum):
        return given.value
    if isinstance(given, datetime):
        return given.astimezone(UTC).isoformat()
    if isinstance(given, date):
        return given.isoformat()
    return str(given) if isinstance(given, UUID) else given


def line_of(command: Command, *, command_id: UUID, case_id: UUID | None, occurred_at: datetime, learned_at: datetime) -> Any:
    """A whole line of a file of commands."""
    line = {
        "command": type(command).__name__, "command_id": str(command_id), "agency": "NM-CYFD",
        "actor": {"agency": "NM-CYFD", "role": "caseworker", "user": "caseworker-1"},
        "occurred_at": occurred_at.isoformat(), "learned_at": learned_at.isoformat(), "data": as_json(command),
    }
    return line if case_id is None else {**line, "case": str(case_id)}
