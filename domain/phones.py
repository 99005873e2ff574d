"""What a telephone number may look like: a field for numbers is no place for a story."""
from __future__ import annotations

import re

from domain.refusals import Refused

NUMBER = re.compile(r"\+?[0-9(][0-9 ().\-/]{1,38}[0-9](?: ?(?:x|ext\.?) ?[0-9]{1,6})?", re.IGNORECASE)


def is_phone(text: str) -> bool:
    """Digits as people write them, with an extension or without; nothing else."""
    return NUMBER.fullmatch(text) is not None


def phone(text: str | None, field: str) -> str | None:
    """The number, or None where none was given. Raises Refused naming the field."""
    if text is not None and not is_phone(text):
        because = "a telephone number has digits, blanks and + ( ) . - / alone, and an extension such as x 12"
        raise Refused(because, rule="DECISION-13", field=field)
    return text
