"""Receipts: a hand-over that is proven, or doubted, comes back into its case as a command; a proof meets duties there."""
from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from uuid import uuid5

from adapters.backbone import Backbone, Outcome, Sent
from adapters.disclosure.outstanding import delivery_of
from adapters.disclosure.streams import feed_stream, place_of
from adapters.disclosure.tail import Tail
from adapters.telemetry import telemetry
from domain.disclosure.contract import Purpose
from domain.disclosure.events import Disclosed, HandedOver, HandOverDoubted, Withdrawn
from domain.personal import Known
from domain.ports import TOGETHER_MAX, Position, Recorded

logger = logging.getLogger(__name__)
WORKER = "receipts"
PRINCIPAL = "casebridge-receipts"
TOPICS = frozenset({HandedOver.TOPIC, HandOverDoubted.TOPIC})


class Receipts:
    """Tails the log; its position moves after the commands, which are idempotent, so a crash between is harmless.

    `outcomes` counts what became of the commands; `refusals` keeps the last REFUSALS_MAX that a case said no to.
    """

    REFUSALS_MAX = 100

    def __init__(self, backbone: Backbone) -> None:
        self._backbone = backbone
        self._tail = Tail(backbone.log, WORKER)
        self.outcomes: Counter[str] = Counter()
        self.refusals: list[Outcome] = []

    @property
    def at(self) -> Position | None:
        """How far it has read; None before its first step."""
        return self._tail.at

    def step(self, limit: int = 500) -> int:
        """Read at most `limit` more rows of the log, and say how many: 0 is caught up.

        Raises LogUnavailable, KeysUnavailable and WorkerDisplaced: call it again; LineageChanged: stop.
        """
        return self._tail.step(limit, self._submit_all)

    def _submit_all(self, rows: Sequence[Recorded]) -> None:
        ended = [row for row in rows if row.topic in TOPICS]
        for first in range(0, len(ended), TOGETHER_MAX):
            some = ended[first : first + TOGETHER_MAX]
            told = [(row.stream, sent) for row in some if (sent := self._sent(row)) is not None]
            outcomes = self._backbone.submit_together([sent for _, sent in told], principal=PRINCIPAL)
            for (delivery, _), outcome in zip(told, outcomes, strict=True):
                self._count(delivery, outcome)
        if ended:
            self._tail.save(ended[-1])

    def _sent(self, ended: Recorded) -> Sent | None:
        """The command that a proof or a doubt comes back as; None where it tells nothing of a case."""
        log, codec = self._backbone.log, self._backbone.codec
        envelope = codec.decode(ended)
        told, circumstances = envelope.event, envelope.circumstances
        assert isinstance(told, HandedOver | HandOverDoubted)
        (row,) = log.read_stream(feed_stream(told.office), after=told.number - 1, limit=1)
        delivery = delivery_of(log, codec, codec.decode(row), 0)
        if delivery.holds is not None:
            return None  # That a number is held back tells nothing of the case.
        if isinstance(told, HandedOver):
            command, data = _proven(delivery.told, told)
        elif isinstance(delivery.told, Disclosed):
            command = "RecordDisclosureDoubted"
            data = {"disclosure_id": str(delivery.told.notice_id), "entry": told.number}
        else:
            return None  # A recall that may have come is owed until it surely has.
        with telemetry.receipt(circumstances.traceparent) as span:
            return Sent(
                {
                    "command": command,
                    "command_id": str(uuid5(circumstances.event_id, "receipt")),
                    "agency": circumstances.agency,
                    "case": str(told.case_id),
                    "actor": {"agency": circumstances.agency, "role": "courier", "user": "casebridge"},
                    "occurred_at": circumstances.occurred_at.isoformat(),
                    "learned_at": circumstances.learned_at.isoformat(),
                    "data": data,
                },
                circumstances.event_id, span.traceparent or circumstances.traceparent,
            )

    def _count(self, delivery: str, outcome: Outcome) -> None:
        self.outcomes[outcome.status] += 1
        if outcome.status == "refused":
            self.refusals = [*self.refusals, outcome][-self.REFUSALS_MAX:]
            office, number = place_of(delivery)
            logger.error("receipt %s:%d was refused: %s [%s]", office, number, outcome.because, outcome.rule)


def _proven(entry: Disclosed | Withdrawn, told: HandedOver) -> tuple[str, dict[str, object]]:
    """The command that a proven hand-over comes back as, and what it says."""
    if isinstance(entry, Withdrawn):
        command, which = "RecordCorrectionReceived", "notice_id"
    elif entry.purpose is Purpose.CONSULAR_NOTICE:
        command, which = "RecordConsulateNotified", "notice_id"
    else:
        command, which = "RecordDisclosureReceived", "disclosure_id"
    # Where the reference's own key is gone, the entry's number still proves the hand-over.
    receipt = told.receipt.value if isinstance(told.receipt, Known) else f"{told.office}:{told.number}"
    return command, {which: str(entry.notice_id), "channel": told.channel, "entry": told.number, "receipt": receipt}
