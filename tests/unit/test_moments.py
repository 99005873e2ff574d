"""What time alone brings about: found from the case, recorded once, and never in clear where a birth date would show."""
from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from adapters.reading.timeline import lines
from domain.case.birthdays import birthday
from domain.case.citizenship import CitizenshipInformationObtained, CorrectCitizenship
from domain.case.consent import Capacity, GrantConsent, WithdrawConsent
from domain.case.custody import EndCustody
from domain.case.engagement import EngagementEnded
from domain.case.intake import AddChild, CloseCase, Outcome
from domain.case.moments import (
    AGES,
    CHANGED_BY,
    BirthdayForeseen,
    CompleteReview,
    RecordMoments,
    ReunificationEndNeared,
    ReunificationPeriodEnded,
    ReviewCompleted,
    ReviewRaised,
    ReviewWithdrawn,
    moments,
)
from domain.case.particulars import CorrectFact
from domain.case.state import Case, evolve, fold
from domain.case.trafficking import OtipBenefitPeriodExpired, OtipExpiryWithdrawn
from domain.disclosure.purposes import Purpose
from domain.events import Compartment
from domain.people import BirthDate
from domain.personal import Known
from tests.simulation import test_fold_properties as folds
from tests.specification import NOON, Scenario, an_id
from tests.unit import test_reunification_time as periods
from tests.unit import test_trafficking as letters
from tests.unit.people import (
    CHILD,
    EPISODE,
    MOTHER,
    add_child,
    add_mother,
    from_country,
    obtain,
    open_case,
    take_child,
)

DENVER = ZoneInfo("America/Denver")
look = RecordMoments()


def of(born: date, *, is_estimate: bool = False) -> Scenario:
    """A child of this birth date in New Mexico, since noon of 13 August 2026."""
    child = replace(add_child, birth_date=born, birth_date_is_estimate=is_estimate)
    return Scenario().given(open_case, child)


def correction(scenario: Scenario, born: date, name: str = "correction") -> CorrectFact:
    told = scenario.case.intake.people[CHILD].birth_date.current
    assert told is not None
    return CorrectFact(
        correction_id=an_id(name), person_id=CHILD, replaces_event_id=told.event_id, evidence="birth certificate",
        birth_date=born,
    )


def midnight(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=DENVER)


def ages(scenario: Scenario, at: datetime) -> list[tuple[Any, Any]]:
    return [(e.age, e.on) for e in scenario.when(look, at=at).the(BirthdayForeseen)]


# Birthdays.

@pytest.mark.parametrize("age", AGES)
def test_a_birthday_that_matters_is_told_from_the_first_instant_of_its_month(age: int) -> None:
    child = of(date(2026 - age, 10, 23))
    child.when(look, at=midnight(2026, 10, 1) - timedelta(microseconds=1)).then_nothing()
    child.when(look, at=midnight(2026, 10, 1)).then(BirthdayForeseen)
    assert ages(child, midnight(2026, 10, 1)) == [(Known(age), Known(date(2026, 10, 23)))]


@pytest.mark.parametrize("age", [11, 13, 15, 17, 19, 20, 22])
def test_other_birthdays_are_nobodys_business(age: int) -> None:
    of(date(2026 - age, 10, 23)).when(look, at=midnight(2026, 11, 1)).then_nothing()


def test_nothing_in_clear_tells_the_day() -> None:
    """Whichever day of the month it is, what stands in clear is the same but for random ids."""
    told = set()
    for day in (1, 15, 31):
        [envelope] = of(date(2014, 10, day)).when(look, at=midnight(2026, 10, 1)).envelopes()
        told.add((envelope.circumstances.occurred_at, envelope.circumstances.learned_at))
    assert told == {(midnight(2026, 10, 1), midnight(2026, 10, 1))}


def test_after_downtime_every_birthday_is_told_once() -> None:
    child = of(date(2010, 10, 23))
    assert ages(child, midnight(2032, 1, 1)) == [
        (Known(16), Known(date(2026, 10, 23))), (Known(18), Known(date(2028, 10, 23))),
        (Known(21), Known(date(2031, 10, 23))),
    ]
    child.given((look, midnight(2032, 1, 1))).when(look, at=midnight(2033, 1, 1)).then_nothing()


def test_a_birthday_that_had_passed_before_the_child_came_is_not_told() -> None:
    assert ages(of(date(2010, 8, 12)), midnight(2026, 9, 1)) == []
    assert len(ages(of(date(2010, 8, 13)), midnight(2026, 9, 1))) == 1


