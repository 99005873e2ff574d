"""What an office holds of an entry, place by place, and which facts of the ledger stand at each place."""
from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from fastavro import parse_schema, schemaless_reader
from fastavro.schema import fingerprint, to_parsing_canonical_form

from adapters.avro.published_records import names_of
from adapters.channels.kafka_feed import message_of
from adapters.channels.webhook import webhook_id
from adapters.disclosure.parcel import structured
from domain.disclosure.events import Disclosed, FeedEntry, FieldSource
from domain.disclosure.vocabulary import WORDS
from domain.ports import Parcel
from tests.disclosure_world import PUBLISHED


@dataclass(frozen=True, slots=True)
class Held:
    """One value that an office has, where it stands, and the facts of the ledger that it tells, if it tells any."""

    place: str
    value: Any
    facts: frozenset[tuple[object, str]] = frozenset()


def _schemas() -> dict[bytes, Any]:
    found = {}
    for path in PUBLISHED.glob("*.avsc"):
        schema: Any = parse_schema(json.loads(path.read_text(encoding="utf-8")))
        found[bytes.fromhex(fingerprint(to_parsing_canonical_form(schema), "CRC-64-AVRO"))] = schema
    return found


SCHEMAS = _schemas()


def read(content: bytes) -> Any:
    """The record, by the reader that partners use and not by ours."""
    return schemaless_reader(BytesIO(content[10:]), SCHEMAS[content[2:10]], None)


def leaves(record: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every value with its place, such as `children.birth_place.city`."""
    if isinstance(record, dict):
        for name, value in record.items():
            yield from leaves(value, f"{place}.{name}" if place else name)
    elif isinstance(record, list):
        for value in record:
            yield from leaves(value, place)
    else:
        yield place, record


def sources_at(entry: FeedEntry, place: str) -> list[FieldSource]:
    """The fields of the ledger's entry that are laid out at a place."""
    if not isinstance(entry, Disclosed):
        return []
    return [source for source in entry.fields if _covers(place, source.path, entry.renderer)]


def paths_at(place: str, renderer: str) -> set[str]:
    """Every path that would stand at a place, whether or not the ledger names it."""
    return {path for path in WORDS if _covers(place, path, renderer)}


def _covers(place: str, path: str, renderer: str) -> bool:
    return any(place == name or place.startswith(f"{name}.") for name in names_of(renderer, path))


def held(parcel: Parcel, entry: FeedEntry) -> Iterator[Held]:
    """Everything on every channel: key and headers in Kafka, the structured event and its webhook, the decoded record."""
    message = message_of(parcel)
    yield Held("key", message.key.decode())
    yield from (Held(f"header {name}", value.decode()) for name, value in message.headers)
    yield from (Held(f"event {name}", value) for name, value in structured(parcel).items())
    yield Held("header webhook-id", webhook_id(parcel))
    for place, value in leaves(read(parcel.content)):
        facts = frozenset((source.event_id, source.field) for source in sources_at(entry, place))
        yield Held(place, value, facts)
