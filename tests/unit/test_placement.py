"""A child is placed, goes to family abroad with study, papers, travel and escort, or is adopted there."""
from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from domain.agency.events import Treaty
from domain.agency.state import PartyList
from domain.case.adoption import (
    AdoptionStage,
    AdoptionWarning,
    FinalizeInternationalAdoption,
    InitiateInternationalAdoption,
    InternationalAdoptionFinalized,
    InternationalAdoptionInitiated,
)
from domain.case.custody import CustodyEnded, CustodyStage, EndCustody
from domain.case.documents import DocumentKind, ReceiveDocument
from domain.case.kin import RecordHomeStudy, StudyMode, StudyOutcome, StudyProvider
from domain.case.placement import ArrangeTravel, PlaceChild, PlacementMade, TravelArranged, TravelPurpose
from domain.case.repatriation import Initiator as ReturnInitiator
from domain.case.repatriation import RequestRepatriation
from domain.case.reunification import (
    ApproveReunificationAbroad,
    ArrivalWarning,
    ChildReunifiedAbroad,
    PlanWarning,
    RecordReunificationAbroad,
    ReunificationPlanAbroadApproved,
    ReunificationStage,
    stage_of,
)
from tests.specification import NOON, Scenario, an_id
from tests.unit.abroad import family as with_aunt
from tests.unit.people import AUNT, CHILD, FATHER, MOTHER, SIBLING, take_sibling

family = with_aunt
in_custody = family.given(take_sibling)
PLAN = an_id("plan abroad")


def study(subject: UUID, outcome: StudyOutcome = StudyOutcome.FAVOURABLE) -> RecordHomeStudy:
    return RecordHomeStudy(
        request_id=an_id(f"study {subject} {outcome}"), subject_id=subject, provider=StudyProvider.CONSULATE,
        mode=StudyMode.IN_PERSON, outcome=outcome,
    )


def paper(kind: DocumentKind, issuer: str, person: UUID = SIBLING) -> ReceiveDocument:
    return ReceiveDocument(
        document_id=an_id(f"{kind} {issuer} {person}"), person_id=person, doc_type=kind, issuer_country=issuer
    )


papers = (
    paper(DocumentKind.PASSPORT, "MX"), paper(DocumentKind.BIRTH_CERTIFICATE, "US"), paper(DocumentKind.CASE_FILE, "US"),
)
approve = ApproveReunificationAbroad(
    plan_id=PLAN, child_id=SIBLING, carer_id=FATHER, country="MX", paper_ids=tuple(p.document_id for p in papers)
)
travel = ArrangeTravel(
    travel_id=an_id("travel"), child_id=SIBLING, purpose=TravelPurpose.REUNIFY, serves_id=PLAN,
    travels_on=date(2026, 9, 1), escort_id=an_id("a worker"),
)
arrive = RecordReunificationAbroad(plan_id=PLAN, carer_id=FATHER, country="MX")
studied = in_custody.given(study(FATHER))
ready = studied.given(*papers)
approved = ready.given(approve)


def stage(scenario: Scenario) -> ReunificationStage:
    return stage_of(scenario.case, SIBLING, FATHER)


def test_a_child_is_placed_with_a_carer_of_the_case() -> None:
    placed = family.when(PlaceChild(placement_id=an_id("p"), child_id=CHILD, carer_id=AUNT)).then(PlacementMade)
    assert placed.scenario().case.placement.carer_of(CHILD) == AUNT


def test_a_child_is_no_carer() -> None:
    wish = PlaceChild(placement_id=an_id("p"), child_id=CHILD, carer_id=SIBLING)
    family.when(wish).then_refused(rule="P01", field="carer_id")


