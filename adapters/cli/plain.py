"""Events and states as plain data: for `--json`, and as an outline for people."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

from adapters.reading.words import in_words
from domain.events import Envelope
from domain.facts import Register
from domain.personal import Known, Unknown, Withheld

WITHHELD = {"withheld": True}
UNKNOWN = {"unknown": True}
ABSENT = ((WITHHELD, "(withheld)"), (UNKNOWN, "(not known)"))
DEPTH_MAX = 12
NOT_OUTLINED = (
    "event_id", "digest", "command_id", "correlation_id", "principal", "packs", "duty_ids", "prepared_version", "signs"
)
"""Fields that end so are for programs: `--json` has them."""


def _for_programs(value: Unknown | datetime | Enum) -> Any:
    match value:
        case Unknown():
            return None
        case datetime():
            key = getattr(value.tzinfo, "key", None)
            return f"{value.isoformat()}[{key}]" if key else value.isoformat()
    return value.value


def _for_people(value: Unknown | datetime | Enum) -> Any:
    match value:
        case Unknown():
            return dict(UNKNOWN)
        case datetime():
            return f"{value:%a %d %b %Y %H:%M %Z}"
    return in_words(value.value)


def plain(value: Any, told: Callable[[Any], Any] = _for_programs) -> Any:
    """JSON's own types. Unknown is null unless `told` says otherwise, withheld is {"withheld": true}; a register is what
    it says now."""
    match value:
        case Known() | Register():
            return plain(value.value, told)
        case Withheld():
            return dict(WITHHELD)
        case Unknown() | datetime() | Enum():
            return told(value)
        case date():
            return value.isoformat()
        case UUID():
            return str(value)
        case bytes():
            return value.hex()
        case Mapping():
            return {_key(key): plain(item, told) for key, item in value.items()}
        case tuple() if hasattr(value, "_fields"):  # a named tuple is a record
            return {name: plain(item, told) for name, item in zip(value._fields, value, strict=True)}
        case list() | tuple() | set() | frozenset():
            return [plain(item, told) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name), told) for item in fields(value)}
    return value


def _key(key: object) -> str:
    if isinstance(key, tuple):
        return "/".join(map(_key, key))
    return "" if key is None else str(plain(key))


def plain_envelope(envelope: Envelope) -> dict[str, Any]:
    """One event with its circumstances; `data` is what it says."""
    told = envelope.circumstances
    return {
        "stream": envelope.stream, "version": envelope.version, "position": envelope.position,
        "event_id": str(told.event_id), "topic": envelope.event.TOPIC,
        "occurred_at": plain(told.occurred_at), "learned_at": plain(told.learned_at),
        "recorded_at": plain(envelope.recorded_at), "actor": plain(told.actor), "principal": told.principal,
        "command_id": str(told.command_id), "causation_id": plain(told.causation_id), "data": plain(envelope.event),
    }


# ------------------------------------------------------------------ for people
def outline(value: Any, names: Mapping[str, str], depth: int = 0) -> Iterator[str]:
    """A state as indented lines; ids that `names` knows are written as whose they are. What does not apply is left out."""
    assert depth <= DEPTH_MAX, "a state is not that deep"
    yield from _lines(plain(value, _for_people), names, depth)


def _lines(value: Mapping[str, Any], names: Mapping[str, str], depth: int, own: str = "") -> Iterator[str]:
    """`own` is the id under which this value stands: it need not be said again."""
    indent = "  " * depth
    for key, item in value.items():
        if item in (None, [], {}, own) or key.endswith(NOT_OUTLINED):
            continue
        label = f"{indent}{names.get(key, key.replace('_', ' '))}"
        if _is_leaf(item):
            yield f"{label}: {_leaf(item, names)}"
        elif isinstance(item, list):
            yield f"{label}:"
            for number, entry in enumerate(item, 1):
                yield from _lines({str(number): entry}, names, depth + 1)
        else:
            yield f"{label}:"
            yield from _lines(item, names, depth + 1, key)


def _is_leaf(item: Any) -> bool:
    """What stands on one line: a value, a list of values, or a record of few that names nobody."""
    if isinstance(item, list):
        return all(not isinstance(entry, dict | list) for entry in item)
    if not isinstance(item, dict) or _absent(item):
        return True
    return all(not isinstance(part, dict | list) or _absent(part) for part in item.values()) and not any(
        key.endswith("_id") or len(key) == UUID_LENGTH for key in item
    )


UUID_LENGTH = 36


def _absent(item: Any) -> str | None:
    return next((words for value, words in ABSENT if item == value), None)


def _leaf(item: Any, names: Mapping[str, str]) -> str:
    words = _absent(item)
    if words is not None:
        return words
    if isinstance(item, bool):
        return "yes" if item else "no"
    if isinstance(item, list):
        return ", ".join(_leaf(entry, names) for entry in item)
    if isinstance(item, dict):
        told = {key: part for key, part in item.items() if part is not None and part != UNKNOWN}
        return ", ".join(f"{key.replace('_', ' ')} {_leaf(part, names)}" for key, part in told.items())
    return names.get(str(item), str(item))
