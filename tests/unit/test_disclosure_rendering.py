"""An entry renders to the same bytes for ever, and to a letter that a person can read."""
from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import pytest

from adapters.avro.errors import Unwritable
from adapters.avro.single_object import HEADER_SIZE, format_of, write
from adapters.disclosure.layout import fitted
from adapters.disclosure.render import _raw
from domain.case.citizenship import CitizenshipInformationObtained
from domain.case.court import HearingScheduled
from domain.case.custody import CustodyTaken
from domain.case.intake import ChildAddedToCase, PartyAddedToCase
from domain.case.kin import IssHomeStudyRequested
from domain.case.service import Route, ServiceOfProcessRequested
from domain.case.trafficking import LetterKind, OtipLetterReceived
from domain.case.visits import Attendee, BorderVisitCoordinated, VisitMode, VisitPlanned
from domain.disclosure.contract import Purpose
from domain.disclosure.events import Disclosed, FieldSource, Withdrawn
from domain.disclosure.letter import letter
from domain.disclosure.renderers import RENDERERS
from domain.disclosure.rendering import Record, Unrenderable
from domain.events import Actor, Circumstances, Envelope, Event
from domain.people import Address, BirthDate, PersonName, Role
from domain.personal import UNKNOWN, WITHHELD, Known
from tests.disclosure_world import PUBLISHED

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
SPACE = UUID("901d0000-0000-4000-8000-000000000000")
CHILD, BABY, MOTHER, AUNT = (uuid5(SPACE, name) for name in ("child", "baby", "mother", "aunt"))
SIGNS = {CHILD: "C0000001", BABY: "C0000002", MOTHER: "P0000001", AUNT: "R0000001"}
LATER = datetime(2026, 9, 1, 15, 0, tzinfo=UTC)
MOMENT = datetime(2026, 8, 13, 16, 10, tzinfo=ZoneInfo("America/Denver"))
BANNED = ("notary", "status", "undocumented", "allegation", "visa")


def recorded(event: Event, name: str, *, at: datetime = MOMENT) -> Envelope:
    return Envelope(stream="case", version=1, event=event, circumstances=Circumstances(
        event_id=uuid5(SPACE, name), occurred_at=at, learned_at=at, actor=Actor(agency="NM-CYFD", role="liaison", user="u"),
        principal="p", command_id=SPACE, correlation_id=SPACE, causation_id=None, traceparent=None, agency="NM-CYFD",
        jurisdiction="NM", packs=(),
    ))


def custody(child: UUID, name: str, *, at: datetime = MOMENT) -> Envelope:
    return recorded(CustodyTaken(
        child_id=child, episode_id=SPACE, authority=UNKNOWN, place=UNKNOWN, circumstances=UNKNOWN,
    ), name, at=at)


