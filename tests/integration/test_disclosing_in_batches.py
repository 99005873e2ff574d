"""Many releases at once: one append for all of them, each numbered, skipped or withdrawn as if it had come alone."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.disclosure.discloser import BATCH_MAX, Discloser, NotDisclosed
from adapters.disclosure.render import CASE_ROWS_MAX, READY_SECONDS, Rendered, Rendering, entry_of
from domain.disclosure.events import Disclosed, Withdrawn
from domain.events import Envelope
from domain.ports import Append, Conflict, EventLog
from tests.disclosure_world import GUATEMALA, MEXICO, PUBLISHED, World

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    world.found(MEXICO, GUATEMALA)
    yield world
    world.close()


@pytest.fixture
def appends(world: World) -> list[Append]:
    """What is appended from here on."""
    kept, append = list[Append](), world.log.append

    def keeping(wanted: Append) -> object:
        appended = append(wanted)
        kept.append(wanted)
        return appended

    world.log.append = keeping  # type: ignore[method-assign, assignment]
    return kept


def test_what_was_released_together_is_one_append_with_the_worker_s_move(world: World, appends: list[Append]) -> None:
    for number in range(3):
        world.release(world.family(number), notices=2)
    world.release(world.family(3, country="GT"), office=GUATEMALA)
    appends.clear()
    world.disclose()
    (append,) = appends
    assert len(append.events) == 7
    assert append.worker is not None and append.worker.to == world.log.worker("discloser")
    assert [entry_of(envelope).number for envelope in world.feed()] == [1, 2, 3, 4, 5, 6]
    assert [entry_of(envelope).number for envelope in world.feed(GUATEMALA)] == [1]


def test_a_batch_has_a_bound(world: World, appends: list[Append], monkeypatch: pytest.MonkeyPatch) -> None:
    assert BATCH_MAX == 100
    monkeypatch.setattr("adapters.disclosure.discloser.BATCH_MAX", 2)
    world.release(world.family(1), notices=5)
    appends.clear()
    world.disclose()
    assert [len(append.events) for append in appends] == [2, 2, 1]


def test_what_becomes_no_entry_takes_no_number_and_is_counted_once(world: World, appends: list[Append]) -> None:
    ended = world.family(1, country="GT")
    world.release(ended, office=GUATEMALA)
    world.correct_country(ended)
    world.release(world.family(2, country="GT"), office=GUATEMALA)
    appends.clear()
    world.disclose()
    assert len(appends) == 1
    assert [entry_of(envelope).number for envelope in world.feed(GUATEMALA)] == [1]
    assert world.discloser.not_disclosed == {NotDisclosed.ENGAGEMENT_ENDED: 1}


def test_a_feed_that_grew_meanwhile_is_numbered_on(world: World, appends: list[Append]) -> None:
    """Another discloser wrote first: its entry keeps its number, and ours, read anew, come after it."""
    world.release(world.family(1))
    world.disclose()
    other = Discloser(world.backbone, world.rendering)
    world.release(world.family(2))
    while other.step():
        pass
    world.release(world.family(3))
    with pytest.raises(Exception, match="discloser is not at"):
        world.disclose()
    world.disclose()
    assert [entry_of(envelope).number for envelope in world.feed()] == [1, 2, 3]


def test_a_conflict_in_a_batch_leaves_nothing_and_the_batch_comes_again(world: World) -> None:
    append, refused = world.log.append, [0]

    def refuse_first(wanted: Append) -> object:
        if len(wanted.events) == 3 and not refused[0]:
            refused[0] += 1
            raise Conflict("feed-x", 0, 1)
        return append(wanted)

    for number in range(3):
        world.release(world.family(number))
    world.log.append = refuse_first  # type: ignore[method-assign, assignment]
    world.disclose()
    assert refused == [1] and [entry_of(envelope).number for envelope in world.feed()] == [1, 2, 3]


def test_a_notice_and_its_correction_in_one_step_stand_in_the_feed_in_order(
    world: World, appends: list[Append]
) -> None:
    """A person has told the consulate before the discloser came to the release, and it was the wrong one."""
    world.release(world.family(1))
    family = world.family(2)
    world.release(family)
    world.submit("RecordConsulateNotified", {"notice_id": family.notice_id, "channel": "telephone"}, case_id=family.case_id)
    world.recall(family)
    world.release(world.family(3))
    appends.clear()
    world.disclose()
    assert [len(append.events) for append in appends] == [2, 2]
    first, second, withdrawn, last = (envelope.event for envelope in world.feed())
    assert isinstance(first, Disclosed) and isinstance(second, Disclosed) and isinstance(last, Disclosed)
    assert isinstance(withdrawn, Withdrawn) and withdrawn.withdraws == second.number == 2


def test_the_sources_of_an_entry_are_asked_for_once_and_those_of_a_long_case_alone(world: World) -> None:
    world.release(world.family(1))
    world.disclose()
    (entry,) = world.feed()
    told = entry_of(entry)
    assert isinstance(told, Disclosed) and told.source_version < CASE_ROWS_MAX
    sources = {field.event_id for field in told.fields}
    log = Asked(world.log)
    rendering = Rendering(log, world.backbone.codec, PUBLISHED)
    content = rendering.proven(entry).content
    assert log.asked == ["read_stream"]
    assert rendering.proven(entry).content == content and log.asked == ["read_stream"]
    of_a_long_case = entry._replace(event=replace(told, source_version=CASE_ROWS_MAX + 1))
    log.asked.clear()
    assert Rendering(log, world.backbone.codec, PUBLISHED).proven(of_a_long_case).content == content
    assert log.asked == ["event"] * len(sources)


def test_what_was_just_rendered_is_given_for_one_asking_within_a_second(world: World) -> None:
    now, made = [0.0], list[Envelope]()
    rendering = Rendering(world.log, world.backbone.codec, PUBLISHED, monotonic=lambda: now[0])
    discloser = Discloser(world.backbone, rendering)
    world.release(world.family(1), notices=2)
    while discloser.step():
        pass
    render = rendering.render

    def making(envelope: Envelope) -> Rendered:
        made.append(envelope)
        return render(envelope)

    rendering.render = making  # type: ignore[method-assign]
    first, second = world.feed()
    assert rendering.proven(first) == world.rendering.proven(first) and made == []
    assert rendering.proven(first) == world.rendering.proven(first) and made == [first]
    now[0] = READY_SECONDS
    discloser.step()
    assert not rendering._ready, "it stays no longer where nobody asks"
    assert rendering.proven(second) == world.rendering.proven(second) and made == [first, second]


class Asked:
    """A log that notes by which question it was asked for events."""

    def __init__(self, log: EventLog) -> None:
        self._log, self.asked = log, list[str]()

    def __getattr__(self, name: str) -> Any:
        if name in ("event", "read_stream"):
            self.asked.append(name)
        return getattr(self._log, name)
