"""A feed read over HTTP: the numbers and bytes of every other channel, only while the basis stands, and on record."""
from __future__ import annotations

import json
import shutil
import subprocess
import threading
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from cloudevents.core.formats.json import JSONFormat
from urllib3 import HTTPResponse, PoolManager

from adapters.disclosure.outstanding import Outstanding
from adapters.disclosure.parcel import parcel_of
from adapters.disclosure.pull import PullFeed
from adapters.http.app import AddressOf, FeedApp, application, before_proxy, peer
from adapters.http.credentials import FeedCredentials
from adapters.http.limits import CALLERS_MAX, READINGS, UNPROVEN_TRIES, Logins, Rate, RateLimit
from adapters.http.openapi import DOCUMENT
from domain.disclosure.events import FeedRead
from tests.disclosure_world import AGENCY, GUATEMALA, MEXICO, World

START_SECONDS_MAX = 10.0
CREDENTIALS = FeedCredentials(b"root of a test")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, channels={MEXICO: "pull", GUATEMALA: "pull"})
    world.found(MEXICO, GUATEMALA)
    yield world
    world.close()


class Office:
    """An office's side: reads its feed with its credential."""

    def __init__(self, base: str, world: World) -> None:
        self.base, self._world, self._pool = base, world, PoolManager(retries=False)

    def get(
        self, query: str = "", *, office: str = MEXICO, credential: str | None = None, method: str = "GET", **headers: str
    ) -> Any:
        told = self._world.backbone.agency(AGENCY).offices.get(office)
        given = credential or CREDENTIALS.of(office, told.credential if told else 1)
        return self._pool.request(
            method, f"{self.base}/feeds/{office}/events{query}", headers={"authorization": f"Bearer {given}", **headers},
        )

    def numbers(self, query: str = "", **options: Any) -> list[int]:
        answer = self.get(query, **options)
        assert answer.status == 200, answer.data
        return [int(event["feednumber"]) for event in json.loads(answer.data)]

    def close(self) -> None:
        self._pool.clear()


