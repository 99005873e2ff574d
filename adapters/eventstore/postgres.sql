-- The log on PostgreSQL (design, decisions 23 and 24). Installed by the migrator's role, which owns it all;
-- every statement may run again. Names in braces are filled in by adapters.eventstore.postgres.install.

CREATE SCHEMA IF NOT EXISTS {schema};
REVOKE ALL ON SCHEMA {schema} FROM PUBLIC;

-- The database draws every position; CACHE 1, so that one session cannot hoard numbers for later.
CREATE TABLE IF NOT EXISTS {schema}.events (
    position    bigint GENERATED ALWAYS AS IDENTITY (CACHE 1) PRIMARY KEY,
    version     bigint NOT NULL CHECK (version >= 0),
    recorded_at timestamptz NOT NULL,
    event_id    uuid NOT NULL UNIQUE,
    stream      text COLLATE "C" NOT NULL,
    topic       text NOT NULL,
    state       bytea NOT NULL,
    UNIQUE (stream, version)
);

CREATE TABLE IF NOT EXISTS {schema}.commands (
    command_id     uuid PRIMARY KEY,
    stream         text COLLATE "C" NOT NULL,
    first_position bigint NOT NULL,
    last_position  bigint NOT NULL,
    digest         bytea NOT NULL,
    recorded_at    timestamptz NOT NULL
);

CREATE TABLE IF NOT EXISTS {schema}.schemas (
    fingerprint bytea PRIMARY KEY,
    name        text NOT NULL,
    text        text NOT NULL
);

-- The newest row is the log's lineage; a restore or a promotion adds one.
CREATE TABLE IF NOT EXISTS {schema}.lineages (
    number         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    lineage        uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    since          timestamptz NOT NULL DEFAULT clock_timestamp()
);
ALTER TABLE {schema}.lineages ADD COLUMN IF NOT EXISTS after_position bigint NOT NULL DEFAULT 0;
INSERT INTO {schema}.lineages (lineage) SELECT gen_random_uuid() WHERE NOT EXISTS (SELECT FROM {schema}.lineages);

-- The only rows that change. Half-empty pages keep those changes off the index.
CREATE TABLE IF NOT EXISTS {schema}.workers (
    name     text PRIMARY KEY,
    lineage  uuid NOT NULL,
    position bigint NOT NULL,
    event_id uuid,
    moved_at timestamptz NOT NULL
) WITH (fillfactor = 50);

CREATE OR REPLACE FUNCTION {schema}.refuse_change() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% on %.% is refused: what is stored stands for ever', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

-- ALWAYS: they fire for the owner too, and under session_replication_role = replica.
CREATE OR REPLACE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.events
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
CREATE OR REPLACE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.commands
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
CREATE OR REPLACE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.schemas
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
CREATE OR REPLACE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.lineages
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
CREATE OR REPLACE TRIGGER immutable BEFORE DELETE OR TRUNCATE ON {schema}.workers
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
ALTER TABLE {schema}.events ENABLE ALWAYS TRIGGER immutable;
ALTER TABLE {schema}.commands ENABLE ALWAYS TRIGGER immutable;
ALTER TABLE {schema}.schemas ENABLE ALWAYS TRIGGER immutable;
ALTER TABLE {schema}.lineages ENABLE ALWAYS TRIGGER immutable;
ALTER TABLE {schema}.workers ENABLE ALWAYS TRIGGER immutable;

-- Everything one transaction adds, in one round trip. All checks come before the first write, so that a
-- refusal is an answer and not an error; whatever else goes wrong is an error and undoes the whole.
CREATE OR REPLACE FUNCTION {schema}.append(
    known_lineage uuid,
    guard_streams text[], guard_versions bigint[],
    event_ids uuid[], event_streams text[], event_versions bigint[], event_topics text[], event_states bytea[],
    new_command uuid, command_stream text, command_digest bytea,
    schema_fingerprints bytea[], schema_names text[], schema_texts text[],
    worker_name text, worker_after bigint, worker_to bigint, worker_event uuid,
    OUT outcome text, OUT drawn_first bigint, OUT drawn_last bigint, OUT stamp timestamptz,
    OUT at_stream text, OUT expected bigint, OUT actual bigint, OUT seen_digest bytea
) LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, {schema}, pg_temp
SET lock_timeout = '5s'
AS $$
DECLARE
    size integer;
    drawn integer;
    found_lineage uuid;
