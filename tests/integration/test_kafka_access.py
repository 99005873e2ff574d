"""Rights in Kafka, tried on a broker whose authorizer is on: every office against every topic and group."""
from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import GroupAuthorizationFailedError, KafkaError, TopicAuthorizationFailedError

from adapters.http.credentials import FeedCredentials
from adapters.kafka.access import Member, NoAuthorizer, grants_of, reconcile
from adapters.kafka.settings import KafkaSettings
from adapters.kafka.topics import applied, topic_specs
from deploy.local.jars import kafka_jars
from deploy.local.kafka import KafkaServer
from tests import servers

SECRETS = FeedCredentials(b"root of a test")
OFFICES = ("cons-mx.el-paso", "cons-mx.denver", "cons-gt.denver")
AUTHORIZER = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS;User:casebridge",
    "listener.name.client.sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
    "listener.name.client.scram-sha-512.sasl.jaas.config":
        "org.apache.kafka.common.security.scram.ScramLoginModule required;",
}
pytestmark = [pytest.mark.kafka]


def member(office: str, *, may_read: bool = True, generation: int = 1) -> Member:
    return Member(office, may_read, SECRETS.of(office, generation))


@contextmanager
def guarded_broker(more_passwords: dict[str, str] | None = None) -> Iterator[KafkaSettings]:
    """A broker that checks rights, with the topics, logins and rights of these offices and nothing in any feed.

    With `more_passwords` (by user) those log in by PLAIN too, with the same rights.
    """
    with (
        servers.scratch() as directory,
        servers.installed(lambda: KafkaServer(
            directory, jars=kafka_jars(), passwords={"casebridge": "s3cret", **(more_passwords or {})}, settings=AUTHORIZER,
        )) as broker,
    ):
        broker.start()
        made = KafkaSettings(
            bootstrap=broker.bootstrap, security_protocol="SASL_PLAINTEXT", sasl_mechanism="PLAIN", username="casebridge",
            password="s3cret",  # type: ignore[arg-type]  # pydantic makes a secret of it
        )
        applied(made, topic_specs(made, OFFICES), dry_run=False)
        reconcile(made, [member(office) for office in OFFICES])
        yield made


@pytest.fixture(scope="module")
def settings() -> Iterator[KafkaSettings]:
    with guarded_broker() as made:
        producer = KafkaProducer(**made.client())
        for office in OFFICES:
            producer.send(made.feed_topic(office), b"given", b"case").get(10)
        producer.close()
        yield made


def as_office(settings: KafkaSettings, office: str, *, generation: int = 1) -> dict[str, object]:
    """The client options of an office's own engineer."""
    return settings.client() | {
        "sasl_mechanism": "SCRAM-SHA-512", "sasl_plain_username": settings.group(office),
        "sasl_plain_password": SECRETS.of(office, generation), "bootstrap_timeout_ms": 5_000,
    }


def reads(settings: KafkaSettings, office: str, topic: str, group: str) -> int:
    """How many records an office reads of a topic in a group; raises what the broker says."""
    consumer = KafkaConsumer(
        **as_office(settings, office), group_id=group, auto_offset_reset="earliest", enable_auto_commit=False,
        isolation_level="read_committed",
    )
    try:
        place = TopicPartition(topic, 0)
        consumer.assign([place])
        taken = 0
        for _ in range(20):
            taken += sum(len(batch) for batch in consumer.poll(timeout_ms=500).values())
            if taken:
                break
        consumer.commit()
        return taken
    finally:
        consumer.close(autocommit=False)


def test_every_office_against_every_feed_and_every_group(settings: KafkaSettings) -> None:
    for office, of in itertools.product(OFFICES, OFFICES):
        if office == of:
            assert reads(settings, office, settings.feed_topic(office), settings.group(office)) == 1
            continue
        with pytest.raises((TopicAuthorizationFailedError, GroupAuthorizationFailedError)):
            reads(settings, office, settings.feed_topic(of), settings.group(office))
        with pytest.raises((TopicAuthorizationFailedError, GroupAuthorizationFailedError)):
            reads(settings, office, settings.feed_topic(office), settings.group(of))


