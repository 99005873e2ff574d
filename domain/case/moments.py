"""Time alone brings something about: a birthday comes, a period nears its end, and somebody has to be told."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.case.approval import CounselApprovalExpired, CounselApprovalGiven, CounselApprovalWithdrawn
from domain.case.birthdays import Birthday, birthday
from domain.case.consent import Capacity, ConsentExpired, ConsentGranted, ConsentNarrowed, ConsentWithdrawn
from domain.case.custody import CustodyEnded, CustodyTaken
from domain.case.engagement import EngagementEnded, EngagementOpened, EngagementWidened
from domain.case.intake import OUR_ID, CaseClosed, CaseOpened, ChildAddedToCase, Person, require_open
from domain.case.keys import Keys
from domain.case.mislinks import MislinkWithdrawn, TimeCorrected
from domain.case.obligations import CLOCK
from domain.case.particulars import FactCorrected
from domain.case.reunification import ChildReunifiedAbroad
from domain.case.reunification_time import (
    ReunificationClock,
    ReunificationClockStarted,
    ReunificationPeriodExtended,
    TimeStage,
    stage_of,
)
from domain.case.trafficking import OtipBenefitPeriodExpired, OtipExpiryWithdrawn, OtipLetterReceived, expiry
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.personal import Known, Personal, known_or
from domain.policy.clock import midnight_after
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case

SCREENED_FROM, INDEPENDENT_LIVING_FROM, OF_AGE, PETITION_UNTIL = 12, 16, 18, 21  # years (domain.md N9, 8, N10, X8)
AGES = (SCREENED_FROM, INDEPENDENT_LIVING_FROM, OF_AGE, PETITION_UNTIL)
NEAR = timedelta(days=60)  # our own lead before reunification time ends: a court needs time to be asked; no source has one


@event("casebridge.moments.BirthdayForeseen")
class BirthdayForeseen(Event):
    """In this month a child reaches an age that matters. The day and the age are never in clear, nor is when this was
    found computed from the day."""

    child_id: UUID = clear(OUR_ID)
    age: Personal[int] = boxed(Compartment.IDENTITY, about="child_id", meaning="years: 12, 16, 18 or 21")
    on: Personal[date] = boxed(Compartment.IDENTITY, about="child_id", meaning="the birthday, or the earliest it can be")
    is_estimate: Personal[bool] = boxed(
        Compartment.IDENTITY, about="child_id", meaning="whether the birth date is an estimate"
    )


@event("casebridge.moments.ReviewRaised")
class ReviewRaised(Event):
    """What was opened and agreed to for a child is up for review: it was for a minor, and the child comes of age."""

    child_id: UUID = clear(OUR_ID)
    engagement_ids: tuple[UUID, ...] = clear(OUR_ID)
    consent_ids: tuple[UUID, ...] = clear(OUR_ID)


@event("casebridge.moments.ReviewCompleted")
class ReviewCompleted(Event):
    """A person reviewed what was opened and agreed to for a child who comes of age; what does not stand was ended by
    its own act."""

    child_id: UUID = clear(OUR_ID)
    engagement_ids: tuple[UUID, ...] = clear(OUR_ID)
    consent_ids: tuple[UUID, ...] = clear(OUR_ID)
    reviewed_by: str = clear("staff user who reviewed; staff are not persons of a case")


@event("casebridge.moments.ReviewWithdrawn")
class ReviewWithdrawn(Event):
    """A review is not due yet: the birth date from which it followed was never true."""

    child_id: UUID = clear(OUR_ID)
    engagement_ids: tuple[UUID, ...] = clear(OUR_ID)
    consent_ids: tuple[UUID, ...] = clear(OUR_ID)


@event("casebridge.moments.ReunificationEndNeared")
class ReunificationEndNeared(Event):
    """The reunification time of a family ends within sixty days, unless a court extends it."""

    clock_id: UUID = clear(OUR_ID)
    child_id: UUID = clear(OUR_ID)
    months: int = clear(CLOCK)
    ends_on: date = clear(CLOCK)


@event("casebridge.moments.ReunificationPeriodEnded")
class ReunificationPeriodEnded(Event):
    """The reunification time of a family ended, as far as courts had extended it by what is recorded."""

    clock_id: UUID = clear(OUR_ID)
    child_id: UUID = clear(OUR_ID)
    months: int = clear(CLOCK)
    ends_on: date = clear(CLOCK)


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """`event_id` raised it; `raised_at` is when the clock found it."""

    engagement_ids: tuple[UUID, ...]
    consent_ids: tuple[UUID, ...]
    event_id: UUID
    raised_at: datetime
    is_open: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Moments:
    """What time has brought about so far. Birthdays are (child, age, day); periods are (clock, months)."""

    joined: Mapping[UUID, datetime] = field(default_factory=dict)  # when each child came into the case
    begun: Mapping[UUID, datetime] = field(default_factory=dict)  # when each engagement was opened, each consent given
    birthdays: frozenset[tuple[UUID, int, date]] = frozenset()
    neared: frozenset[tuple[UUID, int]] = frozenset()
    ended: frozenset[tuple[UUID, int]] = frozenset()
    reviews: Mapping[UUID, tuple[Review, ...]] = field(default_factory=dict)  # by child

    def open_reviews(self, child_id: UUID) -> tuple[Review, ...]:
        """What of a child waits for a person to look at it again."""
        return tuple(review for review in self.reviews.get(child_id, ()) if review.is_open)


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """Something to be recorded once `at` has come. It occurred at `occurred_at`, or when it is found where that is None."""

    at: datetime
    event: Event
    occurred_at: datetime | None = None
    causation_id: UUID | None = None


@command
class RecordMoments(Command):
    """The clock worker's finding that something has come about in a case by time alone; it is looked for again here."""


