"""`python -m deploy.local up | down | status | fetch | sweep`: Kafka and PostgreSQL on this machine, for a person."""

import argparse
import json
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import TypedDict

from deploy.local.asyncapi import asyncapi_parser, node
from deploy.local.jars import LOCAL, kafka_jars, say
from deploy.local.kafka import KafkaServer, java
from deploy.local.postgres import PostgresServer, server_user, unreachable
from deploy.local.process import LocalServer, Missing, ServerFailed, belongs_to, stop_by_pid

NOTE_NAME = "servers.json"
STOP_SIGNALS = {"kafka": KafkaServer.STOP_SIGNAL, "postgres": PostgresServer.STOP_SIGNAL}
VARIABLES = {"kafka": "CASEBRIDGE_KAFKA", "postgres": "CASEBRIDGE_POSTGRES"}


class Noted(TypedDict):
    """What `servers.json` keeps of one server; `pid` is None after `down`."""

    address: str
    port: int
    pid: int | None
    directory: str


def main(arguments: list[str], local: Path = LOCAL) -> int:
    """Runs one verb and returns the exit code; `local` is where the servers' data and the note about them are."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="up|down|status|fetch|sweep")
    verbs.add_parser("up", help="start both; data and ports stay the same from one time to the next")
    verbs.add_parser("down", help="stop both, and keep their data")
    verbs.add_parser("status", help="what runs, and where; exit code 1 when something does not")
    verbs.add_parser("fetch", help="fetch what tests need now: Kafka's jars, the parser of AsyncAPI")
    sweep_verb = verbs.add_parser("sweep", help="stop servers that a killed test run left behind below a directory")
    sweep_verb.add_argument("directory", type=Path)
    chosen = parser.parse_args(arguments)
    try:
        match chosen.verb:
            case "up":
                return up(local)
            case "down":
                return down(local)
            case "status":
                return status(local)
            case "fetch":
                return fetch()
            case _:
                return sweep(chosen.directory)
    except (Missing, ServerFailed) as failure:
        say(f"error: {failure}")
        return 1


def up(local: Path) -> int:
    noted = read_note(local)
    wanted = [name for name in VARIABLES if not is_up(noted, name)]
    servers = {name: make(name, noted, local) for name in wanted}  # Names what is missing before anything is started.
    started: list[LocalServer] = []
    try:
        for name, (server, address, port) in servers.items():
            begun = time.monotonic()
            server.start()
            started.append(server)
            say(f"{server.NAME} answers at {address} ({time.monotonic() - begun:.1f} s)")
            noted[name] = Noted(address=address, port=port, pid=server.pid, directory=str(server.directory))
    except BaseException:
        for server in started:
            server.stop()
        raise
    write_note(local, noted)
    for server in started:
        server.leave_running()
    say(f"Stop them with: make down. Noted in {local.name}/{NOTE_NAME}. For Casebridge to use them:")
    for name, variable in VARIABLES.items():
        print(f"export {variable}={noted[name]['address']}")
    return 0


def make(name: str, noted: dict[str, Noted], local: Path) -> tuple[LocalServer, str, int]:
    """The server, its address and its port: data and port of the last time where they are still to be had."""
    before = noted.get(name)
    port = before["port"] if before else None
    if name == "kafka":
        java()
        kafka = KafkaServer(local / "kafka", jars=kafka_jars(), port=port)
        return kafka, kafka.bootstrap, kafka.port
    kept = Path(before["directory"]) if before else None
    directory = kept if kept and kept.exists() else postgres_directory(local)
    postgres = PostgresServer(directory, port=port, settings={})
    return postgres, postgres.dsn, postgres.port


def postgres_directory(local: Path) -> Path:
    """Inside the clone; a temporary directory where root's clone is closed to the user that PostgreSQL runs as."""
    inside, user = local / "postgres", server_user()
    if user is None or unreachable(inside, user) is None:
        return inside
    outside = Path(tempfile.mkdtemp(prefix="casebridge-postgres-"))
    outside.chmod(0o711)
    say(f"PostgreSQL runs as {user}, who may not enter this clone: its data is in {outside}")
    return outside


def down(local: Path) -> int:
    noted = read_note(local)
    for name, server in noted.items():
        pid = server["pid"]
        stopped = pid is not None and stop_by_pid(pid, Path(server["directory"]), STOP_SIGNALS[name])
        say(f"{name}: {'stopped' if stopped else 'was not running'}")
        server["pid"] = None
    write_note(local, noted)
    return 0


def status(local: Path) -> int:
    noted = read_note(local)
    for name in VARIABLES:
        told = f"{noted[name]['address']} (process {noted[name]['pid']})" if is_up(noted, name) else "down"
        print(f"{name}: {told}")
    return 0 if all(is_up(noted, name) for name in VARIABLES) else 1


def fetch() -> int:
    """Success also where a program is missing: the tests that need it then say so by name."""
    for needed, fetched in ((java, kafka_jars), (node, asyncapi_parser)):
        try:
            needed()
            fetched()
        except Missing as lacking:
            say(f"note: {lacking}")
    return 0


def sweep(directory: Path) -> int:
    for note in directory.glob("**/pid"):
        pid, signal_name = note.read_text().split()
        if stop_by_pid(int(pid), note.parent.absolute(), signal.Signals[signal_name]):
            say(f"stopped process {pid}, left behind in {note.parent}")
    return 0


def is_up(noted: dict[str, Noted], name: str) -> bool:
    server = noted.get(name)
    return server is not None and server["pid"] is not None and belongs_to(server["pid"], Path(server["directory"]))


def read_note(local: Path) -> dict[str, Noted]:
    noted: dict[str, Noted] = json.loads(note.read_text()) if (note := local / NOTE_NAME).exists() else {}
    return noted


def write_note(local: Path, noted: dict[str, Noted]) -> None:
    local.mkdir(exist_ok=True)
    (local / NOTE_NAME).write_text(json.dumps(noted, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
