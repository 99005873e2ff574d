"""A particular of a child or a party proves never to have been true, or is true no longer: two different things."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.case.intake import OUR_ID, Intake, Person, checked_birth_date, checked_name, personal, require_person
from domain.case.keys import Keys
from domain.countries import country
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.facts import Register
from domain.people import Address, BirthDate, DatePart, PersonName
from domain.personal import Known, Personal
from domain.phones import phone
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case

OF_A_CHILD = frozenset({"name", "birth_date"})


class CorrectedField(StrEnum):
    """What may be put right of a child or a party. Where somebody is from is corrected by a command of its own."""

    NAME = "name"
    BIRTH_DATE = "birth_date"
    ADDRESS = "address"
    PHONE = "phone"
    RELATION = "relation"


class ChangingField(StrEnum):
    """What may be true of a person until it is so no longer. Nobody is born on another day from now on."""

    NAME = "name"
    ADDRESS = "address"
    PHONE = "phone"


@event("casebridge.privacy.FactCorrected")
class FactCorrected(Event):
    """One recorded fact about a child or a party was never true; this stands in its place. The past event stays."""

    correction_id: UUID = clear(OUR_ID)
    person_id: UUID = clear(OUR_ID)
    replaces_event_id: UUID = clear(OUR_ID)
    field: CorrectedField = clear("which field was wrong, not its value")
    name: Personal[PersonName] = boxed(Compartment.IDENTITY, about="person_id", meaning="the names as they are")
    birth_date: Personal[BirthDate] = boxed(Compartment.IDENTITY, about="person_id", meaning="the date of birth as it is")
    address: Personal[Address] = boxed(Compartment.IDENTITY, about="person_id", meaning="where the person lived in truth")
    phone: Personal[str] = boxed(Compartment.IDENTITY, about="person_id", meaning="how to reach the person in truth")
    relation: Personal[str] = boxed(Compartment.IDENTITY, about="person_id", meaning="the relation as it is")
    evidence: Personal[str] = boxed(Compartment.IDENTITY, about="person_id", meaning="the evidence that showed it")


@event("casebridge.intake.FactSuperseded")
class FactSuperseded(Event):
    """Something was true of a child or a party until now, and is so no longer: a move, a new number, another name.

    What was recorded before was right in its time, so nobody is asked to disregard it.
    """

    change_id: UUID = clear(OUR_ID)
    person_id: UUID = clear(OUR_ID)
    field: ChangingField = clear("which field has another value from now on, not the value")
    name: Personal[PersonName] = boxed(Compartment.IDENTITY, about="person_id", meaning="the names from now on")
    address: Personal[Address] = boxed(Compartment.IDENTITY, about="person_id", meaning="where the person lives from now on")
    phone: Personal[str] = boxed(Compartment.IDENTITY, about="person_id", meaning="how to reach the person from now on")


@command
class CorrectFact(Command):
    """Record that one fact about a child or a party was never true, and what is true. `replaces_event_id` names the
    event that told it: that of adding the person, or the last correction of this field."""

    correction_id: UUID
    person_id: UUID
    replaces_event_id: UUID
    evidence: str
    name: PersonName | None = None
    birth_date: date | None = None
    birth_date_is_estimate: bool = False
    birth_date_known_to: DatePart = DatePart.DAY
    address: Address | None = None
    phone: str | None = None
    relation: str | None = None


@command
class SupersedeFact(Command):
    """Record what is true of a child or a party from now on: a move, a new number, another name. What was recorded
    before was true until then; for what was never true there is CorrectFact."""

    change_id: UUID
    person_id: UUID
    name: PersonName | None = None
    address: Address | None = None
    phone: str | None = None


def _the_one(wish: CorrectFact | SupersedeFact, person: Person, fields: type[CorrectedField] | type[ChangingField]) -> str:
    given = [item.value for item in fields if getattr(wish, item) is not None]
    if len(given) != 1:
        raise Refused("tell one field at a time, with what is true", rule="P19", field="person_id")
    if person.role is None and given[0] not in OF_A_CHILD:
        raise Refused("this is not recorded of a child", rule="P19", field=given[0])
    if wish.address is not None:
        country(wish.address.country, "address.country")
    return given[0]


def correct_fact(submission: Submission[CorrectFact], case: Case) -> Sequence[Recording]:
    wish = submission.command
    person = require_person(case, wish.person_id, "person_id")
    corrected = CorrectedField(_the_one(wish, person, CorrectedField))
    recordings = case.once(wish.correction_id, FactCorrected(
        correction_id=wish.correction_id, person_id=wish.person_id, replaces_event_id=wish.replaces_event_id,
        field=corrected, name=checked_name(wish.name), birth_date=checked_birth_date(submission),
        address=personal(wish.address), phone=personal(phone(wish.phone, "phone")), relation=personal(wish.relation),
        evidence=Known(wish.evidence),
    ))
    register: Register[Any] = getattr(person, corrected)
    was_left_open = register.current is None and wish.replaces_event_id == person.event_id
    if recordings and not (was_left_open or register.told_by(wish.replaces_event_id)):
        raise Refused(
            "the event that this corrects told nothing of this field that still stands", rule="P19",
            field="replaces_event_id",
        )
    return recordings


def supersede_fact(submission: Submission[SupersedeFact], case: Case) -> Sequence[Recording]:
    wish = submission.command
    person = require_person(case, wish.person_id, "person_id")
    changed = ChangingField(_the_one(wish, person, ChangingField))
    return case.once(wish.change_id, FactSuperseded(
        change_id=wish.change_id, person_id=wish.person_id, field=changed, name=checked_name(wish.name),
        address=personal(wish.address), phone=personal(phone(wish.phone, "phone")),
    ))


def _with(intake: Intake, person: Person, field: str, register: Register[Any]) -> Intake:
    changes: dict[str, Any] = {field: register}
    return replace(intake, people={**intake.people, person.person_id: replace(person, **changes)})


def _corrected(intake: Intake, told: FactCorrected, envelope: Envelope) -> Intake:
    person = intake.people.get(told.person_id)
    if person is None:
        return intake  # A prefix or a filtered replay may lack the person; a fold never raises (I10).
    register: Register[Any] = getattr(person, told.field)
    value = getattr(told, told.field)
    return _with(intake, person, told.field, register.correct(envelope, told.replaces_event_id, told.field, value))


def _superseded(intake: Intake, told: FactSuperseded, envelope: Envelope) -> Intake:
    person = intake.people.get(told.person_id)
    if person is None:
        return intake
    register: Register[Any] = getattr(person, told.field)
    return _with(intake, person, told.field, register.tell(envelope, told.field, getattr(told, told.field)))


DECIDES = {CorrectFact: correct_fact, SupersedeFact: supersede_fact}
EVOLVES = {FactCorrected: _corrected, FactSuperseded: _superseded}
KEYS: Keys = {FactCorrected: lambda e: e.correction_id, FactSuperseded: lambda e: e.change_id}
