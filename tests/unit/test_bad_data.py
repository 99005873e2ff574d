"""Bad data of the processes' list: each item has a test of its own, here or where its area is tested."""
from __future__ import annotations

import csv
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from adapters.commands import parse_line
from domain.agency.agreements import (
    Agreements,
    Change,
    ConsularService,
    Jurisdiction,
    MouStatus,
    MouStatusChanged,
)
from domain.agency.state import Agency
from domain.case.consular import (
    ConsularNotificationPrepared,
    NoticeForm,
    PrepareConsularNotification,
    RecordConsulateNotified,
    ReleaseDisclosure,
    Way,
)
from domain.case.consular_service import RequestConsularService
from domain.case.documents import DocumentKind, DocumentReceived, DocumentWarning, ReceiveDocument
from domain.case.intake import AddParty
from domain.people import PersonName, Role
from domain.refusals import Refused
from tests.specification import NOON, Scenario, an_id
from tests.unit.people import (
    AUNT,
    CHILD,
    FAMILY,
    add_child,
    add_father,
    add_mother,
    add_sibling,
    from_country,
    h1_information,
    obtain,
    open_case,
    take_child,
    take_sibling,
)

ROOT = Path(__file__).resolve().parents[2]
ITEMS = {
    "P01": 12, "P02": 9, "P03": 7, "P04": 8, "P05": 10, "P06": 6, "P07": 6, "P08": 6, "P09": 6, "P10": 4, "P11": 5,
    "P12": 4, "P13": 4, "P14": 5, "P15": 5, "P16": 3, "P17": 4, "P18": 2, "P19": 3,
}  # how many the list has of each process

in_custody = Scenario().given(*FAMILY, take_child, take_sibling)
known = in_custody.given(h1_information)
prepare = PrepareConsularNotification(notice_id=an_id("notice"), office="cons-mx.el-paso", form=NoticeForm.NM_MEXICO)


def rows() -> list[dict[str, str]]:
    with (ROOT / "tests/reference/bad_data.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_table_has_every_item_of_the_list_once() -> None:
    table = rows()
    assert {process: sum(row["process"] == process for row in table) for process in ITEMS} == ITEMS
    assert len({(row["process"], row["item"]) for row in table}) == len(table) == sum(ITEMS.values())
    assert {row["outcome"] for row in table} == {"refuse", "warn", "state"}


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["item"])
def test_each_item_has_a_test(row: dict[str, str]) -> None:
    path, _, name = row["test"].partition("::")
    assert re.search(rf"^def {name}\(", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)


# ------------------------------------------------------------------ items that have no other test
def test_a_paper_with_two_surnames_says_that_one_was_recorded() -> None:
    recorded = PersonName(given_names="Ana", surnames="Ochoa")
    one = AddParty(party_id=AUNT, role=Role.RELATIVE, child_ids=(CHILD,), name=recorded)
    paper = ReceiveDocument(
        document_id=an_id("paper"), person_id=AUNT, doc_type=DocumentKind.IDENTITY_DOCUMENT,
        name=PersonName(given_names="Ana", surnames="Ochoa Paz"),
    )
    [received] = Scenario().given(*FAMILY, one).when(paper).then(DocumentReceived).the(DocumentReceived)
    assert received.warnings == (DocumentWarning.NAME_DIFFERS,)


def test_day_and_month_are_told_apart_by_their_form_and_seen_when_swapped() -> None:
    line = {
        "command": "AddChild", "command_id": str(an_id("line")), "agency": "NM-CYFD", "case": str(an_id("case")),
        "actor": {"agency": "NM-CYFD", "role": "caseworker", "user": "caseworker-1"}, "occurred_at": NOON.isoformat(),
        "data": {"child_id": str(CHILD), "birth_date": "09/03/2017"},
    }
    with pytest.raises(Refused) as refused:
        parse_line(line)
    assert (refused.value.rule, refused.value.field) == ("COMMAND-FORM", "data.birth_date")
    paper = ReceiveDocument(
        document_id=an_id("paper"), person_id=CHILD, doc_type=DocumentKind.BIRTH_CERTIFICATE, birth_date=date(2017, 9, 3)
    )
    [received] = Scenario().given(*FAMILY).when(paper).then(DocumentReceived).the(DocumentReceived)
    assert received.warnings == (DocumentWarning.BIRTH_DATE_DIFFERS,)


