"""The words in which an office is asked or told something, for each purpose but the notice and its recall."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from domain.disclosure.purposes import Purpose
from domain.disclosure.rendering import Record
from domain.zones import is_zone

OPENINGS: Mapping[Purpose, tuple[str, str]] = {
    Purpose.HOME_STUDY: (
        "Request for a home study",
        "We ask your office to have the home named below studied, and to send us the report. We would be glad to hear "
        "soon whether the request can be taken up.",
    ),
    Purpose.REUNIFICATION: (
        "Request for help with a child's return to family abroad",
        "A child in our care may be able to live with family in your country. We ask for your help with what that needs "
        "there, and to be told whom to turn to.",
    ),
    Purpose.SERVICE_OF_PROCESS: (
        "Request to serve papers",
        "We ask your office to serve the papers named below on the person named below, and to send us the proof of "
        "service, or word that it could not be done.",
    ),
    Purpose.DOCUMENT_TRACING: (
        "Request for a document",
        "We ask your office for the document named below, or for word of where it can be had.",
    ),
    Purpose.IDENTITY_CHECK: (
        "Request to confirm who persons are",
        "A minor came into our care without a parent or guardian. We ask your office to confirm who the persons named "
        "below are. Please answer also where you cannot confirm it.",
    ),
    Purpose.HEARING_LOGISTICS: (
        "A hearing in which somebody is to take part",
        "We ask your office to help that the person concerned can take part in the hearing named below: with a place, "
        "equipment, or a connection. Please tell us what you can offer.",
    ),
    Purpose.ARRANGE_VISIT: (
        "A visit between children and a parent",
        "We ask your office to help that the visit named below can take place, and to tell us what we have to arrange.",
    ),
    Purpose.BORDER_VISIT: (
        "A visit at a port of entry",
        "We ask for a place at the port of entry for the visit named below. Those who are to come are named by their role.",
    ),
    Purpose.LOCATE_PARENT: (
        "Request to locate a parent",
        "A child welfare case of this agency involves the parent named below. We ask where the parent is held, so that "
        "the parent can take part in the case.",
    ),
    Purpose.CONTACT_PARENT: (
        "Request for contact with a parent",
        "A child welfare case of this agency involves the parent named below. We ask by whom and how we can reach the "
        "parent.",
    ),
    Purpose.COURT_ATTENDANCE: (
        "A parent's part in a hearing",
        "A child welfare case of this agency involves the parent named below. We ask that the parent can take part in "
        "the hearing, in person or from the facility.",
    ),
    Purpose.ADVOCATE_RELEASE: (
        "A parent whose child was left without care",
        "A child of the parent named below is in our care. We ask that the parent's release be considered, so that the "
        "child can return to the parent.",
    ),
    Purpose.TRAFFICKING_REPORT: (
        "Referral of a minor",
        "We refer the minor named below to your office, and ask for your decision and your letter.",
    ),
    Purpose.TRAFFICKING_NOTICE: (
        "Notice of a concern about a child",
        "We tell your office of a concern about a child in our care. Please keep it to those who act on it.",
    ),
    Purpose.SCREENING_REFERRAL: (
        "Referral of a child",
        "We refer the child named below to your service, and ask for the result of your screening.",
    ),
    Purpose.RELIEF_SCREENING: (
        "Referral for a legal screening",
        "We refer the client named below to you, and ask for your assessment. Please tell us whether you take the case.",
    ),
    Purpose.COURT_REPORT: ("What the agency reports", "The agency reports the following to the court and its counsel."),
    Purpose.TRANSLATION: (
        "Request for a translation",
        "We ask you to translate the document named below. What it holds stays between you and this agency.",
    ),
    Purpose.CARE: (
        "What you need for the child's care",
        "This is what you need for the care of the child. Please keep it to those who care for the child.",
    ),
}
KEEP = "Please use this for the purpose named above alone, and pass nothing of it on."
GROUPS: Mapping[str, str] = {
    "children": "Child", "parents": "Parent", "relatives": "Relative", "carers": "Carer", "sponsors": "Sponsor",
    "hearing": "Hearing", "visit": "Visit", "home_study": "Home to be studied", "papers": "Papers", "document": "Document",
    "trafficking": "Concern", "plan": "Plan",
}
LABELS: Mapping[str, str] = {
    "a_number": "A-Number", "custody": "In custody since", "birth_date": "Date of birth", "birth_place": "Place of birth",
    "phone": "Telephone", "detention_place": "Held in", "otip_letter": "Letter of OTIP", "in_proceedings": "In proceedings",
    "relief_candidates": "Possible relief", "placement_address": "Placed at", "kind": "Kind", "person": "Person",
    "from_language": "Language", "to_language": "To be translated to", "time": "When",
}


def asking(record: Record, purpose: Purpose) -> Iterator[str]:
    """The letter's body: what is asked, on which basis, and every fact that the record gives; nothing that it does not."""
    subject, opening = OPENINGS[purpose]
    yield from (f"Subject: {subject}", "", opening, "", f"Basis: {record['basis']}.")
    for name, title in GROUPS.items():
        given = record.get(name)
        if isinstance(given, list):
            for number, person in enumerate(given, 1):
                yield from ("", f"{title} {number} ({person['reference']})", *_items(person))
        elif given is not None:
            yield from ("", title, *_items(given))
    yield from ("", KEEP)


def _items(facts: Record) -> Iterator[str]:
    name = " ".join(part for part in (facts.get("given_names"), facts.get("surnames")) if part)
    if name:
        yield _line("Name", name)
    for key, value in facts.items():
        if value is None or key in {"reference", "given_names", "surnames", "birth_date_is_estimate"}:
            continue
        text = _words(value)
        if key == "birth_date" and facts.get("birth_date_is_estimate"):
            text += " (estimated)"
        yield _line(LABELS.get(key, key.replace("_", " ").capitalize()), text)


def _line(label: str, text: str) -> str:
    return f"  {label + ':':<20} {text}"


def _words(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case date():
            return in_words(value)
        case list():
            return ", ".join(_words(item) for item in value) or "none"
        case {"moment": datetime() as moment, "zone": str() as zone}:
            return local(moment, zone)
        case {"kind": kind, "issued_on": day, "benefits_from": first, "benefits_until": last, "indefinite": endless}:
            until = "without end" if endless else _words(last) if last else "not said"
            return f"{_words(kind)}, of {_words(day)}; benefits from {_words(first) if first else 'not said'} until {until}"
        case dict():
            return ", ".join(_words(part) for part in value.values() if part is not None)
        case _:
            return str(value).replace("_", " ")


def local(moment: datetime, zone: str) -> str:
    """A moment as people in its zone read their clocks; one whose zone is an offset, as it was recorded."""
    there = moment.astimezone(ZoneInfo(zone)) if is_zone(zone) else moment
    return f"{in_words(there.date())}, {there:%H:%M} ({zone})"


def in_words(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)
