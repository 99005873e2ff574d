"""A worked example of each published event: invented facts, laid out by the renderers and in the headers that are used."""
from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from adapters.avro.single_object import HEADER_SIZE, Format
from adapters.disclosure.outstanding import Delivery, Stage
from adapters.disclosure.parcel import parcel_of, placeholder_of, structured
from adapters.disclosure.render import digest_of, rendered
from domain.disclosure.contract import Flow
from domain.disclosure.events import Disclosed, FieldSource, Withdrawn
from domain.disclosure.renderers import RENDERERS, laid_out_by
from domain.disclosure.rendering import Record
from domain.disclosure.vocabulary import GROUPS, WORDS
from domain.events import Actor, Circumstances, Envelope, Event
from domain.people import Address, BirthDate, PersonName, Role
from domain.personal import Known
from domain.ports import Parcel
from domain.submission import CHECKS, CROCKFORD, REFERENCE_LENGTH

SPACE = UUID("a57c0000-0000-4000-8000-000000000000")
ZONE = ZoneInfo("America/Denver")
MOMENT, LATER = datetime(2026, 8, 13, 10, 10, tzinfo=ZONE), datetime(2026, 9, 1, 9, 0, tzinfo=ZONE)
JURISDICTION = "NM"
FIRST, SECOND, THIRD, FOURTH = 1, 2, 3, 4

NAMES: Mapping[str, PersonName] = {
    "child": PersonName(given_names="Nayeli", surnames="Inventada Muestra"),
    "parent": PersonName(given_names="Citlali", surnames="Muestra Ejemplar"),
    "relative": PersonName(given_names="Eréndira", surnames="Muestra Ejemplar"),
    "carer": PersonName(given_names="Tonantzin", surnames="Ficticia Muestra"),
    "sponsor": PersonName(given_names="Amparo", surnames="Ficticia Inventada"),
}
BORN: Mapping[str, BirthDate] = {
    "child": BirthDate(day=date(2017, 3, 9), is_estimate=False), "parent": BirthDate(day=date(1990, 1, 1), is_estimate=True),
    "sponsor": BirthDate(day=date(1984, 6, 30), is_estimate=False),
}
HOME = Address(
    country="MX", street="Calle Inventada", number="14", colonia="El Ejemplo", municipality="Muestra", city="Muestra",
    region="Chihuahua", postal_code=None, landmarks="frente al molino",
)
BIRTH_PLACE = {"birth_city": "Muestra", "birth_region": "Chihuahua", "birth_country": "MX"}
DWELLING: Mapping[str, object] = {"address": HOME}
VALUES: Mapping[str, Mapping[str, object]] = {
    "child.custody": {"occurred_at": MOMENT},
    "child.birth_place": BIRTH_PLACE, "parent.birth_place": BIRTH_PLACE,
    "child.nationalities": {"nationalities": ("MX",)},
    "child.in_proceedings": {"in_proceedings": True},
    "child.allegation": {"allegation_class": "neglect"},
    "child.otip_letter": {"letter_kind": "eligibility", "issued_on": date(2026, 8, 20), "indefinite": True},
    "child.relief_candidates": {"candidates": ("sij", "t_visa")},
    "child.placement_address": DWELLING, "parent.address": DWELLING, "relative.address": DWELLING,
    "home_study.address": DWELLING,
    "child.placement_landmarks": DWELLING, "parent.landmarks": DWELLING, "relative.landmarks": DWELLING,
    "home_study.landmarks": DWELLING,
    "parent.relation": {"role": Role.MOTHER}, "relative.relation": {"relation": "mother's sister"},
    "relative.phone": {"phone": "+52 000 555 0100"},
    "parent.a_number": {"a_number": "A000000000"}, "parent.detention_place": {"facility": "Example detention facility"},
    "hearing.time": {"scheduled_for": LATER, "scheduled_zone": ZONE.key}, "hearing.purpose": {"kind": "review"},
    "hearing.channel": {"channel": "zoom"}, "hearing.place": {"place": "Room 3 of the consulate"},
    "visit.time": {"planned_for": LATER, "planned_zone": ZONE.key}, "visit.mode": {"mode": "virtual"},
    "visit.platform": {"platform": "whatsapp"}, "visit.place": {"place": "Room 3 of the consulate"},
    "visit.port": {"port": "Example port of entry"}, "visit.attendees": {"attendees": ("child", "parent")},
    "home_study.country": {"country": "MX"}, "home_study.attempt": {"attempt": 1},
    "home_study.outcome": {"outcome": "favorable"}, "home_study.report_number": {"report_ref": "EXAMPLE-1"},
    "papers.document": {"document": "petition and notice of hearing"}, "papers.dated": {"document_dated": date(2026, 8, 14)},
    "papers.country": {"country": "MX"},
    "document.kind": {"doc_type": "birth_certificate"}, "document.described": {"described": "the entry of 2017"},
    "document.from_language": {"from_language": "es"}, "document.to_language": {"to_language": "en"},
    "trafficking.indicators": {"kinds": ("labour",)}, "plan.country": {"country": "MX"},
}
"""What each path says here, by the field of the event that tells it."""
PERSONS: Mapping[str, tuple[str, str]] = {
    "visit.parent": ("parent", "party_id"), "home_study.person": ("relative", "subject_id"),
    "papers.person": ("parent", "party_id"), "document.person": ("child", "person_id"),
    "plan.carer": ("relative", "carer_id"),
}
"""Whom the paths that name a person name."""


