"""Under which of its sender's ids an event is remembered, so that it is recorded once."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from domain.events import Event

Key = UUID | str | tuple[UUID, UUID] | tuple[UUID, str]
Keys = dict[type[Event], Callable[[Any], Key]]
