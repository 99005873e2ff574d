"""Which countries are party to a treaty is the agency's list, from a source, confirmed by a second person."""
from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.agency.decide import DECIDES, ListTreatyParties
from domain.agency.events import Treaty, TreatyPartiesListed
from domain.agency.state import Agency, evolve
from domain.events import Event
from domain.refusals import Refused
from domain.submission import envelopes
from tests.specification import NOON, submission

service = ListTreatyParties(
    treaty=Treaty.HAGUE_SERVICE, countries=("MX", "ES", "MX"), source="status table, 1 July 2026", second_person="counsel-1"
)


def told(command: ListTreatyParties, agency: Agency, days: int = 0) -> tuple[list[Event], Agency]:
    made = submission(command, at=NOON + timedelta(days=days), standing=agency, number=days, case_id=None)
    recordings = DECIDES[ListTreatyParties](made, agency)
    for envelope in envelopes(made, recordings, stream="agency-SDC", after=agency.version):
        agency = evolve(agency, envelope)
    return [recording.event for recording in recordings], agency


def test_a_list_counts_from_its_day_and_for_its_treaty_alone() -> None:
    [event], agency = told(service, Agency(code="SDC"))
    assert isinstance(event, TreatyPartiesListed) and event.countries == ("ES", "MX")
    assert agency.parties_at(Treaty.HAGUE_SERVICE, NOON) == frozenset({"ES", "MX"})
    assert agency.parties_at(Treaty.HAGUE_SERVICE, NOON - timedelta(seconds=1)) is None
    assert agency.parties_at(Treaty.HAGUE_ADOPTION, NOON) is None


def test_a_later_list_takes_the_place_of_the_earlier_and_the_same_list_is_nothing() -> None:
    _, agency = told(service, Agency(code="SDC"))
    assert told(service, agency, days=1)[0] == []
    _, agency = told(replace(service, countries=("ES",)), agency, days=2)
    assert agency.parties_at(Treaty.HAGUE_SERVICE, NOON + timedelta(days=2)) == frozenset({"ES"})
    assert agency.parties_at(Treaty.HAGUE_SERVICE, NOON + timedelta(days=1)) == frozenset({"ES", "MX"})


@pytest.mark.parametrize("wrong", [replace(service, second_person="caseworker-1"), replace(service, countries=("Mexico",))])
def test_a_list_needs_a_second_person_and_country_codes(wrong: ListTreatyParties) -> None:
    with pytest.raises(Refused):
        told(wrong, Agency(code="SDC"))