def test_an_estimated_birth_date_warns_from_the_earliest_day_it_can_mean() -> None:
    estimated = of(date(2009, 7, 1), is_estimate=True)
    assert ages(estimated, midnight(2027, 1, 1) - timedelta(seconds=1)) == []
    assert ages(estimated, midnight(2027, 1, 1)) == [(Known(18), Known(date(2027, 1, 1)))]
    [told] = estimated.when(look, at=midnight(2027, 1, 1)).the(BirthdayForeseen)
    assert told.is_estimate == Known(True)


def test_an_estimate_that_may_still_come_true_this_year_is_told_though_its_earliest_day_has_passed() -> None:
    assert ages(of(date(2010, 2, 1), is_estimate=True), NOON + timedelta(days=1)) == [(Known(16), Known(date(2026, 1, 1)))]


@pytest.mark.parametrize(("year", "day"), [(2026, date(2026, 2, 28)), (2028, date(2028, 2, 29))])
def test_who_was_born_on_a_leap_day_has_its_birthday_in_february(year: int, day: date) -> None:
    assert birthday(BirthDate(day=date(2008, 2, 29), is_estimate=False), year - 2008).earliest == day


def test_a_corrected_birth_date_has_birthdays_of_its_own() -> None:
    child = of(date(2014, 10, 23)).given((look, midnight(2026, 10, 1)))
    older = child.given((correction(child, date(2008, 8, 20)), midnight(2026, 11, 3)))
    assert ages(older, midnight(2026, 11, 4)) == [(Known(18), Known(date(2026, 8, 20)))], "it had passed unseen"
    later = child.given((correction(child, date(2014, 12, 5)), midnight(2026, 11, 3)))
    assert ages(later, midnight(2026, 11, 30)) == []
    assert ages(later, midnight(2026, 12, 1)) == [(Known(12), Known(date(2026, 12, 5)))]
    same = child.given((correction(child, date(2014, 10, 23)), midnight(2026, 11, 3)))
    assert ages(same, midnight(2026, 12, 1)) == []


def test_a_birth_date_told_later_counts_from_when_the_child_came() -> None:
    unknown = Scenario().given(open_case, AddChild(child_id=CHILD))
    unknown.when(look, at=midnight(2030, 1, 1)).then_nothing()
    child = unknown.case.intake.people[CHILD]
    told = CorrectFact(
        correction_id=an_id("told"), person_id=CHILD, replaces_event_id=child.event_id, evidence="the mother",
        birth_date=date(2014, 10, 23),
    )
    assert len(ages(unknown.given((told, midnight(2026, 12, 3))), midnight(2026, 12, 4))) == 1


def test_a_closed_case_waits_for_no_birthday() -> None:
    of(date(2014, 10, 23)).given(CloseCase(outcome=Outcome.OTHER)).when(look, at=midnight(2027, 1, 1)).then_nothing()


# Reviews at eighteen.

def engaged(born: date, *, opened_at: datetime = NOON + timedelta(hours=9)) -> Scenario:
    """A child of whom the Mexican consulate may learn, since a moment."""
    family = of(born).given(replace(add_mother, child_ids=(CHILD,)), take_child)
    return family.given((obtain(from_country(MOTHER, "MX"), from_country(CHILD, "MX")), opened_at))


def test_at_eighteen_what_was_opened_for_a_minor_is_up_for_review() -> None:
    child = engaged(date(2008, 10, 23))
    asked = child.when(look, at=midnight(2026, 10, 1))
    asked.then(BirthdayForeseen, ReviewRaised)
    [raised] = asked.the(ReviewRaised)
    assert raised.engagement_ids == tuple(child.case.engagements.engagements) and len(raised.engagement_ids) == 1


def test_what_is_opened_between_the_first_of_the_month_and_the_birthday_is_reviewed_too() -> None:
    late = engaged(date(2008, 10, 23), opened_at=midnight(2026, 10, 20))
    late.given((look, midnight(2026, 10, 20))).when(look, at=midnight(2026, 10, 21)).then_nothing()
    assert len(late.when(look, at=midnight(2026, 10, 20)).the(ReviewRaised)) == 1
    already = of(date(2008, 10, 23)).given(take_child, (look, midnight(2026, 10, 2)))
    opened = already.given((obtain(from_country(CHILD, "MX")), midnight(2026, 10, 22)))
    opened.when(look, at=midnight(2026, 10, 22)).then(ReviewRaised)


def test_what_is_opened_for_somebody_of_age_needs_no_review() -> None:
    grown = engaged(date(2008, 10, 23), opened_at=midnight(2026, 10, 24))
    assert grown.when(look, at=midnight(2026, 11, 1)).the(ReviewRaised) == []


