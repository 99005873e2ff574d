"""An older copy of the log is put back: everything refuses until a person says so, and saying so is safe at any moment."""
from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from adapters.cli.acting import act
from adapters.eventstore.postgres_setup import install
from tests.contract.postgres_store import PostgresStores
from tests.e2e.cli_world import H1, Program, commands
from tests.servers import Postgres

LINES, LINES_OF_THE_COPY = 25, 21
OFFICES = {"cons-mx.el-paso", "cons-gt.denver", "cons-hn.houston"}


class Installation:
    """A home whose log goes back to what it was some lines before; the views and the keys stay as they are."""

    def __init__(self, program: Program, keep: Callable[[], None], put_back: Callable[[], None], owner: list[str]) -> None:
        self.program, self.owner = program, owner
        lines = [line for line in commands(H1)[:LINES] if line["command"] != "ReleaseDisclosure"]
        self._play(lines[:LINES_OF_THE_COPY])
        keep()
        self._play(lines[LINES_OF_THE_COPY:])
        put_back()

    def _play(self, lines: list[dict[str, object]]) -> None:
        assert {answer["status"] for answer in self.program.submitted(lines)} == {"accepted"}
        self.program.ok("work", "--once")

    def stages(self) -> set[str]:
        with self.program.casebridge() as casebridge:
            return {office.stage.value for office in casebridge.backbone.agency("NM-CYFD").offices.values()}

    def lineages(self) -> int:
        with self.program.casebridge() as casebridge:
            return len(casebridge.log.lineages)


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Installation:
    home, copy = tmp_path / "home", tmp_path / "copy.sqlite"

    def keep() -> None:
        shutil.copy(home / "log.sqlite", copy)

    def put_back() -> None:
        for file in home.glob("log.sqlite*"):
            file.unlink()
        shutil.copy(copy, home / "log.sqlite")

    return Installation(Program(home), keep, put_back, [])


@pytest.fixture
def on_postgres(postgres_server: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    stores = PostgresStores(postgres_server)
    install(stores.dsn(stores.migrator_role), app_role=stores.app_role, history_clock=True)
    database = urlsplit(stores.superuser).path.removeprefix("/")

    def ask(statement: str) -> None:
        with psycopg.connect(postgres_server.dsn, autocommit=True) as connection:
            connection.execute(SQL(statement).format(Identifier(f"{database}_copy"), Identifier(database)))

    def put_back() -> None:
        ask("DROP DATABASE {1} WITH (FORCE)")
        ask("ALTER DATABASE {0} RENAME TO {1}")

    monkeypatch.setenv("CASEBRIDGE_LOG", stores.dsn(stores.app_role))
    yield Installation(
        Program(tmp_path / "home"), lambda: ask("CREATE DATABASE {0} TEMPLATE {1}"), put_back,
        [stores.dsn(stores.migrator_role)],
    )
    stores.drop_roles()


@pytest.fixture(params=["on_sqlite", "on_postgres"])
def older(request: pytest.FixtureRequest) -> Installation:
    found: Installation = request.getfixturevalue(request.param)
    return found


def test_everything_refuses_an_older_log_until_a_person_says_so(older: Installation) -> None:
    program = older.program
    for words in (
        ("work", "--once"), ("work", "--once", "--only", "courier"), ("due",), ("release",), ("feed", "cons-mx.el-paso"),
        ("partner", "live", "cons-mx.el-paso", "--second-person", "counsel-1"), ("submit", str(H1)), ("views", "lag"),
    ):
        ran = program(*words)
        assert (ran.exit_code, "`casebridge log restored`" in ran.output) == (3, True), f"{words}: {ran.output}"
    assert older.stages() == {"live"}
    assert set(program.json("log", "restored", *older.owner)["rehearsing"]) == OFFICES
    assert older.stages() == {"rehearsal"} and older.lineages() == 2
    for view in ("timeline", "deadline_board", "waiting_board", "deliveries"):
        program.ok("views", "rebuild", view)
    for words in (("work", "--once"), ("due",), ("release",), ("feed", "cons-mx.el-paso")):
        program.ok(*words)
    assert older.stages() == {"rehearsal"}


def test_what_interrupts_a_restore_leaves_no_office_live_in_the_new_log_and_it_is_said_again(
    older: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = 0

    def killed_at_the_second_office(*words: object, **more: object) -> None:
        nonlocal said
        said += 1
        if said == 2:
            raise KeyboardInterrupt
        act(*words, **more)  # type: ignore[arg-type]

    def killed(*words: object, **more: object) -> None:
        raise KeyboardInterrupt

    for step, kill, left in (
        ("adapters.cli.log.act", killed_at_the_second_office, {"live", "rehearsal"}),
        ("adapters.eventstore.restoring.restored", killed, {"rehearsal"}),
    ):
        with monkeypatch.context() as context:
            context.setattr(step, kill)
            assert older.program("log", "restored", *older.owner).exit_code != 0
        assert (older.stages(), older.lineages()) == (left, 1)
        assert older.program("work", "--once").exit_code == 3, "the former log is refused as before"
    older.program.ok("log", "restored", *older.owner)
    assert (older.stages(), older.lineages()) == ({"rehearsal"}, 2)


def test_a_key_store_that_has_replayed_more_than_the_log_has_tells_it_too(tmp_path: Path) -> None:
    program = Program(tmp_path / "home")
    program.submitted(commands(H1)[:3])
    with program.casebridge() as casebridge:
        casebridge.keys.replayed_to(casebridge.log.lineage, casebridge.log.head().position + 1)
    ran = program("feed", "cons-mx.el-paso")
    assert (ran.exit_code, "the key store has replayed position" in ran.output) == (3, True), ran.output
