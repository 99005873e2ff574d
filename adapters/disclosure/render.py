"""From an entry of a feed to the bytes that leave, and to nothing else.

The bytes are never stored: they are rendered from the stored source events, by the renderer and the
published schema that the entry names, and proven by the entry's salted digest.
"""
from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from adapters.avro import EventCodec
from adapters.avro.forms import EPOCH_ORDINAL, micros_of
from adapters.avro.single_object import Format, SchemaRegistry, version_of, write
from adapters.disclosure.layout import fitted
from adapters.disclosure.streams import case_stream
from domain.disclosure.events import Disclosed, FeedEntry, Withdrawn
from domain.disclosure.renderers import RENDERERS
from domain.disclosure.rendering import Facts, Record, Unrenderable
from domain.events import Envelope
from domain.personal import Known
from domain.ports import EventLog, Recorded

ROWS_KEPT_MAX = 1_024
CASE_ROWS_MAX = 100
"""So long a case is read whole for the sources of an entry: one question to the log instead of one for each."""
READY_SECONDS, READY_MAX = 1.0, 1_000
HELD = "Held.v1"


class DigestMismatch(Exception):
    """The bytes that an entry renders to are not those that its digest proves: nothing leaves, a person looks."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """The record, its bytes as they leave, and the full name of the published event."""

    record: Record
    content: bytes
    type: str


class Rendering:
    """Renders entries. `published` is the folder of published schemas; the log may know more of them."""

    def __init__(
        self, log: EventLog, codec: EventCodec, published: Path, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._log, self._codec, self._monotonic = log, codec, monotonic
        self._ready, self._ready_since = dict[str, Rendered](), monotonic()
        self._kept = dict[UUID, Recorded]()
        """A source is read to disclose and again to hand over: as stored, encrypted, so that its keys are asked anew."""
        self._registry = SchemaRegistry(more=log.schemas)
        self._by_name: dict[str, Format] = {}
        for path in sorted(published.rglob("*.avsc")):
            stem, number = version_of(path)
            self._by_name[f"{stem}.v{number}"] = self._registry.add(json.loads(path.read_text(encoding="utf-8")))

    def format(self, publishes: str) -> Format | None:
        """The published schema that a contract names, as `ConsularNotice.v1`; None where there is none."""
        return self._by_name.get(publishes)

    def render(self, envelope: Envelope) -> Rendered:
        """What an entry gives, by the schema that it names, not the latest.

        Raises Unrenderable where a key is withheld, KeysUnavailable, SchemaUnknown.
        """
        entry = entry_of(envelope)
        renderer = RENDERERS.get(entry.renderer)
        if renderer is None:
            raise Unrenderable(f"renderer {entry.renderer}")  # A newer program has it.
        record = renderer(envelope, self._facts(entry))
        form = self._registry.find(bytes.fromhex(entry.schema_fingerprint), entry.renderer)
        return rendered(form, record)

    def proven(self, envelope: Envelope) -> Rendered:
        """`render`, or what `made_ready` kept of it, with the entry's digest checked. Raises DigestMismatch too."""
        entry = entry_of(envelope)
        self.freshen()
        rendered = self._ready.pop(entry.digest, None) or self.render(envelope)
        if digest_of(salt_of(entry), rendered.content) != entry.digest:
            raise DigestMismatch(f"entry {entry.number} of {entry.office} renders to other bytes than it proves")
        return rendered

    def made_ready(self, digest: str, rendered: Rendered) -> None:
        """Keep what an entry was just rendered to for its hand-over: for one asking, and READY_SECONDS at most.

        Its text outlives a key that was destroyed meanwhile by that second, where opened keys do by 30 s.
        """
        self.freshen()
        self._ready[digest] = rendered

    def freshen(self) -> None:
        """Drop what was made ready and not asked for in time."""
        now = self._monotonic()
        if not 0 <= now - self._ready_since < READY_SECONDS or len(self._ready) >= READY_MAX:
            self._ready.clear()
            self._ready_since = now

    def placeholder(self) -> Rendered:
        """What goes out under a number whose content does not leave."""
        return rendered(self._by_name["Placeholder.v1"], {})

    def held(self, entry: FeedEntry, holds: int) -> Rendered:
        """The word that another number is held back, and that its content comes later."""
        form = self._by_name[HELD]
        record: Record = {"case_reference": entry.case_reference, "holds": holds}
        return Rendered(record, write(form, record), form.name)

    def _facts(self, entry: FeedEntry) -> Facts:
        if not isinstance(entry, Disclosed):
            return {}
        rows = self._sources(entry)
        if unread := [source.path for source in entry.fields if source.event_id not in rows]:
            raise Unrenderable(unread[0])
        return {event_id: self._codec.decode(row) for event_id, row in rows.items()}

    def _sources(self, entry: Disclosed) -> dict[UUID, Recorded]:
        """The events that the fields were taken from, as far as the log has them."""
        wanted = dict.fromkeys(source.event_id for source in entry.fields)
        found = {event_id: row for event_id in wanted if (row := self._kept.get(event_id)) is not None}
        if len(wanted) - len(found) > 1 and entry.source_version <= CASE_ROWS_MAX:
            case = self._log.read_stream(case_stream(entry.case_id), limit=CASE_ROWS_MAX)
            found |= {row.event_id: row for row in case if row.event_id in wanted}
        for event_id in wanted:
            if event_id not in found and (row := self._log.event(event_id)) is not None:
                found[event_id] = row
        if len(self._kept) + len(found) > ROWS_KEPT_MAX:
            self._kept.clear()
        self._kept.update(found)
        return found


def entry_of(envelope: Envelope) -> FeedEntry:
    entry = envelope.event
    assert isinstance(entry, Disclosed | Withdrawn), f"{type(entry).__name__} carries no content of its own"
    return entry


def salt_of(entry: FeedEntry) -> str:
    """Raises Unrenderable."""
    if not isinstance(entry.salt, Known):
        raise Unrenderable("salt")
    return entry.salt.value


def rendered(form: Format, record: Record) -> Rendered:
    """A record in the bytes of its published schema. Raises Unwritable where it gives what the schema has no place for."""
    laid_out = fitted(form, record)
    return Rendered(laid_out, write(form, _raw(laid_out)), form.name)


def digest_of(salt: str, content: bytes) -> str:
    return hashlib.sha256(bytes.fromhex(salt) + content).hexdigest()


def _raw(value: Any) -> Any:
    """Moments as microseconds and days as days since 1970, as Avro's logical types have them."""
    match value:
        case datetime():
            return micros_of(value)
        case date():
            return value.toordinal() - EPOCH_ORDINAL
        case dict():
            return {name: _raw(part) for name, part in value.items()}
        case list():
            return [_raw(part) for part in value]
        case _:
            return value
