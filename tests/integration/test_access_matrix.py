"""Office x topic x field, each cell tried: an office of every kind, on a real broker with its rights on and over HTTP."""
from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from urllib3 import PoolManager

from adapters.channels.kafka_feed import FeedUnavailable, KafkaFeed
from adapters.contract_texts import shipped
from adapters.disclosure.courier import Courier
from adapters.disclosure.pull import CHANNEL
from adapters.http.limits import UNPROVEN_TRIES, Logins, RateLimit
from adapters.kafka.publisher import Interrupted, publisher_for
from adapters.kafka.settings import KafkaSettings
from adapters.reading.access import EVERYWHERE_ELSE, RIGHTS, page
from domain.disclosure.events import Disclosed, Withdrawn
from domain.disclosure.kinds import kind_of
from tests.access_world import AccessWorld, Listed, offices
from tests.disclosure_world import ROOT
from tests.guarded_kafka import DONE, Engineer, admit
from tests.integration.test_pull_feed import CREDENTIALS, served
from tests.wire import leaves, paths_at, read

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]
PAGE = ROOT / "docs" / "access.md"
UNKNOWN = "cons-mx.nowhere"
HEAD = frozenset({"case_reference", "jurisdiction", "purpose", "basis"})
OF_A_RECALL = frozenset({"case_reference", "jurisdiction", "text_code", "withdraws"})
VARIES = frozenset({"date"})
OF_EVERY_ANSWER = frozenset({"cache-control", "content-type", "server"})
"""Headers that say the same to everybody."""
ROUNDS_MAX = 20
REFUSED_TOPIC, REFUSED_GROUP = "TopicAuthorizationFailedError", "GroupAuthorizationFailedError"


class AsTopics(KafkaFeed):
    """The channel of Kafka for offices that read over HTTP: so both have the same feeds."""

    name = CHANNEL


