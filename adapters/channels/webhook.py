"""A signed webhook: one POST of a structured CloudEvent, under the signature of Standard Webhooks.

| what happens | what it is |
|---|---|
| 2xx | a receipt |
| no connection, or none that proves who it is | surely not handed over; tried again |
| no address, or one that is not public | surely not; tried again |
| 410: the office wants nothing here any more | surely not; not tried again by itself |
| any other answer: a redirect (never followed), 4xx, 5xx | surely not; tried again |
| the request began to go out, and no answer came | in doubt |

An answer other than 2xx is taken at its word: the receiver says that it did not accept. What a person can
mend on either side within days (a secret, a path, a parser, a name) is tried again, because a legal clock runs.
"""
from __future__ import annotations

import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Protocol
from urllib.parse import urlsplit

import urllib3
from standardwebhooks import Webhook as Signer
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from adapters.disclosure.parcel import structured
from domain.disclosure.events import Failure
from domain.ports import Clock, HandOverDoubtful, HandOverFailed, Parcel, Receipt

CONTENT_TYPE = "application/cloudevents+json"
CONNECT_SECONDS_MAX = 5.0
ADDRESSES_MAX = 8
ANSWER_BYTES_MAX = 4_096
REFERENCE_LENGTH_MAX = 200
GONE = 410
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
PORTS = {"https": 443, "http": 80}

Resolve = Callable[[str, int], list[str]]
"""Addresses of a host, or OSError."""


