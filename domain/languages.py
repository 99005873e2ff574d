"""Languages by their ISO 639 codes: one spelling for one language, spoken or signed, in every field."""
from __future__ import annotations

import re

from domain.refusals import Refused

CODE = re.compile(r"[a-z]{2,3}")
SPANISH = "es"
# Indigenous languages of Mexico and Central America, by code and by the names heard most. None is a dialect of Spanish.
# The list is not complete: a name that it lacks is taken as it is written.
INDIGENOUS = frozenset({
    "acr", "cab", "cac", "cak", "chf", "ctu", "hch", "ixl", "jac", "kek", "kjb", "knj", "mam", "maz", "miq", "nah",
    "oto", "poc", "quc", "tar", "toj", "tzh", "tzj", "tzo", "yua", "zap", "achi", "garifuna", "chuj", "kaqchikel",
    "chontal", "chol", "huichol", "ixil", "popti", "qeqchi", "qanjobal", "akateko", "mazahua", "miskito", "mixteco",
    "nahuatl", "otomi", "poqomam", "kiche", "tarahumara", "tojolabal", "triqui", "tzeltal", "tzutujil", "tzotzil",
    "maya", "zapoteco",
})


def language(code: str, field: str) -> str:
    """The code itself, or Refused: names would make one language several. Sign languages have codes too, such as ase."""
    if not CODE.fullmatch(code):
        raise Refused("write a language as its ISO 639 code, such as es, mam or ase", rule="LANGUAGE-CODE", field=field)
    return code


def is_indigenous(dialect: str) -> bool:
    """Whether what stands as a dialect is an indigenous language, by code or by name without marks."""
    plain = "".join(sign for sign in dialect.casefold() if sign.isalpha() and sign not in "ʼʹ")
    plain = plain.translate(str.maketrans("áéíóú", "aeiou"))
    return plain in INDIGENOUS