FACTS = [
    recorded(ChildAddedToCase(
        child_id=CHILD, name=Known(PersonName(given_names="Nahomy Belén", surnames="Zúñiga Ochoa")),
        birth_date=Known(BirthDate(day=date(2017, 3, 9), is_estimate=False)),
    ), "child"),
    custody(CHILD, "custody"),
    custody(BABY, "baby's custody", at=MOMENT.astimezone(timezone(timedelta(hours=-6)))),
    recorded(CitizenshipInformationObtained(
        person_id=CHILD, information_id=SPACE, nationalities=Known(("MX",)), birth_country=Known("MX"),
        birth_region=Known("Chihuahua"), birth_city=Known("Cuauhtémoc"), basis=UNKNOWN, confidence=UNKNOWN,
    ), "origin"),
    recorded(PartyAddedToCase(
        party_id=MOTHER, role=Role.MOTHER, child_ids=(CHILD,), relation=Known("madre"),
        name=Known(PersonName(given_names="Xiomara", surnames="Zúñiga Ochoa")),
        birth_date=Known(BirthDate(day=date(1969, 12, 31), is_estimate=True)),
        address=Known(Address(
            country="MX", street="Calle Ficticia", number="14", colonia="El Cerrito", municipality=None, city="Creel",
            region="Chihuahua", postal_code="33200", landmarks="frente a la escuela",
        )), phone=UNKNOWN,
    ), "mother"),
    recorded(PartyAddedToCase(
        party_id=AUNT, role=Role.RELATIVE, child_ids=(CHILD,), relation=UNKNOWN, name=UNKNOWN, birth_date=UNKNOWN,
        address=UNKNOWN, phone=Known("+1 505 555 0177"),
    ), "aunt"),
    recorded(HearingScheduled(
        hearing_id=SPACE, child_ids=(CHILD,), replaces_hearing_id=None, scheduled_for=LATER,
        scheduled_zone="America/Denver", kind=Known("review"),
    ), "hearing"),
    recorded(VisitPlanned(
        visit_id=SPACE, child_ids=(CHILD,), party_id=MOTHER, escort_id=None, supervisor_id=None, supervised=False,
        platform=None, planned_for=LATER, planned_zone="America/Denver", mode=Known(VisitMode.BORDER),
        crosses_border=Known(False), place=UNKNOWN,
    ), "visit"),
    recorded(BorderVisitCoordinated(
        visit_id=SPACE, child_ids=(CHILD,), party_id=MOTHER, consulate=UNKNOWN, cbp_contact=UNKNOWN, port=UNKNOWN,
        attendees=Known((Attendee.CHILD, Attendee.CBP_OFFICERS)), warnings=(),
    ), "coordinated"),
    recorded(ServiceOfProcessRequested(
        request_id=SPACE, party_id=MOTHER, route=Route.CONSULATE, translation_ref=None,
        document=Known("petition and notice"), document_dated=Known(date(2026, 8, 14)), country=Known("MX"), warnings=(),
    ), "papers"),
    recorded(IssHomeStudyRequested(
        request_id=SPACE, subject_id=AUNT, child_ids=(CHILD,), attempt=2, prior_request_id=None, country=Known("MX"),
        address=Known(Address(
            country="MX", street="Calle Inventada", number="3", colonia=None, municipality="Bocoyna", city="Creel",
            region="Chihuahua", postal_code=None, landmarks="junto al molino",
        )), reason_for_iss=UNKNOWN,
    ), "study"),
    recorded(OtipLetterReceived(
        child_id=CHILD, letter_id=SPACE, supersedes=None, letter_kind=Known(LetterKind.ELIGIBILITY),
        issued_on=Known(date(2026, 8, 20)), benefits_from=UNKNOWN, benefits_until=UNKNOWN, indefinite=Known(True),
    ), "letter"),
]
FIELDS = [
    ("child.custody", CHILD, "custody", "occurred_at"), ("child.name", CHILD, "child", "name"),
    ("child.birth_date", CHILD, "child", "birth_date"), ("child.birth_place", CHILD, "origin", "birth_city"),
    ("child.birth_place", CHILD, "origin", "birth_region"), ("child.birth_place", CHILD, "origin", "birth_country"),
    ("child.custody", BABY, "baby's custody", "occurred_at"), ("parent.relation", MOTHER, "mother", "role"),
    ("parent.name", MOTHER, "mother", "name"), ("parent.birth_date", MOTHER, "mother", "birth_date"),
    ("parent.address", MOTHER, "mother", "address"), ("relative.phone", AUNT, "aunt", "phone"),
]


def disclosed(fields: list[tuple[str, UUID, str, str]] = FIELDS) -> Envelope:
    return recorded(Disclosed(
        office="cons-mx.el-paso", number=1, case_id=SPACE, case_reference="7ZQ3K0AB5", engagement_id=SPACE, notice_id=SPACE,
        purpose=Purpose.CONSULAR_NOTICE, basis="Vienna Convention on Consular Relations (24 April 1963)", rule_ids=(),
        contract_digest="", schema_fingerprint="", renderer="notice.v1", source_event_id=SPACE, source_version=1,
        person_ids=(CHILD,), digest="", salt=UNKNOWN,
        fields=tuple(
            FieldSource(path=path, reference=SIGNS[person], event_id=uuid5(SPACE, event), field=field)
            for path, person, event, field in fields
        ),
    ), "entry")


