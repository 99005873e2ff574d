"""A webhook is signed, goes only where it may, and says honestly whether it arrived."""
from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socket import create_server
from threading import Event, Thread
from time import monotonic

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from adapters.channels.webhook import Resolve, Webhook, webhook_id
from adapters.clocks import HistoryClock, SystemClock
from domain.ports import HandOverDoubtful, HandOverFailed, Parcel, Receipt
from tests.webhook_receiver import SECRET, Mood, Receiver, receiver

pytestmark = pytest.mark.timeout(60)
THEN = datetime(2026, 8, 17, 15, 20, tzinfo=UTC)
PARCEL = Parcel(
    office="cons-mx.el-paso", number=7, reference="7ZQ3K0AB5", content=bytes(range(256)),
    headers=(("id", "cons-mx.el-paso:7"), ("source", "/feeds/cons-mx.el-paso/7ZQ3K0AB5"), ("sequence", "0" * 19 + "1")),
)


@pytest.fixture
def office() -> Iterator[Receiver]:
    with receiver() as server:
        yield server


def webhook(url: str, *, allow_loopback: bool = True, resolve: Resolve | None = None, wall: object = None,
            trust: ssl.SSLContext | None = None, secret: str = SECRET) -> Webhook:
    return Webhook(
        lambda _: url, lambda _: secret, clock=HistoryClock(THEN), wall=wall or SystemClock(),  # type: ignore[arg-type]
        allow_loopback=allow_loopback, resolve=resolve, trust=trust,
    )


def post(url: str, *, timeout_seconds: float = 5.0) -> Receipt:
    return webhook(url).hand_over(PARCEL, timeout_seconds=timeout_seconds)


def test_the_office_verifies_the_signature_and_finds_the_bytes_in_a_structured_cloud_event(office: Receiver) -> None:
    office.answer_body = b'{"id": "folio 4711"}'
    receipt = post(office.url)
    (given,) = office.taken
    assert given.content == PARCEL.content
    assert given.event["specversion"] == "1.0" and given.event["id"] == "cons-mx.el-paso:7"
    assert given.headers["content-type"] == "application/cloudevents+json"
    assert given.headers["host"] == f"127.0.0.1:{office.port}"
    assert receipt == Receipt(reference="folio 4711", at=THEN)


def test_a_receipt_without_an_id_of_the_office_names_status_and_date(office: Receiver) -> None:
    assert post(office.url).reference.startswith("200 ")


def test_a_receipt_takes_the_id_that_a_header_gives_and_nothing_unprintable(office: Receiver) -> None:
    office.answer_headers = {"webhook-receipt-id": "a" * 500 + "\x07"}
    assert post(office.url).reference == "a" * 200


def test_the_message_id_stays_the_same_and_has_no_full_stop_which_separates_what_is_signed(office: Receiver) -> None:
    post(office.url)
    post(office.url)
    assert {given.id for given in office.taken} == {webhook_id(PARCEL)} == {"cons-mx_el-paso:7"}


def test_a_wall_clock_in_another_zone_signs_the_same_moment(office: Receiver) -> None:
    class Elsewhere:
        def now(self) -> datetime:
            return datetime.now(timezone(timedelta(hours=-6)))

    webhook(office.url, wall=Elsewhere()).hand_over(PARCEL, timeout_seconds=5)
    assert len(office.taken) == 1 and not office.forged


def test_a_wrong_secret_is_refused_by_the_office_and_may_be_mended(office: Receiver) -> None:
    with pytest.raises(HandOverFailed) as failed:
        webhook(office.url, secret="whsec_" + "d3Jvbmc=").hand_over(PARCEL, timeout_seconds=5)
    assert failed.value.retry and failed.value.reason == "refused" and office.forged


@pytest.mark.parametrize(
    ("status", "reason", "retry"),
    [
        (302, "refused", True), (400, "refused", True), (401, "refused", True), (404, "refused", True),
        (408, "refused", True), (410, "refused", False), (413, "refused", True), (415, "refused", True),
        (422, "refused", True), (425, "refused", True), (429, "refused", True), (500, "error", True),
        (503, "error", True),
    ],
)
def test_an_answer_other_than_2xx_is_no_hand_over(office: Receiver, status: int, reason: str, retry: bool) -> None:
    office.moods = lambda _, __: status
    office.answer_headers = {"location": office.url}
    with pytest.raises(HandOverFailed) as failed:
        post(office.url)
    assert (failed.value.reason, failed.value.retry) == (reason, retry)
    assert len(office.received) == 1, "a redirect is not followed"


@pytest.mark.parametrize("mood", [Mood.ACCEPT_AND_HANG_UP, Mood.NEVER_ANSWER])
def test_no_answer_after_the_request_went_out_is_a_doubt(office: Receiver, mood: Mood) -> None:
    office.moods = lambda _, __: mood
    with pytest.raises(HandOverDoubtful):
        post(office.url, timeout_seconds=0.5)


