"""A rotation of the key-encryption key that is cut at any step leaves a store that opens, with every key as it was."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from adapters.keys import FileKek, FileKeyStore, rotation
from domain.events import Compartment
from domain.ports import KeyName

NAME = KeyName(case=uuid4(), person=uuid4(), compartment=Compartment.LEGAL)


class _Cut(Exception):
    pass


def _cut(*_: object, **__: object) -> None:
    raise _Cut


def opened(folder: Path) -> FileKeyStore:
    rotation.settle(folder / "keys.sqlite", folder / "kek")
    return FileKeyStore(folder / "keys.sqlite", FileKek(folder / "kek", wraps=folder / "keys.sqlite"))


def key_in(folder: Path) -> bytes:
    keys = opened(folder)
    try:
        return keys.current(NAME)[1]
    finally:
        keys.close()


def test_every_key_is_as_it_was_under_another_key_encryption_key(tmp_path: Path) -> None:
    key, before = key_in(tmp_path), (tmp_path / "kek").read_bytes()
    assert rotation.rotate(tmp_path / "keys.sqlite", tmp_path / "kek") == len(Compartment)
    assert (tmp_path / "kek").read_bytes() != before
    assert key_in(tmp_path) == key
    assert not (tmp_path / "kek.next").exists()


@pytest.mark.parametrize("cut", ["before anything is wrapped", "before the new key takes its place"])
def test_a_rotation_that_is_cut_is_undone_or_finished_by_the_next_opening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    key = key_in(tmp_path)
    target: tuple[object, str] = (FileKeyStore, "rewrap") if cut.startswith("before anything") else (Path, "replace")
    with monkeypatch.context() as patched:
        patched.setattr(*target, _cut)
        with pytest.raises(_Cut):
            rotation.rotate(tmp_path / "keys.sqlite", tmp_path / "kek")
    assert (tmp_path / "kek.next").exists()
    assert key_in(tmp_path) == key
    assert not (tmp_path / "kek.next").exists()


def test_two_rotations_in_a_row_end_with_one_key_encryption_key(tmp_path: Path) -> None:
    key = key_in(tmp_path)
    turn: Callable[[], int] = lambda: rotation.rotate(tmp_path / "keys.sqlite", tmp_path / "kek")  # noqa: E731
    assert turn() == turn() == len(Compartment)
    assert key_in(tmp_path) == key
