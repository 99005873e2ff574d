"""Never true, true until now, and of the wrong person are three things; a wrong time is put right like a wrong fact."""
from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from adapters.cli.cases import standing
from domain.case.citizenship import CitizenshipInformationObtained
from domain.case.consular import (
    ConsularNotificationCorrected,
    NoticeForm,
    PrepareConsularNotification,
    RecordConsulateNotified,
    ReleaseDisclosure,
    Way,
)
from domain.case.custody import CustodyStage, CustodyTaken
from domain.case.disclosures import DisclosurePrepared
from domain.case.documents import DocumentKind, DocumentStage, ReceiveDocument
from domain.case.engagement import EngagementEnded, EngagementOpened
from domain.case.intake import PartyAddedToCase
from domain.case.mislinks import (
    CorrectTime,
    MislinkWithdrawn,
    ReportWithdrawn,
    TimeCorrected,
    WithdrawMislink,
    WithdrawReport,
)
from domain.case.obligations import DutyRaised, DutyStage, DutyWithdrawn, WithdrawnBecause
from domain.case.particulars import FactSuperseded, SupersedeFact
from domain.case.permission import RecallBecause, RecallRaised
from domain.case.privacy import DisclosureBreachRecorded
from domain.case.state import fold
from domain.case.trafficking import LetterKind, OtipLetterReceived, ReceiveOtipLetter, SubmitOtipReferral
from domain.events import Event
from domain.people import PersonName
from domain.personal import UNKNOWN, Known
from tests.specification import NOON, Scenario, an_id
from tests.unit.abroad import address
from tests.unit.people import CHILD, FAMILY, FATHER, MOTHER, from_country, h1_information, obtain, take_child, take_sibling
from tests.unit.test_permission import ISS, opening, release, study
from tests.unit.whole_case import MOTHER as whole_case_mother
from tests.unit.whole_case import whole_case

in_custody = Scenario().given(*FAMILY, take_child, take_sibling)
known = in_custody.given(h1_information)
prepare = PrepareConsularNotification(notice_id=an_id("notice"), office="cons-gt.denver", form=NoticeForm.NM_PLAIN)
handed_over = RecordConsulateNotified(notice_id=prepare.notice_id, channel=Way.WEBHOOK, entry=1, receipt="r-1")
told = known.given(prepare, ReleaseDisclosure(notice_id=prepare.notice_id), handed_over)


def event_id(scenario: Scenario, kind: type[Event], person: UUID | None = None) -> UUID:
    """The id of the first event of a kind, about a person where one is named."""
    return next(
        e.circumstances.event_id for e in scenario.envelopes if isinstance(e.event, kind)
        and (person is None or person in (getattr(e.event, "person_id", None), getattr(e.event, "party_id", None)))
    )


def withdraw(scenario: Scenario, kind: type[Event], person: UUID | None = None) -> WithdrawMislink:
    return WithdrawMislink(
        withdrawal_id=an_id("withdrawal"), event_id=event_id(scenario, kind, person), evidence="another child of that name"
    )


# ------------------------------------------------------------------ the wrong person
def test_what_was_recorded_of_the_wrong_person_counts_no_more_and_can_still_be_read() -> None:
    wish = withdraw(known, CitizenshipInformationObtained, CHILD)
    outcome = known.when(wish)
    after = outcome.scenario()
    assert isinstance(outcome.events()[0], MislinkWithdrawn)
    assert after.case.citizenship.of(CHILD).nationalities.value is UNKNOWN
    assert after.case.citizenship.of(MOTHER).nationalities.value == Known(("GT",))
    assert wish.event_id in {e.circumstances.event_id for e in after.envelopes}


