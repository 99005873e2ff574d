"""The feed over HTTP: an office reads its entries after a number, as a batch of CloudEvents, with its own credential.

What a caller without the right to a feed is told never depends on whether there is such a feed.
"""
from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.disclosure.epochs import FeedPlace
from adapters.disclosure.parcel import structured
from adapters.disclosure.pull import CHANNEL, ENTRIES_MAX, FeedClosed, FeedRenewed, NoSuchNumber, PullFeed, Reading
from adapters.http.credentials import FeedCredentials
from adapters.http.limits import Logins, RateLimit
from adapters.http.openapi import DOCUMENT
from domain.agency.events import OfficeStage
from domain.agency.state import Office
from domain.ports import KeysUnavailable, LineageChanged, LogUnavailable

logger = logging.getLogger(__name__)
BATCH = "application/cloudevents-batch+json"
PROBLEM = "application/problem+json"
WAIT_SECONDS_MAX = 30
LOOK_EVERY_SECONDS = 0.25
WAITING_MAX = 64
"""So many long polls wait at once; one more is answered at once, with what there is."""
RETRY_SECONDS = 60
DIGITS_MAX = 16
OfficeOf = Callable[[str], tuple[str, Office] | None]
"""An office by its code, with the agency that lists it."""
AddressOf = Callable[[Request], str]
"""From which address a request comes."""


def peer(request: Request) -> str:
    """Whoever is connected."""
    return request.client.host if request.client else ""


def before_proxy(request: Request) -> str:
    """Whom the proxy before this says that it speaks for: the last word of `X-Forwarded-For`, which is its own. What
    stands before that is the client's to invent."""
    told = request.headers.getlist("x-forwarded-for")
    return told[-1].rpartition(",")[2].strip() if told else peer(request)


@dataclass(frozen=True, slots=True)
class _Asked:
    epoch: str
    after: int
    limit: int
    wait_seconds: int


class _Refused(Exception):
    def __init__(self, status: int, title: str, **headers: str) -> None:
        super().__init__(title)
        self.status, self.title, self.headers = status, title, headers


class FeedApp:
    """`GET /feeds/{office}/events`, its OpenAPI document, and a health check that tells nothing else."""

    def __init__(
        self, feed: PullFeed, office_of: OfficeOf, credentials: FeedCredentials, limit: RateLimit, logins: Logins,
        address_of: AddressOf = peer,
    ) -> None:
        self._feed, self._office_of, self._credentials = feed, office_of, credentials
        self._limit, self._logins, self._address_of = limit, logins, address_of
        self._waiting = 0

    def routes(self) -> list[Route]:
        events = Route("/feeds/{office}/events", self.events, methods=["GET"])
        events.methods = {"GET"}  # A HEAD, which Starlette adds, would have what it does not bring counted as read.
        return [
            events,
            Route("/openapi.json", self.document, methods=["GET"]),
            Route("/health", self.health, methods=["GET"]),
        ]

    async def events(self, request: Request) -> Response:
        try:
            agency, office = await run_in_threadpool(self._admit, request)
            asked = _asked(request)
            await self._wait(office.office, asked)
            reading = await run_in_threadpool(
                self._feed.read, office.office, agency, after=asked.after, epoch=asked.epoch, limit=asked.limit,
                credential=office.credential,
            )
        except _Refused as refused:
            return _problem(refused.status, refused.title, refused.headers)
        except FeedClosed as closed:
            return _problem(503, str(closed), {"retry-after": str(RETRY_SECONDS)})
        except NoSuchNumber as unknown:
            return _problem(400, str(unknown), {})
        except FeedRenewed as renewed:
            return _problem(410, str(renewed), {"link": _link(office.office, renewed.shared)})
        except (LogUnavailable, LineageChanged, KeysUnavailable) as error:
            logger.warning("a reading could not be made: %s", type(error).__name__)
            return _problem(503, "try again", {"retry-after": "5"})
        return _batch(request, office.office, reading)

    async def document(self, request: Request) -> Response:
        return JSONResponse(DOCUMENT)

    async def health(self, request: Request) -> Response:
        return JSONResponse({"status": "up"})

    def _admit(self, request: Request) -> tuple[str, Office]:
        """The office whose credential was shown, where it is its own feed that is asked for."""
        code, shown = request.path_params["office"], request.headers.get("authorization", "")
        _within(self._logins.wait_seconds(code, shown, self._address_of(request)), "too many tries")
        found = self._office_of(code)
        if not self._is_right(code, shown, found):
            self._logins.failed(code, shown)
            headers = {"www-authenticate": 'Bearer realm="casebridge"'}
            raise _Refused(401, "show the credential of the feed that you ask for", **headers)
        assert found is not None, "what is right is an office's"
        self._logins.opened(code, shown)
        _within(self._limit.wait_seconds(code), "too many readings")
        if found[1].stage is not OfficeStage.LIVE:
            raise _Refused(503, f"this feed is {found[1].stage.value}", **{"retry-after": str(RETRY_SECONDS)})
        return found

    def _is_right(self, code: str, shown: str, found: tuple[str, Office] | None) -> bool:
        """In a time that does not tell whether there is such an office."""
        scheme, _, given = shown.partition(" ")
        office = None if found is None else found[1]
        is_its_own = self._credentials.is_right(given.strip(), code, 1 if office is None else office.credential)
        return is_its_own and scheme.lower() == "bearer" and office is not None and office.channel == CHANNEL

    async def _wait(self, office: str, asked: _Asked) -> None:
        """Until there is something after the number, or the time is over. A number past the end is answered at once."""
        if asked.wait_seconds == 0 or self._waiting >= WAITING_MAX:
            return
        self._waiting += 1
        try:
            for _ in range(int(asked.wait_seconds / LOOK_EVERY_SECONDS)):
                if await run_in_threadpool(self._feed.head, office) != asked.after:
                    return
                await asyncio.sleep(LOOK_EVERY_SECONDS)
        finally:
            self._waiting -= 1


