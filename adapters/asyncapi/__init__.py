"""The partner's machine-readable page: an AsyncAPI 3.0 document for each kind of office, made from contracts and code."""
from adapters.asyncapi.document import documents

__all__ = ["documents"]
