"""`known_by` is a fold of what a recording partner really took, opened and acted on: for random offices, cases, moments."""
from __future__ import annotations

import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest

from adapters.backbone import Backbone
from adapters.disclosure.courier import Courier
from adapters.disclosure.entries import entries_of
from adapters.disclosure.outstanding import Stage
from adapters.disclosure.streams import case_stream, delivery_stream
from domain.case.doubts import shown_by
from domain.case.told import Reached
from domain.disclosure.events import Disclosed, Held, Released, Withdrawn
from domain.disclosure.known import RANK, Given, known_by
from domain.ports import READ_LIMIT_MAX, EventLog, HandOverDoubtful, Parcel, Receipt, Recorded
from tests.disclosure_world import GUATEMALA, MEXICO, World
from tests.recording_channel import RecordingChannel
from tests.webhook_receiver import Mood

SEEDS = (4711, 17, 1848, 90210)
ASKED = (20_000 if os.environ.get("CASEBRIDGE_FAULTS") == "large" else 1_000) // len(SEEDS)
FAMILIES = 4
MOODS = (Mood.ACCEPT, Mood.ACCEPT, Mood.ACCEPT, 503, 410, Mood.NEVER_ANSWER, Mood.ACCEPT_AND_HANG_UP)
Number = tuple[str, int]


@dataclass
class Partner(RecordingChannel):
    """Keeps what it took and when, refuses some, some for good, and leaves some in doubt. `answered`, `unanswered` and
    `took` have the first moment of each number, `said` the first of each stage that it reported."""

    answered: dict[Number, datetime] = field(default_factory=dict)
    unanswered: dict[Number, datetime] = field(default_factory=dict)
    took: dict[Number, tuple[datetime, Parcel]] = field(default_factory=dict)
    said: dict[Number, dict[Reached, datetime]] = field(default_factory=dict)

    def hand_over(self, parcel: Parcel, *, timeout_seconds: float) -> Receipt:
        key, now = (parcel.office, parcel.number), self.clock.now()
        try:
            receipt = super().hand_over(parcel, timeout_seconds=timeout_seconds)
        except HandOverDoubtful:
            self.unanswered.setdefault(key, now)
            raise
        else:
            self.answered.setdefault(key, now)
            return receipt
        finally:
            if self.taken and self.taken[-1] is parcel:
                self.took.setdefault(key, (now, parcel))


@dataclass(frozen=True, kw_only=True)
class Played:
    world: World
    partner: Partner
    cases: Sequence[UUID]
    started: datetime
    chance: random.Random

    def moment(self) -> datetime:
        length = int((self.world.clock.now() - self.started).total_seconds())
        return self.started + timedelta(seconds=self.chance.randint(0, length))


def play(world: World, seed: int) -> Played:
    chance = random.Random(seed)
    partner = Partner(world.clock, moods=lambda *_: chance.choice(MOODS))
    courier, started = world.courier(partner), world.clock.now() - timedelta(seconds=1)
    played = Played(world=world, partner=partner, cases=[], started=started, chance=chance)
    cases: list[UUID] = []
    for number in range(FAMILIES):
        office, country = ((MEXICO, "MX"), (GUATEMALA, "GT"))[(number + seed) % 2]
        family = world.family(number, country=country)
        cases.append(family.case_id)
        world.release(family, office=office, notices=chance.randint(1, 3))
        for _ in range(chance.randint(1, 6)):
            turn(played, courier, minutes=chance.randint(1, 90))
        if chance.random() < 0.5 and shown_by(world.backbone.case(family.case_id), family.notice_id) is not None:
            world.recall(family)
    for _ in range(40):
        turn(played, courier, minutes=60)
        for queue in courier.outstanding.offices.values():
            held = [delivery for delivery in queue.deliveries.values() if delivery.stage is Stage.HELD_BACK]
            courier._hand_overs.let_go(held, by=None)
    return Played(world=world, partner=partner, cases=cases, started=started, chance=chance)


def turn(played: Played, courier: Courier, *, minutes: int) -> None:
    world, chance = played.world, played.chance
    world.disclose()
    courier.step()
    world.receive()
    if played.partner.took and chance.random() < 0.7:
        say(played, *chance.choice(list(played.partner.took)))
    world.tick(minutes=minutes)


