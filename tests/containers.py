"""Kafka and PostgreSQL in containers, where a container engine answers; the same faults as for processes."""

import contextlib
import functools
import subprocess
import sys
from collections.abc import Callable, Iterator

from deploy.local.kafka import SETTINGS, brokers_known
from deploy.local.postgres import SCRATCH_SETTINGS, accepts_sessions
from deploy.local.process import ServerFailed, await_true, free_port

ENGINE_LIMIT_SECONDS = 15
ENGINE_REPLY_SECONDS = 3
START_LIMIT_SECONDS = 90.0
KILL_LIMIT_SECONDS = 10
KAFKA_IMAGE = "apache/kafka:4.1.1"
POSTGRES_IMAGE = "postgres:15-alpine"
ASK_ENGINE = f"""
from testcontainers.core.docker_client import DockerClient
DockerClient(timeout={ENGINE_REPLY_SECONDS}).client.ping()
"""


@functools.cache
def container_engine() -> bool:
    """Whether a container engine answers; asked once in a run, by a process of its own so that it cannot hang us."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        asked = subprocess.run(
            [sys.executable, "-c", ASK_ENGINE],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=ENGINE_LIMIT_SECONDS, check=False,
        )  # fmt: skip
        return asked.returncode == 0
    return False


class ServerContainer:
    """One container whose port is the same inside and out, so that it keeps its address over `kill` and `start`."""

    def __init__(self, image: str, answers: Callable[[str, int], bool]) -> None:
        from testcontainers.core.container import DockerContainer  # Slow to import, and only needed with an engine.

        self._answers = answers
        self.port = free_port()
        self.container = DockerContainer(image)
        self.host: str = "127.0.0.1" if (host := self.container.get_docker_client().host()) == "localhost" else host
        self.container.with_bind_ports(self.port, self.port)

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    def start_first(self) -> None:
        """Makes the container, fetching its image where needed, and starts it."""
        self.container.start()
        self._await_answer()

    def start(self) -> None:
        self.container.get_wrapped_container().start()
        self._await_answer()

    def kill(self) -> None:
        wrapped = self.container.get_wrapped_container()
        wrapped.kill()
        wrapped.wait(timeout=KILL_LIMIT_SECONDS)

    def freeze(self) -> None:
        self.container.get_wrapped_container().pause()

    def thaw(self) -> None:
        self.container.get_wrapped_container().unpause()

    def _await_answer(self) -> None:
        if not await_true(lambda: self._answers(self.host, self.port), START_LIMIT_SECONDS):
            log = self.container.get_wrapped_container().logs(tail=15).decode(errors="replace")
            raise ServerFailed(f"{self.container.image} gave no answer in {START_LIMIT_SECONDS} s:\n{log}")


@contextlib.contextmanager
def kafka_container() -> Iterator[ServerContainer]:
    """The broker of `deploy.local.kafka`, with the same version and settings, in a container."""
    server = ServerContainer(KAFKA_IMAGE, lambda host, port: brokers_known(host, port) > 0)
    properties = {
        **SETTINGS,
        "listeners": f"CLIENT://0.0.0.0:{server.port},CONTROLLER://localhost:9093",
        "advertised.listeners": f"CLIENT://{server.address}",
        "listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "CLIENT",
        "controller.quorum.voters": "1@localhost:9093",
    }
    for key, value in properties.items():
        server.container.with_env("KAFKA_" + key.upper().replace(".", "_"), value)
    with running(server):
        yield server


@contextlib.contextmanager
def postgres_container() -> Iterator[ServerContainer]:
    """The server of `deploy.local.postgres`, with the same major version and settings, in a container."""
    server = ServerContainer(POSTGRES_IMAGE, accepts_sessions)
    server.container.with_env("POSTGRES_HOST_AUTH_METHOD", "trust")
    settings = {**SCRATCH_SETTINGS, "port": str(server.port), "timezone": "UTC"}
    server.container.with_command([word for key, value in settings.items() for word in ("-c", f"{key}={value}")])
    with running(server):
        yield server


@contextlib.contextmanager
def running(server: ServerContainer) -> Iterator[None]:
    try:
        server.start_first()
        yield
    finally:
        server.container.stop()
