"""Every field that a contract may name: what it is, of which row of domain.md 5.2, in two languages.

A path is `group.name`. Groups of persons are told person by person, each under the office's own sign; the other
groups are one thing that a disclosure is about. A path that no event tells is here too, so that a contract that names
it is refused by the ban that forbids it and not for its spelling.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.disclosure.items import AskedItem as Item
from domain.people import PARENTS, Role


class Shape(StrEnum):
    """What a value looks like on the wire."""

    NAME = "name"  # given names and full surnames
    BIRTH_DATE = "birth_date"  # day, and whether it is an estimate
    PLACE = "place"  # city, region, country
    ADDRESS = "address"
    MOMENT = "moment"  # moment and zone
    LETTER = "letter"  # what a letter of OTIP says
    DAY = "day"
    WORD = "word"  # one code of a list, or one country or language
    WORDS = "words"
    NUMBER = "number"
    TRUTH = "truth"
    PERSON = "person"  # the office's own sign of a person, never our id
    TEXT = "text"  # free where its class is named; else a number or a code that somebody gave


class FreeText(StrEnum):
    """What a text written by a person is about. A contract that lets one flow names its class."""

    PLACE = "place"  # a room, a port, a facility
    PAPER = "paper"  # which paper, in words
    NUMBER = "number"  # somebody's own reference number
    ANSWERS = "answers"  # to a screening
    HEARING = "hearing"  # what a hearing is for
    KINSHIP = "kinship"  # how somebody is related
    ALLEGATION = "allegation"
    CARE = "care"  # health and therapy
    DIRECTIONS = "directions"  # what a dwelling is found by
    COUNSEL = "counsel"


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """One field. `comes_from` are the kinds that themselves tell the agency this, and are not told it back. `part_of` is
    the field in which it stands on the wire, and without which it does not flow."""

    path: str
    item: Item
    shape: Shape
    doc: str
    doc_es: str
    text: FreeText | None = None
    comes_from: tuple[str, ...] = ()
    part_of: str | None = None
    is_told: bool = True

    @property
    def group(self) -> str:
        return self.path.partition(".")[0]

    @property
    def name(self) -> str:
        return self.path.partition(".")[2]


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """`plural` is the record's list of persons; None for the one thing that a disclosure is about."""

    plural: str | None
    record: str
    doc: str
    doc_es: str


GROUPS: Mapping[str, Group] = {
    "child": Group(plural="children", record="Child", doc="A child of the case.",
                   doc_es="Una niña, un niño o un adolescente del caso."),
    "parent": Group(plural="parents", record="Parent", doc="A parent of one of the children.",
                    doc_es="La madre o el padre de una niña, un niño o un adolescente del caso."),
    "relative": Group(plural="relatives", record="Relative", doc="A relative of the children.",
                      doc_es="Un familiar de las niñas, los niños o los adolescentes del caso."),
    "carer": Group(plural="carers", record="Carer", doc="Somebody who cares for one of the children.",
                   doc_es="Una persona que cuida a una niña, un niño o un adolescente del caso."),
    "sponsor": Group(plural="sponsors", record="Sponsor", doc="A sponsor of an unaccompanied minor.",
                     doc_es="La persona patrocinadora (sponsor) de una niña, un niño o un adolescente no acompañado."),
    "hearing": Group(plural=None, record="Hearing", doc="The hearing that this is about.",
                     doc_es="La audiencia a la que se refiere esta comunicación."),
    "visit": Group(plural=None, record="Visit", doc="The visit that this is about.",
                   doc_es="La visita a la que se refiere esta comunicación."),
    "home_study": Group(plural=None, record="HomeStudy", doc="The study of a home that this is about.",
                        doc_es="El estudio del hogar (home study) al que se refiere esta comunicación."),
    "papers": Group(plural=None, record="Papers", doc="The papers to be served.",
                    doc_es="Los documentos judiciales que deben notificarse o trasladarse."),
    "document": Group(plural=None, record="WantedDocument", doc="The paper that is wanted, or is to be translated.",
                      doc_es="El documento que se solicita o que debe traducirse."),
    "trafficking": Group(plural=None, record="Concern", doc="The concern that this is about.",
                         doc_es="La sospecha o el indicio que motiva esta comunicación."),
    "plan": Group(plural=None, record="Plan", doc="The plan for a child to live abroad.",
                  doc_es="El plan para que una niña, un niño o un adolescente viva en el extranjero."),
    "counsel": Group(plural=None, record="Counsel", doc="What passes between a person and counsel.",
                     doc_es="Las comunicaciones entre una persona y su representante legal."),
}