def withdrawn() -> Envelope:
    return recorded(Withdrawn(
        office="cons-gt.denver", number=2, withdraws=1, case_id=SPACE, case_reference="7ZQ3K0AB5", engagement_id=SPACE,
        notice_id=SPACE, text_code="disregard", schema_fingerprint="", renderer="disregard.v1", source_event_id=SPACE,
        person_ids=(CHILD,), digest="", salt=UNKNOWN,
    ), "entry")


def facts() -> dict[UUID, Envelope]:
    return {envelope.circumstances.event_id: envelope for envelope in FACTS}


def render(renderer: str, entry: Envelope) -> Record:
    return RENDERERS[renderer](entry, facts())


def asked(purpose: Purpose, *fields: tuple[str, UUID | None, str, str]) -> Envelope:
    entry = disclosed([])
    assert isinstance(entry.event, Disclosed)
    return entry._replace(event=replace(entry.event, purpose=purpose, renderer="facts.v1", fields=tuple(
        FieldSource(path=path, reference=SIGNS[person] if person else "", event_id=uuid5(SPACE, event), field=field)
        for path, person, event, field in fields
    )))


def on_basis(basis: str, purpose: Purpose, *fields: tuple[str, UUID | None, str, str]) -> Envelope:
    entry = asked(purpose, *fields)
    assert isinstance(entry.event, Disclosed)
    return entry._replace(event=replace(entry.event, basis=basis))


NAMED = (("child.name", CHILD, "child", "name"), ("parent.relation", MOTHER, "mother", "role"))
VECTORS = [
    ("notice.v1", "notice.v1", "ConsularNotice.v1", disclosed()),
    ("notice.v2", "notice.v2", "ConsularNotice.v1", disclosed()),
    ("disregard.v1", "disregard.v1", "Disregard.v1", withdrawn()),
    ("placeholder.v1", "placeholder.v1", "Placeholder.v1", withdrawn()),
    ("facts.v1", "facts.v1", "CourtReport.v1", asked(
        Purpose.COURT_REPORT, *(field for field in FIELDS if field[0] not in {"parent.birth_place"}),
        ("child.nationalities", CHILD, "origin", "nationalities"), ("hearing.time", None, "hearing", "scheduled_for"),
        ("hearing.time", None, "hearing", "scheduled_zone"), ("hearing.purpose", None, "hearing", "kind"),
    )),
    ("facts.v1.visit", "facts.v1", "VisitArrangement.v1", asked(
        Purpose.ARRANGE_VISIT, *NAMED, ("visit.time", None, "visit", "planned_for"),
        ("visit.time", None, "visit", "planned_zone"), ("visit.mode", None, "visit", "mode"),
        ("visit.attendees", None, "coordinated", "attendees"), ("visit.parent", MOTHER, "visit", "party_id"),
    )),
    ("facts.v1.papers", "facts.v1", "PapersToServe.v1", asked(
        Purpose.SERVICE_OF_PROCESS, ("parent.name", MOTHER, "mother", "name"),
        ("papers.person", MOTHER, "papers", "party_id"),
        ("papers.document", None, "papers", "document"), ("papers.dated", None, "papers", "document_dated"),
    )),
    ("facts.v1.home-study", "facts.v1", "HomeStudyRequest.v1", asked(
        Purpose.HOME_STUDY, *NAMED, ("home_study.address", None, "study", "address"),
        ("home_study.attempt", None, "study", "attempt"), ("home_study.person", AUNT, "study", "subject_id"),
    )),
    ("facts.v2", "facts.v2", "PapersToServe.v1", asked(
        Purpose.SERVICE_OF_PROCESS, ("parent.name", MOTHER, "mother", "name"),
        ("parent.address", MOTHER, "mother", "address"),
        ("papers.person", MOTHER, "papers", "party_id"),
    )),
    ("facts.v2.home-study", "facts.v2", "HomeStudyRequest.v1", on_basis(
        "request for a home study, which the search for relatives abroad needs (P03)",
        Purpose.HOME_STUDY, *NAMED, ("home_study.landmarks", None, "study", "address"),
        ("home_study.address", None, "study", "address"), ("home_study.person", AUNT, "study", "subject_id"),
    )),
    ("facts.v1.relief", "facts.v1", "ReliefReferral.v1", asked(
        Purpose.RELIEF_SCREENING, *NAMED, *(
            ("child.otip_letter", CHILD, "letter", part) for part in ("letter_kind", "issued_on", "indefinite")
        ),
    )),
]
ENTRIES = {name: entry for name, _, _, entry in VECTORS}


