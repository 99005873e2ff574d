"""The application: a line comes in, a decider judges it, what it records is appended, once.

Decisions are made on cached states and appended under guards: the case's version and the agency's. A
state that has moved on is found by the guard, read again (only what is new), and the command decided anew;
and what is refused on a cached state is judged again on a fresh one before the refusal is given.
"""
from __future__ import annotations

import hashlib
import hmac
import os
import random
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from threading import Lock
from typing import Any, Generic, Literal, NamedTuple, TypeVar
from uuid import UUID

from adapters.avro import EventCodec
from adapters.avro.boxes import KEY_CACHE_SECONDS
from adapters.commands import Line, parse_line
from adapters.outside_ids import OutsideIds
from adapters.telemetry import telemetry
from domain.agency import decide as agency_decide
from domain.agency.state import Agency
from domain.agency.state import evolve as evolve_agency
from domain.case.assessing import Assessed
from domain.case.decide import decided as decided_case
from domain.case.state import Case
from domain.case.state import evolve as evolve_case
from domain.events import Envelope
from domain.ports import (
    READ_LIMIT_MAX,
    Append,
    Clock,
    CommandRecord,
    CommandSeen,
    Conflict,
    EventLog,
    Guard,
    KeyStore,
    NewEvent,
    WriterSchema,
)
from domain.refusals import Contradiction, Refused
from domain.submission import COMMANDS, Submission, check_times, envelopes

ATTEMPTS_MAX = 20
REST_SECONDS, REST_SECONDS_MAX = 0.001, 0.1
TURNS = 256  # commands on one stream take turns within a process; streams share a lock rarely
STATES_MAX = 512
STATES_SECONDS = 60.0 - KEY_CACHE_SECONDS
"""A state may be folded with a key that was destroyed KEY_CACHE_SECONDS ago: together they last no longer than 60 s."""
S = TypeVar("S", Case, Agency, Assessed)


class Outcome(NamedTuple):
    """The answer to one command. `first` and `last` are log positions, 0 where it had no effect."""

    status: Literal["accepted", "repeated", "refused"]
    command_id: UUID | None
    stream: str | None = None
    first: int = 0
    last: int = 0
    events: tuple[str, ...] = ()
    because: str | None = None
    rule: str | None = None
    field: str | None = None


class _Judged(NamedTuple):
    """What a command brings about: the events, the version that they rest on, their case or agency as they leave it."""

    envelopes: Sequence[Envelope]
    version: int
    after: Case | Agency
    assessed: Assessed | None


