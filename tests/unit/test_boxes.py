"""Boxes: open only with every key, only in their own place, and nothing personal stands beside them."""
from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime
from itertools import permutations
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.avro import EventCodec, Unreadable, registry_of
from adapters.avro.boxes import KEY_CACHE_SECONDS
from adapters.avro.envelope import ENVELOPE
from adapters.avro.single_object import write
from adapters.keys import MemoryKeyStore
from domain.events import Boxed, Compartment, Envelope, fields_of
from domain.personal import UNKNOWN, WITHHELD, Known
from domain.ports import KeyName
from tests.unit.avro_events import Basis, CustodySeen, EverythingNoted, Residence, Street, enveloped, recorded
from tests.unit.avro_strategies import envelopes
from tests.unit.test_avro_codec import EVERYTHING, REGISTRY, SEEN

CANARY = "CANARY-7f3a"


def case_of(envelope: Envelope) -> UUID:
    assert isinstance(envelope.event, EverythingNoted)
    return UUID(envelope.stream[5:]) if envelope.stream.startswith("case-") else envelope.event.case_id


def persons_of(event: EverythingNoted, box: Boxed) -> tuple[UUID, ...]:
    return tuple(p for name in box.about for p in ((event.person,) if name == "person" else event.others))


@settings(deadline=None)  # a busy machine is no failure
@given(envelopes(), st.data())
def test_exactly_the_boxes_that_lack_a_key_are_withheld_and_nothing_raises(envelope: Envelope, data: st.DataObject) -> None:
    keys, event = MemoryKeyStore(), envelope.event
    assert isinstance(event, EverythingNoted)
    row = recorded(EventCodec(REGISTRY, keys).encode(envelope))
    names = [
        KeyName(case=case_of(envelope), person=person, compartment=compartment)
        for person in {event.person, *event.others} for compartment in Compartment
    ]
    destroyed = set(data.draw(st.lists(st.sampled_from(names), unique=True)))
    withheld = set(data.draw(st.lists(st.sampled_from(names), unique=True)))
    keys.destroy(destroyed)
    keys.withhold(withheld)
    back = EventCodec(REGISTRY, keys).decode(row).event
    declarations = fields_of(EverythingNoted)
    boxes = [box for box in declarations.values() if isinstance(box, Boxed)]
    written = {
        declarations[f.name] and declarations[f.name].compartment  # type: ignore[union-attr]
        for f in fields(EverythingNoted) if isinstance(getattr(event, f.name), Known)
    }
    missing = {
        box.compartment for box in boxes for person in persons_of(event, box)
        if KeyName(case=case_of(envelope), person=person, compartment=box.compartment) in destroyed | withheld
    }
    for name, declaration in declarations.items():
        hidden = isinstance(declaration, Boxed) and declaration.compartment in written & missing
        assert getattr(back, name) == (WITHHELD if hidden else getattr(event, name)), name


def test_unknown_is_told_from_withheld() -> None:
    keys = MemoryKeyStore()
    it = EventCodec(REGISTRY, keys)
    envelope = enveloped(replace(EVERYTHING, name=Known("Ana"), status=UNKNOWN))
    row = recorded(it.encode(envelope))
    keys.destroy([KeyName(case=UUID(envelope.stream[5:]), person=EVERYTHING.person, compartment=Compartment.IDENTITY)])
    it.drop_keys()
    event = it.decode(row).event
    assert isinstance(event, EverythingNoted)
    assert (event.name, event.born_on, event.status) == (WITHHELD, WITHHELD, UNKNOWN)


def test_a_box_is_written_only_where_something_is_known() -> None:
    keys = MemoryKeyStore()
    it = EventCodec(REGISTRY, keys)
    keys.unreachable = True
    it.encode(enveloped(EVERYTHING))  # asks for no key
    keys.unreachable = False
    new = it.encode(enveloped(replace(EVERYTHING, status=Known("x"))))
    boxes = REGISTRY.read(ENVELOPE, new.state)["boxes"]
    assert [box["compartment"] for box in boxes] == ["immigration"]
    assert [layer["person"] for layer in boxes[0]["layers"]] == [str(EVERYTHING.person), str(EVERYTHING.others[0])]


def test_a_person_named_twice_is_one_layer() -> None:
    it = EventCodec(REGISTRY, MemoryKeyStore())
    new = it.encode(enveloped(replace(EVERYTHING, others=(EVERYTHING.person, EVERYTHING.person), status=Known("x"))))
    assert len(REGISTRY.read(ENVELOPE, new.state)["boxes"][0]["layers"]) == 1



