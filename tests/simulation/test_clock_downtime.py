"""Whatever the process zone, however long the clock was down and however many there are: each moment once, in its place."""
from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from adapters.avro import EventCodec, SchemaRegistry
from adapters.backbone import Backbone
from adapters.clock_worker import ClockWorker
from adapters.clocks import HistoryClock
from adapters.composition import SCHEMAS
from adapters.eventstore.fake import MemoryLog, MemoryStore
from adapters.keys import MemoryKeyStore
from adapters.views import ClearCodec, LogSource, open_views
from domain.case.moments import AGES, BirthdayForeseen, ReunificationEndNeared, ReunificationPeriodEnded
from domain.case.obligations import DeadlineMissed
from domain.case.trafficking import OtipBenefitPeriodExpired
from domain.events import Event
from domain.personal import Known
from projections.deadline_board import DeadlineBoard
from projections.runner import Runner
from tests.e2e.embedded import H1, H1_CASE, read
from tests.specification import an_id

DENVER = ZoneInfo("America/Denver")
START = datetime(2026, 8, 13, 12, tzinfo=DENVER)
SETUP = [line for line in read(H1) if line["command"].startswith("Adopt")]
CHILD, MOTHER, LETTER, CLOCK = (str(an_id(name)) for name in ("child", "mother", "letter", "clock"))
ZONES = ["UTC", "Pacific/Kiritimati", "America/Denver", "Asia/Kathmandu", "America/St_Johns", "Europe/Berlin"]
FOUND = (BirthdayForeseen, ReunificationEndNeared, ReunificationPeriodEnded, OtipBenefitPeriodExpired, DeadlineMissed)
STEPS_MAX = 50


class Story(NamedTuple):
    born: date
    is_estimate: bool
    benefits_until: date
    reunification_from: date


