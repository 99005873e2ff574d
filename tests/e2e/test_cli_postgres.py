"""The program on PostgreSQL: the log as the application's role, the views in a database beside it."""
from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
import pytest

from adapters.eventstore.postgres import install
from tests import servers
from tests.contract.postgres_store import PostgresStores
from tests.e2e.cli_world import CASE, H1, Program, commands

ROOT = Path(__file__).parents[2]


@pytest.fixture
def databases(postgres_server: servers.Postgres) -> Iterator[Mapping[str, str]]:
    stores = PostgresStores(postgres_server)
    install(stores.dsn(stores.migrator_role), app_role=stores.app_role, history_clock=True)
    yield {"CASEBRIDGE_LOG": stores.dsn(stores.app_role), "CASEBRIDGE_VIEWS": postgres_server.create_database()}
    stores.drop_roles()


def test_commands_are_recorded_read_and_checked(tmp_path: Path, databases: Mapping[str, str]) -> None:
    program = Program(tmp_path / "home")
    lines = "".join(json.dumps(line) + "\n" for line in commands(H1)[:27])
    assert program("submit", "-", stdin=lines, environment=databases).exit_code == 0
    again = program("submit", "-", stdin=lines, environment=databases).stdout
    assert again.splitlines()[-1] == "0 accepted, 27 repeated, 0 refused"
    assert "NM-CONSULATE-MX-24H" in program("due", environment=databases).stdout
    assert CASE in program("release", environment=databases).stdout
    assert program("work", "--once", "--only", "view:timeline", environment=databases).exit_code == 0
    whole = program("fsck", "--json", environment=databases)
    assert whole.exit_code == 0, whole.output
    empty = {check["check"] for check in json.loads(whole.stdout)["checks"] if not check["checked"]}
    unfed = ("feed", "view deliveries", "view waiting_board")
    assert all(name.startswith(unfed) for name in empty), "nothing was disclosed and nobody asked, so only these"
    with psycopg.connect(databases["CASEBRIDGE_VIEWS"], autocommit=True) as connection:
        connection.execute("UPDATE deadline_board_duties SET stage = 'met' WHERE stage = 'open'")
    damaged = program("fsck", environment=databases)
    assert damaged.exit_code == 1 and "differs from the fold" in damaged.stdout


def test_a_dry_run_over_postgresql_reports_and_writes_nothing(tmp_path: Path, databases: Mapping[str, str]) -> None:
    program = Program(tmp_path / "home")
    lines = "".join(json.dumps(line) + "\n" for line in commands(H1)[:27])
    assert program("submit", "-", stdin=lines, environment=databases).exit_code == 0
    text = (ROOT / "domain/packs/NM.toml").read_text(encoding="utf-8")
    file = tmp_path / "longer.toml"
    longer = text.replace('amount = 24, words = "24 hours elapsed"', 'amount = 48, words = "48 hours"', 1)
    file.write_text(longer, encoding="utf-8")

    def stored() -> list[list[tuple[object, ...]]]:
        with psycopg.connect(databases["CASEBRIDGE_LOG"]) as connection:
            return [
                connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()
                for table in ("casebridge.events", "casebridge.commands", "casebridge.schemas", "casebridge.workers")
            ]

    before = stored()
    ran = program("policy", "dry-run", str(file), "--json", environment=databases)
    assert ran.exit_code == 0, ran.output
    moved = {row["rule_id"] for row in json.loads(ran.stdout)["rules"] if row["change"] == "moved"}
    assert moved == {"NM-CONSULATE-MX-24H"}
    assert stored() == before
