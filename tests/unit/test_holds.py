"""Nothing that a hold covers is released or handed over, its clock runs on, and lifting it lets it leave."""
from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from adapters.reading.acts import explain_acts
from adapters.reading.holds import explain_holds
from domain.agency.events import OfficeStage
from domain.agency.state import Office
from domain.case.consular import (
    DisclosureReleased,
    NoticeForm,
    PrepareConsularNotification,
    ReleaseDisclosure,
    Way,
)
from domain.case.disclosures import DisclosurePrepared, RecordDisclosureReceived
from domain.case.holds import DisclosureHeld, DisclosureHoldLifted, HoldDisclosure, LiftDisclosureHold, holds_on
from domain.case.kin import IssHomeStudyRequested
from domain.case.reunification import ReunificationPlanAbroadApproved
from domain.case.service import ServiceOfProcessRequested
from domain.disclosure.events import FieldSource
from domain.events import Event
from domain.personal import WITHHELD, Known
from domain.refusals import Refused
from tests.specification import Scenario, an_id
from tests.unit.partners import office_of
from tests.unit.people import FAMILY, h1_information, take_child
from tests.unit.test_permission import opening, release, study
from tests.unit.whole_case import AUNT, CARER, CHILD, MOTHER, whole_case

GUATEMALA = "cons-gt.denver"
REVIEW = date(2026, 12, 1)
prepare = PrepareConsularNotification(notice_id=an_id("notice"), office=GUATEMALA, form=NoticeForm.NM_PLAIN)
let_go = ReleaseDisclosure(notice_id=an_id("notice"))
prepared = Scenario().given(*FAMILY, take_child, h1_information, prepare)


def holding(**changes: Any) -> HoldDisclosure:
    return HoldDisclosure(**{"hold_id": an_id("hold"), "review_on": REVIEW, "reason": "asylum claim", **changes})


def an_office(office: str, kind: str, country: str | None) -> Office:
    return Office(
        office=office, recipient_kind=kind, name=office, country=country, zone="America/Denver", serves=(),
        channel="pull", address="", stage=OfficeStage.LIVE,
    )


lift = LiftDisclosureHold(hold_id=an_id("hold"), reason="counsel agrees")


@pytest.mark.parametrize("scope", [{"office": GUATEMALA}, {"recipient_kind": "CONS-GT"}])
def test_a_notice_is_not_released_while_a_hold_stands_toward_its_consulate(scope: dict[str, str]) -> None:
    held = prepared.when(holding(**scope)).then(DisclosureHeld).scenario()
    held.when(let_go).then_refused(rule="DECISION-14", field="notice_id")
    held.when(lift).then(DisclosureHoldLifted).scenario().when(let_go).then(DisclosureReleased)


def test_a_hold_toward_another_countrys_consulates_holds_nothing_here() -> None:
    prepared.given(holding(recipient_kind="CONS-HN")).when(let_go).then(DisclosureReleased)


def test_a_hold_whose_country_this_reader_cannot_see_holds_every_consulate() -> None:
    held = prepared.given(holding(recipient_kind="CONS-HN"))
    [(hold_id, hold)] = held.case.holds.standing.items()
    blind = replace(hold, placed=replace(hold.placed, recipient_kind=WITHHELD, country=WITHHELD))
    scenario = replace(held, case=held.case._replace(holds=replace(held.case.holds, standing={hold_id: blind})))
    scenario.when(let_go).then_refused(rule="DECISION-14", field="notice_id")


def test_a_hold_on_a_persons_field_stops_what_would_tell_it_and_nothing_else() -> None:
    asked = whole_case().given(opening(person_ids=(CHILD, MOTHER, AUNT)), study)
    on_name = holding(person_id=AUNT, path="relative.name")
    asked.given(on_name).when(release).then_refused(rule="DECISION-14", field="notice_id")
    asked.given(holding(person_id=CHILD, path="child.placement_address")).when(release).then(DisclosureReleased)
    asked.given(holding(person_id=MOTHER, path="parent.a_number")).when(release).then(DisclosureReleased)


