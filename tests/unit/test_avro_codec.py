"""Stored bytes: every value comes back, what cannot be stored is refused, damage is named and never a value."""
from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from io import BytesIO
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import avro.schema
import fastavro
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.avro import EventCodec, SchemaRefused, SchemaRegistry, SchemaUnknown, Unreadable, Unwritable, registry_of
from adapters.avro.envelope import ENVELOPE
from adapters.avro.single_object import HEADER_SIZE, format_of, write
from adapters.keys import MemoryKeyStore
from domain.events import Envelope
from domain.personal import UNKNOWN, WITHHELD, Known
from domain.ports import KeysUnavailable, Recorded
from tests.unit.avro_events import (
    Basis,
    CustodySeen,
    EverythingNoted,
    NothingPersonal,
    Street,
    circumstances,
    enveloped,
    recorded,
)
from tests.unit.avro_strategies import envelopes, moments

NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001 (what is to be refused)
REGISTRY = registry_of([EverythingNoted, CustodySeen, NothingPersonal])
SEEN = CustodySeen(
    child=UUID(int=7), basis=Basis.ORDER, due_at=datetime(2026, 3, 9, tzinfo=UTC), name=Known("Ana"), nationality=UNKNOWN,
)


def codec(registry: SchemaRegistry = REGISTRY) -> EventCodec:
    return EventCodec(registry, MemoryKeyStore())


def there_and_back(envelope: Envelope) -> Envelope:
    it = codec()
    return it.decode(recorded(it.encode(envelope)))


@settings(deadline=None)  # a busy machine is no failure
@given(envelopes())
def test_every_value_of_every_type_comes_back(envelope: Envelope) -> None:
    back = there_and_back(envelope)
    assert back.event == envelope.event
    assert back.circumstances == envelope.circumstances
    assert (back.stream, back.version, back.position) == (envelope.stream, envelope.version, 1)


@settings(deadline=None)  # a busy machine is no failure
@given(moments)
def test_an_asserted_moment_comes_back_with_its_zone(moment: datetime) -> None:
    asserted = circumstances(moment=moment)._replace(causation_id=uuid4(), traceparent="00-ab-cd-01", packs=())
    back = there_and_back(enveloped(NothingPersonal())._replace(circumstances=asserted)).circumstances
    assert back == asserted
    assert back.occurred_at.utcoffset() == moment.utcoffset()
    assert str(back.occurred_at.tzinfo) == str(moment.tzinfo)


def test_the_second_of_two_equal_clock_times_in_autumn_stays_the_second() -> None:
    second = datetime(2026, 11, 1, 1, 30, tzinfo=ZoneInfo("America/Denver"), fold=1)
    back = there_and_back(enveloped(NothingPersonal())._replace(circumstances=circumstances(moment=second)))
    assert (back.circumstances.occurred_at.fold, back.circumstances.occurred_at.utcoffset()) == (1, timedelta(hours=-7))


FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
EAST, WEST = timezone(timedelta(hours=1)), timezone(timedelta(hours=-1))


@pytest.mark.parametrize("moment", [FIRST.replace(tzinfo=EAST), LAST.replace(tzinfo=WEST)])
def test_a_moment_that_could_be_written_and_not_read_back_is_refused(moment: datetime) -> None:
    with pytest.raises(Unwritable, match="moment"):
        codec().encode(enveloped(replace(EVERYTHING, moment=moment)))
    with pytest.raises(Unwritable, match="outside the years"):
        codec().encode(enveloped(SEEN)._replace(circumstances=circumstances(moment=moment)))


@pytest.mark.parametrize("moment", [FIRST, LAST, FIRST.replace(tzinfo=WEST), LAST.replace(tzinfo=EAST)])
def test_the_first_and_the_last_moment_come_back(moment: datetime) -> None:
    assert there_and_back(enveloped(replace(EVERYTHING, moment=moment))).event == replace(EVERYTHING, moment=moment)
    asserted = enveloped(SEEN)._replace(circumstances=circumstances(moment=moment))
    assert there_and_back(asserted).circumstances.occurred_at == moment


class Unnamed(tzinfo):
    def utcoffset(self, moment: datetime | None) -> timedelta:
        return timedelta(hours=1)

    def dst(self, moment: datetime | None) -> timedelta:
        return timedelta(0)

    def tzname(self, moment: datetime | None) -> str:
        return "somewhere"


