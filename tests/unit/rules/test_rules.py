"""Every tracked rule that a case can raise has a scene that raises it, a near miss, and a question where nobody knows."""
from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from adapters.reading.acts import explain_acts, explain_questions
from domain.case.acts import acts_of
from domain.case.citizenship_sources import DetermineCitizenship
from domain.case.court import ArrangeRemoteParticipation
from domain.case.custody import TakeIntoCustody
from domain.case.intake import AddChild
from domain.case.obligations import DutyMet, DutyStage, DutyWithdrawn, RecordMissedDeadline
from domain.case.particulars import CorrectFact
from domain.policy.facts import MissingFact
from domain.policy.pack import Role, Rule, parse_pack
from domain.policy.triggers import TRIGGERS
from tests.specification import ROOT, Scenario, an_id
from tests.unit.people import from_country, obtain
from tests.unit.rules.agencies import JURISDICTIONS, agency_of
from tests.unit.rules.scenes import (
    FATHER,
    KID,
    SCENES,
    Commands,
    family,
    flagged,
    hearing,
    informed,
    interpreted,
    kid_of_twelve,
    kid_without_a_birthday,
    origins,
    planned,
    referred,
    screened,
    speaks,
    taken,
)

PACKS = {
    path.stem: parse_pack(path.read_text(encoding="utf-8"), path.stem) for path in (ROOT / "domain/packs").glob("*.toml")
}
TRACKED = {
    rule.id: (pack_id, rule) for pack_id, pack in PACKS.items() for rule in pack.rules
    if rule.role in (Role.DUTY, Role.CITED)
}


def reads(rule: Rule) -> frozenset[MissingFact]:
    assert rule.trigger is not None
    return TRIGGERS[rule.trigger].reads


def played(rule_id: str, commands: Commands) -> Scenario:
    return Scenario(standing=agency_of(TRACKED[rule_id][0])).given(*commands)


def stands(scenario: Scenario, rule_id: str) -> bool:
    """Whether a duty of this rule was raised, or one that it stands on."""
    duties = scenario.case.obligations.duties.values()
    return any(rule_id in (duty.raised.rule_id, *duty.raised.cited_rule_ids) for duty in duties)


def test_every_tracked_rule_that_a_case_can_raise_has_its_scenes() -> None:
    assert set(SCENES) == set(TRACKED)
    for rule_id, (_, rule) in TRACKED.items():
        assert set(SCENES[rule_id].unknown) == reads(rule), rule_id
        is_notice = any(recipient.startswith("CONS-") for recipient in rule.recipients)
        assert bool(SCENES[rule_id].met) is not is_notice, rule_id


@pytest.mark.parametrize("rule_id", sorted(TRACKED))
def test_a_rule_is_raised_by_its_scene_with_its_own_recipients_and_limit(rule_id: str) -> None:
    scenario, (_, rule) = played(rule_id, SCENES[rule_id].raises), TRACKED[rule_id]
    assert stands(scenario, rule_id)
    duties = [duty.raised for duty in scenario.case.obligations.duties.values() if duty.raised.rule_id == rule_id]
    assert bool(duties) is (rule.role is Role.DUTY)
    assert all(raised.child_id == KID and (raised.due_at is None) is (rule.limit.amount is None) for raised in duties
               if rule.limit.kind != "business_days")


@pytest.mark.parametrize("rule_id", sorted(TRACKED))
def test_a_near_miss_raises_nothing_of_the_rule(rule_id: str) -> None:
    assert not stands(played(rule_id, SCENES[rule_id].misses), rule_id)


@pytest.mark.parametrize(("rule_id", "fact"), [
    (rule_id, fact) for rule_id, scene in sorted(SCENES.items()) for fact in scene.unknown
])
def test_what_a_rule_needs_and_nobody_knows_is_a_question_and_no_duty(rule_id: str, fact: MissingFact) -> None:
    scenario, (_, rule) = played(rule_id, SCENES[rule_id].unknown[fact]), TRACKED[rule_id]
    waiting = {rule_id, *rule.cited_on}
    asked = [q for q in scenario.case.obligations.questions.values() if waiting & set(q.rule_ids) and q.missing is fact]
    assert asked and not stands(scenario, rule_id)


@pytest.mark.parametrize("rule_id", sorted(rule_id for rule_id, scene in SCENES.items() if scene.met))
def test_the_act_that_the_pack_names_meets_every_duty_of_the_rule(rule_id: str) -> None:
    scenario = played(rule_id, (*SCENES[rule_id].raises, *SCENES[rule_id].met))
    duties = [d for d in scenario.case.obligations.duties.values() if d.raised.rule_id == rule_id]
    assert duties and {duty.stage for duty in duties} == {DutyStage.MET}


