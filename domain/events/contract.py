"""What makes a class a domain event: frozen, keyword-only, and named for ever.

Every field is declared either clear, with the reason why it may stand unencrypted for ever, or
boxed, with its compartment and the fields that name the persons it is about. There is no default.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from enum import StrEnum
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar, cast, dataclass_transform


class Compartment(StrEnum):
    """What a key opens: one key per case, person and compartment."""

    IDENTITY = "identity"  # with family, contact, location, nationality and birth country
    IMMIGRATION = "immigration"  # status, A-Number, detention, relief
    TRAFFICKING = "trafficking"
    HEALTH = "health"
    LEGAL = "legal"


@dataclass(frozen=True, slots=True)
class Clear:
    """Stored in clear for ever, because `why`."""

    why: str


@dataclass(frozen=True, slots=True)
class Boxed:
    """Encrypted under the compartment's key of every person that the `about` fields name."""

    compartment: Compartment
    about: tuple[str, ...]
    meaning: str


FieldDeclaration = Clear | Boxed
_KEY = "casebridge"


def clear(why: str, *, default: Any = MISSING) -> Any:
    """A field that stands unencrypted for ever; `why` is its documentation and enters the list for review."""
    return field(default=default, metadata={_KEY: Clear(why)})


def boxed(compartment: Compartment, *, about: str | tuple[str, ...], meaning: str, default: Any = MISSING) -> Any:
    """A personal field. `about` names clear fields of the same event that hold one person id, or a tuple of them."""
    names = (about,) if isinstance(about, str) else about
    return field(default=default, metadata={_KEY: Boxed(compartment, names, meaning)})


class Event:
    """A fact. TOPIC names it in the store, in `schemas/` and on the wire: an Avro full name, for ever."""

    __slots__ = ()
    TOPIC: ClassVar[str]


E = TypeVar("E", bound=Event)
REGISTRY: dict[str, type[Event]] = {}
_DECLARATIONS: dict[type[Event], Mapping[str, FieldDeclaration]] = {}


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(clear, boxed))
def event(topic: str) -> Callable[[type[E]], type[E]]:
    """Declare a frozen event class and give it its topic.

    Checked here, at import: the topic is new; every field is declared; a boxed field's persons are
    clear fields of the same event; one compartment of one event is about one set of persons.
    """

    def declare(cls: type[E]) -> type[E]:
        assert topic not in REGISTRY, f"{topic} already names {REGISTRY[topic]}"
        assert cls.__doc__, f"{topic}: say in its docstring what happened in the world"
        cls.TOPIC = topic
        declared = dataclass(frozen=True, kw_only=True, slots=True)(cls)
        declarations: dict[str, FieldDeclaration] = {}
        about_of: dict[Compartment, tuple[str, ...]] = {}
        for item in fields(cast(Any, declared)):
            declaration = item.metadata.get(_KEY)
            assert declaration is not None, f"{topic}.{item.name} is declared neither clear nor boxed"
            declarations[item.name] = declaration
        for name, declaration in declarations.items():
            if isinstance(declaration, Boxed):
                for person in declaration.about:
                    assert isinstance(declarations.get(person), Clear), f"{topic}.{name}: {person} is no clear field"
                same = about_of.setdefault(declaration.compartment, declaration.about)
                assert same == declaration.about, f"{topic}: one {declaration.compartment} box, two sets of persons"
        _DECLARATIONS[declared] = MappingProxyType(declarations)
        REGISTRY[topic] = declared
        return declared

    return declare


def fields_of(declared: type[Event]) -> Mapping[str, FieldDeclaration]:
    """How each field of an event class is stored, in the order of declaration."""
    return _DECLARATIONS[declared]
