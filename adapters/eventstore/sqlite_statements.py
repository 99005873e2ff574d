"""What the log asks of SQLite."""
from __future__ import annotations

ROW = "SELECT position, event_id, stream, version, topic, state, recorded_at FROM events "
ADD = "INSERT INTO events (event_id, stream, version, topic, state, recorded_at) VALUES (?, ?, ?, ?, ?, ?)"
CURRENT_LINEAGE = "SELECT lineage FROM lineages ORDER BY number DESC LIMIT 1"
LINEAGES = "SELECT lineage, after_position FROM lineages ORDER BY number"
NEW_LINEAGE = "INSERT INTO lineages (lineage, after_position) SELECT ?, coalesce(max(position), 0) FROM events"
LINEAGES_HAVE_PLACES = "SELECT count(*) FROM pragma_table_info('lineages') WHERE name = 'after_position'"
STANDING = """
SELECT (SELECT lineage FROM lineages ORDER BY number DESC LIMIT 1),
    (SELECT recorded_at FROM events ORDER BY position DESC LIMIT 1),
    EXISTS (SELECT 1 FROM commands WHERE command_id = asked.command), w.lineage, w.position
FROM (SELECT ? AS command, ? AS worker) AS asked LEFT JOIN workers AS w ON w.name = asked.worker
"""
"""What an append is checked against, at once: a thread gives way at every statement, and the others wait for it."""
HEAD = "(SELECT max(version) FROM events WHERE stream = ?)"

STREAMS = """
WITH RECURSIVE asked (prefix, after, most) AS (VALUES (?, ?, ?)), found (stream, place) AS (
    SELECT min(e.stream), 1 FROM events e, asked WHERE e.stream > after AND e.stream >= prefix
    UNION ALL
    SELECT (SELECT min(e.stream) FROM events e WHERE e.stream > found.stream), place + 1
    FROM found, asked WHERE place < most AND substr(found.stream, 1, length(prefix)) = prefix)
SELECT stream, (SELECT max(version) FROM events e WHERE e.stream = found.stream)
FROM found, asked WHERE substr(found.stream, 1, length(prefix)) = prefix ORDER BY stream
"""
"""Leaps from name to name along the index, instead of reading every event of every stream."""
