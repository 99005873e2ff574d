"""What the log asks of PostgreSQL, with its schema's name in place, and how lists of values are written there."""
from __future__ import annotations

from collections.abc import Iterable
from typing import LiteralString

from psycopg.sql import SQL, Composed, Identifier, Literal

from adapters.eventstore.postgres_setup import channel


def array(items: Iterable[str]) -> str:
    """PostgreSQL's literal of an array. The driver's own dumpers of lists took half of an append's time here."""
    return "{" + ",".join(items) + "}"


def texts(items: Iterable[str]) -> str:
    return array('"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"' for item in items)


def byte_strings(items: Iterable[bytes]) -> str:
    return array(f'"\\\\x{item.hex()}"' for item in items)


class Statements:
    """The statements of this log, with its schema's name in place."""

    def __init__(self, schema: str) -> None:
        self._schema = Identifier(schema)
        self.append = self._with_schema(
            "SELECT * FROM {}.append(%s, %s::text[], %s::bigint[], %s::uuid[], %s::text[], %s::bigint[], %s::text[],"
            " %s::bytea[], %s::uuid, %s::text, %s::bytea, %s::bytea[], %s::text[], %s::text[],"
            " %s::text, %s::bigint, %s::bigint, %s::uuid)"
        ).as_bytes(None)  # Put together once: the driver would do it again for every append.
        self.set_clock = self._with_schema("SELECT {}.set_history_clock(%s)")
        self.follows_history = SQL("SELECT to_regclass({}) IS NOT NULL").format(Literal(f"{schema}.history_clock"))
        self.lineages = self._with_schema("SELECT lineage, after_position FROM {}.lineages ORDER BY number")
        self.lineage = self._with_schema("SELECT lineage FROM {}.lineages ORDER BY number DESC LIMIT 1")
        self.head = self._with_schema("SELECT position, event_id FROM {}.events ORDER BY position DESC LIMIT 1")
        self.worker = self._with_schema("SELECT lineage, position, event_id, moved_at FROM {}.workers WHERE name = %s")
        self.schemas = self._with_schema("SELECT fingerprint, name, text FROM {}.schemas ORDER BY name, fingerprint")
        self.command = self._with_schema(
            "SELECT stream, first_position, last_position, digest FROM {}.commands WHERE command_id = %s"
        )
        self.streams = SQL(STREAMS).format(schema=self._schema)
        self.listen = SQL("LISTEN {}").format(Identifier(channel(schema)))

    def rows(self, where: LiteralString) -> Composed:
        return self._with_schema(ROW + where)

    def _with_schema(self, text: LiteralString) -> Composed:
        return SQL(text).format(self._schema)


ROW: LiteralString = "SELECT position, event_id, stream, version, topic, state, recorded_at FROM {}.events "
STREAMS: LiteralString = """
WITH RECURSIVE asked AS (SELECT %s::text COLLATE "C" AS prefix, %s::text COLLATE "C" AS after, %s::bigint AS most),
found (stream, place) AS (
    SELECT (SELECT min(e.stream) FROM {schema}.events e
            WHERE e.stream > (SELECT after FROM asked) AND e.stream >= (SELECT prefix FROM asked)), 1
    UNION ALL
    SELECT (SELECT min(e.stream) FROM {schema}.events e WHERE e.stream > found.stream), place + 1
    FROM found, asked WHERE place < most AND starts_with(found.stream, prefix))
SELECT stream, (SELECT max(version) FROM {schema}.events e WHERE e.stream = found.stream)
FROM found, asked WHERE starts_with(found.stream, prefix) ORDER BY stream
"""
"""Leaps from name to name along the index, instead of reading every event of every stream."""
