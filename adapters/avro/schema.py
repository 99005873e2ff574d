"""From an event class to its schemas: one clear record, and one record per compartment of its boxed fields."""
from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, cast, get_args, get_origin, get_type_hints

from adapters.avro.errors import SchemaRefused
from adapters.avro.forms import Defined, Form, Schema, avro_default, form_of, is_optional
from domain.events.contract import Boxed, Compartment, Event, fields_of
from domain.personal import UNKNOWN, Known, Unknown, Withheld

CLEAR = ""  # the name of the clear part, beside those of compartments


@dataclass(frozen=True, slots=True)
class Part:
    """The clear record of an event, or what one of its boxes holds; `about` names the fields of the box's persons."""

    name: str
    schema: Schema
    forms: Mapping[str, Form]
    about: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EventSchemas:
    """How one event class stands on the wire. `parts` is keyed by compartment, CLEAR first."""

    cls: type[Event]
    clear: Part
    boxes: Mapping[Compartment, Part]

    @property
    def parts(self) -> dict[str, Part]:
        return {CLEAR: self.clear} | {str(compartment): part for compartment, part in self.boxes.items()}

    @property
    def symbols(self) -> dict[str, tuple[str, ...]]:
        """The symbols of every enum field, by field path."""
        return {
            f"{name}.{path}".rstrip("."): symbols
            for part in self.parts.values()
            for name, form in part.forms.items()
            for path, symbols in form.symbols.items()
        }


_KNOWN: dict[type[Event], EventSchemas] = {}


def schemas_of(cls: type[Event]) -> EventSchemas:
    """Raises SchemaRefused for a field that has no form."""
    known = _KNOWN.get(cls)
    if known is None:
        known = _KNOWN[cls] = _schemas_of(cls)
    return known


def _schemas_of(cls: type[Event]) -> EventSchemas:
    topic = cls.TOPIC
    namespace, _, event_name = topic.rpartition(".")
    hints = get_type_hints(cls)
    declarations = fields_of(cls)
    defined: dict[str, Defined] = {}
    forms: dict[str, dict[str, Form]] = {CLEAR: {}}
    avro: dict[str, list[Schema]] = {CLEAR: []}
    about: dict[str, tuple[str, ...]] = {CLEAR: ()}
    for item in fields(cast(Any, cls)):
        declaration, where = declarations[item.name], f"{topic}.{item.name}"
        part = str(declaration.compartment) if isinstance(declaration, Boxed) else CLEAR
        hint = _inside(hints[item.name], where) if isinstance(declaration, Boxed) else hints[item.name]
        form = form_of(hint, namespace=namespace, where=where, defined=defined.setdefault(part, {}))
        forms.setdefault(part, {})[item.name] = form
        entry: Schema = {"name": item.name, "type": form.avro}
        if isinstance(declaration, Boxed):
            if is_optional(form.avro):
                raise SchemaRefused(where, "a personal field is unknown rather than None")
            if item.default not in (MISSING, UNKNOWN):
                raise SchemaRefused(where, "the default of a personal field is UNKNOWN")
            about[part] = declaration.about
            entry |= {"type": ["null", form.avro], "default": None, "doc": declaration.meaning}
        else:
            entry |= avro_default(item, form, where) | {"doc": declaration.why}
        avro.setdefault(part, []).append(entry)
    doc = inspect.cleandoc(cls.__doc__ or "")
    clear = Part(topic, _record(event_name, namespace, doc, avro[CLEAR]), forms[CLEAR], ())
    boxes: dict[Compartment, Part] = {}
    for compartment in Compartment:
        if compartment in forms:
            box, box_doc = compartment.capitalize(), f"What {event_name} holds encrypted under keys of {compartment}."
            schema = _record(box, topic, box_doc, avro[compartment])
            boxes[compartment] = Part(f"{topic}.{box}", schema, forms[compartment], about[compartment])
    return EventSchemas(cls, clear, boxes)


def _record(name: str, namespace: str, doc: str, entries: list[Schema]) -> Schema:
    return {"type": "record", "name": name, "namespace": namespace, "doc": doc, "fields": entries}


def _inside(hint: object, where: str) -> object:
    """T of Personal[T]."""
    arguments = get_args(hint)
    known = [argument for argument in arguments if get_origin(argument) is Known]
    if len(arguments) != 3 or len(known) != 1 or Unknown not in arguments or Withheld not in arguments:
        raise SchemaRefused(where, "a boxed field is declared Personal[...]")
    return get_args(known[0])[0]
