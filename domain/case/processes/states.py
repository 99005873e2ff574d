"""How one thing of a process stands, and what may be recorded next."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Step:
    """A command that the case would take now, and what for."""

    command: str
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Stand:
    """One matter of a process: about whom, what it is, its state by the name that the field uses, and what may follow.

    `id` is that of the request, the visit, the hearing; None where a person alone is meant.
    """

    person_ids: tuple[UUID, ...]
    what: str
    state: str
    next: tuple[Step, ...] = ()
    id: UUID | None = None


def step(command: str, why: str) -> Step:
    return Step(command, why)


def after(table: Mapping[S, Sequence[Step]], state: S) -> tuple[Step, ...]:
    """What may follow a state; nothing where the process is at its end."""
    return tuple(table.get(state, ()))
