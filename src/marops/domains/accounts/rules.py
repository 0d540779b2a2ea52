"""What access roles may do, how scopes become row rules, and when a guesser has to wait. Pure functions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from marops.kernel.permissions import Grants, Scope

ScopeName = Literal["own", "team", "unit", "all"]
ADMINISTRATOR = "administrator"

# One line per right, one column per shipped role, in the order of _ROLES. A test holds the lines against the rights
# that the code registers; the page "Roles and rights" prints them. The administrator may everything.
_TABLE = """
right                 vp       manager  martech  autom.   analyst  camp.    e-mail   leads    coord.   mktg.    sales
accounts.manage       -        -        -        -        -        -        -        -        -        -        -
accounts.view         all      all      all      all      all      all      all      all      all      all      all
ai.stop               all      all      all      all      -        -        -        all      -        all      -
ai.trail              all      all      all      -        all      -        -        all      -        all      -
assistant.manage      -        all      all      -        -        -        -        -        -        -        -
audit.view            all      all      all      all      all      all      -        all      -        all      -
backup.make           -        -        -        -        -        -        -        -        -        -        -
comments.write        all      all      all      all      all      all      all      all      all      all      all
contacts.erase        -        -        -        -        -        -        -        all      -        -        -
contacts.merge        -        all      -        all      -        -        -        all      -        -        -
definitions.activate  all      all      -        all      -        -        -        all      -        -        -
definitions.change    -        all      all      all      all      all      all      all      -        -        -
desks.see             -        -        -        -        -        -        -        -        -        -        -
files.view            own      all      all      own      own      own      own      all      own      own      own
intake.send           -        -        all      all      -        -        -        all      -        -        -
jobs.manage           own      all      all      own      own      own      own      all      own      own      own
jobs.view             all      all      all      all      all      all      all      all      own      all      own
leads.assign          -        all      -        all      -        team     -        all      -        -        -
leads.dispose         -        all      -        -        -        -        -        all      -        -        own
leads.import          -        all      all      all      -        all      -        all      all      -        -
leads.stage           -        all      -        all      -        -        -        all      -        -        own
leads.view            all      all      all      all      all      all      all      all      all      all      own
metrics.view          all      all      all      all      all      all      all      all      all      all      all
opportunities.change  -        all      -        -        -        -        -        all      -        -        own
opportunities.import  -        all      all      all      all      -        -        all      all      -        -
opportunities.view    all      all      all      all      all      all      all      all      all      all      own
policy.change         all      all      -        -        -        -        -        -        -        all      -
policy.review         all      all      all      all      all      all      all      all      all      all      -
policy.view           all      all      all      all      all      all      all      all      all      all      all
privacy.answer        -        all      -        -        -        -        -        all      -        -        -
privacy.view          all      all      all      all      all      all      all      all      all      all      -
problems.resolve      -        all      all      all      -        all      all      all      -        -        -
problems.view         all      all      all      all      all      all      all      all      all      all      -
quality.fix           -        all      -        all      -        -        -        all      all      -        -
register.change       -        all      all      all      -        all      -        all      -        all      -
routing.change        -        all      -        all      -        -        -        all      -        -        -
sample.manage         -        all      -        -        -        -        -        -        -        -        -
scoring.view          all      all      all      all      all      all      all      all      all      all      all
shares.make           all      all      -        all      all      all      all      -        -        all      -
team.assess           all      -        -        -        -        -        -        -        -        -        -
team.manage           all      all      -        -        -        -        -        -        -        -        -
team.plan             all      all      -        -        -        -        -        -        -        -        -
team.view             all      all      all      all      all      all      all      all      all      all      all
tokens.make           -        all      all      all      all      -        -        all      -        -        -
webhooks.manage       -        all      all      -        -        -        -        -        -        -        -
workflows.change      all      all      all      all      all      all      all      all      -        all      -
workflows.view        all      all      all      all      all      all      all      all      all      all      -
workspace.set_up      -        all      -        -        -        -        -        -        -        -        -
personal.see          all      all      all      all      -        all      all      all      all      -        all
pay.see               all      -        -        -        -        -        -        -        -        -        -
assessment.see        all      all      -        -        -        -        -        -        -        -        -
evidence.see          -        all      -        -        -        -        -        all      -        -        -
secret.see            -        -        all      -        -        -        -        -        -        -        -
"""

_ROLES = (
    ("vp_mops", "VP of Marketing Operations", "Answers for the whole function: its people, money and direction."),
    ("mops_manager", "Manager of Marketing Operations", "Runs the operation day to day and leads the team."),
    ("martech_specialist", "MarTech Specialist", "Keeps the stack connected, maintained and healthy."),
    ("marketing_automation_manager", "Marketing Automation Manager", "Builds scoring, segments and journeys."),
    ("marketing_data_analyst", "Marketing Data Analyst", "Reads the numbers; sees people without their addresses."),
    ("campaign_ops_manager", "Campaign Operations Manager", "Plans and launches campaigns on time."),
    ("email_marketing_specialist", "Email Marketing Specialist", "Writes, tests and sends e-mail."),
    (
        "lead_db_admin",
        "Lead Management and Database Administrator",
        "Keeps records clean, consented and with the right owner.",
    ),
    ("mops_coordinator", "Marketing Operations Coordinator", "Helps everywhere: imports, lists, checks."),
    ("marketing_manager", "Marketing Manager", "Runs campaigns, and owns how the operation behind them is run."),
    ("sales_owner", "Sales Owner", "Takes leads on, calls them, and says what became of them."),
)


class AccessRole(BaseModel):
    """One access role: what its holders may do, and how far each right reaches."""

    model_config = ConfigDict(extra="forbid")

    slug: str = Field(pattern=r"^[a-z0-9]+(_[a-z0-9]+)*$")
    title: str = Field(min_length=1)
    says: str = ""
    everything: bool = False
    rights: dict[str, ScopeName] = {}

    @property
    def words(self) -> list[str]:
        """The title in short lines, for the narrow columns of the matrix; little words stay with the next one."""
        return self.title.replace(" of ", " of\u00a0").replace(" and ", " and\u00a0").split(" ")


class AccessDocument(BaseModel):
    """The definition `access/roles`: every access role of this workspace."""

    model_config = ConfigDict(extra="forbid")

    roles: list[AccessRole]

    def role(self, slug: str) -> AccessRole | None:
        """The role of this name, None where there is none."""
        return next((role for role in self.roles if role.slug == slug), None)


def shipped_roles() -> AccessDocument:
    """The roles a workspace starts with: one per team role, and the administrator."""
    roles = [
        AccessRole(slug=slug, title=title, says=says, rights=_column(number))
        for number, (slug, title, says) in enumerate(_ROLES)
    ]
    everything = AccessRole(
        slug=ADMINISTRATOR, title="Administrator", says="May everything, and gives roles to others.", everything=True
    )
    return AccessDocument(roles=[*roles, everything])


def _column(number: int) -> dict[str, ScopeName]:
    lines = [line.split() for line in _TABLE.strip().splitlines()[1:]]
    return {line[0]: line[1 + number] for line in lines if line[1 + number] != "-"}  # type: ignore[misc]  # validated


def shipped_rights() -> list[str]:
    """The rights that have a line in the table."""
    return [line.split()[0] for line in _TABLE.strip().splitlines()[1:]]


SCOPES: Mapping[str, Scope] = {"own": Scope.OWN, "team": Scope.TEAM, "unit": Scope.UNIT, "all": Scope.ALL}


@dataclass(frozen=True, slots=True)
class Holding:
    """What roles add up to: everything, or right → widest scope."""

    everything: bool
    scopes: Mapping[str, Scope]


def add_up(document: AccessDocument, held: Iterable[str]) -> Holding:
    """The sum of the roles held: each right in its widest scope. Roles that no longer exist add nothing."""
    roles = [role for slug in held if (role := document.role(slug))]
    scopes: dict[str, Scope] = {}
    for role in roles:
        for name, scope in role.rights.items():
            scopes[name] = max(SCOPES[scope], scopes.get(name, Scope.OWN))
    return Holding(any(role.everything for role in roles), scopes)


@dataclass(frozen=True, slots=True)
class PersonGrants(Grants):
    """What a person may do, and who else works in their business unit."""

    unit_ids: tuple[UUID, ...] = ()


def overlap(one: PersonGrants, scopes: Mapping[str, Scope]) -> PersonGrants:
    """What both allow: `one`, cut down to `scopes`; each right in the narrower of its two scopes."""
    kept = {
        name: scope if one.everything else min(scope, one.scopes[name])
        for name, scope in scopes.items()
        if one.everything or name in one.scopes
    }
    return replace(one, scopes=kept, everything=False)


OWNER = "owner.account"


def scope_rule(scope: Scope | None, grants: Grants) -> dict[str, Any]:
    """The people that a scope reaches, as a rule of the rule language.

    own: the owner is me; team: the owner stands in my reporting line; unit: the owner works in my business unit.
    No scope, or one that cannot be measured (a person without a unit), reaches nobody.
    """
    if scope is Scope.ALL:
        return {"everyone": True}
    owners: tuple[UUID, ...] = ()
    if scope is Scope.OWN and grants.account_id:
        owners = (grants.account_id,)
    elif scope is Scope.TEAM:
        owners = grants.team_ids
    elif scope is Scope.UNIT and isinstance(grants, PersonGrants):
        owners = grants.unit_ids
    if not owners:
        return {"not": {"everyone": True}}
    return {"field": OWNER, "in": sorted(str(one) for one in owners)}


# After five failures each further try costs twice the time of the one before.
_FREE_TRIES = 5
_LONGEST_WAIT = timedelta(minutes=5)
COUNTED = timedelta(minutes=15)
FREE_TRIES_OF_A_NETWORK = 30


def wait_before(failures: Sequence[datetime], at: datetime, *, free: int = _FREE_TRIES) -> timedelta:
    """How long somebody who failed at these moments has to wait before the next try is looked at."""
    recent = [moment for moment in failures if at - moment < COUNTED]
    if len(recent) < free:
        return timedelta(0)
    pause = min(timedelta(seconds=2 ** (len(recent) - free + 1)), _LONGEST_WAIT)
    return max(timedelta(0), max(recent) + pause - at)
