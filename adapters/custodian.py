"""The custodian: carries out in the key store what the log says of seals and expungements, and reports back."""
from __future__ import annotations

import logging
from datetime import datetime
from uuid import UUID, uuid5

from adapters.backbone import Backbone
from adapters.keys import KeyCustody
from domain.case.erasure import Expunge, ExpungeBegun, ExpungeOrdered, ExpungeWithdrawn
from domain.case.sealing import RecordSealed, RecordUnsealed
from domain.events import Compartment
from domain.ports import KeyName, LogForked, Recorded

logger = logging.getLogger(__name__)
ROWS_MAX = 5_000
UNSAVED_MAX = 1_000
"""Rows that may be replayed again: withholding and destroying twice is doing it once."""
CASE = "case-"
ROLE = {"role": "custodian", "user": "casebridge"}
TOPICS = frozenset({event.TOPIC for event in (RecordSealed, RecordUnsealed, ExpungeOrdered, ExpungeWithdrawn, ExpungeBegun)})


class Custodian:
    """Tails the log from where the key store itself says that it stands.

    So a key store or a log that was restored replays what it missed before anybody reads: every seal, and every
    expungement that had begun. Its position never passes an order that still waits, which is found again after a
    restart. Whatever is interrupted is done again, to the same effect.
    """

    def __init__(self, backbone: Backbone, keys: KeyCustody) -> None:
        self._backbone, self._keys = backbone, keys
        self._lineage = backbone.log.lineage
        self._saved = self._at = keys.replayed(self._lineage)
        self._waiting: dict[UUID, tuple[UUID, datetime, int]] = {}  # case, not before, position of the order

    def replay(self) -> None:
        """Bring the key store to the log's head; nothing is recorded. Raises LogUnavailable and KeysUnavailable."""
        while self._read():
            pass
        self._save(UNSAVED_MAX)

    def require_log(self) -> None:
        """Raises LogForked where the key store has replayed more than the log has."""
        head = self._backbone.log.head().position
        if self._at > head:
            raise LogForked(f"the key store has replayed position {self._at} of this log, which ends at {head}")

    def step(self) -> int:
        """Replay what is new, then carry out the orders whose wait is over; how much there was.

        Raises LogUnavailable and KeysUnavailable: call it again; LogForked: stop.
        """
        self.require_log()
        read = self._read()
        done = sum(self._expunge(expunge_id, case_id) for expunge_id, case_id in self._due())
        self._save(1 if done else UNSAVED_MAX)
        return read + done

    def _read(self) -> int:
        rows = self._backbone.log.read_log(after=self._at, limit=ROWS_MAX)
        for row in rows:
            if row.topic in TOPICS:
                self._apply(row)
            self._at = row.position
        return len(rows)

    def _apply(self, row: Recorded) -> None:
        told, case_id = self._backbone.codec.decode(row).event, UUID(row.stream.removeprefix(CASE))
        match told:
            case RecordSealed() | RecordUnsealed():
                self._withhold(case_id)
            case ExpungeOrdered(expunge_id=expunge_id, not_before=not_before):
                self._waiting[expunge_id] = case_id, not_before, row.position
            case ExpungeWithdrawn(expunge_id=expunge_id):
                self._waiting.pop(expunge_id, None)
            case ExpungeBegun(person_ids=persons, compartments=compartments):
                self._keys.destroy(_names(case_id, frozenset((p, c) for p in persons for c in compartments)))
                self._forget()

    def _withhold(self, case_id: UUID) -> None:
        """Withhold what stands sealed now, and nothing else of this case."""
        case = self._backbone.case(case_id)
        sealed = case.sealing.pairs
        everything = frozenset((person, compartment) for person in case.intake.people for compartment in Compartment)
        self._keys.withhold(_names(case_id, sealed))
        self._keys.restore_access(_names(case_id, everything - sealed))
        self._forget()

    def _forget(self) -> None:
        self._backbone.codec.drop_keys()
        self._backbone.forget()

    # -- orders

    def _due(self) -> list[tuple[UUID, UUID]]:
        now = self._backbone.clock.now()
        return [(expunge_id, case_id) for expunge_id, (case_id, at, _) in self._waiting.items() if at <= now]

    def _expunge(self, expunge_id: UUID, case_id: UUID) -> bool:
        """Begin, destroy, report. False where a hold stands: the order waits on."""
        case = self._backbone.case(case_id)
        expunge = case.erasure.expunges.get(expunge_id)
        if expunge is None or expunge.is_withdrawn or expunge.expunged is not None:
            self._waiting.pop(expunge_id, None)
            return False
        if not expunge.begun and (
            case.erasure.held(expunge.ordered.person_ids) or not self._submit(case_id, "BeginExpunge", expunge)
        ):
            return False
        self._keys.destroy(_names(case_id, expunge.scope.pairs))
        self._forget()
        if not self._submit(case_id, "CompleteExpunge", expunge):
            return False
        self._waiting.pop(expunge_id, None)
        return True

    def _submit(self, case_id: UUID, command: str, expunge: Expunge) -> bool:
        now, expunge_id = self._backbone.clock.now().isoformat(), expunge.ordered.expunge_id
        agency = self._backbone.case(case_id).intake.agency
        outcome = self._backbone.submit(
            {
                "command": command, "command_id": str(uuid5(expunge_id, f"{command}/{now}")), "agency": agency,
                "case": str(case_id), "actor": {"agency": agency, **ROLE}, "occurred_at": now, "learned_at": now,
                "data": {"expunge_id": str(expunge_id)},
            },
            principal="casebridge-custodian",
        )
        if outcome.status == "refused":
            logger.warning("%s of %s waits: %s [%s]", command, expunge_id, outcome.because, outcome.rule)
        return outcome.status != "refused"

    # -- position

    def _save(self, unsaved_max: int) -> None:
        earliest = min((position for _, _, position in self._waiting.values()), default=self._at + 1)
        to = min(self._at, earliest - 1)
        if to - self._saved >= unsaved_max:
            self._keys.replayed_to(self._lineage, to)
            self._saved = to


def _names(case_id: UUID, pairs: frozenset[tuple[UUID, Compartment]]) -> list[KeyName]:
    return [KeyName(case=case_id, person=person, compartment=compartment) for person, compartment in sorted(pairs)]
