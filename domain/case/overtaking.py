"""What a newly adopted pack changes on a case that has begun: duties that end, and duties that begin with the adoption."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.agency.state import Adoption, Agency
from domain.case.facts import facts_of
from domain.case.obligations import Duty, WithdrawnBecause
from domain.case.state import Case
from domain.policy.owed import Assessment, DutyKey, Owed, assess, restarted


@dataclass(frozen=True, kw_only=True, slots=True)
class Overtaken:
    """`ended` are open duties that are asked for no more, or otherwise; `begun` is owed anew."""

    ended: tuple[Duty, ...]
    begun: tuple[Owed, ...]


def overtaken(case: Case, standing: Agency, moment: datetime, after: Assessment, *, event_id: UUID) -> Overtaken:
    """The difference between what stands on a case and what the packs in force at `moment` ask for; `after` is theirs.

    A duty ends only where its own text still asks for it and the new one does not, or gives another limit: what was true
    and is no longer true ends nothing, nor does what cannot be told. A missed duty keeps its clock. A clock that would
    have started before the adoption starts with it, caused by `event_id`.
    """
    work = _Overtaking(case, standing, moment, after, event_id)
    changed = dict(work.changed())
    ended = tuple(duty for duty, _ in changed.values())
    moved = tuple(owed for _, owed in changed.values() if owed is not None)
    return Overtaken(ended=ended, begun=(*moved, *work.new()))


class _Overtaking:
    def __init__(self, case: Case, standing: Agency, moment: datetime, after: Assessment, event_id: UUID) -> None:
        self.case, self.standing, self.moment, self.after, self.event_id = case, standing, moment, after, event_id
        self.packs, self.calendar = standing.packs_at(moment), standing.calendar_at(moment)
        self._before: dict[str, Assessment] = {}

    def changed(self) -> Iterator[tuple[DutyKey, tuple[Duty, Owed | None]]]:
        """Open duties that end, each with what takes its place."""
        in_force = {pack.digest for pack in self.packs}
        for duty in self.case.obligations.open_duties():
            key = duty.key
            if key is None or duty.raised.pack_digest in in_force:
                continue
            before, now = self.before(duty.raised.pack_digest).owed.get(key), self.after.owed.get(key)
            if before is None:
                continue
            if now is None:
                if not any((key.rule_id, key.child_id, person) in self.after.undecided for person in before.subject_ids):
                    yield key, (duty, None)
            elif not is_missed(duty, self.moment) and (before.due_at, before.qualifier) != (now.due_at, now.qualifier):
                late = self.from_adoption(now)
                if not _is_sooner(duty, before, now, late):
                    yield key, (duty, late)

    def new(self) -> Iterator[Owed]:
        """What no duty of this case was ever raised for."""
        known = {
            duty.key for duty in self.case.obligations.duties.values() if duty.withdrawn is not WithdrawnBecause.POLICY
        }
        hidden = self.case.obligations.withheld
        return (
            self.from_adoption(owed) for key, owed in self.after.owed.items()
            if key not in known and (key.rule_id, key.child_id, key.episode_id) not in hidden
        )

    def before(self, digest: str) -> Assessment:
        """What today's facts would make owed if this older text were in force in the place of the newer one."""
        if digest not in self._before:
            old = self.standing.pack_by_digest(digest)
            packs = tuple(old if old is not None and pack.id == old.id else pack for pack in self.packs)
            self._before[digest] = assess(facts_of(self.case, self.standing.zone), packs, self.calendar)
        return self._before[digest]

    def from_adoption(self, owed: Owed) -> Owed:
        adopted_at = max(adoption.effective_at for adoption in self.adoptions(owed.pack_digest))
        rule = self.standing.rule_by_digest(owed.pack_digest, owed.key.rule_id)
        if rule is None or owed.clock_start >= adopted_at:
            return owed
        return restarted(owed, rule, start=adopted_at, cause_event_id=self.event_id, calendar=self.calendar)

    def adoptions(self, digest: str) -> list[Adoption]:
        return [a for a in self.standing.packs if a.digest == digest and a.effective_at <= self.moment]


def is_missed(duty: Duty, moment: datetime) -> bool:
    """Whether its due moment has passed, even where the clock has not found that yet."""
    due_at = duty.raised.due_at
    return duty.was_missed or (due_at is not None and due_at < moment)


def _is_sooner(duty: Duty, before: Owed, now: Owed, late: Owed) -> bool:
    """A stricter limit from the adoption on never gives more time than the older one still does."""
    standing = duty.raised.due_at
    if standing is None or before.due_at is None or now.due_at is None or late.due_at is None:
        return False
    return now.due_at < before.due_at and late.due_at >= standing
