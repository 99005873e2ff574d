"""Which facts of a case a disclosure carries, and which event told each of them."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from domain.case.clearance import InternationalHomeClearanceRequested
from domain.case.court import HearingScheduled, RemoteParticipationArranged
from domain.case.custody import Episode
from domain.case.documents import DocumentRequested
from domain.case.engagement import Engagement
from domain.case.intake import CaseOpened, Person
from domain.case.kin import (
    DifHomeStudyRequested,
    HomeStudyCompleted,
    IssHomeStudyRequested,
)
from domain.case.language import TranslationRequested
from domain.case.relief import ReliefScreeningCompleted
from domain.case.reunification import ReunificationPlanAbroadApproved
from domain.case.service import ServiceOfProcessRequested
from domain.case.state import Case
from domain.case.trafficking import TraffickingConcernFlagged
from domain.case.unaccompanied import UnaccompaniedMinorStaffed
from domain.case.visits import BorderVisitCoordinated, VisitPlanned
from domain.disclosure.contract import Flow, FlowField
from domain.disclosure.events import FieldSource
from domain.disclosure.vocabulary import GROUPS, WORDS
from domain.events import Envelope, Event
from domain.facts import Fact, Register
from domain.people import PARENTS, Role
from domain.personal import Unknown, Withheld

ROLES: Mapping[Role, str] = {
    **dict.fromkeys(PARENTS, "parent"), Role.RELATIVE: "relative", Role.CARER: "carer", Role.SPONSOR: "sponsor",
}
Told = tuple[UUID, str]
Reports = Callable[[], Sequence[Envelope]]
Counts = Callable[[Any], bool]

THINGS: Mapping[str, Mapping[type[Event], tuple[str, Mapping[str, tuple[str, ...]]]]] = {
    "hearing": {
        HearingScheduled: ("hearing_id", {"time": ("scheduled_for", "scheduled_zone"), "purpose": ("kind",)}),
        RemoteParticipationArranged: ("hearing_id", {"channel": ("channel",), "place": ("place",)}),
    },
    "visit": {
        VisitPlanned: ("visit_id", {
            "time": ("planned_for", "planned_zone"), "mode": ("mode",), "platform": ("platform",), "place": ("place",),
            "parent": ("party_id",),
        }),
        BorderVisitCoordinated: ("visit_id", {"port": ("port",), "attendees": ("attendees",)}),
    },
    "home_study": {
        **dict.fromkeys((IssHomeStudyRequested, DifHomeStudyRequested, InternationalHomeClearanceRequested), ("request_id", {
            "person": ("subject_id",), "address": ("address",), "country": ("country",), "attempt": ("attempt",),
        })),
        HomeStudyCompleted: ("request_id", {"outcome": ("outcome",), "report_number": ("report_ref",)}),
    },
    "papers": {ServiceOfProcessRequested: ("request_id", {
        "person": ("party_id",), "document": ("document",), "dated": ("document_dated",), "country": ("country",),
    })},
    "document": {
        DocumentRequested: ("request_id", {
            "person": ("person_id",), "kind": ("doc_type",), "described": ("described",),
        }),
        TranslationRequested: ("request_id", {"from_language": ("from_language",), "to_language": ("to_language",)}),
    },
    "trafficking": {TraffickingConcernFlagged: ("concern_id", {"indicators": ("kinds",)})},
    "plan": {ReunificationPlanAbroadApproved: ("plan_id", {"country": ("country",), "carer": ("carer_id",)})},
}
"""By group: the events that tell of a thing, the name of its id there, and which of their fields tells what."""
OF_PERSONS: Mapping[str, tuple[type[Event], str, str]] = {
    "child.allegation": (CaseOpened, "child_ids", "allegation_class"),
    "child.in_proceedings": (UnaccompaniedMinorStaffed, "child_id", "in_proceedings"),
    "child.relief_candidates": (ReliefScreeningCompleted, "person_id", "candidates"),
}
"""What no register of the case holds: the last event that names the person tells it."""
LETTER = ("letter_kind", "issued_on", "benefits_from", "benefits_until", "indefinite")


def is_known(value: Any) -> bool:
    return value is not None and not isinstance(value, Unknown | Withheld)


def was_known(value: Any) -> bool:
    """Also where a key is withheld from this reader now: what stands in a box was known to whoever recorded it."""
    return value is not None and not isinstance(value, Unknown)


def sources(
    case: Case, flow: Flow, engagement: Engagement, persons: Sequence[UUID], *, about: UUID | None = None,
    counts: Counts = is_known,
) -> tuple[FieldSource, ...]:
    """Every field that the contract lets flow of these persons, and of the thing that it is about, with its event.

    Only persons of the engagement, each under the sign that its office knows; a field that needs a ground only where
    the engagement rests on it. What is unknown, or withheld from this reader, is left out, unless `counts` says otherwise.
    Persons in their own order, fields in the contract's.
    """
    reports = _reports(case)
    fields = [field for field in flow.fields if _has_ground(field, engagement)]
    of_persons = [
        FieldSource(path=field.path, reference=engagement.references[person.person_id], event_id=event_id, field=name)
        for group, person in _persons(case, engagement, persons)
        for field in fields
        if WORDS[field.path].group == group
        for event_id, name in _told(case, person, field.path, reports, counts)
    ]
    of_things = [
        FieldSource(path=field.path, reference=reference, event_id=event_id, field=name)
        for field in fields
        if about is not None and GROUPS[WORDS[field.path].group].plural is None
        for event_id, name, reference in _of_thing(field.path, about, engagement, reports, counts)
    ]
    return (*of_persons, *of_things)


def _reports(case: Case) -> Reports:
    """What was recorded and still counts, gone through only where a field asks for it."""
    return cache(lambda: tuple(case.mislinks.left()))


def _has_ground(field: FlowField, engagement: Engagement) -> bool:
    return not field.needs or (engagement.basis is not None and engagement.basis.kind in field.needs)


def _persons(case: Case, engagement: Engagement, persons: Sequence[UUID]) -> Iterator[tuple[str, Person]]:
    for person_id in dict.fromkeys(persons):
        person = case.intake.people.get(person_id)
        if person is not None and person_id in engagement.references:
            yield ("child" if person.role is None else ROLES[person.role]), person


def _told(
    case: Case, person: Person, path: str, reports: Reports, counts: Counts
) -> Iterator[Told]:
    """Event and field of what stands now; several for what is told in parts."""
    if path in OF_PERSONS:
        yield from _last(reports(), *OF_PERSONS[path], person.person_id, counts)
        return
    origin = case.citizenship.of(person.person_id)
    match path.partition(".")[2]:
        case "custody":
            episode = _episode(case, person.person_id)
            if episode is not None:
                yield episode.event_id, "occurred_at"
        case "relation" if person.role in PARENTS:
            yield person.event_id, "role"
        case "name" | "birth_date" | "address" | "phone" | "relation" as field:
            yield from _current(getattr(person, field), counts)
        case "birth_place":
            for part in (origin.birth_city, origin.birth_region, origin.birth_country):
                yield from _current(part, counts)
        case "nationalities":
            yield from _current(origin.nationalities, counts)
        case "a_number" | "detention_place" as field:
            yield from _detained(case, person.person_id, field, counts)
        case "placement_address":
            carer_id = case.placement.carer_of(person.person_id)
            carer = None if carer_id is None else case.intake.people.get(carer_id)
            if carer is not None:
                yield from _current(carer.address, counts)
        case "otip_letter":
            letter = case.trafficking.current_letter(person.person_id)
            if letter is not None:
                yield from ((letter.event_id, field) for field in LETTER if counts(getattr(letter.told, field)))
        case _:
            assert not WORDS[path].is_told, f"the vocabulary says that {path} is told, and nobody tells it"


def _current(register: Register[Any], counts: Counts) -> Iterator[Told]:
    fact: Fact[Any] | None = register.current
    if fact is not None and counts(fact.value):
        yield fact.event_id, fact.field


def _detained(case: Case, person_id: UUID, field: str, counts: Counts) -> Iterator[Told]:
    detainee = case.detention.detainees.get(person_id)
    if detainee is None:
        return
    if field == "a_number":
        yield from _current(detainee.a_number, counts)
    elif counts(detainee.whereabouts):  # A place that was left is not where the parent is.
        yield from _current(detainee.facility, counts)


def _last(
    reports: Sequence[Envelope], kind: type[Event], whose: str, field: str, person_id: UUID, counts: Counts
) -> Iterator[Told]:
    for envelope in reversed(reports):
        event = envelope.event
        if isinstance(event, kind):
            named: Any = getattr(event, whose)
            if (person_id in named if isinstance(named, tuple) else person_id == named) and counts(getattr(event, field)):
                yield envelope.circumstances.event_id, field
                return


def _of_thing(
    path: str, about: UUID, engagement: Engagement, reports: Reports, counts: Counts
) -> Iterator[tuple[UUID, str, str]]:
    """What the events about one thing tell, the last of them first; a person by the office's sign, or not at all."""
    word = WORDS[path]
    for envelope in reversed(reports()):
        id_name, names = THINGS.get(word.group, {}).get(type(envelope.event), ("", {}))
        fields = names.get(word.name, ())
        if not fields or getattr(envelope.event, id_name) != about:
            continue
        values = [getattr(envelope.event, field, None) for field in fields]
        if not all(map(counts, values)):
            continue
        references = [engagement.references.get(value, "") if isinstance(value, UUID) else "" for value in values]
        if isinstance(values[0], UUID) and not references[0]:
            return
        for field, reference in zip(fields, references, strict=True):
            yield envelope.circumstances.event_id, field, reference
        return


def _episode(case: Case, child_id: UUID) -> Episode | None:
    """The custody that lasts, else the latest."""
    episodes = [episode for episode in case.custody.episodes.values() if episode.child_id == child_id]
    return case.custody.current(child_id) or max(episodes, key=lambda episode: episode.taken_at, default=None)
