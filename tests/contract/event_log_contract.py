"""What every EventLog keeps, whatever it is made of. A test class for a store gives `log`, `clock` and `reopened`."""
from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from time import monotonic
from uuid import UUID, uuid4

import pytest

from domain.ports import (
    READ_LIMIT_MAX,
    TOGETHER_MAX,
    Append,
    Appended,
    CommandRecord,
    CommandSeen,
    Conflict,
    EventLog,
    Guard,
    Lineage,
    LineageChanged,
    LogError,
    LogUnavailable,
    NewEvent,
    Position,
    Recorded,
    WorkerDisplaced,
    WorkerMove,
    WriterSchema,
)

WAKE_SECONDS_MAX = 5.0


class HistoryClock:
    """A clock that stands where the test puts it, even backwards."""

    def __init__(self) -> None:
        self.at = datetime(2023, 12, 1, 9, 30, 0, 123456, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


def new_event(stream: str, version: int, state: bytes = b"\x00state\xff") -> NewEvent:
    return NewEvent(event_id=uuid4(), stream=stream, version=version, topic="casebridge.test.Noted", state=state)


def new_command(stream: str, command_id: UUID | None = None, digest: bytes = b"\x01" * 32) -> CommandRecord:
    return CommandRecord(command_id=command_id or uuid4(), stream=stream, first=0, last=0, digest=digest)


def stream_of(log: EventLog, stream: str, *, size: int) -> tuple[NewEvent, ...]:
    events = tuple(new_event(stream, version) for version in range(1, size + 1))
    log.append(Append(guards=(Guard(stream=stream, version=0),), events=events))
    return events


def everything(log: EventLog) -> tuple[object, ...]:
    """All that a reader can see, to be compared before and after a refusal."""
    return (list(log.read_log(after=0, limit=READ_LIMIT_MAX)), list(log.schemas()), log.worker("relay"), log.head())


class EventLogContract:
    # -------------------------------------------------------------- appending and reading
    def test_an_empty_log_stands_at_position_zero(self, log: EventLog) -> None:
        assert log.head() == Position(lineage=log.lineage, position=0, event_id=None)
        assert list(log.read_log(after=0, limit=10)) == []
        assert list(log.read_stream("case-none")) == []
        assert list(log.streams("")) == []
        assert log.position(0) is None and log.position(1) is None
        assert log.event(uuid4()) is None and log.command(uuid4()) is None and log.worker("relay") is None

    def test_what_is_read_is_what_was_appended_byte_for_byte(self, log: EventLog, clock: HistoryClock) -> None:
        states = [bytes(range(256)), b"", "Ñandú 家".encode(), b"\x00" * 70_000]
        events = tuple(new_event("case-Ñandú", number, state) for number, state in enumerate(states, 1))
        appended = log.append(Append(events=events))
        rows = log.read_stream("case-Ñandú")
        assert [(r.event_id, r.stream, r.version, r.topic, r.state) for r in rows] == [
            (e.event_id, e.stream, e.version, e.topic, e.state) for e in events
        ]
        assert appended.positions == tuple(r.position for r in rows) == (1, 2, 3, 4)
        assert {r.recorded_at for r in rows} == {appended.recorded_at} == {clock.at}
        assert list(log.read_log(after=0, limit=10)) == list(rows)
        assert log.event(events[2].event_id) == rows[2]

    def test_positions_rise_over_appends_and_name_their_event(self, log: EventLog) -> None:
        first, second = stream_of(log, "case-a", size=2), stream_of(log, "case-b", size=1)
        assert [r.event_id for r in log.read_log(after=0, limit=10)] == [e.event_id for e in (*first, *second)]
        assert log.position(2) == Position(lineage=log.lineage, position=2, event_id=first[1].event_id)
        assert log.head() == log.position(3) and log.position(4) is None

    def test_one_append_may_add_to_several_streams(self, log: EventLog) -> None:
        stream_of(log, "case-a", size=2)
        events = (new_event("case-a", 3), new_event("feed-x", 1), new_event("case-a", 4), new_event("feed-x", 2))
        guards = (Guard(stream="case-a", version=2), Guard(stream="feed-x", version=0))
        assert log.append(Append(guards=guards, events=events)).positions == (3, 4, 5, 6)
        assert [r.event_id for r in log.read_log(after=2, limit=10)] == [e.event_id for e in events]
        assert [r.position for r in log.read_stream("feed-x")] == [4, 6]

    def test_two_hundred_events_keep_their_order(self, log: EventLog) -> None:
        events = stream_of(log, "case-long", size=200)
        assert [r.event_id for r in log.read_log(after=0, limit=200)] == [e.event_id for e in events]

    def test_reads_are_bounded_and_go_on_where_they_ended(self, log: EventLog) -> None:
        stream_of(log, "case-a", size=7)
        assert [r.version for r in log.read_stream("case-a", after=2, limit=3)] == [3, 4, 5]
        assert [r.position for r in log.read_log(after=5, limit=5)] == [6, 7]
        for limit in (0, -1, READ_LIMIT_MAX + 1):
            with pytest.raises(ValueError):
                log.read_log(after=0, limit=limit)
            with pytest.raises(ValueError):
                log.read_stream("case-a", limit=limit)
            with pytest.raises(ValueError):
                log.streams("case-", limit=limit)

    def test_streams_are_listed_by_prefix_in_order_of_name_with_their_heads(self, log: EventLog) -> None:
        sizes = {"case-b": 2, "case-a": 1, "case-Ä": 3, "case": 1, "feed-a": 2, "case-a%": 1, "CASE-a": 1, "casf": 1}
        for stream, size in sizes.items():
            stream_of(log, stream, size=size)
        wanted = sorted((s, n) for s, n in sizes.items() if s.startswith("case-"))
        assert [tuple(found) for found in log.streams("case-")] == wanted
        assert [s for s, _ in log.streams("case-", limit=2)] == ["case-a", "case-a%"]
        assert [s for s, _ in log.streams("case-", after="case-a%")] == ["case-b", "case-Ä"]
        assert [s for s, _ in log.streams("")] == sorted(sizes)
        assert list(log.streams("nothing-")) == []

    # -------------------------------------------------------------- guards
    def test_a_guard_that_does_not_hold_is_a_conflict_that_names_both_versions(self, log: EventLog) -> None:
        stream_of(log, "case-a", size=3)
        for expected in (0, 2, 4):
            guard = Guard(stream="case-a", version=expected)
            with pytest.raises(Conflict) as caught:
                log.append(Append(guards=(guard,), events=(new_event("case-a", expected + 1),)))
            assert (caught.value.stream, caught.value.expected, caught.value.actual) == ("case-a", expected, 3)

    def test_a_guard_on_a_stream_without_new_events_is_checked_too(self, log: EventLog) -> None:
        stream_of(log, "agency-x", size=1)
        guards = (Guard(stream="agency-x", version=1), Guard(stream="case-a", version=0))
        log.append(Append(guards=guards, events=(new_event("case-a", 1),)))
        with pytest.raises(Conflict):
            log.append(Append(guards=(Guard(stream="agency-x", version=0),), events=(new_event("case-b", 1),)))
        with pytest.raises(Conflict):
            log.append(Append(guards=(Guard(stream="agency-y", version=1),), events=(new_event("case-b", 1),)))
        assert list(log.read_stream("case-b")) == []

    def test_an_event_without_a_guard_fits_only_at_its_streams_end(self, log: EventLog) -> None:
        stream_of(log, "case-a", size=2)
        for version in (2, 4):
            with pytest.raises(Conflict):
                log.append(Append(events=(new_event("case-a", version),)))
        log.append(Append(events=(new_event("case-a", 3),)))

    def test_an_event_id_is_stored_once_in_the_whole_log(self, log: EventLog) -> None:
        (event,) = stream_of(log, "case-a", size=1)
        again = NewEvent(event_id=event.event_id, stream="case-b", version=1, topic=event.topic, state=event.state)
        with pytest.raises(Conflict):
            log.append(Append(events=(again,)))
        assert list(log.read_stream("case-b")) == []

    def test_a_mistaken_append_is_refused_before_it_reaches_the_store(self, log: EventLog) -> None:
        twice = new_event("case-a", 1)
        mistakes = [
            Append(),
            Append(events=(new_event("case-a", 1), new_event("case-a", 3))),
            Append(events=(new_event("case-a", 2), new_event("case-a", 1))),
            Append(events=(new_event("case-a", 0),)),
            Append(events=(twice, NewEvent(event_id=twice.event_id, stream="b", version=1, topic="t", state=b""))),
            Append(guards=(Guard(stream="case-a", version=4),), events=(new_event("case-a", 1),)),
            Append(worker=WorkerMove(worker="relay", after=3, to=log.head())),
        ]
        for mistake in mistakes:
            with pytest.raises(ValueError):
                log.append(mistake)
        assert log.head().position == 0

    # -------------------------------------------------------------- commands
    def test_an_accepted_command_is_kept_with_its_positions(self, log: EventLog) -> None:
        stream_of(log, "case-z", size=2)
        command = new_command("case-a")
        log.append(Append(events=(new_event("case-a", 1), new_event("case-a", 2)), command=command))
        assert log.command(command.command_id) == CommandRecord(
            command_id=command.command_id, stream="case-a", first=3, last=4, digest=command.digest
        )

    def test_a_command_without_effect_is_kept_too(self, log: EventLog) -> None:
        command = new_command("case-a")
        assert log.append(Append(command=command)).positions == ()
        assert log.command(command.command_id) == command
        with pytest.raises(CommandSeen):
            log.append(Append(command=command))

    def test_a_command_id_is_accepted_once_in_whatever_stream(self, log: EventLog) -> None:
        command = new_command("case-a")
        log.append(Append(events=(new_event("case-a", 1),), command=command))
        other = new_command("case-b", command.command_id, digest=b"\x02" * 32)
        before = everything(log)
        with pytest.raises(CommandSeen) as caught:
            log.append(Append(events=(new_event("case-b", 1),), command=other))
        assert caught.value.record == log.command(command.command_id)
        assert caught.value.record.digest == command.digest and everything(log) == before

    def test_a_command_that_came_before_is_told_apart_from_a_conflict(self, log: EventLog) -> None:
        command = new_command("case-a")
        append = Append(guards=(Guard(stream="case-a", version=0),), events=(new_event("case-a", 1),), command=command)
        log.append(append)
        with pytest.raises(CommandSeen):
            log.append(append)

    def test_a_refused_command_may_come_again(self, log: EventLog) -> None:
        command = new_command("case-a")
        stale = Guard(stream="case-a", version=5)
        with pytest.raises(Conflict):
            log.append(Append(guards=(stale,), command=command))
        assert log.command(command.command_id) is None
        log.append(Append(command=command))

    def test_one_command_from_eight_threads_is_accepted_once(self, log: EventLog) -> None:
        command, together = new_command("case-a"), Barrier(8)

        def submit(_: int) -> str:
            together.wait()
            try:
                log.append(Append(events=(new_event("case-a", 1),), command=command))
            except CommandSeen:
                return "seen"
            return "stored"

        with ThreadPoolExecutor(8) as threads:
            assert sorted(threads.map(submit, range(8))) == ["seen"] * 7 + ["stored"]
        assert log.head().position == 1

    # -------------------------------------------------------------- together
    def test_each_of_several_appends_is_answered_by_itself_and_what_is_refused_holds_up_none(self, log: EventLog) -> None:
        seen, command = new_command("case-z"), new_command("case-b")
        log.append(Append(events=(new_event("case-z", 1),), command=seen))
        first, stale, second, late = (new_event("case-a", version) for version in (1, 1, 2, 5))
        answers = log.append_together([
            Append(guards=(Guard(stream="case-a", version=0),), events=(first,)),
            Append(guards=(Guard(stream="case-a", version=0),), events=(stale,)),
            Append(guards=(Guard(stream="case-a", version=1),), events=(second,)),
            Append(events=(new_event("case-b", 1),), command=seen._replace(stream="case-b")),
            Append(events=(late,)),
            Append(events=(new_event("case-b", 1), new_event("case-b", 2)), command=command),
        ])
        told = [answer.positions if isinstance(answer, Appended) else type(answer) for answer in answers]
        assert told == [(2,), Conflict, (3,), CommandSeen, Conflict, (4, 5)]
        assert [row.event_id for row in log.read_stream("case-a")] == [first.event_id, second.event_id]
        assert log.command(command.command_id) == command._replace(first=4, last=5)
        assert log.head().position == 5

    def test_one_that_the_database_refuses_holds_up_none_of_the_others(self, log: EventLog) -> None:
        """Its event's id is taken by one of its own group: no guard tells, and all were one transaction."""
        first = new_event("case-a", 1)
        events = first, first._replace(stream="case-b"), new_event("case-c", 1)
        answers = log.append_together([Append(events=(event,)) for event in events])
        assert [type(answer) for answer in answers] == [Appended, Conflict, Appended]
        assert [row.stream for row in log.read_log(after=0, limit=10)] == ["case-a", "case-c"]

    def test_together_are_none_or_so_many_as_are_named_and_none_that_is_mistaken(self, log: EventLog) -> None:
        assert list(log.append_together([])) == []
        many = [Append(events=(new_event(f"case-{number}", 1),)) for number in range(TOGETHER_MAX + 1)]
        before = everything(log)
        with pytest.raises(ValueError, match=str(TOGETHER_MAX)):
            log.append_together(many)
        with pytest.raises(ValueError, match="no version 0"):
            log.append_together([many[0], Append(events=(new_event("case-x", 0),))])
        assert everything(log) == before
        assert all(isinstance(answer, Appended) for answer in log.append_together(many[:TOGETHER_MAX]))
        assert log.head().position == TOGETHER_MAX

    def test_groups_of_eight_threads_keep_every_stream_gapless(self, log: EventLog) -> None:
        together = Barrier(8)

        def add(thread: int) -> int:
            together.wait()
            stored = 0
            for version in range(1, 11):
                events = new_event(f"case-own-{thread}", version), new_event("case-all", version)
                answers = log.append_together([Append(events=(event,)) for event in events])
                stored += sum(isinstance(answer, Appended) for answer in answers)
            return stored

        with ThreadPoolExecutor(8) as threads:
            stored = sum(threads.map(add, range(8)))
        assert [row.version for row in log.read_stream("case-all")] == list(range(1, stored - 80 + 1))
        for thread in range(8):
            assert [row.version for row in log.read_stream(f"case-own-{thread}")] == list(range(1, 11))

    # -------------------------------------------------------------- schemas
    def test_a_writer_schema_is_kept_once_and_never_exchanged(self, log: EventLog) -> None:
        known = WriterSchema(fingerprint=b"\x00\x01\x02\x03\x04\x05\x06\xff", name="casebridge.test.Noted", text="{}")
        other = WriterSchema(fingerprint=known.fingerprint, name=known.name, text='{"changed": true}')
        for version in (1, 2):
            log.append(Append(events=(new_event("case-a", version),), schemas=(known,)))
        assert list(log.schemas()) == [known]
        before = everything(log)
        with pytest.raises(LogError):
            log.append(Append(events=(new_event("case-a", 3),), schemas=(other,)))
        assert everything(log) == before

    # -------------------------------------------------------------- workers
    def test_a_worker_moves_with_its_effect_and_only_from_where_it_stands(self, log: EventLog) -> None:
        stream_of(log, "case-a", size=2)
        first, second = log.position(1), log.position(2)
        assert first and second
        move = WorkerMove(worker="relay", after=0, to=first)
        log.append(Append(events=(new_event("feed-x", 1),), worker=move))
        assert log.worker("relay") == first
        before = everything(log)
        with pytest.raises(WorkerDisplaced):
            log.append(Append(events=(new_event("feed-x", 2),), worker=move))
        assert everything(log) == before
        log.append(Append(worker=WorkerMove(worker="relay", after=1, to=second)))
        assert log.worker("relay") == second and log.worker("clock") is None

    def test_two_instances_of_a_worker_cannot_both_move(self, log: EventLog) -> None:
        stream_of(log, "case-a", size=1)
        together, there = Barrier(2), log.head()

        def move(number: int) -> bool:
            together.wait()
            effect = new_event(f"feed-{number}", 1)
            try:
                log.append(Append(events=(effect,), worker=WorkerMove(worker="relay", after=0, to=there)))
            except WorkerDisplaced:
                return False
            return True

        with ThreadPoolExecutor(2) as threads:
            assert sorted(threads.map(move, range(2))) == [False, True]
        assert log.head().position == 2

    def test_a_position_of_another_lineage_moves_no_worker(self, log: EventLog) -> None:
        stream_of(log, "case-a", size=1)
        elsewhere = Position(lineage=uuid4(), position=1, event_id=log.head().event_id)
        with pytest.raises(LineageChanged):
            log.append(Append(worker=WorkerMove(worker="relay", after=0, to=elsewhere)))
        assert log.worker("relay") is None

    def test_a_restore_stops_whoever_read_from_the_former_log(self, log: EventLog, reopened: Reopened) -> None:
        stream_of(log, "case-a", size=1)
        log.append(Append(worker=WorkerMove(worker="relay", after=0, to=log.head())))
        former = log.lineage
        restored = reopened.after_a_restore()
        assert restored.lineage != former and restored.head().lineage == restored.lineage
        with pytest.raises(LineageChanged):
            restored.worker("relay")
        with pytest.raises(LineageChanged):
            log.worker("relay")
        with pytest.raises(LineageChanged):
            log.append(Append(events=(new_event("case-a", 2),)))
        with pytest.raises(LineageChanged):
            restored.append(Append(worker=WorkerMove(worker="relay", after=1, to=restored.head())))
        restored.append(Append(events=(new_event("case-a", 2),)))
        assert [r.version for r in restored.read_stream("case-a")] == [1, 2]

    def test_every_restore_is_a_lineage_that_begins_after_what_the_copy_had(self, log: EventLog, reopened: Reopened) -> None:
        assert list(log.lineages) == [Lineage(lineage=log.lineage, after=0)]
        stream_of(log, "case-a", size=3)
        again = reopened.after_a_restore()
        stream_of(again, "case-b", size=2)
        last = reopened.after_a_restore()
        assert [one.lineage for one in last.lineages] == [log.lineage, again.lineage, last.lineage]
        assert [one.after for one in last.lineages] == [0, 3, 5]

    def test_a_log_opened_again_is_the_same_log(self, log: EventLog, reopened: Reopened) -> None:
        stream_of(log, "case-a", size=3)
        other = reopened.again()
        assert other.lineage == log.lineage
        assert list(other.read_log(after=0, limit=10)) == list(log.read_log(after=0, limit=10))

    # -------------------------------------------------------------- time
    def test_recorded_at_follows_the_clock_and_never_goes_below_the_last_one(
        self, log: EventLog, clock: HistoryClock
    ) -> None:
        moments = []
        for version, minutes in enumerate((0, 10, -30, 5, 20), 1):
            clock.at = datetime(2023, 12, 1, 9, 30, 0, 7, tzinfo=UTC) + timedelta(minutes=minutes)
            moments.append(log.append(Append(events=(new_event("case-a", version),))).recorded_at)
        start = datetime(2023, 12, 1, 9, 30, 0, 7, tzinfo=UTC)
        assert moments == [start + timedelta(minutes=m) for m in (0, 10, 10, 10, 20)]
        assert [r.recorded_at for r in log.read_log(after=0, limit=10)] == moments
        assert all(moment.utcoffset() == timedelta(0) for moment in moments)

    # -------------------------------------------------------------- refusals
    def test_what_is_refused_leaves_nothing_behind(self, log: EventLog) -> None:
        stream_of(log, "case-a", size=2)
        seen = new_command("case-a")
        log.append(Append(command=seen))
        command = new_command("case-a")
        schema = WriterSchema(fingerprint=b"12345678", name="n", text="{}")
        there = log.head()
        full = {
            "events": (new_event("case-a", 3), new_event("case-b", 1)),
            "schemas": (schema,),
            "worker": WorkerMove(worker="relay", after=0, to=there),
        }
        before = everything(log)
        refused: list[tuple[type[LogError], Append]] = [
            (Conflict, Append(guards=(Guard(stream="case-c", version=1),), command=command, **full)),  # type: ignore[arg-type]
            (CommandSeen, Append(command=seen, **full)),  # type: ignore[arg-type]
            (
                WorkerDisplaced,
                Append(
                    events=(new_event("case-a", 3),), command=command, schemas=(schema,),
                    worker=WorkerMove(worker="relay", after=1, to=there),
                ),
            ),
        ]  # fmt: skip
        for error, append in refused:
            with pytest.raises(error):
                log.append(append)
            assert everything(log) == before and log.command(command.command_id) is None
        log.append(Append(command=command, **full))  # type: ignore[arg-type]
        assert log.head().position == 4 and log.worker("relay") == there

    # -------------------------------------------------------------- waiting
    def test_waiting_ends_at_once_where_there_is_more_and_after_the_time_out_where_not(self, log: EventLog) -> None:
        stream_of(log, "case-a", size=2)
        assert log.wait(after=1, timeout_seconds=0)
        assert not log.wait(after=2, timeout_seconds=0.05)

    def test_a_waiting_reader_is_woken_by_an_append(self, log: EventLog, reopened: Reopened) -> None:
        for writer in (log, reopened.again()):
            after = log.head().position
            woken: list[tuple[bool, float]] = []

            def read(after: int = after, woken: list[tuple[bool, float]] = woken) -> None:
                woken.append((log.wait(after=after, timeout_seconds=WAKE_SECONDS_MAX), monotonic()))

            reader = Thread(target=read)
            reader.start()
            writer.append(Append(events=(new_event(f"case-{uuid4()}", 1),)))
            reader.join(2 * WAKE_SECONDS_MAX)
            assert woken and woken[0][0]

    # -------------------------------------------------------------- many at once
    def test_a_tailing_reader_misses_nothing_while_eight_write(self, log: EventLog) -> None:
        rounds = 12
        seen: list[Recorded] = []
        stop: list[bool] = []

        def tail() -> None:
            after = 0
            while not (stop and after >= log.head().position):
                for row in log.read_log(after=after, limit=50):
                    seen.append(row)
                    after = row.position
                log.wait(after=after, timeout_seconds=0.05)

        def write(number: int) -> None:
            chance = random.Random(number)
            for _ in range(rounds):
                stream = f"case-{chance.randrange(4)}"
                rows = log.read_stream(stream)
                version = rows[-1].version if rows else 0
                events = tuple(new_event(stream, version + n) for n in range(1, chance.randrange(2, 6)))
                try:
                    log.append(Append(guards=(Guard(stream=stream, version=version),), events=events))
                except Conflict:
                    continue

        reader = Thread(target=tail)
        reader.start()
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(write, range(8)))
        stop.append(True)
        reader.join(30)
        assert seen == list(log.read_log(after=0, limit=READ_LIMIT_MAX)) and seen
        assert sorted(r.recorded_at for r in seen) == [r.recorded_at for r in seen]
        for stream, head in log.streams("case-"):
            assert [r.version for r in log.read_stream(stream)] == list(range(1, head + 1))

    def test_a_closed_log_answers_that_it_is_unavailable(self, log: EventLog) -> None:
        log.close()
        log.close()
        with pytest.raises(LogUnavailable):
            log.append(Append(events=(new_event("case-a", 1),)))
        with pytest.raises(LogUnavailable):
            log.head()


class Reopened:
    """Opens the log of a test again, as another process would; closed with the test."""

    def __init__(self, open_again: Callable[[], EventLog], renew: Callable[[], object]) -> None:
        self._open, self._renew = open_again, renew
        self.opened: list[EventLog] = []

    def again(self) -> EventLog:
        self.opened.append(self._open())
        return self.opened[-1]

    def after_a_restore(self) -> EventLog:
        self._renew()
        return self.again()

    def close(self) -> None:
        for log in self.opened:
            log.close()