def test_the_duties_that_rested_on_it_end_as_mislinked_and_a_question_stands_in_their_place() -> None:
    before = {d.duty_id for d in known.case.obligations.open_duties("CONS-MX")}
    outcome = known.when(withdraw(known, CitizenshipInformationObtained, FATHER))
    withdrawn = outcome.the(DutyWithdrawn)
    assert before and {d.duty_id for d in withdrawn} == before
    assert {d.reason for d in withdrawn} == {WithdrawnBecause.MISLINKED}
    assert FATHER in {question.person_id for question in outcome.scenario().case.obligations.questions.values()}
    assert outcome.the(EngagementEnded)


def test_who_was_told_is_asked_to_disregard_and_the_breach_is_recorded() -> None:
    outcome = told.when(withdraw(told, CitizenshipInformationObtained, CHILD))
    [recall] = outcome.the(ConsularNotificationCorrected)
    [breach] = outcome.the(DisclosureBreachRecorded)
    assert recall.office == breach.office == "cons-gt.denver" and breach.notice_id == prepare.notice_id
    opened = outcome.the(EngagementOpened)[0]
    assert opened.engagement_id == recall.engagement_id
    notice = outcome.scenario().case.consular.notices[prepare.notice_id]
    assert notice.corrected == recall


def test_what_an_office_was_never_told_is_recalled_from_nobody() -> None:
    paper = ReceiveDocument(document_id=an_id("paper"), person_id=CHILD, doc_type=DocumentKind.PASSPORT)
    scenario = told.given(paper)
    [received] = [e for e in scenario.envelopes if type(e.event).__name__ == "DocumentReceived"]
    wish = WithdrawMislink(
        withdrawal_id=an_id("withdrawal"), event_id=received.circumstances.event_id, evidence="another child's"
    )
    after = scenario.when(wish).then(MislinkWithdrawn).scenario()
    assert after.case.documents.stage(CHILD, DocumentKind.PASSPORT) is DocumentStage.NEEDED


def test_what_left_otherwise_is_taken_back_too_and_what_left_before_is_not() -> None:
    given = whole_case().given(opening(person_ids=study.person_ids), study, release)
    [late] = [e for e in given.envelopes if isinstance(e.event, DisclosurePrepared)]
    address = SupersedeFact(change_id=an_id("number"), person_id=whole_case_mother, phone="+1 505 555 0100")
    mother = next(e for e in given.envelopes if getattr(e.event, "party_id", None) == whole_case_mother)
    wish = WithdrawMislink(withdrawal_id=an_id("w"), event_id=mother.circumstances.event_id, evidence="another woman")
    [recall] = given.when(wish).the(RecallRaised)
    assert (recall.office, recall.reason) == (ISS, RecallBecause.MISLINKED)
    assert recall.disclosure_ids == (study.disclosure_id,)
    assert [b.notice_id for b in given.when(wish).the(DisclosureBreachRecorded)] == [study.disclosure_id]
    after = given.given(address)
    later = replace(wish, event_id=after.envelopes[-1].circumstances.event_id)
    assert late.version < after.case.version and not after.when(later).the(RecallRaised)


def test_what_is_owed_still_is_owed_anew_after_the_recall() -> None:
    """The mother was another woman; the child is Guatemala's national all the same."""
    outcome = told.when(withdraw(told, CitizenshipInformationObtained, MOTHER))
    assert outcome.the(ConsularNotificationCorrected)
    again = [d for d in outcome.the(DutyRaised) if d.recipient_kind == Known("CONS-GT") and d.child_id == CHILD]
    assert {d.rule_id for d in again} >= {"US-CONSULATE-VCCR"}
    assert outcome.scenario().case.obligations.open_duties("CONS-GT")


def test_a_child_taken_by_mistake_of_names_was_never_in_custody() -> None:
    after = in_custody.when(withdraw(in_custody, CustodyTaken)).scenario()
    assert after.case.custody.stage(CHILD) is CustodyStage.NONE


def test_a_party_of_another_family_leaves_the_case() -> None:
    after = known.when(withdraw(known, PartyAddedToCase, FATHER)).scenario()
    assert FATHER not in after.case.intake.people
    assert not after.case.obligations.open_duties("CONS-MX")


