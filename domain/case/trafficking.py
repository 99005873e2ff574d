"""A concern that a child may have been trafficked, the referral to OTIP, OTIP's letters, and what they open."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from domain.case.intake import OUR_ID, personal, require_child
from domain.case.keys import Keys
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.personal import UNKNOWN, Known, Personal, known_or
from domain.policy.clock import midnight_after
from domain.policy.triggers import US
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


DENIALS = (LetterKind.DENIAL_OF_ASSISTANCE, LetterKind.DENIAL_OF_ELIGIBILITY)
INTERIM_DAYS_MIN, INTERIM_DAYS_MAX = 90, 120  # as reported; the letter's own dates hold, so others only warn


class LetterWarning(StrEnum):
    INTERIM_SHORTER = "interim_shorter_than_90_days"
    INTERIM_LONGER = "interim_longer_than_120_days"
    ANOTHER_STANDS = "another_letter_stands"  # it follows none, and an earlier letter stands beside it: ask which holds
    OLDER_THAN_FOLLOWED = "older_than_the_letter_that_it_follows"


class Benefit(StrEnum):
    """What an OTIP letter may open. A social security number among them is never valid for work."""

    SSN_NOT_VALID_FOR_WORK = "ssn_not_valid_for_work"
    MEDICAID = "medicaid"
    MEDICAL = "medical"
    FOOD = "food"
    EDUCATION = "education"
    HOUSING = "housing"
    CASH = "cash"
    MENTAL_HEALTH = "mental_health"


class BenefitState(StrEnum):
    APPLIED = "applied"
    GRANTED = "granted"
    REFUSED = "refused"


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
    warnings: Personal[tuple[LetterWarning, ...]] = boxed(
        Compartment.TRAFFICKING, about="child_id", meaning="codes of what looked odd in the letter", default=UNKNOWN
    )


@event("casebridge.trafficking.OtipBenefitPeriodExpired")
class OtipBenefitPeriodExpired(Event):
    """The period of an interim letter ended, and no later letter follows it without a gap. It occurred then, whenever
    it was detected."""

    child_id: UUID = clear(OUR_ID)
    letter_id: UUID = clear(OUR_ID)
    letter_event_id: UUID = clear(OUR_ID)
    on: Personal[date] = boxed(Compartment.TRAFFICKING, about="child_id", meaning="last day of benefits")


@event("casebridge.trafficking.OtipExpiryWithdrawn")
class OtipExpiryWithdrawn(Event):
    """An expiry proved wrong: a letter that follows without a gap had come in time, and was recorded only later."""

    child_id: UUID = clear(OUR_ID)
    letter_id: UUID = clear(OUR_ID)
    followed_by_event_id: UUID = clear(OUR_ID)


@event("casebridge.trafficking.OtipBenefitRecorded")
class OtipBenefitRecorded(Event):
    """A benefit that an OTIP letter opens was applied for, granted or refused."""

    child_id: UUID = clear(OUR_ID)
    record_id: UUID = clear(OUR_ID)
    benefit: Personal[Benefit] = boxed(Compartment.TRAFFICKING, about="child_id", meaning="which benefit")
    state: Personal[BenefitState] = boxed(Compartment.TRAFFICKING, about="child_id", meaning="applied, granted or refused")


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter as it stands, with the event that told it."""

    told: OtipLetterReceived
    event_id: UUID
    version: int
    received_at: datetime

    @property
    def _rank(self) -> tuple[date, int]:
        return known_or(self.told.issued_on, date.min), self.version

    def follows(self, former: Letter) -> bool:
        """Whether this letter stands in the place of a former one about the same child."""
        if self is former or self.told.child_id != former.told.child_id:
            return False
        return self.told.supersedes == former.told.letter_id or self._rank > former._rank

    def leaves_a_gap(self, former: Letter) -> bool:
        """Whether its benefits begin only after a day without any; a denial has none that could begin late."""
        if self.kind in DENIALS:
            return False
        begins, last = known_or(self.told.benefits_from, None), known_or(former.told.benefits_until, None)
        return begins is not None and last is not None and begins - last > timedelta(days=1)

    @property
    def kind(self) -> LetterKind | None:
        return known_or(self.told.letter_kind, None)

    def ends_at(self, zone: str) -> datetime | None:
        """The midnight after the last day of benefits in `zone`; None where there is no end, or none to be read."""
        last = known_or(self.told.benefits_until, None)
        return None if last is None else midnight_after(last, zone)


