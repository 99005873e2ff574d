"""A minor comes into care with no parent or guardian who has custody: received, talked over, verified, placed or sent on."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.agency.agreements import ConsularService
from domain.case.consular_service import ServiceOutcome
from domain.case.intake import OUR_ID, Person, personal, require_adult, require_child, require_person
from domain.case.keys import Keys
from domain.case.placement import TravelPurpose, parent_in_custody_of
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.personal import Known, Personal, Withheld
from domain.policy.triggers import US
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case

OF_AGE_YEARS = 18  # domain.md N10: a minor is under it
SILENT_ON_MINORS = frozenset({"SCC"})  # SCC-UC-SILENT: not among the six named in L538


class ReceivedFrom(StrEnum):
    ORR = "orr"
    OTHER = "other"


class ReceivedBecause(StrEnum):
    ABUSE = "abuse"
    NEGLECT = "neglect"
    ABANDONMENT = "abandonment"
    SPONSOR_BREAKDOWN = "sponsor_breakdown"
    OTHER = "other"


class IdentityResult(StrEnum):
    CONFIRMED = "confirmed"
    NOT_CONFIRMED = "not_confirmed"
    INCONCLUSIVE = "inconclusive"


class ReceptionWarning(StrEnum):
    AGE_UNKNOWN = "age_unknown"
    MAY_BE_OF_AGE = "may_be_of_age"  # by a birth date that is an estimate
    CITIZENSHIP_UNKNOWN = "citizenship_unknown"
    NO_RULE_HERE = "no_rule_here"  # the source says nothing of this jurisdiction: the US rules are used


class IdentityWarning(StrEnum):
    CONTRADICTS_EARLIER_ANSWER = "contradicts_earlier_answer"


@event("casebridge.unaccompanied.UnaccompaniedMinorReceived")
class UnaccompaniedMinorReceived(Event):
    """A minor whom no parent or guardian has in custody came into the agency's care."""

    reception_id: UUID = clear(OUR_ID)
    child_id: UUID = clear(OUR_ID)
    received_from: Personal[ReceivedFrom] = boxed(
        Compartment.IMMIGRATION, about="child_id", meaning="whether the Office of Refugee Resettlement handed over"
    )
    reason: Personal[ReceivedBecause] = boxed(Compartment.LEGAL, about="child_id", meaning="why the minor was handed over")
    alleged_abuser_id: Personal[UUID] = boxed(
        Compartment.LEGAL, about="child_id", meaning="our own id of who is alleged to have harmed the minor"
    )
    warnings: tuple[ReceptionWarning, ...] = clear("codes of what is missing or odd, not what it is")


@event("casebridge.unaccompanied.UnaccompaniedMinorStaffed")
class UnaccompaniedMinorStaffed(Event):
    """Staff met over a minor: are there proceedings, is there an attorney, what else is critical."""

    staffing_id: UUID = clear(OUR_ID)
    child_id: UUID = clear(OUR_ID)
    in_proceedings: Personal[bool] = boxed(
        Compartment.IMMIGRATION, about="child_id", meaning="whether proceedings are under way"
    )
    has_attorney: Personal[bool] = boxed(
        Compartment.IMMIGRATION, about="child_id", meaning="whether the minor has an immigration attorney"
    )
    critical: Personal[str] = boxed(Compartment.IMMIGRATION, about="child_id", meaning="what else is critical")


@event("casebridge.unaccompanied.IdentityVerifiedByConsulate")
class IdentityVerifiedByConsulate(Event):
    """A consulate answered who a minor, parent, relative or sponsor is. Silence is no answer."""

    verification_id: UUID = clear(OUR_ID)
    subject_id: UUID = clear(OUR_ID)
    request_id: UUID = clear(OUR_ID)
    result: Personal[IdentityResult] = boxed(Compartment.IDENTITY, about="subject_id", meaning="what the consulate said")
    warnings: tuple[IdentityWarning, ...] = clear("codes of what does not fit; they do not tell which answer", default=())


