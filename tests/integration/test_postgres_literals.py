"""Arrays go to PostgreSQL as literals that we write ourselves: whatever text or bytes they hold comes back."""
from __future__ import annotations

from itertools import cycle
from uuid import uuid4

import pytest

from domain.ports import Append, Guard, NewEvent, WriterSchema
from tests.contract.postgres_store import PostgresStores
from tests.servers import Postgres

TEXTS = ("a", "", '"', "\\", '\\"', "{}", "a,b", "NULL", " two  blanks ", "línea\nnueva\t", "'; --", "🜁", "\\x41")
BLOBS = (b"", b"\x00", b"\\x41", b'"', bytes(range(256)))

pytestmark = pytest.mark.postgres


def test_any_text_and_any_bytes_come_back_as_they_were(postgres_server: Postgres) -> None:
    stores = PostgresStores(postgres_server)
    log = stores.new().open()
    try:
        events = tuple(
            NewEvent(event_id=uuid4(), stream=f"case-{number}-{text}", version=1, topic=text, state=blob)
            for number, (text, blob) in enumerate(zip(TEXTS, cycle(BLOBS), strict=False))
        )
        schemas = tuple(
            WriterSchema(fingerprint=bytes([number]) * 8, name=text, text=f"{text}{{}}") for number, text in enumerate(TEXTS)
        )
        streams = (*(event.stream for event in events), *(f'none"\\{text}' for text in TEXTS))
        guards = tuple(Guard(stream=stream, version=0) for stream in streams)
        log.append(Append(guards=guards, events=events, schemas=schemas))

        stored = log.read_log(after=0, limit=100)
        assert [(r.event_id, r.stream, r.topic, r.state) for r in stored] == [
            (e.event_id, e.stream, e.topic, e.state) for e in events
        ]
        assert {(s.fingerprint, s.name, s.text) for s in log.schemas()} == {
            (s.fingerprint, s.name, s.text) for s in schemas
        }
    finally:
        log.close()
        stores.drop_roles()
