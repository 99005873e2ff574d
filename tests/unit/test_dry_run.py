"""What a changed pack would have made of a case: its history decided again, and compared with what was recorded."""
from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.agency.state import Agency
from domain.case.consular import NoticeForm, PrepareConsularNotification, RecordConsulateNotified, Way
from domain.case.consular_service import RecordNoticeUndeliverable, UndeliverableBecause
from domain.case.state import fold
from domain.events import Compartment
from domain.policy.dry_run import Change, compare, with_pack
from tests.simulation.test_fold_properties import withhold
from tests.specification import Scenario, an_id, new_mexico
from tests.unit.people import CHILD, FAMILY, MOTHER, from_country, h1_information, obtain, take_child, take_sibling
from tests.unit.texts import limited, new_rule, nm, without

DENVER = ZoneInfo("America/Denver")
THURSDAY = datetime(2026, 8, 13, 16, 10, tzinfo=DENVER)
FRIDAY_10 = datetime(2026, 8, 14, 10, 0, tzinfo=DENVER)
A_WEEK_LATER = FRIDAY_10 + timedelta(days=7)
IN_FORCE = datetime(2023, 12, 1, tzinfo=UTC)
in_custody = Scenario().given(*((c, THURSDAY) for c in FAMILY), (take_child, THURSDAY), (take_sibling, THURSDAY))
informed = in_custody.given((h1_information, FRIDAY_10))

MX24, OTHER5, VCCR = "NM-CONSULATE-MX-24H", "NM-CONSULATE-OTHER-5WD", "US-CONSULATE-VCCR"
NEW = new_rule()
ELSEWHERE = new_rule(trigger="origin_in_another_country", recipient="CONS-xx")
LONGER = limited(48)


def changes(
    scenario: Scenario, text: str, *, since: datetime = IN_FORCE, now: datetime = A_WEEK_LATER
) -> dict[str, Counter[Change]]:
    """By rule, what this text of New Mexico's pack would have changed."""
    agency = scenario.standing
    history = [e._replace(position=number) for number, e in enumerate(scenario.envelopes, 10)]
    other = with_pack(agency, text, hashlib.sha256(text.encode()).hexdigest(), since)
    found: dict[str, Counter[Change]] = {}
    comparison = compare(history, [(1, agency)], [(1, other)], now=now)
    assert comparison.jurisdiction == "NM"
    for rule_id, change in comparison.changes:
        found.setdefault(rule_id, Counter())[change] += 1
    return found


def changed(scenario: Scenario, text: str, **more: datetime) -> dict[str, dict[Change, int]]:
    """What would change, without what would not."""
    found = changes(scenario, text, **more)
    left = {rule: dict(counted - Counter({Change.UNCHANGED: counted.total()})) for rule, counted in found.items()}
    return {rule: counted for rule, counted in left.items() if counted}


def notified(scenario: Scenario, at: datetime) -> Scenario:
    prepare = PrepareConsularNotification(notice_id=an_id("notice"), office="cons-mx.el-paso", form=NoticeForm.NM_MEXICO)
    record = RecordConsulateNotified(notice_id=an_id("notice"), channel=Way.PAPER, receipt="R-1")
    return scenario.given((prepare, at - timedelta(hours=1)), (record, at))


HISTORIES = {
    "nobody is asked": in_custody, "informed": informed,
    "notified in time": notified(informed, FRIDAY_10 + timedelta(hours=5)),
    "notified late": notified(informed, FRIDAY_10 + timedelta(hours=30)),
}


@pytest.mark.parametrize("scenario", HISTORIES.values(), ids=HISTORIES)
def test_the_pack_in_force_would_change_nothing(scenario: Scenario) -> None:
    for rule_id, counted in changes(scenario, nm()).items():
        assert set(counted) <= {Change.UNCHANGED, Change.CANNOT_TELL}, rule_id


def test_a_longer_limit_moves_a_duty_and_undoes_a_miss() -> None:
    assert changed(informed, LONGER, now=FRIDAY_10 + timedelta(hours=1)) == {MX24: {Change.MOVED: 1}}
    in_between = FRIDAY_10 + timedelta(hours=30)
    assert changed(informed, LONGER, now=in_between) == {MX24: {Change.MOVED: 1, Change.NO_LONGER_MISSED: 1}}
    late = notified(informed, FRIDAY_10 + timedelta(hours=30))
    assert changed(late, LONGER) == {MX24: {Change.MOVED: 1, Change.MET: 1, Change.NO_LONGER_MISSED: 1}}


