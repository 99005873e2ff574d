"""What an office was given: each entry of its feed as it left, and what became of its delivery."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapters.composition import Casebridge
from adapters.disclosure.streams import delivery_stream, feed_stream
from adapters.reading.corrections import proves_untrue
from domain.disclosure.contract import Purpose
from domain.disclosure.events import Disclosed, HandedOver, HandOverStarted, Withdrawn
from domain.disclosure.letter import letter
from domain.events import Envelope
from domain.personal import Known


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One entry: names of the fields given, the bytes and the letter they render to, and the hand-over's proof.

    `corrected_since` names fields that proved untrue after they were given, while the entry stands.
    """

    office: str
    number: int
    what: str
    at: datetime
    paths: tuple[str, ...]
    digest: str
    content: bytes
    letter: str
    attempts: int
    handed_over_at: datetime | None
    receipt: str | None
    corrected_since: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        return {
            "number": self.number, "what": self.what, "at": self.at.isoformat(), "fields": list(self.paths),
            "digest": self.digest, "attempts": self.attempts, "letter": self.letter,
            "handed_over_at": self.handed_over_at.isoformat() if self.handed_over_at else None, "receipt": self.receipt,
            "corrected_since": list(self.corrected_since),
        }


def entries(casebridge: Casebridge, office: str, *, after: int = 0) -> list[Entry]:
    """The entries of a feed, rendered. Raises Unrenderable where a key is withheld."""
    rendering, found = casebridge.rendering(), list[Entry]()
    feed = casebridge.backbone.envelopes(feed_stream(office))
    withdrawn = withdrawn_numbers(feed)
    for envelope in feed[after:]:
        entry = envelope.event
        if not isinstance(entry, Disclosed | Withdrawn):
            continue
        rendered = rendering.render(envelope)
        agency = casebridge.backbone.agency(envelope.circumstances.agency)
        known = agency.offices.get(office)
        purpose = entry.purpose if isinstance(entry, Disclosed) else Purpose.RECALL
        text = letter(
            rendered.record, purpose, known.name if known else office, envelope.circumstances.agency,
            envelope.circumstances.occurred_at.date(),
        )
        deliveries = [e.event for e in casebridge.backbone.envelopes(delivery_stream(office, entry.number))]
        times = [e for e in casebridge.backbone.envelopes(delivery_stream(office, entry.number))
                 if isinstance(e.event, HandedOver)]
        receipt = times[0].event.receipt if times and isinstance(times[0].event, HandedOver) else None
        found.append(Entry(
            office=office, number=entry.number, at=envelope.circumstances.occurred_at,
            what=(
                entry.purpose.value.replace("_", " ") if isinstance(entry, Disclosed)
                else f"disregard entry {entry.withdraws}"
            ),
            paths=tuple(dict.fromkeys(f.path for f in entry.fields)) if isinstance(entry, Disclosed) else (),
            digest=entry.digest, content=rendered.content, letter=text,
            attempts=sum(isinstance(event, HandOverStarted) for event in deliveries),
            handed_over_at=times[0].circumstances.occurred_at if times else None,
            receipt=receipt.value if isinstance(receipt, Known) else None,
            corrected_since=corrected_since(casebridge, entry) if entry.number not in withdrawn else (),
        ))
    return found


def withdrawn_numbers(feed: Iterable[Envelope]) -> frozenset[int]:
    """Entries that an office was asked to disregard."""
    return frozenset(e.event.withdraws for e in feed if isinstance(e.event, Withdrawn))


def corrected_since(casebridge: Casebridge, entry: Disclosed | Withdrawn) -> tuple[str, ...]:
    """Fields of an entry that proved untrue after it was written."""
    if isinstance(entry, Withdrawn):
        return ()
    case = casebridge.backbone.envelopes(f"case-{entry.case_id}")
    return tuple(dict.fromkeys(
        field.path for field in entry.fields if any(proves_untrue(e.event, field.event_id, field.path) for e in case)
    ))
