"""After a log was brought back from an older copy: what leaves under a number again is never taken for what left before.

The copy has entry 1; entry 2 left after the copy was made, of a family whose notice the copy does not know; and entry 2
of the log that was brought back is another family's.
"""
from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from adapters.channels.kafka_feed import message_of
from adapters.disclosure.courier import Courier
from adapters.disclosure.epochs import FeedPlace, sign_of
from adapters.eventstore.restoring import restored
from adapters.partners.receiver import Receiver
from domain.ports import LogForked, Parcel, Receipt
from tests.disclosure_world import GUATEMALA, MEXICO, PUBLISHED, ROOT, Family, World
from tests.integration.test_courier_to_a_topic import Topic
from tests.integration.test_pull_feed import CREDENTIALS, served
from tests.webhook_receiver import SECRET

pytestmark = pytest.mark.timeout(60)
STEPS_MAX = 50
RUN_SECONDS_MAX = 30
SAMPLES = ROOT / "docs" / "samples"


class Restored:
    """An agency whose log can go back to a copy of itself."""

    def __init__(self, folder: Path, channel: str, addresses: Mapping[str, str]) -> None:
        self._folder, self._channels, self._addresses = folder, {MEXICO: channel, GUATEMALA: channel}, dict(addresses)
        self._home, self._copies = folder / "home", 0
        self._home.mkdir()
        self.world = self._opened()
        self.world.found(MEXICO, GUATEMALA)
        self.families = [self.world.family(number) for number in range(4)]

    def _opened(self) -> World:
        return World(self._home, channels=self._channels, addresses=self._addresses)

    def copied(self) -> Path:
        self._copies += 1
        return Path(shutil.copytree(self._home, self._folder / f"copy-{self._copies}"))

    def put_back(self, copy: Path) -> World:
        """The copy is the log from now on, and nobody has said so."""
        now = self.world.clock.now()
        self.world.close()
        self._home = copy
        self.world = self._opened()
        self.world.clock.move_to(now)
        return self.world

    def bring_back(self, copy: Path) -> World:
        """The copy becomes the log, a person says so, and puts the offices live again."""
        restored(f"sqlite:///{copy / 'log.sqlite'}")
        world = self.put_back(copy)
        for office in (MEXICO, GUATEMALA):
            world.submit("RehearseOffice", {"office": office})
            world.submit("PutOfficeLive", {"office": office, "second_person": "counsel-1"})
        return world

    def notified(self, family: Family) -> bool:
        notice = self.world.backbone.case(family.case_id).consular.notices.get(family.notice_id)
        return notice is not None and notice.notified is not None

    def close(self) -> None:
        self.world.close()


def give(world: World, family: Family) -> None:
    world.release(family)
    world.disclose()


def deliver(world: World, courier: Courier) -> None:
    for _ in range(STEPS_MAX):
        if not courier.step():
            world.receive()
            return
    raise AssertionError("the courier was not idle")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver(secret_of=lambda office: SECRET) as receiver:
        yield receiver


def made(tmp_path: Path, channel: str, **addresses: str) -> Iterator[Restored]:
    agency = Restored(tmp_path, channel, addresses)
    yield agency
    agency.close()


@pytest.fixture
def by_webhook(tmp_path: Path, receiver: Receiver) -> Iterator[Restored]:
    yield from made(tmp_path, "webhook", **{MEXICO: receiver.address_of(MEXICO)})


@pytest.fixture
def by_pull(tmp_path: Path) -> Iterator[Restored]:
    yield from made(tmp_path, "pull")


@pytest.fixture
def by_kafka(tmp_path: Path) -> Iterator[Restored]:
    yield from made(tmp_path, "kafka")


