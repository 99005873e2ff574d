"""The envelope on the wire: circumstances, the clear record's bytes, and the boxes.

An asserted moment is stored as microseconds in UTC with its zone beside it: the key of a `ZoneInfo`
(`America/Denver`) or a fixed offset (`-07:00`). `recorded_at` and the position are columns of the row.
"""
from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from adapters.avro.errors import Misfit
from adapters.avro.forms import Raw, Schema, micros_of, moment_of, uuid_of, uuid_text
from adapters.avro.single_object import format_of
from domain.events.envelope import Actor, Circumstances

_UUID: Final = {"type": "string", "logicalType": "uuid"}
_MICROS: Final = {"type": "long", "logicalType": "timestamp-micros"}
ZONES_CACHED_MAX = 1_024
MOMENTS_CACHED_MAX = 4_096
ACTORS_CACHED_MAX = 1_024
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)(?::(\d\d))?")


def _field(name: str, avro: object, doc: str, **more: object) -> Schema:
    return {"name": name, "type": avro, **more, "doc": doc}


def _record(name: str, doc: str, *entries: Schema) -> Schema:
    return {"type": "record", "name": name, "namespace": "casebridge", "doc": doc, "fields": list(entries)}


_ACTOR: Final = _record(
    "Actor", "Who says that they acted: a claim.",
    _field("agency", "string", "code of the agency"),
    _field("role", "string", "role at the agency"),
    _field("user", "string", "the agency's own id of the user"),
)
_LAYER: Final = _record(
    "Layer", "One encryption of a box, AES-256-GCM under the key of one person.",
    _field("person", _UUID, "whose key"),
    _field("generation", "int", "which of the keys of this case, person and compartment"),
    _field("nonce", "bytes", "96 random bits"),
)
_BOX: Final = _record(
    "Box", "Personal fields of one compartment; opens only while the key of every layer is there.",
    _field("compartment", "string", "which keys open it"),
    _field("layers", {"type": "array", "items": _LAYER}, "the first was applied first, so it is opened last"),
    _field("ciphertext", "bytes", "encrypted single-object Avro of <Topic>.<Compartment>"),
)
ENVELOPE_SCHEMA: Final = _record(
    "Envelope", "A stored event: the circumstances of its recording, its clear record and its boxes.",
    _field("event_id", _UUID, "id of the event"),
    _field("occurred_at", _MICROS, "when it happened in the world"),
    _field("occurred_zone", "string", "zone in which occurred_at was said"),
    _field("learned_at", _MICROS, "when the agency learned it"),
    _field("learned_zone", "string", "zone in which learned_at was said"),
    _field("actor", _ACTOR, "who says that they acted"),
    _field("principal", "string", "who was authenticated when submitting"),
    _field("command_id", _UUID, "the command that recorded it"),
    _field("correlation_id", _UUID, "what began the whole chain"),
    _field("causation_id", ["null", _UUID], "the event that caused the command", default=None),
    _field("traceparent", ["null", "string"], "W3C Trace Context of the command", default=None),
    _field("agency", "string", "the recording agency"),
    _field("jurisdiction", "string", "whose rules hold for the case"),
    _field("packs", {"type": "array", "items": "string"}, "digests of the packs in force, outermost layer first"),
    _field("payload", "bytes", "single-object Avro of the event's clear record"),
    _field("boxes", {"type": "array", "items": _BOX}, "its personal fields", default=[]),
)
ENVELOPE: Final = format_of(ENVELOPE_SCHEMA)


def to_raw(it: Circumstances) -> dict[str, Raw]:
    """Everything of the envelope but `payload` and `boxes`. Raises Misfit."""
    return {
        "event_id": uuid_text(it.event_id),
        "occurred_at": micros_of(it.occurred_at),
        "occurred_zone": zone_name(it.occurred_at),
        "learned_at": micros_of(it.learned_at),
        "learned_zone": zone_name(it.learned_at),
        "actor": {"agency": it.actor.agency, "role": it.actor.role, "user": it.actor.user},
        "principal": it.principal,
        "command_id": uuid_text(it.command_id),
        "correlation_id": uuid_text(it.correlation_id),
        "causation_id": None if it.causation_id is None else uuid_text(it.causation_id),
        "traceparent": it.traceparent,
        "agency": it.agency,
        "jurisdiction": it.jurisdiction,
        "packs": list(it.packs),
    }


def from_raw(record: dict[str, Raw], event_id: UUID) -> Circumstances:
    """`event_id` is the record's, which the row has too.

    Raises Misfit for a zone that this machine does not know, ValueError for damaged ids.
    """
    actor, causation = record["actor"], record["causation_id"]
    return Circumstances(
        event_id=event_id,
        occurred_at=_asserted(record["occurred_at"], record["occurred_zone"]),
        learned_at=_asserted(record["learned_at"], record["learned_zone"]),
        actor=_actor(actor["agency"], actor["role"], actor["user"]),
        principal=record["principal"],
        command_id=uuid_of(record["command_id"]),
        correlation_id=uuid_of(record["correlation_id"]),
        causation_id=None if causation is None else uuid_of(causation),
        traceparent=record["traceparent"],
        agency=record["agency"],
        jurisdiction=record["jurisdiction"],
        packs=tuple(record["packs"]),
    )


def zone_name(moment: datetime) -> str:
    """The zone of an aware datetime as it is stored. Raises Misfit for one that would not come back."""
    zone = moment.tzinfo
    if zone is None:
        raise Misfit("a datetime without zone is no moment")
    return _name_of(zone)


@lru_cache(maxsize=ZONES_CACHED_MAX)
def _name_of(zone: tzinfo) -> str:
    if isinstance(zone, ZoneInfo) and zone.key:
        return zone.key
    offset = zone.utcoffset(None) if isinstance(zone, timezone) else None
    if offset is None or offset.microseconds:
        raise Misfit(f"a zone is a ZoneInfo with a key or an offset of whole seconds, not {type(zone).__name__}")
    seconds = int(abs(offset).total_seconds())
    hours, rest = divmod(seconds, 3_600)
    tail = f":{rest % 60:02}" if rest % 60 else ""
    return f"{'-' if offset < timedelta(0) else '+'}{hours:02}:{rest // 60:02}{tail}"


@lru_cache(maxsize=ZONES_CACHED_MAX)
def _zone(name: str) -> tzinfo:
    fixed = _OFFSET.fullmatch(name)
    if fixed:
        sign, hours, minutes, seconds = fixed.groups(default="0")
        offset = timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds))
        return timezone(-offset if sign == "-" else offset) if offset else UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise Misfit(f"the zone {name!r} is not known here: is the package tzdata installed?") from error


@lru_cache(maxsize=MOMENTS_CACHED_MAX)
def _asserted(micros: int, zone: str) -> datetime:
    return moment_of(micros).astimezone(_zone(zone))


@lru_cache(maxsize=ACTORS_CACHED_MAX)
def _actor(agency: str, role: str, user: str) -> Actor:
    return Actor(agency=agency, role=role, user=user)
