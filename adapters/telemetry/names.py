"""Every name that leaves by telemetry: the semantic conventions' under a pinned schema, and our own."""
from __future__ import annotations

from typing import Final

SCHEMA_URL: Final = "https://opentelemetry.io/schemas/1.44.0"
SCOPE: Final = "casebridge"


class Conventional:
    """Attributes and metrics of the semantic conventions; a test compares them with the installed conventions."""

    DB_SYSTEM_NAME: Final = "db.system.name"
    DB_OPERATION_NAME: Final = "db.operation.name"
    DB_OPERATION_BATCH_SIZE: Final = "db.operation.batch.size"
    DB_COLLECTION_NAME: Final = "db.collection.name"
    DB_DURATION: Final = "db.client.operation.duration"
    ERROR_TYPE: Final = "error.type"
    HTTP_REQUEST_METHOD: Final = "http.request.method"
    MESSAGING_SYSTEM: Final = "messaging.system"
    MESSAGING_OPERATION_NAME: Final = "messaging.operation.name"
    MESSAGING_OPERATION_TYPE: Final = "messaging.operation.type"
    MESSAGING_DESTINATION_NAME: Final = "messaging.destination.name"
    MESSAGING_DESTINATION_TEMPLATE: Final = "messaging.destination.template"
    MESSAGING_PARTITION: Final = "messaging.destination.partition.id"
    MESSAGING_BATCH_COUNT: Final = "messaging.batch.message_count"
    MESSAGING_SENT: Final = "messaging.client.sent.messages"
    MESSAGING_CONSUMED: Final = "messaging.client.consumed.messages"
    MESSAGING_CLIENT_DURATION: Final = "messaging.client.operation.duration"
    MESSAGING_PROCESS_DURATION: Final = "messaging.process.duration"
    SERVICE_NAME: Final = "service.name"


class Own:
    """Where the conventions have no word. Values are few and known: a name in code, a stage, a code of failure."""

    COMMAND_NAME: Final = "casebridge.command.name"
    OUTCOME: Final = "casebridge.outcome"
    WORKER: Final = "casebridge.worker"
    CHANNEL: Final = "casebridge.channel"
    STAGE: Final = "casebridge.delivery.stage"
    FAILURE: Final = "casebridge.delivery.failure"
    WHERE: Final = "casebridge.unreadable.where"
    LINKS_LEFT_OUT: Final = "casebridge.links.left_out"
    COMMANDS: Final = "casebridge.command.duration"
    APPENDED: Final = "casebridge.append.events"
    LAG_EVENTS: Final = "casebridge.lag.events"
    LAG_TIME: Final = "casebridge.lag.time"
    DELIVERIES: Final = "casebridge.deliveries"
    HAND_OVERS: Final = "casebridge.hand_over.duration"
    UNREADABLE: Final = "casebridge.unreadable"


OTHER: Final = "_OTHER"
"""What the conventions write for a value outside of what is known."""
