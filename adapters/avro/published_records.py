"""The records that partners read: how a renderer lays the fields out, and what each says in two languages.

What was published is laid out so for ever; its words alone may be bettered.
"""
from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.avro.forms import Schema
from domain.disclosure.renderers import PLACES
from domain.disclosure.vocabulary import FOUND_DOC, FOUND_ES, GROUPS, WORDS, Group, Shape, Word

NAMESPACE = "casebridge.published"
DATE: Schema = {"type": "int", "logicalType": "date"}
NULL = "Null means that the agency gives nothing there: it does not know, or may not tell."
NULL_ES = "El valor nulo (null) significa que la agencia no da ese dato: no lo tiene o no puede comunicarlo."


def _given(name: str, kind: Any, doc: str, doc_es: str) -> Schema:
    return {"name": name, "type": kind, "doc": doc, "doc_es": doc_es}


def _optional(name: str, kind: Any, doc: str, doc_es: str) -> Schema:
    return {"name": name, "type": ["null", kind], "default": None, "doc": doc, "doc_es": doc_es}


def _record(name: str, doc: str, doc_es: str, *fields: Schema) -> Schema:
    return {"type": "record", "name": name, "doc": doc, "doc_es": doc_es, "fields": list(fields)}


CASE = _given(
    "case_reference", "string", "Sign by which this office, and no other, knows the case. Quote it in every answer.",
    "Referencia con la que únicamente esta oficina identifica el caso. Cite esta referencia en toda respuesta.",
)
JURISDICTION = _given(
    "jurisdiction", "string", "The jurisdiction whose agency writes.", "Jurisdicción de la agencia que comunica."
)
PURPOSE = _given(
    "purpose", "string", "What this is told for. Use it for nothing else.",
    "Finalidad de esta comunicación. No use la información para ninguna otra.",
)
BASIS = _given(
    "basis", "string", "The law, treaty or agreement, order or consent on which this rests.",
    "Fundamento: la ley, el tratado o acuerdo, la orden o el consentimiento en que se sustenta.",
)
REFERENCE = _given(
    "reference", "string", "Sign by which this office, and no other, knows the person.",
    "Referencia con la que únicamente esta oficina identifica a la persona.",
)
WITHDRAWS = _given(
    "withdraws", "long", "Feed number of the record that is to be disregarded or erased.",
    "Número de la comunicación que queda sin efecto o debe borrarse."
)
TEXT_CODE = _given(
    "text_code", "string",
    "Which standing text applies. disregard: do not rely on that record, keep no copy of it. erase: a court ordered it to "
    "be destroyed, erase every copy of it and confirm to the agency that you did.",
    "Texto que se aplica. disregard (dejar sin efecto): no se base en esa comunicación ni conserve copia de ella. erase "
    "(borrar, por orden judicial): borre todas sus copias y confirme a la agencia que lo hizo.",
)
HOLDS = _given("holds", "long", "Feed number of the record that is held back.",
               "Número de la comunicación que está retenida.")

