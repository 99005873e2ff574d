"""What may have been handed over meets no duty, and is corrected and recalled like what was."""
from __future__ import annotations

import pytest

from domain.case.consular import ConsularNotificationCorrected, ConsulateNotified, TextCode
from domain.case.corrections import CorrectionOwed, Owes
from domain.case.doubts import DisclosureDoubted, RecordDisclosureDoubted
from domain.case.engagement import EngagementOpened
from domain.case.erasure import OrderExpunge
from domain.case.given import given
from domain.case.particulars import FactCorrected
from domain.case.recalls import DisclosureRecalled, RecallDisclosure
from domain.case.told import EntryReached, Reached, ReportEntryReached
from tests.specification import Scenario, an_id
from tests.unit.people import CHILD
from tests.unit.test_consent import withdraw
from tests.unit.test_corrections import (
    GUATEMALA,
    NOTICE,
    birth_date,
    handed_over,
    in_custody,
    on_consent_for_a_document,
    owed,
    prepare,
    recalled,
    released,
)

doubted = RecordDisclosureDoubted(disclosure_id=NOTICE, entry=1)
perhaps = released.given(doubted)
recall = RecallDisclosure(disclosure_id=NOTICE, text_code=TextCode.DISREGARD)


def test_a_doubt_is_recorded_once_for_each_number_and_meets_nothing() -> None:
    released.when(doubted).then(DisclosureDoubted)
    assert perhaps.case.obligations.open_duties(), "no proof came"
    perhaps.when(RecordDisclosureDoubted(disclosure_id=NOTICE, entry=3)).then(DisclosureDoubted)


@pytest.mark.parametrize("scenario", [in_custody, in_custody.given(prepare)])
def test_what_was_not_released_cannot_have_left(scenario: Scenario) -> None:
    scenario.when(doubted).then_refused(rule="DECISION-16", field="disclosure_id")


def test_a_fact_that_proves_untrue_is_owed_to_whoever_may_have_it_and_once() -> None:
    outcome = perhaps.when(birth_date(perhaps)).then(FactCorrected, CorrectionOwed)
    assert [one.disclosure_id for one in outcome.the(CorrectionOwed)] == [NOTICE]
    then_proven = outcome.scenario().when(handed_over)
    assert then_proven.the(ConsulateNotified) and not then_proven.the(CorrectionOwed)


def test_what_proved_untrue_before_the_doubt_came_is_owed_with_it() -> None:
    corrected = released.given(birth_date(released))
    assert owed(corrected) == []
    corrected.when(doubted).then(DisclosureDoubted, CorrectionOwed)


def test_what_may_have_been_given_is_recalled_and_what_surely_was_not_is_not() -> None:
    released.when(recall).then_refused(rule="P19", field="notice_id")
    asked = perhaps.when(recall).then(EngagementOpened, ConsularNotificationCorrected, CorrectionOwed)
    [told] = asked.the(ConsularNotificationCorrected)
    assert told.replaces_event_id == perhaps.case.doubts.of[NOTICE].event_id
    assert not list(asked.scenario().given(recalled).case.corrections.open_for(NOTICE))


def test_a_consent_that_ends_makes_a_recall_owed_of_what_may_have_been_given() -> None:
    mine = an_id("disclosure")
    may_have = on_consent_for_a_document(RecordDisclosureDoubted(disclosure_id=mine, entry=1))
    [correction] = may_have.when(withdraw).the(CorrectionOwed)
    assert (correction.disclosure_id, correction.owes) == (mine, Owes.RECALL)
    may_have.given(withdraw).when(RecallDisclosure(disclosure_id=mine, text_code=TextCode.DISREGARD)).the(DisclosureRecalled)


def test_an_office_that_says_it_opened_what_it_may_have_is_believed() -> None:
    said = ReportEntryReached(report_id=an_id("said"), office=GUATEMALA, entry=1, reached=Reached.OPENED)
    perhaps.when(said).then(EntryReached)
    released.when(said).then_refused(rule="DECISION-16", field="entry")


def test_whoever_may_have_it_is_asked_to_erase_it_too() -> None:
    [one] = given(perhaps.case)
    assert (one.disclosure_id, one.office, one.is_disclosed) == (NOTICE, GUATEMALA, True)
    assert list(given(released.case)) == []
    asked = perhaps.when(OrderExpunge(
        expunge_id=an_id("expunge"), order_ref="D-1", wait_days=30, second_person="judge", person_ids=(CHILD,),
    ))
    [recalled_as] = asked.the(ConsularNotificationCorrected)
    assert recalled_as.text_code is TextCode.ERASE