@pytest.mark.parametrize("part", ["version", "stream", "box"])
def test_a_box_in_anothers_place_does_not_open(part: str) -> None:
    """All three events lie under the same keys: the keys of one case_id, in a stream that is not the case's."""
    it = EventCodec(REGISTRY, MemoryKeyStore())
    first, second = (
        it.encode(enveloped(replace(EVERYTHING, name=Known(name)), stream="agency-a", version=version))
        for version, name in ((1, "Ana"), (2, "Berta"))
    )
    if part == "version":
        row = recorded(first)._replace(version=2)
    elif part == "stream":
        row = recorded(first)._replace(stream="agency-b")
    else:
        boxes = REGISTRY.read(ENVELOPE, second.state)["boxes"]
        row = recorded(first)._replace(state=write(ENVELOPE, REGISTRY.read(ENVELOPE, first.state) | {"boxes": boxes}))
    assert it.decode(recorded(first)).event != it.decode(recorded(second)).event
    with pytest.raises(Unreadable, match="identity is damaged, or of another event") as refused:
        it.decode(row)
    assert "Ana" not in str(refused.value) and "Berta" not in str(refused.value)


def test_the_layers_of_a_box_open_in_no_other_order() -> None:
    it = EventCodec(REGISTRY, MemoryKeyStore())
    row = recorded(it.encode(enveloped(replace(EVERYTHING, others=(uuid4(), uuid4()), status=Known("x")))))
    record = REGISTRY.read(ENVELOPE, row.state)
    box = record["boxes"][0]
    orders = [list(order) for order in permutations(box["layers"])]
    opened = 0
    for layers in orders:
        state = write(ENVELOPE, record | {"boxes": [box | {"layers": layers}]})
        try:
            it.decode(row._replace(state=state))
        except Unreadable:
            continue
        opened += 1
    assert (len(orders), opened) == (6, 1)


def test_a_box_without_layers_is_unreadable() -> None:
    it = EventCodec(REGISTRY, MemoryKeyStore())
    row = recorded(it.encode(enveloped(replace(EVERYTHING, status=Known("x")))))
    record = REGISTRY.read(ENVELOPE, row.state)
    state = write(ENVELOPE, record | {"boxes": [record["boxes"][0] | {"layers": []}]})
    with pytest.raises(Unreadable, match="0 layers"):
        it.decode(row._replace(state=state))


def test_the_same_text_is_never_encrypted_to_the_same_bytes() -> None:
    it = EventCodec(REGISTRY, MemoryKeyStore())
    envelope = enveloped(replace(EVERYTHING, name=Known("Ana")))
    ciphertexts = {REGISTRY.read(ENVELOPE, it.encode(envelope).state)["boxes"][0]["ciphertext"] for _ in range(3)}
    assert len(ciphertexts) == 3


def test_a_canary_in_every_personal_field_is_found_nowhere_in_the_bytes() -> None:
    it = EventCodec(REGISTRY, MemoryKeyStore())
    envelope = enveloped(replace(
        EVERYTHING, name=Known(CANARY), status=Known(CANARY), visits=Known((Street(CANARY),)),
        residence=Known(Residence(Street(CANARY), datetime(2026, 1, 1, tzinfo=UTC).date())), reason=Known(Basis.EMERGENCY),
        text="a clear text, to see that the search finds",
    ))
    state = it.encode(envelope).state
    assert b"a clear text" in state
    assert CANARY.encode() not in state and b"emergency" not in state
    assert it.decode(recorded(it.encode(envelope))).event == envelope.event


class Ticks:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_a_destroyed_key_opens_nothing_60_seconds_later_and_a_restored_one_does() -> None:
    ticks, keys = Ticks(), MemoryKeyStore()
    it = EventCodec(registry_of([CustodySeen]), keys, monotonic=ticks)
    envelope = enveloped(SEEN)
    name = KeyName(case=UUID(envelope.stream[5:]), person=SEEN.child, compartment=Compartment.IDENTITY)
    row = recorded(it.encode(envelope))

    def read() -> object:
        event = it.decode(row).event
        assert isinstance(event, CustodySeen)
        return event.name

    assert read() == Known("Ana")
    keys.withhold([name])
    ticks.now += KEY_CACHE_SECONDS - 1
    assert read() == Known("Ana"), "the cache is not used at all"
    ticks.now += 1
    assert read() == WITHHELD
    keys.restore_access([name])
    ticks.now += KEY_CACHE_SECONDS
    assert read() == Known("Ana")
    keys.destroy([name])
    it.drop_keys()
    assert read() == WITHHELD
    it.encode(envelope._replace(version=2))
    assert read() == WITHHELD, "a new generation opened an old box"
