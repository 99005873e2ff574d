"""`partner`: the directory of offices, and who of them is reached."""
from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapters.cli.acting import act
from adapters.cli.console import (
    INFRASTRUCTURE,
    REFUSED,
    USAGE,
    AgencyCode,
    AgencyNeeded,
    AsJson,
    agency_of,
    catch_up,
    end,
    heading,
    installation,
    say,
    table,
    tell_json,
)
from adapters.cli.rights import follow_rights, rights_lag

if TYPE_CHECKING:
    from adapters.composition import Casebridge
    from domain.agency.state import Office

app = typer.Typer(name="partner", no_args_is_help=True, help="Offices of partners: list, add, put live, rehearse, suspend.")

OfficeCode = Annotated[str, typer.Argument(metavar="OFFICE", help="The office's code, such as cons-mx.el-paso.")]
User = Annotated[str | None, typer.Option("--as", metavar="USER", help="Who decides this, if not you.")]
SecondPerson = Annotated[str, typer.Option("--second-person", metavar="USER", help="Who else confirms it.")]


@app.command()
def add(
    ctx: typer.Context,
    office: OfficeCode,
    agency: AgencyNeeded,
    kind: Annotated[str, typer.Option(metavar="KIND", help="What the rules call it, such as CONS-MX.")],
    name: Annotated[str, typer.Option(metavar="NAME", help="What people call it.")],
    zone: Annotated[str, typer.Option(metavar="ZONE", help="Its time zone, such as America/Denver.")],
    serves: Annotated[list[str], typer.Option(metavar="J", help="A jurisdiction it serves; may be repeated.")],
    channel: Annotated[str, typer.Option(metavar="CHANNEL", help="webhook, kafka, or pull for HTTP.")],
    address: Annotated[str, typer.Option(metavar="ADDRESS", help="Its URL; for kafka and pull, who reads it.")],
    country: Annotated[str | None, typer.Option(metavar="CC", help="Its country, two letters.")] = None,
    user: User = None,
    as_json: AsJson = False,
) -> None:
    """Enter an office in the directory, as a draft: nothing is sent yet.

    Example: casebridge partner add cons-mx.el-paso --agency NM-CYFD --kind CONS-MX --name "Consulate of Mexico in El Paso"
    --zone America/Denver --serves NM --channel webhook --address https://consulate.example/casebridge --country MX
    Next: `casebridge partner rehearse OFFICE` renders everything and sends nothing; `casebridge partner live OFFICE` sends.
    """
    data = {
        "office": office, "recipient_kind": kind, "name": name, "zone": zone, "serves": serves, "channel": channel,
        "address": address, **({"country": country} if country else {}),
    }
    with installation(ctx, new=True) as casebridge:
        _submit(casebridge, agency, "ListOffice", data, user)
    _told(office, "draft", as_json)


@app.command()
def show(
    ctx: typer.Context,
    office: Annotated[str | None, typer.Argument(metavar="OFFICE", help="One office; without it, all of them.")] = None,
    agency: AgencyCode = None,
    secret: Annotated[bool, typer.Option("--secret", help="Show the office's secret too.")] = False,
    as_json: AsJson = False,
) -> None:
    """The offices of the directory: stage, channel and address; its secret where it is asked for.

    Example: casebridge partner show cons-mx.el-paso --secret
    Next: give the secret to the office alone; `casebridge feed OFFICE` shows what it was given.
    """
    with installation(ctx) as casebridge:
        standing = agency_of(casebridge, agency)
        if office is not None and office not in standing.offices:
            raise end(REFUSED, f"{standing.code} lists no office {office}: `casebridge partner list` lists them")
        if secret and office is None:
            raise end(USAGE, "a secret is shown for one office: name it")
        chosen = [standing.offices[office]] if office is not None else list(standing.offices.values())
        rows = [_row(one) | ({"secret": _secret(casebridge, one.office)} if secret else {}) for one in chosen]
    if as_json:
        tell_json({"agency": standing.code, "offices": rows})
    elif office is not None:
        for name, value in rows[0].items():
            say(f"{name.replace('_', ' ') + ':':<16}{', '.join(value) if isinstance(value, list) else value or ''}")
    else:
        table(("office", "kind", "name", "stage", "channel", "address"), [
            (row["office"], row["recipient_kind"], row["name"], row["stage"], row["channel"], row["address"]) for row in rows
        ])


@app.command("new-credential")
def new_credential(
    ctx: typer.Context, office: OfficeCode, agency: AgencyCode = None, user: User = None, as_json: AsJson = False
) -> None:
    """Replace the credential by which an office reads its feed over HTTP or Kafka. The one before opens nothing any more.

    Example: casebridge partner new-credential cons-mx.el-paso
    Next: give the office what `casebridge partner show OFFICE --secret` prints.
    """
    with installation(ctx) as casebridge:
        standing = agency_of(casebridge, agency)
        known = standing.offices.get(office)
        data = {"office": office, "generation": 1 if known is None else known.credential + 1}
        _submit(casebridge, standing.code, "RotateOfficeCredential", data, user)
        if as_json:
            tell_json(data)
        else:
            say(f"{office} reads with its credential number {data['generation']} from now on")
        follow_rights(casebridge)


