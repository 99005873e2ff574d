"""What the contracts say of bases and reasons, in Spanish: the texts themselves are adopted by digest and stay English.

Statutes, treaties and institutions are called as their own Spanish texts call them. A text of an agency's own that is not
here is shown in English, marked so.
"""
from __future__ import annotations

from collections.abc import Mapping

PURPOSES: Mapping[str, str] = {
    "consular_notice": "notificación consular", "recall": "retiro o borrado de una comunicación anterior",
    "home_study": "estudio del hogar (home study)", "reunification": "reunificación en el extranjero",
    "service_of_process": "notificación o traslado de documentos judiciales",
    "document_tracing": "obtención de un documento",
    "identity_check": "verificación de identidad", "hearing_logistics": "participación en una audiencia",
    "arrange_visit": "organización de una visita", "border_visit": "visita en un puerto de entrada",
    "locate_parent": "localización de la madre o del padre", "contact_parent": "contacto con la madre o el padre",
    "court_attendance": "asistencia a una audiencia", "advocate_release": "solicitud de liberación",
    "trafficking_report": "canalización por posible trata de personas",
    "trafficking_notice": "aviso de posible trata de personas", "screening_referral": "canalización para evaluación",
    "relief_screening": "evaluación de opciones de protección o regularización migratoria",
    "court_report": "informe al tribunal", "translation": "traducción",
    "care": "cuidado de una niña, un niño o un adolescente",
}
DENIALS: Mapping[str, str] = {
    "a broker learns from the family what the family chooses to tell":
        "el mediador cultural sabe lo que la propia familia decide contarle",
    "a person has no feed: what a child is told, a person tells":
        "una persona no tiene serie de entregas (feed): lo que se informa a una niña, un niño o un adolescente se lo dice "
        "una persona",
    "a person has no feed: what a family is told, a person tells":
        "una persona no tiene serie de entregas (feed): lo que se informa a la familia se lo dice una persona",
    "a person has no feed: what a parent is told of their own case, a person tells":
        "una persona no tiene serie de entregas (feed): lo que se informa a la madre o al padre sobre su propio caso se lo "
        "dice una persona",
    "events are given general information, never anything of a case":
        "en los eventos comunitarios se da información general, nunca datos de un caso",
    "the matrix has no column for it: a detained parent is referred by a person":
        "las reglas no prevén comunicarle nada: a la madre detenida o al padre detenido los canaliza una persona",
    "the matrix has no column for it: an application is the family's, made with the specialist":
        "las reglas no prevén comunicarle nada: la solicitud es de la familia, que la presenta con el especialista",
    "the matrix has no column for it: care is arranged by a person":
        "las reglas no prevén comunicarle nada: la atención la gestiona una persona",
    "the matrix has no column for it: petitions go through counsel":
        "las reglas no prevén comunicarle nada: las peticiones se presentan por medio de un representante legal",
    "the matrix has no column for it: returns and adoptions go through ISS or the authority abroad":
        "las reglas no prevén comunicarle nada: los retornos y las adopciones se tramitan con el Servicio Social "
        "Internacional (ISS) o con la autoridad del otro país",
}
BASES: Mapping[str, str] = {
    "Correction of a notice that was sent in error": "corrección de una notificación enviada por error",
    "Correction of what was sent in error": "corrección de lo que se envió por error",
    "NM-UC-VERIFY: the consulate is asked who a minor and the persons around them are":
        "regla NM-UC-VERIFY: se solicita al consulado verificar la identidad de una niña, un niño o un adolescente y de las "
        "personas de su entorno",
    "US-OTIP-REFER: referral of a noncitizen minor who may have been trafficked":
        "regla US-OTIP-REFER: canalización de una niña, un niño o un adolescente que no es ciudadano de los Estados Unidos "
        "y podría ser víctima de trata de personas",
    "a child was left without a parent: request for release":
        "una niña, un niño o un adolescente quedó sin su madre o sin su padre: solicitud de liberación",
    "a child welfare case involves this parent: part in a hearing":
        "un caso de protección de la niñez involucra a esta madre o a este padre: participación en una audiencia",
    "a child welfare case involves this parent: request for contact":
        "un caso de protección de la niñez involucra a esta madre o a este padre: solicitud de contacto",
    "a child welfare case involves this parent: request to locate":
        "un caso de protección de la niñez involucra a esta madre o a este padre: solicitud de localización",
    "a parent's part in a hearing, from afar": "participación a distancia de la madre o del padre en una audiencia",
    "a visit at a port of entry": "visita en un puerto de entrada",
    "consular notification, under the Vienna Convention on Consular Relations (24 April 1963), or the practice of this "
    "state for children of parents born abroad":
        "notificación consular, conforme a la Convención de Viena sobre Relaciones Consulares (24 de abril de 1963), o a la "
        "práctica de este estado respecto de hijas e hijos de personas nacidas en el extranjero",
    "consular notification, under the Vienna Convention on Consular Relations (24 April 1963), the Bilateral Consular "
    "Convention with Mexico (12 August 1942), or the practice of this state for children of parents born abroad":
        "notificación consular, conforme a la Convención de Viena sobre Relaciones Consulares (24 de abril de 1963), a la "
        "Convención Consular entre los Estados Unidos Mexicanos y los Estados Unidos de América (12 de agosto de 1942), o a "
        "la práctica de este estado respecto de hijas e hijos de personas nacidas en el extranjero",
    "language access for the family": "acceso de la familia a servicios de interpretación y traducción",
    "notice of suspected trafficking": "aviso de posible trata de personas",
    "referral of a client to counsel, to be screened for relief":
        "canalización de la persona con un representante legal, para que evalúe opciones de protección o regularización "
        "migratoria",
    "referral to the contracted screening service": "canalización al servicio de evaluación contratado",
    "request for a document that the case needs": "solicitud de un documento que el caso requiere",
    "request for a home study, which the search for relatives abroad needs":
        "solicitud de un estudio del hogar, necesario para la búsqueda de familiares en el extranjero",
    "service of papers on a parent abroad":
        "notificación o traslado de documentos judiciales a la madre o al padre en el extranjero",
    "the care of a child who is placed": "cuidado de una niña, un niño o un adolescente en acogimiento",
    "the dependency court's own case": "el procedimiento del propio tribunal de protección de la niñez (dependency court)",
    "the parts of a reunification abroad that are done in the other country":
        "las gestiones de una reunificación en el extranjero que se realizan en el otro país",
    "visits between a child and a parent": "visitas de una niña, un niño o un adolescente con su madre o su padre",
}
REASONS: Mapping[str, str] = {
    "At which port": "En qué puerto de entrada",
    "By this number the body that holds the parent knows them":
        "Con este número identifica a la madre o al padre la autoridad que lo tiene en detención",
    "By which means": "Por qué medio",
    "Counsel and court have to know of proceedings that run":
        "El representante legal y el tribunal deben saber de los procedimientos en curso",
    "From which language": "De qué idioma", "From which room": "Desde qué sala",
    "How the dwelling is found where streets have no names": "Cómo se ubica el domicilio donde las calles no tienen nombre",
    "How the relative is reached": "Cómo contactar al familiar", "In which country": "En qué país",
    "In which way they are to meet": "De qué manera será el encuentro", "Into which language": "A qué idioma",
    "NM-CONSULATE-DATA": "Regla NM-CONSULATE-DATA: dato que debe llevar la notificación consular",
    "NM-CONSULATE-DATA: a relative's contact details":
        "Regla NM-CONSULATE-DATA: datos de contacto de un familiar",
    "NM-CONSULATE-DATA: city or town, state, country":
        "Regla NM-CONSULATE-DATA: ciudad o población, estado y país",
    "NM-CONSULATE-DATA: full surnames": "Regla NM-CONSULATE-DATA: apellidos completos",
    "NM-CONSULATE-DATA: only if provided": "Regla NM-CONSULATE-DATA: solo si se proporcionó",
    "NM-CONSULATE-DATA: whom the contact details belong to":
        "Regla NM-CONSULATE-DATA: de quién son los datos de contacto",
    "On whom": "A quién debe notificarse", "Over which service": "Por qué plataforma",
    "Says how the relative belongs to the child": "Indica el parentesco con la niña, el niño o el adolescente",
    "Says on what ground the agency asks": "Indica con qué facultad actúa la agencia que solicita",
    "Says which of the persons named are the parents that NM-CONSULATE-DATA asks for":
        "Indica cuáles de las personas nombradas son la madre y el padre que pide la regla NM-CONSULATE-DATA",
    "Says which of the persons named is the parent": "Indica cuál de las personas nombradas es la madre o el padre",
    "Tells the child from another of the same name":
        "Distingue a la niña, al niño o al adolescente de otra persona con el mismo nombre",
    "Tells the parent from another of the same name":
        "Distingue a la madre o al padre de otra persona con el mismo nombre",
    "Tells the sponsor from another of the same name":
        "Distingue a la persona patrocinadora de otra con el mismo nombre",
    "The consulate's right to know when a national is in custody":
        "Derecho del consulado a saber cuándo una persona de su nacionalidad está a cargo de la autoridad",
    "What OTIP has decided, for advice": "Lo que resolvió la Oficina contra la Trata de Personas (OTIP), para la asesoría",
    "What relief the court is asked to make possible":
        "Qué opción de protección o regularización migratoria se pide al tribunal hacer posible",
    "What the case rests on": "En qué se sustenta el caso", "What the concern is": "En qué consiste la sospecha",
    "When somebody is to take part": "Cuándo debe participar la persona",
    "When they are to meet": "Cuándo será el encuentro",
    "Where": "Dónde",
    "Where records of the child are kept": "Dónde hay registros de la niña, el niño o el adolescente",
    "Where records of the parent are kept": "Dónde hay registros de la madre o del padre",
    "Where the child is to live": "Dónde vivirá la niña, el niño o el adolescente",
    "Where the child lives, for the court that placed it":
        "Dónde vive la niña, el niño o el adolescente, para el tribunal que ordenó su acogimiento",
    "Where the parent is reached": "Dónde puede contactarse a la madre o al padre",
    "Where the parent is reached now": "Dónde puede contactarse ahora a la madre o al padre",
    "Where the relative lives": "Dónde vive el familiar", "Whether it was asked for before": "Si ya se solicitó antes",
    "Which document, where its kind does not say": "Qué documento, cuando su tipo no lo dice",
    "Which dwelling": "Qué domicilio", "Which hearing": "Qué audiencia", "Which kind of document": "Qué tipo de documento",
    "Which of the persons named they visit": "A cuál de las personas nombradas visitan",
    "Which papers": "Qué documentos", "Which papers, by their date": "Qué documentos, por su fecha",
    "Who is to come, by role and not by name": "Quiénes asistirán, por su función y no por su nombre",
    "Who the sponsor is": "Quién es la persona patrocinadora",
    "Whom it is about": "De quién se trata",
    "Whom it is about: full surnames": "De quién se trata: apellidos completos",
    "Whom the office is to turn to": "A quién debe dirigirse la oficina", "Whose document": "De quién es el documento",
    "Whose home": "De quién es el hogar", "Whose national the child is": "De qué país es nacional la niña, el niño o el "
    "adolescente",
    "With whom the child is to live": "Con quién vivirá la niña, el niño o el adolescente",
    "Without a name the office cannot find its national; not on the state's list, so a choice of the agency":
        "Sin el nombre, la oficina no puede identificar a su nacional; no está en la lista del estado, por lo que es "
        "decisión de la agencia",
}
TEXTS: Mapping[str, str] = {**DENIALS, **BASES, **REASONS}
