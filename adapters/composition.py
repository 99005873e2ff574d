"""The composition root: the only module that knows every part, and puts them together."""
from __future__ import annotations

import hashlib
import hmac
import os
import time
from base64 import b64encode
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from adapters.avro import EventCodec, SchemaRegistry
from adapters.backbone import Backbone
from adapters.channels.webhook import Webhook
from adapters.clock_worker import ClockWorker
from adapters.clocks import SystemClock
from adapters.custodian import Custodian
from adapters.disclosure.courier import Courier
from adapters.disclosure.discloser import Discloser
from adapters.disclosure.pull import CHANNEL, PullFeed
from adapters.disclosure.receipts import Receipts
from adapters.disclosure.render import Rendering
from adapters.eventstore import open_log
from adapters.http.credentials import FeedCredentials
from adapters.keys import FileKek, FileKeyStore
from adapters.keys.rotation import settle
from adapters.settings import Settings
from adapters.telemetry import telemetry
from adapters.views import ClearCodec, LogSource, open_views
from adapters.work import Worker
from domain.agency.events import OfficeStage
from domain.ports import Clock, EventLog, LogForked
from projections.bookkeeping import seen
from projections.deadline_board import DeadlineBoard
from projections.deliveries import Deliveries
from projections.projection import Projection
from projections.runner import LOG_SHARD, Runner, ViewsUnavailable
from projections.timeline import Timeline
from projections.waiting_board import WaitingBoard

if TYPE_CHECKING:
    from adapters.channels.kafka_feed import KafkaFeed
    from adapters.http.app import AddressOf, FeedApp
    from adapters.kafka.access import Member
    from adapters.kafka.settings import KafkaSettings
    from domain.agency.state import Office

SCHEMAS = Path(__file__).resolve().parents[1] / "schemas"
KAFKA = "kafka"
VIEWS_REST_SECONDS, CLOCK_REST_SECONDS, RIGHTS_REST_SECONDS = 0.5, 0.5, 0.5
RECEIPTS_REST_SECONDS, RELAY_REST_SECONDS = 0.2, 0.25
"""Nobody waits for these within a second, so what comes meanwhile is one step's work: one transaction, not many."""
PROJECTIONS: tuple[Callable[[], Projection], ...] = (Timeline, DeadlineBoard, WaitingBoard, Deliveries)


def nothing() -> None:
    """A worker that holds nothing closes nothing."""


@dataclass(frozen=True, slots=True)
class WebhookSecrets:
    """One signing secret for each office, derived from the key store's own, so that none is stored in clear."""

    root: bytes

    def __call__(self, office: str) -> str:
        secret = hmac.digest(self.root, b"casebridge/webhook/1/" + office.encode(), hashlib.sha256)
        return "whsec_" + b64encode(secret).decode()


