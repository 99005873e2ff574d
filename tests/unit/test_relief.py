"""Counsel screens for relief and nobody else completes a screening; petitions are filed once, and decided after that."""
from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.commands import parse_line
from adapters.reading.timeline import lines
from domain.case.citizenship import PersonOrigin
from domain.case.intake import CaseClosed, CloseCase, Outcome
from domain.case.petitions import (
    DecideReliefPetition,
    FileReliefPetition,
    FileSijsPetition,
    IdentifySijsEligibility,
    PetitionDecision,
    ReliefPetitionDecided,
    ReliefPetitionFiled,
    ReliefStage,
    ReliefWarning,
    SijsEligibilityIdentified,
    SijsPetitionFiled,
    relief_stage,
)
from domain.case.relief import (
    AssignImmigrationCounsel,
    CompleteReliefScreening,
    CounselAssignment,
    ImmigrationCounselAssigned,
    ImmigrationStatusRecorded,
    LegalResourcesProvided,
    ProvideLegalResources,
    RecordImmigrationStatus,
    ReliefKind,
    ReliefProvider,
    ReliefScreeningCompleted,
    ReliefScreeningRequested,
    RequestReliefScreening,
    ScreenedBy,
    ToldBy,
)
from domain.personal import UNKNOWN, Known
from domain.refusals import Refused
from tests.specification import Scenario, an_id
from tests.unit.people import CHILD, FAMILY, MOTHER, SIBLING, from_country, obtain
from tests.unit.places import case_in
from tests.unit.test_commands import LINE

ATTORNEY = an_id("attorney")
ask = RequestReliefScreening(request_id=an_id("screening request"), child_id=CHILD, provider=ReliefProvider.RUTGERS)
assign = AssignImmigrationCounsel(
    assignment_id=an_id("assignment"), person_id=CHILD, counsel_id=ATTORNEY, kind=CounselAssignment.RUTGERS
)
screened = CompleteReliefScreening(
    screening_id=an_id("relief screening"), person_id=CHILD, screened_by=ScreenedBy.ATTORNEY, attorney_id=ATTORNEY,
    candidates=(ReliefKind.SIJS, ReliefKind.T),
)
found = IdentifySijsEligibility(finding_id=an_id("finding"), child_id=CHILD, basis_ref="order of the court")
sijs = FileSijsPetition(petition_id=an_id("sijs"), child_id=CHILD, receipt_ref="MSC-1")
t_visa = FileReliefPetition(petition_id=an_id("t"), person_id=CHILD, kind=ReliefKind.T)
decided = DecideReliefPetition(
    decision_id=an_id("decision"), petition_id=an_id("sijs"), decision=PetitionDecision.GRANTED
)
status = RecordImmigrationStatus(
    record_id=an_id("status"), person_id=MOTHER, told_by=ToldBy.COUNSEL, status="as counsel says it"
)
resources = ProvideLegalResources(provision_id=an_id("list"), child_id=CHILD, list_ref="legal resources 2026")
family = case_in("NJ").given(*FAMILY)
filed = family.given(found, sijs)


def stage(scenario: Scenario) -> ReliefStage:
    return relief_stage(scenario.case, CHILD)


def test_every_command_is_recorded_once() -> None:
    family.when(ask).then(ReliefScreeningRequested)
    family.when(assign).then(ImmigrationCounselAssigned)
    family.when(screened).then(ReliefScreeningCompleted)
    family.when(found).then(SijsEligibilityIdentified)
    family.when(sijs).then(SijsPetitionFiled)
    family.when(t_visa).then(ReliefPetitionFiled)
    filed.when(decided).then(ReliefPetitionDecided)
    family.when(resources).then(LegalResourcesProvided)


