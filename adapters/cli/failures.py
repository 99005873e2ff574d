"""How the program says that it could not: one sentence that says what to do, and an exit code. No traceback."""
from __future__ import annotations

import sqlite3
import sys

from adapters.cli.console import INFRASTRUCTURE, REFUSED, USAGE
from domain.ports import KeysUnavailable, LineageChanged, LogError, LogForked, LogUnavailable
from domain.refusals import Refused

FSCK = "run `casebridge fsck`"


def explained(error: Exception) -> tuple[int, str]:
    """Exit code and sentence. What is not known to us is named by its class alone: a message may quote a person."""
    match error:
        case Refused():
            return REFUSED, str(error)
        case LogUnavailable():
            return INFRASTRUCTURE, f"{error}. See that CASEBRIDGE_LOG or CASEBRIDGE_HOME is right, then try again"
        case LogForked():
            return INFRASTRUCTURE, str(error)
        case LineageChanged():
            return INFRASTRUCTURE, f"{error}. The log was restored or promoted: rebuild what was read before"
        case LogError():
            return INFRASTRUCTURE, f"{error}. Try again"
        case KeysUnavailable():
            return INFRASTRUCTURE, f"{error}. See that CASEBRIDGE_KEYS and CASEBRIDGE_KEK are right, then try again"
        case sqlite3.Error():
            return INFRASTRUCTURE, f"a database file cannot be used ({_name(error)}): see that CASEBRIDGE_HOME is right"
    return _of_a_library(error)


def _of_a_library(error: Exception) -> tuple[int, str]:
    """Errors of parts that may not have been imported: one that was raised comes from one that was."""
    if _is(error, "adapters.avro.errors", "AvroError"):
        return INFRASTRUCTURE, f"{error}. What is stored cannot be read: {FSCK}"
    if _is(error, "projections.bookkeeping", "ViewOutdated"):
        return INFRASTRUCTURE, f"{error}: `casebridge views rebuild NAME`"
    if _is(error, "projections.runner", "ViewsUnavailable") or _is(error, "sqlalchemy.exc", "SQLAlchemyError"):
        return INFRASTRUCTURE, f"the views cannot be reached ({_name(error)}): see that CASEBRIDGE_VIEWS is right"
    if _is(error, "kafka.errors", "KafkaError") or _is(error, "adapters.kafka.consumer", "KafkaUnavailable"):
        return INFRASTRUCTURE, f"Kafka does not answer ({_name(error)}): see that CASEBRIDGE_KAFKA names running brokers"
    if _is(error, "adapters.kafka.consumer", "OffsetGone"):
        return INFRASTRUCTURE, str(error)
    if _is(error, "adapters.telemetry.environment", "TelemetryMisconfigured"):
        return USAGE, str(error)
    if _is(error, "pydantic", "ValidationError"):
        return USAGE, f"settings are wrong: {_settings(error)}"
    if _is(error, "adapters.telemetry.environment", "TelemetryMisconfigured"):
        return USAGE, str(error)
    if isinstance(error, OSError):
        return INFRASTRUCTURE, f"{error.strerror or type(error).__name__}: {error.filename or 'a connection'}"
    return INFRASTRUCTURE, f"an error that it does not know: {_name(error)}. CASEBRIDGE_DEBUG=1 shows where"


def _name(error: Exception) -> str:
    return type(error).__name__


def _is(error: Exception, module: str, name: str) -> bool:
    loaded = sys.modules.get(module)
    return loaded is not None and isinstance(error, getattr(loaded, name))


def _settings(error: Exception) -> str:
    """The variables at fault, never their values."""
    from pydantic import ValidationError

    assert isinstance(error, ValidationError)
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, item['loc'])) or error.title}: {item['msg']}" for item in found)
