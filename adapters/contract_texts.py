"""Where texts of contracts are: shipped with the program, adopted by an agency, or in a file."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.policy_texts import PolicyText, of_file
from domain.disclosure.contract import Contract, parse_contract
from domain.disclosure.kinds import kind_of
from domain.refusals import Refused

if TYPE_CHECKING:
    from domain.agency.state import Agency

SHIPPED = Path(__file__).resolve().parents[1] / "domain" / "contracts"


@dataclass(frozen=True, kw_only=True, slots=True)
class ContractText:
    """The text of a contract, and where it was found, in words."""

    where: str
    text: PolicyText

    def contract(self) -> Contract:
        """Raises Refused where the text is no contract."""
        return parse_contract(self.text.text, self.text.digest)


def shipped() -> list[ContractText]:
    """The last version of every contract that comes along, by kind."""
    latest: dict[str, ContractText] = {}
    for path in SHIPPED.glob("*.toml"):
        text = PolicyText(name=path.name, text=path.read_text(encoding="utf-8"), where="shipped")
        found = ContractText(where="shipped", text=text)
        contract = found.contract()
        known = latest.get(contract.recipient_kind)
        if known is None or known.contract().version < contract.version:
            latest[contract.recipient_kind] = found
    return [latest[kind] for kind in sorted(latest)]


def adopted(agency: Agency) -> Iterator[ContractText]:
    """What an agency has in force, by kind."""
    for kind in sorted({adoption.id for adoption in agency.contracts}):
        latest = max((a for a in reversed(agency.contracts) if a.id == kind), key=lambda a: a.effective_at)
        since = latest.effective_at.date().isoformat()
        where = f"adopted by {agency.code}, counts from {since}"
        yield ContractText(where=where, text=PolicyText(name=kind, text=latest.text, where=where))


def find(name: str, agency: Agency | None) -> ContractText:
    """A contract by the path of a file, or by its recipient kind: as adopted, or else as shipped. Raises Refused."""
    if Path(name).is_file():
        return ContractText(where="file", text=of_file(Path(name)))
    everywhere: list[ContractText] = [*(adopted(agency) if agency is not None else ()), *shipped()]
    for wanted in dict.fromkeys((name, kind_of(name))):
        for known in everywhere:
            if known.contract().recipient_kind == wanted:
                return known
    raise Refused(f"there is no contract for {name}, and no such file", rule="CONTRACT", field="text")
