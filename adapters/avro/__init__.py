"""Stored bytes: Avro schemas from event classes, single-object encoding, boxes, the codec of events."""
from adapters.avro.codec import EventCodec, registry_of
from adapters.avro.errors import AvroError, SchemaRefused, SchemaUnknown, Unreadable, Unwritable
from adapters.avro.schema import EventSchemas, schemas_of
from adapters.avro.single_object import SchemaRegistry

__all__ = [
    "AvroError", "EventCodec", "EventSchemas", "SchemaRefused", "SchemaRegistry", "SchemaUnknown", "Unreadable",
    "Unwritable", "registry_of", "schemas_of",
]
