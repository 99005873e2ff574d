"""A server as a plain process: started, stopped, killed, frozen and thawed by its process id (Linux, by /proc)."""

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

STOP_LIMIT_SECONDS = 30.0
KILL_LIMIT_SECONDS = 10.0
HALT_LIMIT_SECONDS = 10.0
POLL_SECONDS = 0.02
LOG_TAIL_LINES = 15

# Below the range that the kernel hands to outgoing connections: a client that retries a killed server's port
# could otherwise be given that very port, connect to itself, and keep the server from coming back.
PORTS = range(20_000, 32_000)
PORT_TRIES_MAX = 200
_given: set[int] = set()


class Missing(Exception):
    """A program or download that a local server needs is not here; the message says which, and how to get it."""


class ServerFailed(Exception):
    """A server ended early or did not answer in time; the message ends with the last lines of its log."""


def program(name: str, *, package: str, folders: Sequence[Path] = ()) -> Path:
    """The executable of that name from `PATH` or the folders, in that order. Raises `Missing`."""
    found = shutil.which(name) or next((str(f / name) for f in folders if os.access(f / name, os.X_OK)), None)
    if found is None:
        raise Missing(f"{name} is not installed: apt-get install {package}")
    return Path(found)


def free_port(wanted: int | None = None) -> int:
    """A port of 127.0.0.1 that nobody listens on and that was not given before; the wanted one where it is free."""
    draws = (port for port in random.sample(PORTS, PORT_TRIES_MAX) if port not in _given)
    for port in [wanted, *draws] if wanted else draws:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            _given.add(port)
            return port
    raise ServerFailed(f"no free port found in {PORT_TRIES_MAX} tries between {PORTS.start} and {PORTS.stop}")


def running(pid: int) -> bool:
    """Whether the process exists and has not ended (one that ended and waits for its parent has ended)."""
    return state_of(pid) not in "ZX"


def state_of(pid: int) -> str:
    """The kernel's letter for what a process does: T stopped, Z ended and not yet collected, X gone, others alive."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return "X"
    return stat.rpartition(")")[2].split()[0]


def halt(pid: int) -> None:
    """SIGSTOP, and the moment until it took effect: the signal alone lets a busy process run on for a while."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
    if not await_true(lambda: state_of(pid) in "TZX", HALT_LIMIT_SECONDS):
        raise ServerFailed(f"process {pid} still runs {HALT_LIMIT_SECONDS} s after SIGSTOP")


def belongs_to(pid: int, directory: Path) -> bool:
    """Whether a process of that id runs and its command line names the directory.

    A process id is used again after its process ended; the directory tells our server from a stranger.
    """
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return running(pid) and any(f"{directory}/" in word for word in command)


def await_true(condition: Callable[[], bool], limit_seconds: float) -> bool:
    """Polls until the condition holds; False when the limit passed first."""
    limit = time.monotonic() + limit_seconds
    while not condition():
        if time.monotonic() > limit:
            return False
        time.sleep(POLL_SECONDS)
    return True


def stop_by_pid(pid: int, directory: Path, stop_signal: signal.Signals) -> bool:
    """Ends a server that another process started; False when it no longer runs or the id is a stranger's now."""
    if not belongs_to(pid, directory):
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, stop_signal)
        os.kill(pid, signal.SIGCONT)
    if not await_true(lambda: not running(pid), STOP_LIMIT_SECONDS) and belongs_to(pid, directory):
        os.kill(pid, signal.SIGKILL)
        await_true(lambda: not running(pid), KILL_LIMIT_SECONDS)
    return True


