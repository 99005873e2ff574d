"""Events to stored bytes and back: clear record in the envelope's payload, personal fields in boxes."""
from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from adapters.avro import envelope as wire
from adapters.avro.boxes import PERSONS_MAX, CachedKeys, Place, lock, unlock
from adapters.avro.errors import Misfit, SchemaRefused, Unreadable, Unwritable
from adapters.avro.forms import Form, Raw, reader_of, writer_of
from adapters.avro.schema import Part, schemas_of
from adapters.avro.single_object import Format, SchemaRegistry, format_of, without_docs, write
from domain.events.contract import REGISTRY, Compartment, Event
from domain.events.envelope import Envelope
from domain.personal import UNKNOWN, WITHHELD, Known, Withheld
from domain.ports import KeyStore, NewEvent, Recorded, WriterSchema

CASE_STREAM = "case-"
CASE_FIELD = "case_id"


class EventCodec:
    """Encodes with each class's schema, which must be known to the registry; reads what any known schema wrote.

    Opened keys are kept for at most 30 s of `monotonic`. An instance may be shared by threads.
    """

    def __init__(
        self, registry: SchemaRegistry, keys: KeyStore, *, monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registry = registry
        self._keys = CachedKeys(keys, monotonic=monotonic)
        self._shapes: dict[str, _Shape] = {}
        _require(registry, wire.ENVELOPE)

    def encode(self, envelope: Envelope) -> NewEvent:
        """Raises Unwritable for what cannot be stored (a withheld value, a naive datetime, persons missing),
        SchemaRefused where the class has no committed schema, KeysUnavailable."""
        event, circumstances = envelope.event, envelope.circumstances
        shape = self._shape(event.TOPIC)
        if type(event) is not shape.cls:
            raise Unwritable(event.TOPIC, f"{type(event).__name__} is not the registered class")
        try:
            record = wire.to_raw(circumstances)
            payload = shape.write_clear(event)
            boxes = [packed for box in shape.boxes if (packed := self._pack(box, envelope))]
        except Misfit as misfit:
            raise Unwritable(misfit.at(event.TOPIC), misfit.because) from None
        except ValueError:
            raise Unwritable(event.TOPIC, f"the stream {envelope.stream} names no case by its id") from None
        record["payload"] = write(shape.clear, payload)
        record["boxes"] = boxes
        return NewEvent(
            event_id=circumstances.event_id, stream=envelope.stream, version=envelope.version,
            topic=event.TOPIC, state=write(wire.ENVELOPE, record),
        )

    def schemas_used(self, events: Iterable[NewEvent]) -> tuple[WriterSchema, ...]:
        """Every schema that these events may name: of the envelope, the clear records and their compartments."""
        used = dict.fromkeys(event.topic for event in events)
        formats = [form for topic in used for form in self._shape(topic).formats]
        return tuple(form.writer_schema for form in (wire.ENVELOPE, *formats)) if formats else ()

    def decode(self, recorded: Recorded) -> Envelope:
        """The event as this reader may see it: fields whose keys are missing are withheld.

        Raises Unreadable for bytes that are not what the row says, and KeysUnavailable.
        """
        stream, version, topic = recorded.stream, recorded.version, recorded.topic
        shape = self._shape(topic)
        read = self._registry.read
        record = read(wire.ENVELOPE, recorded.state)
        try:
            if record["event_id"] != str(recorded.event_id):
                raise Unreadable(f"{stream} version {version}, {topic}", "the row has another event id than its bytes")
            circumstances = wire.from_raw(record, recorded.event_id)
            values = read(shape.clear, record["payload"])
            shape.read_clear(values)
            if shape.personal:
                values.update(shape.personal)
                if record["boxes"]:
                    self._unpack(shape, record["boxes"], recorded, values)
            event = shape.cls(**values)
        except Misfit as misfit:
            raise Unreadable(misfit.at(topic), misfit.because) from None
        except (ValueError, TypeError, OverflowError) as error:
            raise Unreadable(f"{stream} version {version}, {topic}", f"damaged ({type(error).__name__})") from None
        return Envelope(
            stream=stream, version=version, event=event, circumstances=circumstances,
            position=recorded.position, recorded_at=recorded.recorded_at,
        )

    def traceparent(self, recorded: Recorded) -> str | None:
        """The trace context in which it was recorded, from the envelope alone; None where it cannot be read."""
        try:
            found: str | None = self._registry.read(wire.ENVELOPE, recorded.state)["traceparent"]
        except Unreadable:
            return None
        return found

    def drop_keys(self) -> None:
        """Forget every opened key at once, not only within 30 s."""
        self._keys.drop()

    def _shape(self, topic: str) -> _Shape:
        shape = self._shapes.get(topic)
        if shape is None:
            cls = REGISTRY.get(topic)
            if cls is None:
                raise Unreadable(topic, "no event of this program has this topic")
            shape = self._shapes[topic] = _shape_of(cls, self._registry)
        return shape

    def _pack(self, box: _BoxShape, envelope: Envelope) -> dict[str, Raw] | None:
        event = envelope.event
        record = box.write(event)
        if record is None:
            return None
        persons = _persons(event, box.about)
        if not 0 < len(persons) <= PERSONS_MAX:
            raise Misfit(f"{box.compartment} is known, but its {', '.join(box.about)} name {len(persons)} persons")
        case = _case_of(envelope.stream, getattr(event, CASE_FIELD, None))
        place = Place(envelope.stream, envelope.version, event.TOPIC, case)
        self._keys.freshen()
        return lock(write(box.form, record), place, box.compartment.value, persons, self._keys)

    def _unpack(self, shape: _Shape, boxes: list[dict[str, Raw]], recorded: Recorded, values: dict[str, Any]) -> None:
        stream = recorded.stream
        place = Place(stream, recorded.version, recorded.topic, _case_of(stream, values.get(CASE_FIELD)))
        keys = self._keys
        keys.freshen()
        for packed in boxes:
            box = shape.box_of.get(packed["compartment"])
            if box is None:
                continue  # every field of this compartment has since left the class
            plain = unlock(packed, place, keys)
            if plain is None:
                values.update(box.withheld)
            else:
                box.read(self._registry.read(box.form, plain), values)


@dataclass(frozen=True, slots=True)
class _BoxShape:
    compartment: Compartment
    about: tuple[str, ...]
    form: Format
    write: Callable[[Event], dict[str, Raw] | None]
    read: Callable[[dict[str, Raw], dict[str, Any]], None]
    withheld: dict[str, Withheld]


@dataclass(frozen=True, slots=True)
class _Shape:
    """What is computed once per event class. `personal` is every boxed field, unknown."""

    cls: type[Event]
    clear: Format
    write_clear: Callable[[object], dict[str, Raw]]
    read_clear: Callable[[dict[str, Raw]], None]
    boxes: tuple[_BoxShape, ...]
    box_of: dict[str, _BoxShape]
    personal: dict[str, Any]
    formats: tuple[Format, ...]


def _shape_of(cls: type[Event], registry: SchemaRegistry) -> _Shape:
    schemas = schemas_of(cls)
    clear = _require(registry, format_of(schemas.clear.schema))
    boxes = tuple(_box_shape(compartment, part, registry) for compartment, part in schemas.boxes.items())
    return _Shape(
        cls=cls, clear=clear,
        write_clear=writer_of(schemas.clear.forms), read_clear=reader_of(schemas.clear.forms),
        boxes=boxes, box_of={box.compartment.value: box for box in boxes},
        personal={name: UNKNOWN for box in boxes for name in box.withheld},
        formats=(clear, *(box.form for box in boxes)),
    )


def _require(registry: SchemaRegistry, needed: Format) -> Format:
    """What is written must be committed first, or a later program could not read it."""
    if needed.fingerprint not in registry:
        raise SchemaRefused(needed.name, "is not in schemas/ as the class declares it: run `casebridge schemas build`")
    known = registry.find(needed.fingerprint, needed.name)
    if without_docs(known.declared) != without_docs(needed.declared):
        raise SchemaRefused(needed.name, "differs from schemas/ in a default or a logical type")
    return needed


def _box_shape(compartment: Compartment, part: Part, registry: SchemaRegistry) -> _BoxShape:
    return _BoxShape(
        compartment=compartment, about=part.about, form=_require(registry, format_of(part.schema)),
        write=_box_writer({name: _inner(form) for name, form in part.forms.items()}),
        read=_box_reader(part.forms), withheld=dict.fromkeys(part.forms, WITHHELD),
    )


def _inner(form: Form) -> Callable[[Any], Raw]:
    convert = form.write

    def write_known(value: object) -> Raw:
        if isinstance(value, Known):
            return convert(value.value)
        if value is UNKNOWN:
            return None
        if value is WITHHELD:
            raise Misfit("a withheld value cannot be recorded")
        raise Misfit(f"a personal value is Known, UNKNOWN or WITHHELD, not {type(value).__name__}")

    return write_known


def _box_writer(converts: dict[str, Callable[[Any], Raw]]) -> Callable[[Event], dict[str, Raw] | None]:
    def write_box(event: Event) -> dict[str, Raw] | None:
        record, known = {}, False
        for name, convert in converts.items():
            try:
                raw = record[name] = convert(getattr(event, name))
            except Misfit as misfit:
                misfit.path.append(name)
                raise
            known = known or raw is not None
        return record if known else None

    return write_box


def _box_reader(forms: Any) -> Callable[[dict[str, Raw], dict[str, Any]], None]:
    reads = tuple((name, form.read) for name, form in forms.items())

    def read_box(record: dict[str, Raw], values: dict[str, Any]) -> None:
        for name, read in reads:
            raw = record[name]
            if raw is not None:
                values[name] = Known(read(raw) if read else raw)

    return read_box


def _persons(event: Event, about: tuple[str, ...]) -> list[str]:
    """Every person that the fields name, each once, in their order."""
    persons: dict[str, None] = {}
    for name in about:
        value = getattr(event, name)
        for person in value if isinstance(value, tuple) else (value,):
            if isinstance(person, UUID):
                persons[str(person)] = None
            elif person is not None:
                raise Misfit(f"{name} names a person by {type(person).__name__}, not UUID")
    return list(persons)


def _case_of(stream: str, case_id: object) -> str:
    """Whose keys lock the boxes of a stream's event: the case's own, or that of the clear field `case_id`."""
    if stream.startswith(CASE_STREAM):
        return stream[len(CASE_STREAM):]
    if not isinstance(case_id, UUID):
        raise Misfit(f"outside a case's stream an event with personal fields has a clear field {CASE_FIELD}")
    return str(case_id)


def registry_of(
    classes: Iterable[type[Event]], *, more: Callable[[], Iterable[WriterSchema]] | None = None,
) -> SchemaRegistry:
    """A registry of classes as they are now, without `schemas/`: for tests."""
    registry = SchemaRegistry(more=more)
    registry.add(wire.ENVELOPE_SCHEMA)
    for cls in classes:
        for part in schemas_of(cls).parts.values():
            registry.add(part.schema)
    return registry
