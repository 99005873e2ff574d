"""A stored event as a CloudEvents 1.0 record of the private topic, binary mode, and back."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from adapters.kafka.transport import Headers
from domain.ports import Recorded

T = TypeVar("T")

CONTENT_TYPE = b"application/avro"


class UnreadableRecord(Exception):
    """A record of the topic is not what the relay writes. Its bytes stay where they are."""

    def __init__(self, topic: str, partition: int, offset: int, reason: str) -> None:
        super().__init__(f"topic {topic}, partition {partition}, offset {offset}: {reason}")
        self.topic, self.partition, self.offset, self.reason = topic, partition, offset, reason


def rfc3339(moment: datetime) -> str:
    """UTC, to the microsecond, with `Z`; an aware datetime is required."""
    assert moment.tzinfo is not None, "a naive datetime has no place on the wire"
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def headers_of(event: Recorded, lineage: bytes, time: bytes) -> Headers:
    """The attributes of CloudEvents, and the place in the log; `time` is `rfc3339(recorded_at)`."""
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", str(event.event_id).encode()),
        ("ce_source", event.stream.encode()),
        ("ce_type", event.topic.encode()),
        ("ce_sequence", b"%020d" % event.version),
        ("ce_time", time),
        ("ce_position", b"%020d" % event.position),
        ("ce_lineage", lineage),
        ("content-type", CONTENT_TYPE),
    ]


def recorded_from(headers: Sequence[tuple[str, bytes | None]], value: bytes | None) -> tuple[UUID, Recorded]:
    """The lineage and the stored row. Raises ValueError naming the header at fault, never its content."""
    given = dict(headers)

    def parsed(name: str, parse: Callable[[str], T]) -> T:
        content = given.get(name)
        if not content:
            raise ValueError(f"header {name} is missing")
        try:
            return parse(content.decode())
        except ValueError:
            raise ValueError(f"header {name} is malformed") from None

    if value is None:
        raise ValueError("the record has no value")
    recorded = Recorded(
        position=parsed("ce_position", int),
        event_id=parsed("ce_id", UUID),
        stream=parsed("ce_source", str),
        version=parsed("ce_sequence", int),
        topic=parsed("ce_type", str),
        state=value,
        recorded_at=parsed("ce_time", _moment),
    )
    return parsed("ce_lineage", UUID), recorded


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("without a zone")
    return moment