@dataclass
class Matrix:
    world: AccessWorld
    settings: KafkaSettings
    base: str
    http: PoolManager = field(default_factory=lambda: PoolManager(retries=False))
    before: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    """What each office read over HTTP before anything was recalled."""

    @property
    def topics(self) -> dict[str, str]:
        """What each topic is, and whose."""
        own = {make(office.office): f"{what} {office.office}" for office in offices() for what, make in (
            ("feed", self.settings.feed_topic), ("inbox", self.settings.inbox_topic)
        )}
        return {**own, self.settings.log_topic: "log", self.settings.positions_topic: "positions",
                self.settings.feed_topic(UNKNOWN): "not there"}

    def get(self, office: str, *, credential_of: str) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers."""
        shown = {"authorization": f"Bearer {CREDENTIALS.of(credential_of, 1)}"}
        answer = self.http.request("GET", f"{self.base}/feeds/{office}/events", headers=shown)
        headers = {name.lower(): value for name, value in answer.headers.items() if name.lower() not in VARIES}
        return answer.status, answer.data, headers


    def events(self, office: str) -> list[dict[str, str]]:
        """What it reads over HTTP, from the start."""
        status, body, _ = self.get(office, credential_of=office)
        assert status == 200
        events: list[dict[str, str]] = json.loads(body)
        return events

    def read(self, office: str) -> list[dict[str, str]]:
        """What it has read over HTTP: what it was asked to disregard since comes as a placeholder to whoever reads again."""
        before, now = {event["feednumber"]: event for event in self.before[office]}, self.events(office)
        taken_back = [event["feednumber"] for event in now if event["type"].endswith(".Placeholder")]
        assert taken_back == ["1"] * any(event["type"].endswith(".Disregard") for event in now), office
        return [before.get(event["feednumber"], event) for event in now]


@pytest.fixture(scope="module")
def matrix(guarded_kafka: KafkaSettings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    """Everything that any office may be given was given, handed over, and the first of it recalled."""
    settings = guarded_kafka.model_copy(update={"prefix": "matrix"})
    admit(settings, [office.office for office in offices()])
    world = AccessWorld(tmp_path_factory.mktemp("agencies"))
    feed = AsTopics(settings, publisher_for, lineage=world.log.lineage, clock=world.clock)
    courier = Courier(world.backbone, world.rendering, {}, topics=feed, interruptions=(FeedUnavailable, Interrupted))
    _publish(world, courier, feed)
    world.hand_over()
    seconds = iter(range(10**9)).__next__
    with served(world, RateLimit(monotonic=seconds), Logins(RateLimit(UNPROVEN_TRIES, monotonic=seconds))) as server:
        made = Matrix(world, settings, server.base)
        made.before = {office.office: made.events(office.office) for office in offices()}
        world.ask_to_disregard()
        _publish(world, courier, feed)
        feed.close()
        yield made
        made.http.clear()
    world.close()


def _publish(world: AccessWorld, courier: Courier, feed: KafkaFeed) -> None:
    heads = {office.office: len(world.feed(office.office)) for office in offices()}
    for _ in range(ROUNDS_MAX):
        courier.step()
        if heads == {office: feed.published(office).number for office in heads}:
            return
    raise AssertionError(f"not all is on Kafka after {ROUNDS_MAX} rounds")


def named_on_the_page() -> Mapping[tuple[str, str], set[str]]:
    """The fields of each kind and purpose, as whoever reads the page finds them."""
    named, kinds, purpose = defaultdict[tuple[str, str], set[str]](set), list[str](), ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"### For (.+)", line):
            purpose = heading[1].replace(" ", "_")
        elif line.startswith("| field |"):
            kinds = [cell.strip() for cell in line.split("|")[2:-1]]
        elif row := re.match(r"\| `([a-z_]+\.[a-z_]+)` \|(.*)\|$", line):
            for kind, cell in zip(kinds, row[2].split("|"), strict=True):
                if cell.strip():
                    named[kind, purpose].add(row[1])
    return named


def test_the_page_is_what_contracts_and_grants_say() -> None:
    made = page(text.contract() for text in shipped())
    assert PAGE.read_text(encoding="utf-8") == made, "run `python -m adapters.reading.access > docs/access.md`"


def test_every_purpose_of_every_contract_has_happened(matrix: Matrix) -> None:
    assert len(offices()) == 34 and sum(len(office.flows) for office in offices()) == 113
    for office in offices():
        given = [_purpose(entry.event) for entry in matrix.world.feed(office.office)]
        assert sorted(given) == sorted(flow["purpose"] for flow in office.flows), office


def _purpose(entry: Any) -> str:
    return entry.purpose.value if isinstance(entry, Disclosed) else "recall"


def read_fields(office: Listed, entry: Any, content: bytes) -> set[str]:
    """The fields that stand in an entry's bytes; each place must be one where a field of the contract stands."""
    found, told = set[str](), office.fields(_purpose(entry))
    for place, value in leaves(read(content)):
        if value is None or place in (OF_A_RECALL if isinstance(entry, Withdrawn) else HEAD) or place.endswith(".reference"):
            continue
        here = paths_at(place, entry.renderer) & told
        assert here, f"{office.office} reads {place}, which its contract does not let flow for {_purpose(entry)}"
        found |= here
    return found


def check_fields(matrix: Matrix, office: Listed, contents: list[bytes]) -> int:
    """Wire, page, contract and ledger name the same fields, entry by entry; how many."""
    entries, named, count = [entry.event for entry in matrix.world.feed(office.office)], named_on_the_page(), 0
    for entry, content in zip(entries, contents, strict=True):
        on_the_wire, purpose = read_fields(office, entry, content), _purpose(entry)
        in_the_ledger = {source.path for source in entry.fields} if isinstance(entry, Disclosed) else set()
        on_the_page = named[kind_of(office.kind), purpose]
        assert on_the_wire == in_the_ledger == office.fields(purpose) == on_the_page, (office, purpose)
        count += len(on_the_wire)
    return count


def test_over_http_an_office_reads_of_its_own_feed_what_the_page_names(matrix: Matrix) -> None:
    fields = 0
    for office in offices():
        fields += check_fields(matrix, office, [b64decode(event["data_base64"]) for event in matrix.read(office.office)])
    print(f"{fields} fields read over HTTP")
    assert fields == sum(len(office.fields(flow["purpose"])) for office in offices() for flow in office.flows) > 700


