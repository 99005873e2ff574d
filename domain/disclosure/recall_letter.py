"""How an office is asked to disregard, or to erase, what it was told: the same words in its feed and on paper."""
from __future__ import annotations

from collections.abc import Iterator
from datetime import date as Day

from domain.disclosure.asking import in_words


def recall_letter(
    *, text_code: str, number: int | None, told_on: Day, reference: str, office_name: str, agency_name: str, date: Day
) -> str:
    """Plain text, lines ending in one newline. What is meant is named by the number that the office has it under, or by
    its day."""
    return "\n".join([
        agency_name, "", f"To: {office_name}", f"Date: {in_words(date)}", f"Our reference: {reference}", "",
        *recall_lines(text_code, f"number {number}" if number is not None else f"of {in_words(told_on)}"), "",
        "Please quote our reference in any answer.", "", agency_name,
    ]) + "\n"


def recall_lines(text_code: str, which: str) -> Iterator[str]:
    """Subject and body. No fact of any person, and not why it is recalled: that would be one, but for a court's order."""
    if text_code == "erase":
        yield f"Subject: Please erase our information {which}"
        yield ""
        yield f"A court ordered that the record behind our information {which} under this reference be destroyed."
        yield "Please erase it and every copy of it, pass nothing of it on, and confirm to us that you did."
    else:
        yield f"Subject: Please disregard our information {which}"
        yield ""
        yield f"Our information {which} under this reference should not be relied on."
        yield "Please disregard it, keep no copy of it, and pass nothing of it on."
    yield "This letter brings no other information."
