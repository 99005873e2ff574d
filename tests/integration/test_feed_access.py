"""A feed over HTTP, asked for in every way by every credential: a foreign one is unknown. Fields: `test_access_matrix`."""
from __future__ import annotations

import itertools
import json
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from urllib3 import PoolManager

from adapters.http.limits import UNPROVEN_TRIES, Logins, RateLimit
from tests.disclosure_world import DENVER, GUATEMALA, KINDS, MEXICO, World
from tests.integration.test_pull_feed import CREDENTIALS, Office, served

OFFICES = (MEXICO, DENVER, GUATEMALA)
UNKNOWN = "cons-mx.nowhere"
ASKED = ("", "?after=0", "?after=7", "?after=x", "?limit=1", "?wait=1")
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "DELETE")
LISTS = ("/feeds", "/feeds/", "/feeds/{office}", "/feeds/{office}/", "/feeds/{office}/events/", "/feeds/{office}/events/1")
TRIES, SLOWER_MAX, SECONDS_MAX = 40, 3.0, 0.05
VARIES = frozenset({"date"})


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("agency"), channels=dict.fromkeys(OFFICES, "pull"))
    world.found(*OFFICES)
    for number, office in enumerate(OFFICES):
        family = world.family(number, country=KINDS[office][1])
        if office != GUATEMALA:  # Two offices serve Mexicans here: a person says which.
            world.route(family, office=office)
        world.release(family, office=office)
    world.disclose()
    yield world
    world.close()


@pytest.fixture(scope="module")
def http(world: World) -> Iterator[Office]:
    seconds = iter(range(10**9)).__next__
    with served(world, RateLimit(monotonic=seconds), Logins(RateLimit(UNPROVEN_TRIES, monotonic=seconds))) as office:
        yield office


def asked(http: Office, path: str, *, credential_of: str | None, method: str = "GET") -> tuple[int, bytes, dict[str, str]]:
    """Status, body and headers."""
    shown = {} if credential_of is None else {"authorization": f"Bearer {CREDENTIALS.of(credential_of, 1)}"}
    pool = PoolManager(retries=False)
    with closing(pool):
        answer = pool.request(method, f"{http.base}{path}", headers=shown)
        headers = {name.lower(): value for name, value in answer.headers.items() if name.lower() not in VARIES}
        return answer.status, answer.data, headers


@contextmanager
def closing(pool: PoolManager) -> Iterator[None]:
    try:
        yield
    finally:
        pool.clear()


def test_every_office_against_every_feed(http: Office, world: World) -> None:
    for holder, of in itertools.product((*OFFICES, None), OFFICES):
        answers = {query: asked(http, f"/feeds/{of}/events{query}", credential_of=holder) for query in ASKED}
        if holder == of:
            assert answers[""][0] == 200 and [e["feednumber"] for e in json.loads(answers[""][1])] == ["1"]
        else:
            unknown = asked(http, f"/feeds/{UNKNOWN}/events", credential_of=holder)
            assert unknown[0] == 401
            assert all(answer == unknown for answer in answers.values()), f"{holder} asked for {of}"
    for office in OFFICES:
        assert set(world.delivery(1, office)) <= {"HandOverStarted", "HandOverDoubted"}, "nobody handed over another's entry"


@pytest.mark.parametrize("method", METHODS)
def test_no_method_tells_a_foreign_feed_from_an_unknown_one(http: Office, method: str) -> None:
    foreign, unknown = (
        asked(http, f"/feeds/{of}/events", credential_of=MEXICO, method=method) for of in (DENVER, UNKNOWN)
    )
    assert foreign == unknown and foreign[0] in (401, 405)


@pytest.mark.parametrize("path", LISTS)
def test_feeds_can_be_neither_listed_nor_guessed(http: Office, path: str) -> None:
    answers = [asked(http, path.format(office=of), credential_of=MEXICO) for of in (DENVER, UNKNOWN)]
    status, body, headers = answers[0]
    assert [(s, b, _without_code(h)) for s, b, h in answers] == [(status, body, _without_code(headers))] * 2
    assert status in (404, 307) and not any(office.encode() in body for office in OFFICES)


def _without_code(headers: dict[str, str]) -> dict[str, str]:
    """A redirection repeats what was asked for, and so tells nothing."""
    return {name: value.replace(DENVER, "").replace(UNKNOWN, "") for name, value in headers.items()}


def test_a_foreign_feed_answers_in_the_time_of_an_unknown_one(http: Office) -> None:
    taken: dict[str, list[float]] = {DENVER: [], UNKNOWN: []}
    for _, of in itertools.product(range(TRIES), taken):  # One after the other, so that what slows one slows the other.
        begun = time.perf_counter()
        asked(http, f"/feeds/{of}/events", credential_of=MEXICO)
        taken[of].append(time.perf_counter() - begun)
    foreign, unknown = (statistics.median(each) for each in taken.values())
    assert abs(foreign - unknown) < SECONDS_MAX and max(foreign, unknown) < SLOWER_MAX * min(foreign, unknown)
