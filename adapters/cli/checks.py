"""What `fsck` sees in one pass over the log, in bounded batches; of each stream it keeps the head alone."""
from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from adapters.avro.envelope import ENVELOPE
from adapters.avro.errors import AvroError
from adapters.avro.single_object import HEADER_SIZE, MARKER, format_of
from adapters.composition import Casebridge
from adapters.disclosure.render import DigestMismatch
from domain.agency.events import CalendarAdopted, ContractAdopted, PackAdopted
from domain.disclosure.events import Disclosed, Withdrawn
from domain.disclosure.rendering import Unrenderable
from domain.events import Envelope
from domain.ports import EventLog, Recorded

BATCH = 500
PROBLEMS_MAX = 1_000


@dataclass(slots=True)
class Check:
    """One question, how much was looked at, and what was wrong. At most PROBLEMS_MAX are kept; `count` has all."""

    name: str
    checked: int = 0
    count: int = 0
    problems: list[str] = field(default_factory=list)
    note: str = ""

    def look(self, is_right: bool, problem: str) -> None:
        self.checked += 1
        if not is_right:
            self.wrong(problem)

    def wrong(self, problem: str) -> None:
        self.count += 1
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append(problem)


def rows(log: EventLog) -> Iterator[Recorded]:
    after = 0
    while batch := log.read_log(after=after, limit=BATCH):
        yield from batch
        after = batch[-1].position


def place(recorded: Recorded) -> str:
    return f"{recorded.stream} version {recorded.version}, position {recorded.position}"


class LogChecks:
    """Everything that one pass over the log can tell."""

    def __init__(self, casebridge: Casebridge) -> None:
        self._casebridge = casebridge
        self._rendering = casebridge.rendering()
        self.streams = Check("streams are gapless from version 1")
        self.order = Check("positions rise, recorded times never fall")
        self.decoding = Check("bytes are what their rows say, and decode")
        self.schemas = Check("schemas that bytes name are stored, under their own fingerprint")
        self.commands = Check("accepted commands stand where their answers say")
        self.adopted = Check("adopted texts match their digests")
        self.feeds = Check("feed numbers are gapless, entries render to their digests")
        self.all = [self.streams, self.order, self.decoding, self.schemas, self.commands, self.adopted, self.feeds]
        self._heads: dict[str, int] = {}
        self._position, self._recorded_at = 0, datetime.min.replace(tzinfo=UTC)
        self._run = _Run()
        self._stored, self._names = self._check_schemas()

    def see(self, recorded: Recorded) -> None:
        where = place(recorded)
        expected = self._heads.get(recorded.stream, 0) + 1
        self.streams.look(recorded.version == expected, f"{where}: version {expected} was to follow")
        self._heads[recorded.stream] = recorded.version
        self.order.look(
            recorded.position > self._position and recorded.recorded_at >= self._recorded_at,
            f"{where}: its position or recorded time lies before that of the row before it",
        )
        self._position, self._recorded_at = recorded.position, max(self._recorded_at, recorded.recorded_at)
        try:
            envelope = self._casebridge.codec.decode(recorded)
        except AvroError as error:
            self.decoding.look(False, f"{where}: {error.because}")
            self._end_of_run()
            return
        self.decoding.look(True, "")
        self._see_schemas(where, recorded)
        self._see_command(recorded, envelope)
        self._see_adopted(where, envelope)
        if recorded.stream.startswith("feed-"):
            self._see_entry(where, recorded, envelope)

    def finish(self) -> None:
        """After the last row."""
        self._end_of_run()

    # ------------------------------------------------------------------ schemas
    def _check_schemas(self) -> tuple[set[bytes], set[str]]:
        stored = self._casebridge.log.schemas()
        for schema in stored:
            try:
                fingerprint = format_of(json.loads(schema.text)).fingerprint
            except (AvroError, ValueError):
                fingerprint = b""
            self.schemas.look(
                fingerprint == schema.fingerprint,
                f"schema {schema.fingerprint.hex()} ({schema.name}): its text is another's",
            )
        return {schema.fingerprint for schema in stored}, {schema.name for schema in stored}

    def _see_schemas(self, where: str, recorded: Recorded) -> None:
        """The envelope and the clear record name theirs; a box's stands inside it, so it is looked for by its name."""
        record = self._casebridge.registry.read(ENVELOPE, recorded.state)
        for state in (recorded.state, record["payload"]):
            self._stands(where, state[len(MARKER):HEADER_SIZE])
        for box in record["boxes"]:
            name = f"{recorded.topic}.{box['compartment'].capitalize()}"
            if name not in self._names:
                self.schemas.wrong(f"{where}: its box needs a schema {name}, which the log does not hold")

    def _stands(self, where: str, fingerprint: bytes) -> None:
        if fingerprint not in self._stored:
            self.schemas.wrong(f"{where}: names the schema {fingerprint.hex()}, which the log does not hold")

    # ------------------------------------------------------------------ commands
    def _see_command(self, recorded: Recorded, envelope: Envelope) -> None:
        """The events of one command follow each other in one stream: its answer names the first and the last."""
        if not recorded.stream.startswith(("case-", "agency-")):
            self._end_of_run()
            return
        command_id = envelope.circumstances.command_id
        if (command_id, recorded.stream) != (self._run.command_id, self._run.stream):
            self._end_of_run()
            self._run = _Run(command_id, recorded.stream, recorded.position)
        self._run.last = recorded.position

    def _end_of_run(self) -> None:
        run, self._run = self._run, _Run()
        if run.command_id is None:
            return
        record = self._casebridge.log.command(run.command_id)
        stands = record is not None and (record.stream, record.first, record.last) == (run.stream, run.first, run.last)
        because = "is not among the accepted" if record is None else f"was answered with {record.first}-{record.last}"
        self.commands.look(
            stands, f"{run.stream}, positions {run.first}-{run.last}: their command {run.command_id} {because}"
        )

    # ------------------------------------------------------------------ adopted texts
    def _see_adopted(self, where: str, envelope: Envelope) -> None:
        told = envelope.event
        if isinstance(told, PackAdopted | CalendarAdopted | ContractAdopted):
            same = hashlib.sha256(told.text.encode()).hexdigest() == told.digest
            self.adopted.look(same, f"{where}: the adopted text has another digest than its event says")

    # ------------------------------------------------------------------ feeds
    def _see_entry(self, where: str, recorded: Recorded, envelope: Envelope) -> None:
        told: Any = envelope.event
        right = told.number == recorded.version and recorded.stream == f"feed-{told.office}"
        self.feeds.look(right, f"{where}: it has number {told.number} in the feed of {told.office}")
        if not isinstance(told, Disclosed | Withdrawn):
            return
        self._stands(where, bytes.fromhex(told.schema_fingerprint))
        try:
            self._rendering.proven(envelope)
        except DigestMismatch:
            self.feeds.wrong(f"{where}: entry {told.number} renders to other bytes than its digest proves")
        except Unrenderable:
            withheld = int(self.feeds.note.partition(" ")[0] or 0) + 1
            self.feeds.note = f"{withheld} withheld, so not rendered"
        except AvroError as error:
            self.feeds.wrong(f"{where}: entry {told.number} cannot be rendered: {error.because}")


@dataclass(slots=True)
class _Run:
    """Neighbouring events of one command."""

    command_id: UUID | None = None
    stream: str = ""
    first: int = 0
    last: int = 0
