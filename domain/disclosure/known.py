"""What an office had been given by a moment: a fold of its feed and of what became of each delivery."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from domain.case.told import Reached
from domain.disclosure.events import Disclosed, HandedOver, HandOverDoubted, HandOverStarted, Released, Withdrawn
from domain.events import Envelope

RANK = {stage: place for place, stage in enumerate(Reached)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """One entry that had come so far by then. `withdrawn_by` is the number that asked to disregard it, by then too.

    `at` is when the stage was reached; None where the hand-over is in doubt: possibly disclosed, not done.
    """

    entry: Envelope
    number: int
    at: datetime | None
    withdrawn_by: int | None = None

    @property
    def is_doubtful(self) -> bool:
        return self.at is None


def known_by(
    entries: Sequence[Envelope], stages: Mapping[int, Sequence[Envelope]],
    reported: Mapping[int, Mapping[Reached, datetime]], reached: Reached, at: datetime,
) -> list[Given]:
    """The entries of one case that had come to a stage by `at`, in the order of their numbers.

    What was held back and let go stands under the number by which it came, with the entry that holds its content.
    `stages` are the events of each delivery, `reported` what the office itself said of later stages. Outputs say "was
    given", never "knew" (design decision 15).
    """
    found: list[Given] = []
    withdrawn: dict[UUID, int] = {}
    contents: dict[int, Envelope] = {}
    for entry in entries:
        told = entry.event
        if isinstance(told, Released):
            if told.releases not in contents:
                continue  # A feed that is cut short; a fold never raises (I10).
            entry, number = contents[told.releases], told.number
        elif isinstance(told, Disclosed | Withdrawn):
            number = told.number
        else:
            continue
        contents[number] = entry
        told = entry.event
        moment = _moment(entry, stages.get(number, ()), reported.get(number, {}), reached)
        if moment is not None and moment <= at:
            found.append(Given(entry=entry, number=number, at=moment))
            if isinstance(told, Withdrawn) and told.withdraws in contents:
                withdrawn[contents[told.withdraws].circumstances.event_id] = number
        elif reached is Reached.HANDED_OVER and _is_doubtful(stages.get(number, ()), at):
            found.append(Given(entry=entry, number=number, at=None))
    return [replace(one, withdrawn_by=withdrawn.get(one.entry.circumstances.event_id)) for one in found]


def _moment(
    entry: Envelope, stages: Sequence[Envelope], reported: Mapping[Reached, datetime], reached: Reached
) -> datetime | None:
    """When a stage was reached first: itself, or one that implies it. What an office says of a moment before the entry
    began to leave counts from when it did."""
    began = min(
        (each.circumstances.occurred_at for each in stages if isinstance(each.event, HandOverStarted)),
        default=entry.circumstances.occurred_at,
    )
    moments = [max(time, began) for stage, time in reported.items() if RANK[stage] >= RANK[reached]]
    if reached is Reached.HANDED_OVER:
        moments += [each.circumstances.occurred_at for each in stages if isinstance(each.event, HandedOver)]
    return min(moments, default=None)


def _is_doubtful(stages: Iterable[Envelope], at: datetime) -> bool:
    """Whether one hand-over at least may have happened by then: its outcome was doubted, or it has none yet."""
    is_under_way = False
    for each in stages:
        if each.circumstances.occurred_at <= at:
            if isinstance(each.event, HandOverDoubted):
                return True
            is_under_way = isinstance(each.event, HandOverStarted)
    return is_under_way
