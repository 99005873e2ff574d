"""`schemas/published/`: what partners read, made from the contracts that come along and the vocabulary.

A published version is never changed but in its words: partners read by it, and old entries render by it. A contract
that lets more flow names the next version, which follows all earlier ones at FULL_TRANSITIVE.
"""
from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from adapters.avro import compatibility
from adapters.avro.forms import Schema
from adapters.avro.single_object import version_of, without_docs
from domain.disclosure.contract import Contract, parse_contract
from domain.disclosure.vocabulary import GROUPS, WORDS, Group, Shape, Word

NAMESPACE = "casebridge.published"
RENDERER = "facts.v1"
CONTRACTS = Path(__file__).resolve().parents[2] / "domain" / "contracts"
HEAD: tuple[Schema, ...] = (
    {"name": "case_reference", "type": "string",
     "doc": "Sign by which this office, and no other, knows the case. Quote it in every answer.",
     "doc_es": "Clave con la que esta oficina, y ninguna otra, conoce el caso. Cítela en toda respuesta."},
    {"name": "jurisdiction", "type": "string", "doc": "The jurisdiction whose agency writes.",
     "doc_es": "La jurisdicción cuya agencia escribe."},
    {"name": "purpose", "type": "string", "doc": "What this is told for. Use it for nothing else.",
     "doc_es": "Para qué se comunica esto. No lo use para nada más."},
    {"name": "basis", "type": "string", "doc": "The law, agreement or permission on which this rests.",
     "doc_es": "La ley, el acuerdo o el permiso en que se funda."},
)
REFERENCE: Schema = {
    "name": "reference", "type": "string", "doc": "Sign by which this office, and no other, knows the person.",
    "doc_es": "Clave con la que esta oficina, y ninguna otra, conoce a la persona.",
}
PLAIN: Mapping[Shape, Any] = {
    Shape.DAY: {"type": "int", "logicalType": "date"}, Shape.WORD: "string", Shape.TEXT: "string", Shape.PERSON: "string",
    Shape.NUMBER: "long", Shape.TRUTH: "boolean", Shape.WORDS: {"type": "array", "items": "string"},
}


def _optional(name: str, kind: Any, doc: str, doc_es: str) -> Schema:
    return {"name": name, "type": ["null", kind], "default": None, "doc": doc, "doc_es": doc_es}


def _parts(*parts: tuple[str, Any, str, str]) -> list[Schema]:
    return [_optional(*part) for part in parts]


DATE = {"type": "int", "logicalType": "date"}
RECORDS: Mapping[Shape, tuple[str, str, str, list[Schema]]] = {
    Shape.PLACE: ("Place", "A place, in the parts that are known.", "Un lugar, en las partes que se conocen.", _parts(
        ("city", "string", "City or town.", "Ciudad o población."),
        ("region", "string", "State, department or province.", "Estado, departamento o provincia."),
        ("country", "string", "Country, ISO 3166-1 alpha-2.", "País, ISO 3166-1 alfa-2."),
    )),
    Shape.ADDRESS: ("Address", "A dwelling, as people there write it.", "Una vivienda, como la escriben allí.", _parts(
        ("street", "string", "Street.", "Calle."),
        ("number", "string", "Number of the house or dwelling.", "Número de la casa o vivienda."),
        ("colonia", "string", "Colonia, neighbourhood or settlement.", "Colonia, barrio o asentamiento."),
        ("municipality", "string", "Municipality.", "Municipio."),
        ("city", "string", "City or town.", "Ciudad o población."),
        ("region", "string", "State, department or province.", "Estado, departamento o provincia."),
        ("postal_code", "string", "Postal code.", "Código postal."),
        ("country", "string", "Country, ISO 3166-1 alpha-2.", "País, ISO 3166-1 alfa-2."),
        ("landmarks", "string", "What the dwelling is found by.", "Por qué señas se encuentra la vivienda."),
    )),
    Shape.MOMENT: ("Moment", "A moment, and the zone in which it was told.", "Un momento y la zona en que se indicó.", [
        {"name": "moment", "type": {"type": "long", "logicalType": "timestamp-micros"},
         "doc": "The moment, in microseconds since 1970 in UTC.",
         "doc_es": "El momento, en microsegundos desde 1970 en UTC."},
        {"name": "zone", "type": "string", "doc": "A zone of the tz database, or an offset.",
         "doc_es": "Una zona de la base de datos tz, o un desfase."},
    ]),
    Shape.LETTER: ("OtipLetter", "What a letter of the Office on Trafficking in Persons says.",
                   "Lo que dice una carta de la Oficina contra la Trata de Personas.", _parts(
        ("kind", "string", "Which of four letters.", "Cuál de las cuatro cartas."),
        ("issued_on", DATE, "Date on the letter.", "Fecha de la carta."),
        ("benefits_from", DATE, "First day of benefits.", "Primer día de los beneficios."),
        ("benefits_until", DATE, "Last day of benefits.", "Último día de los beneficios."),
        ("indefinite", "boolean", "Whether the benefits have no end.", "Si los beneficios no tienen fin."),
    )),
}