def test_an_office_reads_neither_the_private_log_nor_any_inbox(settings: KafkaSettings) -> None:
    for topic in (settings.log_topic, settings.positions_topic, *(settings.inbox_topic(of) for of in OFFICES)):
        with pytest.raises(TopicAuthorizationFailedError):
            reads(settings, OFFICES[0], topic, settings.group(OFFICES[0]))


def test_an_office_can_neither_list_nor_guess_anothers_feed(settings: KafkaSettings) -> None:
    admin = KafkaAdminClient(**as_office(settings, OFFICES[0]))
    try:
        seen = set(admin.list_topics())
        assert seen == {settings.feed_topic(OFFICES[0]), settings.inbox_topic(OFFICES[0])}
        answers = {
            str(topic.get("error") or topic.get("error_code"))
            for name in (settings.feed_topic(OFFICES[1]), "casebridge.feed.nobody.v1")
            for topic in admin.describe_topics([name])
        }
        assert len(answers) == 1, "a foreign feed answers like one that is not there"
    finally:
        admin.close()


def test_an_office_writes_to_its_own_inbox_and_nowhere_else(settings: KafkaSettings) -> None:
    producer = KafkaProducer(**as_office(settings, OFFICES[0]), max_block_ms=5_000, enable_idempotence=False)
    try:
        producer.send(settings.inbox_topic(OFFICES[0]), b"reply", b"case").get(10)
        for topic in (settings.feed_topic(OFFICES[0]), settings.inbox_topic(OFFICES[1]), settings.log_topic):
            with pytest.raises(KafkaError):
                producer.send(topic, b"forged", b"case").get(10)
    finally:
        producer.close()


def test_a_suspended_office_loses_its_feed_and_its_login_and_gets_them_back(settings: KafkaSettings) -> None:
    office, others = OFFICES[2], [member(of) for of in OFFICES[:2]]
    taken = reconcile(settings, [*others, member(office, may_read=False)])
    assert taken.granted == () and {grant.user for grant in taken.taken} == {settings.group(office)}
    with pytest.raises(KafkaError):
        reads(settings, office, settings.feed_topic(office), settings.group(office))
    assert reads(settings, OFFICES[1], settings.feed_topic(OFFICES[1]), settings.group(OFFICES[1])) in (0, 1)
    reconcile(settings, [*others, member(office)])
    assert reads(settings, office, settings.feed_topic(office), settings.group(office)) in (0, 1)


def test_a_new_credential_replaces_the_one_before(settings: KafkaSettings) -> None:
    office = OFFICES[1]
    reconcile(settings, [member(office, generation=2)])
    try:
        with pytest.raises(KafkaError):
            KafkaAdminClient(**as_office(settings, office)).close()
        admin = KafkaAdminClient(**as_office(settings, office, generation=2))
        admin.close()
    finally:
        reconcile(settings, [member(office)])


def test_reconciling_again_changes_nothing_and_a_dry_run_never_does(settings: KafkaSettings) -> None:
    members = [member(office) for office in OFFICES]
    assert (reconcile(settings, members).granted, reconcile(settings, members).taken) == ((), ())
    would = reconcile(settings, [member(OFFICES[0], may_read=False)], dry_run=True)
    assert len(would.taken) == 5
    assert reads(settings, OFFICES[0], settings.feed_topic(OFFICES[0]), settings.group(OFFICES[0])) in (0, 1)


def test_no_grant_is_a_pattern_and_no_two_offices_share_one(settings: KafkaSettings) -> None:
    by_office = [grants_of(settings, [member(office)]) for office in OFFICES]
    for one, other in itertools.combinations(by_office, 2):
        assert not {(g.resource, g.name) for g in one} & {(g.resource, g.name) for g in other}
    assert all("*" not in grant.name for grants in by_office for grant in grants)


def test_a_broker_that_checks_nobody_says_so(kafka_server: servers.Kafka) -> None:
    with pytest.raises(NoAuthorizer, match="reads every feed"):
        reconcile(KafkaSettings(bootstrap=kafka_server.bootstrap), [member(OFFICES[0])])