STUDIES = ("CONS-MX", "CONS-xx", "DIF", "FCWA", "ISS")
SCREENERS = ("LAW-RUTGERS", "LAW-CONTRACT", "LAW-PROBONO", "LAW-NM", "LAW-COMM", "LAW-PARENT")
NAME_DOC = "Names as the family writes them: given names, and full surnames, both where there are two."
NAME_ES = "Nombres tal como los escribe la familia: nombres de pila y apellidos completos, ambos si hay dos."
BIRTH_DOC, BIRTH_ES = "Date of birth, and whether it is an estimate.", "Fecha de nacimiento, y si es aproximada."
PLACE_DOC = "Place of birth, in the parts that are known."
PLACE_ES = "Lugar de nacimiento, con los datos que se conocen."
STATUS_DOC, STATUS_ES = "Immigration status.", "Situación migratoria."
COUNTRY_DOC = "Country, ISO 3166-1 alpha-2."
COUNTRY_ES = "País, ISO 3166-1 alfa-2."
PHONE_DOC, PHONE_ES = "How to reach the person by telephone.", "Cómo comunicarse con la persona por teléfono."
FOUND_DOC = "What the dwelling is found by."
FOUND_ES = "Referencias para ubicar el domicilio (entre qué calles, señas)."
LIVES_DOC, LIVES_ES = "Where the person lives now, where that was given.", "Dónde vive la persona ahora, si se proporcionó."


def _landmarks(path: str, item: Item, *, part_of: str) -> Word:
    """What a dwelling is found by: the one part of an address that is text, and so named for itself."""
    return Word(
        path=path, item=item, shape=Shape.TEXT, doc=FOUND_DOC, doc_es=FOUND_ES, text=FreeText.DIRECTIONS, part_of=part_of
    )