class Visit(NamedTuple):
    """Time moves on by `days`, and then to an edge: the first of the next month, or just before. In a zone of its own,
    the process looks: alone or twice, started anew or still the one from before; or it is down."""

    days: int
    edge: str
    zone: str
    clocks: int
    is_new: bool

    def moment(self, now: datetime) -> datetime:
        then = now + timedelta(days=self.days, minutes=37)
        if self.edge == "within":
            return then
        local = then.astimezone(DENVER)
        first = datetime(local.year + local.month // 12, local.month % 12 + 1, 1, tzinfo=DENVER)
        return first.astimezone(UTC) - timedelta(microseconds=self.edge == "before")


@contextmanager
def process_zone(zone: str) -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = zone
    time.tzset()
    try:
        yield
    finally:
        os.environ.pop("TZ")
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()


@cache
def registry() -> SchemaRegistry:
    return SchemaRegistry.load(SCHEMAS)


class World:
    """One log, one key store, one database of views; processes come and go."""

    def __init__(self, folder: Path) -> None:
        self.clock = HistoryClock(START - timedelta(days=30))
        self.keys, self.store = MemoryKeyStore(), MemoryStore()
        self.views = open_views(f"sqlite:///{folder}/views.sqlite")
        self.workers: list[ClockWorker] = []

    def backbone(self) -> Backbone:
        log, codec = MemoryLog(self.store, clock=self.clock), EventCodec(registry(), self.keys)
        return Backbone(log=log, codec=codec, keys=self.keys, clock=self.clock, entropy=bytes)

    def tell(self, story: Story) -> None:
        backbone = self.backbone()
        for line in SETUP:
            self.clock.move_to(datetime.fromisoformat(line["occurred_at"].partition("[")[0]))
            assert backbone.submit(line, principal="tester").status == "accepted"
        self.clock.move_to(START)
        for number, (command, data) in enumerate(commands(story)):
            outcome = backbone.submit({
                "command": command, "command_id": str(an_id(f"line {number}")), "agency": "NM-CYFD", "case": str(H1_CASE),
                "actor": {"agency": "NM-CYFD", "role": "caseworker", "user": "caseworker-1"},
                "occurred_at": START.isoformat(), "data": data,
            }, principal="tester")
            assert outcome.status == "accepted", outcome.because

    def look(self, visit: Visit) -> None:
        """That many processes at once; a new one knows nothing but what is stored."""
        if visit.is_new or len(self.workers) != visit.clocks:
            self.workers = [self._worker() for _ in range(visit.clocks)]
        for _ in range(STEPS_MAX):
            if not sum(worker.step() for worker in self.workers):
                return
        raise AssertionError("the clocks are never idle")

    def _worker(self) -> ClockWorker:
        backbone = self.backbone()
        board = Runner(
            DeadlineBoard(), LogSource(backbone.log), self.views, reader=ClearCodec(registry()), clock=self.clock
        )

        def catch_up() -> None:
            while board.step():
                pass

        catch_up()
        return ClockWorker(backbone, self.views, catch_up)

    def found(self) -> list[tuple[Event, datetime, datetime]]:
        told = self.backbone().envelopes(f"case-{H1_CASE}")
        return [
            (e.event, e.circumstances.occurred_at, e.circumstances.learned_at) for e in told if isinstance(e.event, FOUND)
        ]


def commands(story: Story) -> list[tuple[str, dict[str, Any]]]:
    day = date.isoformat
    return [
        ("OpenCase", {"child_ids": [CHILD]}),
        ("AddChild", {"child_id": CHILD, "birth_date": day(story.born), "birth_date_is_estimate": story.is_estimate}),
        ("AddParty", {"party_id": MOTHER, "role": "mother", "child_ids": [CHILD]}),
        ("TakeIntoCustody", {"child_id": CHILD, "episode_id": str(an_id("episode"))}),
        ("ObtainCitizenshipInformation", {
            "information_id": str(an_id("information")), "basis": "interview",
            "persons": [{"person_id": person, "birth_country": "MX", "nationalities": ["MX"]} for person in (CHILD, MOTHER)],
        }),
        ("SubmitOtipReferral", {"referral_id": str(an_id("referral")), "child_id": CHILD}),
        ("ReceiveOtipLetter", {
            "letter_id": LETTER, "child_id": CHILD, "letter_kind": "interim_assistance", "issued_on": day(START.date()),
            "benefits_from": day(START.date()), "benefits_until": day(story.benefits_until),
        }),
        ("StartReunificationClock", {"clock_id": CLOCK, "child_id": CHILD, "start": day(story.reunification_from)}),
    ]


def by_walking(story: Story, until: datetime) -> set[tuple[str, date, datetime]]:
    """Every day from long before the start looked at: what it brings about, on which day, and when that is found first."""
    wanted: set[tuple[str, date, datetime]] = set()
    day = date(2025, 1, 1)
    months, walked = 0, story.reunification_from
    while months < 12:  # the last day of twelve months, a month at a time
        walked += timedelta(days=1)
        months += walked.day == 1
    last = walked - timedelta(days=1)
    for _ in range(story.reunification_from.day):
        candidate = last + timedelta(days=1)
        if candidate.month != walked.month:
            break
        last = candidate
    while day <= until.date():
        midnight = datetime(day.year, day.month, day.day, tzinfo=DENVER)
        if day - timedelta(days=1) == story.benefits_until:
            wanted.add(("OtipBenefitPeriodExpired", story.benefits_until, midnight))
        if day + timedelta(days=60) == last:
            wanted.add(("ReunificationEndNeared", last, midnight))
        if day - timedelta(days=1) == last:
            wanted.add(("ReunificationPeriodEnded", last, midnight))
        for age in AGES:
            if is_birthday(story, day, age) and not is_over(story, day, age):
                wanted.add(("BirthdayForeseen", day, midnight.replace(day=1)))
        day += timedelta(days=1)
    while day.month == until.month:  # of birthdays that lie ahead, those of the month that has begun
        if any(is_birthday(story, day, age) for age in AGES):
            wanted.add(("BirthdayForeseen", day, datetime(day.year, day.month, 1, tzinfo=DENVER)))
        day += timedelta(days=1)
    return {(kind, of, at) for kind, of, at in wanted if at <= until}


def is_birthday(story: Story, day: date, age: int) -> bool:
    if story.is_estimate:
        return (day.year - story.born.year, day.month, day.day) == (age, 1, 1)
    kept = (2, 28) if (story.born.month, story.born.day) == (2, 29) and day.year % 4 else (story.born.month, story.born.day)
    return day.year - story.born.year == age and (day.month, day.day) == kept


def is_over(story: Story, day: date, age: int) -> bool:
    """Whether it lay behind when the child came; an estimate may mean any day of its year."""
    return (day.replace(month=12, day=31) if story.is_estimate else day) < START.date()


def told_of(event: Event) -> tuple[str, date | None]:
    match event:
        case BirthdayForeseen(on=Known(value=on)) | OtipBenefitPeriodExpired(on=Known(value=on)):
            return type(event).__name__, on
        case ReunificationEndNeared(ends_on=on) | ReunificationPeriodEnded(ends_on=on):
            return type(event).__name__, on
        case _:
            return type(event).__name__, None


days = st.integers(0, 400).map(lambda n: START.date() + timedelta(days=n))
stories = st.builds(
    Story, born=st.dates(date(2004, 1, 1), date(2016, 12, 31)) | st.just(date(2008, 2, 29)), is_estimate=st.booleans(),
    benefits_until=days, reunification_from=days | st.sampled_from([date(2027, 2, 28), date(2027, 3, 31)]),
)
visits = st.lists(
    st.builds(
        Visit, days=st.integers(0, 250), edge=st.sampled_from(["within", "at", "before"]), zone=st.sampled_from(ZONES),
        clocks=st.integers(0, 2), is_new=st.booleans(),
    ),
    min_size=1, max_size=8,
)


@settings(max_examples=20, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(story=stories, plan=visits)
def test_each_moment_is_recorded_once_at_the_first_look_after_it(story: Story, plan: list[Visit]) -> None:
    with TemporaryDirectory() as folder:
        world = World(Path(folder))
        world.tell(story)
        up: list[datetime] = []
        for visit in [*plan, Visit(1, "within", "UTC", 1, False)]:
            world.clock.move_to(visit.moment(world.clock.now()))
            with process_zone(visit.zone):
                world.look(visit)
            if visit.clocks:
                up.append(world.clock.now())
        found = world.found()
        world.views.dispose()
    moments = [(told_of(event), occurred, learned) for event, occurred, learned in found]
    assert {told for told, _, _ in moments if told[1]} == {(kind, on) for kind, on, _ in by_walking(story, up[-1])}
    for kind, on, at in by_walking(story, up[-1]):
        [(occurred, learned)] = [(o, found_at) for told, o, found_at in moments if told == (kind, on)]
        first = next(moment for moment in up if moment >= at)
        assert learned == first, f"{kind} of {on} was found at {learned}"
        assert occurred == (first if kind == "BirthdayForeseen" else at)
    misses = [(occurred, learned) for told, occurred, learned in moments if told[0] == "DeadlineMissed"]
    assert misses == [(due, next(m for m in up if m > due)) for due in [START + timedelta(hours=24)] if up[-1] > due]


def test_the_last_look_is_after_everything() -> None:
    """The walk by hand agrees with itself on a year that is easy to count."""
    story = Story(date(2014, 10, 23), False, date(2026, 11, 30), date(2026, 8, 31))
    assert by_walking(story, datetime(2027, 12, 1, tzinfo=UTC)) == {
        ("BirthdayForeseen", date(2026, 10, 23), datetime(2026, 10, 1, tzinfo=DENVER)),
        ("OtipBenefitPeriodExpired", date(2026, 11, 30), datetime(2026, 12, 1, tzinfo=DENVER)),
        ("ReunificationEndNeared", date(2027, 8, 31), datetime(2027, 7, 2, tzinfo=DENVER)),
        ("ReunificationPeriodEnded", date(2027, 8, 31), datetime(2027, 9, 1, tzinfo=DENVER)),
    }