PLAIN: Mapping[Shape, Any] = {
    Shape.DAY: DATE, Shape.WORD: "string", Shape.TEXT: "string", Shape.PERSON: "string", Shape.NUMBER: "long",
    Shape.TRUTH: "boolean", Shape.WORDS: {"type": "array", "items": "string"},
}
SEVERAL: Mapping[Shape, tuple[Schema, ...]] = {
    Shape.NAME: (
        _optional("given_names", "string", "Given names as the family writes them.",
                  "Nombres de pila tal como los escribe la familia."),
        _optional("surnames", "string", "Full surnames, both where there are two.",
                  "Apellidos completos, ambos si hay dos."),
    ),
    Shape.BIRTH_DATE: (
        _optional("birth_date", DATE, "Date of birth.", "Fecha de nacimiento."),
        _optional("birth_date_is_estimate", "boolean", "Whether the date of birth is an estimate.",
                  "Si la fecha de nacimiento es aproximada."),
    ),
}
"""Shapes that stand in several fields of the record, none of them called as the path is."""
MOMENT = (
    _given("moment", {"type": "long", "logicalType": "timestamp-micros"}, "The moment, in microseconds since 1970 in UTC.",
           "El momento, en microsegundos desde 1970 en UTC."),
    _given("zone", "string", "A zone of the tz database, or an offset.",
           "Una zona horaria de la base de datos tz, o una diferencia respecto de UTC."),
)
COUNTRY = ("country", "string", "Country, ISO 3166-1 alpha-2.", "País, ISO 3166-1 alfa-2.")
DWELLING = ("Address", "A dwelling, as people there write it.", "Un domicilio, tal como se escribe en el lugar.")
UP_TO_COUNTRY = (
    _optional("street", "string", "Street.", "Calle."),
    _optional("number", "string", "Number of the house or dwelling.", "Número de la casa o vivienda."),
    _optional("colonia", "string", "Colonia, neighbourhood or settlement.", "Colonia, barrio o asentamiento."),
    _optional("municipality", "string", "Municipality.", "Municipio."),
    _optional("city", "string", "City or town.", "Ciudad o población."),
    _optional("region", "string", "State, department or province.", "Estado, departamento o provincia."),
    _optional("postal_code", "string", "Postal code.", "Código postal."),
)
LANDMARKS = _optional("landmarks", "string", FOUND_DOC, FOUND_ES)
RECORDS: Mapping[Shape, Schema] = {
    Shape.PLACE: _record(
        "Place", "A place, in the parts that are known.", "Un lugar, con los datos que se conocen.",
        _optional("city", "string", "City or town.", "Ciudad o población."),
        _optional("region", "string", "State, department or province.", "Estado, departamento o provincia."),
        _optional(*COUNTRY),
    ),
    Shape.ADDRESS: _record(*DWELLING, *UP_TO_COUNTRY, _optional(*COUNTRY), LANDMARKS),
    Shape.MOMENT: _record(
        "Moment", "A moment, and the zone in which it was told.", "Un momento y la zona en que se indicó.", *MOMENT
    ),
    Shape.LETTER: _record(
        "OtipLetter", "What a letter of the Office on Trafficking in Persons says.",
        "Lo que dice una carta de la Oficina contra la Trata de Personas (OTIP).",
        _optional(
            "kind", "string",
            "Which letter: interim_assistance, eligibility, denial_of_assistance or denial_of_eligibility.",
            "Tipo de carta: interim_assistance (asistencia provisional), eligibility (elegibilidad), denial_of_assistance "
            "(negativa de asistencia) o denial_of_eligibility (negativa de elegibilidad).",
        ),
        _optional("issued_on", DATE, "Date on the letter.", "Fecha de la carta."),
        _optional("benefits_from", DATE, "First day of benefits.", "Primer día de los beneficios."),
        _optional("benefits_until", DATE, "Last day of benefits.", "Último día de los beneficios."),
        _optional("indefinite", "boolean", "Whether the benefits have no end.",
                  "Si los beneficios son por tiempo indefinido."),
    ),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """How a record is laid out: what it begins with, and where it differs from what the vocabulary says."""

    head: tuple[Schema, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    """What the record calls a path, where that is not the path's own last word."""
    records: Mapping[Shape, Schema] = field(default_factory=lambda: RECORDS)
    has_every_list: bool = False
    """Whether each list of persons is always written, so that it has no default."""


_FACTS = Layout(head=(CASE, JURISDICTION, PURPOSE, BASIS))
_NOTICE = Layout(
    head=(CASE, JURISDICTION, BASIS), names={"child.custody": "in_custody_since"}, has_every_list=True,
    records={
        **RECORDS, Shape.ADDRESS: _record(*DWELLING, *UP_TO_COUNTRY, _given(*COUNTRY), LANDMARKS),
        Shape.MOMENT: _record("CustodySince", "When the agency took the child into custody.",
                              "Cuándo asumió la agencia la custodia de protección.", *MOMENT),
    },
)
LAYOUTS: Mapping[str, Layout] = {
    "facts.v1": _FACTS, "facts.v2": _FACTS, "notice.v1": _NOTICE, "notice.v2": _NOTICE,
    "disregard.v1": Layout(head=(CASE, WITHDRAWS, TEXT_CODE)),
}
"""By the renderer that a contract names."""
OF_THE_FEED: Mapping[str, Layout] = {"Held.v1": Layout(head=(CASE, HOLDS)), "Placeholder.v1": Layout()}
"""What a feed itself says of its numbers, to every office and without a contract."""


def record_of(publishes: str, renderer: str, paths: Container[str]) -> Schema:
    """The record in which these fields leave, in the renderer's order and not a contract's. A path for which the
    renderer has no place is left out."""
    layout, groups, defined = LAYOUTS[renderer], dict[str, list[Word]](), set[str]()
    for path in PLACES[renderer]:
        if path in paths and WORDS[path].part_of is None:
            groups.setdefault(WORDS[path].group, []).append(WORDS[path])
    return _published(publishes, layout.head, *(
        _group(name, group, groups[name], layout, defined) for name, group in GROUPS.items() if name in groups
    ))


def feed_records() -> dict[str, Schema]:
    """The feed's own records by `Name.vN`."""
    return {publishes: _published(publishes, layout.head) for publishes, layout in OF_THE_FEED.items()}


def names_of(renderer: str, path: str) -> tuple[str, ...]:
    """Where a renderer puts a field, such as `children.given_names` and `children.surnames`."""
    word = WORDS[path]
    if word.part_of is not None:
        return tuple(f"{name}.{LANDMARKS['name']}" for name in names_of(renderer, word.part_of))
    group = GROUPS[word.group].plural or word.group
    several = SEVERAL.get(word.shape)
    names = [part["name"] for part in several] if several else [LAYOUTS[renderer].names.get(path, word.name)]
    return tuple(f"{group}.{name}" for name in names)


def _published(publishes: str, head: tuple[Schema, ...], *groups: Schema) -> Schema:
    name = publishes.partition(".")[0]
    doc, doc_es = DOCS.get(name, ("", ""))  # What is said nowhere, the check refuses.
    if groups and doc:
        doc, doc_es = f"{doc} {NULL}", f"{doc_es} {NULL_ES}"
    return {
        "type": "record", "name": name, "namespace": NAMESPACE, "doc": doc, "doc_es": doc_es, "fields": [*head, *groups],
    }


def _group(name: str, group: Group, words: list[Word], layout: Layout, defined: set[str]) -> Schema:
    own = [entry for word in words for entry in _fields(word, layout, defined)]
    if group.plural is None:
        return _optional(name, _record(group.record, group.doc, group.doc_es, *own), group.doc, group.doc_es)
    return {
        "name": group.plural,
        "type": {"type": "array", "items": _record(group.record, group.doc, group.doc_es, REFERENCE, *own)},
        **({} if layout.has_every_list else {"default": []}),
        "doc": f"{group.doc} One record for each.", "doc_es": f"{group.doc_es} Un registro por cada persona.",
    }


def _fields(word: Word, layout: Layout, defined: set[str]) -> Iterator[Schema]:
    if word.shape in SEVERAL:
        yield from SEVERAL[word.shape]
        return
    kind = PLAIN.get(word.shape)
    if kind is None:
        record = layout.records[word.shape]
        kind = record["name"] if record["name"] in defined else record
        defined.add(record["name"])
    yield _optional(layout.names.get(word.path, word.name), kind, word.doc, word.doc_es)


DOCS: Mapping[str, tuple[str, str]] = {
    "ConsularNotice": ("The agency notifies a consulate that children are in its custody.",
                       "La agencia notifica a un consulado que tiene a su cargo a niñas, niños o adolescentes (custodia de "
                       "protección; no es una detención)."),
    "Disregard": ("Please disregard or erase an earlier number of this feed, and every copy of it: `text_code` says which. "
                  "This tells nothing new.",
                  "Deje sin efecto o borre la comunicación cuyo número se indica, con todas sus copias: `text_code` dice "
                  "qué procede. Este mensaje no aporta información nueva."),
    "Held": ("The record of an earlier number of this feed is held back: it could not be handed over to you, or may not "
             "leave now. Its content comes later under a number of its own, whose `releases` names the first. This tells "
             "nothing else.",
             "La comunicación de un número anterior de esta serie de entregas (feed) está retenida: no fue posible "
             "entregársela, o no puede enviarse por ahora. Su contenido llegará después con un número propio, cuyo atributo "
             "`releases` indica el primero. Este mensaje no aporta otra información."),
    "Placeholder": ("This number of the feed carries nothing. What stood for it does not leave; if it does one day, then "
                    "under a number of its own.",
                    "Este número de la serie de entregas (feed) no contiene información. La comunicación correspondiente no "
                    "se envía; si llega a enviarse, llevará otro número."),
    "HomeStudyRequest": ("The agency asks for a home to be studied.",
                         "La agencia solicita un estudio del hogar (home study; en el DIF, estudio socioeconómico o de "
                         "entorno familiar)."),
    "ReunificationRequest": ("The agency asks for help so that a child can live with family abroad.",
                             "La agencia solicita apoyo para que una niña, un niño o un adolescente viva con su familia en "
                             "el extranjero."),
    "PapersToServe": ("The agency asks for papers to be served.",
                      "La agencia solicita la notificación o el traslado de documentos judiciales."),
    "DocumentRequest": ("The agency asks for a paper about a person.",
                        "La agencia solicita un documento sobre una persona."),
    "IdentityCheck": ("The agency asks who an unaccompanied minor and the persons around them are.",
                      "La agencia solicita verificar la identidad de una niña, un niño o un adolescente no acompañado y de "
                      "las personas de su entorno."),
    "HearingArrangement": ("A hearing at which somebody is to take part, here or from afar.",
                           "Una audiencia en la que alguien participará, en persona o a distancia."),
    "VisitArrangement": ("A visit between children and a parent is to be arranged.",
                         "Debe organizarse una visita de niñas, niños o adolescentes con su madre o su padre."),
    "DetainedParent": ("The agency asks about a parent who is detained, for a child in its care.",
                       "La agencia solicita información sobre una madre detenida o un padre detenido, en relación con una "
                       "niña, un niño o un adolescente a cargo de la agencia."),
    "DetainedVisit": ("A visit between children and a parent who is detained is to be arranged.",
                      "Debe organizarse una visita de niñas, niños o adolescentes con su madre detenida o su padre "
                      "detenido."),
    "DetainedHearing": ("A hearing in which a parent who is detained is to take part.",
                        "Una audiencia en la que participará una madre detenida o un padre detenido."),
    "TraffickingReport": ("The agency refers a noncitizen minor who may have been trafficked.",
                          "La agencia canaliza a una niña, un niño o un adolescente que no es ciudadano de los Estados "
                          "Unidos y podría ser víctima de trata de personas."),
    "TraffickingNotice": ("The agency tells of a child who may have been trafficked.",
                          "La agencia informa sobre una niña, un niño o un adolescente que podría ser víctima de trata de "
                          "personas."),
    "ReliefReferral": ("The agency refers a person to counsel, to be screened for immigration relief.",
                       "La agencia canaliza a una persona con un representante legal, para que evalúe opciones de "
                       "protección o regularización migratoria (immigration relief)."),
    "CourtReport": ("The agency tells the court, or its own counsel, what a proceeding needs.",
                    "La agencia comunica al tribunal, o a su propio abogado, lo que requiere un procedimiento."),
    "TranslationRequest": ("The agency asks for a paper to be translated.",
                           "La agencia solicita la traducción de un documento."),
    "CareInformation": ("What those who care for a child need for the care.",
                        "Lo que necesitan quienes cuidan a una niña, un niño o un adolescente para su cuidado."),
}
