"""A recall that nothing but a person asks for is owed like every other, until the office has it."""
from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.reading.taken_back import explain_owing
from domain.agency.targets import CORRECTIONS, SetTarget, TargetUnit
from domain.case.consular import (
    ConsularNotificationCorrected,
    CorrectConsularNotification,
    CorrectionReceived,
    RecordCorrectionReceived,
    ReleaseDisclosure,
    TextCode,
    Way,
)
from domain.case.corrections import CorrectionOwed, CorrectionSettled, OwedBecause, Owes, PrepareCorrection
from domain.case.doubts import RecordDisclosureDoubted
from domain.case.engagement import EngagementEnded, EngagementOpened
from domain.case.erasure import OrderExpunge
from domain.case.particulars import CorrectFact, FactCorrected
from domain.case.permission import RecallRaised
from domain.case.recalls import DisclosureRecalled, RecallDisclosure, RecallReceived
from domain.case.state import fold
from domain.submission import Command
from tests.specification import Scenario, an_id
from tests.unit.partners import having, office_of
from tests.unit.people import MOTHER
from tests.unit.test_consent import withdraw
from tests.unit.test_corrections import (
    AGAIN,
    GUATEMALA,
    NOTICE,
    added,
    aunts_name,
    birth_date,
    handed_over,
    home_study,
    on_consent_for_a_document,
    owed,
    recalled,
    received,
    released,
    told,
)

STUDY = an_id("disclosure")
by_id = RecallDisclosure(disclosure_id=NOTICE, text_code=TextCode.DISREGARD)
as_notice = CorrectConsularNotification(notice_id=NOTICE, text_code=TextCode.DISREGARD)
of_study = RecallDisclosure(disclosure_id=STUDY, text_code=TextCode.DISREGARD)


@pytest.mark.parametrize("wish", [by_id, as_notice])
def test_the_recall_of_a_notice_is_owed_from_when_it_was_asked_for_until_its_receipt(wish: Command) -> None:
    outcome = told.when(wish).then(EngagementOpened, ConsularNotificationCorrected, CorrectionOwed)
    [one] = outcome.the(CorrectionOwed)
    assert (one.office, one.disclosure_id, one.paths) == (GUATEMALA, NOTICE, ())
    assert (one.owes, one.because) == (Owes.RECALL, OwedBecause.RECALLED)
    assert one.cause_event_id == outcome.envelopes()[1].circumstances.event_id
    assert one.clock_start == outcome.submission.learned_at
    asked = outcome.scenario()
    assert asked.when(recalled).then(CorrectionReceived, EngagementEnded, CorrectionSettled)
    assert owed(asked.given(recalled)) == []


def test_the_recall_of_another_disclosure_is_settled_by_its_receipt_or_by_a_persons_word() -> None:
    asked = home_study().when(of_study).then(EngagementOpened, DisclosureRecalled, CorrectionOwed).scenario()
    assert [(one.office, one.disclosure_id) for one in owed(asked)] == [(office_of("ISS"), STUDY)]
    for word in (replace(recalled, notice_id=STUDY), RecordCorrectionReceived(notice_id=STUDY, channel=Way.PAPER)):
        asked.when(word).then(RecallReceived, EngagementEnded, CorrectionSettled)


def test_proof_that_the_office_has_what_it_is_to_disregard_settles_nothing() -> None:
    doubted = RecordDisclosureDoubted(disclosure_id=NOTICE, entry=1)
    asked = released.given(doubted, by_id)
    assert owed(asked.given(handed_over)) == owed(asked) != []


def test_what_is_to_be_erased_is_owed_as_an_erasure() -> None:
    for scenario, wish in ((told, by_id), (home_study(), of_study)):
        [one] = scenario.when(replace(wish, text_code=TextCode.ERASE)).the(CorrectionOwed)
        assert (one.owes, one.because) == (Owes.ERASURE, OwedBecause.RECALLED)


def test_the_agencys_target_for_corrections_counts_and_says_when_it_is_late() -> None:
    asked = told.given(by_id)
    agency = having(asked.standing, SetTarget(rule_id=CORRECTIONS, amount=2, unit=TargetUnit.HOURS))
    [on_time] = explain_owing(asked.case, agency, asked.at)
    assert "it was recalled" in on_time.state and "its receipt is awaited" in on_time.next and not on_time.is_late
    [late] = explain_owing(asked.case, agency, asked.at.replace(hour=23))
    assert late.is_late


# -- once for one disclosure

def test_a_recall_of_what_is_owed_already_raises_nothing_more_and_settles_that() -> None:
    corrected = told.given(birth_date(told))
    asked = corrected.when(by_id).then(EngagementOpened, ConsularNotificationCorrected).scenario()
    assert owed(asked) == owed(corrected) and owed(asked.given(recalled)) == []


def test_a_recall_of_what_was_told_in_the_place_of_the_first_is_owed_of_that() -> None:
    corrected = told.given(birth_date(told))
    [first] = owed(corrected)
    wish = PrepareCorrection(correction_id=first.correction_id, disclosure_id=AGAIN)
    doubted = RecordDisclosureDoubted(disclosure_id=AGAIN, entry=3)
    perhaps = corrected.given(wish, ReleaseDisclosure(notice_id=AGAIN), doubted)
    asked = perhaps.given(replace(by_id, disclosure_id=AGAIN))
    assert [(one.disclosure_id, one.because) for one in owed(asked)] == [
        (NOTICE, OwedBecause.UNTRUE), (AGAIN, OwedBecause.RECALLED),
    ]
    assert owed(asked.given(replace(recalled, notice_id=AGAIN))) == [first], "it has not learned yet what is true"


def test_what_proves_untrue_or_loses_its_basis_after_it_was_recalled_is_owed_no_second_time() -> None:
    asked = home_study().given(of_study)
    asked.when(aunts_name(asked)).then(FactCorrected)
    on_consent = on_consent_for_a_document(received).given(of_study)
    outcome = on_consent.when(withdraw)
    assert outcome.the(RecallRaised) and not outcome.the(CorrectionOwed)
    assert owed(outcome.scenario().given(replace(recalled, notice_id=STUDY))) == []


def test_that_a_court_ordered_it_destroyed_is_owed_besides() -> None:
    asked = home_study().given(of_study)
    order = OrderExpunge(expunge_id=an_id("expunge"), order_ref="JQ-1", second_person="counsel-1")
    ordered = asked.when(order).scenario()
    assert [one.because for one in owed(ordered)] == [OwedBecause.RECALLED, OwedBecause.EXPUNGED]
    assert owed(ordered.given(replace(recalled, notice_id=STUDY))) == []


# -- what was recalled before recalls were owed by themselves

def test_an_older_recall_folds_and_is_received_as_it_was() -> None:
    asked = told.given(by_id)
    older = tuple(envelope for envelope in asked.envelopes if not isinstance(envelope.event, CorrectionOwed))
    before = replace(asked, envelopes=older, case=fold(older))
    assert isinstance(before, Scenario) and not before.case.corrections.owed
    before.when(by_id).then_nothing()
    before.when(CorrectFact(
        correction_id=an_id("phone"), person_id=MOTHER, replaces_event_id=added(before, MOTHER), phone="+52 614 000 0000",
        evidence="her own word",
    )).then(FactCorrected)
    before.when(birth_date(before)).then(FactCorrected, CorrectionOwed)
    before.when(recalled).then(CorrectionReceived, EngagementEnded)
