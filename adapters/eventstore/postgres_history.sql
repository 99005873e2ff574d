-- Only for a store that follows a history's clock (the demo, tests): the time is a row that the application sets.
CREATE TABLE IF NOT EXISTS {schema}.history_clock (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    now      timestamptz NOT NULL
);
CREATE OR REPLACE FUNCTION {schema}.set_history_clock(moment timestamptz) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, {schema}, pg_temp
AS $$ INSERT INTO history_clock (now) VALUES (moment) ON CONFLICT (only_row) DO UPDATE SET now = excluded.now $$;
REVOKE ALL ON {schema}.history_clock FROM PUBLIC, {app};
REVOKE ALL ON FUNCTION {schema}.set_history_clock FROM PUBLIC, {app};
GRANT EXECUTE ON FUNCTION {schema}.set_history_clock TO {app};
