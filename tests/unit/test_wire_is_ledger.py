"""For every contract and purpose: the bytes hold what the entry lists, and it lists what the contract names. No more."""
from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import date
from functools import cache
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest

from adapters.avro.single_object import HEADER_SIZE, Format, format_of, write
from adapters.disclosure.layout import fitted
from adapters.disclosure.render import _raw
from domain.case.engagement import Engagement
from domain.disclosure.asking import OPENINGS
from domain.disclosure.basis import BasisKind, EngagementBasis
from domain.disclosure.contract import Flow, Purpose, parse_contract
from domain.disclosure.events import Disclosed, FieldSource
from domain.disclosure.kinds import SENT_TO
from domain.disclosure.letter import letter
from domain.disclosure.renderers import PLACES, RENDERERS
from domain.disclosure.rendering import Record
from domain.disclosure.telling import sources
from domain.disclosure.vocabulary import GROUPS, WORDS, Shape
from domain.events import Envelope
from domain.personal import UNKNOWN
from tests.disclosure_world import PUBLISHED
from tests.specification import an_id
from tests.unit.partners import latest, office_of
from tests.unit.whole_case import ABOUT, AUNT, CARER, CHILD, EVERYBODY, MOTHER, SPONSOR, whole_case

SIGNS = {CHILD: "C0000001", MOTHER: "P0000001", AUNT: "R0000001", CARER: "K0000001", SPONSOR: "S0000001"}
WRITTEN = {
    "de la niña": {"relative.relation"}, "neglect": {"child.allegation"}, "An Invented Facility": {"parent.detention_place"},
    "room 3": {"hearing.place"}, "review": {"hearing.purpose"}, "the bridge": {"visit.place"},
    "An Invented Port": {"visit.port"}, "petition": {"papers.document"}, "the long form": {"document.described"},
    "junto al pozo": {"parent.landmarks", "relative.landmarks", "child.placement_landmarks", "home_study.landmarks"},
}
"""Every text of the whole case that a person wrote, and the fields that tell it."""
NOT_IN_HOME_STUDY = {"home_study.outcome", "home_study.report_number"}


def flow_of(kind: str, purpose: Purpose) -> Flow:
    text = latest(kind)
    flow = parse_contract(text, hashlib.sha256(text.encode()).hexdigest()).flow(purpose)
    assert flow is not None
    return flow


def cases() -> list[tuple[str, Purpose]]:
    texts = {kind: latest(kind) for kind in sorted(SENT_TO)}
    return [
        (kind, flow.purpose)
        for kind, text in texts.items()
        for flow in parse_contract(text, hashlib.sha256(text.encode()).hexdigest()).flows
        if flow.renderer.startswith("facts.")
    ]


@cache
def published(publishes: str) -> Format:
    return format_of(json.loads((PUBLISHED / f"{publishes}.avsc").read_text(encoding="utf-8")))


def engagement(purpose: Purpose, basis: BasisKind = BasisKind.COURT_ORDER, *persons: UUID) -> Engagement:
    return Engagement(
        engagement_id=an_id("engagement"), office="any", purpose=purpose, case_reference="7ZQ3K0AB5",
        references={person: SIGNS[person] for person in persons or EVERYBODY}, rule_ids=(), event_id=an_id("opened"),
        basis=EngagementBasis(kind=basis, citation=None, rests_on=an_id("paper")),
    )


def told(flow: Flow, on: Engagement) -> tuple[FieldSource, ...]:
    scenario = whole_case()
    return sources(scenario.case, flow, on, EVERYBODY, about=ABOUT.get(flow.purpose))


def rendered(flow: Flow, fields: tuple[FieldSource, ...]) -> tuple[Record, bytes]:
    facts = {envelope.circumstances.event_id: envelope for envelope in whole_case().envelopes}
    first = whole_case().envelopes[0]
    entry = Envelope(stream="feed-any", version=1, circumstances=first.circumstances, event=Disclosed(
        office="any", number=1, case_id=an_id("case"), case_reference="7ZQ3K0AB5", engagement_id=an_id("engagement"),
        notice_id=an_id("disclosure"), purpose=flow.purpose, basis=flow.basis, rule_ids=(), contract_digest="",
        schema_fingerprint="", renderer=flow.renderer, source_event_id=an_id("released"), source_version=1,
        person_ids=EVERYBODY, fields=fields, digest="", salt=UNKNOWN,
    ))
    form = published(flow.publishes)
    record = fitted(form, RENDERERS[flow.renderer](entry, facts))
    return record, write(form, _raw(record))


