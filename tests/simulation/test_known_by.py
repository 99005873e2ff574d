"""`known_by` is a fold of what a recording partner really received: for random offices, cases and moments."""
from __future__ import annotations

import os
import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest

from adapters.backbone import Backbone
from adapters.disclosure.entries import entries_of
from adapters.disclosure.outstanding import Stage
from adapters.disclosure.streams import case_stream, delivery_stream, feed_stream
from domain.case.told import Reached
from domain.disclosure.events import Held, Released, Withdrawn
from domain.disclosure.known import known_by
from domain.ports import READ_LIMIT_MAX, EventLog, Parcel, Recorded
from tests.disclosure_world import GUATEMALA, MEXICO, World
from tests.recording_channel import RecordingChannel
from tests.webhook_receiver import Mood

ASKED = 20_000 if os.environ.get("CASEBRIDGE_FAULTS") == "large" else 1_000
FAMILIES = 6


class Partner(RecordingChannel):
    """Keeps what it took and when, refuses some, some for good, and leaves some in doubt."""

    def __init__(self, world: World, chance: random.Random) -> None:
        super().__init__(world.clock, moods=lambda count, parcel: chance.choice(
            (Mood.ACCEPT, Mood.ACCEPT, Mood.ACCEPT, 503, 410, Mood.NEVER_ANSWER, Mood.ACCEPT_AND_HANG_UP)
        ))
        self.at: dict[tuple[str, int], tuple[datetime, Parcel]] = {}

    def hand_over(self, parcel: Parcel, *, timeout_seconds: float) -> Any:
        receipt = super().hand_over(parcel, timeout_seconds=timeout_seconds)
        self.at.setdefault((parcel.office, parcel.number), (receipt.at, parcel))
        return receipt


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Partner, list[UUID], datetime]]:
    chance = random.Random(4711)
    world = World(tmp_path_factory.mktemp("known"))
    world.found(MEXICO, GUATEMALA)
    partner = Partner(world, chance)
    courier, started = world.courier(partner), world.clock.now() - timedelta(seconds=1)
    cases = []
    for number in range(FAMILIES):
        office, country = chance.choice(((MEXICO, "MX"), (GUATEMALA, "GT")))
        family = world.family(number, country=country)
        cases.append(family.case_id)
        world.release(family, office=office, notices=chance.randint(1, 3))
        for _ in range(chance.randint(1, 6)):
            world.disclose()
            courier.step()
            world.receive()
            world.tick(minutes=chance.randint(1, 90))
        case = world.backbone.case(family.case_id)
        if chance.random() < 0.5 and case.consular.notices[family.notice_id].notified is not None:
            world.recall(family)
    for _ in range(40):
        world.disclose()
        courier.step()
        for queue in courier.outstanding.offices.values():
            held = [delivery for delivery in queue.deliveries.values() if delivery.stage is Stage.HELD_BACK]
            courier._hand_overs.let_go(held, by=None)
        world.receive()
        world.tick(hours=1)
    yield world, partner, cases, started
    world.close()


def test_it_is_what_the_partner_received(played: tuple[World, Partner, list[UUID], datetime]) -> None:
    world, partner, cases, started = played
    chance, asked, said = random.Random(11), 0, 0
    length = int((world.clock.now() - started).total_seconds())
    feeds = {office: world.feed(office) for office in (MEXICO, GUATEMALA)}
    stages = {
        (office, e.version): world.backbone.envelopes(delivery_stream(office, e.version))
        for office, feed in feeds.items() for e in feed
    }
    for _ in range(ASKED):
        office, case_id = chance.choice((MEXICO, GUATEMALA)), chance.choice((*cases, uuid5(UUID(int=0), "nobody's")))
        at = started + timedelta(seconds=chance.randint(0, length))
        entries = [e for e in feeds[office] if getattr(e.event, "case_id", None) == case_id]
        view = known_by(entries, {e.version: stages[office, e.version] for e in entries}, {}, Reached.HANDED_OVER, at)
        certain = [one.number for one in view if not one.is_doubtful]
        received = sorted(
            number for (of, number), (moment, _) in partner.at.items()
            if of == office and moment <= at and getattr(feeds[of][number - 1].event, "case_id", None) == case_id
            and not isinstance(feeds[of][number - 1].event, Held)
        )
        assert certain == received
        for one in view:
            if not one.is_doubtful:
                rendered = world.rendering.proven(one.entry)
                assert partner.at[office, one.number][1].content == rendered.content
        taken = {e.event.withdraws: e.version for e in entries if isinstance(e.event, Withdrawn) and e.version in received}
        assert {one.number: one.withdrawn_by for one in view if one.withdrawn_by} == {
            number: by for number, by in taken.items() if number in {one.number for one in view}
        }
        asked, said = asked + 1, said + len(certain)
    released = {(of, e.version) for of, feed in feeds.items() for e in feed if isinstance(e.event, Released)}
    assert released & partner.at.keys(), "nothing that was held back came later"
    assert asked == ASKED and said > ASKED / 4, "the moments asked for should not all be before anything was given"


def test_the_entries_of_a_case_are_found_without_reading_the_feed(
    played: tuple[World, Partner, list[UUID], datetime],
) -> None:
    world, _, cases, _ = played
    log = Reading(world.log)
    reader = Backbone(log=log, codec=world.backbone.codec, keys=world.keys, clock=world.clock)
    found = 0
    for office in (MEXICO, GUATEMALA):
        feed = world.feed(office)
        for case_id in (*cases, uuid5(UUID(int=0), "nobody's")):
            log.streams_read.clear()
            entries, stages = entries_of(reader, case_id, office)
            assert entries == [e for e in feed if getattr(e.event, "case_id", None) == case_id]
            assert stages == {
                e.version: world.backbone.envelopes(delivery_stream(office, e.version)) for e in entries
            }
            assert log.streams_read == {case_stream(case_id), *(delivery_stream(office, e.version) for e in entries)}
            found += len(entries)
    assert found == len(world.feed(MEXICO)) + len(world.feed(GUATEMALA))


class Reading:
    """A log that notes which streams were read."""

    def __init__(self, log: EventLog) -> None:
        self._log, self.streams_read = log, set[str]()

    def read_stream(self, stream: str, *, after: int = 0, limit: int = READ_LIMIT_MAX) -> Sequence[Recorded]:
        self.streams_read.add(stream)
        return self._log.read_stream(stream, after=after, limit=limit)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)


def test_a_hand_over_in_doubt_is_possibly_given_and_not_certain(
    played: tuple[World, Partner, list[UUID], datetime],
) -> None:
    world, _, _, started = played
    seen = False
    for office in (MEXICO, GUATEMALA):
        feed = world.backbone.envelopes(feed_stream(office))
        for entry in feed:
            if isinstance(entry.event, Held):
                continue
            stages = world.backbone.envelopes(delivery_stream(office, entry.version))
            for stage in stages:
                if type(stage.event).__name__ == "HandOverDoubted":
                    at = stage.circumstances.occurred_at
                    [one] = known_by(feed, {entry.version: stages}, {}, Reached.HANDED_OVER, at)
                    assert one.is_doubtful
                    assert known_by(feed, {entry.version: stages}, {}, Reached.HANDED_OVER, started) == []
                    seen = True
    assert seen, "no hand-over was left in doubt"