class _Told(Event):
    """An invented event that tells what its example needs."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values

    def __getattr__(self, name: str) -> object:
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(name) from None


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """One entry as it leaves on every channel. `record` is what its bytes say: times and days are numbers, as in Avro."""

    parcel: Parcel
    record: Mapping[str, Any]
    digest: str | None

    @property
    def structured(self) -> dict[str, str]:
        return structured(self.parcel)

    @property
    def base64(self) -> str:
        return b64encode(self.parcel.content).decode()


def sign(word: str) -> str:
    """An invented reference in the form of the real ones, its check sign right."""
    number = int.from_bytes(hashlib.sha256(word.encode()).digest()[:5], "big")
    signs = "".join(CROCKFORD[number >> shift & 31] for shift in range(5 * (REFERENCE_LENGTH - 1), -1, -5))
    return signs + CHECKS[number % 37]


def of_flow(office: str, flow: Flow, form: Format) -> Example:
    """An entry of this flow in which every field that may flow is told."""
    sources, facts = _sources(office, flow)
    entry = _recorded(Disclosed(
        office=office, number=FIRST, case_id=SPACE, case_reference=sign(f"{office}/case"), engagement_id=SPACE,
        notice_id=SPACE, purpose=flow.purpose, basis=flow.basis, rule_ids=(), contract_digest="", schema_fingerprint="",
        renderer=laid_out_by(flow.renderer), source_event_id=SPACE, source_version=1, person_ids=(), digest="",
        salt=Known(_salt(office, flow.publishes)), fields=sources,
    ), flow.places[0] if flow.places else JURISDICTION)
    return _example(entry, facts, form, sequence=1)


def of_disregard(office: str, form: Format, text_code: str) -> Example:
    """The second number of the feed asks to disregard or to erase the first."""
    entry = _recorded(Withdrawn(
        office=office, number=SECOND, withdraws=FIRST, case_id=SPACE, case_reference=sign(f"{office}/case"),
        engagement_id=SPACE, notice_id=SPACE, text_code=text_code, schema_fingerprint="", renderer="disregard.v1",
        source_event_id=SPACE, person_ids=(), digest="", salt=Known(_salt(office, form.name)),
    ), JURISDICTION)
    return _example(entry, {}, form, sequence=2)


def of_placeholder(office: str, form: Format) -> Example:
    """The third number keeps its place and carries nothing."""
    return _of_a_place(office, form, THIRD, sign(f"{office}/other case"), {})


def of_held(office: str, form: Format) -> Example:
    """The fourth number says that the content of the first comes later."""
    reference = sign(f"{office}/case")
    return _of_a_place(office, form, FOURTH, reference, {"case_reference": reference, "holds": FIRST})


def _of_a_place(office: str, form: Format, number: int, reference: str, record: Record) -> Example:
    """What tells of a number and of no person, and so has neither salt nor digest."""
    entry = _recorded(Withdrawn(
        office=office, number=number, withdraws=FIRST, case_id=SPACE, case_reference=reference, engagement_id=SPACE,
        notice_id=SPACE, text_code="disregard", schema_fingerprint="", renderer="placeholder.v1", source_event_id=SPACE,
        person_ids=(), digest="", salt=Known(""),
    ), JURISDICTION)
    parcel = placeholder_of(Delivery(entry=entry, sequence=1, stage=Stage.STOPPED), rendered(form, record))
    return Example(parcel=parcel, record=record, digest=None)


def _example(entry: Envelope, facts: Mapping[UUID, Envelope], form: Format, *, sequence: int) -> Example:
    told = entry.event
    assert isinstance(told, Disclosed | Withdrawn) and isinstance(told.salt, Known)
    made = rendered(form, RENDERERS[told.renderer](entry, facts))
    parcel = parcel_of(Delivery(entry=entry, sequence=sequence, stage=Stage.STARTED), made)
    record, _ = form.read(made.content, HEADER_SIZE)
    return Example(parcel=parcel, record=record, digest=digest_of(told.salt.value, made.content))


def _sources(office: str, flow: Flow) -> tuple[tuple[FieldSource, ...], dict[UUID, Envelope]]:
    """Each field from an invented event of its own, person by person as in the feed."""
    sources: list[FieldSource] = []
    facts: dict[UUID, Envelope] = {}
    ordered = sorted(flow.fields, key=lambda field: list(GROUPS).index(WORDS[field.path].group))
    for path in (field.path for field in ordered):
        event_id = uuid5(SPACE, path)
        values = dict(_values(path))
        facts[event_id] = _recorded(_Told(values), JURISDICTION, event_id=event_id)
        sources += [
            FieldSource(path=path, reference=_reference(office, path), event_id=event_id, field=field) for field in values
        ]
    return tuple(sources), facts


def _values(path: str) -> Iterator[tuple[str, object]]:
    """What a path says, in the types of real events. A KeyError names a path for which no example was invented yet."""
    group, _, name = path.partition(".")
    if name == "name":
        yield name, NAMES[group]
    elif name == "birth_date":
        yield name, BORN[group]
    elif path in PERSONS:
        yield PERSONS[path][1], SPACE
    else:
        yield from VALUES[path].items()


def _reference(office: str, path: str) -> str:
    group = WORDS[path].group
    person = PERSONS[path][0] if path in PERSONS else group if GROUPS[group].plural else None
    return sign(f"{office}/{person}") if person else ""


def _salt(office: str, name: str) -> str:
    return hashlib.sha256(f"example salt of {office}/{name}".encode()).hexdigest()[:32]


def _recorded(event: Event, jurisdiction: str, *, event_id: UUID = SPACE) -> Envelope:
    return Envelope(stream="example", version=1, event=event, circumstances=Circumstances(
        event_id=event_id, occurred_at=MOMENT, learned_at=MOMENT, actor=Actor(agency="", role="", user=""), principal="",
        command_id=SPACE, correlation_id=SPACE, causation_id=None, traceparent=None, agency="", jurisdiction=jurisdiction,
        packs=(),
    ))
