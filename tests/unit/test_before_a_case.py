"""Agreements with consulates, and what reaches the agency before there is a case."""
from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.avro import EventCodec, registry_of
from adapters.keys import MemoryKeyStore
from domain.agency.agreements import ConsularService, Jurisdiction, MouStatus, MouStatusChanged, RecordMouStatus
from domain.agency.before_a_case import (
    PolarisReportReceived,
    ReceiveReportOnUnknownChild,
    ReceiveRequestFromAbroad,
    RequestFromAbroadReceived,
    RequestKind,
    TakenUpInCase,
    TakeUpInCase,
)
from domain.agency.decide import DECIDES
from domain.agency.state import Agency, evolve
from domain.events import Envelope, Event
from domain.personal import Known
from domain.refusals import Contradiction, Refused
from domain.submission import Command, envelopes
from tests.specification import NOON, an_id, new_mexico, submission
from tests.unit.avro_events import recorded
from tests.unit.places import agency_of

signed = RecordMouStatus(
    change_id=an_id("signed"), jurisdiction=Jurisdiction.NM, country="MX", status=MouStatus.SIGNED,
    services=(ConsularService.HOME_ASSESSMENT, ConsularService.BIRTH_CERTIFICATE),
)
ended = replace(signed, change_id=an_id("ended"), status=MouStatus.ENDED, services=())
request = ReceiveRequestFromAbroad(
    request_id=an_id("request"), person_ids=(an_id("a child abroad"),), kind=RequestKind.REPATRIATION, partner="DOS",
    from_country="GT", asked="a child of eight is to come back",
)
report = ReceiveReportOnUnknownChild(
    report_id=an_id("report"), subject_id=an_id("an unknown child"), polaris_ref="P-9", told="seen at a truck stop"
)
take_up = TakeUpInCase(matter_id=request.request_id, in_case_id=an_id("a case"))


def told(command: Command, agency: Agency, days: int = 0) -> tuple[list[Envelope], Agency]:
    made = submission(command, at=NOON + timedelta(days=days), standing=agency, number=days, case_id=None)
    found = envelopes(made, DECIDES[type(command)](made, agency), stream="agency-NM-CYFD", after=agency.version)
    for envelope in found:
        agency = evolve(agency, envelope)
    assert not DECIDES[type(command)](made, agency), "the same command again must change nothing"
    return found, agency


def event_of(found: list[Envelope], kind: type[Event]) -> Any:
    [envelope] = found
    assert isinstance(envelope.event, kind)
    return envelope.event


def refused(command: Command, agency: Agency, *, rule: str, field: str) -> None:
    with pytest.raises(Refused) as caught:
        told(command, agency)
    assert (caught.value.rule, caught.value.field) == (rule, field)


def test_an_agreement_is_in_force_from_its_signing_to_its_end() -> None:
    found, agency = told(signed, new_mexico())
    assert event_of(found, MouStatusChanged).services == signed.services
    _, agency = told(ended, agency, days=9)
    in_force = agency.agreements.in_force
    assert in_force("MX", NOON - timedelta(seconds=1)) is None and in_force("MX", NOON + timedelta(days=9)) is None
    standing = in_force("MX", NOON + timedelta(days=8))
    assert standing is not None and standing.services == signed.services
    assert in_force("GT", NOON + timedelta(days=8)) is None


def test_three_attempts_failed_and_none_is_in_force() -> None:
    agency = agency_of("NJ")
    for country in ("GT", "HN", "SV"):
        failed = RecordMouStatus(
            change_id=an_id(country), jurisdiction=Jurisdiction.NJ, country=country, status=MouStatus.ATTEMPT_FAILED
        )
        _, agency = told(failed, agency)
        assert agency.agreements.in_force(country, NOON) is None
        assert agency.agreements.attempts_failed(country) == 1


def test_a_failed_attempt_at_a_new_agreement_ends_nothing_that_stands() -> None:
    _, agency = told(signed, new_mexico())
    failed = replace(ended, change_id=an_id("failed"), status=MouStatus.ATTEMPT_FAILED)
    _, agency = told(failed, agency, days=1)
    assert agency.agreements.in_force("MX", NOON + timedelta(days=2)) is not None


def test_new_york_city_has_no_agreement_to_end_and_none_of_another_agency() -> None:
    city = agency_of("NYC")
    refused(replace(ended, jurisdiction=Jurisdiction.NYC), city, rule="P18", field="status")
    refused(signed, city, rule="P18", field="jurisdiction")


def test_a_signed_agreement_names_its_services_and_its_country_by_code() -> None:
    refused(replace(signed, services=()), new_mexico(), rule="P18", field="services")
    refused(replace(ended, services=signed.services), new_mexico(), rule="P18", field="services")
    refused(replace(signed, country="Mexico"), new_mexico(), rule="COUNTRY-CODE", field="country")


def test_the_same_change_with_other_content_is_a_contradiction() -> None:
    _, agency = told(signed, new_mexico())
    with pytest.raises(Contradiction):
        told(replace(signed, services=(ConsularService.VISIT,)), agency)


def test_a_request_from_abroad_waits_until_a_case_takes_it_up() -> None:
    found, agency = told(request, new_mexico())
    assert event_of(found, RequestFromAbroadReceived).partner == Known("DOS")
    assert [matter.told for matter in agency.before_a_case.waiting()] == [found[0].event]
    found, agency = told(take_up, agency, days=1)
    assert event_of(found, TakenUpInCase).case_id == take_up.in_case_id and not agency.before_a_case.waiting()


def test_a_matter_is_taken_up_in_one_case_and_must_have_come_in() -> None:
    refused(take_up, new_mexico(), rule="P13", field="matter_id")
    _, agency = told(request, new_mexico())
    _, agency = told(take_up, agency)
    refused(replace(take_up, in_case_id=an_id("another")), agency, rule="P13", field="in_case_id")


def test_a_request_names_persons_partner_and_another_country() -> None:
    refused(replace(request, person_ids=()), new_mexico(), rule="P13", field="person_ids")
    refused(replace(request, partner="State Department"), new_mexico(), rule="P17", field="partner")
    refused(replace(request, from_country="US"), new_mexico(), rule="P13", field="from_country")


def test_a_report_on_a_child_whom_nobody_knows_waits_too_oldest_first() -> None:
    _, agency = told(request, new_mexico(), days=2)
    found, agency = told(report, agency, days=1)
    assert event_of(found, PolarisReportReceived).told == Known("seen at a truck stop")
    assert [type(matter.told) for matter in agency.before_a_case.waiting()] == [
        PolarisReportReceived, RequestFromAbroadReceived
    ]


def test_one_id_does_not_stand_for_a_request_and_a_report() -> None:
    _, agency = told(request, new_mexico())
    with pytest.raises(Contradiction):
        told(replace(report, report_id=request.request_id), agency)


@pytest.mark.parametrize("command", [request, report])
def test_what_is_personal_in_it_is_stored_encrypted_though_there_is_no_case(command: Command) -> None:
    [envelope], _ = told(command, new_mexico())
    kinds = [RequestFromAbroadReceived, PolarisReportReceived]
    codec = EventCodec(registry_of(kinds), MemoryKeyStore())
    stored = codec.encode(envelope)
    for secret in (b"truck stop", b"child of eight"):
        assert secret not in stored.state
    assert codec.decode(recorded(stored)).event == envelope.event