class Wall(Protocol):
    """The wall clock that receivers compare a signature's time with."""

    def now(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class _Target:
    scheme: str
    host: str
    port: int
    path: str


class Webhook:
    """A channel of one POST a parcel. `address_of` gives an office's URL, `secret_of` its signing secret.

    The host's addresses are resolved first, and the connection goes to one that was checked, with the name in
    Host and in TLS; an office that resolves to any private address gets nothing. `allow_loopback` is for demos
    and tests: then, and only toward loopback, plain HTTP is spoken too. `clock` tells when the receipt came,
    `wall` stamps the signature.
    """

    name = "webhook"

    def __init__(
        self, address_of: Callable[[str], str], secret_of: Callable[[str], str], *, clock: Clock, wall: Wall,
        allow_loopback: bool = False, resolve: Resolve | None = None, trust: ssl.SSLContext | None = None,
    ) -> None:
        self._address_of, self._secret_of, self._clock, self._wall = address_of, secret_of, clock, wall
        self._allow_loopback, self._resolve = allow_loopback, resolve or _resolve
        self._trust = trust

    def hand_over(self, parcel: Parcel, *, timeout_seconds: float) -> Receipt:
        """Raises HandOverFailed (its reason is a `Failure` code) or HandOverDoubtful."""
        body = _body(parcel)
        try:
            target = _target(self._address_of(parcel.office))
            headers = self._headers(parcel, target, body)
        except (KeyError, ValueError) as error:  # no such office, no URL, no secret: somebody has to mend it
            raise HandOverFailed(Failure.ERROR.value, retry=True) from error
        connection = self._connect(target, timeout_seconds)
        over = threading.Event()
        watch = threading.Timer(timeout_seconds, _cut, (connection, over))  # a read's timeout begins anew with every byte
        watch.daemon = True
        watch.start()
        try:
            connection.request("POST", target.path, body, headers, preload_content=False, decode_content=False)
            with closing(connection.getresponse()) as answer:
                if over.is_set():
                    raise TimeoutError("the answer was cut while it came")
                status, stamp, told = answer.status, answer.headers.get("date", ""), answer.headers.get("webhook-receipt-id")
                told = told or (_told(answer) if 200 <= status < 300 else None)
        except (HTTPError, HTTPException, OSError, ValueError) as error:
            raise HandOverDoubtful(f"no answer came ({type(error).__name__})") from error
        finally:
            watch.cancel()
            connection.close()
        if 200 <= status < 300:
            return Receipt(reference=_printable(told or f"{status} {stamp}".strip()), at=self._clock.now())
        failure = Failure.ERROR if status >= 500 else Failure.REFUSED
        raise HandOverFailed(failure.value, retry=status != GONE)

    def _headers(self, parcel: Parcel, target: _Target, body: str) -> dict[str, str]:
        message_id = webhook_id(parcel)
        now = self._wall.now().astimezone(UTC)  # The library signs the digits of the datetime as if they were UTC.
        default = PORTS[target.scheme] == target.port
        host = f"[{target.host}]" if ":" in target.host else target.host
        return {
            "Host": host if default else f"{host}:{target.port}",
            "Content-Type": CONTENT_TYPE,
            "User-Agent": "casebridge",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Signer(self._secret_of(parcel.office)).sign(message_id, now, body),
        }

    def _connect(self, target: _Target, timeout_seconds: float) -> HTTPConnection:
        """A connection that stands, to an address that was checked. Raises HandOverFailed: nothing was sent."""
        try:
            addresses = self._resolve(target.host, target.port)[:ADDRESSES_MAX]
        except OSError as error:
            raise HandOverFailed(Failure.UNREACHABLE.value, retry=True) from error
        checked = [ipaddress.ip_address(address) for address in addresses]
        plain = target.scheme == "http"
        for address in checked:
            if not ((_is_public(address) and not plain) or (self._allow_loopback and address.is_loopback)):
                raise HandOverFailed(Failure.FORBIDDEN_ADDRESS.value, retry=True)
        last: Exception | None = None
        for address in checked:
            connection = self._connection(target, str(address), min(CONNECT_SECONDS_MAX, timeout_seconds))
            try:
                connection.connect()
                connection.timeout = timeout_seconds  # from here on, of reading
                return connection
            except (HTTPError, OSError, ValueError) as error:
                connection.close()
                last = error
        raise HandOverFailed(Failure.UNREACHABLE.value, retry=True) from last

    def _connection(self, target: _Target, address: str, connect_seconds: float) -> HTTPConnection:
        if target.scheme == "http":
            return HTTPConnection(address, target.port, timeout=connect_seconds)
        self._trust = self._trust or ssl.create_default_context()
        return HTTPSConnection(
            address, target.port, timeout=connect_seconds, server_hostname=target.host, cert_reqs="CERT_REQUIRED",
            ssl_context=self._trust,
        )


def webhook_id(parcel: Parcel) -> str:
    """The parcel's id, the same at every attempt; without full stops, which separate what is signed."""
    return dict(parcel.headers)["id"].replace(".", "_")


def _target(url: str) -> _Target:
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname or parts.username:
        raise HandOverFailed(Failure.FORBIDDEN_ADDRESS.value, retry=True)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return _Target(parts.scheme, parts.hostname, parts.port or PORTS[parts.scheme], path)


def _body(parcel: Parcel) -> str:
    return json.dumps(structured(parcel), separators=(",", ":"))


def _resolve(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address is one of the internet, also where it carries an older one inside."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return _is_public(address.ipv4_mapped)
        if address.sixtofour is not None or address.teredo is not None or address in NAT64:
            return False
    return address.is_global and not address.is_multicast


def _cut(connection: HTTPConnection, over: threading.Event) -> None:
    """End a connection whose time is over, from another thread; who waits on it sees it end."""
    over.set()
    sock = connection.sock
    if sock is not None:
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # It has ended already.


def _told(answer: urllib3.BaseHTTPResponse) -> str | None:
    """The receiver's own id for what it took, where it gives one; its absence or damage changes no receipt."""
    try:
        told = json.loads(answer.read(ANSWER_BYTES_MAX))
    except (HTTPError, HTTPException, OSError, ValueError):
        return None
    told = told.get("id") if isinstance(told, dict) else None
    return told if isinstance(told, str) and told else None


def _printable(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable())[:REFERENCE_LENGTH_MAX]
