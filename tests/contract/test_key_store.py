"""What every key store promises; run on the one by file and on the one in memory."""
from __future__ import annotations

import multiprocessing
import sqlite3
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from uuid import uuid4

import pytest

from adapters.composition import Casebridge
from adapters.keys import FileKek, FileKeyStore, KeyCustody, MemoryKeyStore
from adapters.settings import Settings
from domain.events import Compartment
from domain.ports import KeyName, KeysUnavailable

THREADS = 8
PROCESSES = 4
PROCESS_SECONDS_MAX = 60


def a_name(compartment: Compartment = Compartment.IDENTITY) -> KeyName:
    return KeyName(case=uuid4(), person=uuid4(), compartment=compartment)


def file_store(directory: Path, *, busy_seconds: float = 5.0) -> FileKeyStore:
    return FileKeyStore(directory / "keys.sqlite", FileKek(directory / "kek" / "kek.key"), busy_seconds=busy_seconds)


@pytest.fixture(params=["file", "memory"])
def keys(request: pytest.FixtureRequest, tmp_path: Path) -> KeyCustody:
    return file_store(tmp_path) if request.param == "file" else MemoryKeyStore()


def test_a_key_is_made_at_first_use_and_stays_the_same(keys: KeyCustody) -> None:
    name = a_name()
    assert keys.open(name, 1) is None
    generation, key = keys.current(name)
    assert (generation, len(key)) == (1, 32)
    assert keys.current(name) == (1, key)
    assert keys.open(name, 1) == key
    assert keys.open(name, 2) is None
    assert keys.open(name, 0) is None


def test_every_case_person_and_compartment_has_a_key_of_its_own(keys: KeyCustody) -> None:
    cases, persons = (uuid4(), uuid4()), (uuid4(), uuid4())
    names = [KeyName(case=c, person=p, compartment=k) for c in cases for p in persons for k in Compartment]
    assert len({keys.current(name)[1] for name in names}) == len(names)


def test_a_withheld_key_opens_nothing_and_comes_back(keys: KeyCustody) -> None:
    name, other = a_name(), a_name()
    key, untouched = keys.current(name)[1], keys.current(other)[1]
    keys.withhold([name])
    keys.withhold([name])
    assert keys.open(name, 1) is None
    assert keys.open(other, 1) == untouched
    assert keys.current(name) == (1, key), "work on a sealed case can no longer be recorded"
    keys.restore_access([name, other])
    assert keys.open(name, 1) == key


def test_what_is_withheld_before_it_exists_is_withheld_when_it_does(keys: KeyCustody) -> None:
    name = a_name()
    keys.withhold([name])
    keys.current(name)
    assert keys.open(name, 1) is None


def test_a_destroyed_key_never_comes_back_and_the_next_generation_is_new(keys: KeyCustody) -> None:
    name, other = a_name(), a_name()
    key, untouched = keys.current(name)[1], keys.current(other)[1]
    assert keys.destroy([name]) == 1
    assert keys.destroy([name, a_name()]) == 0
    assert keys.open(name, 1) is None
    keys.restore_access([name])
    assert keys.open(name, 1) is None
    assert keys.open(other, 1) == untouched
    generation, again = keys.current(name)
    assert generation == 2 and again != key
    assert (keys.open(name, 1), keys.open(name, 2)) == (None, again)


def test_a_store_knows_how_far_it_has_replayed_a_log_and_begins_another_from_its_start(keys: KeyCustody) -> None:
    log, other = uuid4(), uuid4()
    assert keys.replayed(log) == 0
    keys.replayed_to(log, 17)
    keys.replayed_to(log, 40)
    assert (keys.replayed(log), keys.replayed(other)) == (40, 0)


def test_the_command_key_is_one_for_ever(keys: KeyCustody) -> None:
    key = keys.command_key()
    assert len(key) == 32 and keys.command_key() == key
    assert keys.current(a_name())[1] != key


def test_threads_that_need_the_same_new_keys_agree(keys: KeyCustody) -> None:
    names = [a_name() for _ in range(20)]
    with ThreadPoolExecutor(THREADS) as pool:
        rounds = [pool.submit(lambda: [keys.current(name) for name in names]) for _ in range(THREADS)]
        answers = [future.result(timeout=PROCESS_SECONDS_MAX) for future in rounds]
    assert all(answer == answers[0] for answer in answers)