def shipped() -> list[Contract]:
    """The contracts that come along, every version, in the order of their files."""
    texts = (path.read_text(encoding="utf-8") for path in sorted(CONTRACTS.glob("*.toml")))
    return [parse_contract(text, hashlib.sha256(text.encode()).hexdigest()) for text in texts]


def wanted(contracts: Iterable[Contract]) -> dict[str, Schema]:
    """The schema of each published version that these contracts name, by `Name.vN`."""
    paths: dict[str, set[str]] = {}
    for contract in contracts:
        for flow in contract.flows:
            if flow.renderer == RENDERER:
                paths.setdefault(flow.publishes, set()).update(field.path for field in flow.fields)
    return {publishes: schema_of(publishes, named) for publishes, named in sorted(paths.items())}


def schema_of(publishes: str, paths: Iterable[str]) -> Schema:
    """The record in which these fields leave; in the vocabulary's order, whatever the order of a contract."""
    named, defined = set(paths), set[str]()
    fields: list[Schema] = [*HEAD]
    for name, group in GROUPS.items():
        words = [word for path, word in WORDS.items() if path in named and word.group == name]
        if words:
            fields.append(_group(name, group, words, defined))
    title = publishes.partition(".")[0]
    doc, doc_es = DOCS[title]
    return {"type": "record", "name": title, "namespace": NAMESPACE, "doc": doc, "doc_es": doc_es, "fields": fields}


def _group(name: str, group: Group, words: list[Word], defined: set[str]) -> Schema:
    own = [entry for word in words for entry in _fields(word, defined)]
    record = {"type": "record", "name": group.record, "doc": group.doc, "doc_es": group.doc_es}
    if group.plural is None:
        return _optional(name, {**record, "fields": own}, group.doc, group.doc_es)
    items = {**record, "fields": [REFERENCE, *own]}
    return {
        "name": group.plural, "type": {"type": "array", "items": items}, "default": [],
        "doc": f"{group.doc} One record for each.", "doc_es": f"{group.doc_es} Un registro por cada persona.",
    }


def _fields(word: Word, defined: set[str]) -> Iterator[Schema]:
    if word.shape is Shape.NAME:
        yield _optional("given_names", "string", "Given names as the family writes them.",
                        "Nombres de pila como los escribe la familia.")
        yield _optional("surnames", "string", "Full surnames, both where there are two.",
                        "Apellidos completos, ambos si hay dos.")
    elif word.shape is Shape.BIRTH_DATE:
        yield _optional("birth_date", DATE, "Date of birth.", "Fecha de nacimiento.")
        yield _optional("birth_date_is_estimate", "boolean", "Whether the date of birth is an estimate.",
                        "Si la fecha de nacimiento es aproximada.")
    elif word.shape in PLAIN:
        yield _optional(word.name, PLAIN[word.shape], word.doc, word.doc_es)
    else:
        name, doc, doc_es, parts = RECORDS[word.shape]
        kind: Any = name
        if name not in defined:
            defined.add(name)
            kind = {"type": "record", "name": name, "doc": doc, "doc_es": doc_es, "fields": parts}
        yield _optional(word.name, kind, word.doc, word.doc_es)