def leaves(flow: Flow, path: str) -> set[str]:
    """Where a field of a contract stands in the record, and what goes with it if it goes."""
    word = WORDS[path]
    if word.part_of is not None:
        [whole] = leaves(replace(flow, fields=()), word.part_of)
        return {f"{whole}.landmarks"}
    parts = {leaf for field in flow.fields if WORDS[field.path].part_of == path for leaf in leaves(flow, field.path)}
    group = GROUPS[word.group].plural or word.group
    match word.shape:
        case Shape.NAME:
            names = ["given_names", "surnames"]
        case Shape.BIRTH_DATE:
            names = ["birth_date", "birth_date_is_estimate"]
        case _:
            names = [word.name]
    return {f"{group}.{name}" for name in names} | parts


def _has_landmarks(value: Any) -> bool:
    return isinstance(value, dict) and value.get("landmarks") is not None


HEAD = {"case_reference", "jurisdiction", "purpose", "basis"}


def on_the_wire(flow: Flow, content: bytes) -> set[str]:
    """Every field that is not empty in the bytes, as a foreign reader with the committed schema alone finds it."""
    fastavro: Any = pytest.importorskip("fastavro")
    schema = fastavro.parse_schema(json.loads((PUBLISHED / f"{flow.publishes}.avsc").read_text(encoding="utf-8")))
    record = fastavro.schemaless_reader(BytesIO(content[HEADER_SIZE:]), schema, None)
    found = set()
    for name, value in record.items():
        for thing in value if isinstance(value, list) else [value]:
            if isinstance(thing, dict):
                told = {key: inner for key, inner in thing.items() if inner is not None and key != "reference"}
                found |= {f"{name}.{key}" for key in told}
                found |= {f"{name}.{key}.landmarks" for key, inner in told.items() if _has_landmarks(inner)}
            elif thing is not None:
                found.add(name)
    return found


@pytest.mark.parametrize(("kind", "purpose"), cases(), ids=str)
def test_the_bytes_hold_exactly_what_the_contract_names(kind: str, purpose: Purpose) -> None:
    flow = flow_of(kind, purpose)
    grounds = [need for field in flow.fields for need in field.needs]
    basis = BasisKind.CONSENT if BasisKind.CONSENT in grounds else BasisKind.SERVICE_CONTRACT
    fields = told(flow, engagement(purpose, basis))
    named = {field.path for field in flow.fields}
    assert {field.path for field in fields} == named, "the case knows everything that this contract names"
    _, content = rendered(flow, fields)
    assert on_the_wire(flow, content) == HEAD | {leaf for path in named for leaf in leaves(flow, path)}


def test_a_notice_holds_exactly_what_its_contract_names_and_its_renderer_lays_out() -> None:
    flow = flow_of("CONS-MX", Purpose.CONSULAR_NOTICE)
    fields = told(flow, engagement(Purpose.CONSULAR_NOTICE))
    named = {field.path for field in flow.fields}
    assert {field.path for field in fields} == named == set(PLACES[flow.renderer])
    _, content = rendered(flow, fields)
    expected = {leaf for path in named for leaf in leaves(flow, path)} - {"children.custody"}
    assert on_the_wire(flow, content) == HEAD - {"purpose"} | expected | {"children.in_custody_since"}


@pytest.mark.parametrize(("kind", "purpose"), cases(), ids=str)
def test_no_id_of_ours_and_no_word_of_the_case_beyond_the_contract_is_on_the_wire(kind: str, purpose: Purpose) -> None:
    flow = flow_of(kind, purpose)
    fields = told(flow, engagement(purpose))
    _, content = rendered(flow, fields)
    for envelope in whole_case().envelopes:
        for name in ("case_id", "party_id", "child_id", "request_id", "visit_id", "hearing_id", "subject_id"):
            value = getattr(envelope.event, name, None)
            assert value is None or str(value).encode() not in content
    secrets = {
        "child.allegation": b"neglect", "parent.a_number": b"012345678", "child.placement_address": b"Calle Hortensia",
        "parent.detention_place": b"An Invented Facility", "trafficking.indicators": b"labour",
    }
    for path, secret in secrets.items():
        assert (secret in content) is any(field.path == path for field in fields), path


@pytest.mark.parametrize(("kind", "purpose"), cases(), ids=str)
def test_one_field_less_in_a_contract_is_one_field_less_on_the_wire(kind: str, purpose: Purpose) -> None:
    flow = flow_of(kind, purpose)
    on = engagement(purpose, BasisKind.CONSENT)
    whole = on_the_wire(flow, rendered(flow, told(flow, on))[1])
    for field in flow.fields:
        less = replace(flow, fields=tuple(other for other in flow.fields if other is not field))
        missing = whole - on_the_wire(less, rendered(less, told(less, on))[1])
        assert missing == leaves(flow, field.path), field.path