class MinorStage(StrEnum):
    RECEIVED = "received"
    NOTIFIED = "notified"
    STAFFED = "staffed"
    VERIFIED = "verified"
    PLACED = "placed"
    SENT_TO_SPONSOR = "sent_to_sponsor"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reception:
    """One reception, and the event that told it: a clock of a rule on minors starts by it."""

    received: UnaccompaniedMinorReceived
    event_id: UUID
    received_at: datetime
    learned_at: datetime
    is_staffed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Unaccompanied:
    receptions: Mapping[UUID, Reception] = field(default_factory=dict)
    verified: Mapping[UUID, tuple[IdentityVerifiedByConsulate, ...]] = field(default_factory=dict)  # by subject

    def identity(self, subject_id: UUID) -> Personal[IdentityResult] | None:
        """What consulates said of a person; None where none has, or where answers that can be read differ."""
        answers = self.verified.get(subject_id, ())
        read = {answer.result for answer in answers if isinstance(answer.result, Known)}
        if len(read) > 1 or not answers:
            return None
        return next(iter(read), answers[-1].result)


def stage_of(case: Case, reception_id: UUID) -> MinorStage | None:
    reception = case.unaccompanied.receptions.get(reception_id)
    if reception is None:
        return None
    child_id = reception.received.child_id
    travel = case.placement.travel_for(reception_id)
    if travel is not None and travel.purpose is TravelPurpose.SPONSOR:
        return MinorStage.SENT_TO_SPONSOR
    if case.placement.carer_of(child_id) is not None:
        return MinorStage.PLACED
    if case.unaccompanied.identity(child_id) == Known(IdentityResult.CONFIRMED):
        return MinorStage.VERIFIED
    if reception.is_staffed:
        return MinorStage.STAFFED
    return MinorStage.NOTIFIED if child_id in case.consular.informed else MinorStage.RECEIVED


@command
class ReceiveUnaccompaniedMinor(Command):
    """Record that a minor whom no parent or guardian has in custody came into care, from whom and why."""

    reception_id: UUID
    child_id: UUID
    received_from: ReceivedFrom
    reason: ReceivedBecause
    alleged_abuser_id: UUID | None = None


@command
class StaffUnaccompaniedMinor(Command):
    """Record what a staffing found: proceedings, attorney, other critical pieces. Leave out what nobody knows."""

    staffing_id: UUID
    child_id: UUID
    in_proceedings: bool | None = None
    has_attorney: bool | None = None
    critical: str | None = None


@command
class RecordIdentityVerification(Command):
    """Record what a consulate answered to a request (service identity_check) on who somebody is."""

    verification_id: UUID
    subject_id: UUID
    request_id: UUID
    result: IdentityResult


