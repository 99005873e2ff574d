"""Papers: asked for, received as evidence that changes no fact by itself, not to be had."""
from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.case.documents import (
    DocumentKind,
    DocumentReceived,
    DocumentRequested,
    DocumentSource,
    DocumentStage,
    DocumentUnobtainable,
    DocumentWarning,
    DualCitizenshipEstablished,
    EstablishDualCitizenship,
    ReceiveDocument,
    RecordDocumentUnobtainable,
    RequestDocument,
)
from domain.people import PersonName
from domain.personal import Known
from tests.specification import NOON, Scenario, an_id
from tests.unit.abroad import family
from tests.unit.people import CHILD, SIBLING, add_child, from_country, obtain, open_case

REQUEST = an_id("paper asked for")
BORN = date(2017, 3, 9)
NAME = PersonName(given_names="Nahomy", surnames="Zúñiga Ochoa")

ask = RequestDocument(
    request_id=REQUEST, person_id=CHILD, doc_type=DocumentKind.BIRTH_CERTIFICATE, source=DocumentSource.CONSULATE
)
paper = ReceiveDocument(
    document_id=an_id("paper"), person_id=CHILD, doc_type=DocumentKind.BIRTH_CERTIFICATE, request_id=REQUEST,
    issuer="civil registry", issuer_country="HN", name=NAME, birth_date=BORN, registered_on=date(2017, 3, 20),
)
unasked = replace(paper, request_id=None)
gone = RecordDocumentUnobtainable(request_id=REQUEST, reason="no record")
asked = family.given(ask)


def stage(scenario: Scenario) -> DocumentStage:
    return scenario.case.documents.stage(CHILD, DocumentKind.BIRTH_CERTIFICATE)


def warnings(scenario: Scenario, received: ReceiveDocument) -> tuple[str, ...]:
    [told] = scenario.when(received).then(DocumentReceived).the(DocumentReceived)
    return told.warnings


def test_a_paper_is_asked_for_and_arrives() -> None:
    family.when(ask).then(DocumentRequested)
    assert warnings(asked, paper) == ()
    stages = stage(family), stage(asked), stage(asked.given(paper))
    assert stages == (DocumentStage.NEEDED, DocumentStage.REQUESTED, DocumentStage.RECEIVED)


def test_a_paper_that_is_not_of_a_known_kind_is_described() -> None:
    other = replace(ask, doc_type=DocumentKind.OTHER)
    family.when(other).then_refused(rule="P11", field="described")
    family.when(replace(other, described="proof of residence")).then(DocumentRequested)


def test_a_paper_cannot_be_had_until_another_source_has_it() -> None:
    none = asked.when(gone).then(DocumentUnobtainable).scenario()
    assert stage(none) is DocumentStage.UNOBTAINABLE
    traced = none.given(replace(ask, request_id=an_id("tracing"), source=DocumentSource.ISS))
    assert stage(traced) is DocumentStage.REQUESTED
    assert stage(traced.given(replace(paper, request_id=an_id("tracing")))) is DocumentStage.RECEIVED


def test_what_nobody_asked_for_is_not_unobtainable() -> None:
    family.when(gone).then_refused(rule="P11", field="request_id")
    family.when(paper).then_refused(rule="P11", field="request_id")


@pytest.mark.parametrize("other", [
    replace(paper, person_id=SIBLING, birth_date=None), replace(paper, doc_type=DocumentKind.PASSPORT),
])
def test_a_paper_that_was_not_asked_for_answers_no_request(other: ReceiveDocument) -> None:
    asked.when(other).then_refused(rule="P11", field="request_id")


def test_a_certificate_of_another_child_of_the_case_is_refused() -> None:
    siblings = replace(unasked, birth_date=date(2023, 5, 21), registered_on=None)
    family.when(siblings).then_refused(rule="P11", field="person_id")


def test_a_certificate_of_another_child_of_the_same_name_is_seen_by_its_birth_date() -> None:
    namesake = replace(unasked, birth_date=date(2015, 8, 1), registered_on=None)
    assert warnings(family, namesake) == (DocumentWarning.BIRTH_DATE_DIFFERS,)


