"""Staff are certified in one language at a time, in the agency's stream: they belong to no case."""
from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.agency.decide import CertifyStaffLanguage, certify_staff_language
from domain.agency.events import StaffLanguageCertified
from domain.agency.state import Agency, evolve
from domain.languages import is_indigenous
from domain.refusals import Contradiction, Refused
from domain.submission import envelopes
from tests.specification import NOON, an_id, submission

STAFF = an_id("worker who speaks")
FRENCH = CertifyStaffLanguage(certificate_id=an_id("certificate"), staff_id=STAFF, language="fr")
EMPTY = Agency(code="NYC-ACS")


def certified(command: CertifyStaffLanguage, agency: Agency = EMPTY) -> Agency:
    made = submission(command, at=NOON, standing=agency, number=1, case_id=None)
    for envelope in envelopes(made, certify_staff_language(made, agency), stream="agency-NYC-ACS", after=agency.version):
        assert isinstance(envelope.event, StaffLanguageCertified)
        agency = evolve(agency, envelope)
    return agency


def test_a_certificate_counts_from_the_exam_and_for_its_language_only() -> None:
    agency = certified(FRENCH)
    assert agency.certificate_of(STAFF, "fr", NOON) is not None
    assert agency.certificate_of(STAFF, "fr", NOON - timedelta(seconds=1)) is None
    assert agency.certificate_of(STAFF, "es", NOON) is None
    assert agency.certificate_of(an_id("a colleague"), "fr", NOON) is None


def test_the_same_certificate_again_is_nothing() -> None:
    agency = certified(FRENCH)
    assert certified(FRENCH, agency) == agency


def test_one_certificate_used_for_two_languages_is_a_contradiction() -> None:
    with pytest.raises(Contradiction):
        certified(replace(FRENCH, language="es"), certified(FRENCH))


@pytest.mark.parametrize("name", ["French", "FR", "f", ""])
def test_a_language_is_a_code(name: str) -> None:
    with pytest.raises(Refused) as refused:
        certified(replace(FRENCH, language=name))
    assert refused.value.field == "language"


def test_a_sign_language_is_a_language() -> None:
    assert certified(replace(FRENCH, language="ase")).certificate_of(STAFF, "ase", NOON)


@pytest.mark.parametrize(("said", "found"), [
    ("Mam", True), ("K'iche'", True), ("Qʼeqchiʼ", True), ("Náhuatl", True), ("Oaxacan", False), ("", False),
])
def test_indigenous_languages_are_known_by_name_however_they_are_marked(said: str, found: bool) -> None:
    assert is_indigenous(said) is found
