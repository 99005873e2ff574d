"""How to reach Kafka: addresses, credentials and names, from `CASEBRIDGE_KAFKA_...` variables."""
from __future__ import annotations

import logging
import re
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

OFFICE = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)*\Z")
OFFICE_LENGTH_MAX = 100  # A topic's name ends at 249 characters.

# The client's own 30 s let a recovery take 25 s.
RECONNECT_BACKOFF_MAX_MS = 1_000
BOOTSTRAP_TIMEOUT_MS = 10_000
REQUEST_TIMEOUT_MS = 10_000
RECORD_BYTES_MAX = 1_000_000  # A broker refuses more than 1 MiB a batch unless it is told otherwise.
DAY_SECONDS = 24 * 60 * 60
FEED_RETENTION_SECONDS_MAX, FEED_SEGMENT_SECONDS_MAX = 7 * DAY_SECONDS, DAY_SECONDS
"""The longest age of clear text in a partner's topic, which an expungement waits for; a setting may only shorten it."""

Options = dict[str, object]


class KafkaSettings(BaseSettings):
    """One set of settings for every client, so that none is left without the credentials.

    `prefix` begins the name of every topic, consumer group and transactional id, which lets an access
    rule name them all.
    """

    model_config = SettingsConfigDict(
        env_prefix="CASEBRIDGE_KAFKA_", frozen=True, extra="forbid", hide_input_in_errors=True
    )

    bootstrap: str = Field(min_length=1, description="host:port, several separated by commas")
    prefix: str = Field(default="casebridge", pattern=r"^[a-z0-9]+([.-][a-z0-9]+)*$", max_length=100)
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "GSSAPI"] | None = None
    username: str | None = None
    password: SecretStr | None = None
    ssl_cafile: str | None = None
    ssl_certfile: str | None = None
    ssl_keyfile: str | None = None
    ssl_password: SecretStr | None = None
    ssl_crlfile: str | None = None
    ssl_check_hostname: bool = True
    log_partitions: int = Field(default=6, ge=1, le=1_000)
    log_retention_days: int = Field(default=30, ge=1)
    feed_retention_seconds: int = Field(
        default=FEED_RETENTION_SECONDS_MAX, ge=1, le=FEED_RETENTION_SECONDS_MAX,
        description="how long the feed and the inbox of an office keep a record; for topics still to be created",
    )
    feed_segment_seconds: int = Field(
        default=FEED_SEGMENT_SECONDS_MAX, ge=1, le=FEED_SEGMENT_SECONDS_MAX,
        description="after how long their newest segment is closed, and begins to age",
    )
    replication_factor: int = Field(default=1, ge=1)
    min_insync_replicas: int = Field(default=1, ge=1)

    @property
    def log_topic(self) -> str:
        return f"{self.prefix}.log.v1"

    @property
    def positions_topic(self) -> str:
        return f"{self.prefix}.relay.positions"

    def feed_topic(self, office: str) -> str:
        return f"{self.prefix}.feed.{checked_office(office)}.v1"

    def inbox_topic(self, office: str) -> str:
        return f"{self.prefix}.inbox.{checked_office(office)}.v1"

    def group(self, office: str) -> str:
        """The consumer group in which an office reads its feed: its committed offset is the hand-over."""
        return f"{self.prefix}.{checked_office(office)}"

    def client(self) -> Options:
        """What every client is given, secrets in clear: never log it."""
        keep_records_out_of_logs()
        options: Options = {
            "bootstrap_servers": self.bootstrap.split(","),
            "client_id": self.prefix,
            "security_protocol": self.security_protocol,
            "ssl_check_hostname": self.ssl_check_hostname,
            "reconnect_backoff_max_ms": RECONNECT_BACKOFF_MAX_MS,
            "bootstrap_timeout_ms": BOOTSTRAP_TIMEOUT_MS,
            "request_timeout_ms": REQUEST_TIMEOUT_MS,
        }
        given: Options = {
            "sasl_mechanism": self.sasl_mechanism,
            "sasl_plain_username": self.username,
            "sasl_plain_password": self.password.get_secret_value() if self.password else None,
            "ssl_cafile": self.ssl_cafile,
            "ssl_certfile": self.ssl_certfile,
            "ssl_keyfile": self.ssl_keyfile,
            "ssl_password": self.ssl_password.get_secret_value() if self.ssl_password else None,
            "ssl_crlfile": self.ssl_crlfile,
        }
        return options | {name: value for name, value in given.items() if value is not None}

    def producer(self, transactional_id: str) -> Options:
        """A transactional producer: at once when caught up (a commit flushes), in large batches when behind.

        `retry_backoff_ms` of 5 keeps CONCURRENT_TRANSACTIONS out of the tail of back-to-back
        transactions. A transaction that nobody ends hides later records for 30 s at most.
        """
        return self.client() | {
            "transactional_id": transactional_id,
            "transaction_timeout_ms": 30_000,
            "retry_backoff_ms": 5,
            "batch_size": 256 * 1024,
            "linger_ms": 20,
            "max_request_size": RECORD_BYTES_MAX,
            "max_block_ms": 10_000,
            "delivery_timeout_ms": 12_000,
            "allow_auto_create_topics": False,
            "metrics_enabled": False,
        }

    def consumer(self) -> Options:
        """A consumer of committed records as raw bytes, at offsets that we keep ourselves.

        No deserializer, ever: one that raises makes the next poll spin. An offset that retention has
        passed is an error and not a silent jump.
        """
        return self.client() | {
            "isolation_level": "read_committed",
            "enable_auto_commit": False,
            "auto_offset_reset": "none",
            "allow_auto_create_topics": False,
            "fetch_max_wait_ms": 100,
            "metrics_enabled": False,
        }

    def admin(self) -> Options:
        return self.client()


def keep_records_out_of_logs() -> None:
    """Whatever level is asked for, the client's loggers say nothing below INFO: there it repeats every record and
    every handshake, and a log is no place for what a partner reads."""
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] == "kafka":
            logging.getLogger(name).addFilter(_is_no_detail)


def _is_no_detail(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.INFO


def settings_from_environment() -> KafkaSettings:
    """Raises pydantic's ValidationError, which names what is missing or wrong, but no secret."""
    return KafkaSettings()  # type: ignore[call-arg]  # The environment gives the arguments.


def checked_office(office: str) -> str:
    """An office's code as it may stand in a topic's name; raises ValueError.

    No underscore: Kafka refuses two topics whose names differ only in `.` and `_`.
    """
    if not OFFICE.match(office) or len(office) > OFFICE_LENGTH_MAX:
        raise ValueError(f"office {office!r} is not lower-case letters and digits, joined by '.' or '-'")
    return office
