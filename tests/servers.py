"""Where tests find a real Kafka and a real PostgreSQL, in this order.

1. An address in the environment: `CASEBRIDGE_TEST_KAFKA` (`host:port`), `CASEBRIDGE_TEST_POSTGRES` (a superuser's DSN).
2. Containers, through testcontainers, where an engine answers.
3. Processes of our own (`deploy.local`), where Java and Maven, or PostgreSQL's programs, are installed.
4. Else the test is skipped with what is missing and how to get it; with `CASEBRIDGE_REQUIRE_SERVERS=1` it fails.

Whatever the source, a server has one face here, so that a test does not know where its server came from.
"""

import contextlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn, Protocol, TypeVar
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import conninfo, sql

from deploy.local.jars import kafka_jars
from deploy.local.kafka import KafkaServer
from deploy.local.postgres import PostgresServer
from deploy.local.process import LocalServer, Missing
from tests.containers import container_engine, kafka_container, postgres_container

CONNECT_LIMIT_SECONDS = 5
Server = TypeVar("Server", bound=LocalServer)


class Faults(Protocol):
    """What a fault test does to a server; each comes back on the same data and address."""

    def start(self) -> None: ...
    def kill(self) -> None: ...
    def freeze(self) -> None: ...
    def thaw(self) -> None: ...


class OwnFaults:
    """`kill`, `freeze`, `thaw` and `start` of a server that is ours; a test that needs them of another's is skipped."""

    def __init__(self, name: str, faults: Faults | None) -> None:
        self._name = name
        self._faults = faults

    @property
    def ours(self) -> bool:
        """Whether this run started the server and may hurt it."""
        return self._faults is not None

    def _target(self) -> Faults:
        if self._faults is None:
            missing(f"a {self._name} of our own: the one given by address is not ours to kill")
        return self._faults

    def start(self) -> None:
        """Starts again after `kill`; returns when the server answers."""
        self._target().start()

    def kill(self) -> None:
        """SIGKILL; returns when it is gone."""
        self._target().kill()

    def freeze(self) -> None:
        """Stops it where it stands, connections open, nothing answered."""
        self._target().freeze()

    def thaw(self) -> None:
        """Lets it go on after `freeze`."""
        self._target().thaw()


class Kafka(OwnFaults):
    """A broker at `bootstrap` (`host:port`), without a password."""

    def __init__(self, bootstrap: str, faults: Faults | None = None) -> None:
        super().__init__("Kafka broker", faults)
        self.bootstrap = bootstrap


class Postgres(OwnFaults):
    """A server at `dsn`, its superuser's."""

    def __init__(self, dsn: str, faults: Faults | None = None) -> None:
        super().__init__("PostgreSQL server", faults)
        self.dsn = dsn
        self._made: list[str] = []

    def create_database(self) -> str:
        """A fresh, empty database; returns the superuser's DSN to it, in the form of `dsn`. Dropped after the run."""
        name = f"casebridge_{uuid.uuid4().hex[:16]}"
        self._execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        self._made.append(name)
        return dsn_to(self.dsn, name)

    def drop_databases(self) -> None:
        """Drops what `create_database` made, sessions in it included."""
        while self._made:
            self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(self._made.pop())))

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.dsn, autocommit=True, connect_timeout=CONNECT_LIMIT_SECONDS) as connection:
            connection.execute(statement)


def dsn_to(dsn: str, database: str) -> str:
    """The same server and user, another database; an address stays an address."""
    if "://" in dsn:
        return urlsplit(dsn)._replace(path=f"/{database}").geturl()
    return conninfo.make_conninfo(dsn, dbname=database)


def missing(what: str) -> NoReturn:
    """Skips the test by naming what is missing, or fails it where servers are required."""
    if os.environ.get("CASEBRIDGE_REQUIRE_SERVERS") == "1":
        pytest.fail(f"required here (CASEBRIDGE_REQUIRE_SERVERS=1), and missing: {what}", pytrace=False)
    pytest.skip(f"missing: {what}")


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A directory below the system's temporary one, removed at the end.

    Not pytest's own: that is closed to the user whom PostgreSQL runs as when root runs the tests.
    """
    directory = Path(tempfile.mkdtemp(prefix="casebridge-test-"))
    directory.chmod(0o711)
    try:
        yield directory
    finally:
        shutil.rmtree(directory)


@contextlib.contextmanager
def kafka_at_hand() -> Iterator[Kafka]:
    """A broker, by the order above."""
    address = os.environ.get("CASEBRIDGE_TEST_KAFKA")
    if address:
        yield Kafka(address)
    else:
        with kafka_of_our_own() as broker:
            yield broker


@contextlib.contextmanager
def kafka_of_our_own() -> Iterator[Kafka]:
    """A broker that nobody else uses and that may be hurt: by the order above, without its first entry."""
    if container_engine():
        with kafka_container() as container:
            yield Kafka(container.address, container)
    else:
        with scratch() as directory, installed(lambda: KafkaServer(directory / "kafka", jars=kafka_jars())) as server:
            server.start()
            yield Kafka(server.bootstrap, server)


@contextlib.contextmanager
def postgres_at_hand() -> Iterator[Postgres]:
    """A server, by the order above."""
    dsn = os.environ.get("CASEBRIDGE_TEST_POSTGRES")
    if dsn:
        server = Postgres(dsn)
        try:
            yield server
        finally:
            server.drop_databases()
    else:
        with postgres_of_our_own() as server:
            yield server


@contextlib.contextmanager
def postgres_of_our_own() -> Iterator[Postgres]:
    """A server that nobody else uses and that may be hurt: by the order above, without its first entry."""
    if container_engine():
        with postgres_container() as container:
            yield Postgres(f"postgresql://postgres@{container.address}/postgres", container)
    else:
        with scratch() as directory, installed(lambda: PostgresServer(directory / "postgres")) as server:
            server.start()
            yield Postgres(server.dsn, server)


@contextlib.contextmanager
def installed(make: Callable[[], Server]) -> Iterator[Server]:
    """The server made, killed at the end; the test is skipped, by name, where its programs are not installed."""
    try:
        server = make()
    except Missing as lacking:
        missing(str(lacking))
    try:
        yield server
    finally:
        server.kill()
