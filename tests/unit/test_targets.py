"""The agency's own targets: beside words, never beside a number, and for no clock that ran before."""
from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import reduce

import pytest

from adapters.reading.acts import explain_acts
from adapters.reading.words import due
from domain.agency.state import Agency, evolve
from domain.agency.targets import DECIDES, EndTarget, SetTarget, Target, TargetUnit, target_of
from domain.refusals import Refused
from domain.submission import Command, envelopes
from tests.specification import NOON, Scenario, new_mexico, submission
from tests.unit.people import CHILD, FAMILY, from_country, obtain, take_child

TREATY, IN_HOURS = "US-CONSULATE-VCCR", "NM-CONSULATE-MX-24H"
EIGHT_HOURS = SetTarget(rule_id=TREATY, amount=8, unit=TargetUnit.HOURS)


@dataclass(frozen=True, kw_only=True)
class Running:
    rule_id: str = TREATY
    clock_start: datetime
    due_at: datetime | None = None
    due_zone: str = "America/Denver"


def after(command: Command, agency: Agency | None = None, *, at: datetime = NOON) -> Agency:
    standing = new_mexico() if agency is None else agency
    made = submission(command, at=at, standing=standing, number=1, case_id=None)
    recorded = envelopes(made, DECIDES[type(command)](made, standing), stream="agency-NM-CYFD", after=standing.version)
    return reduce(evolve, recorded, standing)


def target(agency: Agency, *, started: datetime = NOON, due_at: datetime | None = None) -> Target | None:
    return target_of(agency, Running(clock_start=started, due_at=due_at))


def test_a_target_stands_beside_a_limit_in_words() -> None:
    found = target(after(EIGHT_HOURS))
    assert found is not None and (found.at, found.limit.words) == (NOON + timedelta(hours=8), "8 hours")


def test_whoever_reads_what_is_due_sees_a_target_as_policy_and_not_as_law() -> None:
    scenario = Scenario(standing=after(EIGHT_HOURS)).given(*FAMILY, take_child, obtain(from_country(CHILD, "MX")))
    now = scenario.at + timedelta(hours=9)
    lines = {
        why.rule_id: [line for line in why.lines if "the agency's own target" in line]
        for act in explain_acts(scenario.case, scenario.standing, now) for why in act.why
    }
    aim = due(scenario.at + timedelta(hours=8), "America/Denver")
    assert lines[TREATY] == [f"the agency's own target, which is policy and not law: {aim}, which has passed"]
    assert lines[IN_HOURS] == []


def test_a_target_counts_for_clocks_that_start_from_then_on_and_no_longer_than_it_stands() -> None:
    agency = after(EndTarget(rule_id=TREATY), after(EIGHT_HOURS), at=NOON + timedelta(days=2))
    assert target(agency, started=NOON - timedelta(seconds=1)) is None
    assert target(agency, started=NOON + timedelta(days=1)) is not None
    assert target(agency, started=NOON + timedelta(days=2)) is None


def test_a_target_never_stands_beside_the_laws_own_number() -> None:
    assert target(after(EIGHT_HOURS), due_at=NOON + timedelta(hours=24)) is None
    with pytest.raises(Refused) as refused:
        after(replace(EIGHT_HOURS, rule_id=IN_HOURS))
    assert (refused.value.rule, refused.value.field) == (IN_HOURS, "rule_id")


def test_working_days_of_a_target_are_counted_by_the_adopted_calendar() -> None:
    friday = datetime(2026, 9, 4, 18, tzinfo=UTC)  # before Labor Day
    two_days = SetTarget(rule_id=TREATY, amount=2, unit=TargetUnit.WORKING_DAYS)
    found = target(after(two_days), started=friday)
    assert found is not None and found.at is not None and found.at.isoformat() == "2026-09-09T23:59:59.999999-06:00"
    uncounted = target(after(two_days, replace(new_mexico(), calendars=())), started=friday)
    assert uncounted is not None and uncounted.at is None


@pytest.mark.parametrize(("amount", "unit"), [
    (0, TargetUnit.HOURS), (-1, TargetUnit.MONTHS), (8785, TargetUnit.HOURS), (367, TargetUnit.WORKING_DAYS),
    (121, TargetUnit.MONTHS),
])
def test_a_target_has_bounds(amount: int, unit: TargetUnit) -> None:
    with pytest.raises(Refused, match="a target is 1 to") as refused:
        after(SetTarget(rule_id=TREATY, amount=amount, unit=unit))
    assert refused.value.field == "amount"


def test_a_target_needs_a_rule_that_raises_duties() -> None:
    for rule_id in ("NM-NOBODY-KNOWS", "NM-CONSULATE-DATA"):
        with pytest.raises(Refused, match="no adopted rule") as refused:
            after(replace(EIGHT_HOURS, rule_id=rule_id))
        assert refused.value.field == "rule_id"


def test_the_same_target_again_is_nothing_and_so_is_the_end_of_none() -> None:
    agency = after(EIGHT_HOURS)
    assert after(EIGHT_HOURS, agency) == agency and after(EndTarget(rule_id=TREATY)) == new_mexico()
    changed = after(replace(EIGHT_HOURS, amount=4), agency)
    found = target(changed)
    assert found is not None and found.limit.amount == 4
