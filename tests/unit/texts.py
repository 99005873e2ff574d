"""New Mexico's pack as it is shipped, and changed."""
from __future__ import annotations

from tests.specification import ROOT, notice_rules

RULE = """
[[rule]]
id = "NM-NEW"
force = "DUTY"
process = "P02"
tracked = true
scope = "case"
trigger = "{trigger}"
words = "A made-up rule."
recipients = ["{recipient}"]
limit = {{ kind = "elapsed", amount = {hours}, words = "{hours} hours" }}
met_by = ["{met_by}"]
source_lines = "1"
"""


def new_rule(
    *, trigger: str = "origin_in_mexico", recipient: str = "CONS-MX", hours: int = 72, met_by: str = "ConsulateNotified"
) -> str:
    return RULE.format(trigger=trigger, recipient=recipient, hours=hours, met_by=met_by)


def nm() -> str:
    """Only the notice rules, as `new_mexico` has adopted them."""
    return notice_rules((ROOT / "domain/packs/NM.toml").read_text(encoding="utf-8"))


def changed(text: str, old: str, new: str) -> str:
    assert old in text, "the change changes nothing"
    return text.replace(old, new, 1)


def limited(hours: int) -> str:
    """With another limit for the notice to Mexico."""
    return changed(nm(), 'amount = 24, words = "24 hours elapsed"', f'amount = {hours}, words = "{hours} hours"')


def without(rule_id: str) -> str:
    kept = [rule for rule in nm().split("[[rule]]") if f'id = "{rule_id}"' not in rule]
    return "[[rule]]".join(kept)