class LocalServer:
    """One server in one scratch directory, on 127.0.0.1, with the same data and port at every start.

    `start` returns when the server answers. `kill` is SIGKILL, `freeze` SIGSTOP, `thaw` SIGCONT, for the server and
    the processes it made. As a context manager it starts, and kills at the end: its scratch data is not worth a
    goodbye. Its process id is kept in `<directory>/pid`, its output in `<directory>/server.log`.
    """

    NAME: ClassVar[str]
    STOP_SIGNAL: ClassVar[signal.Signals]
    START_LIMIT_SECONDS: ClassVar[float]

    def __init__(self, directory: Path) -> None:
        self.directory = directory.absolute()
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> Sequence[str]:
        """Puts the server's files in place (the directory exists) and returns its command line."""
        raise NotImplementedError

    def user(self) -> str | None:
        """The account to run as, or None for the caller's own."""
        return None

    def answers(self) -> bool:
        """Whether the server does what a client needs of it."""
        raise NotImplementedError

    @property
    def pid(self) -> int:
        if self._process is None:
            raise ServerFailed(f"{self.NAME} is not running")
        return self._process.pid

    def start(self) -> None:
        """Starts on the same data and port, and returns when the server answers. Raises `ServerFailed`, `Missing`."""
        if self._process is not None:
            raise ServerFailed(f"{self.NAME} is already running")
        self.directory.mkdir(parents=True, exist_ok=True)
        command, user = self.command(), self.user()
        with (self.directory / "server.log").open("ab") as log:
            # A session of its own: an interrupt typed at the terminal must reach the test run, not the server under it.
            self._process = process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.directory,
                start_new_session=True, user=user, group=user, extra_groups=None if user is None else [],
            )  # fmt: skip
        (self.directory / "pid").write_text(f"{process.pid}\n{self.STOP_SIGNAL.name}\n")
        try:
            in_time = await_true(lambda: process.poll() is not None or self.answers(), self.START_LIMIT_SECONDS)
            if process.poll() is not None:
                raise ServerFailed(f"{self.NAME} ended at once (code {process.returncode}):\n{self.log_tail()}")
            if not in_time:
                raise ServerFailed(f"{self.NAME} gave no answer in {self.START_LIMIT_SECONDS} s:\n{self.log_tail()}")
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Asks the server to end and waits; kills it when it does not within the limit. Nothing if not running."""
        if self._process is None:
            return
        self._process.send_signal(self.STOP_SIGNAL)
        self.thaw()
        try:
            self._process.wait(STOP_LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        self._forget()

    def kill(self) -> None:
        """SIGKILL to the server and its children; returns when all are gone. Nothing if not running."""
        if self._process is None:
            return
        if self._process.poll() is None:
            halt(self._process.pid)  # So that it makes no more children while they are counted.
        children = children_of(self._process.pid)
        self._process.kill()
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        self._process.wait(KILL_LIMIT_SECONDS)
        if not await_true(lambda: not any(running(child) for child in children), KILL_LIMIT_SECONDS):
            raise ServerFailed(f"processes of {self.NAME} are still there after SIGKILL: {children}")
        self._forget()

    def freeze(self) -> None:
        """SIGSTOP: connections stay open and nothing is answered, until `thaw`. Returns when all stand still."""
        halt(self.pid)
        for child in children_of(self.pid):
            halt(child)

    def thaw(self) -> None:
        """SIGCONT, after `freeze`."""
        for pid in [*children_of(self.pid), self.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def leave_running(self) -> int:
        """Gives up the server without ending it; returns its process id, for `stop_by_pid`."""
        pid, process = self.pid, self._process
        assert process is not None
        process.returncode = 0  # The object would otherwise warn that it is dropped while its process runs.
        self._process = None
        return pid

    def log_tail(self) -> str:
        log = self.directory / "server.log"
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        return "\n".join(lines[-LOG_TAIL_LINES:])

    def __enter__(self) -> "LocalServer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def _forget(self) -> None:
        self._process = None
        (self.directory / "pid").unlink(missing_ok=True)


def children_of(pid: int) -> list[int]:
    """Process ids of the direct children, at this moment."""

    def parents() -> Iterator[tuple[int, int]]:
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                    yield int(entry.name), int((entry / "stat").read_text().rpartition(")")[2].split()[1])

    return [child for child, parent in parents() if parent == pid]
