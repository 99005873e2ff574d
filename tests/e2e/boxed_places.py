"""Where text stands inside the boxed fields of events: by the declarations, and in an event."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, cast, get_args, get_type_hints

from domain.events import Boxed, Event, fields_of
from domain.personal import Known


def boxed_places(declared: type[Event]) -> Iterator[str]:
    """Every place of free text, such as `intake.PartyAddedToCase.address.street`."""
    hints = get_type_hints(declared)
    for name in _boxed(declared):
        yield from _places(hints[name], _place(declared, name))


def boxed_texts(event: Event) -> Iterator[tuple[str, str]]:
    """Each text that is known, with its place."""
    for name in _boxed(type(event)):
        yield from _texts(getattr(event, name), _place(type(event), name))


def _boxed(declared: type[Event]) -> list[str]:
    return [name for name, item in fields_of(declared).items() if isinstance(item, Boxed)]


def _place(declared: type[Event], name: str) -> str:
    return f"{declared.TOPIC.removeprefix('casebridge.')}.{name}"


def _places(hint: Any, place: str) -> Iterator[str]:
    if hint is str:
        yield place
    elif is_dataclass(hint):
        for name, inner in get_type_hints(hint).items():
            yield from _places(inner, place if hint is Known else f"{place}.{name}")
    else:
        for inner in get_args(hint):
            yield from _places(inner, place)


def _texts(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Known):
        yield from _texts(value.value, place)
    elif type(value) is str:
        yield place, value
    elif isinstance(value, tuple):
        for item in value:
            yield from _texts(item, place)
    elif is_dataclass(value):
        for item in fields(cast(Any, value)):
            yield from _texts(getattr(value, item.name), f"{place}.{item.name}")