_CHILD = (
    Word(path="child.custody", item=Item.CUSTODY, shape=Shape.MOMENT, doc="Since when the child has been in custody.",
         doc_es="Desde cuándo la niña, el niño o el adolescente está a cargo de la agencia de protección infantil (custodia "
                "de protección; no es una detención)."),
    Word(path="child.name", item=Item.CHILD_NAME, shape=Shape.NAME, doc=NAME_DOC, doc_es=NAME_ES),
    Word(path="child.birth_date", item=Item.CHILD_BIRTH_DATE, shape=Shape.BIRTH_DATE, doc=BIRTH_DOC, doc_es=BIRTH_ES),
    Word(path="child.birth_place", item=Item.CHILD_BIRTHPLACE, shape=Shape.PLACE, doc=PLACE_DOC, doc_es=PLACE_ES),
    Word(path="child.nationalities", item=Item.CHILD_NATIONALITY, shape=Shape.WORDS,
         doc="Countries of nationality, ISO 3166-1 alpha-2.", doc_es="Países de nacionalidad, ISO 3166-1 alfa-2."),
    Word(path="child.immigration_status", item=Item.CHILD_STATUS, shape=Shape.TEXT, doc=STATUS_DOC, doc_es=STATUS_ES,
         is_told=False),
    Word(path="child.in_proceedings", item=Item.CHILD_STATUS, shape=Shape.TRUTH,
         doc="Whether proceedings before an immigration court are under way.",
         doc_es="Si hay un procedimiento en curso ante un tribunal de inmigración."),
    Word(path="child.allegation", item=Item.ALLEGATION, shape=Shape.TEXT, doc="Class of the allegation.",
         doc_es="Tipo de maltrato, abuso u omisión de cuidados que se reportó.", text=FreeText.ALLEGATION),
    Word(path="child.placement_address", item=Item.PLACEMENT_ADDRESS, shape=Shape.ADDRESS,
         doc="Where the child is placed.",
         doc_es="Domicilio del hogar de acogida o del centro de asistencia social donde vive actualmente."),
    _landmarks("child.placement_landmarks", Item.PLACEMENT_ADDRESS, part_of="child.placement_address"),
    Word(path="child.health_records", item=Item.HEALTH_RECORDS, shape=Shape.TEXT, doc="Health and therapy.",
         doc_es="Salud y tratamiento psicológico.", text=FreeText.CARE, is_told=False),
    Word(path="child.otip_letter", item=Item.OTIP_LETTER, shape=Shape.LETTER,
         doc="The child's letter from the Office on Trafficking in Persons that stands, with its own dates.",
         doc_es="La carta vigente de la Oficina contra la Trata de Personas (OTIP) sobre la niña, el niño o el adolescente, "
                "con sus propias fechas.",
         comes_from=("OTIP", "SHEPHERD")),
    Word(path="child.relief_candidates", item=Item.RELIEF_SCREENING, shape=Shape.WORDS,
         doc="Kinds of immigration relief that the last screening found possible.",
         doc_es="Opciones de protección o regularización migratoria (immigration relief) que la última evaluación consideró "
                "posibles.", comes_from=SCREENERS),
)
_PARENT = (
    Word(path="parent.relation", item=Item.PARENT_SURNAMES, shape=Shape.WORD, doc="mother, father or parent.",
         doc_es="mother (madre), father (padre) o parent (madre o padre)."),
    Word(path="parent.name", item=Item.PARENT_SURNAMES, shape=Shape.NAME, doc=NAME_DOC, doc_es=NAME_ES),
    Word(path="parent.birth_date", item=Item.PARENT_BIRTH_DATE, shape=Shape.BIRTH_DATE, doc=BIRTH_DOC, doc_es=BIRTH_ES),
    Word(path="parent.birth_place", item=Item.PARENT_BIRTHPLACE, shape=Shape.PLACE, doc=PLACE_DOC, doc_es=PLACE_ES),
    Word(path="parent.address", item=Item.PARENT_ADDRESS, shape=Shape.ADDRESS, doc=LIVES_DOC, doc_es=LIVES_ES),
    _landmarks("parent.landmarks", Item.PARENT_ADDRESS, part_of="parent.address"),
    Word(path="parent.phone", item=Item.PARENT_ADDRESS, shape=Shape.TEXT, doc=PHONE_DOC, doc_es=PHONE_ES),
    Word(path="parent.immigration_status", item=Item.PARENT_STATUS, shape=Shape.TEXT, doc=STATUS_DOC, doc_es=STATUS_ES,
         is_told=False),
    Word(path="parent.deportation_order", item=Item.DEPORTATION_ORDER, shape=Shape.TRUTH,
         doc="Whether there is an order of deportation.", doc_es="Si existe una orden de deportación.", is_told=False),
    Word(path="parent.a_number", item=Item.A_NUMBER, shape=Shape.TEXT,
         doc="The number under which Homeland Security files the person, nine digits.",
         doc_es="Número de registro de extranjero (A-Number) del Departamento de Seguridad Nacional de los Estados Unidos "
                "(DHS), nueve dígitos."),
    Word(path="parent.detention_place", item=Item.DETENTION_PLACE, shape=Shape.TEXT,
         doc="Facility where the parent is held, as far as the agency knows.",
         doc_es="Centro de detención donde se encuentra la persona, según la información de la agencia.",
         text=FreeText.PLACE),
)
_KIN = (
    Word(path="relative.relation", item=Item.RELATIVE_CONTACT, shape=Shape.TEXT, doc="How the person is related, in words.",
         doc_es="Qué parentesco tiene la persona, en palabras.", text=FreeText.KINSHIP),
    Word(path="relative.name", item=Item.RELATIVE_CONTACT, shape=Shape.NAME, doc=NAME_DOC, doc_es=NAME_ES),
    Word(path="relative.phone", item=Item.RELATIVE_CONTACT, shape=Shape.TEXT, doc=PHONE_DOC, doc_es=PHONE_ES),
    Word(path="relative.address", item=Item.RELATIVE_CONTACT, shape=Shape.ADDRESS, doc=LIVES_DOC, doc_es=LIVES_ES),
    _landmarks("relative.landmarks", Item.RELATIVE_CONTACT, part_of="relative.address"),
    Word(path="relative.immigration_status", item=Item.CARER_STATUS, shape=Shape.TEXT, doc=STATUS_DOC, doc_es=STATUS_ES,
         is_told=False),
    Word(path="carer.immigration_status", item=Item.CARER_STATUS, shape=Shape.TEXT, doc=STATUS_DOC, doc_es=STATUS_ES,
         is_told=False),
    Word(path="sponsor.name", item=Item.IDENTITY_OF_FAMILY, shape=Shape.NAME, doc=NAME_DOC, doc_es=NAME_ES),
    Word(path="sponsor.birth_date", item=Item.IDENTITY_OF_FAMILY, shape=Shape.BIRTH_DATE, doc=BIRTH_DOC, doc_es=BIRTH_ES),
)
_PROCEEDINGS = (
    Word(path="hearing.time", item=Item.HEARING, shape=Shape.MOMENT, doc="When the hearing is to be.",
         doc_es="Cuándo será la audiencia."),
    Word(path="hearing.purpose", item=Item.HEARING, shape=Shape.TEXT, doc="What the hearing is for.",
         doc_es="Para qué es la audiencia.", text=FreeText.HEARING),
    Word(path="hearing.channel", item=Item.HEARING, shape=Shape.WORD, doc="By which technical means somebody takes part.",
         doc_es="Por qué medio técnico participa la persona."),
    Word(path="hearing.place", item=Item.HEARING, shape=Shape.TEXT, doc="The room from which somebody takes part.",
         doc_es="La sala desde la que participa la persona.", text=FreeText.PLACE),
    Word(path="visit.time", item=Item.VISIT, shape=Shape.MOMENT, doc="When the visit is to be.",
         doc_es="Cuándo será la visita."),
    Word(path="visit.mode", item=Item.VISIT, shape=Shape.WORD, doc="virtual, border, abroad or detention.",
         doc_es="virtual, border (frontera), abroad (en el extranjero) o detention (en detención)."),
    Word(path="visit.platform", item=Item.VISIT, shape=Shape.WORD, doc="Over which service they see each other.",
         doc_es="Plataforma de la videollamada."),
    Word(path="visit.place", item=Item.VISIT, shape=Shape.TEXT, doc="Where the visit is to be.",
         doc_es="Dónde será la visita.", text=FreeText.PLACE),
    Word(path="visit.port", item=Item.VISIT, shape=Shape.TEXT, doc="Port of entry.", doc_es="Puerto de entrada.",
         text=FreeText.PLACE),
    Word(path="visit.attendees", item=Item.VISIT, shape=Shape.WORDS, doc="Who is to be there, by role.",
         doc_es="Quiénes asistirán, según su función."),
    Word(path="visit.parent", item=Item.VISIT, shape=Shape.PERSON, doc="Sign of the parent whom the children visit.",
         doc_es="Referencia de la madre o del padre a quien visitan las niñas, los niños o los adolescentes."),
)
_REQUESTS = (
    Word(path="home_study.person", item=Item.RELATIVE_CONTACT, shape=Shape.PERSON,
         doc="Sign of the person whose home is to be studied.", doc_es="Referencia de la persona cuyo hogar se estudiará."),
    Word(path="home_study.address", item=Item.RELATIVE_CONTACT, shape=Shape.ADDRESS, doc="The dwelling to be studied.",
         doc_es="El domicilio que se estudiará."),
    _landmarks("home_study.landmarks", Item.RELATIVE_CONTACT, part_of="home_study.address"),
    Word(path="home_study.country", item=Item.RELATIVE_CONTACT, shape=Shape.WORD, doc=COUNTRY_DOC, doc_es=COUNTRY_ES),
    Word(path="home_study.attempt", item=Item.RELATIVE_CONTACT, shape=Shape.NUMBER, doc="Which attempt this is, from 1.",
         doc_es="Número de la solicitud: 1 si es la primera."),
    Word(path="home_study.outcome", item=Item.HOME_STUDY_REPORT, shape=Shape.WORD, doc="What the report finds.",
         doc_es="Qué concluye el informe.", comes_from=STUDIES),
    Word(path="home_study.report_number", item=Item.HOME_STUDY_REPORT, shape=Shape.TEXT, doc="The report's own number.",
         doc_es="El número propio del informe.", text=FreeText.NUMBER, comes_from=STUDIES),
    Word(path="papers.person", item=Item.PAPERS_TO_SERVE, shape=Shape.PERSON, doc="Sign of the person to be served.",
         doc_es="Referencia de la persona a quien debe notificarse."),
    Word(path="papers.document", item=Item.PAPERS_TO_SERVE, shape=Shape.TEXT, doc="Which papers are to be served.",
         doc_es="Qué documentos deben notificarse o trasladarse.", text=FreeText.PAPER),
    Word(path="papers.dated", item=Item.PAPERS_TO_SERVE, shape=Shape.DAY, doc="The date on the papers.",
         doc_es="La fecha de los documentos."),
    Word(path="papers.country", item=Item.PAPERS_TO_SERVE, shape=Shape.WORD, doc=COUNTRY_DOC, doc_es=COUNTRY_ES),
    Word(path="document.person", item=Item.DOCUMENT_WANTED, shape=Shape.PERSON,
         doc="Sign of the person whom the paper is about.",
         doc_es="Referencia de la persona a quien se refiere el documento."),
    Word(path="document.kind", item=Item.DOCUMENT_WANTED, shape=Shape.WORD, doc="Kind of paper.",
         doc_es="Tipo de documento."),
    Word(path="document.described", item=Item.DOCUMENT_WANTED, shape=Shape.TEXT, doc="Which paper, in words.",
         doc_es="Qué documento, en palabras.", text=FreeText.PAPER),
    Word(path="document.from_language", item=Item.DOCUMENT_WANTED, shape=Shape.WORD, doc="Language of the paper, ISO 639.",
         doc_es="Idioma del documento, ISO 639."),
    Word(path="document.to_language", item=Item.DOCUMENT_WANTED, shape=Shape.WORD,
         doc="Language into which it is to be translated, ISO 639.", doc_es="Idioma al que debe traducirse, ISO 639."),
    Word(path="trafficking.indicators", item=Item.TRAFFICKING_INDICATORS, shape=Shape.WORDS,
         doc="Kinds of exploitation that are suspected.", doc_es="Tipos de explotación de los que hay sospecha."),
    Word(path="trafficking.answers", item=Item.TRAFFICKING_ANSWERS, shape=Shape.TEXT, doc="Answers to a screening.",
         doc_es="Respuestas a una evaluación.", text=FreeText.ANSWERS, is_told=False),
    Word(path="plan.country", item=Item.RELATIVE_CONTACT, shape=Shape.WORD, doc=COUNTRY_DOC, doc_es=COUNTRY_ES),
    Word(path="plan.carer", item=Item.RELATIVE_CONTACT, shape=Shape.PERSON,
         doc="Sign of the parent or relative with whom the child is to live.",
         doc_es="Referencia de la madre, del padre o del familiar con quien vivirá la niña, el niño o el adolescente."),
    Word(path="counsel.communications", item=Item.COUNSEL_COMMUNICATIONS, shape=Shape.TEXT,
         doc="What a person and counsel told each other.", doc_es="Lo que se dijeron una persona y su representante legal.",
         text=FreeText.COUNSEL, is_told=False),
)
WORDS: Mapping[str, Word] = {word.path: word for word in (*_CHILD, *_PARENT, *_KIN, *_PROCEEDINGS, *_REQUESTS)}
GROUP_OF: Mapping[Role | None, str] = {
    None: "child", **dict.fromkeys(PARENTS, "parent"), Role.RELATIVE: "relative", Role.CARER: "carer",
    Role.SPONSOR: "sponsor",
}
"""By a person's role, None for a child: the group under which they are told of."""
DWELLINGS = frozenset({
    "child.placement_address", "child.placement_landmarks", "home_study.address", "home_study.landmarks",
})
"""Fields that tell where somebody lives under another name: the child's carer, the person whose home is studied."""
ADDRESS = "address"


def item_of(path: str) -> str:
    """What of a person a field tells, in whatever group: `address` of parent.address, of its landmarks and of
    home_study.address. A field of a thing that tells nothing of its person is an item of its own, and so is an item."""
    group, _, name = path.rpartition(".")
    if path in DWELLINGS:
        return ADDRESS
    if path in WORDS and WORDS[path].part_of is not None:
        return ADDRESS
    return path if group in GROUPS and GROUPS[group].plural is None else name


def items_told(group: str) -> frozenset[str]:
    """Everything that contracts may let flow of a person of a group; where somebody lives may be told of anybody."""
    return frozenset({ADDRESS, *(item_of(word.path) for word in WORDS.values() if word.is_told and word.group == group)})
