"""One PostgreSQL server, without a container: `initdb` and `postgres` in a scratch directory."""

import getpass
import os
import pwd
import shutil
import signal
import socket
import struct
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from deploy.local.process import LocalServer, Missing, ServerFailed, free_port, program

INITDB_LIMIT_SECONDS = 60.0
ANSWER_LIMIT_SECONDS = 2.0
SUPERUSER = "postgres"
UNPRIVILEGED = "postgres"

# A SIGKILL of the server loses nothing that the kernel was given, so scratch data needs no fsync to survive our faults.
SCRATCH_SETTINGS: Mapping[str, str] = {"fsync": "off", "full_page_writes": "off"}


class PostgresServer(LocalServer):
    """A server at `dsn` (the superuser's), reachable from this machine only and without a password.

    `settings` are those of `postgresql.conf`. Started by root, it runs as the user `postgres`, since PostgreSQL
    refuses root; the directory must then be one that this user can reach.
    """

    NAME = "PostgreSQL"
    STOP_SIGNAL = signal.SIGINT  # "Fast": ends sessions; its SIGTERM would wait until the last client leaves.
    START_LIMIT_SECONDS = 60.0

    def __init__(
        self, directory: Path, *, port: int | None = None, settings: Mapping[str, str] = SCRATCH_SETTINGS
    ) -> None:
        super().__init__(directory)
        self._postgres = postgres_program("postgres")
        self._initdb = postgres_program("initdb")
        self._settings = dict(settings)
        self._port = free_port(port)

    @property
    def dsn(self) -> str:
        return f"postgresql://{SUPERUSER}@127.0.0.1:{self._port}/postgres"

    @property
    def port(self) -> int:
        return self._port

    def user(self) -> str | None:
        return server_user()

    def command(self) -> list[str]:
        data = self.directory / "data"
        if not (data / "PG_VERSION").exists():
            self._prepare(data)
        settings = {
            **self._settings,
            "listen_addresses": "127.0.0.1",
            "port": str(self._port),
            "unix_socket_directories": str(data),
            "timezone": "UTC",
        }
        chosen = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        return [str(self._postgres), "-D", str(data), *chosen]

    def answers(self) -> bool:
        return accepts_sessions("127.0.0.1", self._port)

    def __enter__(self) -> Self:
        self.start()
        return self

    def _prepare(self, data: Path) -> None:
        user = self.user()
        data.mkdir()
        data.chmod(0o700)
        if user is not None:
            blocked = unreachable(data, user)
            if blocked is not None:
                raise ServerFailed(f"PostgreSQL runs as {user}, who may not enter {blocked}: choose another directory")
            shutil.chown(data, user, user)
        done = subprocess.run(
            [self._initdb, "-D", data, "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=INITDB_LIMIT_SECONDS, check=False,
            cwd=data, user=user, group=user, extra_groups=None if user is None else [],
        )  # fmt: skip
        if done.returncode != 0:
            shutil.rmtree(data)
            raise ServerFailed(f"initdb failed:\n{(done.stdout + done.stderr).decode(errors='replace')}")


def postgres_program(name: str) -> Path:
    """A program of PostgreSQL, from `PATH` or where Debian puts it, the newest version first. Raises `Missing`."""
    installed = Path("/usr/lib/postgresql")
    versions = [folder for folder in installed.iterdir() if folder.name.isdigit()] if installed.is_dir() else []
    newest_first = sorted(versions, key=lambda folder: int(folder.name), reverse=True)
    return program(name, package="postgresql", folders=[folder / "bin" for folder in newest_first])


def server_user() -> str | None:
    """The account the server runs as where the caller is root, who may not run it; None for the caller's own."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(UNPRIVILEGED).pw_name
    except KeyError:
        raise Missing(
            f"PostgreSQL does not run as {getpass.getuser()} and there is no user {UNPRIVILEGED}: "
            "apt-get install postgresql, or adduser --system --group postgres"
        ) from None


def unreachable(directory: Path, user: str) -> Path | None:
    """The outermost folder on the way to the directory that keeps the user out, or None."""
    uid = pwd.getpwnam(user).pw_uid
    for folder in reversed(directory.absolute().parents):
        status = folder.stat()
        if not (status.st_mode & 0o001 or (status.st_uid == uid and status.st_mode & 0o100)):
            return folder
    return None


def accepts_sessions(host: str, port: int) -> bool:
    """Whether the server lets the superuser in: while it starts or recovers it answers a start-up with an error."""
    body = struct.pack(">i", 196608) + f"user\0{SUPERUSER}\0database\0postgres\0\0".encode()
    try:
        with socket.create_connection((host, port), ANSWER_LIMIT_SECONDS) as connection:
            connection.sendall(struct.pack(">i", len(body) + 4) + body)
            return connection.recv(1) == b"R"
    except OSError:
        return False
