"""Rights in Kafka follow the directory, by whichever way it was changed: a broker with its authorizer on, and the worker."""
from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from kafka.errors import KafkaError

from adapters.composition import Casebridge
from adapters.http.credentials import FeedCredentials
from adapters.kafka.access import Member, NoAuthorizer
from adapters.kafka.rights import Rights
from adapters.kafka.settings import KafkaSettings
from adapters.kafka.topics import applied, topic_specs
from adapters.settings import Settings
from tests.disclosure_world import DENVER, GUATEMALA, MEXICO, World
from tests.guarded_kafka import DONE, Engineer

SECRETS = FeedCredentials(b"root of these rights")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, channels={MEXICO: "kafka", GUATEMALA: "kafka"})
    world.found(MEXICO, GUATEMALA, DENVER)
    yield world
    world.close()


def members(world: World) -> list[Member]:
    """As the composition root makes them of the directory."""
    return [
        Member(one.office, one.stage == "live", SECRETS.of(one.office, one.credential))
        for one in world.backbone.agency("NM-CYFD").offices.values() if one.channel == "kafka"
    ]


def rights(world: World, kafka: KafkaSettings) -> Rights:
    return Rights(world.log, kafka, lambda: members(world))


def caught_up(worker: Rights) -> None:
    while worker.step():
        pass


def reads(kafka: KafkaSettings, office: str) -> str:
    """What the broker answers an office that fetches its own topic; a login that is none raises KafkaError."""
    engineer = Engineer(kafka, office, SECRETS)
    try:
        return engineer.reads([kafka.feed_topic(office)])[kafka.feed_topic(office)][0]
    finally:
        engineer.close()


@pytest.mark.kafka
def test_users_and_rights_are_those_of_the_directory_and_follow_its_every_change(
    world: World, guarded_kafka: KafkaSettings
) -> None:
    kafka = guarded_kafka.model_copy(update={"prefix": "rights"})
    applied(kafka, topic_specs(kafka, [MEXICO, GUATEMALA]), dry_run=False)
    worker = rights(world, kafka)
    caught_up(worker)
    assert (reads(kafka, MEXICO), reads(kafka, GUATEMALA)) == (DONE, DONE)
    with pytest.raises(KafkaError):
        reads(kafka, DENVER)  # It reads a webhook, and has no login.
    world.submit("SuspendOffice", {"office": MEXICO, "reason": "a drill"})
    caught_up(worker)
    with pytest.raises(KafkaError):
        reads(kafka, MEXICO)
    assert reads(kafka, GUATEMALA) == DONE
    world.submit("PutOfficeLive", {"office": MEXICO, "second_person": "counsel-1"})
    before = SECRETS.of(GUATEMALA, 1)
    world.submit("RotateOfficeCredential", {"office": GUATEMALA, "generation": 2})
    caught_up(worker)
    assert reads(kafka, MEXICO) == DONE
    assert SECRETS.of(GUATEMALA, 1) == before, "the test's engineer logs in by the first one"
    with pytest.raises(KafkaError):
        reads(kafka, GUATEMALA)


class Broker:
    """Counts how often its rules are made; may refuse."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[dict[str, bool]] = []
        self.problem: Exception | None = None
        monkeypatch.setattr("adapters.kafka.rights.reconcile", self._reconcile)

    def _reconcile(self, settings: KafkaSettings, members: Sequence[Member]) -> None:
        if self.problem is not None:
            raise self.problem
        self.made.append({member.office: member.may_read for member in members})


NOWHERE = KafkaSettings(bootstrap="127.0.0.1:9")


def test_the_rules_are_made_at_the_beginning_and_after_a_change_and_not_for_every_event(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = Broker(monkeypatch)
    worker = rights(world, NOWHERE)
    caught_up(worker)
    assert broker.made == [{MEXICO: True, GUATEMALA: True}]
    world.family(1)
    caught_up(worker)
    assert len(broker.made) == 1
    world.submit("SuspendOffice", {"office": MEXICO, "reason": "a drill"})
    caught_up(worker)
    assert broker.made[-1] == {MEXICO: False, GUATEMALA: True} and len(broker.made) == 2
    caught_up(rights(world, NOWHERE))
    assert len(broker.made) == 3, "one that begins looks once, whatever was changed by hand meanwhile"


def test_a_broker_that_cannot_be_asked_is_asked_again_and_nothing_is_passed_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = Broker(monkeypatch)
    worker = rights(world, NOWHERE)
    caught_up(worker)
    world.submit("SuspendOffice", {"office": MEXICO, "reason": "a drill"})
    broker.problem = KafkaError("away")
    for _ in range(2):
        with pytest.raises(KafkaError):
            worker.step()
    broker.problem = None
    caught_up(worker)
    assert broker.made[-1] == {MEXICO: False, GUATEMALA: True}


def test_a_broker_that_checks_no_rights_is_told_of_and_disturbs_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broker = Broker(monkeypatch)
    broker.problem = NoAuthorizer("the broker has no authorizer")
    with caplog.at_level(logging.WARNING):
        caught_up(rights(world, NOWHERE))
    assert "no authorizer" in caplog.text


def test_the_worker_runs_where_brokers_are_named_and_nowhere_else(tmp_path: Path) -> None:
    for kafka, runs in (("127.0.0.1:9", True), (None, False)):
        with Casebridge(Settings(home=tmp_path / str(kafka).replace(":", ""), kafka=kafka)) as casebridge:
            workers = list(casebridge.workers())
            assert ("rights" in {worker.name for worker in workers}) is runs
            for worker in workers:
                worker.close()
