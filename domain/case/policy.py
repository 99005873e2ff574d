"""A pack that was adopted after a case began reaches it: by a command for each case, and from the adoption on."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from domain.case.intake import require_open
from domain.case.keys import Keys
from domain.events import Envelope, Event, clear, event
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case


@event("casebridge.policy.PolicyApplied")
class PolicyApplied(Event):
    """The packs in force reached a case that had begun before: what they ask counts for it from their adoption on."""

    pack_digests: tuple[str, ...] = clear("digests of adopted texts, outermost layer first")


@dataclass(frozen=True, kw_only=True, slots=True)
class AppliedPolicy:
    """`pack_digests` of the last time; None where every fact was judged only by the packs of its own time."""

    pack_digests: tuple[str, ...] | None = None


@command
class ApplyPolicy(Command):
    """Let the packs in force reach this case: raise what they ask for, end what they ask for no more. No clock starts
    before the adoption."""


def apply(submission: Submission[ApplyPolicy], case: Case) -> Sequence[Recording]:
    require_open(case)
    if case.intake.is_closed:
        raise Refused("a new pack reaches open cases, and this one is closed", rule="DECISION-7", field="case")
    digests = tuple(pack.digest for pack in submission.standing.packs_at(submission.learned_at))
    if case.policy.pack_digests == digests:
        return []
    return [Recording(event=PolicyApplied(pack_digests=digests))]


def _applied(state: AppliedPolicy, told: PolicyApplied, _: Envelope) -> AppliedPolicy:
    return replace(state, pack_digests=told.pack_digests)


INITIAL = AppliedPolicy()
DECIDES = {ApplyPolicy: apply}
EVOLVES = {PolicyApplied: _applied}
KEYS: Keys = {}
