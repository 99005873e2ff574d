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
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from functools import reduce
from threading import Lock
from typing import Any, Literal, NamedTuple
from uuid import UUID

from adapters.avro import EventCodec
from adapters.commands import Line, parse_line
from adapters.outside_ids import OutsideIds
from adapters.states import STATES_MAX, S, States
from adapters.telemetry import Span, telemetry
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
    Appended,
    Clock,
    CommandRecord,
    CommandSeen,
    Conflict,
    EventLog,
    Guard,
    KeyStore,
    LogError,
    NewEvent,
    WriterSchema,
)
from domain.refusals import Contradiction, Refused
from domain.submission import COMMANDS, Submission, check_times, envelopes

ATTEMPTS_MAX = 20
REST_SECONDS, REST_SECONDS_MAX = 0.001, 0.1
TURNS = 256  # commands on one stream take turns within a process; streams share a lock rarely


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


class Sent(NamedTuple):
    """A line on its way, the event that brought it about, and the trace in which it comes."""

    raw: Mapping[str, Any]
    causation_id: UUID | None = None
    traceparent: str | None = None


class _Judged(NamedTuple):
    """What a command brings about: the events, the version that they rest on, their case or agency as they leave it."""

    envelopes: Sequence[Envelope]
    version: int
    after: Case | Agency
    assessed: Assessed | None


class _Made(NamedTuple):
    """A line that was judged, and everything that is to be stored of it. `epochs` are of cases, agencies, assessments."""

    line: Line
    judged: _Judged
    append: Append
    epochs: tuple[int, int, int]


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
        with self._span(raw, traceparent) as span:
            outcome = self._answer(Sent(raw, causation_id, span.traceparent), principal)
            span.outcome(outcome.status)
            return outcome

    def submit_together(self, sent: Sequence[Sent], *, principal: str) -> list[Outcome]:
        """`submit` for each of at most TOGETHER_MAX lines: those that this process can accept by what it knows are stored
        by one transaction, and then each of the others by itself, as where another writer was first.

        Raises what `submit` raises; some may be stored then, and all may be sent again.
        """
        with ExitStack() as open_spans:
            spans = [open_spans.enter_context(self._span(one.raw, one.traceparent)) for one in sent]
            sent = [one._replace(traceparent=span.traceparent) for one, span in zip(sent, spans, strict=True)]
            made = [self._made_of_what_is_known(one, principal) for one in sent]
            answers = iter(self.log.append_together([one.append for one in made if one is not None]))
            outcomes = list[Outcome]()
            for one, known, span in zip(sent, made, spans, strict=True):
                answer = None if known is None else next(answers)
                if known is not None and isinstance(answer, Appended):
                    outcomes.append(self._kept(known, answer))
                elif isinstance(answer, LogError) and not isinstance(answer, Conflict | CommandSeen):
                    raise answer
                else:
                    outcomes.append(self._answer(one, principal))
                span.outcome(outcomes[-1].status)
            return outcomes

    def _span(self, raw: Mapping[str, Any], traceparent: str | None) -> Span:
        given = raw.get("command")
        return telemetry.command(given if isinstance(given, str) and given in COMMANDS else "unknown", traceparent)

    def _answer(self, sent: Sent, principal: str) -> Outcome:
        try:
            line = parse_line(sent.raw, self.outside_ids.ours)
            with self._turns[hash(line.stream) % TURNS]:
                return self._submit(line, sent, principal)
        except Refused as refusal:
            return Outcome(
                status="refused", command_id=_id_of(sent.raw), because=refusal.because, rule=refusal.rule,
                field=refusal.field,
            )

    def _made_of_what_is_known(self, sent: Sent, principal: str) -> _Made | None:
        """None where that does not tell that the line is accepted."""
        try:
            line = parse_line(sent.raw, self.outside_ids.ours)
            return self._make(line, sent, principal, self.entropy(32), is_fresh=False)
        except Exception:  # Whatever it is, it is said when the line goes by itself, and holds no other up.
            return None

    def _submit(self, line: Line, sent: Sent, principal: str) -> Outcome:
        entropy = self.entropy(32)
        for attempt in range(ATTEMPTS_MAX):
            is_fresh = attempt > 0
            try:
                made = self._make(line, sent, principal, entropy, is_fresh=is_fresh)
            except Refused:
                seen = self.log.command(line.command_id)
                if seen is not None:
                    return self._repeated(seen, self._digest(line))
                if is_fresh:
                    raise
                continue  # It was judged on a cached state; judge it on a fresh one before saying no.
            if not made.append.events and not is_fresh:
                continue
            try:
                return self._kept(made, self.log.append(made.append))
            except CommandSeen as known:
                return self._repeated(known.record, self._digest(line))
            except Conflict:  # Another process was first: writers of one stream spread, so that each comes through.
                time.sleep(random.uniform(0, min(REST_SECONDS_MAX, REST_SECONDS * 2**attempt)))
        raise Conflict(line.stream, made.judged.version, -1)

    def _digest(self, line: Line) -> bytes:
        return hmac.digest(self._command_key, line.content, hashlib.sha256)

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

    def _make(self, line: Line, sent: Sent, principal: str, entropy: bytes, *, is_fresh: bool) -> _Made:
        """What a line brings about, on states that are read anew where `is_fresh`. Raises Refused."""
        epochs = self._cases.epoch, self._agencies.epoch, self._assessed.epoch
        agency = f"agency-{line.agency}"
        standing = self._state(agency, self._agencies, Agency(code=line.agency), evolve_agency, is_fresh)
        submission = self._submission(line, principal, standing, entropy, sent.causation_id, sent.traceparent)
        judged = self._decide(submission, line.stream, is_fresh)
        events = tuple(self.codec.encode(envelope) for envelope in judged.envelopes)
        guards = [Guard(stream=line.stream, version=judged.version)]
        if line.case_id is not None:
            guards.append(Guard(stream=agency, version=standing.version))
        record = CommandRecord(command_id=line.command_id, stream=line.stream, first=0, last=0, digest=self._digest(line))
        append = Append(guards=tuple(guards), events=events, command=record, schemas=self.schemas_for(events))
        return _Made(line, judged, append, epochs)

    def _kept(self, made: _Made, appended: Appended) -> Outcome:
        """The answer to what was appended, which is remembered, so that the next command reads nothing and assesses once."""
        line, judged, positions = made.line, made.judged, appended.positions
        self.stored(made.append.schemas)
        if isinstance(judged.after, Case):
            self._cases.put(line.stream, judged.after, made.epochs[0])
        else:
            self._agencies.put(line.stream, judged.after, made.epochs[1])
        if judged.assessed is not None:
            self._assessed.put(line.stream, judged.assessed, made.epochs[2])
        return Outcome(
            status="accepted", command_id=line.command_id, stream=line.stream,
            first=positions[0] if positions else 0, last=positions[-1] if positions else 0,
            events=tuple(event.topic for event in made.append.events),
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