@contextmanager
def served(
    world: World, limit: RateLimit | None = None, logins: Logins | None = None, address_of: AddressOf = peer
) -> Iterator[Office]:
    def office_of(code: str) -> Any:
        agencies = [stream.removeprefix("agency-") for stream, _ in world.log.streams("agency-")]
        found = [(agency, known) for agency in agencies if (known := world.backbone.agency(agency).offices.get(code))]
        return found[0] if found else None

    feed = FeedApp(
        PullFeed(world.backbone, world.rendering), office_of, CREDENTIALS, limit or RateLimit(), logins or Logins(),
        address_of,
    )
    server = uvicorn.Server(uvicorn.Config(application(feed), host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + START_SECONDS_MAX
    while not server.started and time.monotonic() < until:
        thread.join(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    office = Office(f"http://127.0.0.1:{port}", world)
    try:
        yield office
    finally:
        office.close()
        server.should_exit = True
        thread.join(START_SECONDS_MAX)


def told(world: World, *, families: int = 1, country: str = "MX", office: str = MEXICO) -> list[Any]:
    made = [world.family(number + (100 if office == GUATEMALA else 0), country=country) for number in range(families)]
    for family in made:
        world.release(family, office=office)
    world.disclose()
    return made


def test_an_office_reads_the_bytes_and_attributes_of_the_parcel_that_every_channel_carries(world: World) -> None:
    told(world, families=2)
    with served(world) as office:
        events = json.loads(office.get().data)
    deliveries = Outstanding(world.log, world.backbone.codec)
    deliveries.tail()
    for event, delivery in zip(events, deliveries.offices[MEXICO].deliveries.values(), strict=True):
        parcel = parcel_of(delivery, world.rendering.proven(delivery.entry))
        assert b64decode(event["data_base64"]) == parcel.content
        assert {name: event[name] for name, _ in parcel.headers} == dict(parcel.headers)


def test_reading_past_an_entry_is_its_hand_over_and_meets_the_duty(world: World) -> None:
    [family] = told(world)
    with served(world) as office:
        assert office.numbers() == [1]
        assert world.delivery(1) == ["HandOverStarted"]
        world.tick(minutes=1)
        assert office.numbers("?after=1") == []
    assert world.delivery(1) == ["HandOverStarted", "HandedOver"]
    world.receive()
    assert not world.backbone.case(family.case_id).obligations.open_duties("CONS-MX")


def test_a_tag_that_a_proxy_made_weak_is_the_same_tag(world: World) -> None:
    told(world)
    with served(world) as office:
        tag = office.get().headers["etag"]
        assert [office.get(**{"if-none-match": given}).status for given in (tag, f"W/{tag}", f'"x", W/{tag}')] == [304] * 3
        assert office.get(**{"if-none-match": '"x"'}).status == 200


@pytest.mark.parametrize("digits", [17, 5_000])
def test_a_number_of_any_length_is_answered(world: World, digits: int) -> None:
    with served(world) as office:
        assert office.get(f"?after={'9' * digits}").status == 400


def test_a_head_reads_nothing_and_so_proves_nothing(world: World) -> None:
    told(world)
    with served(world) as office:
        answer = office.get(method="HEAD")
        assert answer.status == 405 and answer.headers["allow"] == "GET"
        assert world.delivery(1) == []


def test_an_entry_that_is_read_twice_before_it_is_passed_is_doubted_between(world: World) -> None:
    told(world)
    with served(world) as office:
        first, second = office.get().data, office.get().data
    assert first == second
    assert world.delivery(1) == ["HandOverStarted", "HandOverDoubted", "HandOverStarted"]


def test_what_lost_its_basis_keeps_its_number_and_has_no_content(world: World) -> None:
    [family] = told(world)
    world.correct_country(family)
    with served(world) as office:
        [event] = json.loads(office.get().data)
    assert event["type"] == "casebridge.published.Placeholder" and "salt" not in event
    assert world.delivery(1) == ["DeliveryStopped"]


def test_a_later_reading_is_checked_against_the_basis_of_that_moment_too(world: World) -> None:
    [family] = told(world)
    with served(world) as office:
        office.get()
        office.get("?after=1")
        [again] = json.loads(office.get().data)
        assert again["type"] == "casebridge.published.ConsularNotice"
        world.correct_country(family)
        [after] = json.loads(office.get().data)
    assert after["type"] == "casebridge.published.Placeholder"
    readings = [e.event for e in world.backbone.envelopes(f"access-{world.clock.now().date()}")]
    assert [r.without_content for r in readings if isinstance(r, FeedRead)] == [(), (), (1,)]


def test_a_feed_is_resumed_after_a_number_in_batches(world: World) -> None:
    told(world, families=5)
    with served(world) as office:
        assert office.numbers("?limit=2") == [1, 2]
        answer = office.get("?after=2&limit=2")
        assert [int(event["feednumber"]) for event in json.loads(answer.data)] == [3, 4]
        assert answer.headers["link"] == f'</feeds/{MEXICO}/events?after=4>; rel="next"'
        assert office.numbers("?after=4") == [5]
        assert office.get("?after=6").status == 400


def test_the_same_answer_is_not_sent_twice_to_who_has_it(world: World) -> None:
    told(world)
    with served(world) as office:
        first = office.get()
        again = office.get(**{"if-none-match": first.headers["etag"]})
        assert (again.status, again.data) == (304, b"")
        told_more = office.get("?after=1", **{"if-none-match": first.headers["etag"]})
        assert told_more.status == 200


def test_a_long_poll_answers_when_something_comes(world: World) -> None:
    family = world.family(0)
    with served(world) as office:
        answers: list[HTTPResponse] = []
        waiting = threading.Thread(target=lambda: answers.append(office.get("?wait=20")))
        waiting.start()
        world.release(family)
        world.disclose()
        waiting.join(15)
    assert [int(event["feednumber"]) for event in json.loads(answers[0].data)] == [1]


@pytest.mark.parametrize("query", ["?after=-1", "?after=x", "?limit=101", "?wait=31", "?after=9999999999999999999"])
def test_a_wrong_number_is_told_by_name(world: World, query: str) -> None:
    with served(world) as office:
        answer = office.get(query)
    assert answer.status == 400 and query[1:].split("=")[0] in json.loads(answer.data)["title"]


def test_a_foreign_feed_answers_like_an_unknown_one(world: World) -> None:
    told(world, country="GT", office=GUATEMALA)
    mexico = CREDENTIALS.of(MEXICO, 1)
    with served(world) as office:
        foreign = office.get(office=GUATEMALA, credential=mexico)
        unknown = office.get(office="cons-xx.nowhere", credential=mexico)
        without = office.get(credential="none")
    told_of = [(a.status, a.data, sorted(a.headers)) for a in (foreign, unknown, without)]
    assert told_of[0] == told_of[1] == told_of[2] and foreign.status == 401
    assert world.delivery(1, GUATEMALA) == []


def test_a_replaced_credential_opens_nothing_any_more(world: World) -> None:
    told(world)
    world.submit("RotateOfficeCredential", {"office": MEXICO, "generation": 2})
    with served(world) as office:
        assert office.get(credential=CREDENTIALS.of(MEXICO, 1)).status == 401
        assert office.numbers() == [1]


def test_a_suspended_office_reads_nothing_until_it_goes_on_in_order(world: World) -> None:
    told(world, families=3)
    with served(world) as office:
        assert office.numbers("?limit=1") == [1]
        world.submit("SuspendOffice", {"office": MEXICO, "reason": "addresses are being checked"})
        answer = office.get("?after=1")
        assert answer.status == 503 and answer.headers["retry-after"]
        assert world.delivery(2) == []
        world.submit("PutOfficeLive", {"office": MEXICO, "second_person": "counsel-1"})
        assert office.numbers("?after=1") == [2, 3]


class Meanwhile(RateLimit):
    """Something happens after an office was let in and before it reads, as during a long poll."""

    def __init__(self, happen: Callable[[], object]) -> None:
        super().__init__()
        self._happen = happen

    def wait_seconds(self, caller: str) -> float:
        self._happen()
        return 0.0


@pytest.mark.parametrize(("command", "data"), [
    ("SuspendOffice", {"office": MEXICO, "reason": "addresses are being checked"}),
    ("RotateOfficeCredential", {"office": MEXICO, "generation": 2}),
])
def test_what_is_taken_away_while_an_office_waits_is_not_given(world: World, command: str, data: dict[str, Any]) -> None:
    told(world)
    with served(world, Meanwhile(lambda: world.submit(command, data))) as office:
        answer = office.get("?wait=20")
    assert answer.status == 503 and answer.headers["retry-after"]
    assert world.delivery(1) == [] and not world.backbone.envelopes(f"access-{world.clock.now().date()}")


def test_an_office_that_asks_too_often_is_told_when_to_come_again(world: World) -> None:
    limit = RateLimit(monotonic=lambda: 0.0)
    with served(world, limit) as office:
        answers = [office.get().status for _ in range(int(READINGS.burst_max) + 1)]
        assert answers == [200] * int(READINGS.burst_max) + [429]
        assert office.get().headers["retry-after"] == "1"
        assert office.get(office=GUATEMALA).status == 200, "another office's rate is its own"


def test_a_bucket_fills_at_its_rate() -> None:
    now = [0.0]
    limit = RateLimit(monotonic=lambda: now[0])
    assert [limit.wait_seconds("a") for _ in range(int(READINGS.burst_max))] == [0.0] * int(READINGS.burst_max)
    assert limit.wait_seconds("a") == pytest.approx(1 / READINGS.a_second)
    now[0] += 1 / READINGS.a_second
    assert limit.wait_seconds("a") == 0.0


def no_more_tries() -> Logins:
    """So many tries as there are, and none again: its clock stands."""
    return Logins(RateLimit(UNPROVEN_TRIES, monotonic=lambda: 0.0))


def test_an_address_that_shows_credentials_that_open_nothing_is_told_when_to_come_again(world: World) -> None:
    told(world)
    with served(world, logins=no_more_tries()) as office:
        assert office.numbers() == [1]  # The first try of a right credential is one of its address's.
        guesses = [office.get(credential=f"guess-{n}").status for n in range(int(UNPROVEN_TRIES.burst_max))]
        assert guesses == [401] * (len(guesses) - 1) + [429]
        foreign, unknown = (office.get(office=of, credential="guess") for of in (GUATEMALA, "cons-xx.nowhere"))
        assert (foreign.status, foreign.data) == (unknown.status, unknown.data) and foreign.status == 429
        assert foreign.headers["retry-after"] == unknown.headers["retry-after"] == "1"
        assert office.numbers() == [1], "what has opened its feed is told apart before, and reads on"
        assert office.get(office=GUATEMALA).status == 429, "what has not yet is not looked at"


def test_a_credential_that_is_replaced_is_one_that_opens_nothing(world: World) -> None:
    told(world)
    with served(world, logins=no_more_tries()) as office:
        assert office.numbers() == [1]
        world.submit("RotateOfficeCredential", {"office": MEXICO, "generation": 2})
        tries = [office.get(credential=CREDENTIALS.of(MEXICO, 1)).status for _ in range(int(UNPROVEN_TRIES.burst_max) + 1)]
    assert tries == [401] * int(UNPROVEN_TRIES.burst_max) + [429]


def test_callers_and_credentials_are_forgotten_in_their_turn_so_that_no_table_grows() -> None:
    logins, limit = no_more_tries(), RateLimit(Rate(a_second=1.0, burst_max=1.0), monotonic=lambda: 0.0)
    for n in range(CALLERS_MAX + 1):
        logins.opened(MEXICO, str(n))
        assert limit.wait_seconds(str(n)) == 0
    for _ in range(int(UNPROVEN_TRIES.burst_max)):
        assert logins.wait_seconds(MEXICO, "guess", "192.0.2.1") == 0
    assert logins.wait_seconds(MEXICO, "1", "192.0.2.1") == 0 and limit.wait_seconds("1") > 0
    assert logins.wait_seconds(MEXICO, "0", "192.0.2.1") > 0 and limit.wait_seconds("0") == 0


@pytest.mark.parametrize(("command", "data", "stage"), [
    ("RehearseOffice", {"office": MEXICO}, "rehearsal"), ("EndOffice", {"office": MEXICO}, "ended"),
])
def test_an_office_that_is_not_live_reads_nothing(world: World, command: str, data: dict[str, Any], stage: str) -> None:
    told(world)
    world.submit(command, data)
    with served(world) as office:
        answer = office.get()
    assert answer.status == 503 and stage in json.loads(answer.data)["title"] and world.delivery(1) == []


def test_behind_a_proxy_an_address_is_what_the_proxy_says_and_not_what_its_client_invents(world: World) -> None:
    with served(world, logins=no_more_tries(), address_of=before_proxy) as office:
        def tried(*from_: str) -> int:
            return int(office.get(credential="guess", **{"x-forwarded-for": ", ".join(from_)}).status)

        tries = [tried(f"192.0.2.{n}", "198.51.100.7") for n in range(int(UNPROVEN_TRIES.burst_max) + 1)]
        assert tries == [401] * int(UNPROVEN_TRIES.burst_max) + [429]
        assert tried("198.51.100.8") == 401


def test_an_ipv6_network_is_one_caller_and_each_ipv4_address_its_own() -> None:
    logins = no_more_tries()
    for n in range(int(UNPROVEN_TRIES.burst_max)):
        assert logins.wait_seconds(MEXICO, "guess", f"2001:db8::{n:x}") == 0
    assert logins.wait_seconds(MEXICO, "guess", "2001:db8::ffff") > 0
    assert logins.wait_seconds(MEXICO, "guess", "2001:db8:0:1::1") == logins.wait_seconds(MEXICO, "guess", "192.0.2.1") == 0


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed: apt-get install curl")
def test_the_same_feed_with_curl_and_nothing_else(world: World) -> None:
    told(world, families=2)
    with served(world) as office:
        words = [
            "curl", "-sS", "-H", f"Authorization: Bearer {CREDENTIALS.of(MEXICO, 1)}",
            f"{office.base}/feeds/{MEXICO}/events?after=0",
        ]
        ran = subprocess.run(words, capture_output=True, text=True, timeout=30, check=True)
    events = json.loads(ran.stdout)
    assert [event["feednumber"] for event in events] == ["1", "2"]


def test_a_cloudevents_library_reads_each_event(world: World) -> None:
    told(world)
    with served(world) as office:
        [event] = json.loads(office.get().data)
    read = JSONFormat().read(None, json.dumps(event))
    assert read.get_id() == f"{MEXICO}:1" and read.get_extension("feednumber") == "1"


def test_the_document_says_what_is_served(world: World) -> None:
    with served(world) as office:
        answer = PoolManager().request("GET", f"{office.base}/openapi.json")
    assert json.loads(answer.data) == DOCUMENT
    [path] = DOCUMENT["paths"].values()
    assert {p["name"] for p in path["get"]["parameters"]} == {"office", "after", "epoch", "limit", "wait", "If-None-Match"}


def test_two_readers_at_once_get_the_same_numbers_and_prove_each_once(world: World) -> None:
    told(world, families=4)
    with served(world) as one, served(world) as other:
        seen: list[list[int]] = []
        threads = [threading.Thread(target=lambda office=o: seen.append(office.numbers())) for o in (one, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert seen == [[1, 2, 3, 4]] * 2
        one.get("?after=4")
        other.get("?after=4")
    for number in range(1, 5):
        assert list(world.delivery(number)).count("HandedOver") == 1
