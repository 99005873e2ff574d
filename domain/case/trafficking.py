"""A concern that a child may have been trafficked, the referral to OTIP, and OTIP's letters."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from domain.case.intake import OUR_ID, personal, require_child
from domain.case.keys import Keys
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.personal import Known, Personal
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case


class Exploitation(StrEnum):
    SEX = "sex"
    LABOUR = "labour"


class LetterKind(StrEnum):
    INTERIM_ASSISTANCE = "interim_assistance"
    DENIAL_OF_ASSISTANCE = "denial_of_assistance"
    DENIAL_OF_ELIGIBILITY = "denial_of_eligibility"
    ELIGIBILITY = "eligibility"


@event("casebridge.trafficking.TraffickingConcernFlagged")
class TraffickingConcernFlagged(Event):
    """Someone who works with a child is concerned about the child's safety from others' gain."""

    child_id: UUID = clear(OUR_ID)
    concern_id: UUID = clear(OUR_ID)
    kinds: Personal[tuple[Exploitation, ...]] = boxed(
        Compartment.TRAFFICKING, about="child_id", meaning="kinds of exploitation that are suspected"
    )


@event("casebridge.trafficking.OtipReferralSubmitted")
class OtipReferralSubmitted(Event):
    """The agency referred a noncitizen minor to the Office on Trafficking in Persons."""

    child_id: UUID = clear(OUR_ID)
    referral_id: UUID = clear(OUR_ID)
    shepherd_ref: Personal[str] = boxed(Compartment.TRAFFICKING, about="child_id", meaning="the portal's reference")


@event("casebridge.trafficking.OtipLetterReceived")
class OtipLetterReceived(Event):
    """A letter of OTIP about a child arrived. Its dates are the letter's own, never computed from its kind."""

    child_id: UUID = clear(OUR_ID)
    letter_id: UUID = clear(OUR_ID)
    supersedes: UUID | None = clear(OUR_ID)
    letter_kind: Personal[LetterKind] = boxed(Compartment.TRAFFICKING, about="child_id", meaning="which of four letters")
    issued_on: Personal[date] = boxed(Compartment.TRAFFICKING, about="child_id", meaning="date on the letter")
    benefits_from: Personal[date] = boxed(Compartment.TRAFFICKING, about="child_id", meaning="first day of benefits")
    benefits_until: Personal[date] = boxed(Compartment.TRAFFICKING, about="child_id", meaning="last day of benefits")
    indefinite: Personal[bool] = boxed(Compartment.TRAFFICKING, about="child_id", meaning="whether they have no end")


@dataclass(frozen=True, kw_only=True, slots=True)
class Trafficking:
    referred: frozenset[UUID] = frozenset()
    letters: Mapping[UUID, OtipLetterReceived] = field(default_factory=dict)


@command
class FlagTraffickingConcern(Command):
    """Record a concern that a child may have been trafficked."""

    concern_id: UUID
    child_id: UUID
    kinds: tuple[Exploitation, ...]


@command
class SubmitOtipReferral(Command):
    """Record that a noncitizen minor was referred to OTIP."""

    referral_id: UUID
    child_id: UUID
    shepherd_ref: str | None = None


@command
class ReceiveOtipLetter(Command):
    """Record a letter of OTIP, as it says. A letter that follows another names it."""

    letter_id: UUID
    child_id: UUID
    letter_kind: LetterKind
    issued_on: date
    benefits_from: date | None = None
    benefits_until: date | None = None
    indefinite: bool = False
    supersedes: UUID | None = None


def flag_concern(submission: Submission[FlagTraffickingConcern], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_child(case, wish.child_id)
    return case.once(wish.concern_id, TraffickingConcernFlagged(
        child_id=wish.child_id, concern_id=wish.concern_id, kinds=Known(wish.kinds),
    ))


def submit_referral(submission: Submission[SubmitOtipReferral], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_child(case, wish.child_id)
    nationalities = case.citizenship.of(wish.child_id).nationalities.value
    if isinstance(nationalities, Known) and "US" in nationalities.value:
        raise Refused("a child who is a US citizen is not referred to OTIP", rule="US-OTIP-REFER", field="child_id")
    return case.once(wish.referral_id, OtipReferralSubmitted(
        child_id=wish.child_id, referral_id=wish.referral_id, shepherd_ref=personal(wish.shepherd_ref),
    ))


def receive_letter(submission: Submission[ReceiveOtipLetter], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_child(case, wish.child_id)
    if wish.child_id not in case.trafficking.referred:
        raise Refused("no referral of this child to OTIP is recorded", rule="US-OTIP-REFER", field="child_id")
    if wish.indefinite and wish.benefits_until is not None:
        raise Refused("a letter has an end date or none, not both", rule="US-OTIP-TERM", field="benefits_until")
    if wish.benefits_from and wish.benefits_until and wish.benefits_until < wish.benefits_from:
        raise Refused("benefits cannot end before they begin", rule="US-OTIP-TERM", field="benefits_until")
    if wish.supersedes is not None and wish.supersedes not in case.trafficking.letters:
        raise Refused("the letter that this one follows is not recorded", rule="US-OTIP-INTERIM", field="supersedes")
    return case.once(wish.letter_id, OtipLetterReceived(
        child_id=wish.child_id, letter_id=wish.letter_id, supersedes=wish.supersedes, letter_kind=Known(wish.letter_kind),
        issued_on=Known(wish.issued_on), benefits_from=personal(wish.benefits_from),
        benefits_until=personal(wish.benefits_until), indefinite=Known(wish.indefinite),
    ))


def _flagged(state: Trafficking, _: TraffickingConcernFlagged, __: Envelope) -> Trafficking:
    return state


def _referred(state: Trafficking, told: OtipReferralSubmitted, _: Envelope) -> Trafficking:
    return replace(state, referred=state.referred | {told.child_id})


def _letter(state: Trafficking, told: OtipLetterReceived, _: Envelope) -> Trafficking:
    return replace(state, letters={**state.letters, told.letter_id: told})


INITIAL = Trafficking()
DECIDES = {
    FlagTraffickingConcern: flag_concern, SubmitOtipReferral: submit_referral, ReceiveOtipLetter: receive_letter,
}
EVOLVES = {
    TraffickingConcernFlagged: _flagged, OtipReferralSubmitted: _referred, OtipLetterReceived: _letter,
}
KEYS: Keys = {
    TraffickingConcernFlagged: lambda e: e.concern_id, OtipReferralSubmitted: lambda e: e.referral_id,
    OtipLetterReceived: lambda e: e.letter_id,
}