@command
class CompleteReview(Command):
    """Record that a person reviewed what was opened and agreed to for a child who comes of age."""

    child_id: UUID
    reviewed_by: str


def moments(case: Case, zone: str) -> list[Moment]:
    """What time has brought about or will, as the case stands, the earliest first. Total: what is withheld has no moment."""
    found = list(_lapses(case, zone))
    if not case.intake.is_closed:
        found += _periods(case, zone)
        for child in case.intake.children:
            found += _of_child(case, child, zone)
    return sorted(found, key=lambda moment: moment.at)


def _lapses(case: Case, zone: str) -> Iterator[Moment]:
    for consent_id, consent in case.consents.consents.items():
        if consent.stands and consent.until is not None:
            expired = ConsentExpired(consent_id=consent_id)
            yield Moment(at=consent.until, event=expired, occurred_at=consent.until)
    for approval_id, approval in case.approvals.approvals.items():
        if approval.stands and approval.until is not None:
            over = CounselApprovalExpired(approval_id=approval_id)
            yield Moment(at=approval.until, event=over, occurred_at=approval.until)
    for letter, ends_at in case.trafficking.lapsing(zone):
        yield Moment(at=ends_at, event=expiry(letter), occurred_at=ends_at, causation_id=letter.event_id)
    for letter, later in case.trafficking.never_lapsed(zone):
        yield Moment(at=later.received_at, causation_id=later.event_id, event=OtipExpiryWithdrawn(
            child_id=letter.told.child_id, letter_id=letter.told.letter_id, followed_by_event_id=later.event_id,
        ))


def _periods(case: Case, zone: str) -> Iterator[Moment]:
    told = case.moments
    for clock in case.reunification_time.clocks.values():
        ends_at = midnight_after(clock.ends_on, zone)
        if ends_at is None or stage_of(case, clock.clock_id, clock.ends_on) is TimeStage.REUNIFIED:
            continue
        if (clock.clock_id, clock.months) not in told.neared:
            near_at = datetime.combine(clock.ends_on - NEAR, time.min, tzinfo=ZoneInfo(zone))
            yield Moment(at=near_at, occurred_at=near_at, event=_period(ReunificationEndNeared, clock))
        if (clock.clock_id, clock.months) not in told.ended:
            yield Moment(at=ends_at, occurred_at=ends_at, event=_period(ReunificationPeriodEnded, clock))