def test_the_same_withdrawal_again_is_nothing_and_of_another_event_a_contradiction() -> None:
    wish = withdraw(known, CitizenshipInformationObtained, CHILD)
    after = known.given(wish)
    after.when(wish).then_nothing()
    other = replace(wish, event_id=event_id(known, CitizenshipInformationObtained, MOTHER))
    after.when(other).then_refused(rule="IDEMPOTENCE", field="withdrawn_event_id")
    after.when(replace(wish, withdrawal_id=an_id("2"))).then_refused(rule="P19", field="event_id")


@pytest.mark.parametrize("kind", [DutyRaised])
def test_acts_and_duties_are_not_withdrawn_so(kind: type[Event]) -> None:
    known.when(withdraw(known, kind)).then_refused(rule="P19", field="event_id")


def test_the_wrong_record_sent_again_does_not_come_back() -> None:
    after = known.given(withdraw(known, CitizenshipInformationObtained, CHILD))
    after.when(h1_information).then_nothing()


# ------------------------------------------------------------------ never true
def never(scenario: Scenario, kind: type[Event]) -> WithdrawReport:
    return WithdrawReport(withdrawal_id=an_id("never"), event_id=event_id(scenario, kind), evidence="a slip of the keyboard")


def test_what_was_never_true_in_any_area_counts_no_more_and_is_recorded_right_under_another_id() -> None:
    day = (NOON + timedelta(days=1)).date()
    letter = ReceiveOtipLetter(
        letter_id=an_id("letter"), child_id=CHILD, letter_kind=LetterKind.ELIGIBILITY, issued_on=day, indefinite=True
    )
    referred = known.given(SubmitOtipReferral(referral_id=an_id("referral"), child_id=CHILD), letter)
    wish = never(referred, OtipLetterReceived)
    after = referred.when(wish).then(ReportWithdrawn).scenario()
    assert after.case.trafficking.current_letter(CHILD) is None
    right = replace(letter, letter_id=an_id("right letter"), letter_kind=LetterKind.INTERIM_ASSISTANCE, indefinite=False)
    current = after.given(right).case.trafficking.current_letter(CHILD)
    assert current is not None and current.kind is LetterKind.INTERIM_ASSISTANCE
    after.when(letter).then_nothing()


def test_the_duties_of_a_custody_that_never_was_end_as_corrected() -> None:
    outcome = known.when(never(known, CustodyTaken))
    assert {duty.reason for duty in outcome.the(DutyWithdrawn)} == {WithdrawnBecause.CORRECTED}
    assert not outcome.the(DisclosureBreachRecorded)


def test_what_has_a_correction_of_its_own_is_corrected_and_not_withdrawn() -> None:
    known.when(never(known, CitizenshipInformationObtained)).then_refused(rule="P19", field="event_id")


# ------------------------------------------------------------------ true until now
def test_a_move_is_true_from_now_on_and_nobody_is_asked_to_disregard() -> None:
    home = address(country="US", street="Second Street", number="9")
    move = SupersedeFact(change_id=an_id("move"), person_id=MOTHER, address=home)
    outcome = told.when(move).then(FactSuperseded)
    person = outcome.scenario().case.intake.people[MOTHER]
    assert person.address.value == Known(home)


def test_a_move_that_is_told_late_does_not_move_the_person_back() -> None:
    first, second = (address(country="US", street=f"{name} Street") for name in ("First", "Second"))
    scenario = known.given(SupersedeFact(change_id=an_id("1"), person_id=MOTHER, address=second))
    late = SupersedeFact(change_id=an_id("2"), person_id=MOTHER, address=first)
    after = scenario.when(late, occurred_at=scenario.at - timedelta(minutes=90)).scenario()
    assert after.case.intake.people[MOTHER].address.value == Known(second)


