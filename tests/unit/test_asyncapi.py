"""The partners' AsyncAPI documents: current, complete, and their examples the bytes that would really leave."""
from __future__ import annotations

import hashlib
import json
from base64 import b64decode
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from fastavro import parse_schema, schemaless_reader
from fastavro.schema import fingerprint, to_parsing_canonical_form

from adapters.asyncapi import documents
from adapters.asyncapi.document import PUBLISHED
from adapters.asyncapi.example import of_disregard
from adapters.avro.single_object import format_of
from adapters.channels.kafka_feed import message_of
from adapters.contract_texts import shipped
from adapters.http.openapi import DOCUMENT, EVENT
from adapters.kafka.settings import KafkaSettings
from adapters.kafka.topics import topic_specs
from domain.case.consular import TextCode
from domain.disclosure.vocabulary import GROUPS, WORDS

DOCS = Path(__file__).resolve().parents[2] / "docs" / "asyncapi"
CONTRACTS = {text.contract().recipient_kind: text.contract() for text in shipped()}
FORM = format_of(json.loads((PUBLISHED / "Disregard.v1.avsc").read_text(encoding="utf-8")))
GIVEN = sorted(kind for kind, contract in CONTRACTS.items() if contract.flows)
OURS = {"Disregard", "Placeholder", "Held"}
EPOCH = {"ce_feedepoch", "ce_feedfrom"}
HTTP = {"CloudEvent", "Batch", "Reading"}
ONCE_HELD = {"ce_releases"}
SOMETIMES = EPOCH | ONCE_HELD


def document(kind: str) -> Any:
    return json.loads((DOCS / f"{kind.lower()}.json").read_text(encoding="utf-8"))


def published(kind: str) -> dict[str, Any]:
    return {name: of for name, of in document(kind)["components"]["messages"].items() if name not in HTTP}


def test_the_committed_documents_are_those_of_the_contracts() -> None:
    made = documents(CONTRACTS.values())
    committed = {path.name: path.read_text(encoding="utf-8") for path in DOCS.glob("*.json")}
    assert committed == made, "run `casebridge contracts asyncapi docs/asyncapi`"


def test_a_kind_has_a_document_where_anything_is_given_to_it_and_only_there() -> None:
    assert {path.stem for path in DOCS.glob("*.json")} == {kind.lower() for kind in GIVEN}
    assert all(contract.denied for kind, contract in CONTRACTS.items() if kind not in GIVEN)


@pytest.mark.parametrize("kind", GIVEN)
def test_a_document_names_what_the_contract_publishes_and_nothing_else(kind: str) -> None:
    named = {flow.publishes.partition(".")[0] for flow in CONTRACTS[kind].flows}
    assert set(published(kind)) == named | OURS
    assert set(document(kind)["channels"]["feed"]["messages"]) == named | OURS


@pytest.mark.parametrize("kind", GIVEN)
def test_an_example_is_the_record_that_its_bytes_hold_under_the_headers_that_travel(kind: str) -> None:
    for message in published(kind).values():
        schema = parse_schema(message["payload"]["schema"])
        mark = fingerprint(to_parsing_canonical_form(schema), "CRC-64-AVRO")
        assert mark == message["x-fingerprint"]
        for example, wire in zip(message["examples"], message["x-bytes"], strict=True):
            data, headers = b64decode(wire["value-base64"]), example["headers"]
            assert data[:10] == b"\xc3\x01" + bytes.fromhex(mark)
            read: Any = schemaless_reader(BytesIO(data[10:]), _without_logic(schema), None)
            assert read == example["payload"]
            assert set(headers) == set(message["headers"]["required"]) == set(message["headers"]["properties"]) - SOMETIMES
            assert headers["ce_source"].endswith(f"/{wire['key']}")
            if wire["digest"]:
                assert hashlib.sha256(bytes.fromhex(headers["ce_salt"]) + data).hexdigest() == wire["digest"]