@pytest.mark.parametrize(("name", "renderer", "schema", "entry"), VECTORS, ids=[vector[0] for vector in VECTORS])
def test_a_renderer_gives_its_golden_bytes_for_ever(name: str, renderer: str, schema: str, entry: Envelope) -> None:
    form = format_of(json.loads((PUBLISHED / f"{schema}.avsc").read_text(encoding="utf-8")))
    golden = (GOLDEN / f"{name}.hex").read_text(encoding="utf-8").replace("\n", "")
    assert write(form, _raw(fitted(form, render(renderer, entry)))).hex() == golden


def test_every_renderer_has_a_golden_vector() -> None:
    assert {renderer for _, renderer, _, _ in VECTORS} == set(RENDERERS)
    assert {name for name, _, _, _ in VECTORS} == {path.stem for path in GOLDEN.glob("*.hex")}


def test_a_record_that_gives_what_its_schema_has_no_place_for_is_not_written() -> None:
    form = format_of(json.loads((PUBLISHED / "VisitArrangement.v1.avsc").read_text(encoding="utf-8")))
    with pytest.raises(Unwritable, match="no place for birth_date"):
        fitted(form, render("facts.v1", asked(Purpose.ARRANGE_VISIT, ("child.birth_date", CHILD, "child", "birth_date"))))


@pytest.mark.parametrize("name", ["facts.v1", "facts.v1.visit", "facts.v1.papers", "facts.v1.home-study", "facts.v1.relief"])
def test_a_letter_for_each_purpose_reads_as_a_person_would_write_it(name: str) -> None:
    entry = ENTRIES[name].event
    assert isinstance(entry, Disclosed)
    text = letter(
        render("facts.v1", ENTRIES[name]), entry.purpose, "The office", "New Mexico Children, Youth and Families Department",
        date(2026, 8, 17),
    )
    assert text == (GOLDEN / f"{name}.letter.txt").read_text(encoding="utf-8")


def test_a_reader_with_the_committed_schema_alone_reads_the_golden_bytes() -> None:
    """By fastavro and its logical types, which our writer does not use."""
    fastavro: Any = pytest.importorskip("fastavro")
    content = bytes.fromhex((GOLDEN / "notice.v1.hex").read_text(encoding="utf-8").replace("\n", ""))
    schema = json.loads((PUBLISHED / "ConsularNotice.v1.avsc").read_text(encoding="utf-8"))
    record = fastavro.schemaless_reader(BytesIO(content[HEADER_SIZE:]), fastavro.parse_schema(schema), None)
    child, baby = record["children"]
    assert child["given_names"] == "Nahomy Belén" and child["birth_date"] == date(2017, 3, 9)
    assert child["birth_place"] == {"city": "Cuauhtémoc", "region": "Chihuahua", "country": "MX"}
    assert child["in_custody_since"] == {"moment": MOMENT.astimezone(UTC), "zone": "America/Denver"}
    assert baby["in_custody_since"]["zone"] == "-06:00" and baby["birth_date"] is None
    (mother,), (aunt,) = record["parents"], record["relatives"]
    assert (mother["birth_date"], mother["birth_date_is_estimate"]) == (date(1969, 12, 31), True)
    assert mother["address"]["colonia"] == "El Cerrito" and mother["birth_place"] is None
    assert aunt["surnames"] is None and aunt["phone"] == "+1 505 555 0177"