BEGIN
    -- Before any number is drawn: so numbers are drawn and become visible in one order.
    PERFORM pg_advisory_xact_lock({lock_key});
    -- An older snapshot would not see what the lock's last holder stored.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'an append needs READ COMMITTED' USING ERRCODE = 'invalid_transaction_state';
    END IF;
    size := cardinality(event_ids);

    SELECT l.lineage INTO found_lineage FROM lineages l ORDER BY l.number DESC LIMIT 1;
    IF found_lineage IS DISTINCT FROM known_lineage THEN
        outcome := 'lineage';
        RETURN;
    END IF;

    IF new_command IS NOT NULL THEN
        SELECT c.stream, c.first_position, c.last_position, c.digest, c.recorded_at
            INTO at_stream, drawn_first, drawn_last, seen_digest, stamp
            FROM commands c WHERE c.command_id = new_command;
        IF FOUND THEN
            outcome := 'seen';
            RETURN;
        END IF;
    END IF;

    IF worker_name IS NOT NULL THEN
        SELECT w.lineage, w.position INTO found_lineage, actual FROM workers w WHERE w.name = worker_name;
        IF FOUND AND found_lineage <> known_lineage THEN
            outcome := 'lineage';
            RETURN;
        ELSIF coalesce(actual, 0) <> worker_after THEN
            outcome := 'displaced';
            RETURN;
        END IF;
    END IF;

    -- A stream that does not exist stands at 0 (at -1 for a first version 0, which only recorders write).
    SELECT n.stream, n.version, coalesce(h.head, 0) INTO at_stream, expected, actual
        FROM (SELECT g.stream, g.version FROM unnest(guard_streams, guard_versions) AS g(stream, version)
              UNION ALL
              SELECT e.stream, min(e.version) - 1 FROM unnest(event_streams, event_versions) AS e(stream, version)
              GROUP BY e.stream) AS n
        CROSS JOIN LATERAL (SELECT max(v.version) AS head FROM events v WHERE v.stream = n.stream) AS h
        WHERE coalesce(h.head, least(n.version, 0)) <> n.version
        LIMIT 1;
    IF FOUND THEN
        outcome := 'conflict';
        RETURN;
    END IF;

    IF size > 0 THEN
        SELECT e.stream, e.version - 1, e.version INTO at_stream, expected, actual
            FROM events e WHERE e.event_id = ANY (event_ids) LIMIT 1;
        IF FOUND THEN
            outcome := 'conflict';
            RETURN;
        END IF;
    END IF;
    IF size > 1 AND EXISTS (
        SELECT FROM (SELECT e.version - row_number() OVER (PARTITION BY e.stream ORDER BY e.place)
                            - min(e.version - 1) OVER (PARTITION BY e.stream) AS off
                     FROM unnest(event_streams, event_versions) WITH ORDINALITY AS e(stream, version, place)) AS o
        WHERE o.off <> 0) THEN
        RAISE EXCEPTION 'the versions of a stream must follow one another' USING ERRCODE = 'check_violation';
    END IF;

    SELECT greatest({moment}, (SELECT e.recorded_at FROM events e ORDER BY e.position DESC LIMIT 1)) INTO stamp;

    IF size = 1 THEN
        INSERT INTO events (version, recorded_at, event_id, stream, topic, state)
            VALUES (event_versions[1], stamp, event_ids[1], event_streams[1], event_topics[1], event_states[1])
            RETURNING events.position INTO drawn_first;
        drawn_last := drawn_first;
    ELSIF size > 1 THEN
        WITH added AS (
            INSERT INTO events (version, recorded_at, event_id, stream, topic, state)
            SELECT e.version, stamp, e.event_id, e.stream, e.topic, e.state
            FROM unnest(event_ids, event_streams, event_versions, event_topics, event_states)
                WITH ORDINALITY AS e(event_id, stream, version, topic, state, place)
            ORDER BY e.place
            RETURNING events.position)
        SELECT min(a.position), max(a.position), count(*) INTO drawn_first, drawn_last, drawn FROM added a;
        IF drawn <> size OR drawn_last - drawn_first + 1 <> size THEN
            RAISE EXCEPTION 'positions % to % for % events', drawn_first, drawn_last, size;
        END IF;
    ELSE
        drawn_first := 0;
        drawn_last := 0;
    END IF;
    IF size > 0 THEN
        PERFORM pg_notify({channel}, '');
    END IF;

    IF new_command IS NOT NULL THEN
        INSERT INTO commands VALUES (new_command, command_stream, drawn_first, drawn_last, command_digest, stamp);
    END IF;
    IF cardinality(schema_fingerprints) > 0 THEN
        INSERT INTO schemas
            SELECT s.fingerprint, s.name, s.text
            FROM unnest(schema_fingerprints, schema_names, schema_texts) AS s(fingerprint, name, text)
            ON CONFLICT (fingerprint) DO NOTHING;
        IF EXISTS (SELECT FROM unnest(schema_fingerprints, schema_texts) AS s(fingerprint, text)
                   JOIN schemas k ON k.fingerprint = s.fingerprint WHERE k.text <> s.text) THEN
            RAISE EXCEPTION 'a schema''s fingerprint is taken by another text' USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    IF worker_name IS NOT NULL THEN
        INSERT INTO workers VALUES (worker_name, known_lineage, worker_to, worker_event, stamp)
            ON CONFLICT (name) DO UPDATE SET
                position = excluded.position, event_id = excluded.event_id, moved_at = excluded.moved_at;
    END IF;
    outcome := 'stored';
END $$;

-- After every restore or promotion, by the migrator: who read from the former log must stop.
CREATE OR REPLACE FUNCTION {schema}.renew_lineage() RETURNS uuid LANGUAGE sql
SET search_path = pg_catalog, {schema}, pg_temp
AS $$
    SELECT pg_advisory_xact_lock({lock_key});
    INSERT INTO lineages (after_position) SELECT coalesce(max(e.position), 0) FROM events e RETURNING lineage
$$;

REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM PUBLIC, {app};
REVOKE ALL ON ALL SEQUENCES IN SCHEMA {schema} FROM PUBLIC, {app};
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA {schema} FROM PUBLIC, {app};
GRANT USAGE ON SCHEMA {schema} TO {app};
GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {app};
GRANT EXECUTE ON FUNCTION {schema}.append TO {app};
