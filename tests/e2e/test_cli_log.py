"""`casebridge log install` on a real server: again is harmless, and the application's role may only append and read."""
from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from typer.testing import CliRunner

from adapters.cli.main import app
from adapters.eventstore import open_log
from domain.ports import LogUnavailable
from tests.contract.postgres_store import PostgresStores
from tests.servers import Postgres


def test_the_log_is_installed_and_installed_again(postgres_server: Postgres) -> None:
    dsn, role = postgres_server.create_database(), f"app_{uuid4().hex[:12]}"
    with psycopg.connect(dsn, autocommit=True) as owner:
        owner.execute(SQL("CREATE ROLE {} LOGIN").format(Identifier(role)))
    for _ in range(2):
        result = CliRunner().invoke(app, ["log", "install", dsn, "--app-role", role])
        assert (result.exit_code, role in result.stdout) == (0, True), result.output
    log = open_log(dsn.replace("postgresql://", f"postgresql://{role}@", 1) if "@" not in dsn else _as(dsn, role))
    assert log.head().position == 0
    log.close()


def test_what_is_installed_can_be_worked_on(
    postgres_server: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores = PostgresStores(postgres_server)
    installed = CliRunner().invoke(app, ["log", "install", stores.dsn(stores.migrator_role), "--app-role", stores.app_role])
    assert installed.exit_code == 0, installed.output
    monkeypatch.setenv("CASEBRIDGE_HOME", str(tmp_path))
    monkeypatch.setenv("CASEBRIDGE_LOG", stores.dsn(stores.app_role))
    worked = CliRunner().invoke(app, ["work", "--once"])
    assert (worked.exit_code, "idle" in worked.stdout) == (0, True), worked.output
    stores.drop_roles()


def _as(dsn: str, role: str) -> str:
    scheme, _, rest = dsn.partition("://")
    return f"{scheme}://{role}@{rest.partition('@')[2]}"


def test_a_server_that_is_not_there_is_an_infrastructure_failure() -> None:
    result = CliRunner().invoke(app, ["log", "install", "postgresql://nobody@127.0.0.1:9/none", "--app-role", "x"])
    assert result.exit_code == 3
    with pytest.raises(LogUnavailable):
        open_log("postgresql://nobody@127.0.0.1:9/none")
