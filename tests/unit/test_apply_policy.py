"""A new pack reaches an open case by a command, and starts no clock before its adoption."""
from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.case.consular import ImmigrationUnitInformed, InformImmigrationUnit
from domain.case.engagement import EndedBecause, EngagementEnded, EngagementOpened
from domain.case.intake import CloseCase
from domain.case.intake import Outcome as Ended
from domain.case.obligations import (
    DeadlineMissed,
    DutyMet,
    DutyRaised,
    DutyStage,
    DutyWithdrawn,
    QuestionRaised,
    RecordMissedDeadline,
    WithdrawnBecause,
)
from domain.case.policy import ApplyPolicy, PolicyApplied
from domain.case.state import fold
from domain.events import Compartment
from domain.policy.dry_run import with_pack
from tests.simulation.test_fold_properties import withhold
from tests.specification import Outcome, Scenario
from tests.unit.people import CHILD, FAMILY, SIBLING, h1_information, take_child, take_sibling
from tests.unit.texts import limited, new_rule, nm, without

DENVER = ZoneInfo("America/Denver")
THURSDAY = datetime(2026, 8, 13, 16, 10, tzinfo=DENVER)
FRIDAY_10 = datetime(2026, 8, 14, 10, 0, tzinfo=DENVER)
ADOPTED = datetime(2026, 8, 15, 9, 0, tzinfo=DENVER)
APPLIED = ADOPTED + timedelta(minutes=30)
MX24, OTHER5 = "NM-CONSULATE-MX-24H", "NM-CONSULATE-OTHER-5WD"
in_custody = Scenario().given(*((c, THURSDAY) for c in FAMILY), (take_child, THURSDAY), (take_sibling, THURSDAY))
informed = in_custody.given((h1_information, FRIDAY_10))
TOLD = new_rule(
    trigger="child_or_parent_is_foreign_national", recipient="UNIT-IMM", hours=6, met_by="ImmigrationUnitInformed",
)


def adopting(scenario: Scenario, text: str) -> Scenario:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return replace(scenario, standing=with_pack(scenario.standing, text, digest, ADOPTED))


def applied(scenario: Scenario, text: str) -> Outcome:
    return adopting(scenario, text).when(ApplyPolicy(), at=APPLIED)


def open_duty(scenario: Scenario, rule_id: str) -> DutyRaised:
    [duty] = [duty for duty in scenario.case.obligations.open_duties() if duty.raised.rule_id == rule_id]
    return duty.raised


def test_until_it_is_applied_a_new_pack_leaves_an_open_case_as_it_is() -> None:
    inform = InformImmigrationUnit(child_ids=(CHILD, SIBLING), unit="desk")
    outcome = adopting(informed, nm() + TOLD).when(inform, at=APPLIED)
    outcome.then(ImmigrationUnitInformed, ImmigrationUnitInformed, DutyMet, DutyMet)


def test_a_longer_limit_counts_from_the_adoption() -> None:
    outcome = applied(informed, limited(48)).then(PolicyApplied, DutyWithdrawn, DutyRaised)
    assert [event.reason for event in outcome.the(DutyWithdrawn)] == [WithdrawnBecause.POLICY]
    [raised] = outcome.the(DutyRaised)
    assert (raised.rule_id, raised.clock_start, raised.due_at) == (MX24, ADOPTED, ADOPTED + timedelta(hours=48))
    [told] = [e for e in outcome.envelopes() if isinstance(e.event, PolicyApplied)]
    assert raised.cause_event_id == told.circumstances.event_id


def test_a_shorter_limit_never_gives_more_time_than_was_left() -> None:
    applied(informed, limited(4)).then(PolicyApplied)
    before = in_custody.given((h1_information, ADOPTED - timedelta(hours=2)))
    outcome = applied(before, limited(4)).then(PolicyApplied, DutyWithdrawn, DutyRaised)
    assert outcome.the(DutyRaised)[0].due_at == ADOPTED + timedelta(hours=4)


def test_a_rule_that_is_gone_ends_its_duty_and_the_engagement_that_rested_on_it_alone() -> None:
    outcome = applied(informed, without(MX24)).then(PolicyApplied, DutyWithdrawn, EngagementEnded)
    assert outcome.the(EngagementEnded)[0].reason is EndedBecause.POLICY
    outcome = applied(informed, without(OTHER5))
    outcome.then(PolicyApplied, DutyWithdrawn, DutyWithdrawn, EngagementEnded, EngagementOpened)
    [opened] = outcome.the(EngagementOpened)  # for the child to whom the treaty still applies
    assert SIBLING not in {known.person_id for known in opened.persons}