def test_another_name_is_recorded_with_a_warning() -> None:
    other = replace(unasked, name=PersonName(given_names="Nahomy", surnames="Ochoa"))
    assert warnings(family, other) == (DocumentWarning.NAME_DIFFERS,)


def test_a_day_of_registration_is_no_birth_date() -> None:
    registered = replace(unasked, birth_date=date(2017, 3, 20))
    family.when(registered).then_refused(rule="P11", field="birth_date")


def test_a_birth_is_not_registered_before_it() -> None:
    early = replace(unasked, registered_on=BORN - timedelta(days=1))
    family.when(early).then_refused(rule="P11", field="registered_on")


def test_where_no_birth_date_is_known_one_day_for_both_is_recorded_with_a_warning() -> None:
    unknown = Scenario().given(open_case, replace(add_child, birth_date=None))
    assert warnings(unknown, replace(unasked, registered_on=BORN)) == (DocumentWarning.REGISTERED_ON_THE_DAY_OF_BIRTH,)


def test_an_issuer_that_is_not_the_birth_country_asks_for_a_correction_and_overwrites_nothing() -> None:
    known = family.given(obtain(from_country(CHILD, "GT")))
    outcome = known.when(unasked).then(DocumentReceived)
    assert outcome.the(DocumentReceived)[0].warnings == (DocumentWarning.ISSUER_IS_NOT_BIRTH_COUNTRY,)
    assert outcome.scenario().case.citizenship.of(CHILD).birth_country.value == Known("GT")


def test_a_passport_may_come_from_another_country_than_that_of_birth() -> None:
    known = family.given(obtain(from_country(CHILD, "GT")))
    assert warnings(known, replace(unasked, doc_type=DocumentKind.PASSPORT)) == ()


def test_an_expired_passport_is_recorded_with_a_warning() -> None:
    passport = replace(unasked, doc_type=DocumentKind.PASSPORT, expires_on=NOON.date() - timedelta(days=1))
    assert warnings(family, passport) == (DocumentWarning.EXPIRED,)


@pytest.mark.parametrize("surnames", ["Z\N{REPLACEMENT CHARACTER}ñiga Ochoa", "Z??iga Ochoa", "ZÃºÃ±iga Ochoa"])
def test_a_name_that_lost_its_accents_to_a_machine_is_refused(surnames: str) -> None:
    broken = replace(unasked, name=PersonName(given_names="Nahomy", surnames=surnames))
    family.when(broken).then_refused(rule="P11", field="name")


@pytest.mark.parametrize("surnames", ["Иванова", "王", "Ó Súilleabháin", "Nguyễn", "O'Brien-Núñez"])
def test_a_name_in_any_writing_is_kept_as_it_is(surnames: str) -> None:
    name = PersonName(given_names="Nahomy", surnames=surnames)
    [told] = family.when(replace(unasked, name=name)).the(DocumentReceived)
    assert told.name == Known(name)


def test_a_name_without_its_accents_is_the_same_name_with_a_warning() -> None:
    plain = replace(unasked, name=PersonName(given_names="NAHOMY", surnames="ZUNIGA OCHOA"))
    assert warnings(family, plain) == (DocumentWarning.ACCENTS_DIFFER,)


def test_an_issuer_by_the_name_of_its_country_is_refused() -> None:
    family.when(replace(unasked, issuer_country="Honduras")).then_refused(rule="COUNTRY-CODE", field="issuer_country")


def test_dual_citizenship_is_of_two_countries() -> None:
    dual = EstablishDualCitizenship(establishment_id=an_id("dual"), child_id=SIBLING, countries=("US", "MX"))
    outcome = family.when(dual).then(DualCitizenshipEstablished)
    assert SIBLING in outcome.scenario().case.documents.dual
    family.when(replace(dual, countries=("US", "US"))).then_refused(rule="US-REUNIFY-ABROAD", field="countries")
    family.when(replace(dual, countries=("US", "Mexico"))).then_refused(rule="COUNTRY-CODE", field="countries")