def test_a_connection_refused_is_surely_no_hand_over() -> None:
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(HandOverFailed) as failed:
        post(f"http://127.0.0.1:{port}/")
    assert failed.value.reason == "unreachable" and failed.value.retry


def test_a_name_that_does_not_resolve_is_surely_no_hand_over() -> None:
    def nobody(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    with pytest.raises(HandOverFailed) as failed:
        webhook("https://consulate.example/", resolve=nobody).hand_over(PARCEL, timeout_seconds=5)
    assert failed.value.reason == "unreachable" and failed.value.retry


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "::1", "fe80::1", "fd00::1", "::ffff:10.0.0.1", "2002:0a00:0001::", "64:ff9b::a00:1",
        "2001:0:53aa:64c:0:fbff:f5ff:fffe",
    ],
)
def test_an_address_that_is_not_public_gets_nothing_even_beside_a_public_one(address: str) -> None:
    for addresses in ([address], ["93.184.215.14", address]):
        def resolve(host: str, port: int, found: list[str] = addresses) -> list[str]:
            return found

        channel = webhook("https://consulate.example/", allow_loopback=False, resolve=resolve)
        with pytest.raises(HandOverFailed) as failed:
            channel.hand_over(PARCEL, timeout_seconds=0.2)
        assert failed.value.reason == "forbidden_address" and failed.value.retry


def test_plain_http_is_spoken_to_loopback_only() -> None:
    channel = webhook("http://consulate.example/", resolve=lambda _, __: ["93.184.215.14"])
    with pytest.raises(HandOverFailed, match="forbidden_address"):
        channel.hand_over(PARCEL, timeout_seconds=0.2)


@pytest.mark.parametrize("url", ["ftp://consulate.example/", "consulate.example", "https://user:word@consulate.example/"])
def test_an_address_that_is_no_web_address_gets_nothing(url: str) -> None:
    with pytest.raises(HandOverFailed, match="forbidden_address"):
        webhook(url).hand_over(PARCEL, timeout_seconds=0.2)


def test_an_office_without_an_address_or_secret_is_no_hand_over() -> None:
    def unknown(_: str) -> str:
        raise KeyError

    channel = Webhook(unknown, lambda _: SECRET, clock=HistoryClock(THEN), wall=SystemClock())
    with pytest.raises(HandOverFailed) as failed:
        channel.hand_over(PARCEL, timeout_seconds=0.2)
    assert failed.value.retry


def test_an_answer_that_drips_is_cut_at_the_time_out() -> None:
    """Each byte would begin a read's own time-out anew."""
    ended = Event()
    with create_server(("127.0.0.1", 0)) as server:
        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                try:
                    connection.sendall(b"HTTP/1.1 200 OK\r\nx: ")
                    while not ended.wait(0.05):
                        connection.sendall(b"x")
                except OSError:
                    pass

        thread = Thread(target=drip, daemon=True)
        thread.start()
        begun = monotonic()
        with pytest.raises(HandOverDoubtful):
            post(f"http://127.0.0.1:{server.getsockname()[1]}/", timeout_seconds=0.5)
        ended.set()
        thread.join(10)
        assert monotonic() - begun < 5


def test_an_endless_answer_is_read_to_a_bound_and_is_a_receipt(office: Receiver) -> None:
    office.answer_body = b"x" * 5_000_000
    assert post(office.url).reference.startswith("200 ")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate of its own making for consulate.example, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "consulate.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("consulate.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "consulate.pem"
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + made.public_bytes(Encoding.PEM)
    )
    return path


@pytest.mark.parametrize(("host", "arrives"), [("consulate.example", True), ("other.example", False)])
def test_the_connection_goes_to_the_checked_address_and_the_name_is_proven_there(
    certificate: Path, host: str, arrives: bool
) -> None:
    hosts: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            hosts.append(self.headers["host"])
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    port = server.server_address[1]
    resolved: list[str] = []

    def resolve(name: str, _: int) -> list[str]:
        resolved.append(name)
        return ["127.0.0.1"]

    channel = webhook(
        f"https://{host}:{port}/in", resolve=resolve, trust=ssl.create_default_context(cafile=str(certificate))
    )
    try:
        if arrives:
            assert channel.hand_over(PARCEL, timeout_seconds=5).reference.startswith("204")
            assert hosts == [f"consulate.example:{port}"]
        else:
            with pytest.raises(HandOverFailed, match="unreachable"):
                channel.hand_over(PARCEL, timeout_seconds=5)
            assert hosts == []
        assert resolved == [host], "resolved once: what was checked is what is connected to"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
