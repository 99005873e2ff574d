"""Spans and metrics of the backbone, off until `OTEL_*` variables or a caller switch them on.

Only `signals.py` imports OpenTelemetry, and it is imported when telemetry is switched on, not before.
"""
from __future__ import annotations

from adapters.telemetry.environment import TelemetryMisconfigured
from adapters.telemetry.facade import Telemetry
from adapters.telemetry.spans import Span

__all__ = ["Span", "Telemetry", "TelemetryMisconfigured", "telemetry"]

telemetry = Telemetry()