class States(Generic[S]):
    """A bounded cache of folded states; the least recently used goes first. Shared by threads.

    All are dropped together at the latest STATES_SECONDS after the first came in: text whose key was destroyed or
    withheld by another process is gone from here by then.
    """

    def __init__(self, states_max: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._states: OrderedDict[str, S] = OrderedDict()
        self._states_max, self._monotonic = states_max, monotonic
        self._dropped_at = monotonic()
        self._lock = Lock()
        self.epoch = 0
        """Read it before `get` and give it to `put`: what grew out of a state that was dropped meanwhile is not kept."""

    def get(self, stream: str) -> S | None:
        with self._lock:
            now = self._monotonic()
            if not 0 <= now - self._dropped_at < STATES_SECONDS:
                self._drop()
                self._dropped_at = now
            state = self._states.get(stream)
            if state is not None:
                self._states.move_to_end(stream)
            return state

    def put(self, stream: str, state: S, epoch: int) -> None:
        """Keep the newest: a thread that read less must not put the state back."""
        with self._lock:
            if epoch != self.epoch:
                return
            known = self._states.get(stream)
            if known is None or known.version < state.version:
                self._states[stream] = state
            self._states.move_to_end(stream)
            while len(self._states) > self._states_max:
                self._states.popitem(last=False)

    def drop(self) -> None:
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        self._states.clear()
        self.epoch += 1


class Backbone:
    """Log, codec, keys and clock put together. One instance serves all threads of a process."""

    def __init__(
        self, *, log: EventLog, codec: EventCodec, keys: KeyStore, clock: Clock,
        entropy: Callable[[int], bytes] = os.urandom, monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`monotonic` (seconds) ages the cached states."""
        self.log, self.codec, self.keys, self.clock, self.entropy = log, codec, keys, clock, entropy
        self._cases = States[Case](STATES_MAX, monotonic)
        self._agencies = States[Agency](STATES_MAX, monotonic)
        self._assessed = States[Assessed](STATES_MAX, monotonic)
        self._schemas_stored = {schema.fingerprint for schema in log.schemas()}
        self._command_key = keys.command_key()
        self.outside_ids = OutsideIds(self._command_key)
        self._turns = [Lock() for _ in range(TURNS)]

    # -- reading

    def envelopes(self, stream: str, *, after: int = 0) -> list[Envelope]:
        """Every event of a stream after a version, decoded for this reader."""
        found: list[Envelope] = []
        while True:
            rows = self.log.read_stream(stream, after=after, limit=READ_LIMIT_MAX)
            found += [self.codec.decode(row) for row in rows]
            if len(rows) < READ_LIMIT_MAX:
                return found
            after = rows[-1].version

    def case(self, case_id: UUID, *, up_to: int | None = None) -> Case:
        """The case as it is, or as it was at a version of its stream. Unknown to nobody: an absent case is empty."""
        stream = f"case-{case_id}"
        if up_to is None:
            return self._fresh(stream, self._cases, Case(), evolve_case)
        cached = self._cases.get(stream)
        if cached is not None and cached.version == up_to:
            return cached
        state = Case()
        for envelope in self.envelopes(stream):
            if envelope.version > up_to:
                break
            state = evolve_case(state, envelope)
        return state

    def known_case(self, case_id: UUID) -> Case:
        """The case as this process knows it, which may be behind: for what is appended under a guard of its version."""
        return self._cases.get(f"case-{case_id}") or self.case(case_id)

    def agency(self, code: str) -> Agency:
        """The agency as its stream tells it now."""
        return self._fresh(f"agency-{code}", self._agencies, Agency(code=code), evolve_agency)

    def known_agency(self, code: str) -> Agency:
        """The agency as this process knows it: for whoever has just looked at it."""
        return self._agencies.get(f"agency-{code}") or self.agency(code)

    def forget(self) -> None:
        """Drop every cached state: a key was withheld or destroyed."""
        self._cases.drop()
        self._agencies.drop()
        self._assessed.drop()

    def _fresh(self, stream: str, states: States[S], initial: S, evolve: Callable[[S, Envelope], S]) -> S:
        epoch = states.epoch
        state = states.get(stream) or initial
        for envelope in self.envelopes(stream, after=state.version):
            state = evolve(state, envelope)
        states.put(stream, state, epoch)
        return state

    # -- writing

    def encode(self, envelope: Envelope) -> NewEvent:
        return self.codec.encode(envelope)

    def schemas_for(self, events: Iterable[NewEvent]) -> tuple[WriterSchema, ...]:
        """The writer schemas of these events that this process has not yet seen stored."""
        used = self.codec.schemas_used(events)
        return tuple(schema for schema in used if schema.fingerprint not in self._schemas_stored)

    def stored(self, schemas: Iterable[WriterSchema]) -> None:
        """Remember that an append brought these schemas in."""
        self._schemas_stored.update(schema.fingerprint for schema in schemas)

    def submit(
        self, raw: Mapping[str, Any], *, principal: str, causation_id: UUID | None = None,
        traceparent: str | None = None,
    ) -> Outcome:
        """Judge one line and record what it brings about; a refusal is an answer, and leaves nothing behind.

        The same command id with the same content gets its first answer again, with other content it is
        refused. Raises LogUnavailable and KeysUnavailable: then nothing is known, and the line may be sent again.
        """
        given = raw.get("command")
        with telemetry.command(given if isinstance(given, str) and given in COMMANDS else "unknown", traceparent) as span:
            try:
                line = parse_line(raw, self.outside_ids.ours)
                with self._turns[hash(line.stream) % TURNS]:
                    outcome = self._submit(line, principal, causation_id, span.traceparent)
            except Refused as refusal:
                outcome = Outcome(
                    status="refused", command_id=_id_of(raw), because=refusal.because, rule=refusal.rule,
                    field=refusal.field,
                )
            span.outcome(outcome.status)
            return outcome

    def _submit(self, line: Line, principal: str, causation_id: UUID | None, traceparent: str | None) -> Outcome:
        digest = hmac.digest(self._command_key, line.content, hashlib.sha256)
        record = CommandRecord(command_id=line.command_id, stream=line.stream, first=0, last=0, digest=digest)
        entropy = self.entropy(32)
        for attempt in range(ATTEMPTS_MAX):
            is_fresh = attempt > 0
            epochs = self._cases.epoch, self._agencies.epoch, self._assessed.epoch
            agency = f"agency-{line.agency}"
            standing = self._state(agency, self._agencies, Agency(code=line.agency), evolve_agency, is_fresh)
            submission = self._submission(line, principal, standing, entropy, causation_id, traceparent)
            try:
                judged = self._decide(submission, line.stream, is_fresh)
            except Refused:
                seen = self.log.command(line.command_id)
                if seen is not None:
                    return self._repeated(seen, digest)
                if is_fresh:
                    raise
                continue  # It was judged on a cached state; judge it on a fresh one before saying no.
            if not judged.envelopes and not is_fresh:
                continue
            try:
                return self._append(line, judged, standing.version, record, epochs)
            except CommandSeen as known:
                return self._repeated(known.record, digest)
            except Conflict:  # Another process was first: writers of one stream spread, so that each comes through.
                time.sleep(random.uniform(0, min(REST_SECONDS_MAX, REST_SECONDS * 2**attempt)))
        raise Conflict(line.stream, judged.version, -1)

    def judged(self, line: Line, case: Case, *, principal: str) -> Case:
        """What a line about `case` would make of it; nothing is recorded. Raises Refused.

        A line that was accepted before makes nothing of it.
        """
        agency = f"agency-{line.agency}"
        standing = self._state(agency, self._agencies, Agency(code=line.agency), evolve_agency, False)
        submission = self._submission(line, principal, standing, self.entropy(32), None, None)
        try:
            return decided_case(submission, case, line.stream)[1]
        except Refused:
            if self.log.command(line.command_id) is not None:
                return case
            raise

    def _submission(
        self, line: Line, principal: str, standing: Agency, entropy: bytes, causation_id: UUID | None,
        traceparent: str | None,
    ) -> Submission[Any]:
        return Submission(
            command=line.command, command_id=line.command_id, case_id=line.case_id, actor=line.actor,
            principal=principal, occurred_at=line.occurred_at, learned_at=line.learned_at,
            received_at=self.clock.now(), correlation_id=line.command_id, causation_id=causation_id,
            traceparent=traceparent, entropy=entropy, standing=standing, outside=line.outside,
        )

    def _state(
        self, stream: str, states: States[S], initial: S, evolve: Callable[[S, Envelope], S], is_fresh: bool
    ) -> S:
        cached = None if is_fresh else states.get(stream)
        return self._fresh(stream, states, initial, evolve) if cached is None else cached

    def _decide(self, submission: Submission[Any], stream: str, is_fresh: bool) -> _Judged:
        if submission.case_id is not None:
            case = self._state(stream, self._cases, Case(), evolve_case, is_fresh)
            made = decided_case(submission, case, stream, self._assessed.get(stream))
            return _Judged(made.envelopes, case.version, made.case, made.assessed)
        check_times(submission)
        standing = submission.standing
        recordings = agency_decide.DECIDES[type(submission.command)](submission, standing)
        if recordings:
            recordings = [*recordings, *agency_decide.mapped(submission, standing)]
        decided = envelopes(submission, recordings, stream=stream, after=standing.version)
        return _Judged(decided, standing.version, reduce(evolve_agency, decided, standing), None)

    def _append(
        self, line: Line, judged: _Judged, standing_version: int, record: CommandRecord, epochs: tuple[int, int, int]
    ) -> Outcome:
        events = tuple(self.codec.encode(envelope) for envelope in judged.envelopes)
        schemas = self.schemas_for(events)
        guards = [Guard(stream=line.stream, version=judged.version)]
        if line.case_id is not None:
            guards.append(Guard(stream=f"agency-{line.agency}", version=standing_version))
        appended = self.log.append(Append(guards=tuple(guards), events=events, command=record, schemas=schemas))
        self.stored(schemas)
        if isinstance(judged.after, Case):  # Kept, so that the next command reads nothing and assesses once.
            self._cases.put(line.stream, judged.after, epochs[0])
        else:
            self._agencies.put(line.stream, judged.after, epochs[1])
        if judged.assessed is not None:
            self._assessed.put(line.stream, judged.assessed, epochs[2])
        return Outcome(
            status="accepted", command_id=line.command_id, stream=line.stream,
            first=appended.positions[0] if appended.positions else 0,
            last=appended.positions[-1] if appended.positions else 0,
            events=tuple(event.topic for event in events),
        )

    def _repeated(self, record: CommandRecord, digest: bytes) -> Outcome:
        if not hmac.compare_digest(record.digest, digest):
            raise Contradiction("this command id was accepted before, with other content", field="command_id")
        return Outcome(
            status="repeated", command_id=record.command_id, stream=record.stream, first=record.first, last=record.last
        )


def _id_of(raw: Mapping[str, Any]) -> UUID | None:
    try:
        return UUID(str(raw.get("command_id")))
    except ValueError:
        return None
