"""`known_by` is a fold of what offices really read, and read past, over HTTP: at random moments, with random silences."""
from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest

from adapters.disclosure.courier import Courier
from adapters.disclosure.entries import entries_of
from adapters.disclosure.hand_overs import DOUBT_AFTER
from adapters.disclosure.pull import PullFeed
from domain.case.doubts import is_doubted
from domain.case.told import Reached
from domain.disclosure.events import Disclosed
from domain.disclosure.known import known_by
from tests.disclosure_world import AGENCY, GUATEMALA, MEXICO, Family, World

SEEDS = (4711, 17, 1848, 90210)
ASKED = (20_000 if os.environ.get("CASEBRIDGE_FAULTS") == "large" else 1_000) // len(SEEDS)
FAMILIES, TURNS = 8, 12
OFFICES = {MEXICO: "MX", GUATEMALA: "GT"}
WITHOUT_CONTENT = {"casebridge.published.Placeholder", "casebridge.published.Held"}
Number = tuple[str, int]


@dataclass
class Readers:
    """Offices that read on, read again, and fall silent. `took` and `passed` have the first moment at which
    each content was read, and read past; `shows` says of each number whether it had its content when it was read last."""

    world: World
    feed: PullFeed
    places: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OFFICES, 0))
    shows: dict[Number, bool] = field(default_factory=dict)
    took: dict[Number, datetime] = field(default_factory=dict)
    passed: dict[Number, datetime] = field(default_factory=dict)

    def read(self, office: str, after: int) -> None:
        now = self.world.clock.now()
        for key, has_content in self.shows.items():
            if key[0] == office and key[1] <= after and has_content:
                self.passed.setdefault(key, now)
        reading = self.feed.read(office, AGENCY, after=after, credential=1)
        for parcel in reading.parcels:
            key = office, parcel.number
            self.shows[key] = dict(parcel.headers)["type"] not in WITHOUT_CONTENT
            if self.shows[key]:
                self.took.setdefault(key, now)
        self.places[office] = max(self.places[office], reading.last)


@dataclass(frozen=True, kw_only=True)
class Played:
    world: World
    readers: Readers
    cases: list[UUID]
    started: datetime
    chance: random.Random

    def moment(self) -> datetime:
        length = int((self.world.clock.now() - self.started).total_seconds())
        return self.started + timedelta(seconds=self.chance.randint(0, length))


def play(world: World, seed: int) -> Played:
    chance, started = random.Random(seed), world.clock.now()
    readers = Readers(world, PullFeed(world.backbone, world.rendering))
    courier, cases = Courier(world.backbone, world.rendering, {}), list[UUID]()
    for number in range(FAMILIES):
        office = list(OFFICES)[(number + seed) % 2]
        family = world.family(number, country=OFFICES[office])
        cases.append(family.case_id)
        world.release(family, office=office, notices=chance.randint(1, 3))
        happens = iter(chance.sample(range(TURNS), 3))
        events = dict(zip(happens, (hold, lift, chance.choice((recall, fall, nothing))), strict=True))
        for turn in range(TURNS):
            events.get(turn, nothing)(world, family, office)
            work(world, courier)
            reader = chance.choice(list(OFFICES))
            if chance.random() < 0.6:
                place = readers.places[reader]
                readers.read(reader, chance.choice((place, place, 0, chance.randint(0, place))))
            world.tick(minutes=chance.choice((1, 2, 4, 20)))
    work(world, courier)
    return Played(world=world, readers=readers, cases=cases, started=started, chance=chance)


def work(world: World, courier: Courier) -> None:
    for _ in range(2):
        world.disclose()
        courier.step()
    world.receive()


def nothing(world: World, family: Family, office: str) -> None:
    """Nothing happens."""


def hold(world: World, family: Family, office: str) -> None:
    world.submit("HoldDisclosure", {
        "hold_id": uuid5(family.case_id, "hold"), "office": office, "review_on": "2027-01-01", "reason": "asylum claim",
    }, case_id=family.case_id)


def lift(world: World, family: Family, office: str) -> None:
    """A hold that stands."""
    lifted: dict[str, Any] = {"hold_id": uuid5(family.case_id, "hold"), "reason": "counsel agrees"}
    world.offer("LiftDisclosureHold", lifted, case_id=family.case_id)


def recall(world: World, family: Family, office: str) -> None:
    """Where it may have been given."""
    told = {"notice_id": family.notice_id, "text_code": "disregard"}
    world.offer("CorrectConsularNotification", told, case_id=family.case_id)


def fall(world: World, family: Family, office: str) -> None:
    world.correct_country(family)


@pytest.fixture(scope="module", params=SEEDS)
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    world = World(tmp_path_factory.mktemp("read"), channels=dict.fromkeys(OFFICES, "pull"))
    world.found(*OFFICES)
    yield play(world, request.param)
    world.close()


def test_it_is_what_the_office_read_and_read_past(played: Played) -> None:
    readers, chance, shown = played.readers, played.chance, [0, 0]
    for _ in range(ASKED):
        office, case_id, at = chance.choice(list(OFFICES)), chance.choice(played.cases), played.moment()
        entries, stages = entries_of(played.world.backbone, case_id, office)
        numbers = {entry.version for entry in entries}
        certain = {n for of, n in readers.passed if of == office and n in numbers and readers.passed[of, n] <= at}
        taken = {n for of, n in readers.took if of == office and n in numbers and readers.took[of, n] <= at}
        found = known_by(entries, stages, {}, Reached.HANDED_OVER, at)
        assert {one.number for one in found} == taken
        assert {one.number for one in found if not one.is_doubtful} == certain
        shown[0], shown[1] = shown[0] + len(certain), shown[1] + len(taken - certain)
    assert min(shown) > ASKED / 40, "both should be asked for, what was read past and what was only read"


def test_whatever_was_read_and_not_read_past_in_time_is_in_doubt_in_its_case(played: Played) -> None:
    world, readers, silent = played.world, played.readers, 0
    for office in OFFICES:
        for envelope in world.feed(office):
            told, key = envelope.event, (office, envelope.version)
            until = readers.passed.get(key, world.clock.now())
            if isinstance(told, Disclosed) and key in readers.took and until - readers.took[key] >= DOUBT_AFTER:
                silent += 1
                assert is_doubted(world.backbone.case(told.case_id), told.notice_id, told.number)
    assert silent, "somebody should have fallen silent"
