"""A courier killed anywhere loses nothing, doubles nothing but a webhook with the same id and bytes, reorders nothing."""
from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from domain.case.obligations import DutyStage
from tests.disclosure_world import MEXICO, Family, World
from tests.faults.courier_process import Death, Point, deliver_all, deliver_until_killed
from tests.webhook_receiver import Mood, Received, Receiver, receiver

LARGE = os.environ.get("CASEBRIDGE_FAULTS") == "large"
KILLS = 500 if LARGE else 20
FAMILIES = 2
NOTICES = 3
SEED = 20_261_122
PROCESS_SECONDS_MAX = 60.0

# How often a process comes by a point, at least mostly: entries are disclosed, started, proven and received.
ENTRIES = FAMILIES * NOTICES
NTH_MAX = dict.fromkeys(Point, ENTRIES // 2) | {Point.BEFORE_APPEND: 3 * ENTRIES, Point.AFTER_APPEND: 3 * ENTRIES}
POINTS = (*Point, Point.BEFORE_APPEND, Point.AFTER_APPEND)

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3_600 if LARGE else 300)]


def test_a_courier_killed_at_every_point_loses_nothing_and_repeats_only_the_same_bytes(tmp_path: Path) -> None:
    random = Random(SEED)
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.faults.courier_process"])
    with receiver(_moods(random)) as office:
        world = World(tmp_path, addresses={MEXICO: office.url})
        world.found(MEXICO)
        families, kills = list[Family](), Counter[Point]()
        for life in range(2 * KILLS):
            if kills.total() == KILLS:
                break
            for number in range(FAMILIES):
                families.append(world.family(life * FAMILIES + number))
                world.release(families[-1], notices=NOTICES)
            world.tick(hours=3)  # Whatever was doubted or failed before is due again.
            point = POINTS[life % len(POINTS)]
            death = Death(point, random.randint(1, NTH_MAX[point]), random.uniform(0.0, 0.004))
            arguments = (str(tmp_path), office.url, world.clock.now(), death)
            process = processes.Process(target=deliver_until_killed, args=arguments)
            process.start()
            process.join(PROCESS_SECONDS_MAX)
            assert process.exitcode in (-signal.SIGKILL, 0), f"{death}: the process ended with {process.exitcode}"
            kills[point] += process.exitcode != 0  # Where an office was moody, all was done before the nth time.
        assert kills.total() == KILLS and set(kills) == set(Point)
        for _ in range(10):
            world.tick(hours=3)
            deliver_all(world, world.webhook())
        judge_the_wire(office, expected=len(families) * NOTICES)
        judge_the_log(tmp_path / "log.sqlite", expected=len(families) * NOTICES)
        assert not world.receipts.refusals
        for family in families:
            case = world.backbone.case(family.case_id)
            assert all(notice.notified is not None for notice in case.consular.notices.values())
            assert not [d for d in case.obligations.open_duties("CONS-MX") if d.stage is DutyStage.OPEN]
        world.close()


def _moods(random: Random) -> Callable[[int, str], Mood | int]:
    """One answer in ten is lost after the office took the record, one in twenty is a refusal for now."""

    answers: list[Mood | int] = [Mood.ACCEPT, Mood.ACCEPT_AND_HANG_UP, 503]

    def mood(count: int, message_id: str) -> Mood | int:
        return random.choices(answers, [17, 2, 1])[0]

    return mood


def judge_the_wire(office: Receiver, *, expected: int) -> None:
    """From the office's own recording: every number, the same bytes each time, each case in order."""
    assert not office.forged
    by_id: dict[str, list[Received]] = defaultdict(list)
    for received in office.received:
        by_id[received.id].append(received)
    assert all(copy.event == copies[0].event for copies in by_id.values() for copy in copies)
    assert {int(received.event["feednumber"]) for received in office.taken} == set(range(1, expected + 1))
    sequences: dict[str, list[int]] = defaultdict(list)
    for received in office.taken:
        sequences[received.event["source"]].append(int(received.event["sequence"]))
    for source, given in sequences.items():
        assert given == sorted(given), f"{source} came out of order: {given}"
        assert set(given) == set(range(1, NOTICES + 1))


def judge_the_log(path: Path, *, expected: int) -> None:
    """From the rows alone: a gapless feed, and for each entry one proof, after a start."""
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT stream, version, topic FROM events ORDER BY position").fetchall()
    connection.close()
    feed = [version for stream, version, _ in rows if stream == f"feed-{MEXICO}"]
    assert feed == list(range(1, expected + 1))
    stages: dict[str, list[str]] = defaultdict(list)
    for stream, _, topic in rows:
        if stream.startswith("delivery-"):
            stages[stream].append(topic.rpartition(".")[2])
    assert set(stages) == {f"delivery-{MEXICO}-{number}" for number in feed}
    for stream, life in stages.items():
        assert life[0] == "HandOverStarted" and life.count("HandedOver") == 1 and life[-1] == "HandedOver", (stream, life)
        assert life.count("HandOverStarted") == len(life) / 2, (stream, life)
    notified = [topic for stream, _, topic in rows if topic.endswith(".ConsulateNotified")]
    assert len(notified) == expected