def test_a_review_is_completed_once_by_a_person() -> None:
    raised = engaged(date(2008, 10, 23)).given((look, midnight(2026, 10, 1)))
    complete = CompleteReview(child_id=CHILD, reviewed_by="supervisor-1")
    raised.when(complete, at=midnight(2026, 10, 5)).then(ReviewCompleted)
    done = raised.given((complete, midnight(2026, 10, 5)))
    assert done.case.moments.open_reviews(CHILD) == () != raised.case.moments.open_reviews(CHILD)
    done.when(look, at=midnight(2027, 1, 1)).then_nothing()
    engaged(date(2008, 10, 23)).when(complete).then_refused(rule="P01", field="child_id")


def test_a_review_is_withdrawn_where_the_birth_date_was_never_true() -> None:
    raised = engaged(date(2008, 10, 23)).given((look, midnight(2026, 10, 1)))
    younger = raised.given((correction(raised, date(2010, 12, 23)), midnight(2026, 10, 4)))
    younger.when(look, at=midnight(2026, 10, 5)).then(ReviewWithdrawn)
    withdrawn = younger.given((look, midnight(2026, 10, 5)))
    assert withdrawn.case.moments.open_reviews(CHILD) == ()
    asked = withdrawn.when(look, at=midnight(2028, 12, 1))
    asked.then(BirthdayForeseen, BirthdayForeseen, ReviewRaised)


def test_a_consent_given_for_a_minor_is_reviewed_and_one_that_ends_before_or_was_taken_back_is_not() -> None:
    consent = GrantConsent(
        consent_id=an_id("consent"), given_by=MOTHER, capacity=Capacity.PARENT, person_ids=(CHILD,),
        purposes=(Purpose.ARRANGE_VISIT,), offices=("cons-mx.el-paso",), language="es", text_version="3",
    )
    family = of(date(2008, 10, 23)).given(replace(add_mother, child_ids=(CHILD,)))
    given = family.given(consent)
    [raised] = given.when(look, at=midnight(2026, 10, 1)).the(ReviewRaised)
    assert (raised.engagement_ids, raised.consent_ids) == ((), (consent.consent_id,))
    taken_back = given.given(WithdrawConsent(consent_id=consent.consent_id, withdrawn_by=MOTHER))
    ends_before = family.given(replace(consent, until=midnight(2026, 9, 30)))
    for scenario in (taken_back, ends_before):
        assert scenario.when(look, at=midnight(2026, 10, 1)).the(ReviewRaised) == []


def test_what_has_ended_needs_no_review() -> None:
    child = engaged(date(2008, 10, 23))
    [told] = [e.circumstances.event_id for e in child.envelopes if getattr(e.event, "person_id", None) == CHILD
              and isinstance(e.event, CitizenshipInformationObtained)]
    [mother] = [e.circumstances.event_id for e in child.envelopes if getattr(e.event, "person_id", None) == MOTHER
                and isinstance(e.event, CitizenshipInformationObtained)]
    corrected = child.given(
        (american(CHILD, told), midnight(2026, 9, 1)), (american(MOTHER, mother), midnight(2026, 9, 2))
    )
    assert any(isinstance(e.event, EngagementEnded) for e in corrected.envelopes)
    assert corrected.when(look, at=midnight(2026, 10, 1)).the(ReviewRaised) == []


def american(person: UUID, replaces: UUID) -> CorrectCitizenship:
    return CorrectCitizenship(
        correction_id=an_id(f"american {person}"), person_id=person, replaces_event_id=replaces, nationalities=("US",),
        birth_country="US", evidence="birth certificate",
    )


# Periods.

def test_reunification_time_nears_its_end_and_ends_on_its_last_day() -> None:
    running = periods.running("SDC")
    zone = ZoneInfo("America/New_York")
    near, over = datetime(2027, 7, 2, tzinfo=zone), datetime(2027, 9, 1, tzinfo=zone)
    running.when(look, at=near - timedelta(microseconds=1)).then_nothing()
    running.when(look, at=near).then(ReunificationEndNeared)
    told = running.given((look, near))
    told.when(look, at=over - timedelta(microseconds=1)).then_nothing()
    told.when(look, at=over).then(ReunificationPeriodEnded)
    [ended] = told.when(look, at=over + timedelta(days=40)).envelopes()
    assert ended.circumstances.occurred_at == over, "it ended then, whenever it is found"
    told.given((look, over)).when(look, at=over + timedelta(days=400)).then_nothing()


