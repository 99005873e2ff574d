"""One family's year abroad reads as sentences, with every key there and with none."""
from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any, cast

from adapters.reading.sentences_abroad import TEXTS
from adapters.reading.timeline import lines
from domain.case import clearance as of_clearance
from domain.case import court, documents, kin, relatives, service, visits
from domain.events import Envelope
from domain.personal import UNKNOWN, WITHHELD, Known
from tests.specification import NOON, Scenario, an_id
from tests.unit import test_court, test_documents, test_kin, test_relatives, test_service, test_visits
from tests.unit.abroad import family
from tests.unit.people import FATHER, SIBLING


def year() -> Scenario:
    clearance = of_clearance.RequestHomeClearance(
        request_id=an_id("clearance"), subject_id=FATHER, child_ids=(SIBLING,), country="MX"
    )
    dual = documents.EstablishDualCitizenship(
        establishment_id=an_id("dual"), child_id=SIBLING, countries=("US", "MX")
    )
    missed = replace(test_visits.virtual, visit_id=an_id("another visit"))
    scenario = family.given(
        test_relatives.identify, test_relatives.assess,
        relatives.LicenseCaregiver(licence_id=an_id("licence"), party_id=FATHER), test_relatives.courtesy,
        test_kin.dif(), test_kin.failure(), test_kin.iss(an_id("iss")), test_kin.report(an_id("iss")), clearance,
        test_service.ask(), test_service.attempt("1", service.Route.NM_UNIT, then=service.Route.CONSULATE),
        test_service.prove, (test_court.hearing, NOON + timedelta(hours=40)), test_court.arrange(),
        test_court.present(), test_court.order(supervised=True), test_documents.ask, test_documents.paper,
        replace(test_documents.ask, request_id=an_id("2")),
        documents.RecordDocumentUnobtainable(request_id=an_id("2"), reason="no record"), dual,
        test_visits.border, test_visits.coordinate, missed, replace(test_visits.cancel, visit_id=missed.visit_id),
    )
    return scenario.when(replace(test_visits.held, ended_at=None)).scenario()


def without_keys(envelope: Envelope) -> Envelope:
    event = cast(Any, envelope.event)
    hidden = {item.name: WITHHELD for item in fields(event) if isinstance(getattr(event, item.name), Known)}
    return envelope._replace(event=replace(event, **hidden))


def unlearned(envelope: Envelope) -> Envelope:
    event = cast(Any, envelope.event)
    unknown = {item.name: UNKNOWN for item in fields(event) if isinstance(getattr(event, item.name), Known)}
    return envelope._replace(event=replace(event, **unknown))


def test_every_event_of_these_areas_has_a_sentence_and_happens_in_the_story() -> None:
    areas = kin, of_clearance, relatives, service, court, documents, visits
    declared = {event for area in areas for event in area.EVOLVES} - {kin.IssHomeStudyRequested}
    assert set(TEXTS) == declared
    assert declared <= {type(envelope.event) for envelope in year().envelopes}


def test_the_story_reads_as_sentences() -> None:
    texts = {line.event: line.text for line in lines(year().envelopes)}
    assert texts["RelativePlacementAssessed"].endswith("suitable; status was not weighed")
    assert texts["DifHomeStudyRequested"].endswith("in Puebla, attempt 1")
    assert "iss, in person: favourable" in texts["HomeStudyCompleted"]
    assert texts["ServiceAttempted"].endswith("by nm unit, failed: nobody there, next by consulate")
    assert "on Sun 16 Aug 2026 06:00 (America/Denver)" in texts["HearingScheduled"]
    assert "cbp officers, child" in texts["BorderVisitCoordinated"]
    assert texts["DualCitizenshipEstablished"].endswith("United States, Mexico")
    assert not [text for text in texts.values() if "_" in text.replace("UNIT-IMM", "")]


def test_the_story_is_told_without_keys_and_without_facts() -> None:
    told = year().envelopes
    for change in (without_keys, unlearned):
        assert len(lines([change(envelope) for envelope in told])) == len(told)