@app.command()
def live(
    ctx: typer.Context,
    second_person: SecondPerson,
    office: Annotated[str | None, typer.Argument(metavar="OFFICE", help="The office's code.")] = None,
    suspended_for: Annotated[str | None, typer.Option(
        metavar="WHY", help="Every office that was suspended for this reason, word for word."
    )] = None,
    agency: AgencyCode = None,
    user: User = None,
    as_json: AsJson = False,
) -> None:
    """Put an office live: from now on what is released for it leaves.

    Example: casebridge partner live cons-mx.el-paso --second-person counsel-1
    Next: `casebridge release` lists what waits for a person's decision.
    """
    if (office is None) is (suspended_for is None):
        raise end(USAGE, "name an office, or say for which reason they were suspended, by --suspended-for")
    with installation(ctx) as casebridge:
        standing = agency_of(casebridge, agency)
        stopped = [one for one in standing.offices.values() if one.stage == "suspended"]
        chosen = [office] if office is not None else [one.office for one in stopped if one.suspended_for == suspended_for]
        if not chosen:
            reasons = ", ".join(sorted({f'"{one.suspended_for}"' for one in stopped})) or "none is suspended"
            raise end(REFUSED, f"no office is suspended for that; the reasons on record are: {reasons}")
        for code in chosen:
            data = {"office": code, "second_person": second_person}
            _submit(casebridge, standing.code, "PutOfficeLive", data, user)
            _told(code, "live", as_json)
        follow_rights(casebridge)


@app.command()
def rehearse(
    ctx: typer.Context, office: OfficeCode, agency: AgencyCode = None, user: User = None, as_json: AsJson = False
) -> None:
    """Put an office in rehearsal: everything is rendered for it, nothing leaves.

    Example: casebridge partner rehearse cons-mx.el-paso
    Next: read what it would get with `casebridge feed OFFICE`, then `casebridge partner live OFFICE`.
    """
    with installation(ctx) as casebridge:
        _submit(casebridge, agency_of(casebridge, agency).code, "RehearseOffice", {"office": office}, user)
        _told(office, "rehearsal", as_json)
        follow_rights(casebridge)


@app.command()
def suspend(
    ctx: typer.Context,
    reason: Annotated[str, typer.Option(metavar="WHY", help="Why; never name a person of a case in it.")],
    office: Annotated[str | None, typer.Argument(metavar="OFFICE", help="The office's code.")] = None,
    everyone: Annotated[bool, typer.Option("--all", help="Every office that is live.")] = False,
    agency: AgencyCode = None,
    user: User = None,
    as_json: AsJson = False,
) -> None:
    """Stop everything to an office, or to all of them, at once: no hand-over starts and no feed is read from here on.

    Its rights in Kafka are taken from it too; where the broker checks none, that is said, with what to do. It ends with 3
    where the broker cannot be asked: the office may still read its topic then. Acts with a legal clock that wait for it are
    listed: they need another way, or a person's telephone.

    Example: casebridge partner suspend --all --reason "addresses are being checked"
    Next: `casebridge partner live OFFICE` lets it go on, `casebridge partner live --suspended-for WHY` all that were
    stopped for one reason; what waited meanwhile leaves then, in order, once.
    """
    from adapters.reading.endangered import endangered

    if (office is None) is not everyone:
        raise end(USAGE, "name an office, or say --all")
    with installation(ctx) as casebridge:
        standing = agency_of(casebridge, agency)
        stopped = [office] if office is not None else [
            one.office for one in standing.offices.values() if one.stage == "live"
        ]
        try:
            for code in stopped:
                _submit(casebridge, standing.code, "SuspendOffice", {"office": code, "reason": reason}, user)
                _told(code, "suspended", as_json)
        finally:
            problem = rights_lag(casebridge)  # Of those that were stopped, whatever became of the rest.
        catch_up(casebridge, "deadline_board")
        risks, now = endangered(casebridge, set(stopped)), casebridge.clock.now()
    if as_json:
        tell_json({"endangered": [
            {"case": str(one.case_id), "office": one.office, "rule": one.rule_id, "limit": one.limit,
             "due_at": one.due_at.isoformat() if one.due_at else None, "since": one.since.isoformat()} for one in risks
        ]})
    elif not stopped:
        say("no office was live")
    elif risks:
        heading("Legal clocks that run on meanwhile")
        table(("due", "case", "office", "rule"), [(one.when(now), one.case_id, one.office, one.rule_id) for one in risks])
    if problem is not None:
        raise end(INFRASTRUCTURE, problem)


def _submit(casebridge: Casebridge, agency: str, command: str, data: dict[str, Any], user: str | None) -> None:
    act(casebridge, agency, command, data, role="partner desk", user=user)


def _told(office: str, stage: str, as_json: bool) -> None:
    if as_json:
        tell_json({"office": office, "stage": stage})
    else:
        say(f"{office} is {'in rehearsal' if stage == 'rehearsal' else 'a draft' if stage == 'draft' else stage}")


def _row(office: Office) -> dict[str, Any]:
    from adapters.cli.plain import plain

    row: dict[str, Any] = plain(office)
    return row


def _secret(casebridge: Casebridge, office: str) -> str:
    """A webhook's signing secret as Standard Webhooks write it, or the credential by which a feed is read."""
    return casebridge.secret_of(office)