def test_over_http_an_office_reads_what_stands_in_its_topic_record_by_record(matrix: Matrix) -> None:
    """One version of the feed on both channels: bytes, number, id, salt, and every other attribute."""
    compared = 0
    for office in offices():
        engineer, topic = Engineer(matrix.settings, office.office), matrix.settings.feed_topic(office.office)
        try:
            records = engineer.reads([topic])[topic][1]
        finally:
            engineer.close()
        events = matrix.read(office.office)
        assert [as_event(record) for record in records] == events, office
        assert [event["source"].rpartition("/")[2] for event in events] == [record.key.decode() for record in records]
        assert all({"id", "feednumber", "sequence", "salt", "type"} <= event.keys() for event in events)
        compared += len(events)
    assert compared == sum(len(office.flows) for office in offices())


def test_over_http_no_header_joins_two_offices(matrix: Matrix) -> None:
    answers = {office: matrix.get(office.office, credential_of=office.office) for office in offices()}
    for of, (_, _, headers) in answers.items():
        own = {name: value for name, value in headers.items() if name not in OF_EVERY_ANSWER}
        assert own.keys() == {"etag", "link", "content-length"}, of.office
        others = [told for other, (_, _, told) in answers.items() if other is not of]
        assert own["etag"] not in {told["etag"] for told in others} and own["link"] not in {told["link"] for told in others}
    assert all(len({told[name] for _, _, told in answers.values()}) == 1 for name in OF_EVERY_ANSWER)


def as_event(record: Any) -> dict[str, str]:
    """A record in CloudEvents' binary mode, as the same event in structured mode."""
    headers = {name.removeprefix("ce_"): value.decode() for name, value in record.headers}
    headers["datacontenttype"] = headers.pop("content-type")
    return {**headers, "data_base64": b64encode(record.value).decode()}


def test_over_http_a_foreign_feed_answers_like_one_that_is_not_there(matrix: Matrix) -> None:
    tries = 0
    for holder in offices():
        unknown = matrix.get(UNKNOWN, credential_of=holder.office)
        assert unknown[0] == 401 and not any(office.office.encode() in unknown[1] for office in offices())
        for of in offices():
            if of is not holder:
                foreign = matrix.get(of.office, credential_of=holder.office)
                assert foreign == unknown, f"{holder.office} asked for {of.office}"
                tries += 1
    print(f"{tries} foreign feeds tried over HTTP")
    assert tries == len(offices()) * (len(offices()) - 1)


def test_on_kafka_each_login_reads_its_own_feed_alone_and_may_do_nothing_else(matrix: Matrix) -> None:
    """Every topic and group is asked for by every login: to be seen, for its end, to be read, to be written."""
    tries = fields = 0
    topics, groups = matrix.topics, [matrix.settings.group(office.office) for office in offices()]
    for office in offices():
        own = matrix.settings.group(office.office)
        engineer = Engineer(matrix.settings, office.office)
        try:
            taken = engineer.reads(list(topics))
            done = {
                "see": engineer.sees(list(topics)), "see its end": engineer.asks_offsets(list(topics)),
                "read": {topic: error for topic, (error, _) in taken.items()}, "write": engineer.writes(list(topics)),
            }
            for topic, what in topics.items():
                may = {word for word, answers in done.items() if answers[topic] == DONE}
                kind, _, of = what.partition(" ")
                on_the_page = RIGHTS[kind] | {"see its end"} if of == office.office else EVERYWHERE_ELSE
                assert may == on_the_page, (office.office, what, may)
                refusals = {answers[topic] for word, answers in done.items() if word not in may}
                assert refusals <= {REFUSED_TOPIC}, "a foreign topic answers like one that is not there"
                assert of == office.office or not taken[topic][1]
            assert engineer.listed() == {topic for topic, what in topics.items() if what.endswith(f" {office.office}")}
            committed = engineer.asks_groups(groups)
            assert committed == {group: DONE if group == own else REFUSED_GROUP for group in groups}
            assert engineer.groups() <= {own}
        finally:
            engineer.close()
        records = taken[matrix.settings.feed_topic(office.office)][1]
        fields += check_fields(matrix, office, [bytes(record.value) for record in records])
        tries += engineer.tries
    print(f"{tries} tries on Kafka, {fields} fields read")
    assert tries > len(offices()) * (4 * len(topics) + len(groups)) and fields > 700