def say(played: Played, office: str, number: int) -> None:
    """The partner tells how far it has come with something that it took; nobody reports on a recall or a placeholder."""
    world, reached = played.world, played.chance.choice(list(Reached)[1:])
    told = world.feed(office)[number - 1].event
    if not isinstance(told, Disclosed):
        return
    report_id = UUID(int=played.chance.getrandbits(128), version=4)
    world.submit("ReportEntryReached", {
        "report_id": report_id, "office": office, "entry": number, "reached": reached.value,
    }, case_id=told.case_id)
    played.partner.said.setdefault((office, number), {}).setdefault(reached, world.clock.now())


@pytest.fixture(scope="module", params=SEEDS)
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    world = World(tmp_path_factory.mktemp("known"))
    world.found(MEXICO, GUATEMALA)
    yield play(world, request.param)
    world.close()


def view(played: Played, office: str, case_id: UUID, reached: Reached, at: datetime) -> list[Given]:
    backbone = played.world.backbone
    entries, stages = entries_of(backbone, case_id, office)
    told = backbone.case(case_id).told.reached
    return known_by(entries, stages, {n: times for (of, n), times in told.items() if of == office}, reached, at)


def said_by(partner: Partner, key: Number, reached: Reached, at: datetime) -> bool:
    """Whether the partner had told of this stage, or of a later one, by then."""
    return any(RANK[stage] >= RANK[reached] and moment <= at for stage, moment in partner.said.get(key, {}).items())


def test_it_is_what_the_partner_took_and_said(played: Played) -> None:
    partner, chance, shown = played.partner, played.chance, dict.fromkeys(Reached, 0)
    for _ in range(ASKED):
        office, case_id = chance.choice((MEXICO, GUATEMALA)), chance.choice((*played.cases, uuid5(UUID(int=0), "nobody's")))
        reached, at = chance.choice(list(Reached)), played.moment()
        entries, _ = entries_of(played.world.backbone, case_id, office)
        keys = {e.version: (office, e.version) for e in entries if not isinstance(e.event, Held)}
        certain = {
            number for number, key in keys.items() if said_by(partner, key, reached, at) or (
                reached is Reached.HANDED_OVER and key in partner.answered and partner.answered[key] <= at
            )
        }
        doubtful = {
            number for number, key in keys.items() if reached is Reached.HANDED_OVER
            and number not in certain and key in partner.unanswered and partner.unanswered[key] <= at
        }
        found = view(played, office, case_id, reached, at)
        assert [one.number for one in found] == sorted(certain | doubtful)
        assert {one.number for one in found if one.is_doubtful} == doubtful
        if reached is Reached.HANDED_OVER:
            took = {number for number, key in keys.items() if key in partner.took and partner.took[key][0] <= at}
            assert took <= {one.number for one in found}, "what it took is never left out"
        for one in found:
            if keys[one.number] in partner.took:
                assert partner.took[keys[one.number]][1].content == played.world.rendering.proven(one.entry).content
        shown[reached] += len(certain)
    assert all(shown[reached] > ASKED / 40 for reached in Reached), "every stage should be asked for where it was reached"


def test_what_was_withdrawn_by_then_is_marked_so_under_every_number_that_brought_it(played: Played) -> None:
    given = played.partner.answered
    for office in (MEXICO, GUATEMALA):
        for case_id in played.cases:
            for at in (played.moment(), played.world.clock.now()):
                found = [(one, one.entry.event) for one in view(played, office, case_id, Reached.HANDED_OVER, at)]
                recalls = {
                    told.notice_id: one.number for one, told in found if isinstance(told, Withdrawn)
                    and (office, one.number) in given and given[office, one.number] <= at
                }
                for one, told in found:
                    assert one.withdrawn_by == (recalls.get(told.notice_id) if isinstance(told, Disclosed) else None)


def test_something_was_released_doubted_and_withdrawn_on_the_way(played: Played) -> None:
    partner = played.partner
    numbers = {(of, e.version): e.event for of in (MEXICO, GUATEMALA) for e in played.world.feed(of)}
    assert any(isinstance(numbers[key], Released) for key in partner.answered), "nothing held back came later"
    assert partner.unanswered.keys() - partner.answered.keys(), "no hand-over was left in doubt"
    assert any(isinstance(numbers[key], Withdrawn) for key in partner.answered), "nothing was recalled"


def test_the_entries_of_a_case_are_found_without_reading_the_feed(played: Played) -> None:
    world = played.world
    log = Reading(world.log)
    reader = Backbone(log=log, codec=world.backbone.codec, keys=world.keys, clock=world.clock)
    found = 0
    for office in (MEXICO, GUATEMALA):
        feed = world.feed(office)
        for case_id in (*played.cases, uuid5(UUID(int=0), "nobody's")):
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