@pytest.mark.parametrize("jurisdiction", JURISDICTIONS)
def test_each_jurisdiction_has_a_case_that_is_never_missed_and_is_found_by_its_age(jurisdiction: str) -> None:
    agency = agency_of(jurisdiction)
    scenario = Scenario(standing=agency).given(*family(), taken, origins("GT"))
    [duty] = [d for d in scenario.case.obligations.duties.values() if d.raised.rule_id == "US-CONSULATE-VCCR"]
    later = scenario.at + timedelta(days=400)
    missed = RecordMissedDeadline(duty_id=duty.duty_id)
    scenario.when(missed, at=later).then_refused(rule="US-CONSULATE-VCCR", field="duty_id")
    [act] = [e for e in explain_acts(scenario.case, agency, later) if e.act.recipient_kind == "CONS-GT"]
    assert "open for 400 days" in act.state


# ------------------------------------------------------------------ what particular rules take care of
def test_a_us_citizen_child_is_referred_to_the_trafficking_office_by_no_rule_anywhere() -> None:
    for jurisdiction in JURISDICTIONS:
        scenario = Scenario(standing=agency_of(jurisdiction)).given(*family(), taken, flagged, origins("US", "GT", "MX"))
        assert not scenario.case.obligations.open_duties("OTIP"), jurisdiction


def test_new_jersey_says_nothing_of_a_citizen_child_whose_parents_are_of_two_nationalities() -> None:
    scenario = Scenario(standing=agency_of("NJ")).given(*family(), taken, origins("US", "HN", "SV"))
    assert not any(d.raised.rule_id.startswith("NJ-CONSULATE") for d in scenario.case.obligations.duties.values())


def test_new_jersey_contacts_the_consulate_of_each_parent_of_a_child_whose_custody_is_planned() -> None:
    scenario = Scenario(standing=agency_of("NJ")).given(*family(), planned, origins("HN", "HN", "SV"))
    for kind in ("CONS-HN", "CONS-SV"):
        assert [d.raised.rule_id for d in scenario.case.obligations.open_duties(kind)] == ["NJ-CONSULATE-TWO-NAT"]


def test_custody_that_follows_its_plan_raises_the_duties_of_the_plan_no_second_time() -> None:
    scenario = Scenario(standing=agency_of("NJ")).given(*family(), planned, origins("GT"))
    after = scenario.given(taken)
    inform = [d for d in after.case.obligations.duties.values() if d.raised.rule_id == "NJ-CONSULATE-INFORM"]
    assert len(inform) == 1 and len(after.case.obligations.duties) > len(scenario.case.obligations.duties)


def test_one_hotline_that_was_told_leaves_the_other_to_be_told() -> None:
    first, _ = SCENES["NJ-TRAFFICK-HOTLINES"].met
    scenario = Scenario(standing=agency_of("NJ")).given(*family(), flagged, first)
    assert not scenario.case.obligations.open_duties("HOTLINE-NJ") and scenario.case.obligations.open_duties("POLARIS")


def test_another_tool_does_not_meet_a_rule_that_names_one() -> None:
    scenario = Scenario(standing=agency_of("SDC")).given(*family(kid_of_twelve), taken, screened())
    still_open = {d.raised.rule_id for d in scenario.case.obligations.open_duties("CHILD")}
    assert "SDC-TRAFFICK-CSEIT-12" in still_open and "US-TRAFFICK-SCREEN" not in still_open


def test_the_twelfth_birthday_brings_the_screening_with_whatever_is_told_next() -> None:
    nearly = replace(kid_of_twelve, birth_date=kid_of_twelve.birth_date and kid_of_twelve.birth_date.replace(day=20))
    before = Scenario(standing=agency_of("SDC")).given(*family(nearly), taken)
    assert not stands(before, "SDC-TRAFFICK-CSEIT-12")
    after = before.given((origins("US"), before.at + timedelta(days=10)))
    [duty] = [d.raised for d in after.case.obligations.duties.values() if d.raised.rule_id == "SDC-TRAFFICK-CSEIT-12"]
    assert duty.clock_start.isoformat() == "2026-08-20T00:00:00-07:00"


