"""What stands in the agency's register: open until somebody settles it, open again when it ends, never on a case."""
from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.agency.decide import DECIDES
from domain.agency.standing import (
    RecordStandingMatter,
    ReopenStandingMatter,
    StandingMatterReopened,
    StandingMatterSettled,
    open_matters,
)
from domain.agency.state import Agency, evolve
from domain.refusals import Contradiction, Refused
from domain.submission import Command, envelopes
from tests.specification import NOON, an_id, new_mexico, submission

RIGHT = "US-CONSULATE-RIGHT"
settled = RecordStandingMatter(
    record_id=an_id("settled"), rule_id=RIGHT, settled_by="counsel-1", document_ref="memo 12, for all desks"
)
reopened = ReopenStandingMatter(record_id=an_id("reopened"), rule_id=RIGHT, reason="the memo was withdrawn")


def after(agency: Agency, command: Command, hours: int = 0) -> tuple[Agency, list[type]]:
    made = submission(command, at=NOON + timedelta(hours=hours), standing=agency, number=hours, case_id=None)
    recorded = envelopes(made, DECIDES[type(command)](made, agency), stream="agency-NM-CYFD", after=agency.version)
    for envelope in recorded:
        agency = evolve(agency, envelope)
    return agency, [type(envelope.event) for envelope in recorded]


def is_open(agency: Agency, hours: int) -> bool:
    return RIGHT in {rule.id for rule in open_matters(agency, NOON + timedelta(hours=hours))}


def test_a_matter_is_open_until_somebody_says_that_it_is_settled_and_again_when_it_ends() -> None:
    assert is_open(new_mexico(), 0)
    agency, events = after(new_mexico(), settled, 1)
    assert events == [StandingMatterSettled] and not is_open(agency, 1) and is_open(agency, 0)
    agency, events = after(agency, reopened, 2)
    assert events == [StandingMatterReopened] and is_open(agency, 2) and not is_open(agency, 1)


def test_the_same_record_again_changes_nothing_and_another_under_its_id_is_a_contradiction() -> None:
    agency, _ = after(new_mexico(), settled, 1)
    assert after(agency, settled, 2)[1] == []
    with pytest.raises(Contradiction):
        after(agency, replace(settled, document_ref="memo 13"), 2)


@pytest.mark.parametrize(("command", "rule", "field"), [
    (replace(settled, rule_id="US-CONSULATE-VCCR"), "DECISION-9", "rule_id"),
    (replace(settled, rule_id="NO-SUCH"), "DECISION-9", "rule_id"),
    (replace(settled, settled_by=" "), RIGHT, "settled_by"),
    (replace(settled, document_ref=""), RIGHT, "document_ref"),
    (reopened, RIGHT, "rule_id"),
])
def test_only_a_standing_rule_is_settled_by_somebody_with_a_paper(command: Command, rule: str, field: str) -> None:
    with pytest.raises(Refused) as refused:
        after(new_mexico(), command, 1)
    assert (refused.value.rule, refused.value.field) == (rule, field)
