-- Production: the server's clock, and no way to give a time.
CREATE OR REPLACE FUNCTION {schema}.moment() RETURNS timestamptz LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT clock_timestamp() $$;
REVOKE ALL ON FUNCTION {schema}.moment FROM PUBLIC, {app};
