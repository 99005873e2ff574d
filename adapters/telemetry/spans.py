"""What instrumented code holds: a span that does nothing, or, in `signals.py`, one that is recorded."""
from __future__ import annotations

import re
from types import TracebackType
from typing import Self

TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")
"""W3C Trace Context, version 00. Anything else is not passed on: it could hold a text."""


class Span:
    """One piece of work, as a context manager. This one, used when telemetry is off, records nothing.

    `traceparent` belongs into what the work records or sends on inside the agency, and never into what an
    office gets; None where there is none.
    """

    __slots__ = ("traceparent",)

    def __init__(self, traceparent: str | None = None) -> None:
        self.traceparent = traceparent

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        return None

    def outcome(self, status: str) -> None:
        """How it ended, as one of a few known words: on the span, and on what is measured."""

    def link(self, traceparent: str | None) -> None:
        """The work follows from another trace too; what is no trace context is passed over."""


NOTHING = Span()


def checked(traceparent: str | None) -> str | None:
    """The trace context, or None for what is none."""
    return traceparent if traceparent is not None and TRACEPARENT.fullmatch(traceparent) else None
