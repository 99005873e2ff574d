"""What makes an address a home that somebody can go to, and when two addresses name one home."""
from __future__ import annotations

import re
from dataclasses import fields

from domain.countries import country
from domain.people import Address
from domain.refusals import Refused
from domain.spelling import plain

POST_BOX = re.compile(
    r"\s*(p\.?\s?o\.?\s?box|post office box|box\s+\d|apartado (postal|aéreo|aereo)|apdo\b|apartado\s+(no\.?\s*)?\d"
    r"|casilla( de correos?)?\s+(no\.?\s*)?\d|lista de correos|general delivery)", re.IGNORECASE,
)


def require_dwelling(address: Address, name: str) -> None:
    """Refuse what nobody can go to: no address, a post box, a home in Mexico without colonia and landmark."""
    country(address.country, f"{name}.country")
    if address.country == "MX" and not (address.colonia or address.landmarks):
        raise Refused(
            "a home in Mexico is not found without its colonia or a landmark", rule="P03", field=f"{name}.colonia"
        )
    if not (address.street or address.colonia or address.landmarks):
        raise Refused("a home is found by its street, its colonia or a landmark", rule="P03", field=f"{name}.street")
    for part in ("street", "number"):
        if POST_BOX.match(getattr(address, part) or ""):
            raise Refused("a post box is no dwelling: name the home", rule="P03", field=f"{name}.{part}")


def is_one_home(one: Address, other: Address) -> bool:
    """Whether two addresses may name one dwelling: nothing in them differs, and something that finds a home agrees."""
    agree: set[str] = set()
    for item in fields(Address):
        here, there = getattr(one, item.name), getattr(other, item.name)
        if here is not None and there is not None:
            if plain(here) != plain(there):
                return False
            agree.add(item.name)
    return bool(agree & {"street", "colonia", "landmarks"})
