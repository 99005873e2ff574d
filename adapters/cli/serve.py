"""`serve`: the feeds over HTTP, for offices that read theirs when they like."""
from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from adapters.cli.console import USAGE, end, installation, say

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def serve(
    ctx: typer.Context,
    host: Annotated[str, typer.Option(metavar="HOST", help="Which address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="PORT", help="Which port.")] = 8080,
    certificate: Annotated[Path | None, typer.Option(metavar="FILE", help="TLS certificate chain, PEM.")] = None,
    key: Annotated[Path | None, typer.Option(metavar="FILE", help="The certificate's private key, PEM.")] = None,
    behind_proxy: Annotated[bool, typer.Option(
        "--behind-proxy", help="TLS ends at a proxy before this: plain HTTP is spoken on other addresses than loopback, "
        "and who asks is the last address of X-Forwarded-For, which the proxy has to add.",
    )] = False,
) -> None:
    """Serve every live office's feed to whoever shows that office's credential; every reading is checked and recorded.

    Example: casebridge serve --port 8080
    Next: `casebridge partner show OFFICE --secret` prints the credential; then, from the office's side,
    `curl -H "Authorization: Bearer $CREDENTIAL" "http://127.0.0.1:8080/feeds/OFFICE/events?after=0"`.
    """
    if (certificate is None) is not (key is None):
        raise end(USAGE, "a certificate and its key go together")
    if certificate is None and host not in LOOPBACK and not behind_proxy:
        raise end(USAGE, "off this machine only with --certificate and --key, or --behind-proxy: feeds carry personal data")
    from adapters.http.app import before_proxy, peer
    from adapters.http.serving import run

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    with installation(ctx) as casebridge:
        say(f"serving feeds on {host}:{port}; Ctrl-C stops")
        feed = casebridge.feed_app(before_proxy if behind_proxy else peer)
        run(feed, host=host, port=port, certificate=certificate, key=key)
