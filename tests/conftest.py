"""Real servers for tests: `tests/servers.py` says where they come from."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from adapters.kafka.settings import KafkaSettings
from tests import servers

settings.register_profile("casebridge", deadline=None)  # a busy machine is no failure
settings.load_profile("casebridge")
NEEDS = {
    "kafka_server": "kafka",
    "own_kafka_server": "kafka",
    "guarded_kafka": "kafka",
    "postgres_server": "postgres",
    "own_postgres_server": "postgres",
}


# What kafka-python 3.0 does that strict warnings would lay at our door, in some test that happens to run then:
# it reads its message schemas, when imported, by calls that Python 3.11 deprecates; and it drops the socket of a
# refused connection without closing it. That socket has no peer, and so is told from any that we forgot.
KAFKA_PYTHON_WARNS = (
    r"ignore:(read|open)_text is deprecated. Use files:DeprecationWarning",
    r"ignore:unclosed <socket.socket fd=\d+, family=2, type=1, proto=6, laddr=\('0.0.0.0', \d+\)>$:ResourceWarning",
)


def expect_sockets_left_to(broker: servers.Kafka, config: pytest.Config) -> None:
    """Ignore sockets to this broker that nobody closed: all are the client's, which drops one that it is closed on
    while it connects."""
    host, port = broker.bootstrap.rsplit(":", 1)
    socket = rf"unclosed <socket.socket fd=\d+, .*raddr=\('{host}', {port}\)>"
    config.addinivalue_line("filterwarnings", f"ignore:{socket}:ResourceWarning")


def pytest_configure(config: pytest.Config) -> None:
    for harmless in KAFKA_PYTHON_WARNS:
        config.addinivalue_line("filterwarnings", harmless)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that asks for a server carries its mark, so that `-m "not kafka"` leaves none behind."""
    for item in items:
        for fixture in set(getattr(item, "fixturenames", ())) & NEEDS.keys():
            item.add_marker(NEEDS[fixture])


@pytest.fixture(scope="session")
def kafka_server(pytestconfig: pytest.Config) -> Iterator[servers.Kafka]:
    """The run's one broker. A test that kills or freezes it leaves it running and answering."""
    with servers.kafka_at_hand() as broker:
        expect_sockets_left_to(broker, pytestconfig)
        yield broker


@pytest.fixture(scope="session")
def guarded_kafka() -> Iterator[KafkaSettings]:
    """The run's one broker that checks rights, by its owner's login. A test takes a prefix of its own."""
    from tests.guarded_kafka import guarded_broker  # It imports kafka, whose warnings are let through only now.

    with guarded_broker() as settings:
        yield settings


@pytest.fixture(scope="module")
def own_kafka_server(pytestconfig: pytest.Config) -> Iterator[servers.Kafka]:
    """A broker of the test module's own, which may be left in any state."""
    with servers.kafka_of_our_own() as broker:
        expect_sockets_left_to(broker, pytestconfig)
        yield broker


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[servers.Postgres]:
    """The run's one PostgreSQL; tests take a database each by `create_database`."""
    with servers.postgres_at_hand() as server:
        yield server


@pytest.fixture(scope="module")
def own_postgres_server() -> Iterator[servers.Postgres]:
    """A PostgreSQL of the test module's own, which may be left in any state."""
    with servers.postgres_of_our_own() as server:
        yield server