def test_a_unit_that_was_told_of_custody_was_not_told_of_a_suspicion_that_came_later() -> None:
    scenario = Scenario(standing=agency_of("NM")).given(*family(), taken, origins("GT"), informed, flagged)
    assert [d.raised.rule_id for d in scenario.case.obligations.open_duties("UNIT-IMM")] == ["NM-TRAFFICK-UNIT"]


def test_a_referral_made_before_anybody_knew_the_nationality_meets_the_duty_at_once() -> None:
    early = Scenario(standing=agency_of("NYC")).given(*family(), flagged, referred)
    assert not early.case.obligations.open_duties("OTIP")
    [met] = early.when(origins("GT")).the(DutyMet)
    [duty] = [d for d in early.given(origins("GT")).case.obligations.duties.values() if d.raised.rule_id == "US-OTIP-REFER"]
    assert duty.stage is DutyStage.MET and met.met_at == early.at


def test_a_second_concern_starts_no_second_clock() -> None:
    again = replace(flagged, concern_id=an_id("second concern"))
    first = Scenario(standing=agency_of("OR")).given(*family(), flagged)
    [before] = first.case.obligations.open_duties("LE")
    assert first.given(again).case.obligations.open_duties("LE") == [before]


def test_a_birth_date_that_was_never_true_takes_away_what_rested_on_the_age() -> None:
    scenario = Scenario(standing=agency_of("SDC")).given(*family(kid_of_twelve), taken)
    correction = CorrectFact(
        correction_id=an_id("birthday"), person_id=KID, birth_date=date(2018, 8, 13), evidence="birth certificate",
        replaces_event_id=scenario.case.intake.people[KID].event_id,
    )
    [withdrawn] = scenario.when(correction).the(DutyWithdrawn)
    assert scenario.case.obligations.duties[withdrawn.duty_id].raised.rule_id == "SDC-TRAFFICK-CSEIT-12"


def test_a_decision_that_nobody_can_tell_an_origin_leaves_the_birth_date_a_question() -> None:
    scenario = Scenario(standing=agency_of("NYC")).given(*family(kid_without_a_birthday), taken, flagged)
    decision = DetermineCitizenship(
        determination_id=an_id("decision"), person_id=KID, decided_by="attorney-1", undeterminable=True
    )
    after = scenario.given(decision).case.obligations
    assert scenario.case.obligations.asks(KID) and not after.asks(KID) and after.asks(KID, MissingFact.BIRTH_DATE)


def test_an_interpreter_of_another_language_gives_no_access_in_the_preferred_one() -> None:
    scenario = Scenario(standing=agency_of("NYC")).given(*family(), taken, *speaks("es", "en"))
    french = scenario.given(replace(interpreted, language="fr"))
    assert french.case.obligations.open_duties("FAMILY")
    assert not scenario.given(interpreted).case.obligations.open_duties("FAMILY")


def test_a_question_says_which_rules_wait_and_how_to_ask_lawfully() -> None:
    scenario = Scenario(standing=agency_of("SDC")).given(*family(kid_without_a_birthday), taken, origins("GT"))
    told = "\n".join(explain_questions(scenario.case, scenario.at + timedelta(days=5)))
    for words in (
        "which language", "in which country", "when person", "before the court", "SDC-TRAFFICK-CSEIT-12",
        "5 days since custody", "a lawful way to ask: the agency's counsel",
    ):
        assert words in told, words


def test_children_of_one_family_owed_to_one_consulate_are_one_act_that_names_each() -> None:
    sister = an_id("kid's sister")
    scenario = Scenario(standing=agency_of("NYC")).given(
        *family(), AddChild(child_id=sister), taken, TakeIntoCustody(child_id=sister, episode_id=an_id("sister taken")),
        obtain(from_country(KID, "GT"), from_country(sister, "GT")),
    )
    [act] = [act for act in acts_of(scenario.case, agency_of("NYC").packs_at(scenario.at)) if act.is_notice]
    assert set(act.child_ids) == {KID, sister} and len(act.duties) == 2


def test_what_is_arranged_for_one_parent_is_not_done_for_the_other_who_lives_abroad() -> None:
    [for_mother] = SCENES["US-COURT-ABROAD"].met
    assert isinstance(for_mother, ArrangeRemoteParticipation)
    at_home = Scenario(standing=agency_of("NYC")).given(*family(mother="US", father="SV"), hearing, taken, for_mother)
    assert len(at_home.case.obligations.open_duties("COURT")) == 1
    for_father = replace(for_mother, arrangement_id=an_id("for the father"), party_id=FATHER)
    assert not at_home.given(for_father).case.obligations.open_duties("COURT")
