-- The two roles of the log on PostgreSQL, made once by an administrator (psql -v database=... -f roles.sql).
-- The migrator owns the schema and is used only to install, to upgrade and after a restore; every process
-- of Casebridge logs in as the application, which may append by one function and read, and nothing else.
-- Passwords, or certificates, are given by whoever runs the server.
CREATE ROLE casebridge_migrator LOGIN;
CREATE ROLE casebridge_app LOGIN;

GRANT CONNECT, CREATE ON DATABASE :"database" TO casebridge_migrator;
GRANT CONNECT, TEMPORARY ON DATABASE :"database" TO casebridge_app;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- A lock is not waited for, and a transaction not held open, longer than this, whatever a session forgot to set.
ALTER ROLE casebridge_app SET lock_timeout = '5s';
ALTER ROLE casebridge_app SET idle_in_transaction_session_timeout = '10s';
