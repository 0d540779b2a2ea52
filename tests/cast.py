"""The named users: one per role, an administrator, a stranger without rights, and an AI that works for one of them.

@pytest.mark.django_db
def test_x(cast: Cast) -> None: …      # the fixture is in the project's conftest.py
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import connection
from django.test import Client

from marops.domains.accounts.models import Account, AccountRole
from marops.domains.accounts.permissions import ai_rights_come_from
from marops.kernel.actors import Actor
from marops.kernel.clock import now
from marops.kernel.permissions import Scope

PASSWORD = "a lantern in the harbour"
AI_USE = "U-07"

# Name, access role, to whom they report, business unit.
PEOPLE: Mapping[str, tuple[str, str, str, str]] = {
    "vera": ("Vera Okafor", "vp_mops", "", "North"),
    "hanna": ("Hanna Lindqvist", "mops_manager", "vera", "North"),
    "tomasz": ("Tomasz Zielinski", "martech_specialist", "hanna", "North"),
    "priya": ("Priya Raman", "marketing_automation_manager", "hanna", "North"),
    "lena": ("Lena Brandt", "marketing_data_analyst", "hanna", "North"),
    "dylan": ("Dylan Pryce", "campaign_ops_manager", "hanna", "South"),
    "aoife": ("Aoife Brennan", "email_marketing_specialist", "hanna", "South"),
    "samuel": ("Samuel Adeyemi", "lead_db_admin", "hanna", "North"),
    "mina": ("Mina Costa", "mops_coordinator", "dylan", "South"),
    "marco": ("Marco Silva", "marketing_manager", "vera", "North"),
    "selma": ("Selma Yildiz", "sales_owner", "", "South"),
    "ada": ("Ada Min", "administrator", "", "North"),
    "nils": ("Nils Stranger", "", "", ""),
}
NOBODY = "nobody"


@dataclass(frozen=True)
class Cast:
    """The people of a test: `cast.hanna` is an account, `cast.actor("hanna")` acts, `cast.client("hanna")` browses."""

    accounts: Mapping[str, Account]

    def __getattr__(self, name: str) -> Account:
        try:
            return self.accounts[name]
        except KeyError:
            raise AttributeError(name) from None

    def actor(self, name: str) -> Actor:
        return Actor("human", str(self.accounts[name].id))

    def client(self, name: str = NOBODY, **options: Any) -> Client:
        client = Client(**options)
        if name != NOBODY:
            client.force_login(self.accounts[name], backend="marops.domains.accounts.sign_in.ByEmail")
        return client

    def ai(self, person: str = "priya") -> Actor:
        """An AI that drafts for a person, under a registered use; what the use may is set by `ai_may`."""
        return Actor("ai", "assistant", on_behalf_of=str(self.accounts[person].id), ai_use=AI_USE)


@contextmanager
def ai_may(scopes: Mapping[str, Scope]) -> Iterator[None]:
    """Let the registered use of the AI hold these rights while this lasts."""
    ai_rights_come_from(lambda use: scopes if use == AI_USE else {})
    try:
        yield
    finally:
        ai_rights_come_from(lambda _: {})


_HASH: list[str] = []


def make_cast() -> Cast:
    """Put everybody into the database."""
    if not _HASH:
        _HASH.append(make_password(PASSWORD))
    accounts: dict[str, Account] = {}
    for name, (full, _role, boss, unit) in PEOPLE.items():
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval('account_number')")
            number = cursor.fetchone()[0]
        accounts[name] = Account(
            number=number, email=f"{name}@northwind.example", name=full, unit=unit, password=_HASH[0],
            manager=accounts.get(boss), last_login=now(),
        )  # fmt: skip
        accounts[name].save(force_insert=True)
    roles = [AccountRole(account=accounts[name], role=role) for name, (_n, role, _b, _u) in PEOPLE.items() if role]
    AccountRole.objects.bulk_create(roles)
    return Cast(accounts)


Arguments = Callable[[Any], Mapping[str, Any]]


@dataclass(frozen=True)
class Expect:
    """What a URL answers to GET, so that the test of every URL can ask it as everybody.

    `right`: holders get `status` (200), others `refused` (403). Without a right every person gets `status`.
    `only`: these people get `status` whatever their rights, the others `refused`. `otherwise` says for one person
    by name what neither of the two says.
    `public`: nobody needs to sign in; `nobody` is what a stranger from the street gets, `status` unless it is said.
    `post_only`: GET answers 405. The test then sends `method` as those without the right, who must be refused.
    `own`: a write that anybody may do to their own things only, so others' things are not found.
    `args`: the arguments of the address, made for one test world (see `World`); `query`: what stands after the ?.
    """

    right: str | None = None
    public: bool = False
    args: Arguments = field(default=lambda _world: {})
    query: str = ""
    status: int = 200
    nobody: int | None = None
    refused: int = 403
    only: frozenset[str] | None = None
    otherwise: Mapping[str, int] = field(default_factory=dict)
    post_only: bool = False
    method: str = "post"
    own: bool = False

    def answer(self, name: str, *, holds: bool) -> int:
        """The status this person gets for a GET."""
        if self.post_only:
            return 405
        if name in self.otherwise:
            return self.otherwise[name]
        welcome = name in self.only if self.only is not None else holds
        return self.status if welcome else self.refused


@dataclass(frozen=True)
class World:
    """What arguments are made of: the cast, and a job, a problem, a file and a link that really exist."""

    cast: Cast
    things: Mapping[str, Any]