def test_a_new_rule_begins_with_the_adoption_or_is_met_by_what_was_done() -> None:
    outcome = applied(informed, nm() + TOLD).then(PolicyApplied, DutyRaised, DutyRaised)
    assert {event.due_at for event in outcome.the(DutyRaised)} == {ADOPTED + timedelta(hours=6)}
    inform = InformImmigrationUnit(child_ids=(CHILD, SIBLING), unit="desk")
    done = informed.given((inform, FRIDAY_10 + timedelta(hours=1)))
    outcome = applied(done, nm() + TOLD).then(PolicyApplied, DutyRaised, DutyMet, DutyRaised, DutyMet)
    assert all(event.late_by_seconds is None for event in outcome.the(DutyMet))


def test_a_missed_duty_keeps_its_clock() -> None:
    missed = informed.given((
        RecordMissedDeadline(duty_id=open_duty(informed, MX24).duty_id), ADOPTED + timedelta(hours=2),
    ))
    adopting(missed, limited(48)).when(ApplyPolicy(), at=ADOPTED + timedelta(hours=3)).then(PolicyApplied)


def test_a_miss_that_the_clock_has_not_found_yet_is_not_lost() -> None:
    late = ADOPTED + timedelta(hours=2)
    adopting(informed, limited(48)).when(ApplyPolicy(), at=late).then(PolicyApplied)
    outcome = adopting(informed, without(MX24)).when(ApplyPolicy(), at=late)
    outcome.then(PolicyApplied, DeadlineMissed, DutyWithdrawn, EngagementEnded)
    [told] = [envelope for envelope in outcome.envelopes() if isinstance(envelope.event, DeadlineMissed)]
    assert told.circumstances.occurred_at == open_duty(informed, MX24).due_at


def test_what_was_done_under_the_old_text_stays_done() -> None:
    inform = InformImmigrationUnit(child_ids=(CHILD, SIBLING), unit="desk")
    done = informed.given((inform, FRIDAY_10 + timedelta(hours=1)))
    scenario = applied(done, without("NM-CONSULATE-INFORM")).then(PolicyApplied).scenario()
    stages = {d.stage for d in scenario.case.obligations.duties.values() if d.raised.rule_id == "NM-CONSULATE-INFORM"}
    assert stages == {DutyStage.MET}


def test_a_new_rule_asks_for_what_nobody_knows() -> None:
    nobody = Scenario().given(*((c, THURSDAY) for c in FAMILY), (take_child, THURSDAY))
    outcome = applied(nobody, nm() + TOLD)
    assert set(map(type, outcome.events())) == {PolicyApplied, QuestionRaised}


def test_nothing_that_applying_raises_has_a_clock_from_before_the_adoption() -> None:
    for text in (nm() + TOLD, limited(48), limited(4), without(MX24)):
        assert all(event.clock_start >= ADOPTED for event in applied(informed, text).the(DutyRaised))


def test_a_fact_that_comes_after_is_judged_once_under_the_new_text() -> None:
    scenario = applied(in_custody, limited(48)).scenario()
    later = scenario.when(h1_information, at=APPLIED + timedelta(hours=1))
    [raised] = [event for event in later.the(DutyRaised) if event.rule_id == MX24]
    assert raised.due_at == APPLIED + timedelta(hours=49)
    after = later.scenario()
    again = after.when(ApplyPolicy(), at=APPLIED + timedelta(hours=2))
    assert [event for event in again.events() if not isinstance(event, PolicyApplied)] == []


@pytest.mark.parametrize("text", [nm(), nm() + "\n# another comment\n"])
def test_a_text_that_asks_the_same_changes_no_duty(text: str) -> None:
    applied(informed, text).then(PolicyApplied)


def test_there_must_be_a_case_and_it_must_be_open() -> None:
    adopting(Scenario(), limited(48)).when(ApplyPolicy(), at=APPLIED).then_refused(rule="P01", field="case")
    closed = informed.given((CloseCase(outcome=Ended.OTHER), FRIDAY_10 + timedelta(hours=1)))
    applied(closed, limited(48)).then_refused(rule="DECISION-7", field="case")


def test_a_duty_whose_recipient_is_withheld_is_not_raised_a_second_time() -> None:
    hidden = tuple(withhold(envelope, frozenset({Compartment.IDENTITY})) for envelope in informed.envelopes)
    asked = new_rule(trigger="child_in_custody", recipient="CHILD", met_by="TraffickingScreeningCompleted")
    outcome = applied(replace(informed, case=fold(hidden)), nm() + asked)
    raised = outcome.the(DutyRaised)
    assert [event.rule_id for event in raised] == ["NM-NEW", "NM-NEW"]
    again = [withhold(envelope, frozenset({Compartment.IDENTITY})) for envelope in outcome.envelopes()]
    blind = replace(informed, case=fold(again, outcome.before.case))
    later = nm() + asked + "\n# another text that asks the same\n"
    assert applied(blind, later).the(DutyRaised) == []
