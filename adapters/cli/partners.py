"""`partner`: the directory of offices, and who of them is reached."""
from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from adapters.cli.acting import act
from adapters.cli.console import (
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

if TYPE_CHECKING:
    from adapters.composition import Casebridge
    from domain.agency.state import Office

app = typer.Typer(name="partner", no_args_is_help=True, help="Offices of partners: list, add, put live, rehearse, suspend.")

UNGUARDED = """\
casebridge: this Kafka checks nobody's rights. Nothing more is written for an office that is not live, but whoever reaches
the broker still reads what is in any office's topic already. Close the network to it now; then turn its authorizer on
(`authorizer.class.name`) and run `casebridge topics grant`."""

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
            raise end(REFUSED, f"{standing.code} lists no office {office}: `casebridge partner show` lists them")
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
    """Replace the credential by which an office reads its feed over HTTP. The one before opens nothing any more.

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


@app.command()
def live(
    ctx: typer.Context, office: OfficeCode, second_person: SecondPerson, agency: AgencyCode = None, user: User = None,
    as_json: AsJson = False,
) -> None:
    """Put an office live: from now on what is released for it leaves.

    Example: casebridge partner live cons-mx.el-paso --second-person counsel-1
    Next: `casebridge release` lists what waits for a person's decision.
    """
    with installation(ctx) as casebridge:
        code = agency_of(casebridge, agency).code
        _submit(casebridge, code, "PutOfficeLive", {"office": office, "second_person": second_person}, user)
        _rights(casebridge)
    _told(office, "live", as_json)


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
        _rights(casebridge)
    _told(office, "rehearsal", as_json)


@app.command()
def suspend(
    ctx: typer.Context,
    reason: Annotated[str, typer.Option(metavar="WHY", help="Why; never name a person of a case in it.")],
    office: Annotated[str | None, typer.Argument(metavar="OFFICE", help="The office's code.")] = None,
    everyone: Annotated[bool, typer.Option("--all", help="Every office that is not suspended or ended.")] = False,
    agency: AgencyCode = None,
    user: User = None,
    as_json: AsJson = False,
) -> None:
    """Stop everything to an office, or to all of them, at once: no hand-over starts and no feed is read from here on.

    Its rights in Kafka are taken from it too; where the broker checks none, that is said, with what to do. Acts with a legal
    clock that wait for it are listed: they need another way, or a person's telephone.

    Example: casebridge partner suspend --all --reason "addresses are being checked"
    Next: `casebridge partner live OFFICE` lets it go on; what waited meanwhile leaves then.
    """
    from adapters.reading.endangered import endangered

    if (office is None) is not everyone:
        raise end(USAGE, "name an office, or say --all")
    with installation(ctx) as casebridge:
        standing = agency_of(casebridge, agency)
        stopped = [office] if office is not None else [
            one.office for one in standing.offices.values() if one.stage not in ("suspended", "ended")
        ]
        try:
            for code in stopped:
                _submit(casebridge, standing.code, "SuspendOffice", {"office": code, "reason": reason}, user)
                _told(code, "suspended", as_json)
        finally:
            _rights(casebridge)  # Of those that were stopped, whatever became of the rest.
        catch_up(casebridge, "deadline_board")
        risks = endangered(casebridge, set(stopped))
    if as_json:
        tell_json({"endangered": [
            {"case": str(one.case_id), "office": one.office, "rule": one.rule_id, "due_at": one.due_at.isoformat()}
            for one in risks
        ]})
        return
    if not stopped:
        say("no office was left to suspend")
    if risks:
        heading("Legal clocks that run on meanwhile")
        table(("due", "case", "office", "rule"), [
            (f"{one.due_at.astimezone(ZoneInfo(one.zone)):%a %d %b %Y %H:%M %Z}", one.case_id, one.office, one.rule_id)
            for one in risks
        ])


def _submit(casebridge: Casebridge, agency: str, command: str, data: dict[str, Any], user: str | None) -> None:
    act(casebridge, agency, command, data, role="partner desk", user=user)


def _rights(casebridge: Casebridge) -> None:
    """Bring the rights of offices in Kafka in line with the directory; where that cannot be done, say so loudly."""
    settings, members = casebridge.kafka(), casebridge.kafka_members()
    if settings is None or not members:
        return
    from adapters.kafka.access import UNREACHABLE, AccessNotSet, NoAuthorizer, reconcile

    try:
        reconcile(settings, members)
    except NoAuthorizer:
        print(UNGUARDED, file=sys.stderr)
    except (AccessNotSet, *UNREACHABLE) as error:
        print(f"casebridge: rights in Kafka are as before ({type(error).__name__}): run `casebridge topics grant`",
              file=sys.stderr)


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
