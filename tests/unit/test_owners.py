"""Who owns an act or a question: whoever was assigned, else the pack's unit, else what the agency settled."""
from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.commands import parse_line
from adapters.reading.timeline import lines
from domain.agency.settings import OwnerSet, SetOwner, SetWaitingTime
from domain.agency.state import Agency
from domain.case.assignments import (
    ActReassigned,
    OwnerKind,
    QuestionReassigned,
    ReassignAct,
    ReassignQuestion,
)
from domain.case.obligations import Duty, DutyStage
from domain.case.owners import CASEWORKER, OwnedBecause, owner_of_duty, owner_of_question
from domain.catalogue import AGENCY_COMMANDS, CASE_COMMANDS
from domain.refusals import Refused
from domain.requests import AskedFor
from tests.specification import NOON, ROOT, Scenario, an_id, new_mexico
from tests.unit.desks import settled, with_settings
from tests.unit.people import CHILD, FAMILY, from_country, obtain, take_child

asked = Scenario().given(*FAMILY, take_child)
owed = asked.given(obtain(from_country(CHILD, "MX")))
NOW = NOON + timedelta(days=2)


def duty(rule_id: str, scenario: Scenario = owed) -> Duty:
    return next(d for d in scenario.case.obligations.duties.values() if d.raised.rule_id == rule_id)


def owner(rule_id: str, scenario: Scenario = owed) -> tuple[str, OwnedBecause]:
    found = owner_of_duty(scenario.case, scenario.standing, duty(rule_id, scenario), NOW)
    return found.name, found.because


def silent(agency: Agency, rule_id: str) -> Agency:
    """The same agency with a pack that names no owner for this rule."""
    adoption = next(a for a in agency.packs if f'id = "{rule_id}"' in a.text)
    head, tail = adoption.text.split(f'id = "{rule_id}"')
    block, bracket, rest = tail.partition("[[rule]]")
    block = "\n".join(line for line in block.splitlines() if not line.startswith("owner"))
    text = f'{head}id = "{rule_id}"{block}\n{bracket}{rest}'
    changed = adoption._replace(text=text, digest=f"without an owner of {rule_id}")
    return replace(agency, packs=tuple(changed if a is adoption else a for a in agency.packs))


def reassign(owner: str = "liaison-2", *, id: str = "reassignment", duty_id: str = "NM-CONSULATE-MX-24H") -> ReassignAct:
    return ReassignAct(
        reassignment_id=an_id(id), duty_ids=(duty(duty_id).duty_id,), owner=owner, owner_kind=OwnerKind.PERSON,
        reason="she speaks with this consulate",
    )


def test_the_unit_that_the_pack_names_owns_a_duty_and_no_setting_can_say_otherwise() -> None:
    assert owner("NM-CONSULATE-MX-24H") == ("Immigration Affairs Unit", OwnedBecause.PACK)
    with pytest.raises(Refused) as refused:
        settled(new_mexico(), SetOwner(of="NM-CONSULATE-MX-24H", unit="Front desk"))
    assert refused.value.field == "of" and "Immigration Affairs Unit" in refused.value.because


def test_a_setting_for_a_whole_process_leaves_alone_whom_the_pack_names() -> None:
    set_ = with_settings(owed, SetOwner(of="P02", unit="Front desk"))
    assert owner("NM-CONSULATE-MX-24H", set_) == ("Immigration Affairs Unit", OwnedBecause.PACK)
    assert owner("US-CONSULATE-VCCR", set_) == ("Front desk", OwnedBecause.AGENCY), "the treaty's rule names nobody"


def test_where_the_pack_is_silent_the_agency_settles_the_owner_by_rule_before_process() -> None:
    rule = "NM-CONSULATE-MX-24H"
    agency = silent(new_mexico(), rule)

    def owned(*settings: SetOwner) -> tuple[str, OwnedBecause]:
        scenario = Scenario(standing=settled(agency, *settings)).given(
            *FAMILY, take_child, obtain(from_country(CHILD, "MX"))
        )
        return owner(rule, scenario)

    process, of_rule = SetOwner(of="P02", unit="Notices desk"), SetOwner(of=rule, unit="Border desk")
    assert owned() == (CASEWORKER, OwnedBecause.NOBODY_NAMED)
    assert owned(process) == ("Notices desk", OwnedBecause.AGENCY)
    assert owned(process, of_rule) == ("Border desk", OwnedBecause.AGENCY)
    assert owned(of_rule, process) == ("Border desk", OwnedBecause.AGENCY)


def test_a_setting_counts_from_when_it_was_made_and_the_same_again_is_nothing() -> None:
    agency = settled(new_mexico(), SetOwner(of="questions", unit="Hotline"), SetOwner(of="questions", unit="Hotline"))
    assert [type(item.told) for item in agency.settings.settled] == [OwnerSet]
    assert agency.settings.owner_of("questions", NOON) == "Hotline"
    assert agency.settings.owner_of("questions", NOON - timedelta(hours=2)) is None