def test_a_receiver_that_keeps_each_id_once_keeps_the_other_familys_notice_and_only_then_is_a_duty_met(
    by_webhook: Restored, receiver: Receiver
) -> None:
    first, lost, other, _ = by_webhook.families
    give(by_webhook.world, first)
    deliver(by_webhook.world, by_webhook.world.courier())
    copy = by_webhook.copied()
    give(by_webhook.world, lost)
    deliver(by_webhook.world, by_webhook.world.courier())
    world = by_webhook.bring_back(copy)
    give(world, other)
    deliver(world, world.courier())
    sign = sign_of(world.log.lineage, MEXICO)
    assert [(one.number, one.event["id"]) for one in receiver.received] == [
        (1, f"{MEXICO}:1"), (2, f"{MEXICO}:2"), (2, f"{MEXICO}:2:{sign}"),
    ]
    assert (receiver.received[2].event["feedepoch"], receiver.received[2].event["feedfrom"]) == (sign, "2")
    assert receiver.received[1].content != receiver.received[2].content
    assert by_webhook.notified(other) and not by_webhook.notified(lost)


def test_what_the_copy_held_leaves_again_with_the_id_that_it_had(by_webhook: Restored, receiver: Receiver) -> None:
    first, other, *_ = by_webhook.families
    give(by_webhook.world, first)
    copy = by_webhook.copied()
    deliver(by_webhook.world, by_webhook.world.courier())
    world = by_webhook.bring_back(copy)
    give(world, other)
    deliver(world, world.courier())
    assert [one.event["id"] for one in receiver.received] == [
        f"{MEXICO}:1", f"{MEXICO}:2:{sign_of(world.log.lineage, MEXICO)}",
    ]
    assert by_webhook.notified(first) and by_webhook.notified(other)


def test_a_reader_is_told_where_its_feed_goes_on_and_reads_what_it_never_had(by_pull: Restored) -> None:
    first, lost, other, _ = by_pull.families
    give(by_pull.world, first)
    with served(by_pull.world) as office:
        assert office.numbers() == [1] and office.numbers("?after=1") == []
    copy = by_pull.copied()
    give(by_pull.world, lost)
    with served(by_pull.world) as office:
        assert office.numbers("?after=1") == [2] and office.numbers("?after=2") == []
    world = by_pull.bring_back(copy)
    with served(world) as office:
        assert office.get("?after=2").status == 410, "also before the feed goes on"
        give(world, other)
        told = office.get("?after=2")
        assert told.status == 410
        assert "What you have after number 1 it does not know any more" in json.loads(told.data)["title"]
        assert told.headers["link"] == f'</feeds/{MEXICO}/events?after=1>; rel="next"'
        answer = office.get("?after=1")
        sign = sign_of(world.log.lineage, MEXICO)
        [event] = json.loads(answer.data)
        assert (event["id"], event["feedepoch"], event["feedfrom"]) == (f"{MEXICO}:2:{sign}", sign, "2")
        assert answer.headers["link"] == f'</feeds/{MEXICO}/events?epoch={sign}&after=2>; rel="next"'
        world.receive()
        assert not by_pull.notified(other), "to have had another entry under this number proves nothing"
        assert office.numbers(f"?epoch={sign}&after=2") == []
        world.receive()
        assert by_pull.notified(other)
        assert office.numbers() == [1, 2] and office.numbers(f"?epoch={sign}&after=1") == [2]
        assert office.get(f"?epoch={sign}&after=3").status == 400 and office.get("?epoch=ffffffffffff&after=2").status == 410
        assert office.get("?after=1", office=GUATEMALA).status == 410, "of an office without an entry, too"


class EpochTopic(Topic):
    """A topic that keeps what a lost log wrote."""

    def publish(self, office: str, parcels: list[Parcel]) -> None:
        self.parcels += parcels

    def published(self, office: str) -> FeedPlace:
        return self._place(len(self.parcels))

    def let_go(self, office: str) -> FeedPlace:
        return FeedPlace("", 0)

    def fetched(self, office: str) -> tuple[FeedPlace, Receipt] | None:
        receipt = Receipt(reference=f"topic/0@{self.passed}", at=self.world.clock.now())
        return (self._place(self.passed), receipt) if self.passed else None

    def _place(self, count: int) -> FeedPlace:
        if count == 0:
            return FeedPlace("", 0)
        last = self.parcels[count - 1]
        return FeedPlace(dict(last.headers).get("feedepoch", ""), last.number)


