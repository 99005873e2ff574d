"""What a view's runner promises, on both databases."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event, inspect

from adapters.views import open_views
from domain.ports import LineageChanged, LogForked, Recorded, WorkerDisplaced
from projections.bookkeeping import ViewOutdated
from projections.rebuild import rebuild
from projections.runner import Runner, ViewBehind, ViewLag, ViewsUnavailable
from projections.source import Batch
from tests.views_model import (
    LINEAGE,
    START,
    JsonReader,
    ListSource,
    StillClock,
    Things,
    folded,
    history,
    later,
    rows,
    told,
)

RECORDS = history(120, seed=1)
STEPS_MAX = 10_000
KILLS_MAX = 40


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('views') / 'views.db'}"
    else:
        url = request.getfixturevalue("postgres_server").create_database()
    engine = open_views(url)
    yield engine
    engine.dispose()


@pytest.fixture
def views(engine: Engine) -> Engine:
    forget(engine)
    return engine


def forget(engine: Engine) -> None:
    """An empty views database."""
    with engine.begin() as connection:
        for name in inspect(connection).get_table_names():
            connection.exec_driver_sql(f'DROP TABLE "{name}"')


def runner(engine: Engine, source: ListSource, **others: Any) -> Runner:
    return Runner(Things(), source, engine, reader=JsonReader(), clock=StillClock(), **others)


def catch_up(one: Runner, limit: int = 50) -> int:
    total = 0
    for _ in range(STEPS_MAX):
        count = one.step(limit)
        total += count
        if not count:
            return total
    raise AssertionError("the source never ends")


def broken(records: Sequence[Recorded], *positions: int) -> list[Recorded]:
    return [r._replace(state=b"\xc3\x01 not json") if r.position in positions else r for r in records]


class Killed(BaseException):
    """The process is gone at this statement: nothing after it runs."""


def kill_at(engine: Engine, statement: int) -> Any:
    """Kill before the n-th statement or commit from now on; call what is returned to stop."""
    left = [statement]

    def count(*_: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Killed

    event.listen(engine, "before_cursor_execute", count)
    event.listen(engine, "commit", count)

    def stop() -> None:
        event.remove(engine, "before_cursor_execute", count)
        event.remove(engine, "commit", count)

    return stop


def test_a_view_is_the_fold_of_the_log(views: Engine) -> None:
    assert catch_up(runner(views, ListSource(RECORDS))) == len(RECORDS)
    assert rows(views) == folded(RECORDS)


def test_a_view_fed_from_several_shards_has_the_same_rows(views: Engine) -> None:
    catch_up(runner(views, ListSource(RECORDS, shards=3)), limit=7)
    assert rows(views) == folded(RECORDS)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 999), shards=st.sampled_from([0, 3]),
    limits=st.lists(st.integers(1, 40), min_size=1, max_size=9),
    kills=st.lists(st.integers(0, 40), max_size=6),
)
def test_any_split_into_batches_with_kills_between_any_two_statements_gives_the_same_rows(
    views: Engine, seed: int, shards: int, limits: list[int], kills: list[int]
) -> None:
    forget(views)
    records = history(60, seed=seed)
    source = ListSource(records, shards=shards)
    for kill in kills:
        stop = kill_at(views, kill)
        try:
            one = runner(views, source)
            for limit in limits:
                one.step(limit)
        except Killed:
            pass
        finally:
            stop()
    one = runner(views, source)
    for limit in limits:
        one.step(limit)
    catch_up(one, limits[-1])
    assert rows(views) == folded(records)
    assert sum(at.position for at in one.stands().values()) == len(records)


def test_a_position_says_which_log_and_which_event(views: Engine) -> None:
    one = runner(views, ListSource(RECORDS))
    one.step(10)
    at = one.stands()["log"]
    assert (at.lineage, at.position, at.event_id) == (LINEAGE, 10, RECORDS[9].event_id)


def test_a_view_of_another_log_stops_before_it_reads(views: Engine) -> None:
    runner(views, ListSource(RECORDS)).step(10)
    restored = runner(views, ListSource(RECORDS, lineage=uuid4()))
    with pytest.raises(LineageChanged, match="rebuild the view"):
        restored.step()
    assert rows(views) == folded(RECORDS[:10])


@pytest.mark.parametrize("left", [4, 10, 30])
def test_a_view_stops_where_another_event_stands_than_the_one_that_it_read_last(views: Engine, left: int) -> None:
    runner(views, ListSource(RECORDS)).step(10)
    older = [*RECORDS[:4], *(record for record in RECORDS[10:])][:left]
    with pytest.raises(LogForked, match="casebridge log restored"):
        runner(views, ListSource(older)).step()
    assert rows(views) == folded(RECORDS[:10])


@pytest.mark.parametrize("stands_at", [0, 10])
def test_of_two_instances_at_one_position_one_applies_and_the_other_reads_anew(views: Engine, stands_at: int) -> None:
    class Overtaken(ListSource):
        """While this instance reads, the other one applies the same events."""

        overtake = True

        def read(self, *args: Any, **kwargs: Any) -> Any:
            batches = super().read(*args, **kwargs)
            if self.overtake:
                self.overtake = False
                first.step(30)
            return batches

    first = runner(views, ListSource(RECORDS))
    if stands_at:
        first.step(stands_at)
    second = runner(views, Overtaken(RECORDS))
    with pytest.raises(WorkerDisplaced):
        second.step(50)
    assert rows(views) == folded(RECORDS[: stands_at + 30])
    assert first.stands()["log"].position == stands_at + 30
    catch_up(second)
    assert rows(views) == folded(RECORDS)


def test_events_of_no_concern_are_never_decoded(views: Engine) -> None:
    asides = [r.position for r in RECORDS if r.topic.endswith("Aside")]
    one = runner(views, ListSource(broken(RECORDS, *asides)))
    catch_up(one)
    assert one.unreadable() == []
    assert rows(views) == folded(RECORDS)


def test_an_unreadable_event_holds_its_stream_and_no_other(views: Engine) -> None:
    bad = next(r for r in RECORDS if r.position > 20 and r.topic.endswith("Told"))
    one = runner(views, ListSource(broken(RECORDS, bad.position)))
    assert catch_up(one, 13) == len(RECORDS)
    before = [r for r in RECORDS if r.stream != bad.stream or r.version < bad.version]
    assert rows(views) == folded(before)
    (item,) = one.unreadable()
    assert (item.stream, item.version, item.position) == (bad.stream, bad.version, bad.position)
    assert (item.error, item.first_seen) == ("UnicodeDecodeError", START)
    assert item.seen_version == max(
        r.version for r in RECORDS if r.stream == bad.stream and not r.topic.endswith("Aside")
    )


def test_a_held_stream_is_read_again_in_order_once_it_can_be_read(views: Engine) -> None:
    bad = next(r for r in RECORDS if r.position > 20 and r.topic.endswith("Told"))
    worse = next(r for r in RECORDS if r.stream == bad.stream and r.version > bad.version + 2 and "Told" in r.topic)
    one = runner(views, ListSource(broken(RECORDS, bad.position, worse.position)))
    catch_up(one, 13)

    half = ListSource(broken(RECORDS, worse.position))
    assert one.retry_quarantine(half) > 0
    assert rows(views) == folded([r for r in RECORDS if r.stream != bad.stream or r.version < worse.version])
    assert [item.version for item in one.unreadable()] == [worse.version]

    assert one.retry_quarantine(ListSource(RECORDS)) > 0
    assert rows(views) == folded(RECORDS)
    assert one.unreadable() == []


def test_retrying_a_held_stream_reads_no_further_than_the_view_stands(views: Engine) -> None:
    bad = next(r for r in RECORDS if r.position > 20 and r.topic.endswith("Told"))
    one = runner(views, ListSource(broken(RECORDS, bad.position)))
    one.step(80)
    one.retry_quarantine(ListSource(RECORDS))
    assert rows(views) == folded(RECORDS[:80])


def test_a_row_that_the_database_refuses_holds_its_stream_alone(views: Engine) -> None:
    # PostgreSQL checks the length of a column and refuses NUL; SQLite stores whatever fits its own types.
    word = "far too long for it" if views.dialect.name == "postgresql" else None
    bad = told(61, "thing-90", 1, "place", 90, word)._replace(event_id=UUID(int=90))  # type: ignore[arg-type]
    records = [*RECORDS[:60], bad, *(r._replace(position=r.position + 1) for r in RECORDS[60:])]
    one = runner(views, ListSource(records))
    catch_up(one)
    assert rows(views) == folded(RECORDS)
    assert [(item.stream, item.version) for item in one.unreadable()] == [("thing-90", 1)]


def test_lag_is_told_in_events_and_in_seconds(views: Engine) -> None:
    clock = StillClock(START + timedelta(seconds=200))
    one = Runner(Things(), ListSource(RECORDS), views, reader=JsonReader(), clock=clock)
    one.step(100)
    assert one.lag() == ViewLag(events=20, seconds=200 - 101)
    one.step(100)
    assert one.lag() == ViewLag(events=0, seconds=0.0)


def test_whoever_measures_is_entered_around_every_batch(views: Engine) -> None:
    seen: list[tuple[str, int, int]] = []

    @contextmanager
    def watch(view: str, batch: Batch) -> Iterator[None]:
        before = sum(at.position for at in one.stands().values())
        yield
        seen.append((view, before, sum(at.position for at in one.stands().values())))

    one = runner(views, ListSource(RECORDS), watch=watch)
    catch_up(one, 60)
    assert seen == [("test_things", 0, 60), ("test_things", 60, 120)]


def test_a_reader_waits_until_the_view_has_passed_a_position(views: Engine) -> None:
    one = runner(views, ListSource(RECORDS))
    with pytest.raises(ViewBehind, match="is at log 0, not 10"):
        one.wait_for(10, timeout_seconds=0)
    one.step(10)
    one.wait_for(10, timeout_seconds=0)


def test_tables_of_other_code_are_not_written_to(views: Engine) -> None:
    runner(views, ListSource(RECORDS)).step(10)

    class Wider(Things):
        tables = (*Things.tables, later)  # type: ignore[assignment]

    with pytest.raises(ViewOutdated, match="rebuild it"):
        Runner(Wider(), ListSource(RECORDS), views, reader=JsonReader(), clock=StillClock())


def test_a_rebuild_stands_beside_the_live_view_until_it_takes_its_place(views: Engine) -> None:
    live = runner(views, ListSource(RECORDS))
    live.step(100)
    with views.begin() as connection:
        connection.execute(Things.tables[2].delete())  # the live view has gone wrong
    wrong, seen, told_progress = rows(views), [], []

    def progress(done: int, left: int) -> None:
        seen.append(rows(views))
        told_progress.append((done, left))

    def again() -> int:
        return rebuild(Things(), ListSource(RECORDS), views, reader=JsonReader(), clock=StillClock(), progress=progress)

    assert again() == len(RECORDS)
    assert seen == [wrong]
    assert told_progress == [(120, 0)]
    assert rows(views) == folded(RECORDS)
    assert live.stands()["log"].position == 120
    assert live.step() == 0
    assert again() == len(RECORDS)  # and again: no name is in the way
    assert not [name for name in inspect(views).get_table_names() if "__next" in name]


def test_a_rebuild_never_takes_readers_back(views: Engine) -> None:
    class Overtaken(ListSource):
        """The live runner goes on just when the rebuild has read everything, before it swaps."""

        overtake = True

        def lag(self, *args: Any) -> Any:
            lag = super().lag(*args)
            if lag.events == 0 and self.overtake:
                self.overtake = False
                live.step(90)
                self.records = RECORDS[:110]
            return lag

    live = runner(views, ListSource(RECORDS))
    live.step(10)
    assert rebuild(Things(), Overtaken(RECORDS[:50]), views, reader=JsonReader(), clock=StillClock()) == 110
    assert live.stands()["log"].position == 110
    assert rows(views) == folded(RECORDS[:110])
    catch_up(live)
    assert rows(views) == folded(RECORDS)


@pytest.mark.parametrize("statement", range(0, KILLS_MAX, 3))
def test_a_rebuild_killed_anywhere_leaves_a_whole_view(views: Engine, statement: int) -> None:
    live = runner(views, ListSource(RECORDS))
    catch_up(live)
    stop = kill_at(views, statement)
    try:
        rebuild(Things(), ListSource(RECORDS), views, reader=JsonReader(), clock=StillClock())
    except Killed:
        pass
    finally:
        stop()
    assert rows(views) == folded(RECORDS)
    rebuild(Things(), ListSource(RECORDS), views, reader=JsonReader(), clock=StillClock())
    assert rows(views) == folded(RECORDS)


def test_a_view_can_be_rebuilt_from_another_log(views: Engine) -> None:
    catch_up(runner(views, ListSource(RECORDS)))
    lineage = UUID(int=7)
    fewer = ListSource(RECORDS[:70], lineage=lineage)
    rebuild(Things(), fewer, views, reader=JsonReader(), clock=StillClock())
    assert rows(views) == folded(RECORDS[:70])
    assert runner(views, fewer).step() == 0


def test_a_views_database_that_does_not_answer_is_named_as_such(tmp_path: Path) -> None:
    engine = open_views(f"sqlite:///{tmp_path / 'missing' / 'views.db'}")
    with pytest.raises(ViewsUnavailable):
        runner(engine, ListSource(RECORDS))
    engine.dispose()


def test_views_are_kept_in_no_other_kind_of_database() -> None:
    with pytest.raises(ValueError, match="not in mysql"):
        open_views("mysql://localhost/views")
