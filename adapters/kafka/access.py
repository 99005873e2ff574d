"""Who may do what in Kafka, as data: a user and three grants for each office that reads from it, made from the directory.

An office reads its own feed in its own group and writes its own inbox. It can neither read, list nor guess another's.
"""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)
from kafka.errors import KafkaError, SecurityDisabledError

from adapters.kafka.settings import KafkaSettings

SCRAM_ITERATIONS = 8_192


class AccessNotSet(Exception):
    """The broker would not change its rules."""


class NoAuthorizer(AccessNotSet):
    """The broker checks nobody's rights: whoever reaches it reads everything. Turn its authorizer on."""


@dataclass(frozen=True, slots=True)
class Member:
    """An office that reads from Kafka. `may_read` is False where it is suspended, rehearses or has ended."""

    office: str
    may_read: bool
    secret: str


@dataclass(frozen=True, slots=True)
class Grant:
    """One allowed operation of one user on one named thing; patterns are never used."""

    user: str
    operation: ACLOperation
    resource: ResourceType
    name: str

    def __str__(self) -> str:
        return f"{self.user} may {self.operation.name.lower()} {self.resource.name.lower()} {self.name}"


@dataclass(frozen=True, slots=True)
class Changed:
    """What was granted and taken away, or with a dry run would be."""

    granted: tuple[Grant, ...]
    taken: tuple[Grant, ...]


def grants_of(settings: KafkaSettings, members: Iterable[Member]) -> frozenset[Grant]:
    """Everything that offices may do. A user is called as its consumer group is."""
    found: set[Grant] = set()
    for member in members:
        if not member.may_read:
            continue
        user = settings.group(member.office)
        feed, inbox = settings.feed_topic(member.office), settings.inbox_topic(member.office)
        found |= {
            Grant(user, ACLOperation.READ, ResourceType.TOPIC, feed),
            Grant(user, ACLOperation.DESCRIBE, ResourceType.TOPIC, feed),
            Grant(user, ACLOperation.READ, ResourceType.GROUP, settings.group(member.office)),
            Grant(user, ACLOperation.WRITE, ResourceType.TOPIC, inbox),
            Grant(user, ACLOperation.DESCRIBE, ResourceType.TOPIC, inbox),
        }
    return frozenset(found)


def reconcile(settings: KafkaSettings, members: Sequence[Member], *, dry_run: bool = False) -> Changed:
    """Make the broker's rules for these offices exactly those of the directory; nobody else's are touched.

    First it takes away, then it grants. Raises NoAuthorizer, AccessNotSet, and KafkaError where it cannot be asked.
    """
    admin = KafkaAdminClient(**settings.admin())
    try:
        wanted = grants_of(settings, members)
        standing = _standing(admin, {settings.group(member.office) for member in members})
        changed = Changed(tuple(sorted(wanted - standing, key=str)), tuple(sorted(standing - wanted, key=str)))
        if not dry_run:
            _take(admin, changed.taken)
            _users(admin, settings, members)
            _grant(admin, changed.granted)
        return changed
    finally:
        admin.close()


def _standing(admin: KafkaAdminClient, users: set[str]) -> frozenset[Grant]:
    everything = ACLFilter(
        principal=None, host=None, operation=ACLOperation.ANY, permission_type=ACLPermissionType.ANY,
        resource_pattern=ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY),
    )
    try:
        found, _ = admin.describe_acls(everything)
    except SecurityDisabledError as error:
        raise NoAuthorizer("the broker has no authorizer: everybody who reaches it reads every feed") from error
    return frozenset(
        Grant(acl.principal.removeprefix("User:"), acl.operation, acl.resource_pattern.resource_type,
              acl.resource_pattern.resource_name)
        for acl in found
        if acl.principal.removeprefix("User:") in users and acl.permission_type is ACLPermissionType.ALLOW
    )


def _acl(grant: Grant) -> ACL:
    return ACL(
        principal=f"User:{grant.user}", host="*", operation=grant.operation, permission_type=ACLPermissionType.ALLOW,
        resource_pattern=ResourcePattern(grant.resource, grant.name, ACLResourcePatternType.LITERAL),
    )


def _take(admin: KafkaAdminClient, grants: Sequence[Grant]) -> None:
    if not grants:
        return
    filters = [
        ACLFilter(
            principal=f"User:{grant.user}", host="*", operation=grant.operation,
            permission_type=ACLPermissionType.ALLOW,
            resource_pattern=ResourcePatternFilter(grant.resource, grant.name, ACLResourcePatternType.LITERAL),
        )
        for grant in grants
    ]
    for (_, gone, error), grant in zip(admin.delete_acls(filters), grants, strict=True):
        if not gone:
            raise AccessNotSet(f"the broker did not take away: {grant} ({error.__name__})")


def _grant(admin: KafkaAdminClient, grants: Sequence[Grant]) -> None:
    if grants:
        outcome = admin.create_acls([_acl(grant) for grant in grants])
        if outcome["failed"]:
            raise AccessNotSet(f"the broker granted {len(outcome['succeeded'])} of {len(grants)}")


def _users(admin: KafkaAdminClient, settings: KafkaSettings, members: Sequence[Member]) -> None:
    """A login for each office that may read, by SCRAM-SHA-512; none for one that may not."""
    logins = set(admin.describe_user_scram_credentials())
    changes: list[UserScramCredentialUpsertion | UserScramCredentialDeletion] = []
    for member in members:
        user = settings.group(member.office)
        if member.may_read:
            changes.append(UserScramCredentialUpsertion(
                user, ScramMechanism.SCRAM_SHA_512, member.secret, iterations=SCRAM_ITERATIONS
            ))
        elif user in logins:
            changes.append(UserScramCredentialDeletion(user, ScramMechanism.SCRAM_SHA_512))
    if changes:
        refused = {user: why for user, why in admin.alter_user_scram_credentials(changes).items() if why}
        if refused:
            raise AccessNotSet(f"the broker refused the logins of {', '.join(sorted(refused))}")



UNREACHABLE = (KafkaError, OSError)
"""The broker cannot be asked now."""