def test_a_placement_that_arrives_late_does_not_move_the_child_back() -> None:
    placed = family.given((PlaceChild(placement_id=an_id("p"), child_id=CHILD, carer_id=AUNT), NOON + timedelta(days=9)))
    late = PlaceChild(placement_id=an_id("q"), child_id=CHILD, carer_id=MOTHER)
    outcome = placed.when(late, at=NOON + timedelta(days=10), occurred_at=NOON + timedelta(days=5))
    assert outcome.scenario().case.placement.carer_of(CHILD) == AUNT


def test_the_way_abroad_goes_through_its_stages() -> None:
    assert [stage(s) for s in (in_custody, studied, ready, approved, approved.given(travel))] == [
        ReunificationStage.PROPOSED, ReunificationStage.STUDIED, ReunificationStage.PAPERS_READY,
        ReunificationStage.APPROVED, ReunificationStage.TRAVEL_ARRANGED,
    ]
    assert stage(approved.given(travel, arrive)) is ReunificationStage.REUNIFIED


def test_a_plan_with_its_parts_is_approved_without_a_warning() -> None:
    assert ready.when(approve).then(ReunificationPlanAbroadApproved).the(ReunificationPlanAbroadApproved)[0].warnings == ()


def test_what_the_record_lacks_is_warned_of_and_does_not_refuse_the_plan() -> None:
    [event] = in_custody.when(replace(approve, paper_ids=())).the(ReunificationPlanAbroadApproved)
    assert set(event.warnings) == set(PlanWarning)


def test_travel_waits_for_a_favourable_study_of_the_carers_home() -> None:
    plan = replace(approve, paper_ids=())
    in_custody.given(plan).when(travel).then_refused(rule="P12", field="serves_id")
    unfavourable = in_custody.given(study(FATHER, StudyOutcome.UNFAVOURABLE), study(AUNT), plan)
    unfavourable.when(travel).then_refused(rule="P12", field="serves_id")
    studied.given(plan).when(travel).then(TravelArranged)


def test_a_child_does_not_travel_abroad_alone() -> None:
    approved.when(replace(travel, escort_id=None)).then_refused(rule="P12", field="escort_id")


def test_a_journey_needs_the_approved_plan_of_that_child() -> None:
    ready.when(travel).then_refused(rule="P12", field="serves_id")
    approved.when(replace(travel, child_id=CHILD)).then_refused(rule="P12", field="serves_id")


def test_the_outward_and_the_inward_way_are_never_one() -> None:
    request = RequestRepatriation(request_id=an_id("return"), child_id=CHILD, initiator=ReturnInitiator.ISS)
    both = approved.given(request)
    inward = replace(travel, purpose=TravelPurpose.RETURN)
    both.when(inward).then_refused(rule="P13", field="serves_id")
    both.when(replace(travel, child_id=CHILD, serves_id=an_id("return"))).then_refused(rule="P12", field="serves_id")


def test_a_travel_paper_for_another_country_is_refused() -> None:
    wrong = paper(DocumentKind.PASSPORT, "GT")
    plan = replace(approve, paper_ids=(wrong.document_id,))
    studied.given(wrong).when(plan).then_refused(rule="P12", field="paper_ids")


def test_a_paper_of_another_child_is_refused() -> None:
    other = paper(DocumentKind.PASSPORT, "MX", CHILD)
    studied.given(other).when(replace(approve, paper_ids=(other.document_id,))).then_refused(rule="P12", field="paper_ids")


def test_a_plan_abroad_does_not_lead_to_the_us() -> None:
    ready.when(replace(approve, country="US")).then_refused(rule="P12", field="country")


def test_arriving_abroad_ends_the_custody_that_stands() -> None:
    outcome = approved.given(travel).when(arrive).then(ChildReunifiedAbroad, CustodyEnded)
    case = outcome.scenario().case
    assert case.custody.stage(SIBLING) is CustodyStage.ENDED
    assert case.custody.episodes_of(SIBLING)[-1].ended_to == FATHER