def test_an_unreachable_store_says_so() -> None:
    keys = MemoryKeyStore()
    keys.unreachable = True
    _every_call_is_unavailable(keys)


def test_a_closed_file_says_so(tmp_path: Path) -> None:
    keys = file_store(tmp_path)
    keys.close()
    _every_call_is_unavailable(keys)


def _every_call_is_unavailable(keys: KeyCustody) -> None:
    name = a_name()
    calls: list[Callable[[], object]] = [
        lambda: keys.current(name), lambda: keys.open(name, 1), keys.command_key, lambda: keys.withhold([name]),
        lambda: keys.restore_access([name]), lambda: keys.destroy([name]),
        lambda: keys.replayed(uuid4()), lambda: keys.replayed_to(uuid4(), 1),
    ]
    for call in calls:
        with pytest.raises(KeysUnavailable):
            call()


# ------------------------------------------------------------------ the file
def test_keys_outlive_the_process(tmp_path: Path) -> None:
    name = a_name()
    first = file_store(tmp_path)
    made, command = first.current(name), first.command_key()
    first.close()
    again = file_store(tmp_path)
    assert (again.current(name), again.command_key()) == (made, command)


def test_connections_that_need_the_same_new_keys_at_once_agree(tmp_path: Path) -> None:
    stores, names = [file_store(tmp_path) for _ in range(THREADS)], [a_name() for _ in range(40)]
    together = Barrier(THREADS, timeout=PROCESS_SECONDS_MAX)

    def make_all(keys: FileKeyStore) -> list[tuple[int, bytes]]:
        made = []
        for name in names:
            together.wait()
            made.append(keys.current(name))
        return made

    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(make_all, stores))
    assert all(answer == answers[0] for answer in answers)


def test_all_who_make_a_key_encryption_key_at_once_get_the_same(tmp_path: Path) -> None:
    together = Barrier(THREADS, timeout=PROCESS_SECONDS_MAX)

    def make(round_number: int) -> str:
        together.wait()
        return FileKek(tmp_path / f"{round_number}.key").name

    for round_number in range(40):
        with ThreadPoolExecutor(THREADS) as pool:
            assert len(set(pool.map(make, [round_number] * THREADS))) == 1
    assert len(list(tmp_path.iterdir())) == 40, "a draft was left behind"


def _keys_of(directory: Path, names: list[KeyName]) -> list[tuple[int, bytes]]:
    keys = file_store(directory)
    return [keys.current(name) for name in names] + [(0, keys.command_key())]


def test_processes_that_start_together_agree_on_every_key(tmp_path: Path) -> None:
    names = [a_name() for _ in range(10)]
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        tasks = [pool.apply_async(_keys_of, (tmp_path, names)) for _ in range(PROCESSES)]
        answers = [task.get(PROCESS_SECONDS_MAX) for task in tasks]
    assert all(answer == answers[0] for answer in answers)


def _traces(directory: Path, wrapped: bytes) -> list[str]:
    return [path.name for path in directory.iterdir() if path.is_file() and wrapped in path.read_bytes()]


def _wrapped(directory: Path, name: KeyName) -> bytes:
    with sqlite3.connect(directory / "keys.sqlite") as connection:
        query = "SELECT wrapped FROM keys WHERE person = ? AND compartment = 'identity'"
        wrapped: bytes = connection.execute(query, (str(name.person),)).fetchone()[0]
    connection.close()
    return wrapped


def test_a_destroyed_key_leaves_no_copy_in_any_file(tmp_path: Path) -> None:
    keys, names = file_store(tmp_path), [a_name() for _ in range(40)]  # so many that pages split and move
    secrets = [keys.current(name)[1] for name in names]
    wrapped = [_wrapped(tmp_path, name) for name in names]
    assert all(_traces(tmp_path, copy) for copy in wrapped), "the search finds nothing even before"
    assert not [key for key in secrets if _traces(tmp_path, key)], "a key stands unwrapped in a file"
    assert keys.destroy(names[:30]) == 30
    assert not [copy for copy in wrapped[:30] if _traces(tmp_path, copy)]
    assert all(_traces(tmp_path, copy) for copy in wrapped[30:])


