"""The parts of `deploy.local` and of the tests' servers that need no real server."""

import hashlib
import os
import signal
import socket
import sys
from pathlib import Path

import psycopg.conninfo
import pytest

from deploy.local import jars
from deploy.local.__main__ import main
from deploy.local.kafka import brokers_known, cluster_id
from deploy.local.postgres import accepts_sessions, unreachable
from deploy.local.process import (
    LocalServer,
    Missing,
    ServerFailed,
    await_true,
    belongs_to,
    children_of,
    free_port,
    program,
    running,
    state_of,
    stop_by_pid,
)
from tests.servers import Kafka, dsn_to


class Sleeper(LocalServer):
    """A server that only sleeps, with one child that sleeps too."""

    NAME = "the sleeper"
    STOP_SIGNAL = signal.SIGTERM
    START_LIMIT_SECONDS = 10.0
    PROGRAM = "import subprocess, time; subprocess.Popen(['sleep', '600']); time.sleep(600)"

    def command(self) -> list[str]:
        return [sys.executable, "-c", self.PROGRAM, f"{self.directory}/here"]

    def answers(self) -> bool:
        return len(children_of(self.pid)) == 1


class Silent(Sleeper):
    START_LIMIT_SECONDS = 0.1

    def answers(self) -> bool:
        return False


class Failing(Sleeper):
    PROGRAM = "import sys; sys.exit('no more room')"


def test_a_killed_server_takes_its_children_with_it(tmp_path: Path) -> None:
    with Sleeper(tmp_path) as server:
        pid = server.pid
        (child,) = children_of(pid)
        server.kill()
        assert not running(pid)
        assert not running(child)


def test_a_frozen_server_and_its_children_stand_still_until_thawed(tmp_path: Path) -> None:
    with Sleeper(tmp_path) as server:
        (child,) = children_of(server.pid)
        server.freeze()
        assert (state_of(server.pid), state_of(child)) == ("T", "T")
        server.thaw()
        assert await_true(lambda: "T" not in {state_of(server.pid), state_of(child)}, limit_seconds=10.0)


def test_a_server_that_gives_no_answer_in_time_is_not_left_behind(tmp_path: Path) -> None:
    server = Silent(tmp_path)
    with pytest.raises(ServerFailed, match=r"the sleeper gave no answer in 0\.1 s"):
        server.start()
    with pytest.raises(ServerFailed, match="not running"):
        server.pid  # It was killed and forgotten.


def test_a_server_that_ends_at_once_tells_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(ServerFailed, match="no more room"):
        Failing(tmp_path).start()


def test_a_process_id_that_is_a_strangers_now_is_left_alone(tmp_path: Path) -> None:
    with Sleeper(tmp_path / "mine") as server:
        assert belongs_to(server.pid, tmp_path / "mine")
        assert not belongs_to(server.pid, tmp_path / "min")
        assert not stop_by_pid(server.pid, tmp_path / "other", signal.SIGTERM)
        assert running(server.pid)


def test_a_swept_directory_leaves_no_server_behind(tmp_path: Path) -> None:
    with Sleeper(tmp_path / "one" / "kafka") as server, Sleeper(tmp_path / "two") as other:
        (child,) = children_of(server.pid)
        try:
            assert main(["sweep", str(tmp_path / "one")]) == 0
            assert not running(server.pid)
            assert running(other.pid)
        finally:
            os.kill(child, signal.SIGKILL)


def test_a_port_that_is_taken_is_not_given() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port()))
        taken.listen()
        port: int = taken.getsockname()[1]
        assert free_port(port) != port


def test_a_port_is_not_given_twice() -> None:
    assert len({free_port() for _ in range(50)}) == 50


def test_a_server_that_is_not_there_or_says_nonsense_gives_no_answer() -> None:
    assert brokers_known("127.0.0.1", free_port()) == 0
    assert not accepts_sessions("127.0.0.1", free_port())


def test_a_missing_program_is_named_with_the_package_that_has_it() -> None:
    with pytest.raises(Missing, match="nosuchprogram is not installed: apt-get install nosuchpackage"):
        program("nosuchprogram", package="nosuchpackage")


def test_a_program_outside_of_the_path_is_found_where_it_is_kept(tmp_path: Path) -> None:
    (tmp_path / "nosuchprogram").touch(mode=0o755)
    assert program("nosuchprogram", package="x", folders=[tmp_path]) == tmp_path / "nosuchprogram"


def test_a_folder_that_the_servers_user_may_not_enter_is_named(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    (closed / "data").mkdir(parents=True)
    closed.chmod(0o700)
    blocked = unreachable(closed / "data", "nobody")
    assert blocked is not None
    assert closed.is_relative_to(blocked)
    assert unreachable(Path("/usr/lib/data"), "nobody") is None


def test_jars_that_differ_are_missing_or_came_unasked_are_refused(tmp_path: Path) -> None:
    expected = {name: digest for digest, name in (line.split() for line in jars.DIGESTS.read_text().splitlines())}
    (tmp_path / "kafka-clients-4.1.1.jar").write_bytes(b"something else")
    (tmp_path / "unasked.jar").write_bytes(b"")
    with pytest.raises(Missing) as refused:
        jars._check(tmp_path)
    assert "unasked.jar" in str(refused.value)
    assert "kafka-clients-4.1.1.jar" in str(refused.value)
    assert len(expected) == 46
    assert all(len(digest) == len(hashlib.sha256().hexdigest()) for digest in expected.values())


def test_each_cluster_has_an_id_of_its_own_in_kafkas_form() -> None:
    ids = {cluster_id() for _ in range(20)}
    assert len(ids) == 20
    assert {len(one) for one in ids} == {22}
    assert not any(one.startswith("-") for one in ids)


def test_a_dsn_keeps_its_form_with_another_database() -> None:
    assert dsn_to("postgresql://u@h:5/postgres?sslmode=require", "x") == "postgresql://u@h:5/x?sslmode=require"
    parts = psycopg.conninfo.conninfo_to_dict(dsn_to("host=h user=u dbname=postgres", "x"))
    assert parts == {"host": "h", "user": "u", "dbname": "x"}


def test_a_broker_given_by_address_is_not_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    given = Kafka("127.0.0.1:1")
    assert not given.ours
    monkeypatch.delenv("CASEBRIDGE_REQUIRE_SERVERS", raising=False)
    with pytest.raises(pytest.skip.Exception, match="not ours to kill"):
        given.kill()
    monkeypatch.setenv("CASEBRIDGE_REQUIRE_SERVERS", "1")
    with pytest.raises(pytest.fail.Exception, match="not ours to kill"):
        given.kill()
