"""How the codec says no. No message holds a value: what is refused may be personal."""
from __future__ import annotations


class AvroError(Exception):
    """What cannot be written or read, and where."""

    def __init__(self, where: str, because: str) -> None:
        super().__init__(f"{where}: {because}")
        self.where, self.because = where, because


class SchemaRefused(AvroError):
    """A class or a schema that must not become, or is not, a format of stored bytes."""


class Unwritable(AvroError):
    """An event that cannot be stored: a programmer's error, nothing was written."""


class Unreadable(AvroError):
    """Stored bytes that are not what their row says: damaged, or put into another's place."""


class SchemaUnknown(Unreadable):
    """No schema with this fingerprint is known here: the writer was newer than this program's schemas."""


class Misfit(Exception):
    """A value does not fit its form; `path` grows on the way out. Only inside this package."""

    def __init__(self, because: str) -> None:
        super().__init__(because)
        self.because = because
        self.path: list[str] = []

    def at(self, topic: str) -> str:
        return ".".join([topic, *reversed(self.path)])
