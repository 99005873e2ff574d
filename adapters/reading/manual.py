"""The partner's manual: a page for each kind, in two languages, of what it is given, for what, and how it reads.

Where our own source says so, which the contracts keep for auditors, means nothing to a partner and is left out.
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from adapters.avro.published_records import DOCS, names_of
from adapters.reading import manual_es
from domain.disclosure.basis import BasisKind
from domain.disclosure.contract import Contract, Flow, FlowField
from domain.disclosure.rendering import without_source_note
from domain.disclosure.vocabulary import WORDS

MADE = {
    "en": "Made from the contracts by `casebridge contracts pages docs/partners`",
    "es": "Elaborado a partir de los contratos con `casebridge contracts pages docs/partners`",
}
VERSION = {"en": "version", "es": "versión"}
LANGUAGES = ("en", "es")
RULE = re.compile(r"\b[A-Z]{2,3}(?:-[A-Z]+){2,}\b")


@dataclass(frozen=True, kw_only=True, slots=True)
class Wording:
    """The standing words of a page in one language."""

    title: str
    intro: str
    nothing: str
    purpose: str
    places: str
    basis: str
    published: str
    schema: str
    field: str
    meaning: str
    why: str
    ground: str
    either: str
    how: str
    null: str
    rules: str
    index: str


WORDING: Mapping[str, Wording] = {
    "en": Wording(
        title="What {kind} is given", intro="This is everything that an agency may give to partners of this kind by this "
        "version. What is not named here is not given.", nothing="Nothing is given to this kind of partner: {why}.",
        purpose="For {purpose}", places="In {places} alone.", basis="Basis: {basis}.",
        published="Published event `casebridge.published.{name}`: {doc}", schema="schema", field="field",
        meaning="what it says", why="why it is given", ground="only with {grounds}", either="or",
        how="How it arrives, how to check it and how to answer: [for partner organizations](../partners.md).",
        null="A field that is null is not known to the agency, or may not be told. Persons are named by references that are "
        "yours alone.", rules="Rules that the agency follows: {rules}.", index="The partners' manual",
    ),
    "es": Wording(
        title="Qué recibe {kind}", intro="Esto es todo lo que una agencia puede comunicar a las contrapartes de este tipo "
        "según esta versión. Lo que no se menciona aquí no se comunica.",
        nothing="A este tipo de contraparte no se le comunica nada: {why}.",
        purpose="Para: {purpose}", places="Solo en {places}.", basis="Fundamento: {basis}.",
        published="Evento publicado `casebridge.published.{name}`: {doc}", schema="esquema", field="campo",
        meaning="qué dice", why="por qué se comunica", ground="solo con {grounds}", either="o",
        how="Cómo llega, cómo se comprueba y cómo se responde: [para las contrapartes (en inglés)](../partners.md).",
        null="Si un campo es nulo, la agencia no tiene el dato o no puede comunicarlo. Las personas se identifican con "
        "referencias que solo usa su oficina.", rules="Reglas que sigue la agencia: {rules}.",
        index="El manual de las contrapartes",
    ),
}
GROUNDS: Mapping[BasisKind, tuple[str, str]] = {
    BasisKind.TREATY: ("a treaty", "un tratado"), BasisKind.STATUTE: ("a statute", "una ley"),
    BasisKind.AGREEMENT: ("an agreement", "un acuerdo"), BasisKind.COURT_ORDER: ("a court's order", "una orden judicial"),
    BasisKind.CONSENT: ("consent", "consentimiento"),
    BasisKind.COUNSEL_APPROVAL: ("approval by the agency's counsel", "una autorización del abogado de la agencia"),
    BasisKind.SERVICE_CONTRACT: ("a service contract", "un contrato de servicios"),
    BasisKind.AGENCY_POLICY: ("the agency's policy", "una norma de la agencia"),
}


def pages(contracts: Iterable[Contract]) -> dict[str, str]:
    """Every page by its file's name, `<kind>.<language>.md`, with an index for each language."""
    known = list(contracts)
    found = {
        f"{contract.recipient_kind.lower()}.{language}.md": "\n".join(_page(contract, language)) + "\n"
        for contract in known for language in LANGUAGES
    }
    for language in LANGUAGES:
        found[f"README.{language}.md"] = "\n".join(_index(known, language)) + "\n"
    return found


def said(text: str, language: str) -> str:
    """A contract's basis, reason or denial as a partner reads it; in English, marked so, where it has no Spanish."""
    plain = without_source_note(text.rstrip("."))
    return plain if language == "en" else manual_es.TEXTS.get(plain, f"{plain} (en inglés)")


def _index(contracts: list[Contract], language: str) -> Iterator[str]:
    words = WORDING[language]
    yield from (f"# {words.index}", "", f"{MADE[language]}.", "")
    for contract in contracts:
        purposes = ", ".join(_purpose(flow, language) for flow in contract.flows)
        kind = contract.recipient_kind
        yield f"- [{kind}]({kind.lower()}.{language}.md)" + (f": {purposes}" if purposes else "")


def _page(contract: Contract, language: str) -> Iterator[str]:
    words = WORDING[language]
    yield f"# {words.title.format(kind=contract.recipient_kind)}"
    yield from ("", f"{MADE[language]}, {VERSION[language]} {contract.version}.", "")
    if contract.denied is not None:
        yield words.nothing.format(why=said(contract.denied, language))
        return
    yield from (words.intro, "", words.null, "", words.how)
    texts = (text for flow in contract.flows for text in (flow.basis, *(field.basis for field in flow.fields)))
    if rules := dict.fromkeys(rule for text in texts for rule in RULE.findall(text)):
        yield from ("", words.rules.format(rules=", ".join(rules)))
    for flow in contract.flows:
        yield from _flow(flow, language)


def _purpose(flow: Flow, language: str) -> str:
    return flow.purpose.replace("_", " ") if language == "en" else manual_es.PURPOSES[flow.purpose]


def _flow(flow: Flow, language: str) -> Iterator[str]:
    words, name = WORDING[language], flow.publishes.partition(".")[0]
    yield from ("", f"## {words.purpose.format(purpose=_purpose(flow, language))}", "")
    if flow.places:
        yield from (words.places.format(places=", ".join(flow.places)), "")
    doc = DOCS[name][LANGUAGES.index(language)]
    yield f"{words.published.format(name=name, doc=doc)} [{words.schema}](../../schemas/published/{flow.publishes}.avsc)"
    yield from ("", words.basis.format(basis=said(flow.basis, language)))
    if flow.fields:
        yield from ("", f"| {words.field} | {words.meaning} | {words.why} |", "|---|---|---|")
        yield from (_row(field, language, flow.renderer) for field in flow.fields)


def _row(field: FlowField, language: str, renderer: str) -> str:
    word = WORDS[field.path]
    where = ", ".join(f"`{name}`" for name in names_of(renderer, field.path))
    ground = f" ({_ground(field, language)})" if field.needs else ""
    meaning = word.doc if language == "en" else word.doc_es
    return f"| {where} | {meaning} | {said(field.basis, language)}{ground} |"


def _ground(field: FlowField, language: str) -> str:
    """`only with consent, a court's order or approval by the agency's counsel`."""
    words = WORDING[language]
    *others, last = (GROUNDS[need][LANGUAGES.index(language)] for need in field.needs)
    grounds = f"{', '.join(others)} {words.either} {last}" if others else last
    return words.ground.format(grounds=grounds)
