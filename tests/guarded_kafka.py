"""A broker that checks rights, and an office's engineer who asks it for everything, one request for many topics."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from kafka import KafkaAdminClient
from kafka.errors import for_code
from kafka.protocol.consumer.fetch import FetchRequest
from kafka.protocol.consumer.group import OffsetFetchRequest
from kafka.protocol.consumer.offsets import ListOffsetsRequest
from kafka.protocol.metadata.metadata import MetadataRequest
from kafka.protocol.producer.produce import ProduceRequest
from kafka.record.memory_records import MemoryRecords, MemoryRecordsBuilder

from adapters.http.credentials import FeedCredentials
from adapters.kafka.access import Member, reconcile
from adapters.kafka.settings import KafkaSettings
from adapters.kafka.topics import applied, topic_specs
from deploy.local.jars import kafka_jars
from deploy.local.kafka import KafkaServer
from tests import servers

SECRETS = FeedCredentials(b"root of a test")
AUTHORIZER = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS;User:casebridge",
    "listener.name.client.sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
    "listener.name.client.scram-sha-512.sasl.jaas.config":
        "org.apache.kafka.common.security.scram.ScramLoginModule required;",
}
BY_NAME_MAX = {"metadata": 9, "fetch": 12, "produce": 12, "offset_fetch": 8}
"""The last versions of these requests that name topics; later ones have ids, which only who sees a topic can know."""
FETCH_BYTES_MAX = 8_000_000
ANSWER_MS_MAX = 5_000
DONE = "NoError"


@contextmanager
def guarded_broker(more_passwords: dict[str, str] | None = None) -> Iterator[KafkaSettings]:
    """A broker with its authorizer on, by the login of its owner. With `more_passwords` (by user) those log in by PLAIN."""
    with (
        servers.scratch() as directory,
        servers.installed(lambda: KafkaServer(
            directory, jars=kafka_jars(), passwords={"casebridge": "s3cret", **(more_passwords or {})}, settings=AUTHORIZER,
        )) as broker,
    ):
        broker.start()
        yield KafkaSettings(
            bootstrap=broker.bootstrap, security_protocol="SASL_PLAINTEXT", sasl_mechanism="PLAIN", username="casebridge",
            password="s3cret",  # type: ignore[arg-type]  # pydantic makes a secret of it
        )


def member(office: str, *, may_read: bool = True, generation: int = 1) -> Member:
    return Member(office, may_read, SECRETS.of(office, generation))


def admit(settings: KafkaSettings, offices: Sequence[str]) -> None:
    """Topics, logins and rights of these offices, with nothing in any topic."""
    applied(settings, topic_specs(settings, offices), dry_run=False)
    reconcile(settings, [member(office) for office in offices])


def as_office(
    settings: KafkaSettings, office: str, *, generation: int = 1, secrets: FeedCredentials = SECRETS
) -> dict[str, object]:
    """The client options of an office's own engineer."""
    return settings.client() | {
        "sasl_mechanism": "SCRAM-SHA-512", "sasl_plain_username": settings.group(office),
        "sasl_plain_password": secrets.of(office, generation), "bootstrap_timeout_ms": 5_000,
    }


