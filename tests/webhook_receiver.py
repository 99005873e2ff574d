"""An office's webhook receiver on loopback: a real HTTP server that can refuse, dawdle, hang up and forget to answer."""
from __future__ import annotations

import json
import struct
import threading
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SO_LINGER, SOL_SOCKET
from typing import Any

from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

SECRET = "whsec_" + "Y2FzZWJyaWRnZS10ZXN0LXNlY3JldC0wMTIzNDU2Nzg5"
BODY_BYTES_MAX = 1_000_000


class Mood(Enum):
    ACCEPT = "accept"
    ACCEPT_AND_HANG_UP = "accept and hang up"  # took it, and the answer is lost
    NEVER_ANSWER = "never answer"


@dataclass(frozen=True, slots=True)
class Received:
    """One request whose signature held. `taken` says whether the receiver keeps it."""

    id: str
    event: dict[str, Any]
    headers: dict[str, str]
    taken: bool

    @property
    def content(self) -> bytes:
        return b64decode(self.event["data_base64"])


class Receiver:
    """`moods` decides for each request, from its count (from 1) and message id: a Mood, or the status it answers."""

    def __init__(self, *, secret: str = SECRET, moods: Callable[[int, str], Mood | int] | None = None) -> None:
        self.moods = moods or (lambda count, message_id: Mood.ACCEPT)
        self.received: list[Received] = []
        self.forged: list[str] = []
        self.answer_headers: dict[str, str] = {}
        self.answer_body = b""
        self._verifier, self._lock, self._count = Verifier(secret), threading.Lock(), 0
        self.closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/casebridge"

    @property
    def taken(self) -> list[Received]:
        with self._lock:
            return [received for received in self.received if received.taken]

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def take(self, headers: dict[str, str], body: bytes) -> Mood | int:
        try:
            self._verifier.verify(body, headers)
        except (WebhookVerificationError, ValueError):
            with self._lock:
                self.forged.append(headers.get("webhook-id", ""))
            return 401
        with self._lock:
            self._count += 1
            mood = self.moods(self._count, headers["webhook-id"])
            taken = mood in (Mood.ACCEPT, Mood.ACCEPT_AND_HANG_UP) or (isinstance(mood, int) and 200 <= mood < 300)
            self.received.append(Received(headers["webhook-id"], json.loads(body), headers, taken))
        return mood


@contextmanager
def receiver(moods: Callable[[int, str], Mood | int] | None = None) -> Iterator[Receiver]:
    server = Receiver(moods=moods)
    try:
        yield server
    finally:
        server.close()


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = min(int(self.headers["content-length"]), BODY_BYTES_MAX)
            body = self.rfile.read(length)
            if len(body) < length:  # The sender died in the middle of it: that is no message, and no forgery either.
                self.close_connection = True
                return
            mood = receiver.take({name.lower(): value for name, value in self.headers.items()}, body)
            if mood is Mood.NEVER_ANSWER:
                receiver.closing.wait(60)
            if mood in (Mood.NEVER_ANSWER, Mood.ACCEPT_AND_HANG_UP):
                self.connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True
                return
            self.send_response(200 if mood is Mood.ACCEPT else mood)
            for name, value in receiver.answer_headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(receiver.answer_body)))
            self.end_headers()
            self.wfile.write(receiver.answer_body)

        def log_message(self, format: str, *args: object) -> None:
            """Silent: the receiver's record is `received`."""

    return Handler
