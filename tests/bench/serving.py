"""`python -m tests.bench.serving HOME ENTRIES READY`: a feed of so many entries over HTTP, as `serve` serves it.

Beside it `/bare` answers with the last batch's very bytes and does nothing else. READY comes into being, with port and
credential, once the server listens. Without the limit of readings: what is measured is what a reading costs.
"""
from __future__ import annotations

import asyncio
import json
import socket
import sys
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.composition import Casebridge
from adapters.disclosure.pull import CHANNEL, PullFeed
from adapters.http.app import BATCH, FeedApp
from adapters.http.limits import Logins, RateLimit
from adapters.settings import Settings
from tests.bench.agency import RunningClock
from tests.bench.disclosures import ISS
from tests.bench.long_feed import fill


class Unlimited(RateLimit):
    def wait_seconds(self, caller: str) -> float:
        return 0.0


class Served:
    """The feed, and an endpoint that repeats its last answer."""

    def __init__(self, feed: FeedApp) -> None:
        self._feed, self._last = feed, b""

    async def events(self, request: Request) -> Response:
        response = await self._feed.events(request)
        self._last = bytes(response.body)
        return response

    async def bare(self, request: Request) -> Response:
        return Response(self._last, media_type=BATCH)

    def application(self) -> Starlette:
        return Starlette(routes=[Route("/feeds/{office}/events", self.events), Route("/bare", self.bare)])


async def serve(application: Starlette, ready: Path, credential: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(application, access_log=False, log_level="warning"))
        made = ready.with_suffix(".new")
        made.write_text(json.dumps({"port": listening.getsockname()[1], "credential": credential}), encoding="utf-8")
        made.rename(ready)
        await server.serve(sockets=[listening])


def main(home: str, entries: str, ready: str) -> None:
    with Casebridge(Settings(home=Path(home)), clock=RunningClock()) as casebridge:
        fill(casebridge, int(entries), channel=CHANNEL)
        feed = PullFeed(casebridge.backbone, casebridge.rendering())
        app = FeedApp(feed, casebridge.office_of, casebridge.credentials, Unlimited(), Logins())
        asyncio.run(serve(Served(app).application(), Path(ready), casebridge.secret_of(ISS)))


if __name__ == "__main__":
    main(*sys.argv[1:])