class Casebridge:
    """Everything of one installation, opened. Close it, or use it in a `with`."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        entropy: Callable[[int], bytes] = os.urandom,
        address_of: Callable[[str], str] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`address_of` stands in for the directory's webhook addresses, where a demo or a test plays the offices.
        `monotonic` (seconds) ages opened keys and cached states. Without a `clock` the log keeps its own time: the
        server's, where it is on one."""
        self.settings = settings
        self._told_clock = clock
        self.clock: Clock = clock or SystemClock()
        self._address_of = address_of or self.address_of
        self.entropy = entropy
        self._monotonic = monotonic
        self._closing = ExitStack()
        try:
            self._open()
        except BaseException:
            self._closing.close()
            raise

    def _open(self) -> None:
        settings = self.settings
        telemetry.configure_from_environment()
        if settings.log is None or settings.views is None or settings.keys is None:
            settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.log: EventLog = open_log(settings.log_url, clock=self._told_clock)
        self._closing.callback(self.log.close)
        settle(settings.keys_path, settings.kek_path)
        self.keys = FileKeyStore(settings.keys_path, FileKek(settings.kek_path, wraps=settings.keys_path))
        self._closing.callback(self.keys.close)
        self.registry = SchemaRegistry.load(SCHEMAS, more=self.log.schemas)
        self.codec = EventCodec(self.registry, self.keys, monotonic=self._monotonic)
        self.clear_codec = ClearCodec(self.registry)
        self.views: Engine = open_views(settings.views_url)
        self._closing.callback(self.views.dispose)
        self.backbone = Backbone(
            log=self.log, codec=self.codec, keys=self.keys, clock=self.clock, entropy=self.entropy,
            monotonic=self._monotonic,
        )
        self.custodian = Custodian(self.backbone, self.keys)
        self.custodian.replay()
        self.secrets = WebhookSecrets(self.keys.command_key())
        self.credentials = FeedCredentials(self.keys.command_key())

    def require_log(self) -> None:
        """Raises LogForked where the key store or a view has seen of this log what it has not: it is an older copy.

        Views that do not answer are not asked: whoever needs them says so."""
        self.custodian.require_log()
        source = LogSource(self.log)
        try:
            stands = seen(self.views, LOG_SHARD)
        except SQLAlchemyError:
            return
        for view, at in stands:
            if at.lineage == self.log.lineage and at.event_id and not source.has(LOG_SHARD, at.position, at.event_id):
                raise LogForked(f"{view} had read up to position {at.position}, where another event stands now, or none")

    def runners(self) -> dict[str, Runner]:
        """The views, each fed from the log."""
        source = LogSource(self.log)
        watch = telemetry.watch(self.clock, traceparent=self.codec.traceparent)
        made = [projection() for projection in PROJECTIONS]
        return {
            projection.name: Runner(
                projection, source, self.views, reader=self.clear_codec, clock=self.clock, watch=watch
            )
            for projection in made
        }

    def address_of(self, office: str) -> str:
        """The address of an office, as the directory of its agency has it; raises KeyError."""
        known = self.office_of(office)
        if known is None:
            raise KeyError(office)
        return known[1].address

    def office_of(self, office: str) -> tuple[str, Office] | None:
        """An office with the code of the agency that lists it. All are looked through: the time does not tell whether."""
        found = None
        for stream, _ in self.log.streams("agency-"):
            code = stream.removeprefix("agency-")
            known = self.backbone.agency(code).offices.get(office)
            found = found or (None if known is None else (code, known))
        return found

    def secret_of(self, office: str) -> str:
        """What an office proves itself by, or proves us by: its credential for HTTP or Kafka, or its webhook's secret."""
        known = self.office_of(office)
        if known is not None and known[1].channel in (CHANNEL, KAFKA):
            return self.credentials.of(office, known[1].credential)
        return str(self.secrets(office))

    def kafka_members(self) -> list[Member]:
        """Every office that reads from Kafka, with its login's secret, and whether it may read now."""
        from adapters.kafka.access import Member

        return [
            Member(office.office, office.stage is OfficeStage.LIVE, self.credentials.of(office.office, office.credential))
            for stream, _ in self.log.streams("agency-")
            for office in self.backbone.agency(stream.removeprefix("agency-")).offices.values()
            if office.channel == KAFKA
        ]

    def feed_app(self, address_of: AddressOf) -> FeedApp:
        """The feeds over HTTP."""
        from adapters.http.app import FeedApp
        from adapters.http.limits import Logins, RateLimit

        feed = PullFeed(self.backbone, self.rendering(), self.entropy)
        return FeedApp(feed, self.office_of, self.credentials, RateLimit(), Logins(), address_of)

    def rendering(self) -> Rendering:
        """From entries of feeds to the bytes and letters that leave."""
        return Rendering(self.log, self.codec, SCHEMAS / "published")

    def _webhook(self) -> Webhook:
        return Webhook(
            self._address_of, self.secrets, clock=self.clock, wall=SystemClock(),
            allow_loopback=self.settings.allow_loopback_webhooks,
        )

    def workers(self) -> Sequence[Worker]:
        """Every worker that these settings ask for; the relay and the Kafka channel where brokers are named."""
        runners = self.runners()
        board = runners[DeadlineBoard.name]

        def catch_up() -> None:
            while board.step():
                pass

        rendering, webhook, topics = self.rendering(), self._webhook(), self._kafka_feed()
        discloser = Discloser(self.backbone, rendering, entropy=self.entropy)
        courier = Courier(
            self.backbone, rendering, {webhook.name: webhook}, topics=topics, interruptions=self._interruptions(),
            entropy=self.entropy,
        )
        receipts = Receipts(self.backbone)
        clock = ClockWorker(self.backbone, self.views, catch_up)
        views = [
            Worker(name=f"view:{name}", step=runner.step, passing=(ViewsUnavailable,), rest_seconds=VIEWS_REST_SECONDS)
            for name, runner in runners.items()
        ]
        return [
            *views,
            Worker(name="custodian", step=self.custodian.step, rest_seconds=CLOCK_REST_SECONDS),
            Worker(
                name="clock", step=clock.step, passing=(ViewsUnavailable,), rest_seconds=CLOCK_REST_SECONDS,
                next_at=clock.next_at,
            ),
            Worker(name="discloser", step=discloser.step),
            Worker(name="courier", step=courier.step, close=topics.close if topics else nothing),
            Worker(name="receipts", step=receipts.step, rest_seconds=RECEIPTS_REST_SECONDS),
            *self._relay(),
            *self._rights(),
        ]

    def kafka(self) -> KafkaSettings | None:
        """Settings of every Kafka client: `CASEBRIDGE_KAFKA_*`, the brokers by `CASEBRIDGE_KAFKA`; None without brokers."""
        if self.settings.kafka is None:
            return None
        from adapters.kafka.settings import KafkaSettings

        return KafkaSettings(bootstrap=self.settings.kafka)

    def _kafka_feed(self) -> KafkaFeed | None:
        kafka = self.kafka()
        if kafka is None:
            return None
        from adapters.channels.kafka_feed import KafkaFeed
        from adapters.kafka.publisher import publisher_for

        return KafkaFeed(kafka, publisher_for, lineage=self.log.lineages[0].lineage, clock=self.clock)

    def _interruptions(self) -> tuple[type[Exception], ...]:
        if self.settings.kafka is None:
            return ()
        from adapters.channels.kafka_feed import FeedUnavailable
        from adapters.kafka.publisher import Interrupted

        return FeedUnavailable, Interrupted

    def _relay(self) -> list[Worker]:
        kafka = self.kafka()
        if kafka is None:
            return []
        from adapters.kafka.publisher import Interrupted, publisher_for
        from adapters.kafka.relay import Relay

        traceparent = self.codec.traceparent if telemetry.is_on else None
        relay = Relay(self.log, publisher_for(kafka, kafka.log_topic), traceparent=traceparent)
        return [Worker(
            name="relay", step=relay.step, close=relay.close, passing=(Interrupted,), rest_seconds=RELAY_REST_SECONDS
        )]

    def _rights(self) -> list[Worker]:
        kafka = self.kafka()
        if kafka is None:
            return []
        from adapters.kafka.access import UNREACHABLE, AccessNotSet
        from adapters.kafka.rights import Rights

        rights = Rights(self.log, kafka, self.kafka_members)
        return [Worker(
            name="rights", step=rights.step, passing=(AccessNotSet, *UNREACHABLE), rest_seconds=RIGHTS_REST_SECONDS
        )]

    def close(self) -> None:
        self._closing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