def years_on(birth: date, day: date) -> int:
    """Whole years of age on a day; who was born on 29 February comes of age on 1 March of a common year."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def receive(submission: Submission[ReceiveUnaccompaniedMinor], case: Case) -> Sequence[Recording]:
    wish = submission.command
    child = require_child(case, wish.child_id)
    if wish.alleged_abuser_id is not None:
        require_adult(case, wish.alleged_abuser_id, "alleged_abuser_id")
    if wish.reception_id not in case.recorded:
        if parent_in_custody_of(case, wish.child_id) is not None:
            raise Refused("a parent of this child has custody", rule="P15", field="child_id")
        nationalities = case.citizenship.of(wish.child_id).nationalities.value
        if isinstance(nationalities, Known) and US in nationalities.value:
            raise Refused("this process is not for a child who is a US citizen", rule="P15", field="child_id")
    warnings = [*_age(submission, child, is_new=wish.reception_id not in case.recorded)]
    if not case.citizenship.of(wish.child_id).nationalities.is_known:
        warnings.append(ReceptionWarning.CITIZENSHIP_UNKNOWN)
    if submission.standing.jurisdiction in SILENT_ON_MINORS:
        warnings.append(ReceptionWarning.NO_RULE_HERE)
    return case.once(wish.reception_id, UnaccompaniedMinorReceived(
        reception_id=wish.reception_id, child_id=wish.child_id, received_from=Known(wish.received_from),
        reason=Known(wish.reason), alleged_abuser_id=personal(wish.alleged_abuser_id), warnings=tuple(warnings),
    ))


def _age(submission: Submission[Any], child: Person, *, is_new: bool) -> list[ReceptionWarning]:
    """Refuse who was of age on that day; warn where the birth date is an estimate or unknown."""
    birth = child.birth_date.value
    if not isinstance(birth, Known):
        return [] if isinstance(birth, Withheld) else [ReceptionWarning.AGE_UNKNOWN]
    day = submission.occurred_at.astimezone(ZoneInfo(submission.standing.zone)).date()
    if years_on(birth.value.day, day) < OF_AGE_YEARS:
        return []
    if birth.value.is_estimate:
        return [ReceptionWarning.MAY_BE_OF_AGE]
    if is_new:
        raise Refused("a minor is under 18", rule="P15", field="child_id")
    return []


def staff(submission: Submission[StaffUnaccompaniedMinor], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_child(case, wish.child_id)
    if not any(r.received.child_id == wish.child_id for r in case.unaccompanied.receptions.values()):
        raise Refused("this child was not received as an unaccompanied minor", rule="OR-UC-STAFFING", field="child_id")
    return case.once(wish.staffing_id, UnaccompaniedMinorStaffed(
        staffing_id=wish.staffing_id, child_id=wish.child_id, in_proceedings=personal(wish.in_proceedings),
        has_attorney=personal(wish.has_attorney), critical=personal(wish.critical),
    ))


def verify_identity(submission: Submission[RecordIdentityVerification], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_person(case, wish.subject_id, "subject_id")
    earlier = [answer.result for answer in case.unaccompanied.verified.get(wish.subject_id, ())]
    differs = any(isinstance(result, Known) and result.value is not wish.result for result in earlier)
    recordings = case.once(wish.verification_id, IdentityVerifiedByConsulate(
        verification_id=wish.verification_id, subject_id=wish.subject_id, request_id=wish.request_id,
        result=Known(wish.result), warnings=(IdentityWarning.CONTRADICTS_EARLIER_ANSWER,) if differs else (),
    ))
    if not recordings:
        return recordings
    request = case.consular_services.requests.get(wish.request_id)
    if request is None or request.requested.service not in (Known(ConsularService.IDENTITY_CHECK), Withheld.WITHHELD):
        raise Refused("no consulate was asked who this is", rule="NM-UC-VERIFY", field="request_id")
    if request.outcome is not ServiceOutcome.DONE:
        raise Refused("the consulate has not answered: its silence verifies nobody", rule="P15", field="request_id")
    return recordings


def _received(state: Unaccompanied, told: UnaccompaniedMinorReceived, envelope: Envelope) -> Unaccompanied:
    circumstances = envelope.circumstances
    reception = Reception(
        received=told, event_id=circumstances.event_id, received_at=circumstances.occurred_at,
        learned_at=circumstances.learned_at,
    )
    return replace(state, receptions={**state.receptions, told.reception_id: reception})


def _staffed(state: Unaccompanied, told: UnaccompaniedMinorStaffed, _: Envelope) -> Unaccompanied:
    return replace(state, receptions={
        reception_id: replace(r, is_staffed=True) if r.received.child_id == told.child_id else r
        for reception_id, r in state.receptions.items()
    })


def _verified(state: Unaccompanied, told: IdentityVerifiedByConsulate, _: Envelope) -> Unaccompanied:
    answers = (*state.verified.get(told.subject_id, ()), told)
    return replace(state, verified={**state.verified, told.subject_id: answers})


INITIAL = Unaccompanied()
DECIDES = {
    ReceiveUnaccompaniedMinor: receive, StaffUnaccompaniedMinor: staff, RecordIdentityVerification: verify_identity,
}
EVOLVES = {
    UnaccompaniedMinorReceived: _received, UnaccompaniedMinorStaffed: _staffed, IdentityVerifiedByConsulate: _verified,
}
KEYS: Keys = {
    UnaccompaniedMinorReceived: lambda e: e.reception_id, UnaccompaniedMinorStaffed: lambda e: e.staffing_id,
    IdentityVerifiedByConsulate: lambda e: e.verification_id,
}
