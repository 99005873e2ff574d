"""Rights in Kafka as they come and go, on a broker whose authorizer is on. Who has which: `test_access_matrix`."""
from __future__ import annotations

import itertools

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ACL, ACLOperation, ACLPermissionType, ACLResourcePatternType, ResourcePattern, ResourceType
from kafka.errors import GroupAuthorizationFailedError, KafkaError, TopicAuthorizationFailedError

from adapters.kafka.access import NoAuthorizer, grants_of, reconcile
from adapters.kafka.settings import KafkaSettings
from tests import servers
from tests.guarded_kafka import DONE, Engineer, admit, as_office, member

OFFICES = ("cons-mx.el-paso", "cons-mx.denver", "cons-gt.denver")
pytestmark = [pytest.mark.kafka]


@pytest.fixture(scope="module")
def settings(guarded_kafka: KafkaSettings) -> KafkaSettings:
    """Something is given to each of these offices, in topics that no other test has."""
    settings = guarded_kafka.model_copy(update={"prefix": "few"})
    admit(settings, OFFICES)
    producer = KafkaProducer(**settings.client())
    for office in OFFICES:
        producer.send(settings.feed_topic(office), b"given", b"case").get(10)
    producer.close()
    return settings


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


def test_an_office_reads_its_feed_in_its_group_and_in_no_other(settings: KafkaSettings) -> None:
    office, other = OFFICES[:2]
    assert reads(settings, office, settings.feed_topic(office), settings.group(office)) == 1
    with pytest.raises((TopicAuthorizationFailedError, GroupAuthorizationFailedError)):
        reads(settings, office, settings.feed_topic(office), settings.group(other))


def may_read(settings: KafkaSettings, office: str) -> bool:
    """Raises KafkaError where the office has no login."""
    engineer, feed = Engineer(settings, office), settings.feed_topic(office)
    try:
        error, records = engineer.reads([feed])[feed]
    finally:
        engineer.close()
    assert (error == DONE) is bool(records)
    return error == DONE


def test_a_suspended_office_loses_its_feed_and_its_login_and_gets_them_back(settings: KafkaSettings) -> None:
    office, others = OFFICES[2], [member(of) for of in OFFICES[:2]]
    engineer, feed = Engineer(settings, office), settings.feed_topic(office)
    try:
        assert engineer.reads([feed])[feed][0] == DONE
        taken = reconcile(settings, [*others, member(office, may_read=False)])
        assert taken.granted == () and {grant.user for grant in taken.taken} == {settings.group(office)}
        assert engineer.reads([feed])[feed] == ("TopicAuthorizationFailedError", []), "who was connected is refused too"
    finally:
        engineer.close()
    with pytest.raises(KafkaError):
        may_read(settings, office)
    assert may_read(settings, OFFICES[1])
    reconcile(settings, [*others, member(office)])
    assert may_read(settings, office)


def test_what_was_granted_by_hand_is_found_and_taken_away(settings: KafkaSettings) -> None:
    office, foreign = OFFICES[0], settings.feed_topic(OFFICES[1])
    admin, engineer = KafkaAdminClient(**settings.admin()), Engineer(settings, office)
    try:
        topic = ResourcePattern(ResourceType.TOPIC, foreign, ACLResourcePatternType.LITERAL)
        admin.create_acls([ACL(f"User:{settings.group(office)}", "*", ACLOperation.READ, ACLPermissionType.ALLOW, topic)])
        error, records = engineer.reads([foreign])[foreign]
        assert error == DONE and len(records) == 1
        [taken] = reconcile(settings, [member(of) for of in OFFICES]).taken
        assert str(taken) == f"{settings.group(office)} may read topic {foreign}"
        assert engineer.reads([foreign])[foreign] == ("TopicAuthorizationFailedError", [])
    finally:
        engineer.close()
        admin.close()


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
    assert may_read(settings, OFFICES[0])


def test_no_grant_is_a_pattern_and_no_two_offices_share_one(settings: KafkaSettings) -> None:
    by_office = [grants_of(settings, [member(office)]) for office in OFFICES]
    for one, other in itertools.combinations(by_office, 2):
        assert not {(g.resource, g.name) for g in one} & {(g.resource, g.name) for g in other}
    assert all("*" not in grant.name for grants in by_office for grant in grants)


def test_a_broker_that_checks_nobody_says_so(kafka_server: servers.Kafka) -> None:
    with pytest.raises(NoAuthorizer, match="reads every feed"):
        reconcile(KafkaSettings(bootstrap=kafka_server.bootstrap), [member(OFFICES[0])])