def _period(
    kind: type[ReunificationEndNeared] | type[ReunificationPeriodEnded], clock: ReunificationClock
) -> ReunificationEndNeared | ReunificationPeriodEnded:
    return kind(clock_id=clock.clock_id, child_id=clock.child_id, months=clock.months, ends_on=clock.ends_on)


def _of_child(case: Case, child: Person, zone: str) -> Iterator[Moment]:
    born, joined = known_or(child.birth_date.value, None), case.moments.joined.get(child.person_id)
    if born is None or joined is None:
        return
    told_by = None if child.birth_date.current is None else child.birth_date.current.event_id
    for age in AGES:
        day = birthday(born, age)
        is_told = (child.person_id, age, day.earliest) in case.moments.birthdays
        if not is_told and day.latest >= joined.astimezone(ZoneInfo(zone)).date():
            yield Moment(at=day.told_from(zone), causation_id=told_by, event=BirthdayForeseen(
                child_id=child.person_id, age=Known(age), on=Known(day.earliest), is_estimate=Known(day.is_estimate),
            ))
    yield from _reviews(case, child.person_id, birthday(born, OF_AGE), zone)


def _reviews(case: Case, child_id: UUID, coming: Birthday, zone: str) -> Iterator[Moment]:
    """The end of reviews that came too early, and a review of what nobody has reviewed yet."""
    due_at = coming.told_from(zone)
    for review in case.moments.open_reviews(child_id):
        if due_at > review.raised_at:
            yield Moment(at=review.raised_at, causation_id=review.event_id, event=ReviewWithdrawn(
                child_id=child_id, engagement_ids=review.engagement_ids, consent_ids=review.consent_ids,
            ))
    engagements = [
        (engagement.engagement_id, engagement.until) for engagement in case.engagements.engagements.values()
        if engagement.is_open and child_id in engagement.references
    ]
    consents = [
        (consent.granted.consent_id, consent.until) for consent in case.consents.consents.values()
        if consent.stands and child_id in consent.person_ids and consent.granted.capacity is not Capacity.SELF
    ]
    of_age_at = midnight_after(coming.latest, zone)
    engagement_ids = _unreviewed(case, child_id, engagements, due_at, of_age_at)
    consent_ids = _unreviewed(case, child_id, consents, due_at, of_age_at)
    if engagement_ids or consent_ids:
        raised = ReviewRaised(child_id=child_id, engagement_ids=engagement_ids, consent_ids=consent_ids)
        yield Moment(at=due_at, event=raised)


def _unreviewed(
    case: Case, child_id: UUID, standing: Iterable[tuple[UUID, datetime | None]], due_at: datetime,
    of_age_at: datetime | None,
) -> tuple[UUID, ...]:
    """What began while the child was a minor, does not end by itself before then, and was in no review."""
    reviews = case.moments.reviews.get(child_id, ())
    reviewed = {one for review in reviews for one in (*review.engagement_ids, *review.consent_ids)}
    return tuple(
        one for one, until in standing
        if one not in reviewed and (until is None or until > due_at)
        and (begun := case.moments.begun.get(one)) is not None and (of_age_at is None or begun < of_age_at)
    )


def record_moments(submission: Submission[RecordMoments], case: Case) -> Sequence[Recording]:
    require_open(case)
    return [
        Recording(event=moment.event, occurred_at=moment.occurred_at, causation_id=moment.causation_id)
        for moment in moments(case, submission.standing.zone) if moment.at <= submission.received_at
    ]