def test_nothing_is_prepared_before_a_nationality_is_known() -> None:
    in_custody.when(prepare).then_refused(rule="DECISION-12", field="office")


def test_a_country_that_is_recorded_of_nobody_is_not_notified() -> None:
    known.when(replace(prepare, office="cons-hn.houston")).then_refused(rule="DECISION-12", field="office")


def elsewhere(agency: Agency) -> Agency:
    """The agency, with a second Mexican consulate that serves another place."""
    office = agency.offices["cons-mx.el-paso"]
    return replace(agency, offices={
        **agency.offices, "cons-mx.portland": replace(office, office="cons-mx.portland", serves=("OR",))
    })


def test_a_consulate_of_another_district_is_not_notified() -> None:
    here = replace(in_custody, standing=elsewhere(in_custody.standing)).given(h1_information)
    assert here.case.engagements.routes["CONS-MX"] == "cons-mx.el-paso"
    here.when(replace(prepare, office="cons-mx.portland")).then_refused(rule="DECISION-12", field="office")


def test_a_notice_names_the_birth_date_that_it_lacks() -> None:
    nameless = replace(add_sibling, birth_date=None)
    scenario = Scenario().given(
        open_case, add_child, nameless, add_mother, add_father, take_child, take_sibling, h1_information
    )
    [prepared] = scenario.when(prepare).the(ConsularNotificationPrepared)
    assert "child_dob" in prepared.missing_required


def test_a_relative_whom_the_allegation_names_is_no_contact() -> None:
    harmed = AddParty(
        party_id=AUNT, role=Role.RELATIVE, child_ids=(CHILD,), phone="+1 505 555 0100", is_alleged_to_have_harmed=True
    )
    for aunt, is_named in ((harmed, False), (replace(harmed, is_alleged_to_have_harmed=None), True)):
        scenario = Scenario().given(*FAMILY, aunt, take_child, obtain(from_country(CHILD, "MX")))
        [prepared] = scenario.when(prepare).the(ConsularNotificationPrepared)
        assert (AUNT in prepared.person_ids) is is_named
        [engagement] = [e for e in scenario.case.engagements.engagements.values() if e.office == "cons-mx.el-paso"]
        assert (AUNT in engagement.references) is is_named


def test_a_notice_that_arrived_is_not_prepared_a_second_time() -> None:
    told = known.given(
        prepare, ReleaseDisclosure(notice_id=prepare.notice_id),
        RecordConsulateNotified(notice_id=prepare.notice_id, channel=Way.WEBHOOK, entry=1, receipt="r-1"),
    )
    again = replace(prepare, notice_id=an_id("another notice"))
    told.when(again).then_refused(rule="P02", field="office")


def test_a_platform_that_nobody_knows_is_refused() -> None:
    line = {
        "command": "PlanVisit", "command_id": str(an_id("line")), "agency": "NM-CYFD", "case": str(an_id("case")),
        "actor": {"agency": "NM-CYFD", "role": "caseworker", "user": "caseworker-1"}, "occurred_at": NOON.isoformat(),
        "data": {
            "visit_id": str(an_id("visit")), "child_ids": [str(CHILD)], "party_id": str(AUNT), "mode": "virtual",
            "planned_for": NOON.isoformat(), "supervised": True, "platform": "a new one",
        },
    }
    with pytest.raises(Refused) as refused:
        parse_line(line)
    assert (refused.value.rule, refused.value.field) == ("COMMAND-FORM", "data.platform")


def test_new_york_city_cannot_rest_on_an_agreement_with_mexico() -> None:
    failed = MouStatusChanged(
        change_id=an_id("attempt"), jurisdiction=Jurisdiction.NYC, country="MX", status=MouStatus.ATTEMPT_FAILED, services=()
    )
    standing = replace(
        in_custody.standing, agreements=Agreements(changes=(Change(occurred_at=NOON, version=1, told=failed),))
    )
    ask = RequestConsularService(
        request_id=an_id("ask"), office="cons-mx.el-paso", child_ids=(CHILD,), service=ConsularService.VISIT,
        relies_on_agreement=True,
    )
    scenario = replace(in_custody, standing=standing)
    scenario.when(ask).then_refused(rule="P18", field="relies_on_agreement")
    assert scenario.when(replace(ask, relies_on_agreement=False)).events()
