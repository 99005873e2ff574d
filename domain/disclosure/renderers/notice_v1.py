"""A notice to a consulate, version 1. Kept for ever: a change is a new module beside it."""
from __future__ import annotations

from collections.abc import Iterable

from domain.disclosure.events import Disclosed, FieldSource
from domain.disclosure.rendering import Facts, Record, value_of, zone_of
from domain.events import Envelope

PERSON: Record = {"given_names": None, "surnames": None}
BORN: Record = {"birth_date": None, "birth_date_is_estimate": None, "birth_place": None}
CHILD: Record = {**PERSON, **BORN, "in_custody_since": None}
PARENT: Record = {"relation": None, **PERSON, **BORN, "address": None}
RELATIVE: Record = {**PERSON, "phone": None}
PLACE: Record = {"city": None, "region": None, "country": None}
ADDRESS = ("street", "number", "colonia", "municipality", "city", "region", "postal_code", "country", "landmarks")


def render(entry: Envelope, facts: Facts) -> Record:
    """The record of `casebridge.published.ConsularNotice`. Raises Unrenderable."""
    disclosed = entry.event
    assert isinstance(disclosed, Disclosed), "this renderer is for Disclosed"
    return {
        "case_reference": disclosed.case_reference,
        "jurisdiction": entry.circumstances.jurisdiction,
        "basis": disclosed.basis,
        "children": _persons("child", CHILD, disclosed.fields, facts),
        "parents": _persons("parent", PARENT, disclosed.fields, facts),
        "relatives": _persons("relative", RELATIVE, disclosed.fields, facts),
    }


def _persons(kind: str, empty: Record, fields: Iterable[FieldSource], facts: Facts) -> list[Record]:
    """One record for each person of a kind, in the entry's order; what the entry does not name stays null."""
    found: dict[str, Record] = {}
    for source in fields:
        of, _, field = source.path.partition(".")
        if of == kind:
            person = found.setdefault(source.reference, {"reference": source.reference, **empty})
            _put(person, field, source, facts)
    return list(found.values())


def _put(person: Record, field: str, source: FieldSource, facts: Facts) -> None:
    value = value_of(source, facts)
    match field:
        case "custody":
            person["in_custody_since"] = {"moment": value, "zone": zone_of(value)}
        case "relation":
            person["relation"] = value.value
        case "name":
            person["given_names"], person["surnames"] = value.given_names, value.surnames
        case "birth_date":
            person["birth_date"], person["birth_date_is_estimate"] = value.day, value.is_estimate
        case "birth_place":
            place = person["birth_place"] or PLACE
            person["birth_place"] = {**place, source.field.removeprefix("birth_"): value}
        case "address":
            person["address"] = {name: getattr(value, name) for name in ADDRESS}
        case "phone":
            person["phone"] = value
        case _:
            raise AssertionError(f"notice.v1 does not know {source.path}")