def complete_review(submission: Submission[CompleteReview], case: Case) -> Sequence[Recording]:
    wish = submission.command
    if not case.moments.reviews.get(wish.child_id):
        raise Refused("nothing of this child is up for review", rule="P01", field="child_id")
    waiting = case.moments.open_reviews(wish.child_id)
    if not waiting:
        return []  # It was reviewed before.
    return [Recording(event=ReviewCompleted(
        child_id=wish.child_id, reviewed_by=wish.reviewed_by,
        engagement_ids=tuple(one for review in waiting for one in review.engagement_ids),
        consent_ids=tuple(one for review in waiting for one in review.consent_ids),
    ))]


def _joined(state: Moments, told: ChildAddedToCase, envelope: Envelope) -> Moments:
    return replace(state, joined={**state.joined, told.child_id: envelope.circumstances.occurred_at})


def _opened(state: Moments, told: EngagementOpened, envelope: Envelope) -> Moments:
    return replace(state, begun={**state.begun, told.engagement_id: envelope.circumstances.occurred_at})


def _consented(state: Moments, told: ConsentGranted, envelope: Envelope) -> Moments:
    return replace(state, begun={**state.begun, told.consent_id: envelope.circumstances.occurred_at})


def _foreseen(state: Moments, told: BirthdayForeseen, _: Envelope) -> Moments:
    if not isinstance(told.age, Known) or not isinstance(told.on, Known):
        return state  # Withheld with the birth date itself, so nothing is looked for either.
    return replace(state, birthdays=state.birthdays | {(told.child_id, told.age.value, told.on.value)})


def _neared(state: Moments, told: ReunificationEndNeared, _: Envelope) -> Moments:
    return replace(state, neared=state.neared | {(told.clock_id, told.months)})


def _period_ended(state: Moments, told: ReunificationPeriodEnded, _: Envelope) -> Moments:
    return replace(state, ended=state.ended | {(told.clock_id, told.months)})


def _raised(state: Moments, told: ReviewRaised, envelope: Envelope) -> Moments:
    review = Review(
        engagement_ids=told.engagement_ids, consent_ids=told.consent_ids, event_id=envelope.circumstances.event_id,
        raised_at=envelope.circumstances.occurred_at,
    )
    return replace(state, reviews={**state.reviews, told.child_id: (*state.reviews.get(told.child_id, ()), review)})


def _completed(state: Moments, told: ReviewCompleted, _: Envelope) -> Moments:
    done = tuple(replace(review, is_open=False) for review in state.reviews.get(told.child_id, ()))
    return replace(state, reviews={**state.reviews, told.child_id: done})


def _review_withdrawn(state: Moments, told: ReviewWithdrawn, _: Envelope) -> Moments:
    reviews = state.reviews.get(told.child_id, ())
    gone = (told.engagement_ids, told.consent_ids)
    left = tuple(review for review in reviews if (review.engagement_ids, review.consent_ids) != gone)
    return replace(state, reviews={**state.reviews, told.child_id: left})


INITIAL = Moments()
DECIDES = {RecordMoments: record_moments, CompleteReview: complete_review}
EVOLVES = {
    ChildAddedToCase: _joined, EngagementOpened: _opened, ConsentGranted: _consented, BirthdayForeseen: _foreseen,
    ReunificationEndNeared: _neared, ReunificationPeriodEnded: _period_ended, ReviewRaised: _raised,
    ReviewCompleted: _completed, ReviewWithdrawn: _review_withdrawn,
}
KEYS: Keys = {}
CHANGED_BY: frozenset[type[Event]] = frozenset({
    *EVOLVES, CaseOpened, CaseClosed, FactCorrected, CustodyTaken, CustodyEnded, EngagementWidened, EngagementEnded,
    ConsentNarrowed, ConsentWithdrawn, ConsentExpired, CounselApprovalGiven, CounselApprovalWithdrawn,
    CounselApprovalExpired, OtipLetterReceived, OtipBenefitPeriodExpired, OtipExpiryWithdrawn,
    ReunificationClockStarted, ReunificationPeriodExtended, ChildReunifiedAbroad, MislinkWithdrawn, TimeCorrected,
})
"""After any other event a case has the moments that it had before."""
