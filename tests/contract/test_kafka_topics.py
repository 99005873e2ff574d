"""Topics are created and mended, never deleted, shortened or repartitioned."""
from __future__ import annotations

from collections.abc import Iterator

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource
from pydantic import ValidationError

from adapters.kafka.settings import KafkaSettings
from adapters.kafka.topics import DAY_MS, Action, Difference, apply, plan, topic_specs
from tests import servers
from tests.faults.relay_world import fresh_settings, wait_until

OFFICE = "cons-mx.el-paso"


@pytest.fixture
def settings(kafka_server: servers.Kafka) -> KafkaSettings:
    return fresh_settings(kafka_server.bootstrap)


@pytest.fixture
def admin(settings: KafkaSettings) -> Iterator[KafkaAdminClient]:
    admin = KafkaAdminClient(**settings.admin())
    yield admin
    admin.close()


def set_config(admin: KafkaAdminClient, topic: str, **config: str) -> None:
    """Set, and wait until the broker says so too."""
    wanted = {name.replace("_", "."): value for name, value in config.items()}
    admin.alter_configs([ConfigResource("TOPIC", topic, wanted)])
    wait_until(lambda: config_of(admin, topic).items() >= wanted.items(), f"{wanted} of {topic}", limit_seconds=10.0)


def config_of(admin: KafkaAdminClient, topic: str) -> dict[str, str]:
    found = admin.describe_configs([ConfigResource("TOPIC", topic)], config_filter="all")["topic"][topic]
    return {name: entry["value"] for name, entry in found.items()}


def test_missing_topics_are_created_once(settings: KafkaSettings, admin: KafkaAdminClient) -> None:
    specs = topic_specs(settings, [OFFICE])
    assert {step.action for step in apply(admin, specs, dry_run=False)} == {Action.CREATE}
    assert {step.action for step in apply(admin, specs, dry_run=False)} == {Action.KEEP}


def test_a_dry_run_creates_nothing(settings: KafkaSettings, admin: KafkaAdminClient) -> None:
    specs = topic_specs(settings, [OFFICE])
    assert {step.action for step in apply(admin, specs, dry_run=True)} == {Action.CREATE}
    assert not {spec.name for spec in specs} & set(admin.list_topics())


def test_what_an_office_reads_in_clear_is_kept_seven_days_and_rolls_daily(
    settings: KafkaSettings, admin: KafkaAdminClient
) -> None:
    apply(admin, topic_specs(settings, [OFFICE]), dry_run=False)
    for topic in (settings.feed_topic(OFFICE), settings.inbox_topic(OFFICE)):
        config = config_of(admin, topic)
        assert (config["retention.ms"], config["segment.ms"]) == (str(7 * DAY_MS), str(DAY_MS))
        assert config["cleanup.policy"] == "delete"


def test_a_setting_shortens_what_an_office_reads_and_never_the_log(
    settings: KafkaSettings, admin: KafkaAdminClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CASEBRIDGE_KAFKA_FEED_RETENTION_SECONDS", "3600")
    monkeypatch.setenv("CASEBRIDGE_KAFKA_FEED_SEGMENT_SECONDS", "60")
    shorter = KafkaSettings(bootstrap=settings.bootstrap, prefix=settings.prefix)
    apply(admin, topic_specs(shorter, [OFFICE]), dry_run=False)
    ages = {
        topic: (config_of(admin, topic)["retention.ms"], config_of(admin, topic)["segment.ms"])
        for topic in (shorter.feed_topic(OFFICE), shorter.inbox_topic(OFFICE), shorter.log_topic)
    }
    assert list(ages.values()) == [("3600000", "60000"), ("3600000", "60000"), (str(30 * DAY_MS), str(DAY_MS))]


@pytest.mark.parametrize("wrong", [
    {"feed_retention_seconds": 7 * 86_400 + 1}, {"feed_retention_seconds": 0}, {"feed_segment_seconds": 86_401},
    {"feed_segment_seconds": 0},
])
def test_an_expungement_counts_on_seven_days_and_one_so_no_setting_is_longer(wrong: dict[str, int]) -> None:
    with pytest.raises(ValidationError, match="feed_"):
        KafkaSettings(bootstrap="x:1", **wrong)  # type: ignore[arg-type]


def test_the_log_goes_by_age_and_positions_are_compacted(settings: KafkaSettings, admin: KafkaAdminClient) -> None:
    apply(admin, topic_specs(settings, []), dry_run=False)
    assert config_of(admin, settings.log_topic)["cleanup.policy"] == "delete"
    assert config_of(admin, settings.positions_topic)["cleanup.policy"] == "compact"


def test_a_longer_retention_is_set(settings: KafkaSettings, admin: KafkaAdminClient) -> None:
    specs = topic_specs(settings, [])
    apply(admin, specs, dry_run=False)
    set_config(admin, settings.log_topic, retention_ms=str(DAY_MS))
    step = next(step for step in apply(admin, specs, dry_run=False) if step.topic == settings.log_topic)
    assert step.action is Action.ALTER
    assert step.differences == (Difference(setting="retention.ms", actual=str(DAY_MS), wanted=str(30 * DAY_MS)),)
    wait_until(lambda: {step.action for step in plan(admin, specs)} == {Action.KEEP}, "the change", limit_seconds=10.0)


def test_a_shorter_retention_is_reported_and_left_to_a_person(settings: KafkaSettings, admin: KafkaAdminClient) -> None:
    specs = topic_specs(settings, [])
    apply(admin, specs, dry_run=False)
    set_config(admin, settings.log_topic, retention_ms=str(90 * DAY_MS))
    step = next(step for step in apply(admin, specs, dry_run=False) if step.topic == settings.log_topic)
    assert step.action is Action.REPORT
    assert config_of(admin, settings.log_topic)["retention.ms"] == str(90 * DAY_MS)


def test_partitions_and_compaction_are_reported_and_never_changed(
    settings: KafkaSettings, admin: KafkaAdminClient
) -> None:
    apply(admin, topic_specs(settings, []), dry_run=False)
    set_config(admin, settings.log_topic, cleanup_policy="compact")
    more = settings.model_copy(update={"log_partitions": 9})
    step = next(step for step in apply(admin, topic_specs(more, []), dry_run=False) if step.topic == settings.log_topic)
    assert step.action is Action.REPORT
    assert {difference.setting for difference in step.differences} == {"partitions", "cleanup.policy"}
    assert len(admin.describe_topics([settings.log_topic])[0]["partitions"]) == settings.log_partitions
    assert config_of(admin, settings.log_topic)["cleanup.policy"] == "compact"
