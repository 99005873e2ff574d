"""An entry as a letter: a further rendering of the same record, for people who read paper."""
from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from domain.disclosure.asking import asking, in_words
from domain.disclosure.purposes import Purpose
from domain.disclosure.recall_letter import recall_lines
from domain.disclosure.rendering import Record

NOT_KNOWN = "not known to the agency"
ADDRESS = ("street", "number", "colonia", "municipality", "postal_code", "city", "region", "country")


def letter(record: Record, purpose: Purpose, office_name: str, agency_name: str, date: date) -> str:
    """Plain text, lines ending in one newline. What the record has not is said to be not known, item by item.

    No text of the record begins a line of its own. A letter of recall tells no fact of any person.
    """
    record = _on_its_line(record)
    reference = record["case_reference"]
    head = [agency_name, "", f"To: {office_name}", f"Date: {in_words(date)}", f"Our reference: {reference}", ""]
    body = _body(record, purpose)
    tail = ["", "Please quote our reference in any answer.", "", agency_name]
    return "\n".join([*head, *body, *tail]) + "\n"


def _on_its_line(value: Any) -> Any:
    """A record whose texts break no line and hide nothing: what a person wrote never looks like another part of a letter."""
    match value:
        case str():
            return "".join(sign if sign.isprintable() else " " for sign in value)
        case dict():
            return {name: _on_its_line(part) for name, part in value.items()}
        case list() | tuple():
            return [_on_its_line(part) for part in value]
        case _:
            return value


def _body(record: Record, purpose: Purpose) -> Iterator[str]:
    match purpose:
        case Purpose.CONSULAR_NOTICE:
            return _notice(record)
        case Purpose.RECALL:
            return recall_lines(record["text_code"], f"number {record['withdraws']}")
        case _:
            return asking(record, purpose)


def _notice(record: Record) -> Iterator[str]:
    count = len(record["children"])
    yield f"Subject: {'A child' if count == 1 else f'{count} children'} in the custody of this agency"
    yield ""
    yield f"Basis: {record['basis']}."
    for number, child in enumerate(record["children"], 1):
        yield from ("", f"Child {number} ({child['reference']})")
        yield from _items(("Name", _name(child)), *_born(child), ("In custody since", _since(child["in_custody_since"])))
    for parent in record["parents"]:
        yield from ("", f"{(parent['relation'] or 'parent').capitalize()} ({parent['reference']})")
        yield from _items(("Name", _name(parent)), *_born(parent), ("Address", _address(parent["address"])))
    if not record["parents"]:
        yield from ("", f"Parents: {NOT_KNOWN}")
    for relative in record["relatives"]:
        yield from ("", f"Relative ({relative['reference']})")
        yield from _items(("Name", _name(relative)), ("Telephone", relative["phone"]))
    if not record["relatives"]:
        yield from ("", f"A relative who can be reached: {NOT_KNOWN}")


def _items(*items: tuple[str, str | None]) -> Iterator[str]:
    for label, value in items:
        yield f"  {label + ':':<18} {value or NOT_KNOWN}"


def _born(person: Record) -> tuple[tuple[str, str | None], ...]:
    day = person["birth_date"]
    estimate = " (estimated)" if person["birth_date_is_estimate"] else ""
    born = f"{in_words(day)}{estimate}" if day else None
    return ("Date of birth", born), ("Place of birth", _place(person["birth_place"]))


def _name(person: Record) -> str | None:
    return " ".join(part for part in (person["given_names"], person["surnames"]) if part) or None


def _place(place: Record | None) -> str | None:
    return None if place is None else ", ".join(place[part] for part in ("city", "region", "country") if place[part])


def _address(address: Record | None) -> str | None:
    if address is None:
        return None
    parts = ", ".join(address[part] for part in ADDRESS if address[part])
    return f"{parts} ({address['landmarks']})" if address["landmarks"] else parts


def _since(since: Record | None) -> str | None:
    """In the zone in which it was recorded, as the people there read their clocks."""
    if since is None:
        return None
    moment = since["moment"]
    return f"{in_words(moment.date())}, {moment:%H:%M} ({since['zone']})"