FIELD_WORDS: Mapping[Shape, tuple[str, ...]] = {
    Shape.NAME: ("given_names", "surnames"), Shape.BIRTH_DATE: ("birth_date", "birth_date_is_estimate"),
}
"""Shapes that take other names in the record than the path's last word."""
LAYOUT: Mapping[str, Mapping[str, tuple[str, ...]]] = {"notice.v1": {"child.custody": ("in_custody_since",)}}
"""Where a renderer that is older than the vocabulary puts a field."""
DOCS: Mapping[str, tuple[str, str]] = {
    "ConsularNotice": ("The agency notifies a consulate that children are in its custody.",
                       "La agencia notifica a un consulado que hay niños bajo su custodia."),
    "Disregard": ("Please disregard an earlier number of this feed: it was sent in error. This tells nothing new.",
                  "No tome en cuenta un número anterior de este canal: se envió por error. Esto no dice nada nuevo."),
    "HomeStudyRequest": ("The agency asks for a home to be studied.", "La agencia pide que se estudie un hogar."),
    "ReunificationRequest": ("The agency asks for help so that a child can live with family abroad.",
                             "La agencia pide ayuda para que un niño viva con su familia en el extranjero."),
    "PapersToServe": ("The agency asks for papers to be served.", "La agencia pide que se notifiquen documentos."),
    "DocumentRequest": ("The agency asks for a paper about a person.",
                        "La agencia pide un documento sobre una persona."),
    "IdentityCheck": ("The agency asks who an unaccompanied minor and the persons around them are.",
                      "La agencia pregunta quiénes son un menor no acompañado y las personas de su entorno."),
    "HearingArrangement": ("A hearing at which somebody is to take part, here or from afar.",
                           "Una audiencia en la que alguien participará, aquí o a distancia."),
    "VisitArrangement": ("A visit between children and a parent is to be arranged.",
                         "Debe organizarse una visita entre los niños y su madre o padre."),
    "DetainedParent": ("The agency asks about a parent who is detained, for a child in its care.",
                       "La agencia pregunta por una madre o un padre detenido, a causa de un niño bajo su cuidado."),
    "DetainedVisit": ("A visit between children and a parent who is detained is to be arranged.",
                      "Debe organizarse una visita entre los niños y su madre o padre detenido."),
    "DetainedHearing": ("A hearing in which a parent who is detained is to take part.",
                        "Una audiencia en la que participará una madre o un padre detenido."),
    "TraffickingReport": ("The agency refers a noncitizen minor who may have been trafficked.",
                          "La agencia remite a un menor no ciudadano que puede ser víctima de trata."),
    "TraffickingNotice": ("The agency tells of a child who may have been trafficked.",
                          "La agencia informa sobre un niño que puede ser víctima de trata."),
    "ReliefReferral": ("The agency refers a person to counsel, to be screened for immigration relief.",
                       "La agencia remite a una persona a un abogado para evaluar beneficios migratorios."),
    "CourtReport": ("The agency tells the court, or its own counsel, what a proceeding needs.",
                    "La agencia comunica al tribunal, o a su propio abogado, lo que requiere un procedimiento."),
    "TranslationRequest": ("The agency asks for a paper to be translated.", "La agencia pide que se traduzca un documento."),
    "CareInformation": ("What those who care for a child need for the care.",
                        "Lo que necesitan quienes cuidan a un niño para cuidarlo."),
}


def check(directory: Path, contracts: Iterable[Contract]) -> list[str]:
    """What is wrong, a sentence each; empty where every contract finds the schemas that it names."""
    named = list(contracts)
    found = list(problems(directory, named))
    for path, text in texts(directory, named).items():
        target = directory.parent / path
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            found.append(f"{path}: is not what the contracts let flow: run `casebridge schemas build`")
    return found


def texts(directory: Path, contracts: Iterable[Contract]) -> dict[Path, str]:
    """What has to stand in `published/`: new versions, and committed ones whose words alone are others now."""
    found = {}
    for publishes, schema in wanted(contracts).items():
        path = directory / f"{publishes}.avsc"
        committed = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
        if committed is None or without_docs(committed) == without_docs(schema):
            found[path.relative_to(directory.parent)] = json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
    return found


def problems(directory: Path, contracts: Iterable[Contract]) -> Iterator[str]:
    """What may not be: a published version that would change, or follow badly; a schema that a partner cannot read up."""
    named = wanted(contracts)
    versions: dict[str, list[tuple[int, Schema]]] = {}
    for path in sorted(directory.glob("*.avsc")):
        stem, number = version_of(path)
        versions.setdefault(stem, []).append((number, json.loads(path.read_text(encoding="utf-8"))))
    for publishes, schema in named.items():
        stem, number = publishes.split(".v")[0], int(publishes.split(".v")[1])
        committed = dict(versions.get(stem, []))
        if number in committed:
            lacking = set(compatibility.types(schema)) - set(compatibility.types(committed[number]))
            if lacking:
                yield (f"{publishes}: is published and has no {', '.join(sorted(lacking))}: "
                       f"let the contract name {stem}.v{max(committed) + 1}")
            continue
        for older, before in committed.items():
            for problem in compatibility.problems(before, schema):
                yield f"{publishes}: against version {older}: {problem}"
    for stem, known in versions.items():
        for number, schema in known:
            for problem in (*compatibility.unclear(schema), *_undocumented(schema)):
                yield f"{stem}.v{number}: {problem}"
        for (older, before), (newer, after) in zip(sorted(known), sorted(known)[1:], strict=False):
            for problem in compatibility.problems(before, after):
                yield f"{stem}.v{newer}: against version {older}: {problem}"


def _undocumented(schema: Schema) -> Iterator[str]:
    for language in ("doc", "doc_es"):
        for place, node in compatibility.documented(schema):
            if not str(node.get(language, "")).endswith("."):
                yield f"{place} has no {language}"