@dataclass(frozen=True, kw_only=True, slots=True)
class Trafficking:
    flagged: frozenset[UUID] = frozenset()
    referred: frozenset[UUID] = frozenset()
    letters: Mapping[UUID, Letter] = field(default_factory=dict)
    expired: frozenset[UUID] = frozenset()  # letters
    benefits: Mapping[UUID, OtipBenefitRecorded] = field(default_factory=dict)

    def current_letter(self, child_id: UUID) -> Letter | None:
        """The child's letter that no other supersedes; of several, the one of the latest date, then the last recorded."""
        standing = self.standing_letters(child_id)
        return max(standing, key=lambda letter: letter._rank, default=None)

    def standing_letters(self, child_id: UUID) -> list[Letter]:
        """Every letter about the child that no other supersedes; more than one is for a person to ask about."""
        superseded = {letter.told.supersedes for letter in self.letters.values()}
        return [
            letter for letter_id, letter in self.letters.items()
            if letter.told.child_id == child_id and letter_id not in superseded
        ]

    def followed_by(self, letter: Letter) -> Letter | None:
        """The letter that came first of those that follow this one without a gap."""
        after = [other for other in self.letters.values() if other.follows(letter) and not other.leaves_a_gap(letter)]
        return min(after, key=lambda other: (other.received_at, other.version), default=None)

    def lapsing(self, zone: str) -> list[tuple[Letter, datetime]]:
        """For the clock: the interim letters that nothing follows without a gap, each with the moment at which it ends."""
        return [
            (letter, ends_at) for letter_id, letter in self.letters.items()
            if letter.kind is LetterKind.INTERIM_ASSISTANCE and letter_id not in self.expired
            and (ends_at := letter.ends_at(zone)) is not None and self.followed_by(letter) is None
        ]

    def never_lapsed(self, zone: str) -> list[tuple[Letter, Letter]]:
        """For the clock: the letters whose expiry is recorded, each with the letter that had come in time after all."""
        return [
            (letter, later) for letter_id, letter in self.letters.items()
            if letter_id in self.expired and (ends_at := letter.ends_at(zone)) is not None
            and (later := self.followed_by(letter)) is not None and later.received_at <= ends_at
        ]


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


@command
class RecordOtipExpiry(Command):
    """The clock worker's finding that the period of an interim letter ended and no later letter is recorded."""

    letter_id: UUID


@command
class RecordOtipBenefit(Command):
    """Record that a benefit under an OTIP letter was applied for, granted or refused."""

    record_id: UUID
    child_id: UUID
    benefit: Benefit
    state: BenefitState


def is_us_citizen(case: Case, person_id: UUID) -> bool:
    """Whether the case holds that the person is a US national; where nobody knows, it does not."""
    return US in known_or(case.citizenship.of(person_id).nationalities.value, ())