@pytest.mark.parametrize("moment", [
    NAIVE, datetime(2026, 1, 1, tzinfo=Unnamed()),
    datetime(2026, 1, 1, tzinfo=timezone(timedelta(microseconds=5))),
])
def test_an_asserted_moment_whose_zone_would_not_come_back_is_refused(moment: datetime) -> None:
    with pytest.raises(Unwritable, match="zone"):
        codec().encode(enveloped(SEEN)._replace(circumstances=circumstances(moment=moment)))


EVERYTHING = EverythingNoted(
    case_id=UUID(int=1), person=UUID(int=2), others=(UUID(int=3),), text="t", number=1, truth=True,
    moment=datetime(2026, 1, 1, tzinfo=UTC), day=datetime(2026, 1, 1, tzinfo=UTC).date(), basis=Basis.ORDER,
    office=Street("s"), texts=("a",), bases=(Basis.ORDER,), due_at=None,
)


@pytest.mark.parametrize(("field", "value"), [
    ("moment", NAIVE), ("number", 2**63), ("number", -(2**63) - 1), ("number", True), ("number", "1"),
    ("text", 5), ("text", None), ("truth", 1), ("day", datetime(2026, 1, 1, tzinfo=UTC)), ("basis", "order"),
    ("texts", ["a"]), ("texts", "a"), ("texts", (1,)), ("person", "x"), ("office", "x"), ("office", Street("s", True)),
    ("name", "clear text"), ("name", Known(5)), ("seen_at", Known(NAIVE)), ("text", "\ud800"),
])
def test_a_value_that_does_not_fit_its_field_is_refused_by_name_and_not_by_value(field: str, value: object) -> None:
    with pytest.raises(Unwritable) as refused:
        codec().encode(enveloped(replace(EVERYTHING, **cast(Any, {field: value}))))
    assert refused.value.where.startswith("casebridge.test.EverythingNoted")
    assert field in refused.value.where or value == "\ud800"
    assert "clear text" not in str(refused.value)


def test_a_withheld_value_is_never_recorded() -> None:
    with pytest.raises(Unwritable, match=r"CustodySeen\.name: a withheld value"):
        codec().encode(enveloped(replace(SEEN, name=WITHHELD)))


def test_a_known_value_about_nobody_is_refused() -> None:
    with pytest.raises(Unwritable, match="others name 0 persons"):
        codec().encode(enveloped(replace(EVERYTHING, others=(), urgent=Known(True))))


def test_outside_a_cases_stream_a_personal_value_needs_a_case_id() -> None:
    with pytest.raises(Unwritable, match="case_id"):
        codec().encode(enveloped(SEEN, stream="agency-nm-cyfd"))
    with pytest.raises(Unwritable, match="names no case"):
        codec().encode(enveloped(SEEN, stream="case-of-somebody"))


def test_nothing_is_stored_while_the_key_store_is_away() -> None:
    keys = MemoryKeyStore()
    it = EventCodec(REGISTRY, keys)
    new = it.encode(enveloped(SEEN))
    keys.unreachable = True
    it.drop_keys()
    with pytest.raises(KeysUnavailable):
        it.encode(enveloped(SEEN))
    with pytest.raises(KeysUnavailable):
        it.decode(recorded(new))


@settings(deadline=None)  # a busy machine is no failure
@given(envelopes(), st.data())
def test_damaged_bytes_are_unreadable_and_nothing_else(envelope: Envelope, data: st.DataObject) -> None:
    it = codec()
    row = recorded(it.encode(envelope))
    place = data.draw(st.integers(min_value=0, max_value=len(row.state) - 1))
    flipped = bytearray(row.state)
    flipped[place] ^= data.draw(st.integers(min_value=1, max_value=255))
    for state in (bytes(flipped), row.state[:place], row.state + b"\0"):
        try:
            back = it.decode(row._replace(state=state))
        except Unreadable:
            continue
        assert len(state) == len(row.state), "a body cut short or too long was read"
        assert isinstance(back, Envelope)


def test_a_row_whose_columns_are_not_those_of_its_bytes_is_unreadable() -> None:
    it = codec()
    row = recorded(it.encode(enveloped(SEEN)))
    with pytest.raises(Unreadable, match="another event id"):
        it.decode(row._replace(event_id=uuid4()))
    with pytest.raises(Unreadable, match=r"bytes of casebridge\.test\.CustodySeen"):
        it.decode(row._replace(topic=NothingPersonal.TOPIC))
    with pytest.raises(Unreadable, match="no event of this program"):
        it.decode(row._replace(topic="casebridge.test.Never"))


