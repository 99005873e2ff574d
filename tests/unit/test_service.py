"""Papers served abroad: by a route that the jurisdiction uses, to the person whom they name."""
from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.case.service import (
    AttemptResult,
    ProveService,
    RecordServiceAttempt,
    RequestServiceOfProcess,
    Route,
    ServiceAttempted,
    ServiceCompleted,
    ServiceOfProcessRequested,
    ServiceStage,
    ServiceWarning,
)
from domain.case.state import fold
from domain.refusals import Refused
from tests.specification import NOON, Scenario, an_id
from tests.unit.abroad import family, family_in
from tests.unit.people import CHILD, FATHER, MOTHER

REQUEST = an_id("service")
EVERY_ROUTE = frozenset(Route)
EVERYWHERE = {Route.CONSULATE, Route.HAGUE}
ROUTES = {
    "NM": {*EVERYWHERE, Route.NM_UNIT},
    "SDC": {*EVERYWHERE, Route.SDC_ILO, Route.INTER_AMERICAN, Route.DIF},
    "NJ": {*EVERYWHERE, Route.ISS},
    "OR": {*EVERYWHERE, Route.DOJ_OR_AAG},
    "NYC": {*EVERYWHERE, Route.PROCESS_SERVER, Route.ELECTRONIC},
    "LAC": set(EVERY_ROUTE - {Route.NM_UNIT, Route.SDC_ILO}),
    "SCC": set(EVERY_ROUTE - {Route.NM_UNIT, Route.SDC_ILO}),
}


def ask(route: Route = Route.NM_UNIT, country: str = "MX") -> RequestServiceOfProcess:
    return RequestServiceOfProcess(
        request_id=REQUEST, party_id=FATHER, document="summons and petition", document_dated=NOON.date(), country=country,
        route=route, translation_ref=an_id("translation"),
    )


def attempt(name: str, route: Route, *, result: AttemptResult = AttemptResult.FAILED, then: Route | None = None) -> (
    RecordServiceAttempt
):
    return RecordServiceAttempt(
        attempt_id=an_id(name), request_id=REQUEST, route=route, result=result, reason="nobody there", next_route=then
    )


prove = ProveService(request_id=REQUEST, served_party_id=FATHER, proof_ref="P-3")
asked = family.given(ask())


def stage(scenario: Scenario) -> ServiceStage:
    return scenario.case.service.stage(REQUEST)


def test_papers_are_sent_on_their_way() -> None:
    family.when(ask()).then(ServiceOfProcessRequested)
    assert (stage(family), stage(asked)) == (ServiceStage.NEEDED, ServiceStage.SENT)


@pytest.mark.parametrize("place", ROUTES)
def test_a_route_that_is_not_offered_in_the_jurisdiction_is_refused(place: str) -> None:
    scenario, offered = family_in(place), set[Route]()
    for route in Route:
        try:
            scenario.when(ask(route)).envelopes()
        except Refused as refused:
            assert (refused.rule, refused.field) == ("P08", "route")
        else:
            offered.add(route)
    assert offered == ROUTES[place]


@pytest.mark.parametrize("place", ["LAC", "SCC", "SOME-COUNTY"])
def test_where_no_route_is_described_the_request_is_recorded_with_a_warning(place: str) -> None:
    [told] = family_in(place).when(ask(Route.CONSULATE)).then(ServiceOfProcessRequested).the(ServiceOfProcessRequested)
    assert told.warnings == (ServiceWarning.ROUTES_NOT_DESCRIBED,)


def test_a_described_route_is_recorded_without_a_warning() -> None:
    assert family.when(ask()).the(ServiceOfProcessRequested)[0].warnings == ()


def test_the_inter_american_route_is_refused_for_a_country_of_the_hague_convention_on_service() -> None:
    scenario = family_in("SDC", hague=frozenset({"MX"}))
    scenario.when(ask(Route.INTER_AMERICAN)).then_refused(rule="SDC-SERVE-IASC", field="route")
    scenario.when(ask(Route.INTER_AMERICAN, "GT")).then(ServiceOfProcessRequested)


def test_the_hague_route_needs_a_party_to_the_convention_on_service_whoever_is_party_to_that_on_adoption() -> None:
    scenario = family_in("SDC", hague=frozenset({"MX"}))
    scenario.when(ask(Route.HAGUE)).then(ServiceOfProcessRequested)
    scenario.when(ask(Route.HAGUE, "GT")).then_refused(rule="US-SERVE-ABROAD", field="route")