class Engineer:
    """Asks past the client, which would believe the metadata and not even try. Each answer is an error's name, by topic."""

    def __init__(self, settings: KafkaSettings, office: str, secrets: FeedCredentials = SECRETS) -> None:
        """Raises KafkaError where the login is none."""
        self._admin = KafkaAdminClient(**as_office(settings, office, secrets=secrets))
        self.tries = 0

    def close(self) -> None:
        self._admin.close()

    def listed(self) -> set[str]:
        """Every topic that the broker tells of, asked for none by name."""
        answer = self._ask(MetadataRequest(topics=None, max_version=BY_NAME_MAX["metadata"]), tries=1)
        return {topic.name for topic in answer.topics}

    def groups(self) -> set[str]:
        self.tries += 1
        return {group["group_id"] for group in self._admin.list_groups()}

    def sees(self, topics: Sequence[str]) -> dict[str, str]:
        named = [MetadataRequest.MetadataRequestTopic(name=topic) for topic in topics]
        request = MetadataRequest(
            topics=named, allow_auto_topic_creation=False, max_version=BY_NAME_MAX["metadata"],
        )
        return {topic.name: _error(topic) for topic in self._ask(request, len(topics)).topics}

    def asks_offsets(self, topics: Sequence[str]) -> dict[str, str]:
        wanted = ListOffsetsRequest.ListOffsetsTopic
        request = ListOffsetsRequest(replica_id=-1, isolation_level=1, topics=[
            wanted(name=topic, partitions=[wanted.ListOffsetsPartition(partition_index=0, timestamp=-1)]) for topic in topics
        ], min_version=2)
        return {topic.name: _error(topic.partitions[0]) for topic in self._ask(request, len(topics)).topics}

    def reads(
        self, topics: Sequence[str], *, offset: int = 0, bytes_max: int = FETCH_BYTES_MAX
    ) -> dict[str, tuple[str, list[Any]]]:
        """With the committed records of each from an offset."""
        wanted = FetchRequest.FetchTopic
        request = FetchRequest(
            max_wait_ms=0, min_bytes=0, max_bytes=bytes_max, isolation_level=1, session_id=0, session_epoch=-1,
            topics=[
                wanted(topic=topic, partitions=[wanted.FetchPartition(
                    partition=0, fetch_offset=offset, partition_max_bytes=bytes_max,
                )]) for topic in topics
            ], forgotten_topics_data=[], rack_id="", min_version=4, max_version=BY_NAME_MAX["fetch"],
        )
        answer = self._ask(request, len(topics))
        return {
            topic.topic: (_error(topic.partitions[0]), list(_records(topic.partitions[0].records, offset)))
            for topic in answer.responses
        }

    def writes(self, topics: Sequence[str]) -> dict[str, str]:
        built = MemoryRecordsBuilder(magic=2, compression_type=0, batch_size=1_000)
        built.append(timestamp=None, key=b"case", value=b"forged", headers=[])
        built.close()
        wanted = ProduceRequest.TopicProduceData
        request = ProduceRequest(transactional_id=None, acks=-1, timeout_ms=ANSWER_MS_MAX, topic_data=[
            wanted(name=topic, partition_data=[wanted.PartitionProduceData(index=0, records=built.buffer())])
            for topic in topics
        ], min_version=3, max_version=BY_NAME_MAX["produce"])
        answer = self._ask(request, len(topics))
        return {topic.name: _error(topic.partition_responses[0]) for topic in answer.responses}

    def asks_groups(self, groups: Sequence[str]) -> dict[str, str]:
        """What each has committed."""
        named = [OffsetFetchRequest.OffsetFetchRequestGroup(group_id=group, topics=None) for group in groups]
        version = BY_NAME_MAX["offset_fetch"]
        request = OffsetFetchRequest(groups=named, min_version=version, max_version=version)
        return {group.group_id: _error(group) for group in self._ask(request, len(groups)).groups}

    def _ask(self, request: Any, tries: int) -> Any:
        self.tries += tries
        [broker] = self._admin._manager.cluster.brokers()
        return self._admin._manager.run(self._send, request, broker.node_id)

    async def _send(self, request: Any, node_id: int) -> Any:
        return await self._admin._manager.send(request, node_id=node_id)


def _error(answered: Any) -> str:
    return str(for_code(answered.error_code).__name__)


def _records(content: Any, offset: int) -> Iterator[Any]:
    """A batch comes whole, wherever in it one begins."""
    for batch in MemoryRecords(bytes(content or b"")):
        if not batch.is_control_batch:
            yield from (record for record in batch if record.offset >= offset)