@pytest.mark.parametrize(("command", "field"), [
    (SetOwner(of="P20", unit="desk"), "of"), (SetOwner(of="NM-NO-SUCH-RULE", unit="desk"), "of"),
    (SetOwner(of="P05", unit=" "), "unit"), (SetOwner(of="P05", unit="x" * 81), "unit"),
    (SetWaitingTime(asked_for=AskedFor.DOCUMENT, answer_hours=0), "answer_hours"),
    (SetWaitingTime(asked_for=AskedFor.DOCUMENT, acknowledgement_hours=10_000), "acknowledgement_hours"),
    (SetWaitingTime(asked_for=AskedFor.CONSULAR_NOTICE, answer_hours=24), "answer_hours"),
])
def test_a_setting_that_says_nothing_or_too_much_is_refused(command: SetOwner | SetWaitingTime, field: str) -> None:
    with pytest.raises(Refused) as refused:
        settled(new_mexico(), command)
    assert refused.value.field == field


def test_an_act_is_given_to_a_person_and_to_another_again() -> None:
    owed.when(reassign()).then(ActReassigned)
    given = owed.given(reassign())
    assert owner("NM-CONSULATE-MX-24H", given) == ("liaison-2", OwnedBecause.ASSIGNED)
    assert owner("NM-CONSULATE-INFORM", given)[1] is OwnedBecause.PACK, "the other act stays where it was"
    assert owner("NM-CONSULATE-MX-24H", given.given(reassign("liaison-3", id="next")))[0] == "liaison-3"


def test_a_reassignment_that_is_recorded_late_does_not_move_the_world_back() -> None:
    given = owed.given((reassign("liaison-3", id="next"), NOON + timedelta(hours=20)))
    late = given.when(reassign(), at=NOON + timedelta(hours=21), occurred_at=NOON + timedelta(hours=10)).scenario()
    assert owner("NM-CONSULATE-MX-24H", late)[0] == "liaison-3"


def test_what_cannot_be_given_to_anybody_is_refused() -> None:
    owed.when(replace(reassign(), duty_ids=())).then_refused(rule="DECISION-9", field="duty_ids")
    owed.when(replace(reassign(), duty_ids=(an_id("nothing"),))).then_refused(rule="DECISION-9", field="duty_ids")
    owed.when(reassign(" ")).then_refused(rule="DECISION-9", field="owner")
    met = replace(duty("NM-CONSULATE-MX-24H"), stage=DutyStage.MET)
    done = owed.case._replace(obligations=replace(owed.case.obligations, duties={met.duty_id: met}))
    replace(owed, case=done).when(reassign()).then_refused(rule="DECISION-9", field="duty_ids")


def test_a_question_lies_with_the_caseworker_the_agencys_unit_or_who_was_assigned() -> None:
    [question] = [q for q in asked.case.obligations.questions.values() if q.person_id == CHILD]
    give = ReassignQuestion(
        reassignment_id=an_id("to whom"), question_id=question.question_id, owner="Hotline", owner_kind=OwnerKind.UNIT,
        reason="she took the call",
    )

    def owned(scenario: Scenario) -> str:
        return owner_of_question(scenario.case, scenario.standing, question, NOW).name

    assert owned(asked) == CASEWORKER
    assert owned(with_settings(asked, SetOwner(of="questions", unit="Intake"))) == "Intake"
    asked.when(give).then(QuestionReassigned)
    given = asked.given(give)
    assert owned(given) == "Hotline"
    answered = given.given(obtain(from_country(CHILD, "MX")))
    answered.when(give).then_nothing()
    answered.when(replace(give, reassignment_id=an_id("too late"))).then_refused(rule="DECISION-9", field="question_id")
    assert "now for Hotline to find out: she took the call" in lines(given.envelopes)[-1].text


def test_the_setting_on_the_page_for_liaisons_is_accepted_as_it_stands_there() -> None:
    page = (ROOT / "docs" / "liaisons.md").read_text(encoding="utf-8")
    [block] = re.findall(r"```\n(\{.*?\})\n```", page, re.DOTALL)
    line = parse_line(json.loads(block.replace("\n", " ")))
    assert isinstance(line.command, SetOwner)
    assert settled(new_mexico(), line.command).settings.owner_of("questions", NOON) == "Intake desk"
    named = set(re.findall(r"`([A-Z][a-z]+(?:[A-Z][a-z]+)+)`", page))
    assert named <= {command.__name__ for command in CASE_COMMANDS | AGENCY_COMMANDS}


def test_a_reassignment_reads_as_a_sentence() -> None:
    [*_, last] = lines(owed.given(reassign()).envelopes)
    assert last.text == (
        "NM-CONSULATE-MX-24H for Nahomy Zúñiga Ochoa now lies with liaison-2: she speaks with this consulate"
    )