def test_destroying_is_not_reported_while_a_reader_holds_the_old_copy(tmp_path: Path) -> None:
    keys, name = file_store(tmp_path, busy_seconds=0.1), a_name()
    keys.current(name)
    wrapped = _wrapped(tmp_path, name)
    reader = sqlite3.connect(tmp_path / "keys.sqlite", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM keys").fetchone()
    with pytest.raises(KeysUnavailable, match="another process"):
        keys.destroy([name])
    assert keys.open(name, 1) is None
    reader.execute("ROLLBACK")
    reader.close()
    assert keys.destroy([name]) == 0
    assert not _traces(tmp_path, wrapped)


def test_a_row_put_into_anothers_place_does_not_unwrap(tmp_path: Path) -> None:
    keys, name, other = file_store(tmp_path), a_name(), a_name()
    keys.current(name), keys.current(other)
    wrapped = _wrapped(tmp_path, name)
    with sqlite3.connect(tmp_path / "keys.sqlite") as connection:
        connection.execute("UPDATE keys SET wrapped = ? WHERE person = ?", (wrapped, str(other.person)))
    connection.close()
    assert keys.open(name, 1) is not None
    with pytest.raises(KeysUnavailable, match="damaged"):
        keys.open(other, 1)


def test_rewrapping_changes_what_wraps_and_no_key(tmp_path: Path) -> None:
    keys, names = file_store(tmp_path), [a_name() for _ in range(3)]
    before = [keys.current(name) for name in names], keys.command_key()
    keys.destroy(names[:1])
    wrapped = _wrapped(tmp_path, names[1])
    new = FileKek(tmp_path / "new.key")
    assert keys.rewrap(new) == 3 * len(Compartment) - 1
    assert ([keys.current(name) for name in names[1:]], keys.command_key()) == (before[0][1:], before[1])
    assert keys.open(names[0], 1) is None
    assert not _traces(tmp_path, wrapped)
    with pytest.raises(KeysUnavailable, match=new.name):
        file_store(tmp_path).current(names[1])
    assert FileKeyStore(tmp_path / "keys.sqlite", new).current(names[1]) == before[0][1]


def test_only_the_owner_may_read_the_files(tmp_path: Path) -> None:
    file_store(tmp_path).current(a_name())
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"keys.sqlite", "kek.key"} <= {path.name for path in files}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_a_key_encryption_key_that_others_may_read_or_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "kek.key"
    FileKek(path)
    path.chmod(0o640)
    with pytest.raises(KeysUnavailable, match="chmod 600"):
        FileKek(path)
    path.chmod(0o600)
    path.write_bytes(b"short")
    with pytest.raises(KeysUnavailable, match="32 bytes"):
        FileKek(path)


def test_a_key_encryption_key_that_is_gone_is_never_made_anew_beside_its_keys(tmp_path: Path) -> None:
    path, store = tmp_path / "kek" / "kek.key", tmp_path / "keys.sqlite"
    keys = FileKeyStore(store, FileKek(path, wraps=store))
    name = a_name()
    key = keys.current(name)
    keys.close()
    kept = path.read_bytes()
    path.unlink()
    with pytest.raises(KeysUnavailable, match=r"kek\.key is gone"):
        FileKek(path, wraps=store)
    assert not path.exists(), "a fresh key hides that the old one is missing"
    path.write_bytes(kept)
    path.chmod(0o600)
    assert FileKeyStore(store, FileKek(path, wraps=store)).current(name) == key


def test_all_who_open_a_new_key_store_at_once_find_its_key_encryption_key(tmp_path: Path) -> None:
    together = Barrier(THREADS, timeout=PROCESS_SECONDS_MAX)

    def opened(folder: Path) -> bytes:
        together.wait()
        keys = FileKeyStore(folder / "keys.sqlite", FileKek(folder / "kek", wraps=folder / "keys.sqlite"))
        return keys.command_key()

    for round_number in range(20):
        with ThreadPoolExecutor(THREADS) as pool:
            assert len(set(pool.map(opened, [tmp_path / str(round_number)] * THREADS))) == 1


def test_an_installation_whose_key_encryption_key_is_gone_does_not_open(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    Casebridge(settings).close()
    settings.kek_path.unlink()
    with pytest.raises(KeysUnavailable, match=settings.kek_path.name):
        Casebridge(settings)
    assert not settings.kek_path.exists()
