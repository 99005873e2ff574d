"""What an event is: its declaration, its circumstances, its envelope."""
from domain.events.contract import (
    REGISTRY,
    Boxed,
    Clear,
    Compartment,
    Event,
    FieldDeclaration,
    boxed,
    clear,
    event,
    fields_of,
)
from domain.events.envelope import Actor, Circumstances, Envelope

__all__ = [
    "REGISTRY", "Actor", "Boxed", "Circumstances", "Clear", "Compartment", "Envelope", "Event",
    "FieldDeclaration", "boxed", "clear", "event", "fields_of",
]
