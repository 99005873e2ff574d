"""A command on its way to a decider, and what the decider wants recorded."""
from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar, dataclass_transform
from uuid import UUID

from domain.events import Actor, Circumstances, Envelope, Event
from domain.outside import OutsideId
from domain.refusals import Refused

if TYPE_CHECKING:
    from domain.agency.state import Agency

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECKS = CROCKFORD + "*~$=U"  # Crockford's base 32 has 37 check characters: a prime, so every slip of one sign shows.
REFERENCE_LENGTH = 8


class Command:
    """A wish, in the imperative. Fields are plain values; absent means that the sender does not know."""

    __slots__ = ()


C = TypeVar("C", bound=Command)
COMMANDS: dict[str, type[Command]] = {}


@dataclass_transform(frozen_default=True, kw_only_default=True)
def command(cls: type[C]) -> type[C]:
    """Declare a frozen command class; its name is what a sender writes."""
    assert cls.__name__ not in COMMANDS, f"two commands are called {cls.__name__}"
    assert cls.__doc__, f"{cls.__name__}: say in its docstring what it records"
    declared = dataclass(frozen=True, kw_only=True, slots=True)(cls)
    COMMANDS[declared.__name__] = declared
    return declared


@dataclass(frozen=True, kw_only=True, slots=True)
class Submission(Generic[C]):
    """A command with everything a pure decision needs: who, when, under which policy.

    `received_at` is the *now* of the composition root. `entropy` is 32 random bytes from the same place:
    what must be unguessable is derived from it, everything else from the command id. `standing` is the
    agency as its stream tells it: adopted packs, calendars, contracts, and the directory of offices.
    `outside` are the ids of other systems that the command was written with.
    """

    command: C
    command_id: UUID
    case_id: UUID | None
    actor: Actor
    principal: str
    occurred_at: datetime
    learned_at: datetime
    received_at: datetime
    correlation_id: UUID
    causation_id: UUID | None
    traceparent: str | None
    entropy: bytes
    standing: Agency
    outside: tuple[OutsideId, ...] = ()

    def event_id(self, ordinal: int) -> UUID:
        """The id of the ordinal-th event that this command records."""
        return self._derived(str(ordinal))

    def own_id(self, kind: str, ordinal: int) -> UUID:
        """An id for something this decision makes: uuid5 of the command, never of values."""
        return self._derived(f"{kind}/{ordinal}")

    def _derived(self, name: str) -> UUID:
        """uuid5 (RFC 9562, 5.5), as the standard library makes it but without its import and checks at every call."""
        digest = hashlib.sha1(self.command_id.bytes + name.encode(), usedforsecurity=False).digest()
        return UUID(bytes=digest[:16], version=5)

    def reference(self, ordinal: int) -> str:
        """A random reference, short enough to say, with Crockford's check character (mod 37)."""
        number = int.from_bytes(hashlib.sha256(self.entropy + ordinal.to_bytes(4, "big")).digest()[:5], "big")
        signs = "".join(CROCKFORD[number >> shift & 31] for shift in range(5 * (REFERENCE_LENGTH - 1), -1, -5))
        return signs + CHECKS[number % 37]


class Recording(NamedTuple):
    """An event that a decider wants recorded. A time that is absent is the command's own.

    `causation_id` names the event that this one follows from; absent, the command's own cause.
    """

    event: Event
    occurred_at: datetime | None = None
    learned_at: datetime | None = None
    causation_id: UUID | None = None


Decide = Callable[["Submission[C]", "S"], Sequence[Recording]]
S = TypeVar("S")


def check_times(submission: Submission[C]) -> None:
    """Refuse a fact learned in the future, or one that occurred after it was learned (design decision 3)."""
    for name in ("occurred_at", "learned_at"):
        if getattr(submission, name).tzinfo is None:
            raise Refused("a time needs its zone", rule="THREE-TIMES", field=name)
    if submission.learned_at > submission.received_at:
        raise Refused("it cannot have been learned in the future", rule="THREE-TIMES", field="learned_at")
    if submission.occurred_at > submission.learned_at:
        raise Refused("it cannot have been learned before it occurred", rule="THREE-TIMES", field="occurred_at")


def envelopes(
    submission: Submission[C], recordings: Sequence[Recording], *, stream: str, after: int, first_ordinal: int = 0
) -> list[Envelope]:
    """The events as they will stand in `stream` after version `after`."""
    standing = submission.standing
    jurisdiction, packs = standing.jurisdiction, standing.pack_digests
    return [
        Envelope(
            stream=stream,
            version=after + 1 + index,
            event=recording.event,
            circumstances=Circumstances(
                event_id=submission.event_id(first_ordinal + index),
                occurred_at=recording.occurred_at or submission.occurred_at,
                learned_at=recording.learned_at or submission.learned_at,
                actor=submission.actor,
                principal=submission.principal,
                command_id=submission.command_id,
                correlation_id=submission.correlation_id,
                causation_id=recording.causation_id or submission.causation_id,
                traceparent=submission.traceparent,
                agency=standing.code,
                jurisdiction=jurisdiction,
                packs=packs,
            ),
        )
        for index, recording in enumerate(recordings)
    ]
