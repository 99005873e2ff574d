"""Visits: planned in a zone, coordinated at the border, held as they were held, cancelled."""
from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.agency.state import Adoption
from domain.case.checklist import expected_of
from domain.case.court import EnterCourtOrder, OrderKind
from domain.case.state import fold
from domain.case.visits import (
    Attendee,
    BorderVisitCoordinated,
    CancelledBy,
    CancelVisit,
    CoordinateBorderVisit,
    PlanVisit,
    Platform,
    RecordVisitHeld,
    VisitCancelled,
    VisitHeld,
    VisitMode,
    VisitPlanned,
    VisitStage,
    VisitWarning,
)
from domain.events import fields_of
from domain.personal import Known
from tests.specification import NOON, ROOT, Scenario, an_id, new_mexico
from tests.unit.abroad import family, family_in
from tests.unit.people import AUNT, CHILD, FATHER, SIBLING

VISIT = an_id("visit")
ON = (NOON + timedelta(days=2)).astimezone(ZoneInfo("America/Denver"))
THREE = (Attendee.CASEWORKER, Attendee.CONSULATE_REPRESENTATIVE, Attendee.CBP_OFFICERS)
EL_PASO = "cons-mx.el-paso"

virtual = PlanVisit(
    visit_id=VISIT, child_ids=(SIBLING,), party_id=FATHER, mode=VisitMode.VIRTUAL, planned_for=ON, supervised=True,
    platform=Platform.WHATSAPP,
)
border = replace(virtual, mode=VisitMode.BORDER, platform=None, place="immigration office")
coordinate = CoordinateBorderVisit(
    visit_id=VISIT, port="Paso del Norte", attendees=(*THREE, Attendee.CHILD), consulate=EL_PASO, cbp_contact="duty desk"
)
held = RecordVisitHeld(visit_id=VISIT, attendees=(*THREE, Attendee.CHILD, Attendee.PARENT), ended_at=ON + timedelta(hours=1))
cancel = CancelVisit(visit_id=VISIT, by=CancelledBy.CONSULATE, reason="closed that day")
supervised_only = EnterCourtOrder(
    order_id=an_id("order"), child_ids=(SIBLING,), kind=OrderKind.OTHER, supervised_visits_only=True
)
planned, at_border = family.given(virtual), family.given(border)
AFTER = ON + timedelta(hours=3)


def stage(scenario: Scenario) -> VisitStage:
    return scenario.case.visits.visits[VISIT].stage


def test_a_virtual_visit_is_planned_and_held() -> None:
    [told] = family.when(virtual).then(VisitPlanned).the(VisitPlanned)
    assert (told.planned_for, told.planned_zone) == (ON, "America/Denver")
    took_place = planned.when(held, at=AFTER, occurred_at=ON).then(VisitHeld)
    assert took_place.the(VisitHeld)[0].warnings == ()
    assert (stage(planned), stage(took_place.scenario())) == (VisitStage.PLANNED, VisitStage.HELD)


def test_a_virtual_visit_without_a_platform_is_refused() -> None:
    family.when(replace(virtual, platform=None)).then_refused(rule="US-VISIT-VIRTUAL", field="platform")


def test_a_visit_without_a_zone_is_refused() -> None:
    naive = replace(virtual, planned_for=ON.replace(tzinfo=None))
    family.when(naive).then_refused(rule="P09", field="planned_for")


def test_a_border_visit_is_coordinated_with_the_consulate_and_cbp() -> None:
    outcome = at_border.when(coordinate).then(BorderVisitCoordinated)
    assert outcome.the(BorderVisitCoordinated)[0].warnings == ()
    assert stage(outcome.scenario()) is VisitStage.COORDINATED
    [took_place] = outcome.scenario().when(held, at=AFTER, occurred_at=ON).then(VisitHeld).the(VisitHeld)
    assert (took_place.mode, took_place.warnings) == (Known(VisitMode.BORDER), ())


@pytest.mark.parametrize("missing", THREE)
def test_a_border_visit_in_new_mexico_without_one_of_the_three_is_refused(missing: Attendee) -> None:
    two = replace(coordinate, attendees=tuple(who for who in coordinate.attendees if who is not missing))
    at_border.when(two).then_refused(rule="NM-VISIT-BORDER", field="attendees")


def test_elsewhere_the_three_are_not_required() -> None:
    scenario = family_in("LAC").given(border)
    scenario.when(replace(coordinate, attendees=(Attendee.CARER,))).then(BorderVisitCoordinated)


@pytest.mark.parametrize("missing", THREE)
def test_a_border_visit_that_was_held_without_one_of_the_three_is_recorded_with_a_warning(missing: Attendee) -> None:
    two = replace(held, attendees=tuple(who for who in held.attendees if who is not missing))
    [told] = at_border.given(coordinate).when(two, at=AFTER, occurred_at=ON).then(VisitHeld).the(VisitHeld)
    assert told.warnings == (VisitWarning.REQUIRED_ATTENDEE_MISSING,)


def test_a_border_visit_that_nobody_coordinated_is_recorded_with_a_warning() -> None:
    [told] = at_border.when(held, at=AFTER, occurred_at=ON).the(VisitHeld)
    assert told.warnings == (VisitWarning.NOT_COORDINATED,)


def test_a_visit_at_a_port_with_no_consulate_is_refused() -> None:
    at_border.when(replace(coordinate, consulate=None)).then_refused(rule="US-VISIT-BORDER", field="consulate")


def test_a_consulate_that_the_directory_does_not_list_is_recorded_with_a_warning() -> None:
    [told] = at_border.when(replace(coordinate, consulate="San Ysidro")).the(BorderVisitCoordinated)
    assert told.warnings == (VisitWarning.CONSULATE_NOT_LISTED,)


