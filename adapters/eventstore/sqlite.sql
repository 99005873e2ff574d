-- The log in one SQLite file (design, decisions 23 and 24). Every statement may run again.
-- Ids are 16 bytes; times are microseconds since 1970-01-01T00:00:00Z.
CREATE TABLE IF NOT EXISTS events (
    position    INTEGER PRIMARY KEY AUTOINCREMENT CHECK (position > 0),
    event_id    BLOB NOT NULL UNIQUE,
    stream      TEXT NOT NULL,
    version     INTEGER NOT NULL CHECK (version >= 0),
    topic       TEXT NOT NULL,
    state       BLOB NOT NULL,
    recorded_at INTEGER NOT NULL,
    UNIQUE (stream, version)
) STRICT;
CREATE TABLE IF NOT EXISTS commands (
    command_id     BLOB PRIMARY KEY,
    stream         TEXT NOT NULL,
    first_position INTEGER NOT NULL,
    last_position  INTEGER NOT NULL,
    digest         BLOB NOT NULL,
    recorded_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS schemas (
    fingerprint BLOB PRIMARY KEY,
    name        TEXT NOT NULL,
    text        TEXT NOT NULL
) STRICT, WITHOUT ROWID;
-- The newest row is the log's lineage; a restore or a promotion adds one.
CREATE TABLE IF NOT EXISTS lineages (
    number         INTEGER PRIMARY KEY AUTOINCREMENT,
    lineage        BLOB NOT NULL UNIQUE,
    after_position INTEGER NOT NULL DEFAULT 0
) STRICT;
-- The only rows that change.
CREATE TABLE IF NOT EXISTS workers (
    name     TEXT PRIMARY KEY,
    lineage  BLOB NOT NULL,
    position INTEGER NOT NULL,
    event_id BLOB,
    moved_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER IF NOT EXISTS events_update BEFORE UPDATE ON events
    BEGIN SELECT raise(ABORT, 'what is stored stands for ever'); END;
CREATE TRIGGER IF NOT EXISTS events_delete BEFORE DELETE ON events
    BEGIN SELECT raise(ABORT, 'what is stored stands for ever'); END;
-- Without it INSERT OR REPLACE deletes silently, and an explicit id could come below the head.
CREATE TRIGGER IF NOT EXISTS events_insert BEFORE INSERT ON events
    WHEN new.position <> -1 OR EXISTS (SELECT 1 FROM events WHERE event_id = new.event_id)
        OR EXISTS (SELECT 1 FROM events WHERE stream = new.stream AND version = new.version)
    BEGIN SELECT raise(ABORT, 'the store draws the position, and what is stored stands for ever'); END;
CREATE TRIGGER IF NOT EXISTS commands_update BEFORE UPDATE ON commands
    BEGIN SELECT raise(ABORT, 'what is stored stands for ever'); END;
CREATE TRIGGER IF NOT EXISTS commands_delete BEFORE DELETE ON commands
    BEGIN SELECT raise(ABORT, 'what is stored stands for ever'); END;
CREATE TRIGGER IF NOT EXISTS commands_insert BEFORE INSERT ON commands
    WHEN EXISTS (SELECT 1 FROM commands WHERE command_id = new.command_id)
    BEGIN SELECT raise(ABORT, 'what is stored stands for ever'); END;
CREATE TRIGGER IF NOT EXISTS schemas_update BEFORE UPDATE ON schemas
    BEGIN SELECT raise(ABORT, 'what is stored stands for ever'); END;
CREATE TRIGGER IF NOT EXISTS schemas_delete BEFORE DELETE ON schemas
    BEGIN SELECT raise(ABORT, 'what is stored stands for ever'); END;
CREATE TRIGGER IF NOT EXISTS schemas_insert BEFORE INSERT ON schemas
    WHEN EXISTS (SELECT 1 FROM schemas WHERE fingerprint = new.fingerprint
        AND (text <> new.text OR name <> new.name))
    BEGIN SELECT raise(ABORT, 'a schema''s fingerprint is taken by another text'); END;
CREATE TRIGGER IF NOT EXISTS lineages_update BEFORE UPDATE ON lineages
    BEGIN SELECT raise(ABORT, 'what is stored stands for ever'); END;
CREATE TRIGGER IF NOT EXISTS lineages_delete BEFORE DELETE ON lineages
    BEGIN SELECT raise(ABORT, 'what is stored stands for ever'); END;
CREATE TRIGGER IF NOT EXISTS lineages_insert BEFORE INSERT ON lineages
    WHEN new.number <> -1 OR EXISTS (SELECT 1 FROM lineages WHERE lineage = new.lineage)
    BEGIN SELECT raise(ABORT, 'what is stored stands for ever'); END;
CREATE TRIGGER IF NOT EXISTS workers_delete BEFORE DELETE ON workers
    BEGIN SELECT raise(ABORT, 'a worker''s position is moved, never removed'); END;
