"""Topics as data: what should exist, what does, and the difference that is safe to make."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource

from adapters.kafka.settings import KafkaSettings

DAY_MS = 24 * 60 * 60 * 1000


class Action(StrEnum):
    """What `apply` does about a topic. `REPORT` needs a person: the change could lose or reorder records."""

    KEEP = "keep"
    CREATE = "create"
    ALTER = "alter"
    REPORT = "report"


@dataclass(frozen=True, kw_only=True, slots=True)
class TopicSpec:
    """A topic as it should be."""

    name: str
    partitions: int
    replication_factor: int
    config: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """One setting as it stands and as it should be."""

    setting: str
    actual: str
    wanted: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TopicStep:
    """What is to be done, or was done, about one topic."""

    topic: str
    action: Action
    differences: tuple[Difference, ...] = field(default=())


def topic_specs(settings: KafkaSettings, offices: Iterable[str]) -> tuple[TopicSpec, ...]:
    """The private log, the positions of whoever writes, and a feed and an inbox for each office.

    Logs, feeds and inboxes go by age and are never compacted. `segment.ms` stands beside `retention.ms`
    because text stays on disk until its segment has rolled. A feed has one partition: its numbers are
    gapless and in order.
    """
    office_config = {
        "cleanup.policy": "delete",
        "segment.ms": str(1000 * settings.feed_segment_seconds),
        "retention.ms": str(1000 * settings.feed_retention_seconds),
    }
    log_config = {
        "cleanup.policy": "delete",
        "segment.ms": str(DAY_MS),
        "retention.ms": str(settings.log_retention_days * DAY_MS),
    }
    positions_config = {
        "cleanup.policy": "compact",
        "segment.bytes": str(1024 * 1024),  # Reading a position back reads the topic: keep it short.
        "segment.ms": str(DAY_MS),
        "min.cleanable.dirty.ratio": "0.1",
    }
    specs = [
        _spec(settings, settings.log_topic, settings.log_partitions, log_config),
        _spec(settings, settings.positions_topic, 1, positions_config),
    ]
    for office in sorted(set(offices)):
        specs.append(_spec(settings, settings.feed_topic(office), 1, office_config))
        specs.append(_spec(settings, settings.inbox_topic(office), 1, office_config))
    return tuple(specs)


def plan(admin: KafkaAdminClient, specs: Sequence[TopicSpec]) -> tuple[TopicStep, ...]:
    """Compare, change nothing. Settings that a spec does not name are left as they are."""
    existing = set(admin.list_topics())
    standing = [spec for spec in specs if spec.name in existing]
    actual = _actual(admin, standing) if standing else {}
    return tuple(
        _compare(spec, *actual[spec.name]) if spec.name in actual else TopicStep(topic=spec.name, action=Action.CREATE)
        for spec in specs
    )


def apply(admin: KafkaAdminClient, specs: Sequence[TopicSpec], *, dry_run: bool) -> tuple[TopicStep, ...]:
    """Create what is missing and alter what is safe; never delete, shrink, repartition or shorten.

    Returns the plan that was carried out (with `dry_run`, that would be). Running it again finds nothing
    to create or alter.
    """
    steps = plan(admin, specs)
    if dry_run:
        return steps
    by_name = {spec.name: spec for spec in specs}
    missing = {
        step.topic: {
            "num_partitions": by_name[step.topic].partitions,
            "replication_factor": by_name[step.topic].replication_factor,
            "configs": dict(by_name[step.topic].config),
        }
        for step in steps
        if step.action is Action.CREATE
    }
    if missing:
        admin.create_topics(missing, raise_errors=True, wait_for_metadata=True)
    altered = [
        ConfigResource("TOPIC", step.topic, {d.setting: d.wanted for d in step.differences if _is_safe(d)})
        for step in steps
        if any(_is_safe(d) for d in step.differences)
    ]
    if altered:
        admin.alter_configs(altered)
    return steps


def applied(settings: KafkaSettings, specs: Sequence[TopicSpec], *, dry_run: bool) -> tuple[TopicStep, ...]:
    """`apply`, over a connection of its own."""
    admin = KafkaAdminClient(**settings.admin())
    try:
        return apply(admin, specs, dry_run=dry_run)
    finally:
        admin.close()


def _spec(settings: KafkaSettings, name: str, partitions: int, config: Mapping[str, str]) -> TopicSpec:
    return TopicSpec(
        name=name,
        partitions=partitions,
        replication_factor=settings.replication_factor,
        config=MappingProxyType({**config, "min.insync.replicas": str(settings.min_insync_replicas)}),
    )


def _actual(admin: KafkaAdminClient, specs: Sequence[TopicSpec]) -> dict[str, tuple[int, int, dict[str, str]]]:
    """Partitions, replication factor and settings of topics that exist."""
    names = [spec.name for spec in specs]
    configs = admin.describe_configs([ConfigResource("TOPIC", name) for name in names], config_filter="all")["topic"]
    return {
        topic["name"]: (
            len(topic["partitions"]),
            min(len(partition["replica_nodes"]) for partition in topic["partitions"]),
            {setting: str(entry["value"]) for setting, entry in configs[topic["name"]].items()},
        )
        for topic in admin.describe_topics(names)
    }


def _compare(spec: TopicSpec, partitions: int, replication_factor: int, config: Mapping[str, str]) -> TopicStep:
    wanted = {"partitions": str(spec.partitions), "replication.factor": str(spec.replication_factor), **spec.config}
    actual = {"partitions": str(partitions), "replication.factor": str(replication_factor), **config}
    differences = tuple(
        Difference(setting=setting, actual=actual.get(setting, ""), wanted=value)
        for setting, value in wanted.items()
        if actual.get(setting, "") != value
    )
    if not differences:
        return TopicStep(topic=spec.name, action=Action.KEEP)
    action = Action.ALTER if all(_is_safe(difference) for difference in differences) else Action.REPORT
    return TopicStep(topic=spec.name, action=action, differences=differences)


def _is_safe(difference: Difference) -> bool:
    """A change that can neither lose a record nor move a key to another partition.

    A longer retention keeps; a shorter one makes the broker delete, so a person decides.
    """
    if difference.setting == "retention.ms":
        actual, wanted = int(difference.actual), int(difference.wanted)
        return wanted == -1 or 0 <= actual < wanted
    return difference.setting in {"segment.ms", "segment.bytes", "min.cleanable.dirty.ratio"}
