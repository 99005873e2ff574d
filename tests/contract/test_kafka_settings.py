"""Settings reach every client, and secrets nothing else."""
from __future__ import annotations

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from pydantic import ValidationError

from adapters.kafka.settings import KafkaSettings, settings_from_environment

SECRET = "not-for-anyone-to-see"
VARIABLES = {
    "BOOTSTRAP": "one:9092,two:9092",
    "SECURITY_PROTOCOL": "SASL_SSL",
    "SASL_MECHANISM": "SCRAM-SHA-512",
    "USERNAME": "relay",
    "PASSWORD": SECRET,
    "SSL_CAFILE": "ca.pem",
    "SSL_CERTFILE": "relay.pem",
    "SSL_KEYFILE": "relay.key",
    "SSL_PASSWORD": SECRET,
    "SSL_CRLFILE": "revoked.pem",
    "SSL_CHECK_HOSTNAME": "true",
}
EXPECTED = {
    "bootstrap_servers": ["one:9092", "two:9092"],
    "security_protocol": "SASL_SSL",
    "sasl_mechanism": "SCRAM-SHA-512",
    "sasl_plain_username": "relay",
    "sasl_plain_password": SECRET,
    "ssl_cafile": "ca.pem",
    "ssl_certfile": "relay.pem",
    "ssl_keyfile": "relay.key",
    "ssl_password": SECRET,
    "ssl_crlfile": "revoked.pem",
    "ssl_check_hostname": True,
    "reconnect_backoff_max_ms": 1_000,
}


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> KafkaSettings:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(f"CASEBRIDGE_KAFKA_{name}", value)
    return settings_from_environment()


def test_credentials_from_the_environment_reach_every_client(settings: KafkaSettings) -> None:
    for options in (settings.producer("id"), settings.consumer(), settings.admin()):
        assert options.items() >= EXPECTED.items()


def test_every_option_is_one_that_the_client_knows(settings: KafkaSettings) -> None:
    assert settings.producer("id").keys() <= KafkaProducer.DEFAULT_CONFIG.keys()
    assert settings.consumer().keys() <= KafkaConsumer.DEFAULT_CONFIG.keys()
    assert settings.admin().keys() <= KafkaAdminClient.DEFAULT_CONFIG.keys()


def test_a_transaction_is_short_and_retried_at_once(settings: KafkaSettings) -> None:
    producer = settings.producer("id")
    assert producer["transaction_timeout_ms"] == 30_000
    assert producer["retry_backoff_ms"] == 5


def test_a_consumer_reads_committed_raw_bytes_from_offsets_that_we_keep(settings: KafkaSettings) -> None:
    consumer = settings.consumer()
    assert consumer["isolation_level"] == "read_committed"
    assert consumer["enable_auto_commit"] is False
    assert consumer["auto_offset_reset"] == "none"
    assert "value_deserializer" not in consumer and "key_deserializer" not in consumer


def test_no_secret_is_printed(settings: KafkaSettings) -> None:
    assert SECRET not in repr(settings) + str(settings) + settings.model_dump_json()


def test_without_an_address_there_are_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CASEBRIDGE_KAFKA_BOOTSTRAP", raising=False)
    with pytest.raises(ValidationError, match="bootstrap"):
        settings_from_environment()


def test_a_mistake_beside_a_secret_does_not_print_the_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(f"CASEBRIDGE_KAFKA_{name}", value)
    monkeypatch.setenv("CASEBRIDGE_KAFKA_SECURITY_PROTOCOL", "carrier pigeon")
    with pytest.raises(ValidationError, match="security_protocol") as raised:
        settings_from_environment()
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize("office", ["", "CONS-MX", "a_b", "a b", "a..b", ".a", "../a", "a" * 101])
def test_an_office_that_cannot_name_a_topic_is_refused(office: str) -> None:
    settings = KafkaSettings(bootstrap="localhost:1")
    with pytest.raises(ValueError, match="office"):
        settings.feed_topic(office)


def test_names_are_those_that_partners_are_told() -> None:
    settings = KafkaSettings(bootstrap="localhost:1")
    assert settings.log_topic == "casebridge.log.v1"
    assert settings.positions_topic == "casebridge.relay.positions"
    assert settings.feed_topic("cons-mx.el-paso") == "casebridge.feed.cons-mx.el-paso.v1"
    assert settings.inbox_topic("cons-mx.el-paso") == "casebridge.inbox.cons-mx.el-paso.v1"
    assert settings.group("cons-mx.el-paso") == "casebridge.cons-mx.el-paso"