@pytest.mark.parametrize("route", [Route.HAGUE, Route.INTER_AMERICAN])
def test_without_a_list_of_parties_nobody_can_tell_and_the_request_says_so(route: Route) -> None:
    [told] = family_in("SDC").when(ask(route)).the(ServiceOfProcessRequested)
    assert told.warnings == (ServiceWarning.TREATY_PARTIES_NOT_LISTED,)


def test_dif_serves_in_mexico_alone() -> None:
    family_in("SDC").when(ask(Route.DIF, "GT")).then_refused(rule="SDC-SERVE-DIF", field="route")


def test_papers_without_their_translation_are_refused() -> None:
    family.when(replace(ask(), translation_ref=None)).then_refused(rule="P08", field="translation_ref")


def test_papers_that_need_no_translation_go_without() -> None:
    family.when(replace(ask(), translation_ref=None, needs_translation=False)).then(ServiceOfProcessRequested)


def test_papers_are_not_sent_before_the_date_that_they_bear() -> None:
    early = replace(ask(), document_dated=NOON.date() + timedelta(days=9))
    family.when(early).then_refused(rule="P08", field="document_dated")


def test_papers_are_not_served_on_a_child() -> None:
    family.when(replace(ask(), party_id=CHILD)).then_refused(rule="P01", field="party_id")


def test_an_attempt_that_fails_may_go_another_way() -> None:
    scenario = family_in("NYC").given(ask(Route.PROCESS_SERVER))
    fails = attempt("1", Route.PROCESS_SERVER, then=Route.ELECTRONIC)
    failed = scenario.when(fails).then(ServiceAttempted).scenario()
    assert stage(failed) is ServiceStage.REROUTED
    pending = failed.when(attempt("2", Route.ELECTRONIC, result=AttemptResult.PENDING)).then(ServiceAttempted).scenario()
    assert stage(pending) is ServiceStage.ATTEMPTED
    assert stage(pending.when(prove).then(ServiceCompleted).scenario()) is ServiceStage.SERVED


def test_an_attempt_that_arrives_late_does_not_move_the_world_back() -> None:
    failed = asked.given(attempt("1", Route.NM_UNIT))
    early = attempt("0", Route.NM_UNIT, result=AttemptResult.PENDING)
    assert stage(failed.when(early, occurred_at=asked.at).scenario()) is ServiceStage.FAILED


def test_another_attempt_by_a_route_that_is_not_offered_is_refused() -> None:
    asked.when(attempt("1", Route.ELECTRONIC)).then_refused(rule="P08", field="route")
    asked.when(attempt("1", Route.NM_UNIT, then=Route.ISS)).then_refused(rule="P08", field="next_route")


def test_only_after_a_failure_another_route_is_taken() -> None:
    wrong = attempt("1", Route.NM_UNIT, result=AttemptResult.PENDING, then=Route.CONSULATE)
    asked.when(wrong).then_refused(rule="P08", field="next_route")


def test_nobody_attempts_what_nobody_asked_for() -> None:
    family.when(attempt("1", Route.NM_UNIT)).then_refused(rule="P08", field="request_id")
    family.when(prove).then_refused(rule="P08", field="request_id")


def test_an_attempt_after_the_papers_were_served_is_refused_and_an_earlier_one_is_not() -> None:
    served = asked.given(prove)
    served.when(attempt("1", Route.NM_UNIT)).then_refused(rule="P08", field="occurred_at")
    served.when(attempt("1", Route.NM_UNIT), occurred_at=asked.at).then(ServiceAttempted)


def test_a_proof_that_names_another_person_is_refused() -> None:
    asked.when(replace(prove, served_party_id=MOTHER)).then_refused(rule="P08", field="served_party_id")


def test_papers_are_not_served_before_the_date_that_they_bear() -> None:
    asked.when(prove, occurred_at=NOON - timedelta(days=2)).then_refused(rule="P08", field="occurred_at")


def test_a_second_proof_with_another_reference_is_a_contradiction() -> None:
    asked.given(prove).when(replace(prove, proof_ref="P-4")).then_refused(rule="IDEMPOTENCE", field="proof_ref")


def test_a_request_that_comes_again_is_nothing_even_where_a_treaty_was_listed_since() -> None:
    scenario = family_in("SDC").given(ask(Route.INTER_AMERICAN))
    listed = replace(scenario, standing=family_in("SDC", hague=frozenset({"MX"})).standing)
    listed.when(ask(Route.INTER_AMERICAN)).then_nothing()


def test_attempts_and_proofs_without_their_request_fold_without_raising() -> None:
    told = asked.given(attempt("1", Route.NM_UNIT), prove).envelopes
    case = fold([e for e in told if type(e.event) is not ServiceOfProcessRequested])
    assert case.service.stage(REQUEST) is ServiceStage.NEEDED