def test_the_stages_follow_each_other() -> None:
    referred = family.given(ask)
    candidate = referred.given(screened)
    nothing = referred.given(replace(screened, candidates=()))
    both = candidate.given(found, sijs, t_visa)
    one_open = both.given(decided)
    denied = one_open.given(replace(
        decided, decision_id=an_id("second decision"), petition_id=an_id("t"), decision=PetitionDecision.DENIED
    ))
    assert [stage(s) for s in (family, referred, nothing, candidate, both, one_open, denied)] == [
        ReliefStage.NOT_REFERRED, ReliefStage.REFERRED, ReliefStage.NO_CANDIDATE, ReliefStage.CANDIDATE,
        ReliefStage.FILED, ReliefStage.FILED, ReliefStage.DENIED,
    ]
    assert stage(family.given(found)) is ReliefStage.CANDIDATE
    assert stage(filed.given(replace(decided, decision=PetitionDecision.WITHDRAWN))) is ReliefStage.WITHDRAWN


# Bad data.

@pytest.mark.parametrize(("place", "rule"), [("NYC", "NYC-LEGAL-ATTORNEY"), ("NJ", "P06"), ("NM", "P06")])
def test_a_caseworker_completes_no_screening(place: str, rule: str) -> None:
    by_worker = replace(screened, screened_by=ScreenedBy.CASEWORKER, attorney_id=None)
    case_in(place).given(*FAMILY).when(by_worker).then_refused(rule=rule, field="screened_by")


def test_a_unit_may_screen_where_only_an_attorney_is_not_demanded() -> None:
    by_unit = replace(screened, screened_by=ScreenedBy.IMMIGRATION_UNIT, attorney_id=None)
    case_in("LAC").given(*FAMILY).when(by_unit).then(ReliefScreeningCompleted)
    case_in("NYC").given(*FAMILY).when(by_unit).then_refused(rule="NYC-LEGAL-ATTORNEY", field="screened_by")


def test_an_attorney_is_named_and_is_nobody_of_the_family() -> None:
    family.when(replace(screened, attorney_id=None)).then_refused(rule="P06", field="attorney_id")
    family.when(replace(screened, attorney_id=MOTHER)).then_refused(rule="P06", field="attorney_id")
    family.when(replace(assign, counsel_id=MOTHER)).then_refused(rule="P06", field="counsel_id")
    by_unit = replace(screened, screened_by=ScreenedBy.IMMIGRATION_UNIT)
    family.when(by_unit).then_refused(rule="P06", field="attorney_id")


@pytest.mark.parametrize("kind", ["asylum", "SIJS", ""])
def test_a_petition_of_a_kind_that_is_not_listed_is_refused(kind: str) -> None:
    data = {"petition_id": str(an_id("p")), "person_id": str(CHILD), "kind": kind}
    with pytest.raises(Refused) as refused:
        parse_line({**LINE, "command": "FileReliefPetition", "data": data})
    assert refused.value.field == "data.kind"


def test_a_petition_as_juvenile_has_a_command_of_its_own() -> None:
    family.when(replace(t_visa, kind=ReliefKind.SIJS)).then_refused(rule="P06", field="kind")


def test_no_petition_as_juvenile_is_filed_for_a_us_citizen() -> None:
    citizen = family.given(obtain(from_country(CHILD, "US")))
    citizen.when(sijs).then_refused(rule="US-SIJS-FILE", field="child_id")
    citizen.when(found).then_refused(rule="US-SIJS-FILE", field="child_id")


def test_a_decision_needs_its_filing_and_comes_after_it() -> None:
    family.when(decided).then_refused(rule="P06", field="petition_id")
    early = filed.at - timedelta(minutes=1)
    filed.when(decided, at=filed.at, occurred_at=early).then_refused(rule="P06", field="occurred_at")


def test_two_petitions_of_one_kind_are_not_open_at_once() -> None:
    again = replace(sijs, petition_id=an_id("again"))
    filed.when(again).then_refused(rule="P06", field="petition_id")
    filed.given(decided).when(again).then(SijsPetitionFiled)
    filed.when(replace(sijs, child_id=SIBLING, petition_id=an_id("sibling's"))).then(SijsPetitionFiled)
    visa = family.given(t_visa)
    visa.when(replace(t_visa, petition_id=an_id("t again"))).then_refused(rule="P06", field="petition_id")
    visa.when(replace(t_visa, petition_id=an_id("u"), kind=ReliefKind.U)).then(ReliefPetitionFiled)


