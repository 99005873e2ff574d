"""The reference parser of AsyncAPI: pinned in `tests/asyncapi/`, installed once by npm into `.local/` of the clone."""

import fcntl
import hashlib
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from deploy.local.jars import LOCAL, say
from deploy.local.process import Missing, program

PINNED = Path(__file__).parents[2] / "tests" / "asyncapi"
FILES = ("package.json", "package-lock.json")
INSTALL_LIMIT_SECONDS = 300.0


def node() -> Path:
    """Raises `Missing`."""
    return program("node", package="nodejs")


def asyncapi_parser(tell: Callable[[str], None] = say) -> Path:
    """The folder in which the parser is installed, by npm on first use. Raises `Missing` when it cannot be had.

    npm checks every package against the digests of the lock, and runs none of their scripts.
    """
    digest = hashlib.sha256(b"".join((PINNED / name).read_bytes() for name in FILES)).hexdigest()[:16]
    folder = LOCAL / f"asyncapi-{digest}"
    LOCAL.mkdir(exist_ok=True)
    with (LOCAL / "asyncapi.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # Two runs in one clone install once.
        if not folder.exists():
            node()
            npm = program("npm", package="npm")
            arriving = LOCAL / "asyncapi-arriving"
            shutil.rmtree(arriving, ignore_errors=True)
            arriving.mkdir()
            for name in FILES:
                shutil.copy(PINNED / name, arriving)
            tell("Installing the parser of AsyncAPI (170 packages) with npm, once for this clone ...")
            _install(npm, arriving)
            arriving.rename(folder)
    return folder


def _install(npm: Path, folder: Path) -> None:
    command = [str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        ran = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=INSTALL_LIMIT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Missing(f"npm took more than {INSTALL_LIMIT_SECONDS:.0f} s; is there a network?") from None
    if ran.returncode != 0:
        raise Missing(f"npm could not install the parser of AsyncAPI; is there a network?\n{ran.stderr[-500:]}")