@pytest.mark.parametrize("path", ["address", "relative.address"])
def test_an_address_on_hold_does_not_leave_as_the_home_to_be_studied(path: str) -> None:
    asked = whole_case().given(opening(person_ids=(CHILD, MOTHER, AUNT)), study)
    asked.given(holding(person_id=AUNT, path=path)).when(release).then_refused(rule="DECISION-14", field="notice_id")
    asked.given(holding(person_id=MOTHER, path="address")).when(release).then(DisclosureReleased)


def test_a_carers_address_on_hold_does_not_leave_as_where_the_child_is_placed() -> None:
    case = whole_case().given(holding(person_id=CARER, path="address")).case
    assert case.placement.carer_of(CHILD) == CARER
    home = case.intake.people[CARER].address.current
    assert home is not None
    told = FieldSource(path="child.placement_address", reference="C", event_id=home.event_id, field=home.field)
    assert holds_on(case, {}, "court.district", [told], {CHILD: "C"})
    assert not holds_on(case, {}, "court.district", [replace(told, path="child.name")], {CHILD: "C"})


@pytest.mark.parametrize(("person_id", "path", "instead"), [
    (MOTHER, "home_study.address", "hold `address`"),
    (MOTHER, "relative.address", "hold `address`"),
    (MOTHER, "hearing.time", "hold one of a_number, address"),
    (CHILD, "a_number", "hold one of address, allegation"),
    (MOTHER, "parent.immigration_status", "hold one of a_number, address"),
])
def test_a_field_that_is_not_told_of_the_person_is_refused_with_what_would_do(
    person_id: UUID, path: str, instead: str
) -> None:
    outcome = whole_case().when(holding(person_id=person_id, path=path))
    outcome.then_refused(rule="DECISION-13", field="path")
    with pytest.raises(Refused, match=re.escape(instead)):
        outcome.envelopes()


def test_a_countrys_hold_covers_every_office_of_it_and_who_tells_them_onward() -> None:
    [hold] = whole_case().given(holding(country="MX")).case.holds.standing.values()
    of = {name: an_office(name, kind, country) for name, kind, country in (
        ("dif", "DIF", "MX"), ("consulate", "CONS-MX", None), ("other", "CONS-GT", "GT"), ("iss", "ISS", "US"),
    )}
    assert {name for name, one in of.items() if hold.covers_office(name, one.recipient_kind, of)} == {"dif", "consulate"}
    [hold] = whole_case().given(holding(country="CA")).case.holds.standing.values()
    onward = {"hotline": an_office("hotline", "POLARIS", "US"), "police": an_office("police", "FBI", "CA")}
    assert hold.covers_office("hotline", "POLARIS", onward)
    [hold] = whole_case().given(holding(recipient_kind="FBI")).case.holds.standing.values()
    assert hold.covers_office("hotline", "POLARIS", onward) and not hold.covers_office("iss", "ISS", onward)


@pytest.mark.parametrize(("path", "event", "field"), [
    ("home_study.country", IssHomeStudyRequested, "country"), ("home_study.address", IssHomeStudyRequested, "address"),
    ("papers.country", ServiceOfProcessRequested, "country"), ("plan.country", ReunificationPlanAbroadApproved, "country"),
])
def test_a_countrys_hold_covers_what_anybody_is_asked_to_do_there(path: str, event: type[Event], field: str) -> None:
    """ISS, a process server: whoever does it there learns of the family, wherever the office is that is asked."""
    [event_id] = [e.circumstances.event_id for e in whole_case().envelopes if type(e.event) is event]
    told = FieldSource(path=path, reference="", event_id=event_id, field=field)
    offices = {"iss": an_office("iss", "ISS", "US")}

    def is_held(**changes: Any) -> bool:
        return bool(holds_on(whole_case().given(holding(**changes)).case, offices, "iss", [told], {}))

    assert is_held(country="MX") and not is_held(country="GT")
    assert not is_held(recipient_kind="CONS-MX") and not is_held(person_id=MOTHER, path="name")
    [hold] = whole_case().given(holding(country="GT")).case.holds.standing.values()
    blind = replace(hold, placed=replace(hold.placed, country=WITHHELD))
    assert blind.covers_place(Known("MX")) and not blind.covers_place(Known("US")) and hold.covers_place(WITHHELD)