def test_a_second_decision_is_seen_and_the_one_that_occurred_last_stands() -> None:
    denied = replace(decided, decision_id=an_id("denial"), decision=PetitionDecision.DENIED)
    granted = filed.given((decided, filed.at + timedelta(days=9)))
    late = granted.when(denied, at=granted.at, occurred_at=filed.at + timedelta(days=2))
    assert late.the(ReliefPetitionDecided)[0].warnings == (ReliefWarning.DECIDED_BEFORE,)
    assert stage(late.scenario()) is ReliefStage.GRANTED
    assert filed.when(decided).the(ReliefPetitionDecided)[0].warnings == ()


def test_a_petition_for_a_child_that_nobody_found_eligible_is_recorded_with_a_warning() -> None:
    [told] = family.when(sijs).the(SijsPetitionFiled)
    assert told.warnings == (ReliefWarning.NOT_FOUND_ELIGIBLE,)
    assert family.given(found).when(sijs).the(SijsPetitionFiled)[0].warnings == ()


def test_an_eligible_child_without_a_petition_is_found() -> None:
    assert family.given(found, t_visa).case.petitions.unfiled == [CHILD]
    assert filed.case.petitions.unfiled == []


def test_a_case_closed_over_an_eligible_child_without_a_petition_says_so() -> None:
    in_new_mexico = case_in("NM").given(*FAMILY, found)
    closing = in_new_mexico.when(CloseCase(outcome=Outcome.OTHER))
    closing.then(CaseClosed)
    assert closing.the(CaseClosed)[0].unfiled_child_ids == Known((CHILD,))
    assert lines(closing.envelopes())[-1].text.startswith("closed with 0 duties open: other; found eligible")
    filed_there = in_new_mexico.given(sijs).when(CloseCase(outcome=Outcome.OTHER))
    assert filed_there.the(CaseClosed)[0].unfiled_child_ids == Known(())


def test_birth_country_nationality_and_status_are_three_things_and_none_follows_from_another() -> None:
    born = family.given(obtain(PersonOrigin(person_id=MOTHER, nationalities=("ES",), birth_country="HN")))
    told = born.when(status).then(ImmigrationStatusRecorded).scenario()
    origin = told.case.citizenship.of(MOTHER)
    assert origin.birth_country.value == Known("HN") and origin.nationalities.value == Known(("ES",))
    assert told.case.relief.status(MOTHER) == Known("as counsel says it") and born.case.relief.status(MOTHER) is UNKNOWN
    assert family.given(status).case.citizenship.of(MOTHER).birth_country.value is UNKNOWN


def test_who_asked_the_family_for_a_status_cannot_record_it() -> None:
    with pytest.raises(Refused) as refused:
        parse_line({**LINE, "command": "RecordImmigrationStatus", "data": {
            "record_id": str(an_id("status")), "person_id": str(MOTHER), "told_by": "family", "status": "x",
        }})
    assert refused.value.field == "data.told_by"


def test_it_reads_as_sentences() -> None:
    all_of_it = family.given(ask, assign, screened, found, sijs, t_visa, decided, resources)
    name = "Nahomy Zúñiga Ochoa"
    assert [line.text for line in lines(all_of_it.envelopes)][-8:] == [
        f"for {name}, of LAW-RUTGERS", f"to {name}, rutgers", f"of {name}, by attorney: sijs, t",
        f"of {name}, order of the court", f"for {name}", f"for {name}: t", f"of {name}: granted",
        f"legal resources 2026 to {name}",
    ]
    none = family.given(replace(screened, candidates=()))
    assert [line.text for line in lines(none.envelopes)][-1] == f"of {name}, by attorney: nothing"


def test_what_counsel_found_is_no_word_in_clear() -> None:
    [told] = family.when(screened).the(ReliefScreeningCompleted)
    assert told.candidates == Known((ReliefKind.SIJS, ReliefKind.T))
