"""One Apache Kafka broker in KRaft mode, without a container: the jars come from Maven Central, Java runs them."""

import base64
import re
import signal
import socket
import struct
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from deploy.local.jars import KAFKA_JARS
from deploy.local.process import LocalServer, Missing, ServerFailed, free_port, program

FORMAT_LIMIT_SECONDS = 60.0
ANSWER_LIMIT_SECONDS = 2.0
JAVA_MAJOR_MIN = 17
JAVA_OPTIONS = ["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"]

# Everything internal has one replica, or a single node would wait for others for ever; few partitions and threads,
# because a broker for one developer shares the machine; no topic comes into being by a misspelt name.
SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "auto.create.topics.enable": "false",
    "default.replication.factor": "1",
    "min.insync.replicas": "1",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
    # A killed broker that comes back is refused until its old session ended: 9 s by default.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "500",
    "log.cleaner.dedupe.buffer.size": "16777216",
    "num.network.threads": "2",
    "num.io.threads": "4",
}

LOGGING = """\
appender.out.type = Console
appender.out.name = OUT
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = [%d] %p %m (%c)%n
rootLogger.level = INFO
rootLogger.appenderRef.out.ref = OUT
"""


class KafkaServer(LocalServer):
    """A broker of one node at `bootstrap`; with `passwords` (by user) its clients log in by SASL PLAIN.

    `settings` are added to the broker's own (`SETTINGS`) and win over them. Data is formatted at the first start.
    """

    NAME = "Kafka"
    STOP_SIGNAL = signal.SIGTERM
    START_LIMIT_SECONDS = 60.0

    def __init__(
        self,
        directory: Path,
        *,
        jars: Path = KAFKA_JARS,
        port: int | None = None,
        passwords: Mapping[str, str] | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(directory)
        self._java = java()
        self._jars = jars.absolute()
        self._passwords = dict(passwords or {})
        self._settings = dict(settings or {})
        self._port = free_port(port)
        self._controller_port = free_port()
        self._internal_port = free_port()

    @property
    def bootstrap(self) -> str:
        """`host:port` for clients."""
        return f"127.0.0.1:{self._port}"

    @property
    def port(self) -> int:
        return self._port

    def command(self) -> list[str]:
        properties = self.directory / "server.properties"
        properties.write_text("".join(f"{key}={value}\n" for key, value in self._properties().items()))
        logging = self.directory / "log4j2.properties"
        logging.write_text(LOGGING)
        java = [
            str(self._java), *JAVA_OPTIONS, f"-Djava.io.tmpdir={self.directory}",
            f"-Dlog4j2.configurationFile={logging}", "-cp", f"{self._jars}/*",
        ]  # fmt: skip
        if not (self.directory / "data" / "meta.properties").exists():
            self._format([*java, "kafka.tools.StorageTool", "format", "-t", cluster_id(), "-c", str(properties)])
        return [*java, "kafka.Kafka", str(properties)]

    def answers(self) -> bool:
        return brokers_known("127.0.0.1", self._internal_port if self._passwords else self._port) > 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def _format(self, command: list[str]) -> None:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=FORMAT_LIMIT_SECONDS, check=False
        )
        if done.returncode != 0:
            raise ServerFailed(f"Kafka could not format its directory:\n{(done.stdout + done.stderr).decode()}")

    def _properties(self) -> dict[str, str]:
        client = f"CLIENT://127.0.0.1:{self._port}"
        # Where clients log in, the broker talks to itself (transaction markers) by a listener that asks no password.
        internal = f",INTERNAL://127.0.0.1:{self._internal_port}" if self._passwords else ""
        login = {
            "listener.name.client.sasl.enabled.mechanisms": "PLAIN",
            "listener.name.client.plain.sasl.jaas.config": (
                "org.apache.kafka.common.security.plain.PlainLoginModule required "
                + " ".join(f'user_{user}="{password}"' for user, password in self._passwords.items())
                + ";"
            ),
        }
        return {
            **SETTINGS,
            "log.dirs": str(self.directory / "data"),
            "listeners": f"{client}{internal},CONTROLLER://127.0.0.1:{self._controller_port}",
            "advertised.listeners": f"{client}{internal}",
            "listener.security.protocol.map": (
                f"CLIENT:{'SASL_PLAINTEXT' if internal else 'PLAINTEXT'},INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT"
            ),
            "inter.broker.listener.name": "INTERNAL" if internal else "CLIENT",
            "controller.quorum.voters": f"1@127.0.0.1:{self._controller_port}",
            **(login if internal else {}),
            **self._settings,
        }


def java() -> Path:
    """The Java runtime. Raises `Missing` when there is none, or one that Kafka does not run on."""
    found = program("java", package="default-jre-headless")
    told = subprocess.run([found, "-version"], capture_output=True, text=True, timeout=30, check=False).stderr
    version = re.search(r'version "(\d+)', told)
    if version is None or int(version[1]) < JAVA_MAJOR_MIN:
        first = told.partition("\n")[0]
        raise Missing(f"Java {JAVA_MAJOR_MIN} or newer is needed, not {first!r}: apt-get install default-jre-headless")
    return found


def cluster_id() -> str:
    """A fresh cluster id in Kafka's form: 16 random bytes, URL-safe base64 without padding, not led by a dash."""
    return "k" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[1:22]


def brokers_known(host: str, port: int) -> int:
    """How many brokers the one at that address names in its metadata (request version 0); 0 while it does not answer.

    A port accepts connections before its broker may lead anything, so a connection alone is not an answer.
    """
    request = struct.pack(">hhihi", 3, 0, 1, -1, 0)
    try:
        with socket.create_connection((host, port), ANSWER_LIMIT_SECONDS) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            with connection.makefile("rb") as answer:
                head = answer.read(12)
    except OSError:
        return 0
    return int(struct.unpack(">iii", head)[2]) if len(head) == 12 else 0
