"""Every event of events.csv: a command brings it about, it is stored, replayed, and its schemas are committed."""
from __future__ import annotations

import csv
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from adapters.avro import EventCodec, SchemaRegistry
from adapters.composition import SCHEMAS
from domain.case.state import fold
from domain.catalogue import EVENTS
from domain.events import Boxed, Clear, Event, fields_of
from domain.ports import READ_LIMIT_MAX
from tests.e2e.histories import FILES, Played

REFERENCE = Path(__file__).resolve().parents[1] / "reference" / "events.csv"
THE_FEEDS_OWN = {"DisclosureMade"}  # an entry of the office's feed (design decision 15)
CLOSES_THE_RECORD = {"RecordSealed", "RecordUnsealed", "RecordExpunged"}  # test_erasure.py brings these about
# The columns that are the envelope's times, by design decision 3; what a plan or a term says stays in the payload.
TIMES = {
    "at", "opened_at", "taken_at", "ended_at", "closed_at", "planned_at", "obtained_at", "sent_at", "reported_at",
    "searched_at", "located_at", "submitted_at", "received_at", "filed_at", "certified_at", "served_at", "started_at",
    "detected_at", "learned_at",
}
ACTOR = {"ImmigrationUnitInformed.by", "TraffickingConcernFlagged.by", "ConfidentialityAssuranceGiven.by"}
FEED_ENTRY = {
    "ConsulateNotified.disclosed_fields", "OtipReferralSubmitted.disclosed_fields", "DisclosureBreachRecorded.fields",
}  # What was given is named once, in the entry of the feed.
NAMED_HERE = {
    "CaseOpened.children": "child_ids", "ChildAddedToCase.names": "name", "ChildAddedToCase.dob": "birth_date",
    "ChildAddedToCase.dob_is_estimate": "birth_date", "PartyAddedToCase.country": "address",
    "CitizenshipCorrected.old": "replaces_event_id", "CitizenshipCorrected.new": "nationalities",
    "CitizenshipCorrected.evidence_ref": "evidence", "DutyRaised.recipient_office": "recipient_kind",
    "DutyRaised.calendar_version": "calendar_digest", "DutyMet.late_by": "late_by_seconds",
    "ConsularNotificationPrepared.child_id": "child_ids", "ConsularNotificationPrepared.missing_fields": "missing_required",
    "ConsulateNotified.consulate_id": "office", "ConsulateNotified.receipt_ref": "receipt",
    "PartnerAcknowledged.request_or_event_id": "request_id", "ConsularNotificationCorrected.consulate_id": "office",
    "ConsularServiceRequested.consulate_id": "office", "DetentionFacilityContacted.facility_id": "facility",
    "DetentionContactDesignated.facility_id": "facility", "ReliefScreeningRequested.provider_id": "provider",
    "ReliefPetitionDecided.petition_event_id": "petition_id", "InterpreterAssigned.certificate_ref": "certificate_id",
    "TranslationRequested.doc_ref": "document_id", "TranslationRequested.from": "from_language",
    "TranslationRequested.to": "to_language", "TranslationCompleted.doc_ref": "document_id",
    "CulturalBrokerAssigned.family_id": "person_ids", "HearingScheduled.at": "scheduled_for",
    "BorderVisitCoordinated.consulate_id": "consulate", "TravelArranged.date": "travels_on",
    "UnaccompaniedMinorReceived.from": "received_from", "DisclosureBreachRecorded.partner": "office",
    "RecordSealed.scope": "person_ids", "RecordUnsealed.scope": "person_ids", "RecordExpunged.scope": "expunge_id",
    "RecordExpunged.order_ref": "expunge_id", "FactCorrected.old_ref": "replaces_event_id",
    "FactCorrected.new_ref": "correction_id",
}
# Personal in events.csv, and clear here: ids of ours, codes of offices, and a code that names neither person nor country.
OUR_IDS = re.compile(r".*_ids?$")
OFFICES_AND_CODES = {"office", "DutyWithdrawn.reason"}


@cache
def reference() -> dict[str, dict[str, str]]:
    with REFERENCE.open(encoding="utf-8", newline="") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


def names(cell: str) -> list[str]:
    return [re.split(r"[:\[]", item)[0] for item in cell.split(";") if item]


WANTED = sorted(set(reference()) - THE_FEEDS_OWN)
CLASSES: dict[str, list[type[Event]]] = {}
for _declared in EVENTS.values():
    if _declared.__module__.startswith("domain."):
        CLASSES.setdefault(_declared.__name__, []).append(_declared)


def the_class(name: str) -> type[Event]:
    """The case's own event where the agency has one of the same name."""
    return sorted(CLASSES[name], key=lambda declared: declared.TOPIC.startswith("casebridge.agency."))[0]


@pytest.fixture(scope="module")
def everything(history: Callable[[str], Played]) -> list[Played]:
    return [history(name) for name in FILES]


@pytest.mark.parametrize("name", WANTED)
def test_an_event_has_its_class_and_its_schemas_in_clear_and_encrypted(name: str) -> None:
    declared = the_class(name)
    folder, stem = SCHEMAS / declared.TOPIC.split(".")[1], declared.__name__
    assert list(folder.glob(f"{stem}.v*.avsc"))
    for compartment in {item.compartment for item in fields_of(declared).values() if isinstance(item, Boxed)}:
        assert list(folder.glob(f"{stem}.{compartment.value.capitalize()}.v*.avsc")), compartment


@pytest.mark.parametrize("name", WANTED)
def test_every_field_of_the_table_is_in_the_event_or_in_its_envelope(name: str) -> None:
    fields = fields_of(the_class(name))
    for field in names(reference()[name]["fields"]):
        whole = f"{name}.{field}"
        here = NAMED_HERE.get(whole, field)
        assert here in fields or field in TIMES or whole in ACTOR | FEED_ENTRY, whole


@pytest.mark.parametrize("name", WANTED)
def test_every_personal_field_of_the_table_is_encrypted_unless_it_is_an_id_of_ours(name: str) -> None:
    fields = fields_of(the_class(name))
    for field in names(reference()[name]["personal_fields"]):
        here = NAMED_HERE.get(f"{name}.{field}", field)
        if isinstance(fields.get(here), Clear):
            assert OUR_IDS.fullmatch(here) or {here, f"{name}.{here}"} & OFFICES_AND_CODES, f"{name}.{field}"


def test_the_table_of_other_names_holds_nothing_that_is_not_needed() -> None:
    for whole, here in NAMED_HERE.items():
        name, _, field = whole.partition(".")
        assert field in names(reference()[name]["fields"] + ";" + reference()[name]["personal_fields"]), whole
        assert field not in fields_of(the_class(name)) and here in fields_of(the_class(name)), whole


def test_every_event_is_brought_about_by_a_command_and_stored(everything: list[Played]) -> None:
    logs = [history.embedded.casebridge.log for history in everything]
    stored = {row.topic for log in logs for row in log.read_log(after=0, limit=READ_LIMIT_MAX)}
    assert {name for name in WANTED if the_class(name).TOPIC not in stored} == CLOSES_THE_RECORD


def test_what_is_stored_is_decoded_by_the_committed_schemas_and_replayed(everything: list[Played]) -> None:
    for history in everything:
        casebridge = history.embedded.casebridge
        codec = EventCodec(SchemaRegistry.load(SCHEMAS), casebridge.keys)
        rows = casebridge.log.read_stream(f"case-{history.case_id}", limit=READ_LIMIT_MAX)
        again = fold(codec.decode(row) for row in rows)
        assert again == history.case and again.version == len(rows)
