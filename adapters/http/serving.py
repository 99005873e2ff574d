"""The feeds' server: it logs no request, for a path names an office."""
from __future__ import annotations

from pathlib import Path

import uvicorn

from adapters.http.app import FeedApp, application

BACKLOG_MAX = 256
CONNECTIONS_MAX = 512


def run(feed: FeedApp, *, host: str, port: int, certificate: Path | None, key: Path | None) -> None:
    """Serve until a signal ends it; with a certificate and its key over TLS."""
    uvicorn.run(
        application(feed), host=host, port=port, access_log=False, log_level="warning", ssl_certfile=certificate,
        ssl_keyfile=key, backlog=BACKLOG_MAX, limit_concurrency=CONNECTIONS_MAX, proxy_headers=False,
    )
