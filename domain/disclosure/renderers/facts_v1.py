"""The fields of an entry, group by group, as its published schema lays them out, version 1.

Kept for ever: a change is a new module beside it. It knows shapes of values and no purposes: what an entry does not name
is not in its record, and the schema fills it with null or an empty list.
"""
from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from domain.disclosure.events import Disclosed, FieldSource
from domain.disclosure.rendering import Facts, Record, value_of, zone_of
from domain.events import Envelope
from domain.people import Address, BirthDate, PersonName

PERSONS = {
    "child": "children", "parent": "parents", "relative": "relatives", "carer": "carers", "sponsor": "sponsors",
}
ADDRESS = ("street", "number", "colonia", "municipality", "city", "region", "postal_code", "country", "landmarks")
PARTS: Mapping[str, str] = {
    "birth_city": "city", "birth_region": "region", "birth_country": "country",
    "scheduled_for": "moment", "scheduled_zone": "zone", "planned_for": "moment", "planned_zone": "zone",
    "letter_kind": "kind", "issued_on": "issued_on", "benefits_from": "benefits_from", "benefits_until": "benefits_until",
    "indefinite": "indefinite",
}
"""Fields of events that tell one part of something, and what the part is called."""


def render(entry: Envelope, facts: Facts) -> Record:
    """Raises Unrenderable."""
    disclosed = entry.event
    assert isinstance(disclosed, Disclosed), "this renderer is for Disclosed"
    record: Record = {
        "case_reference": disclosed.case_reference, "jurisdiction": entry.circumstances.jurisdiction,
        "purpose": disclosed.purpose.value, "basis": disclosed.basis,
    }
    for source in disclosed.fields:
        group, _, name = source.path.partition(".")
        _put(_place(record, group, source.reference), name, source, value_of(source, facts))
    return record


def _place(record: Record, group: str, reference: str) -> Record:
    """Where a group's fields stand: in the one thing, or in the person of this sign, in the entry's order."""
    if group not in PERSONS:
        thing: Record = record.setdefault(group, {})
        return thing
    persons: list[Record] = record.setdefault(PERSONS[group], [])
    for person in persons:
        if person["reference"] == reference:
            return person
    persons.append({"reference": reference})
    return persons[-1]


def _put(place: Record, name: str, source: FieldSource, value: Any) -> None:
    part = PARTS.get(source.field)
    if part is not None:
        place.setdefault(name, {})[part] = _plain(value)
        return
    match value:
        case PersonName():
            place["given_names"], place["surnames"] = value.given_names, value.surnames
        case BirthDate():
            place["birth_date"], place["birth_date_is_estimate"] = value.day, value.is_estimate
        case datetime():
            place[name] = {"moment": value, "zone": zone_of(value)}
        case UUID():
            place[name] = source.reference
        case Address():
            place[name] = {field: getattr(value, field) for field in ADDRESS}
        case tuple():
            place[name] = [_plain(item) for item in value]
        case _:
            place[name] = _plain(value)


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, StrEnum) else value