def courier_on(world: World, topic: Topic) -> Courier:
    topic.world = world
    return Courier(world.backbone, world.rendering, {}, topics=topic, monotonic=iter(range(10_000)).__next__)


def test_a_topic_goes_on_after_what_was_lost_and_only_a_fetch_of_the_new_epoch_is_a_hand_over(by_kafka: Restored) -> None:
    first, lost, other, last = by_kafka.families
    topic = EpochTopic(by_kafka.world)
    give(by_kafka.world, first)
    deliver(by_kafka.world, courier_on(by_kafka.world, topic))
    copy = by_kafka.copied()
    for family in (lost, other):
        give(by_kafka.world, family)
    deliver(by_kafka.world, courier_on(by_kafka.world, topic))
    topic.passed = 3
    world = by_kafka.bring_back(copy)
    courier = courier_on(world, topic)
    give(world, last)
    deliver(world, courier)
    sign = sign_of(world.log.lineage, MEXICO)
    assert [dict(parcel.headers)["id"] for parcel in topic.parcels] == [
        f"{MEXICO}:1", f"{MEXICO}:2", f"{MEXICO}:3", f"{MEXICO}:2:{sign}",
    ]
    assert by_kafka.notified(first) and not by_kafka.notified(last), "the office had fetched 3 numbers of the former epoch"
    topic.passed = 4
    deliver(world, courier)
    assert by_kafka.notified(last)


def test_a_topic_that_has_more_than_the_log_stops_the_courier_until_a_person_has_said_so(by_kafka: Restored) -> None:
    first, lost, other, _ = by_kafka.families
    topic = EpochTopic(by_kafka.world)
    copy = by_kafka.copied()
    for family in (first, lost):
        give(by_kafka.world, family)
    deliver(by_kafka.world, courier_on(by_kafka.world, topic))
    world = by_kafka.put_back(copy)
    give(world, other)
    with pytest.raises(LogForked, match="casebridge log restored"):
        deliver(world, courier_on(world, topic))
    assert len(topic.parcels) == 2


def test_two_restores_from_one_copy_are_two_epochs(by_kafka: Restored) -> None:
    first, lost, other, _ = by_kafka.families
    topic = EpochTopic(by_kafka.world)
    give(by_kafka.world, first)
    copy = by_kafka.copied()
    again = Path(shutil.copytree(copy, copy.with_name("again")))
    ids = []
    for family, back in ((lost, copy), (other, again)):
        world = by_kafka.bring_back(back)
        give(world, family)
        deliver(world, courier_on(world, topic))
        ids.append(f"{MEXICO}:2:{sign_of(world.log.lineage, MEXICO)}")
    assert [dict(parcel.headers)["id"] for parcel in topic.parcels] == [f"{MEXICO}:1", *ids]
    assert len(set(ids)) == 2


