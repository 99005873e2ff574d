"""Where policy texts are: shipped with the program, adopted by an agency, or in a file."""
from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from domain.policy.calendar import Calendar, parse_calendar
from domain.policy.pack import Pack, parse_pack
from domain.refusals import Refused

if TYPE_CHECKING:
    from domain.agency.state import Agency

SHIPPED = Path(__file__).resolve().parents[1] / "domain"
OUTER = ("US",)
IN_CALIFORNIA = {"LAC", "SDC", "SCC"}
DIGEST = re.compile(r"[0-9a-f]{8,64}")
FILE_BYTES_MAX = 200_000


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyText:
    """The text of a pack, and where it was found, in words."""

    name: str
    text: str
    where: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    def pack(self) -> Pack:
        """Raises Refused where the text is no pack."""
        return parse_pack(self.text, self.digest)


def shipped() -> Iterator[PolicyText]:
    """Every pack that comes with this version, in order of name."""
    for path in sorted((SHIPPED / "packs").glob("*.toml")):
        yield PolicyText(name=path.stem, text=path.read_text(encoding="utf-8"), where="shipped")


def around(pack: Pack) -> tuple[Pack, ...]:
    """The shipped packs of the layers that a shipped pack is adopted with."""
    outer = (*OUTER, "CA") if pack.jurisdiction in IN_CALIFORNIA else OUTER
    return tuple(text.pack() for text in shipped() if text.name in outer and text.name != pack.id)


def shipped_calendar(jurisdiction: str) -> Calendar | None:
    """The calendar that comes with this version for a jurisdiction, where one does."""
    for path in (SHIPPED / "calendars").glob("*.toml"):
        text = path.read_text(encoding="utf-8")
        if path.stem == jurisdiction:
            return parse_calendar(text, hashlib.sha256(text.encode()).hexdigest())
    return None


def of_file(path: Path) -> PolicyText:
    """The text of a file. Raises Refused for one that is no text, or too long."""
    content = path.read_bytes()
    if len(content) > FILE_BYTES_MAX:
        raise Refused(f"{path} is longer than {FILE_BYTES_MAX:,} bytes", rule="PACK")
    try:
        return PolicyText(name=str(path), text=content.decode(), where="file")
    except UnicodeDecodeError as error:
        raise Refused(f"{path} is no UTF-8", rule="PACK") from error


def find(name: str, agency: Agency | None) -> PolicyText:
    """A pack by the path of a file, the digest (eight signs or more) of an adopted text, or the id of a shipped pack.

    Raises Refused where there is none, or where a beginning of a digest fits several.
    """
    if Path(name).is_file():
        return of_file(Path(name))
    adopted = [a for a in agency.packs if a.digest.startswith(name)] if agency and DIGEST.fullmatch(name) else []
    if len({adoption.digest for adoption in adopted}) > 1:
        raise Refused(f"{name} is the beginning of several digests: give more of it", rule="PACK")
    if adopted:
        return PolicyText(name=adopted[0].id, text=adopted[0].text, where="adopted")
    known = {text.name: text for text in shipped()}
    if name not in known:
        raise Refused(
            f"{name} is no file, no digest of an adopted pack, and no pack that is shipped ({', '.join(known)})", rule="PACK"
        )
    return known[name]