def flag_concern(submission: Submission[FlagTraffickingConcern], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_child(case, wish.child_id)
    return case.once(wish.concern_id, TraffickingConcernFlagged(
        child_id=wish.child_id, concern_id=wish.concern_id, kinds=Known(wish.kinds),
    ))


def submit_referral(submission: Submission[SubmitOtipReferral], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_child(case, wish.child_id)
    if is_us_citizen(case, wish.child_id):
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
    followed = None if wish.supersedes is None else case.trafficking.letters.get(wish.supersedes)
    if wish.supersedes is not None and (followed is None or followed.told.child_id != wish.child_id):
        raise Refused("the letter that this one follows is not recorded", rule="US-OTIP-INTERIM", field="supersedes")
    return case.once(wish.letter_id, OtipLetterReceived(
        child_id=wish.child_id, letter_id=wish.letter_id, supersedes=wish.supersedes, letter_kind=Known(wish.letter_kind),
        issued_on=Known(wish.issued_on), benefits_from=personal(wish.benefits_from),
        benefits_until=personal(wish.benefits_until), indefinite=Known(wish.indefinite),
        warnings=Known((*_odd(wish), *_unlinked(wish, case, followed))),
    ))


def _unlinked(wish: ReceiveOtipLetter, case: Case, followed: Letter | None) -> tuple[LetterWarning, ...]:
    """What does not fit the letters that are there; all of them stay, and a person asks OTIP."""
    if followed is not None:
        is_older = wish.issued_on < known_or(followed.told.issued_on, wish.issued_on)
        return (LetterWarning.OLDER_THAN_FOLLOWED,) if is_older else ()
    standing = {letter.told.letter_id for letter in case.trafficking.standing_letters(wish.child_id)} - {wish.letter_id}
    return (LetterWarning.ANOTHER_STANDS,) if standing else ()


def _odd(letter: ReceiveOtipLetter) -> tuple[LetterWarning, ...]:
    """Whether its last day counts is not told, so a length is odd only where it is odd both ways."""
    if letter.letter_kind is not LetterKind.INTERIM_ASSISTANCE or not letter.benefits_from or not letter.benefits_until:
        return ()
    days = (letter.benefits_until - letter.benefits_from).days
    if days + 1 < INTERIM_DAYS_MIN:
        return (LetterWarning.INTERIM_SHORTER,)
    return (LetterWarning.INTERIM_LONGER,) if days > INTERIM_DAYS_MAX else ()


def record_expiry(submission: Submission[RecordOtipExpiry], case: Case) -> Sequence[Recording]:
    letter = case.trafficking.letters.get(submission.command.letter_id)
    if letter is None:
        raise Refused("no such letter in this case", rule="US-OTIP-INTERIM", field="letter_id")
    ends_at = letter.ends_at(submission.standing.zone)
    if letter.kind is not LetterKind.INTERIM_ASSISTANCE or ends_at is None:
        raise Refused("only an interim letter with an end can expire", rule="US-OTIP-TERM", field="letter_id")
    if ends_at > submission.received_at:
        raise Refused("its period has not ended", rule="US-OTIP-TERM", field="letter_id")
    if letter.told.letter_id in case.trafficking.expired or case.trafficking.followed_by(letter) is not None:
        return []  # Found before, or another letter follows without a gap.
    return [Recording(event=expiry(letter), occurred_at=ends_at)]


def expiry(letter: Letter) -> OtipBenefitPeriodExpired:
    return OtipBenefitPeriodExpired(
        child_id=letter.told.child_id, letter_id=letter.told.letter_id, letter_event_id=letter.event_id,
        on=letter.told.benefits_until,
    )


def record_benefit(submission: Submission[RecordOtipBenefit], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_child(case, wish.child_id)
    if case.trafficking.current_letter(wish.child_id) is None:
        raise Refused("no letter of OTIP about this child is recorded", rule="US-OTIP-BENEFITS", field="child_id")
    return case.once(wish.record_id, OtipBenefitRecorded(
        child_id=wish.child_id, record_id=wish.record_id, benefit=Known(wish.benefit), state=Known(wish.state),
    ))


def _flagged(state: Trafficking, told: TraffickingConcernFlagged, _: Envelope) -> Trafficking:
    return replace(state, flagged=state.flagged | {told.child_id})


def _referred(state: Trafficking, told: OtipReferralSubmitted, _: Envelope) -> Trafficking:
    return replace(state, referred=state.referred | {told.child_id})


def _letter(state: Trafficking, told: OtipLetterReceived, envelope: Envelope) -> Trafficking:
    letter = Letter(told, envelope.circumstances.event_id, envelope.version, envelope.circumstances.occurred_at)
    return replace(state, letters={**state.letters, told.letter_id: letter})


def _expired(state: Trafficking, told: OtipBenefitPeriodExpired, _: Envelope) -> Trafficking:
    return replace(state, expired=state.expired | {told.letter_id})


def _expiry_withdrawn(state: Trafficking, told: OtipExpiryWithdrawn, _: Envelope) -> Trafficking:
    return replace(state, expired=state.expired - {told.letter_id})


def _benefit(state: Trafficking, told: OtipBenefitRecorded, _: Envelope) -> Trafficking:
    return replace(state, benefits={**state.benefits, told.record_id: told})


INITIAL = Trafficking()
DECIDES = {
    FlagTraffickingConcern: flag_concern, SubmitOtipReferral: submit_referral, ReceiveOtipLetter: receive_letter,
    RecordOtipExpiry: record_expiry, RecordOtipBenefit: record_benefit,
}
EVOLVES = {
    TraffickingConcernFlagged: _flagged, OtipReferralSubmitted: _referred, OtipLetterReceived: _letter,
    OtipBenefitPeriodExpired: _expired, OtipExpiryWithdrawn: _expiry_withdrawn, OtipBenefitRecorded: _benefit,
}
KEYS: Keys = {
    TraffickingConcernFlagged: lambda e: e.concern_id, OtipReferralSubmitted: lambda e: e.referral_id,
    OtipLetterReceived: lambda e: e.letter_id, OtipBenefitPeriodExpired: lambda e: (e.letter_id, "expired"),
    OtipBenefitRecorded: lambda e: e.record_id,
}
