"""Somebody allows that things are told: to whom, for what, about whom; and narrows it, or takes it back, or it runs out."""
from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.case.allowed import KINDS, OFFICES, PURPOSES, UNTIL, Allowed, require_named
from domain.case.birthdays import birthday
from domain.case.court import Order, OrderKind
from domain.case.intake import OUR_ID, Person, require_adult, require_person
from domain.case.keys import Keys
from domain.case.language import InterpreterAssigned
from domain.disclosure.purposes import Purpose
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.languages import language
from domain.people import PARENTS
from domain.personal import Known, Personal, Withheld, known_or
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case

CONSENT = "CONSENT"
OF_AGE = 18  # years (domain.md N10)
FOR_ONESELF_FROM = 12  # years: no source says from which age; from this one a youth is asked about themselves (N9)
VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


class Capacity(StrEnum):
    """In what right somebody speaks for these persons."""

    SELF = "self"  # a child from FOR_ONESELF_FROM on
    PARENT = "parent"
    GUARDIAN = "guardian"  # by an order that is recorded
    APPOINTED = "appointed"  # a guardian ad litem or another whom an order names


BY_AN_ORDER = frozenset({Capacity.GUARDIAN, Capacity.APPOINTED})


@event("casebridge.consent.ConsentGranted")
class ConsentGranted(Event):
    """Somebody allowed that these persons are told of to these offices, for these purposes, and knew what they allowed."""

    consent_id: UUID = clear(OUR_ID)
    given_by: UUID = clear(OUR_ID)
    capacity: Capacity = clear("in what right; says nothing of the person")
    order_id: UUID | None = clear(OUR_ID)
    person_ids: tuple[UUID, ...] = clear(OUR_ID)
    purposes: tuple[Purpose, ...] = clear(PURPOSES)
    offices: tuple[str, ...] = clear(OFFICES)
    text_version: str = clear("version of the standing text that was explained")
    interpreter_id: UUID | None = clear("our own id of the assignment of an interpreter")
    until: datetime | None = clear(UNTIL)
    kinds: Personal[tuple[str, ...]] = boxed(Compartment.IDENTITY, about="person_ids", meaning=KINDS)
    language: Personal[str] = boxed(
        Compartment.IDENTITY, about="person_ids", meaning="language in which it was explained, ISO 639"
    )


@event("casebridge.consent.ConsentNarrowed")
class ConsentNarrowed(Event):
    """A consent now allows less: these persons, purposes and offices alone."""

    narrowing_id: UUID = clear(OUR_ID)
    consent_id: UUID = clear(OUR_ID)
    narrowed_by: UUID = clear(OUR_ID)
    person_ids: tuple[UUID, ...] = clear(OUR_ID)
    purposes: tuple[Purpose, ...] = clear(PURPOSES)
    offices: tuple[str, ...] = clear(OFFICES)
    kinds: Personal[tuple[str, ...]] = boxed(Compartment.IDENTITY, about="person_ids", meaning=KINDS)


@event("casebridge.consent.ConsentWithdrawn")
class ConsentWithdrawn(Event):
    """A consent was taken back: nothing more is told on it."""

    consent_id: UUID = clear(OUR_ID)
    withdrawn_by: UUID = clear(OUR_ID)


@event("casebridge.consent.ConsentExpired")
class ConsentExpired(Event):
    """A consent ended by itself, when it said that it would: nothing more is told on it."""

    consent_id: UUID = clear(OUR_ID)


@dataclass(frozen=True, kw_only=True, slots=True)
class Consent(Allowed):
    """`granted` is what was said first, at `given_at`; the rest is what of it still stands."""

    granted: ConsentGranted
    given_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Consents:
    consents: Mapping[UUID, Consent] = field(default_factory=dict)


@command
class GrantConsent(Command):
    """Record that somebody consents: for whom and in what capacity, to which offices or kinds, for which purposes.

    `interpreter_id` is the assignment of the interpreter who explained it, to whoever gave it and in that language. A
    guardian or an appointed person names the order (`order_id`) by which they speak: it names them, and the consent ends
    with it. A child consents for itself from 12 years on. A consent ends too where whoever gave it proves to be nobody of
    this case, no parent of that child, or to have been too young.
    """

    consent_id: UUID
    given_by: UUID
    capacity: Capacity
    person_ids: tuple[UUID, ...]
    purposes: tuple[Purpose, ...]
    offices: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    language: str
    text_version: str
    interpreter_id: UUID | None = None
    order_id: UUID | None = None
    until: datetime | None = None


@command
class NarrowConsent(Command):
    """Record that a consent allows less from now on: everything that still stands is named."""

    narrowing_id: UUID
    consent_id: UUID
    narrowed_by: UUID
    person_ids: tuple[UUID, ...]
    purposes: tuple[Purpose, ...]
    offices: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