def test_one_field_at_a_time_and_of_a_child_its_name_alone() -> None:
    name = PersonName(given_names="X", surnames="Zúñiga de Paz")
    both = SupersedeFact(change_id=an_id("1"), person_id=MOTHER, name=name, phone="+1 505 555 0100")
    known.when(both).then_refused(rule="P19", field="person_id")
    known.when(replace(both, person_id=CHILD, phone=None)).then(FactSuperseded)
    known.when(replace(both, person_id=CHILD, name=None)).then_refused(rule="P19", field="phone")


# ------------------------------------------------------------------ the wrong time
def wrong_time(scenario: Scenario, hours: int) -> CorrectTime:
    [taken, _] = [e for e in scenario.envelopes if isinstance(e.event, CustodyTaken)]
    right = taken.circumstances.occurred_at + timedelta(hours=hours)
    return CorrectTime(
        correction_id=an_id("time"), replaces_event_id=taken.circumstances.event_id, evidence="the hospital's log",
        happened_at=right, known_at=max(right, taken.circumstances.learned_at),
    )


def test_a_time_is_corrected_like_a_field_and_the_state_follows_it() -> None:
    wish = wrong_time(in_custody, -5)
    after = in_custody.when(wish).then(TimeCorrected).scenario()
    current = after.case.custody.current(CHILD)
    assert current is not None and current.taken_at == wish.happened_at


def test_a_clock_that_ran_from_a_wrong_time_is_started_anew() -> None:
    scenario = Scenario().given(*FAMILY, obtain(from_country(CHILD, "GT")), take_child, take_sibling)
    wish = wrong_time(scenario, 1)
    old = [d for d in scenario.case.obligations.open_duties("CONS-GT") if d.raised.child_id == CHILD]
    outcome = scenario.when(wish, at=scenario.at + timedelta(hours=3))
    assert {d.duty_id for d in outcome.the(DutyWithdrawn)} >= {d.duty_id for d in old}
    new = [d for d in outcome.scenario().case.obligations.open_duties("CONS-GT") if d.raised.child_id == CHILD]
    assert new and {d.raised.clock_start for d in new} == {wish.happened_at}
    assert {scenario.case.obligations.duties[d.duty_id].stage for d in old} == {DutyStage.OPEN}


def test_a_picture_of_a_day_shows_what_was_so_whenever_it_was_put_right() -> None:
    wish = wrong_time(in_custody, -48)
    after = in_custody.given(wish)
    stored = [e._replace(position=e.version, recorded_at=e.circumstances.learned_at) for e in after.envelopes]
    assert wish.happened_at is not None
    day = wish.happened_at + timedelta(hours=1)
    assert fold(standing(stored, day, None, None)).custody.current(CHILD) is not None
    assert fold(standing(stored, day - timedelta(hours=2), None, None)).custody.current(CHILD) is None
    withdrawn = told.given(withdraw(told, CitizenshipInformationObtained, CHILD))
    stored = [e._replace(position=e.version, recorded_at=e.circumstances.learned_at) for e in withdrawn.envelopes]
    before = fold(standing(stored, told.at, None, None))
    assert before.citizenship.of(CHILD).nationalities.value is UNKNOWN
    assert fold(standing(stored, None, told.at, None)).citizenship.of(CHILD).nationalities.value == Known(("GT",))


def test_a_corrected_time_lies_neither_in_the_future_nor_after_it_was_learned() -> None:
    wish = wrong_time(in_custody, -5)
    far = NOON + timedelta(days=400)
    in_custody.when(replace(wish, known_at=far)).then_refused(rule="THREE-TIMES", field="known_at")
    in_custody.when(replace(wish, happened_at=far)).then_refused(rule="THREE-TIMES", field="happened_at")
    in_custody.when(replace(wish, happened_at=None, known_at=None)).then_refused(rule="P19", field="happened_at")
    in_custody.when(replace(wish, replaces_event_id=an_id("?"))).then_refused(rule="P19", field="replaces_event_id")