@pytest.mark.parametrize(("kind", "purpose"), cases(), ids=str)
def test_without_the_fields_that_name_a_class_no_text_of_a_person_is_on_the_wire(kind: str, purpose: Purpose) -> None:
    flow = flow_of(kind, purpose)
    on = engagement(purpose, BasisKind.CONSENT)
    whole = rendered(flow, told(flow, on))[1]
    assert {text for text in WRITTEN if WRITTEN[text] & {field.path for field in flow.fields}} == {
        text for text in WRITTEN if text.encode() in whole
    }
    unnamed = replace(flow, fields=tuple(field for field in flow.fields if field.free_text is None))
    content = rendered(unnamed, told(unnamed, on))[1]
    assert [text for text in WRITTEN if text.encode() in content] == []


def test_the_case_has_a_text_for_every_field_that_has_a_class() -> None:
    classed = {path for path, word in WORDS.items() if word.text is not None and word.is_told}
    assert set().union(*WRITTEN.values()) == classed - NOT_IN_HOME_STUDY


@pytest.mark.parametrize(("kind", "purpose"), [
    ("LE", Purpose.TRAFFICKING_NOTICE), ("LAW-COMM", Purpose.RELIEF_SCREENING), ("COURT", Purpose.COURT_REPORT),
])
def test_what_needs_a_ground_does_not_flow_without_it(kind: str, purpose: Purpose) -> None:
    flow = flow_of(kind, purpose)
    needy = {field.path for field in flow.fields if field.needs}
    assert needy
    given = {field.path for field in told(flow, engagement(flow.purpose, BasisKind.STATUTE))}
    assert not given & needy and given == {field.path for field in flow.fields} - needy


@pytest.mark.parametrize(("kind", "purpose", "takes_it"), [
    ("LE", Purpose.TRAFFICKING_NOTICE, True), ("COURT", Purpose.COURT_REPORT, True),
    ("LAW-COMM", Purpose.RELIEF_SCREENING, False),
])
def test_what_needs_a_ground_flows_on_counsels_approval_where_its_contract_says_so(
    kind: str, purpose: Purpose, takes_it: bool
) -> None:
    flow = flow_of(kind, purpose)
    needy = {field.path for field in flow.fields if field.needs}
    given = {field.path for field in told(flow, engagement(purpose, BasisKind.COUNSEL_APPROVAL))}
    assert given & needy == (needy if takes_it else set())


def test_a_person_outside_the_engagement_is_not_told_of_and_is_no_sign_in_a_thing() -> None:
    flow = flow_of("ISS", Purpose.HOME_STUDY)
    fields = told(flow, engagement(Purpose.HOME_STUDY, BasisKind.SERVICE_CONTRACT, CHILD))
    assert {field.reference for field in fields} == {SIGNS[CHILD], ""}
    assert "home_study.person" not in {field.path for field in fields}


def test_every_purpose_has_its_letter_and_the_letter_tells_what_the_record_tells() -> None:
    assert set(OPENINGS) == {purpose for _, purpose in cases()}
    for kind, purpose in cases():
        flow = flow_of(kind, purpose)
        record, _ = rendered(flow, told(flow, engagement(purpose, BasisKind.CONSENT)))
        text = letter(record, purpose, office_of(kind), "An Agency", date(2026, 8, 17))
        assert ("Begoña Ibáñez Núñez" in text) is flow.has("parent.name")
        assert ("+1 505 555 0100" in text) is (flow.has("relative.phone") or flow.has("parent.phone"))
        assert "immigra" not in text.lower() and "None" not in text


def test_a_field_that_no_event_tells_is_known_to_be_so_and_every_other_is_told() -> None:
    """The whole case leaves out nothing: each field of the vocabulary is told by it, or by nobody."""
    flow = flow_of("COURT", Purpose.COURT_REPORT)
    told_paths: set[str] = set()
    scenario = whole_case()
    for purpose, about in ABOUT.items():
        everything = replace(flow, purpose=purpose, fields=tuple(
            replace(flow.fields[0], path=path, needs=()) for path in WORDS
        ))
        everything_told = sources(scenario.case, everything, engagement(purpose), EVERYBODY, about=about)
        told_paths |= {field.path for field in everything_told}
    assert {path for path, word in WORDS.items() if word.is_told} - told_paths == NOT_IN_HOME_STUDY
    assert not told_paths & {path for path, word in WORDS.items() if not word.is_told}