@command
class WithdrawConsent(Command):
    """Record that a consent was taken back, and by whom."""

    consent_id: UUID
    withdrawn_by: UUID


def grant(submission: Submission[GrantConsent], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_person(case, wish.given_by, "given_by")
    require_named(wish, submission, CONSENT)
    for person_id in wish.person_ids:
        require_person(case, person_id, "person_ids")
    _check_capacity(submission, case)
    language(wish.language, "language")
    if not VERSION.fullmatch(wish.text_version):
        raise Refused("a text's version is a code without spaces", rule=CONSENT, field="text_version")
    _check_interpreter(wish, case)
    spoken = case.language.of(wish.given_by).language.value
    if wish.interpreter_id is None and isinstance(spoken, Known) and spoken.value != wish.language:
        raise Refused(
            "it was explained in another language than the person prefers: name the interpreter", rule=CONSENT,
            field="language",
        )
    if wish.until is not None and wish.until <= submission.occurred_at:
        raise Refused("a consent ends after it was given", rule=CONSENT, field="until")
    return case.once(wish.consent_id, ConsentGranted(
        consent_id=wish.consent_id, given_by=wish.given_by, capacity=wish.capacity, order_id=wish.order_id,
        person_ids=wish.person_ids, purposes=wish.purposes, offices=wish.offices, text_version=wish.text_version,
        interpreter_id=wish.interpreter_id, until=wish.until, kinds=Known(wish.kinds), language=Known(wish.language),
    ))


def _check_interpreter(wish: GrantConsent, case: Case) -> None:
    if wish.interpreter_id is None:
        return
    assigned = case.recorded.get(wish.interpreter_id)
    if not isinstance(assigned, InterpreterAssigned):
        raise Refused("no such assignment of an interpreter is recorded", rule=CONSENT, field="interpreter_id")
    if assigned.person_id != wish.given_by or known_or(assigned.language, wish.language) != wish.language:
        because = "this interpreter was assigned to somebody else, or for another language"
        raise Refused(because, rule=CONSENT, field="interpreter_id")


def _check_capacity(submission: Submission[GrantConsent], case: Case) -> None:
    wish = submission.command
    person = case.intake.people[wish.given_by]
    if (wish.capacity in BY_AN_ORDER) is (wish.order_id is None):
        raise Refused("who speaks by an order names it, and nobody else does", rule=CONSENT, field="order_id")
    match wish.capacity:
        case Capacity.SELF:
            if set(wish.person_ids) != {wish.given_by}:
                raise Refused("for oneself one speaks about oneself alone", rule=CONSENT, field="capacity")
            at, zone = submission.occurred_at, submission.standing.zone
            if person.role is None and not _has_reached(FOR_ONESELF_FROM, person, at, zone):
                because = f"a child consents for itself from {FOR_ONESELF_FROM} years on: its birth date does not say so"
                raise Refused(because, rule=CONSENT, field="capacity")
        case Capacity.PARENT:
            require_adult(case, wish.given_by, "given_by")
            if not _is_parent_of(person, wish.person_ids):
                raise Refused("a parent speaks for their own children and themselves", rule=CONSENT, field="capacity")
            at, zone = submission.occurred_at, submission.standing.zone
            children = (case.intake.people[one] for one in wish.person_ids if one != wish.given_by)
            if any(_has_reached(OF_AGE, child, at, zone) for child in children):
                because = f"who is {OF_AGE} years old consents for themselves, and no parent for them"
                raise Refused(because, rule=CONSENT, field="person_ids")
        case Capacity.GUARDIAN | Capacity.APPOINTED:
            order = None if wish.order_id is None else case.court.orders.get(wish.order_id)
            if order is None or not case.court.is_binding(order.entered.order_id) or not _appoints(order, wish.given_by):
                because = "name the order in force that appoints them: one of another kind appoints nobody"
                raise Refused(because, rule=CONSENT, field="order_id")
            if not set(wish.person_ids) <= {wish.given_by, *order.entered.child_ids}:
                raise Refused("the order is not about all of these persons", rule=CONSENT, field="person_ids")


def _appoints(order: Order, person_id: UUID) -> bool:
    return order.entered.kind == Known(OrderKind.OTHER) and person_id in order.entered.party_ids


def _is_parent_of(person: Person, persons: Collection[UUID]) -> bool:
    """Whether these are a parent's own children, and they themselves."""
    return person.role in PARENTS and set(persons) <= {person.person_id, *person.child_ids}


def _has_reached(age: int, child: Person, at: datetime, zone: str) -> bool:
    """Whether a child was surely of that age, by the calendar of the agency: of an estimate the latest day counts."""
    born = known_or(child.birth_date.value, None)
    return born is not None and birthday(born, age).latest <= at.astimezone(ZoneInfo(zone)).date()


def is_spoken_for(submission: Submission[Any], case: Case, allowed: Allowed, persons: Collection[UUID]) -> bool:
    """Whether whoever gave a consent speaks for these persons of the case in the capacity in which they gave it, by what is
    known of them all now. What this reader cannot see takes that from nobody."""
    if not isinstance(allowed, Consent):
        return True  # Counsel approves for the agency.
    granted, people = allowed.granted, case.intake.people
    giver = people.get(granted.given_by)
    if giver is None or not set(persons) <= people.keys():
        return False
    match granted.capacity:
        case Capacity.SELF:
            is_to_be_seen = giver.role is None and not isinstance(giver.birth_date.value, Withheld)
            return not is_to_be_seen or _has_reached(FOR_ONESELF_FROM, giver, allowed.given_at, submission.standing.zone)
        case Capacity.PARENT:
            return _is_parent_of(giver, persons)
        case Capacity.GUARDIAN | Capacity.APPOINTED:
            return granted.order_id is not None and case.court.is_binding(granted.order_id)


def _standing(case: Case, consent_id: UUID, by: UUID, name: str) -> Consent:
    require_person(case, by, name)
    consent = case.consents.consents.get(consent_id)
    if consent is None:
        raise Refused("no such consent in this case", rule=CONSENT, field="consent_id")
    if by != consent.granted.given_by and by not in consent.granted.person_ids:
        raise Refused("who gave it, or whom it is about, changes it", rule=CONSENT, field=name)
    return consent


def narrow(submission: Submission[NarrowConsent], case: Case) -> Sequence[Recording]:
    wish = submission.command
    consent = _standing(case, wish.consent_id, wish.narrowed_by, "narrowed_by")
    narrowed = ConsentNarrowed(
        narrowing_id=wish.narrowing_id, consent_id=wish.consent_id, narrowed_by=wish.narrowed_by,
        person_ids=wish.person_ids, purposes=wish.purposes, offices=wish.offices, kinds=Known(wish.kinds),
    )
    recordings = case.once(wish.narrowing_id, narrowed)
    if not recordings:
        return recordings
    require_named(wish, submission, CONSENT)
    if not consent.stands:
        raise Refused("this consent was withdrawn, or has run out", rule=CONSENT, field="consent_id")
    for name, now, before in (
        ("person_ids", wish.person_ids, consent.person_ids), ("purposes", wish.purposes, consent.purposes),
        ("offices", wish.offices, consent.offices), ("kinds", wish.kinds, known_or(consent.kinds, ())),
    ):
        if not set(now) <= set(before):
            raise Refused("this would widen the consent: that takes a new one", rule=CONSENT, field=name)
    return recordings


def withdraw(submission: Submission[WithdrawConsent], case: Case) -> Sequence[Recording]:
    wish = submission.command
    consent = _standing(case, wish.consent_id, wish.withdrawn_by, "withdrawn_by")
    if consent.is_withdrawn:
        return []
    return [Recording(event=ConsentWithdrawn(consent_id=wish.consent_id, withdrawn_by=wish.withdrawn_by))]


def _granted(state: Consents, told: ConsentGranted, envelope: Envelope) -> Consents:
    consent = Consent(
        granted=told, given_at=envelope.circumstances.occurred_at, person_ids=told.person_ids, purposes=told.purposes,
        offices=told.offices, kinds=told.kinds, until=told.until,
    )
    return Consents(consents={**state.consents, told.consent_id: consent})


def _changed(state: Consents, consent_id: UUID, **changes: Any) -> Consents:
    consent = state.consents.get(consent_id)
    if consent is None:
        return state  # A prefix or a filtered replay may lack the consent; a fold never raises (I10).
    return Consents(consents={**state.consents, consent_id: replace(consent, **changes)})


def _narrowed(state: Consents, told: ConsentNarrowed, _: Envelope) -> Consents:
    return _changed(
        state, told.consent_id, person_ids=told.person_ids, purposes=told.purposes, offices=told.offices, kinds=told.kinds
    )


def _withdrawn(state: Consents, told: ConsentWithdrawn, _: Envelope) -> Consents:
    return _changed(state, told.consent_id, is_withdrawn=True)


def _expired(state: Consents, told: ConsentExpired, _: Envelope) -> Consents:
    return _changed(state, told.consent_id, has_run_out=True)


INITIAL = Consents()
DECIDES = {GrantConsent: grant, NarrowConsent: narrow, WithdrawConsent: withdraw}
EVOLVES = {
    ConsentGranted: _granted, ConsentNarrowed: _narrowed, ConsentWithdrawn: _withdrawn, ConsentExpired: _expired,
}
KEYS: Keys = {ConsentGranted: lambda e: e.consent_id, ConsentNarrowed: lambda e: e.narrowing_id}