def test_the_schemas_used_are_all_that_the_bytes_name() -> None:
    it = codec()
    envelope = enveloped(SEEN)
    new = it.encode(envelope)
    used = {schema.fingerprint: schema.name for schema in it.schemas_used([new, new])}
    assert sorted(used.values()) == [
        "casebridge.Envelope", "casebridge.test.CustodySeen", "casebridge.test.CustodySeen.Identity",
    ]
    assert new.state[2:HEADER_SIZE] in used
    only_those = SchemaRegistry()
    only_those.add_stored(it.schemas_used([new]))
    assert EventCodec(only_those, MemoryKeyStore()).decode(recorded(new)).circumstances == envelope.circumstances
    assert it.schemas_used([]) == ()


def test_a_class_without_a_committed_schema_is_not_written() -> None:
    with pytest.raises(SchemaRefused, match="casebridge schemas build"):
        codec(registry_of([NothingPersonal])).encode(enveloped(SEEN))
    with pytest.raises(SchemaRefused, match=r"casebridge\.Envelope"):
        codec(SchemaRegistry())


OLD_SEEN = {
    "type": "record", "name": "CustodySeen", "namespace": "casebridge.test", "fields": [
        {"name": "child", "type": {"type": "string", "logicalType": "uuid"}}, {"name": "basis", "type": "string"},
        {"name": "due_at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "gone", "type": "string", "default": ""},
    ],
}


def old_row(registry: SchemaRegistry) -> Recorded:
    """A row of an older writer, whose class had a field more and no boxes."""
    payload = write(format_of(OLD_SEEN), {"child": str(SEEN.child), "basis": "order", "due_at": 0, "gone": "x"})
    row = recorded(codec().encode(enveloped(SEEN)))
    record = registry.read(ENVELOPE, row.state)
    return row._replace(state=write(ENVELOPE, record | {"payload": payload, "boxes": []}))


def test_what_an_older_writer_wrote_is_read_through_its_own_schema() -> None:
    registry = registry_of([CustodySeen])
    registry.add(OLD_SEEN)
    event = codec(registry).decode(old_row(registry)).event
    assert event == replace(SEEN, due_at=datetime(1970, 1, 1, tzinfo=UTC), name=UNKNOWN)


def test_an_unknown_writer_is_looked_up_in_the_log_once_and_then_named() -> None:
    asked: list[int] = []
    old = format_of(OLD_SEEN).writer_schema

    def log_of(known: bool) -> SchemaRegistry:
        return registry_of([CustodySeen], more=lambda: [asked.append(1) or old] if known else [])  # type: ignore[func-returns-value]

    assert codec(log_of(True)).decode(old_row(REGISTRY)).event.TOPIC == CustodySeen.TOPIC
    assert asked == [1]
    with pytest.raises(SchemaUnknown, match=old.fingerprint.hex()):
        codec(log_of(False)).decode(old_row(REGISTRY))


def test_a_symbol_that_this_program_does_not_have_is_named_as_such() -> None:
    registry = registry_of([CustodySeen])
    row = recorded(codec().encode(enveloped(SEEN)))
    payload = write(format_of(_clear(CustodySeen)), {"child": str(SEEN.child), "basis": "whim", "due_at": 0})
    state = write(ENVELOPE, registry.read(ENVELOPE, row.state) | {"payload": payload})
    with pytest.raises(Unreadable, match=r"CustodySeen\.basis: a symbol") as refused:
        codec(registry).decode(row._replace(state=state))
    assert "whim" not in str(refused.value)


def _clear(cls: type[CustodySeen]) -> dict[str, Any]:
    from adapters.avro import schemas_of

    return schemas_of(cls).clear.schema


@pytest.mark.parametrize("change", [{"default": 5}, {"type": {"type": "long", "logicalType": "timestamp-micros"}}])
def test_two_schemas_that_one_fingerprint_cannot_tell_apart_are_refused(change: dict[str, object]) -> None:
    field = {"name": "n", "type": "long"}
    first = {"type": "record", "name": "casebridge.test.N", "fields": [field]}
    registry = SchemaRegistry()
    registry.add(first)
    registry.add(first | {"doc": "other words are no difference"})
    with pytest.raises(SchemaRefused, match="fingerprint"):
        registry.add(first | {"fields": [field | change]})


def test_versions_are_loaded_as_numbers_and_a_nameless_file_is_refused(tmp_path: Path) -> None:
    for number in (10, 9):
        fields = [{"name": f"f{index}", "type": "long", "default": 0} for index in range(number)]
        schema = {"type": "record", "name": "casebridge.test.N", "fields": fields}
        (tmp_path / f"N.v{number}.avsc").write_text(json.dumps(schema))
    registry = SchemaRegistry.load(tmp_path)
    assert format_of(schema).fingerprint in registry
    (tmp_path / "N.avsc").write_text("{}")
    with pytest.raises(SchemaRefused, match=r"N\.avsc"):
        SchemaRegistry.load(tmp_path)


def test_a_stored_schema_under_another_fingerprint_is_refused() -> None:
    stored = replace(format_of(OLD_SEEN).writer_schema, fingerprint=b"12345678")
    with pytest.raises(SchemaRefused, match="another fingerprint"):
        SchemaRegistry().add_stored([stored])


def test_the_fingerprint_is_apaches() -> None:
    for raw in (format_of(_clear(CustodySeen)).raw, ENVELOPE.raw):
        plain = json.loads(fastavro.schema.to_parsing_canonical_form(raw))
        assert avro.schema.parse(json.dumps(plain)).fingerprint() == format_of(plain).fingerprint


FORMAT = format_of({
    "type": "record", "name": "casebridge.test.Any", "fields": [
        {"name": "n", "type": "long"}, {"name": "d", "type": "int"}, {"name": "s", "type": "string"},
        {"name": "b", "type": "bytes"}, {"name": "t", "type": "boolean"},
        {"name": "o", "type": ["null", {"type": "array", "items": {
            "type": "record", "name": "Inner", "fields": [{"name": "x", "type": ["null", "string"]}]}}]},
        {"name": "i", "type": ["null", "Inner"]}, {"name": "a", "type": {"type": "array", "items": "long"}},
    ],
})
inner = st.fixed_dictionaries({"x": st.none() | st.text(st.characters(exclude_categories=["Cs"]))})
whole = st.integers(min_value=-(2**63), max_value=2**63 - 1)


@settings(deadline=None)  # a busy machine is no failure
@given(st.fixed_dictionaries({
    "n": whole, "d": st.integers(min_value=-(2**31), max_value=2**31 - 1),
    "s": st.text(st.characters(exclude_categories=["Cs"])) | st.just("x" * 20_000), "b": st.binary(), "t": st.booleans(),
    "o": st.none() | st.lists(inner), "i": st.none() | inner, "a": st.lists(whole),
}))
def test_our_compiled_code_writes_and_reads_what_fastavro_does(record: dict[str, Any]) -> None:
    body = BytesIO()
    fastavro.schemaless_writer(body, FORMAT.raw, record, strict=True, disable_tuple_notation=True)
    ours = write(FORMAT, record)
    assert ours == FORMAT.header + body.getvalue()
    assert SchemaRegistry().read(FORMAT, ours) == record
    assert fastavro.schemaless_reader(BytesIO(body.getvalue()), FORMAT.raw, None) == record


def test_blocks_with_their_size_in_bytes_are_read_too() -> None:
    form = format_of({"type": "record", "name": "a.B", "fields": [
        {"name": "a", "type": {"type": "array", "items": "long"}},
    ]})
    sized = form.header + bytes([3, 4, 2, 4, 2, 6, 0])  # a block of 2 items in 2 bytes, a block of 1, the end
    assert SchemaRegistry().read(form, sized) == {"a": [1, 2, 3]}
    with pytest.raises(Unreadable):
        SchemaRegistry().read(form, form.header + bytes([254, 255, 255, 255, 15]))


@pytest.mark.parametrize("body", [[1], [0x81, 0], [5, 97], [4, 97], [0xFE, 0xFF, 0xFF, 0xFF, 0x0F], [0x80] * 11])
def test_a_length_that_is_negative_or_beyond_the_data_is_unreadable(body: list[int]) -> None:
    form = format_of({"type": "record", "name": "a.S", "fields": [{"name": "s", "type": "string"}]})
    with pytest.raises(Unreadable):
        SchemaRegistry().read(form, form.header + bytes(body))
