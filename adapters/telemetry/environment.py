"""What the `OTEL_*` variables ask for, read without importing anything of OpenTelemetry."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
PROTOCOL = "OTEL_EXPORTER_OTLP_PROTOCOL"
PROTOCOLS = {"http/protobuf": "otlp_proto_http", "grpc": "otlp_proto_grpc"}


class TelemetryMisconfigured(Exception):
    """The `OTEL_*` variables ask for what this installation cannot do; the message names the variable."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Names of exporters, as the entry points of their packages give them."""

    traces: tuple[str, ...]
    metrics: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.traces or self.metrics)


def wanted(environ: Mapping[str, str]) -> Wanted:
    """Nothing, unless an exporter is named or an OTLP endpoint is given, and the SDK is not disabled.

    Raises TelemetryMisconfigured for a protocol that nobody speaks.
    """
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return Wanted(traces=(), metrics=())
    return Wanted(traces=_exporters(environ, "TRACES"), metrics=_exporters(environ, "METRICS"))


def _exporters(environ: Mapping[str, str], signal: str) -> tuple[str, ...]:
    """An unset or empty variable means `otlp` where there is an endpoint, else nothing."""
    has_endpoint = environ.get(ENDPOINT) or environ.get(f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT")
    listed = environ.get(f"OTEL_{signal}_EXPORTER") or ("otlp" if has_endpoint else "none")
    names = [name for name in map(str.strip, listed.split(",")) if name not in ("", "none")]
    return tuple(_otlp(environ, signal) if name == "otlp" else name for name in names)


def _otlp(environ: Mapping[str, str], signal: str) -> str:
    variable = f"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL"
    protocol = environ.get(variable) or environ.get(PROTOCOL) or "http/protobuf"
    if protocol not in PROTOCOLS:
        raise TelemetryMisconfigured(f"{variable} or {PROTOCOL}: no such protocol; known are {', '.join(PROTOCOLS)}")
    return PROTOCOLS[protocol]