def test_an_extension_moves_the_end_and_is_told_of_anew() -> None:
    running = periods.running("SDC")
    near = datetime(2027, 7, 2, tzinfo=ZoneInfo("America/New_York"))
    extended = running.given((look, near), (periods.extend, near + timedelta(days=1)))
    extended.when(look, at=datetime(2027, 12, 29, tzinfo=UTC)).then_nothing()
    asked = extended.when(look, at=datetime(2028, 3, 1, 12, tzinfo=UTC))
    asked.then(ReunificationEndNeared, ReunificationPeriodEnded)
    assert [e.ends_on for e in asked.the(ReunificationPeriodEnded)] == [date(2028, 2, 29)]


def test_a_family_that_reunified_has_no_end_to_wait_for() -> None:
    home = EndCustody(child_id=CHILD, episode_id=EPISODE, to_party_id=MOTHER, reason="home")
    back = periods.running("SDC").given((home, datetime(2026, 12, 1, tzinfo=UTC)))
    back.when(look, at=datetime(2028, 1, 1, tzinfo=UTC)).then_nothing()


def test_a_period_without_a_day_after_its_last_never_ends() -> None:
    for_ever = periods.running("SDC").given(
        replace(periods.start, clock_id=an_id("for ever"), start=date(9998, 12, 31))
    )
    assert all(moment.at.year < 9000 for moment in moments(for_ever.case, "America/New_York"))


# Letters.

def test_an_interim_letter_without_a_final_one_lapses() -> None:
    [envelope] = letters.assisted.when(look, at=letters.AFTER + timedelta(days=7)).envelopes()
    assert isinstance(envelope.event, OtipBenefitPeriodExpired)
    assert envelope.circumstances.occurred_at == letters.AFTER
    letters.assisted.given((look, letters.AFTER)).when(look, at=letters.AFTER + timedelta(days=9)).then_nothing()
    letters.assisted.given((letters.expire, letters.AFTER)).when(look, at=letters.AFTER).then_nothing()


def test_a_letter_that_had_come_in_time_and_is_recorded_late_withdraws_the_expiry() -> None:
    expired = letters.assisted.given((look, letters.AFTER))
    found_at = letters.AFTER + timedelta(days=3)
    in_time = expired.when(letters.longer, at=found_at, occurred_at=letters.AFTER - timedelta(days=1)).scenario()
    in_time.when(look, at=found_at).then(OtipExpiryWithdrawn)
    too_late = expired.given((letters.longer, found_at))
    too_late.when(look, at=found_at).then_nothing()


# What the schedule rests on.

def test_only_the_named_events_change_the_moments_of_a_case() -> None:
    case, zone = Case(), "America/Denver"
    for envelope in folds.history():
        after = evolve(case, envelope)
        if type(envelope.event) not in CHANGED_BY:
            assert moments(after, zone) == moments(case, zone), type(envelope.event).__name__
        case = after if envelope.version else Case()


def test_a_case_that_nobody_opened_has_nothing_to_look_for() -> None:
    Scenario().when(look).then_refused(rule="P01", field="case")


# How it reads.

def test_it_reads_as_sentences() -> None:
    raised = engaged(date(2008, 10, 23)).given(
        (look, midnight(2026, 10, 1)), (CompleteReview(child_id=CHILD, reviewed_by="supervisor-1"), midnight(2026, 10, 5))
    )
    assert [line.text for line in lines(raised.envelopes)][-3:] == [
        "Nahomy Zúñiga Ochoa turns 18 on 2026-10-23", "Nahomy Zúñiga Ochoa comes of age: review 1 engagement",
        "what was opened for Nahomy Zúñiga Ochoa, by supervisor-1",
    ]
    estimated = of(date(2010, 2, 1), is_estimate=True).given(look)
    assert [line.text for line in lines(estimated.envelopes)][-1] == (
        "Nahomy Zúñiga Ochoa turns 16 on 2026-01-01 at the earliest: the birth date is an estimate"
    )
    ended = periods.running("SDC").given((look, datetime(2027, 10, 1, tzinfo=UTC)))
    assert [line.text for line in lines(ended.envelopes)][-2:] == [
        "12 months to reunify Nahomy Zúñiga Ochoa end with 2027-08-31, unless a court extends them",
        "12 months to reunify Nahomy Zúñiga Ochoa ended with 2027-08-31",
    ]


@pytest.mark.parametrize("scenario", [engaged(date(2009, 7, 1)), letters.assisted, periods.running("SDC")])
def test_what_is_withheld_has_no_moment(scenario: Scenario) -> None:
    everything = frozenset(Compartment)
    blind = fold(folds.withhold(envelope, everything) for envelope in scenario.envelopes)
    found = moments(blind, "America/Denver")
    assert all(isinstance(m.event, ReunificationEndNeared | ReunificationPeriodEnded) for m in found)
