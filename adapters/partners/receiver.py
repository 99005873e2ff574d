"""A sample receiver: what a partner without Kafka runs to take its feed, in one page.

It answers on loopback only, checks every signature, remembers the ids it has seen (a message may come again
after doubt, with the same id and bytes; a number comes again as another entry where the agency lost its log), and gives a
receipt.
"""
from __future__ import annotations

import json
import threading
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from standardwebhooks import Webhook as Signature

BODY_BYTES_MAX = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """One message as it arrived and was verified."""

    office: str
    id: str
    number: int
    content: bytes
    event: dict[str, Any]


@dataclass
class Receiver:
    """Offices on loopback, each under the path of its name. `secret_of` gives the secret that each shares with us."""

    secret_of: Callable[[str], str]
    received: list[Received] = field(default_factory=list)
    rejected: int = 0

    def __enter__(self) -> Self:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                status, answer = receiver.take(self.path.strip("/"), dict(self.headers), self._body())
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def _body(self) -> bytes:
                return self.rfile.read(min(int(self.headers.get("content-length", "0")), BODY_BYTES_MAX))

            def log_message(self, format: str, *args: Any) -> None:
                """A message is not written to any log."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def address_of(self, office: str) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/{office}"

    def take(self, office: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str]]:
        """Verify and keep one message; the same id again gets the same receipt."""
        lower = {name.lower(): value for name, value in headers.items()}
        try:
            event = Signature(self.secret_of(office)).verify(body, lower)
        except Exception:
            self.rejected += 1
            return 401, {"error": "the signature does not hold"}
        assert isinstance(event, dict)
        number, message_id = int(event["feednumber"]), lower["webhook-id"]
        if message_id not in {known.id for known in self.received}:
            content = b64decode(event["data_base64"])
            self.received.append(Received(office=office, id=message_id, number=number, content=content, event=event))
        epoch = f"-{event['feedepoch']}" if "feedepoch" in event else ""
        return 200, {"id": f"{office.split('.')[0].upper()}-{number:04d}{epoch}"}