def test_a_home_study_through_an_office_at_home_is_not_released_while_its_country_is_on_hold() -> None:
    asked = whole_case().given(opening(person_ids=(CHILD, MOTHER, AUNT)), study)
    asked.given(holding(country="MX")).when(release).then_refused(rule="DECISION-14", field="notice_id")
    asked.given(holding(country="GT")).when(release).then(DisclosureReleased)


def test_a_notice_is_not_released_while_its_country_is_on_hold() -> None:
    held = prepared.given(holding(country="GT"))
    held.when(let_go).then_refused(rule="DECISION-14", field="notice_id")
    [standing] = explain_holds(held.case, held.standing, held.at)
    assert standing.covers == "everything to offices of GT, and what is to be done there"
    prepared.given(holding(country="MX")).when(let_go).then(DisclosureReleased)


def test_a_field_on_hold_shows_on_the_act_that_would_tell_it_and_on_no_other() -> None:
    now = prepared.at + timedelta(days=1)

    def states(path: str) -> list[str]:
        held = prepared.given(holding(person_id=an_id("mother"), path=path))
        return [a.state for a in explain_acts(held.case, held.standing, now) if a.act.office == GUATEMALA]

    assert all("ON HOLD" in state for state in states("name"))
    assert not any("ON HOLD" in state for state in states("a_number"))


def test_what_would_go_by_itself_waits_for_a_person_while_a_hold_stands() -> None:
    received = RecordDisclosureReceived(disclosure_id=an_id("disclosure"), channel=Way.WEBHOOK, entry=1, receipt="r-1")
    first = whole_case().given(opening(person_ids=(CHILD, MOTHER, AUNT)), study, release, received)
    again = replace(study, disclosure_id=an_id("second"))
    first.when(again).then(DisclosurePrepared, DisclosureReleased)
    first.given(holding(office=office_of("ISS"))).when(again).then(DisclosurePrepared)


@pytest.mark.parametrize(("changes", "rule", "field"), [
    ({}, "DECISION-14", "office"),
    ({"office": GUATEMALA, "recipient_kind": "CONS-GT"}, "DECISION-14", "office"),
    ({"office": "cons-gt.nowhere"}, "DECISION-11", "office"),
    ({"recipient_kind": "all of them"}, "P17", "recipient_kind"),
    ({"country": "Mexico"}, "COUNTRY-CODE", "country"),
    ({"country": "MX", "recipient_kind": "CONS-MX"}, "DECISION-14", "office"),
    ({"path": "parent.address"}, "DECISION-14", "office"),
    ({"person_id": an_id("mother"), "path": "parent.shoe_size"}, "DECISION-13", "path"),
    ({"person_id": an_id("nobody"), "path": "parent.address"}, "P01", "person_id"),
    ({"office": GUATEMALA, "review_on": date(2026, 1, 1)}, "DECISION-14", "review_on"),
])
def test_a_hold_that_says_not_what_it_covers_is_refused(changes: dict[str, Any], rule: str, field: str) -> None:
    prepared.when(holding(**changes)).then_refused(rule=rule, field=field)


def test_only_a_hold_that_stands_is_lifted() -> None:
    prepared.when(lift).then_refused(rule="DECISION-14", field="hold_id")


def test_what_is_owed_stays_owed_and_is_shown_as_on_hold_with_its_clock() -> None:
    held = prepared.given(holding(recipient_kind="CONS-GT"))
    now = held.at + timedelta(days=200)
    [act] = [a for a in explain_acts(held.case, held.standing, now) if a.act.office == GUATEMALA]
    assert "ON HOLD" in act.state and "due end of" in act.state
    [standing] = explain_holds(held.case, held.standing, now)
    assert standing.is_overdue and "which has passed" in standing.text
    free = held.given(lift)
    assert not any("ON HOLD" in a.state for a in explain_acts(free.case, free.standing, now))