def test_only_a_visit_at_the_border_is_coordinated_so() -> None:
    planned.when(coordinate).then_refused(rule="US-VISIT-BORDER", field="visit_id")


@pytest.mark.parametrize("answer", [None, False])
@pytest.mark.parametrize("mode", [VisitMode.BORDER, VisitMode.ABROAD])
def test_a_carer_without_permission_to_cross_is_refused(mode: VisitMode, answer: bool | None) -> None:
    crossing = replace(
        border, mode=mode, escort_id=AUNT, crosses_border=mode is VisitMode.BORDER, escort_may_cross=answer
    )
    family.when(crossing).then_refused(rule="SDC-VISIT-CROSS", field="escort_may_cross")


def test_a_carer_who_may_cross_takes_the_child_and_the_answer_is_not_stored() -> None:
    crossing = replace(border, escort_id=AUNT, supervisor_id=AUNT, crosses_border=True, escort_may_cross=True)
    family_in("SDC").when(crossing).then(VisitPlanned)
    assert "may_cross" not in " ".join(fields_of(VisitPlanned))


def test_an_escort_who_stays_on_this_side_is_not_asked() -> None:
    family.when(replace(border, escort_id=AUNT)).then(VisitPlanned)


def test_nobody_crosses_for_a_virtual_visit() -> None:
    crossing = replace(virtual, escort_id=AUNT, crosses_border=True, escort_may_cross=True)
    family.when(crossing).then_refused(rule="SDC-VISIT-CROSS", field="crosses_border")


def test_an_unsupervised_visit_against_a_court_order_is_refused() -> None:
    alone = replace(virtual, supervised=False)
    family.when(alone).then(VisitPlanned)
    family.given(supervised_only).when(alone).then_refused(rule="P09", field="supervised")
    family.given(supervised_only).when(virtual).then(VisitPlanned)
    family.given(alone, supervised_only).when(alone).then_nothing()


def test_an_unsupervised_visit_that_was_held_against_a_later_order_is_recorded_with_a_warning() -> None:
    ordered = family.given(replace(virtual, supervised=False), supervised_only)
    [told] = ordered.when(held, at=AFTER, occurred_at=ON).then(VisitHeld).the(VisitHeld)
    assert told.warnings == (VisitWarning.AGAINST_AN_ORDER,)


def test_a_visit_with_a_supervisor_is_supervised() -> None:
    odd = replace(virtual, supervised=False, supervisor_id=AUNT)
    family.when(odd).then_refused(rule="P09", field="supervised")


def test_a_visit_with_a_child_as_the_parent_is_refused() -> None:
    family.when(replace(virtual, party_id=CHILD)).then_refused(rule="P01", field="party_id")


def test_a_visit_does_not_end_before_it_began() -> None:
    early = replace(held, ended_at=ON - timedelta(minutes=1))
    planned.when(early, at=AFTER, occurred_at=ON).then_refused(rule="P09", field="ended_at")
    future = replace(held, ended_at=AFTER + timedelta(days=1))
    planned.when(future, at=AFTER, occurred_at=ON).then_refused(rule="P09", field="ended_at")


def test_a_visit_is_cancelled_or_somebody_does_not_come() -> None:
    assert stage(planned.when(cancel).then(VisitCancelled).scenario()) is VisitStage.CANCELLED
    nobody = replace(cancel, by=CancelledBy.PARENT, is_no_show=True)
    assert stage(planned.when(nobody).then(VisitCancelled).scenario()) is VisitStage.NO_SHOW


def test_a_cancelled_visit_is_neither_coordinated_nor_held_and_a_held_one_not_cancelled() -> None:
    at_border.given(cancel).when(coordinate).then_refused(rule="P09", field="visit_id")
    planned.given(cancel).when(held, at=AFTER, occurred_at=ON).then_refused(rule="P09", field="visit_id")
    took_place = planned.when(held, at=AFTER, occurred_at=ON).scenario()
    took_place.when(cancel).then_refused(rule="P09", field="visit_id")


def test_a_visit_that_nobody_planned_is_refused() -> None:
    family.when(held, at=AFTER, occurred_at=ON).then_refused(rule="P09", field="visit_id")


def test_what_became_of_a_visit_folds_without_its_plan() -> None:
    told = at_border.given(coordinate).when(held, at=AFTER, occurred_at=ON).scenario().envelopes
    assert fold([e for e in told if type(e.event) is not VisitPlanned]).visits.visits == {}


def test_a_visit_of_one_kind_ticks_off_no_visit_of_another() -> None:
    texts = {name: (ROOT / f"domain/packs/{name}.toml").read_text("utf-8") for name in ("US", "NM", "NJ", "NYC", "SDC")}
    packs = tuple(Adoption(id=name, digest=name, text=text, effective_at=NOON) for name, text in texts.items())
    abroad = replace(virtual, mode=VisitMode.ABROAD, platform=None, place="Ciudad Delicias")
    done = {
        visit.mode: {
            item.rule.id for item in expected_of(took_place.case, replace(new_mexico(), packs=packs), AFTER)["P09"].items
            if item.done is not None
        }
        for visit in (virtual, border, abroad)
        for took_place in [family.given(visit).when(held, at=AFTER, occurred_at=ON).scenario()]
    }
    assert done == {
        VisitMode.VIRTUAL: {"US-VISIT-VIRTUAL", "NM-VISIT-VIRTUAL"}, VisitMode.BORDER: set(),
        VisitMode.ABROAD: {"US-VISIT-ABROAD", "NJ-VISIT-ABROAD", "NYC-VISIT-ABROAD", "SDC-VISIT-CROSS"},
    }