@pytest.mark.parametrize("kind", GIVEN)
def test_the_example_of_a_purpose_tells_every_field_that_may_flow_for_it(kind: str) -> None:
    messages = published(kind)
    for flow in CONTRACTS[kind].flows:
        examples = messages[flow.publishes.partition(".")[0]]["examples"]
        payloads = {example["summary"]: example["payload"] for example in examples}
        if not flow.fields:
            continue
        payload = payloads[f"For {flow.purpose.replace('_', ' ')}"]
        for field in flow.fields:
            word = WORDS[WORDS[field.path].part_of or field.path]
            told = payload[GROUPS[word.group].plural or word.group]
            assert told and all(_is_told(told, name) for name in NAMES.get(word.name, (word.name,))), field.path


def test_what_was_held_back_leaves_under_headers_that_are_declared() -> None:
    entry = of_disregard("cons-mx.example", FORM, "erase").parcel
    released = message_of(replace(entry, headers=(*entry.headers, ("releases", "1"))))
    declared = published("CONS-MX")["Disregard"]["headers"]["properties"]
    assert {name for name, _ in released.headers} == set(declared) - EPOCH
    for name in ("Placeholder", "Held"):
        assert ONCE_HELD.isdisjoint(published("CONS-MX")[name]["headers"]["properties"])


def test_every_text_code_has_its_example_and_is_said_in_the_schema_and_the_document() -> None:
    disregard = published("CONS-MX")["Disregard"]
    assert [one["payload"]["text_code"] for one in disregard["examples"]] == [code.value for code in TextCode]
    [field] = [field for field in disregard["payload"]["schema"]["fields"] if field["name"] == "text_code"]
    for code in TextCode:
        assert f"{code.value}: " in field["doc"] and f"`{code.value}`" in document("CONS-MX")["info"]["description"]


NAMES = {"name": ("given_names", "surnames"), "custody": (), "birth_date": ("birth_date", "birth_date_is_estimate")}


def _is_told(told: Any, name: str) -> bool:
    return all(one[name] is not None for one in (told if isinstance(told, list) else [told]))


def _without_logic(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {name: _without_logic(value) for name, value in schema.items() if name != "logicalType"}
    return [_without_logic(item) for item in schema] if isinstance(schema, list) else schema


def test_a_document_says_of_topics_what_is_made() -> None:
    *_, feed, inbox = topic_specs(KafkaSettings(bootstrap="x:1"), ["cons-mx.el-paso"])
    channels = document("CONS-MX")["channels"]
    for name, spec in (("feed", feed), ("inbox", inbox)):
        said = channels[name]
        assert said["address"].format(office="cons-mx.el-paso") == spec.name
        binding = said["bindings"]["kafka"]
        assert binding["partitions"] == spec.partitions == 1
        assert binding["topicConfiguration"] == {
            "cleanup.policy": [spec.config["cleanup.policy"]], "retention.ms": int(spec.config["retention.ms"]),
        }
        assert binding["x-segment.ms"] == int(spec.config["segment.ms"])


def test_both_documents_let_a_reading_ask_for_what_the_feed_gives() -> None:
    said = document("CONS-MX")["operations"]["answerReading"]["bindings"]["http"]["query"]["properties"]
    declared = {one["name"]: one["schema"] for one in DOCUMENT["paths"]["/feeds/{office}/events"]["get"]["parameters"]}
    for name in ("after", "limit", "wait"):
        assert {end: said[name][end] for end in ("minimum", "maximum", "default")} == {
            end: declared[name][end] for end in ("minimum", "maximum", "default")
        }
    assert declared["limit"]["minimum"] == 1, "a reading for none gives one"


def test_an_answer_that_asks_to_come_again_declares_when() -> None:
    answers = DOCUMENT["paths"]["/feeds/{office}/events"]["get"]["responses"]
    assert {status for status, answer in answers.items() if "Retry-After" in answer.get("headers", {})} == {"429", "503"}


def test_a_structured_event_has_what_its_schema_asks_for() -> None:
    for kind in GIVEN:
        [whole] = document(kind)["components"]["messages"]["Batch"]["examples"]
        for event in whole["payload"]:
            assert set(EVENT["required"]) <= set(event) <= set(EVENT["properties"])
