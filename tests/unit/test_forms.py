"""A part of a name, a place or an address is that and nothing else: no story, no number of an authority, no second line."""
from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from domain.case.citizenship import ObtainCitizenshipInformation, PersonOrigin
from domain.case.intake import AddChild, AddParty, ChildAddedToCase
from domain.case.kin import RequestHomeStudy
from domain.disclosure.letter import letter
from domain.disclosure.purposes import Purpose
from domain.forms import PART_MAX
from domain.people import Address, PersonName, Role
from domain.refusals import Refused
from tests.specification import Scenario, an_id
from tests.unit.people import CHILD, FAMILY
from tests.unit.whole_case import home

NAME = PersonName(given_names="Nahomy Belén", surnames="Zúñiga Ochoa")
STORIES = (
    "Begoña (undocumented, A123456789)", "Begoña A-123 456 789", "Rosa\nSubject: other", "Rosa\x00", "Rosa\x1b[31m",
    "Rosa\u202egnol", "Rosa\u200bRosa", "sin papeles", "x" * (PART_MAX + 1),
)
FINE = (
    "José María de la Santísima Trinidad", "O'Brien-Ñúñez", "King Jr.", "مریم\u200cالسادات", "Calle 5 de Mayo 1862",
    "14 bis, int. 3",
)


def child(given_names: str) -> AddChild:
    return AddChild(child_id=an_id("another child"), name=PersonName(given_names=given_names, surnames="Ochoa"))


def party(address: Address) -> AddParty:
    return AddParty(
        party_id=an_id("uncle"), role=Role.RELATIVE, child_ids=(CHILD,), relation="tío", name=NAME, address=address
    )


def origin(**parts: Any) -> ObtainCitizenshipInformation:
    return ObtainCitizenshipInformation(information_id=an_id("of the child"), basis="interview", persons=(
        PersonOrigin(person_id=CHILD, nationalities=("MX",), birth_country="MX", **parts),
    ))


@pytest.mark.parametrize("text", STORIES)
def test_a_story_is_no_name_no_street_and_no_birth_place(text: str) -> None:
    known = Scenario().given(*FAMILY)
    known.when(child(text)).then_refused(rule=rule_of(text), field="name.given_names")
    known.when(party(replace(home("Calle Sur"), street=text))).then_refused(rule=rule_of(text), field="address.street")
    known.when(origin(birth_city=text)).then_refused(rule=rule_of(text), field="persons.birth_city")
    known.when(origin(birth_region=text)).then_refused(rule=rule_of(text), field="persons.birth_region")
    study = RequestHomeStudy(
        request_id=an_id("study"), subject_id=an_id("aunt"), child_ids=(CHILD,), attempt=1,
        address=replace(home("Calle Sur"), colonia=text),
    )
    known.when(study).then_refused(rule=rule_of(text), field="address.colonia")


def rule_of(text: str) -> str:
    return "B3" if text == "sin papeles" else "DECISION-13"


@pytest.mark.parametrize("text", FINE)
def test_what_people_are_called_and_where_they_live_is_recorded_as_they_write_it(text: str) -> None:
    known = Scenario().given(*FAMILY)
    known.when(child(text)).then(ChildAddedToCase)
    known.given(party(replace(home(text), postal_code="87501-1234")))


@pytest.mark.parametrize(("part", "text", "is_fine"), [
    ("city", "Santa Fe, NM 87501-1234", True), ("landmarks", "19.432608, -99.133209; tel. 614 555 0100", True),
    ("number", "A123456789", False), ("postal_code", "A 123-456-789", False), ("landmarks", "her A#012345678", False),
    ("street", "Calle 123456789", False), ("number", "Km 123+400, lote 1234567890", True), ("street", "Avenida A 12", True),
    ("street", "Carrera 7 No. 71-21 110231", True), ("street", "1200 Main St, Santa Fe NM 87501-1234", True),
    ("street", "Av. Illegal 3", True), ("number", "123-45-6789", False), ("street", "A123/456/789", False),
    ("street", "Calle\u00a0Sur", True), ("city", "\ufeffCreel\u200f", True),
    ("street", "Calle \uff11\uff12\uff13456789", False), ("number", "7, no papers", None),
])
def test_the_numbers_of_an_address_stand_in_it_and_those_of_a_file_do_not(
    part: str, text: str, is_fine: bool | None
) -> None:
    wish = party(replace(home("Calle Sur"), **{part: text}))
    if is_fine is None:
        Scenario().given(*FAMILY).when(wish).then_refused(rule="B3", field=f"address.{part}")
    elif is_fine:
        Scenario().given(*FAMILY, wish)
    else:
        Scenario().given(*FAMILY).when(wish).then_refused(rule="DECISION-13", field=f"address.{part}")


def test_landmarks_may_be_longer_and_are_one_line() -> None:
    known, place = Scenario().given(*FAMILY), home("Calle Sur")
    known.given(party(replace(place, landmarks="frente al molino, " * 12)))
    for text in ("frente al molino, " * 20, "frente\nal molino", "behind the clinic: she is undocumented"):
        with pytest.raises(Refused):
            known.given(party(replace(place, landmarks=text)))


def test_a_text_of_an_older_record_breaks_no_line_of_a_letter() -> None:
    record = {
        "case_reference": "7ZQ3K0AB5", "jurisdiction": "NM", "purpose": "service_of_process", "basis": "service of papers",
        "papers": {"document": "petition\nSubject: other\u202e", "dated": None},
    }
    text = letter(record, Purpose.SERVICE_OF_PROCESS, "An office", "An agency", date(2026, 8, 17))
    assert "petition Subject: other" in text and text.count("\nSubject:") == 1 and "\u202e" not in text