def test_the_sample_consumer_keeps_both_entries_of_a_number_and_says_what_the_agency_has_lost(
    by_kafka: Restored, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, lost, other, _ = by_kafka.families
    topic = EpochTopic(by_kafka.world)
    give(by_kafka.world, first)
    copy = by_kafka.copied()
    give(by_kafka.world, lost)
    deliver(by_kafka.world, courier_on(by_kafka.world, topic))
    world = by_kafka.bring_back(copy)
    give(world, other)
    deliver(world, courier_on(world, topic))
    sample: dict[str, Any] = {"__name__": "consumer"}
    exec((SAMPLES / "consumer.py").read_text(encoding="utf-8"), sample)
    known, messages = sample["schemas"](PUBLISHED), [message_of(parcel) for parcel in topic.parcels]
    kept = sample["Kept"](tmp_path / "kept.db")
    for message in (*messages[:2], messages[1]):
        kept.add(message, known)
    kept.keep()
    again = sample["Kept"](tmp_path / "kept.db")
    with pytest.raises(SystemExit, match="numbers 2 to 2 are missing: 3 came"):
        again.add(messages[2]._replace(headers=[
            (name, b"3" if name in ("ce_feednumber", "ce_id") else value) for name, value in messages[2].headers
        ]), known)
    for message in messages[1:]:
        again.add(message, known)
    again.keep()
    assert "the agency has lost numbers 2 to 2 as you have them" in capsys.readouterr().out
    sign = sign_of(world.log.lineage, MEXICO)
    assert again.file.execute("SELECT epoch, number FROM kept ORDER BY rowid").fetchall() == [("", 1), ("", 2), (sign, 2)]
    for sample_store in (kept, again):
        sample_store.file.close()


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed: apt-get install curl")
def test_the_shell_sample_goes_on_where_it_is_told_to(by_pull: Restored, tmp_path: Path) -> None:
    first, lost, other, _ = by_pull.families
    give(by_pull.world, first)
    copy = by_pull.copied()
    give(by_pull.world, lost)
    kept = tmp_path / "kept"

    def read(world: World) -> subprocess.CompletedProcess[str]:
        with served(world) as office:
            environment = {
                "PATH": os.environ["PATH"], "CREDENTIAL": CREDENTIALS.of(MEXICO, 1),
                "FEED": f"{office.base}/feeds/{MEXICO}/events",
            }
            return subprocess.run(
                ["sh", str(SAMPLES / "feed.sh"), str(kept)], capture_output=True, text=True, env=environment,
                timeout=RUN_SECONDS_MAX, check=True,
            )

    assert read(by_pull.world).stdout == "kept up to number 2\n"
    (kept / "after=1.json").write_bytes(b"a batch of its own")  # As whoever had read number 1 before would have it.
    world = by_pull.bring_back(copy)
    give(world, other)
    ran = read(world)
    assert ran.stdout == "kept up to number 2\n" and "What you have after number 1 it does not know any more" in ran.stderr
    sign = sign_of(world.log.lineage, MEXICO)
    assert (kept / "next").read_text(encoding="utf-8") == f"epoch={sign}&after=2\n"
    assert json.loads((kept / "after=1.json").read_text(encoding="utf-8"))[0]["id"] == f"{MEXICO}:2:{sign}"
    [aside] = kept.glob("before-*")
    assert f"what was kept before is in {aside}: tell your agency" in ran.stderr
    assert len(json.loads((aside / "after=0.json").read_text(encoding="utf-8"))) == 2
    assert (aside / "after=1.json").read_bytes() == b"a batch of its own", "what the agency has lost is not written over"
    world.receive()
    assert by_pull.notified(other)


def test_a_restore_of_a_restored_log_begins_another_epoch_where_its_own_copy_ended(by_kafka: Restored) -> None:
    topic = EpochTopic(by_kafka.world)
    world, ids = by_kafka.world, list[str]()
    for number, family in enumerate(by_kafka.families[:3], 1):
        give(world, family)
        deliver(world, courier_on(world, topic))
        copy = by_kafka.copied()
        sign = f":{sign_of(world.log.lineage, MEXICO)}" if ids else ""
        give(world, world.family(10 + number))
        deliver(world, courier_on(world, topic))
        ids += [f"{MEXICO}:{number}{sign}", f"{MEXICO}:{number + 1}{sign}"]
        world = by_kafka.bring_back(copy)
    assert [dict(parcel.headers)["id"] for parcel in topic.parcels] == ids and len(set(ids)) == 6
    queue = courier_on(world, topic).outstanding
    queue.tail()
    epochs = queue.queue(MEXICO).epochs
    assert [epoch.first for epoch in epochs.epochs] == [1, 2, 3, 4]
    assert [epochs.shared(topic._place(count)) for count in range(1, 7)] == [1, 1, 2, 2, 3, 3]


def test_no_two_offices_share_a_sign_of_an_epoch(by_pull: Restored) -> None:
    world = by_pull.bring_back(by_pull.copied())
    world.release(world.family(9, country="GT"), office=GUATEMALA)
    give(world, by_pull.families[0])
    with served(world) as office:
        signs = {json.loads(office.get(office=name).data)[0]["feedepoch"] for name in (MEXICO, GUATEMALA)}
    assert len(signs) == 2 and not any(sign in str(world.log.lineage) for sign in signs)
