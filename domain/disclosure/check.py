"""Does a contract reach anything that is forbidden? Every place, purpose and field is gone through, and proven or named.

Pure, and closed: what the matrix does not allow is denied, so a kind without a column lets nothing flow. A field is
looked at for the kind itself and for every body that learns it through that kind.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from domain.disclosure.bans import BANS, Ban, cell
from domain.disclosure.basis import RECORDED_GROUNDS
from domain.disclosure.contract import JURISDICTIONS, Contract, Flow, FlowField, Purpose, Release
from domain.disclosure.items import AskedItem
from domain.disclosure.kinds import COLUMNS, SENT_TO, reached_by, reaches_homeland
from domain.disclosure.published import PUBLISHED
from domain.disclosure.renderers import INSTEAD, PLACES
from domain.disclosure.vocabulary import WORDS, Shape
from domain.refusals import Refused


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One forbidden thing that a contract reaches: by which line, and the shortest way there."""

    ban: str
    path: tuple[str, ...]
    because: str

    def __str__(self) -> str:
        return f"[{self.ban}] {' -> '.join(self.path)}: {self.because}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Law:
    """What is checked against: the matrix as a function, and the bans. Tests take lines out of it."""

    bans: Sequence[Ban] = BANS
    columns: Mapping[str, str] | None = None

    def column(self, kind: str) -> str | None:
        return (COLUMNS if self.columns is None else self.columns).get(kind)

    def cell(self, item: AskedItem, kind: str) -> str:
        return cell(item, self.column(kind))


LAW = Law()
TEXT_MAX = 500
"""A basis goes with every record."""


def check(contract: Contract, law: Law = LAW) -> list[Finding]:
    """Everything forbidden that this contract reaches, with the places where it holds, and what could not be laid out."""
    found: dict[tuple[str, tuple[str, ...], str], list[str]] = {}
    for jurisdiction in JURISDICTIONS:
        for flow in contract.flows:
            if flow.holds_in(jurisdiction):
                for finding in _flow(jurisdiction, contract.recipient_kind, flow, law):
                    found.setdefault((finding.ban, finding.path, finding.because), []).append(jurisdiction)
    return [*_whole(contract), *(
        Finding(ban=ban, path=(_places(where), *path), because=because) for (ban, path, because), where in found.items()
    ), *(
        Finding(ban="DECISION-15", path=(contract.recipient_kind, flow.purpose, *path), because=because)
        for flow in contract.flows for path, because in (*misrendered(flow), *misplaced(flow))
    )]


def require_lawful(contract: Contract) -> None:
    """Raises Refused naming the first thing forbidden that the contract reaches."""
    findings = check(contract)
    if findings:
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        raise Refused(f"{findings[0]}{more}", rule="DECISION-13", field="text")


def _places(where: Sequence[str]) -> str:
    return "everywhere" if len(where) == len(JURISDICTIONS) else ", ".join(where)


def _whole(contract: Contract) -> Iterator[Finding]:
    kind = contract.recipient_kind
    if kind not in SENT_TO:
        yield Finding(ban="DENIED", path=(kind,), because="nothing is sent to this kind of partner at all")
    told = (text for flow in contract.flows for text in (flow.basis, *(field.basis for field in flow.fields)))
    for text in sorted({contract.denied or "", *told}):
        if len(text) > TEXT_MAX or not text.isprintable():
            because = f"a basis is one line of at most {TEXT_MAX} signs, without signs that nobody sees"
            yield Finding(ban="TEXT", path=(kind, text[:40].encode("unicode_escape").decode()), because=because)
    for flow in contract.flows:
        if reaches_homeland(kind) and flow.release is not Release.PERSON:
            yield Finding(
                ban="DECISION-14", path=(kind, flow.purpose), because="what reaches Homeland Security waits for a person"
            )


def misrendered(flow: Flow) -> Iterator[tuple[tuple[str, ...], str]]:
    """What of a flow its renderer cannot lay out, field by field, and why: it would stop where a disclosure is made."""
    places = PLACES.get(flow.renderer)
    if places is None:
        yield (), f"{flow.renderer} is no renderer of what flows"
    elif flow.purpose is Purpose.RECALL:
        if places:
            yield (), f"{flow.renderer} cannot say that something is to be disregarded"
    else:
        for field in flow.fields:
            if field.path not in places:
                yield (field.path,), f"{flow.renderer} has no place for it: that takes another renderer"
            whole = WORDS[field.path].part_of
            if whole is not None and not any(other.path == whole and other.needs == field.needs for other in flow.fields):
                yield (field.path,), f"it stands in {whole}: name that too, on the same grounds"


def misplaced(flow: Flow) -> Iterator[tuple[tuple[str, ...], str]]:
    """What of a flow its published event has no place for, and why: nothing of the flow could leave."""
    known = PUBLISHED.get(flow.publishes)
    if known is None:
        yield (), f"{flow.publishes} is no published event: name one of {', '.join(PUBLISHED)}"
    elif flow.renderer.partition(".")[0] != known.laid_out:
        if flow.renderer in PLACES:
            yield (), f"{flow.publishes} is laid out by {known.laid_out}, and not by {flow.renderer}"
    elif flow.purpose is not Purpose.RECALL:
        for field in flow.fields:
            if field.path not in known.paths:
                yield (field.path,), f"{flow.publishes} has no place for it: that takes another version of it"


def _flow(jurisdiction: str, kind: str, flow: Flow, law: Law) -> Iterator[Finding]:
    if flow.purpose is Purpose.RECALL:
        for field in flow.fields:
            yield Finding(ban="P19", path=(kind, flow.purpose, field.path), because="a recall brings no fact")
        return
    for field in flow.fields:
        yield from _field(jurisdiction, kind, flow, field, law)


def _field(jurisdiction: str, kind: str, flow: Flow, field: FlowField, law: Law) -> Iterator[Finding]:
    word = WORDS[field.path]
    here = (kind, flow.purpose.value, field.path)
    for body, way in reached_by(kind).items():
        path = (*here, *(f"passed on to {through}" for through in way[1:]))
        for ban in law.bans:
            if ban.forbids(jurisdiction, body, flow.purpose, word.item):
                yield Finding(ban=ban.id, path=path, because=f"{ban.words} ({ban.lines})")
        if law.cell(word.item, body) == "N":
            yield Finding(ban="5.2", path=path, because=f"{word.item} never reaches {body}")
    if word.shape is Shape.ADDRESS and flow.renderer in INSTEAD:
        because = f"{flow.renderer} tells its landmarks with it, text of no class: name {INSTEAD[flow.renderer]} instead"
        yield Finding(ban="FREE-TEXT", path=here, because=because)
    allowed = law.cell(word.item, kind)
    if allowed == ".":
        why = "has no column in the matrix" if law.column(kind) is None else f"is not told {word.item} by default"
        yield Finding(ban="5.2", path=here, because=f"{kind} {why}")
    if allowed == "c" and not (field.needs and set(field.needs) <= RECORDED_GROUNDS):
        grounds = ", ".join(f'"{kind}"' for kind in sorted(RECORDED_GROUNDS))
        because = f"{word.item} flows on a recorded ground alone: say `needs = [{grounds}]`, or fewer"
        yield Finding(ban="5.2", path=here, because=because)
    for body, way in reached_by(kind).items():
        if body in word.comes_from:
            because = f"a receipt would become a disclosure: {body} is where this comes from"
            yield Finding(ban="CYCLE", path=(body, field.path, *way), because=because)