def test_a_shorter_limit_would_have_been_missed() -> None:
    in_time = notified(informed, FRIDAY_10 + timedelta(hours=5))
    assert changed(in_time, limited(4)) == {MX24: {Change.MOVED: 1, Change.MISSED: 1}}


def test_a_rule_that_is_gone_would_have_raised_nothing() -> None:
    assert changed(informed, without(MX24), now=FRIDAY_10) == {MX24: {Change.WITHDRAWN: 1}}
    assert changed(informed, without(OTHER5), now=FRIDAY_10) == {OTHER5: {Change.WITHDRAWN: 2}}


def test_a_new_rule_would_be_raised_and_met_by_the_letter_that_went_out() -> None:
    assert changed(informed, nm() + NEW, now=FRIDAY_10) == {"NM-NEW": {Change.RAISED: 1}}
    assert changed(informed, nm() + NEW) == {"NM-NEW": {Change.RAISED: 1, Change.MISSED: 1}}
    in_time = notified(informed, FRIDAY_10 + timedelta(hours=30))
    assert changed(in_time, nm() + NEW) == {"NM-NEW": {Change.RAISED: 1, Change.MET: 1}}


def test_a_letter_to_one_office_meets_nothing_toward_another() -> None:
    in_time = notified(informed, FRIDAY_10 + timedelta(hours=5))
    assert changed(in_time, nm() + ELSEWHERE) == {"NM-NEW": {Change.RAISED: 2, Change.MISSED: 2}}


def test_duties_that_were_met_stay_met_when_another_rule_is_raised_before_them() -> None:
    first = nm().replace("[[rule]]", NEW + "\n[[rule]]", 1)
    in_time = notified(informed, FRIDAY_10 + timedelta(hours=5))
    assert changed(in_time, first) == {"NM-NEW": {Change.RAISED: 1, Change.MET: 1}}


def test_a_fact_is_judged_by_the_rules_in_force_when_it_was_learned() -> None:
    assert changed(informed, LONGER, since=FRIDAY_10 + timedelta(minutes=1)) == {}
    assert set(changed(informed, LONGER, since=FRIDAY_10)) == {MX24}


def test_what_nobody_knows_cannot_be_told() -> None:
    found = changed(in_custody, nm() + NEW)
    assert found["NM-NEW"].keys() == {Change.CANNOT_TELL} and Change.CANNOT_TELL in found[VCCR]


def test_a_country_without_a_consulate_ends_a_new_duty_too() -> None:
    salvador = in_custody.given((obtain(from_country(CHILD, "SV"), from_country(MOTHER, "SV")), FRIDAY_10))
    ended = salvador.given(RecordNoticeUndeliverable(
        attempt_id=an_id("attempt"), country="SV", reason=UndeliverableBecause.NONE_IN_US,
    ))
    raised = changed(salvador, nm() + ELSEWHERE, now=FRIDAY_10)["NM-NEW"]
    assert raised[Change.RAISED] > 0
    assert Change.RAISED not in changed(ended, nm() + ELSEWHERE, now=FRIDAY_10).get("NM-NEW", {})


def test_nothing_is_judged_before_the_agency_had_adopted_anything() -> None:
    agency = new_mexico()
    history = [e._replace(position=number) for number, e in enumerate(informed.envelopes, 10)]
    nobody = [(1, Agency(code="NM-CYFD")), (100, agency)]
    assert {change for _, change in compare(history, nobody, nobody, now=FRIDAY_10).changes} == {Change.WITHDRAWN}


@pytest.mark.parametrize("cut", range(0, 40, 7))
def test_any_beginning_of_a_history_can_be_compared(cut: int) -> None:
    late = notified(informed, FRIDAY_10 + timedelta(hours=30))
    left = late.envelopes[:cut]
    duties = fold(left).obligations.duties.values()
    raised = {duty.key.rule_id for duty in duties if duty.key is not None and duty.withdrawn is None}
    assert changes(replace(late, envelopes=left), LONGER).keys() >= raised


def test_a_duty_whose_recipient_is_withheld_cannot_be_told() -> None:
    hidden = tuple(withhold(envelope, frozenset({Compartment.IDENTITY})) for envelope in informed.envelopes)
    found = changes(replace(informed, envelopes=hidden), LONGER)
    assert {change for counted in found.values() for change in counted} == {Change.CANNOT_TELL}
    assert MX24 in found and OTHER5 in found