def test_what_an_entry_does_not_name_is_not_rendered_though_the_event_tells_it() -> None:
    record = render("notice.v1", disclosed([field for field in FIELDS if field[0] == "parent.name"]))
    assert record["parents"][0]["address"] is None and record["parents"][0]["birth_date"] is None
    assert record["children"] == [] and record["relatives"] == []


def test_an_address_brings_its_landmarks_where_the_entry_names_them_and_nowhere_else() -> None:
    """Text written by a person: version 1 told it with every address, unnamed."""
    named = render("facts.v2", ENTRIES["facts.v2.home-study"])["home_study"]["address"]
    assert named["landmarks"] == "junto al molino" and named["street"] == "Calle Inventada"
    for record in (render("facts.v2", ENTRIES["facts.v2"]), render("notice.v2", disclosed())):
        unnamed = record["parents"][0]["address"]
        assert (unnamed["street"], unnamed["landmarks"]) == ("Calle Ficticia", None)
    alone = asked(Purpose.HOME_STUDY, ("home_study.landmarks", None, "study", "address"))
    assert render("facts.v2", alone)["home_study"] == {}, "no part without its whole"
    assert "junto al molino" in letter(
        render("facts.v2", ENTRIES["facts.v2.home-study"]), Purpose.HOME_STUDY, "ISS", "An agency", date(2026, 8, 17)
    )


@pytest.mark.parametrize(("basis", "told"), [
    ("request for a home study (P03)", "request for a home study"), ("a visit (L486-490)", "a visit"),
    ("the court's own case (L501-507, L522)", "the court's own case"),
    ("Vienna Convention (24 April 1963)", "Vienna Convention (24 April 1963)"),
    ("consent (8 CFR 236.1) (P09)", "consent (8 CFR 236.1)"),
])
def test_where_our_own_source_says_so_is_kept_for_auditors_and_not_told(basis: str, told: str) -> None:
    assert render("facts.v2", on_basis(basis, Purpose.HOME_STUDY, *NAMED))["basis"] == told
    assert render("facts.v1", on_basis(basis, Purpose.HOME_STUDY, *NAMED))["basis"] == basis


@pytest.mark.parametrize("value", [WITHHELD, UNKNOWN])
def test_a_field_that_cannot_be_read_leaves_no_half_letter(value: Any) -> None:
    known = facts()
    aunt = uuid5(SPACE, "aunt")
    known[aunt] = recorded(PartyAddedToCase(
        party_id=AUNT, role=Role.RELATIVE, child_ids=(CHILD,), relation=UNKNOWN, name=UNKNOWN, birth_date=UNKNOWN,
        address=UNKNOWN, phone=value,
    ), "aunt")
    with pytest.raises(Unrenderable, match=r"relative\.phone"):
        RENDERERS["notice.v1"](disclosed(), known)


def notice_letter() -> str:
    return letter(
        render("notice.v1", disclosed()), Purpose.CONSULAR_NOTICE, "Consulate of Mexico in El Paso",
        "New Mexico Children, Youth and Families Department", date(2026, 8, 17),
    )


def test_a_letter_reads_as_a_person_would_write_it() -> None:
    assert notice_letter() == (GOLDEN / "notice.letter.txt").read_text(encoding="utf-8")


def test_a_letter_says_what_is_not_known() -> None:
    assert "Place of birth:    not known to the agency" in notice_letter()


def test_a_letter_to_disregard_brings_no_fact_of_any_person() -> None:
    text = letter(
        render("disregard.v1", withdrawn()), Purpose.RECALL, "Consulate of Guatemala in Denver",
        "New Mexico Children, Youth and Families Department", date(2026, 9, 2),
    )
    assert text == (GOLDEN / "disregard.letter.txt").read_text(encoding="utf-8")
    assert not any(word in text for word in ("Zúñiga", "Nahomy", "Honduras", "HN", "child", "born"))


@pytest.mark.parametrize("word", BANNED)
def test_no_letter_has_a_word_that_it_must_not_have(word: str) -> None:
    assert word not in notice_letter().lower()