def test_arriving_after_custody_ended_ends_nothing_twice() -> None:
    ended = approved.given(travel, EndCustody(child_id=SIBLING, episode_id=take_sibling.episode_id))
    ended.when(arrive).then(ChildReunifiedAbroad)


def test_an_arrival_without_an_arranged_journey_is_warned_of() -> None:
    [event] = approved.when(arrive).the(ChildReunifiedAbroad)
    assert event.warnings == (ArrivalWarning.NO_TRAVEL_ARRANGED,)


def test_an_arrival_elsewhere_than_the_plan_leads_is_refused() -> None:
    approved.when(replace(arrive, country="GT")).then_refused(rule="P12", field="country")
    approved.when(replace(arrive, carer_id=AUNT)).then_refused(rule="P12", field="carer_id")
    ready.when(arrive).then_refused(rule="P12", field="plan_id")


def test_nobody_arrives_before_the_plan_is_approved() -> None:
    approved.when(arrive, at=NOON + timedelta(days=3), occurred_at=NOON).then_refused(rule="P12", field="occurred_at")


adopt = InitiateInternationalAdoption(adoption_id=an_id("adoption"), child_id=CHILD, adopter_id=AUNT, country="MX")
final = FinalizeInternationalAdoption(adoption_id=adopt.adoption_id)


def listing(scenario: Scenario, treaty: Treaty, *countries: str) -> Scenario:
    parties = PartyList(treaty=treaty, countries=frozenset(countries), digest="0", effective_at=NOON)
    return replace(scenario, standing=replace(scenario.standing, treaties=(parties,)))


def test_an_aunt_in_a_country_of_the_convention_adopts() -> None:
    listed = listing(family.given(study(AUNT)), Treaty.HAGUE_ADOPTION, "MX")
    outcome = listed.when(adopt).then(InternationalAdoptionInitiated)
    [event] = outcome.the(InternationalAdoptionInitiated)
    assert event.hague_party is True and event.warnings == ()
    done = outcome.scenario().when(final).then(InternationalAdoptionFinalized).scenario()
    assert done.case.adoptions.adoptions[adopt.adoption_id].stage is AdoptionStage.FINALIZED


def test_a_country_outside_the_convention_is_refused_whatever_it_joined_on_service() -> None:
    listed = listing(family, Treaty.HAGUE_ADOPTION, "ES")
    listed.when(adopt).then_refused(rule="US-ADOPT-HAGUE", field="country")


def test_the_list_on_service_tells_nothing_of_adoption() -> None:
    [event] = listing(family, Treaty.HAGUE_SERVICE, "ES").when(adopt).the(InternationalAdoptionInitiated)
    assert event.hague_party is None and AdoptionWarning.PARTIES_NOT_LISTED in event.warnings


@pytest.mark.parametrize("parent", [MOTHER, FATHER])
def test_a_parent_does_not_adopt(parent: UUID) -> None:
    family.when(replace(adopt, adopter_id=parent)).then_refused(rule="US-ADOPT-HAGUE", field="adopter_id")


def test_an_adoption_begins_before_its_study_and_is_not_final_without_it() -> None:
    outcome = family.when(adopt).then(InternationalAdoptionInitiated)
    assert AdoptionWarning.NO_FAVOURABLE_STUDY in outcome.the(InternationalAdoptionInitiated)[0].warnings
    outcome.scenario().when(final).then_refused(rule="P16", field="adoption_id")


def test_only_what_was_initiated_becomes_final_and_not_before() -> None:
    family.when(final).then_refused(rule="P16", field="adoption_id")
    begun = family.given(study(AUNT), adopt)
    begun.when(final, at=NOON + timedelta(days=2), occurred_at=NOON).then_refused(rule="P16", field="occurred_at")


def test_an_adoption_once_accepted_is_not_judged_by_a_later_list() -> None:
    begun = family.given(adopt)
    assert listing(begun, Treaty.HAGUE_ADOPTION, "ES").when(adopt).events() == []
