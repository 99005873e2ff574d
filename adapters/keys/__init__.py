"""Keys of persons: the store by file, the one in memory, the key that encrypts keys."""
from adapters.keys.custody import KeyCustody
from adapters.keys.file import FileKeyStore
from adapters.keys.kek import FileKek, KeyEncryptionKey
from adapters.keys.memory import MemoryKeyStore

__all__ = ["FileKek", "FileKeyStore", "KeyCustody", "KeyEncryptionKey", "MemoryKeyStore"]