def application(feed: FeedApp) -> Starlette:
    return Starlette(routes=feed.routes())


def _within(wait_seconds: float, what: str) -> None:
    if wait_seconds > 0:
        raise _Refused(429, what, **{"retry-after": str(math.ceil(wait_seconds))})


def _asked(request: Request) -> _Asked:
    return _Asked(
        epoch=request.query_params.get("epoch", ""),
        after=_number(request, "after", 0, 2**53), limit=_number(request, "limit", ENTRIES_MAX, ENTRIES_MAX) or 1,
        wait_seconds=_number(request, "wait", 0, WAIT_SECONDS_MAX),
    )


def _number(request: Request, name: str, default: int, most: int) -> int:
    given = request.query_params.get(name)
    if given is None:
        return default
    if not given.isascii() or not given.isdigit() or len(given) > DIGITS_MAX or int(given) > most:
        raise _Refused(400, f"{name} is a whole number from 0 to {most}")
    return int(given)


def _batch(request: Request, office: str, reading: Reading) -> Response:
    content = json.dumps([structured(parcel) for parcel in reading.parcels], separators=(",", ":")).encode()
    tag = f'"{reading.last}-{hashlib.sha256(content).hexdigest()[:16]}"'
    headers = {
        "etag": tag, "cache-control": "no-store", "link": _link(office, reading.place),
    }
    if tag in _tags(request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=BATCH, headers=headers)


def _tags(given: str) -> set[str]:
    """The tags of `If-None-Match`; a proxy that packs what it passes on makes them weak (RFC 9110, 13.1.2)."""
    return {one.strip().removeprefix("W/") for one in given.split(",")}


def _link(office: str, place: FeedPlace) -> str:
    """Where to go on."""
    epoch = f"epoch={place.epoch}&" if place.epoch else ""
    return f'</feeds/{office}/events?{epoch}after={place.number}>; rel="next"'


def _problem(status: int, title: str, headers: dict[str, str]) -> Response:
    """RFC 9457."""
    return JSONResponse({"status": status, "title": title}, status_code=status, headers=headers, media_type=PROBLEM)
