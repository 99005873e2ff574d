"""The stages of deliveries, recorded: several deliveries in one append, each under the guard of its own stream."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from adapters.backbone import Backbone
from adapters.disclosure.outstanding import Delivery, Outstanding
from adapters.disclosure.streams import delivery_stream
from adapters.telemetry import telemetry
from domain.disclosure.events import HandedOver
from domain.events import Actor, Envelope, Event
from domain.personal import Known
from domain.ports import Append, Guard, Receipt


@dataclass(frozen=True, slots=True)
class Stages:
    """What comes next in one delivery's life; `guards` are what it rests on besides, `occurred_at` is now if absent.

    `by` is the person who decided it, where one did.
    """

    delivery: Delivery
    events: tuple[Event, ...]
    guards: tuple[Guard, ...] = ()
    occurred_at: datetime | None = None
    by: Actor | None = None

    @property
    def own(self) -> Guard:
        """The delivery's stream, as it is known to end."""
        told = self.delivery.told
        return Guard(stream=delivery_stream(told.office, told.number), version=self.delivery.version)


def proven(delivery: Delivery, channel: str, receipt: Receipt) -> Stages:
    """The hand-over is done, and `receipt` is its proof."""
    entry = delivery.told
    handed_over = HandedOver(
        office=entry.office, number=entry.number, case_id=entry.case_id, attempt=delivery.attempts, channel=channel,
        person_ids=entry.person_ids, receipt=Known(receipt.reference),
    )
    return Stages(delivery, (handed_over,), occurred_at=receipt.at)


class StageRecorder:
    """Appends stages, and applies to the deliveries what was appended."""

    def __init__(self, backbone: Backbone, outstanding: Outstanding, entropy: Callable[[int], bytes]) -> None:
        self._backbone, self._outstanding, self._entropy = backbone, outstanding, entropy

    def record(self, *stages: Stages) -> None:
        """All of it or nothing. Raises Conflict where another courier was quicker with one, or a guard does not hold."""
        if not stages:
            return
        backbone = self._backbone
        recorded = [(one.delivery, self._envelopes(one)) for one in stages]
        encoded = tuple(backbone.encode(envelope) for _, envelopes in recorded for envelope in envelopes)
        schemas = backbone.schemas_for(encoded)
        guards = tuple(dict.fromkeys(guard for one in stages for guard in (one.own, *one.guards)))
        backbone.log.append(Append(guards=guards, events=encoded, schemas=schemas))
        backbone.stored(schemas)
        for delivery, envelopes in recorded:
            for envelope in envelopes:
                delivery.apply(envelope)
                telemetry.delivery(delivery.stage.value, getattr(envelope.event, "failure", None))
            self._outstanding.settle(delivery)

    def _envelopes(self, stages: Stages) -> list[Envelope]:
        delivery, cause, now = stages.delivery, stages.delivery.entry.circumstances, self._backbone.clock.now()
        circumstances = cause._replace(
            occurred_at=now if stages.occurred_at is None else min(stages.occurred_at, now), learned_at=now,
            actor=stages.by or Actor(agency=cause.agency, role="courier", user="casebridge"),
            principal="casebridge-courier" if stages.by is None else stages.by.user,
            causation_id=delivery.last_event_id or cause.event_id,
            traceparent=telemetry.traceparent or delivery.traceparent or cause.traceparent,
        )
        return [
            Envelope(
                stream=stages.own.stream, version=delivery.version + place, event=event,
                circumstances=circumstances._replace(event_id=UUID(bytes=self._entropy(16), version=4)),
            )
            for place, event in enumerate(stages.events, 1)
        ]
