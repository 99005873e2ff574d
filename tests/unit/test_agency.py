"""What an agency lists and adopts: what is wrong is refused by its field, and any part of its history can be folded."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.agency import decide
from domain.agency.events import OfficeListed, OfficeStage, Treaty
from domain.agency.state import Agency, evolve
from domain.agency.targets import EndTarget, SetTarget, TargetUnit
from domain.events import Actor, Envelope
from domain.refusals import Refused
from domain.submission import Command, envelopes
from tests.specification import NOON, ROOT, an_id, submission

EMPTY = Agency(code="NM-CYFD")
OFFICE = decide.ListOffice(
    office="cons-mx.el-paso", recipient_kind="CONS-MX", name="Consulate of Mexico in El Paso", country="MX",
    zone="America/Denver", serves=("NM",), channel="webhook", address="https://consulate.example/casebridge",
)


def adopted(name: str) -> str:
    return (ROOT / "domain" / name).read_text(encoding="utf-8")


def recorded(command: Command, agency: Agency, number: int = 1, user: str = "policy-1") -> Sequence[Envelope]:
    actor = Actor(agency="NM-CYFD", role="policy officer", user=user)
    made = submission(command, at=NOON, standing=agency, number=number, case_id=None, actor=actor)
    recordings = decide.DECIDES[type(command)](made, agency)
    return envelopes(made, recordings, stream="agency-NM-CYFD", after=agency.version)


@cache
def history() -> tuple[Envelope, ...]:
    """Everything that an agency adopts, lists, stops and ends."""
    name, other = OFFICE.office, "cons-gt.denver"
    commands: list[Command] = [
        decide.AdoptPack(text=adopted("packs/US.toml"), second_person="counsel-1"),
        decide.AdoptPack(text=adopted("packs/NM.toml"), second_person="counsel-1"),
        decide.AdoptCalendar(text=adopted("calendars/NM.toml"), second_person="counsel-1"),
        decide.AdoptContract(text=adopted("contracts/cons-mx.v3.toml"), second_person="counsel-1"),
        decide.AdoptContract(text=adopted("contracts/cons-xx.v3.toml"), second_person="counsel-1"),
        OFFICE, replace(OFFICE, office=other, recipient_kind="CONS-GT", country="GT"),
        decide.RehearseOffice(office=name), decide.RehearseOffice(office=other),
        decide.PutOfficeLive(office=name, second_person="counsel-1"),
        decide.SuspendOffice(office=name, reason="a drill"),
        decide.PutOfficeLive(office=name, second_person="counsel-1"), decide.EndOffice(office=other),
        decide.CertifyStaffLanguage(certificate_id=an_id("certificate"), staff_id=an_id("staff"), language="es"),
        decide.ListTreatyParties(
            treaty=Treaty.HAGUE_SERVICE, countries=("MX",), source="status table", second_person="counsel-1"
        ),
        SetTarget(rule_id="US-CONSULATE-VCCR", amount=8, unit=TargetUnit.HOURS), EndTarget(rule_id="US-CONSULATE-VCCR"),
    ]
    agency, found = EMPTY, list[Envelope]()
    for number, command in enumerate(commands):
        for envelope in recorded(command, agency, number):
            agency = evolve(agency, envelope)
            found.append(envelope)
    return tuple(found)


@settings(max_examples=200, deadline=None)  # a busy machine is no failure
@given(st.sets(st.integers(0, 14)))
def test_any_part_of_an_agencys_history_is_folded_and_read_without_raising(chosen: set[int]) -> None:
    agency = EMPTY
    for number, envelope in enumerate(history()):
        if number in chosen:
            agency = evolve(agency, envelope)
            assert agency.version == envelope.version
    assert (agency.zone, agency.jurisdiction) and agency.pack_digests is not None
    agency.packs_at(NOON), agency.calendar_at(NOON), agency.contract_for("CONS-MX"), agency.offices_of("CONS-MX")
    assert set(agency.offices) <= {e.event.office for e in history() if isinstance(e.event, OfficeListed)}


def test_the_stage_of_an_office_that_was_never_listed_changes_nothing() -> None:
    stages = [envelope for envelope in history() if hasattr(envelope.event, "office")]
    for envelope in stages:
        if not isinstance(envelope.event, OfficeListed):
            assert evolve(EMPTY, envelope) == replace(EMPTY, version=envelope.version)


def test_the_whole_history_leaves_one_office_live_and_one_ended() -> None:
    agency = EMPTY
    for envelope in history():
        agency = evolve(agency, envelope)
    assert len(history()) == 17, "the parts above are not parts of the whole"
    assert {office.office: office.stage for office in agency.offices.values()} == {
        "cons-mx.el-paso": OfficeStage.LIVE, "cons-gt.denver": OfficeStage.ENDED,
    }


def test_of_two_texts_or_lists_of_one_moment_the_later_recorded_counts() -> None:
    calendar, contract = adopted("calendars/NM.toml"), adopted("contracts/cons-mx.v3.toml")
    parties = decide.ListTreatyParties(
        treaty=Treaty.HAGUE_SERVICE, countries=("MX",), source="status table", second_person="counsel-1"
    )
    agency, second = EMPTY, [
        decide.AdoptCalendar(text=f"{calendar}\n# The later one.\n", second_person="counsel-1"),
        decide.AdoptContract(text=contract.replace("version = 3", "version = 9"), second_person="counsel-1"),
        replace(parties, countries=("MX", "GT")),
    ]
    first = [
        decide.AdoptCalendar(text=calendar, second_person="counsel-1"),
        decide.AdoptContract(text=contract, second_person="counsel-1"), parties,
    ]
    for number, command in enumerate([*first, *second]):
        for envelope in recorded(command, agency, number):
            agency = evolve(agency, envelope)
    in_force = (agency.calendar_at(NOON), agency.contract_for("CONS-MX"), agency.contract_at("CONS-MX", NOON))
    assert [text and text.digest for text in in_force] == [
        agency.calendars[1].digest, agency.contracts[1].digest, agency.contracts[1].digest,
    ]
    assert agency.parties_at(Treaty.HAGUE_SERVICE, NOON) == frozenset({"MX", "GT"})
    assert (len(agency.calendars), len(agency.contracts), len(agency.treaties)) == (2, 2, 2)


def test_a_consulate_of_a_country_is_of_that_country_said_or_not() -> None:
    [listed] = recorded(replace(OFFICE, country=None), EMPTY, 0)
    assert isinstance(listed.event, OfficeListed) and listed.event.country == "MX"


def test_a_text_that_would_be_refused_today_is_said_again_of_whoever_adopted_it_when_it_was_lawful(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    command = decide.AdoptContract(text=adopted("contracts/iss.v1.toml"), second_person="counsel-1")
    with pytest.raises(Refused, match="FREE-TEXT"):
        recorded(command, EMPTY, 0)
    with monkeypatch.context() as earlier:
        earlier.setattr(decide, "require_lawful", lambda _: None)
        [envelope] = recorded(command, EMPTY, 0)
    assert recorded(command, evolve(EMPTY, envelope), 1) == []


def test_another_text_of_a_contract_is_a_later_version() -> None:
    """Not the same number with other words, and not an old text put back: what it takes back says so by its number."""
    first = adopted("contracts/cons-mx.v3.toml")
    second = first.replace("version = 3", "version = 4")
    agency = EMPTY
    for number, text in enumerate((first, second)):
        for envelope in recorded(decide.AdoptContract(text=text, second_person="counsel-1"), agency, number):
            agency = evolve(agency, envelope)
    assert recorded(decide.AdoptContract(text=second, second_person="counsel-1"), agency, 2) == []
    for text in (first, f"{second}\n# Other words.\n"):
        with pytest.raises(Refused, match="version 4 of it was adopted"):
            recorded(decide.AdoptContract(text=text, second_person="counsel-1"), agency, 3)


@pytest.mark.parametrize(("change", "field"), [
    ({"country": "GT"}, "country"),
    ({"office": "Cons-MX"}, "office"), ({"office": "cons mx"}, "office"), ({"office": "cons..mx"}, "office"),
    ({"office": "-cons"}, "office"), ({"office": "cons/mx"}, "office"), ({"office": "a" * 61}, "office"),
    ({"office": "cons-mx\n"}, "office"), ({"recipient_kind": "cons-mx"}, "recipient_kind"),
    ({"recipient_kind": "CONS-xx"}, "recipient_kind"), ({"recipient_kind": "CONS-"}, "recipient_kind"),
    ({"recipient_kind": "CONS-MX, CONS-GT"}, "recipient_kind"), ({"name": " "}, "name"),
    ({"country": "Mexico"}, "country"), ({"country": "mx"}, "country"), ({"country": "XX"}, "country"),
    ({"zone": "America/Nowhere"}, "zone"), ({"zone": "America"}, "zone"), ({"zone": "../etc"}, "zone"),
    ({"serves": ()}, "serves"), ({"serves": ("NM", "")}, "serves"), ({"serves": ("New Mexico",)}, "serves"),
    ({"channel": "pigeon"}, "channel"), ({"address": "ftp://consulate.example"}, "address"),
    ({"address": "consulate.example"}, "address"), ({"address": "https://"}, "address"),
    ({"address": "https://consulate.example:port/"}, "address"), ({"address": "https://a.example:65536/"}, "address"),
    ({"address": "https://[::1/"}, "address"),
    ({"address": "https://consulate.example/a b"}, "address"), ({"address": "https://user@consulate.example/"}, "address"),
    ({"channel": "kafka", "address": "  "}, "address"),
])
def test_an_office_that_cannot_be_reached_or_named_is_refused_by_its_field(change: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        recorded(replace(OFFICE, **change), EMPTY)
    assert refused.value.field == field


@pytest.mark.parametrize("change", [
    {"office": "a" * 60}, {"office": "5"}, {"recipient_kind": "ISS", "country": None}, {"serves": ("NM", "NYC-ACS", "US")},
    {"channel": "kafka", "address": "consulate"}, {"address": "http://127.0.0.1:8080/casebridge?feed=1"},
])
def test_an_office_that_can_be_reached_is_listed(change: dict[str, Any]) -> None:
    [envelope] = recorded(replace(OFFICE, **change), EMPTY)
    assert isinstance(envelope.event, OfficeListed)


@pytest.mark.parametrize("second", ["policy-1", "Policy-1", " policy-1 ", "POLICY-1\t", "  "])
@pytest.mark.parametrize("user", ["policy-1", "Policy-1 "])
def test_the_second_person_is_not_the_first_however_the_name_is_written(second: str, user: str) -> None:
    with pytest.raises(Refused) as refused:
        recorded(decide.AdoptPack(text=adopted("packs/US.toml"), second_person=second), EMPTY, user=user)
    assert (refused.value.rule, refused.value.field) == ("DECISION-7", "second_person")


@pytest.mark.parametrize(("adopt", "file", "right", "wrong", "rule"), [
    (decide.AdoptPack, "packs/NM.toml", "origin_in_mexico", "nowhere", "PACK"),
    (decide.AdoptCalendar, "calendars/NM.toml", "first =", "firsts =", "CALENDAR"),
    (decide.AdoptContract, "contracts/cons-mx.v3.toml", "version = 3", "", "CONTRACT"),
])
def test_a_text_with_a_fault_is_not_adopted(adopt: Any, file: str, right: str, wrong: str, rule: str) -> None:
    with pytest.raises(Refused) as refused:
        recorded(adopt(text=adopted(file).replace(right, wrong), second_person="counsel-1"), EMPTY)
    assert (refused.value.rule, refused.value.field) == (rule, "text")
