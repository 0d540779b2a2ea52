"""What tests of routing stand on: people with hours, a route with a pool, leads that are due."""

from datetime import UTC, datetime

from marops.domains.accounts.models import Account
from marops.domains.contacts.public import Company, Contact, Identity
from marops.domains.routing.models import Assignment
from marops.domains.team.public import Person, add_person
from marops.kernel import facts
from marops.kernel.actors import SETUP
from marops.kernel.definitions import Definition, activate, draft
from marops.kernel.ids import new_id

ALWAYS = {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
_numbers = iter(range(50_000, 10**9))


def around_the_clock() -> None:
    """A calendar by which everybody works all the time, so that tests do not depend on when they run."""
    in_force("calendar", "standard", {"title": "Always", "hours": ALWAYS})


def in_force(kind: str, slug: str, document: dict) -> Definition:
    return activate(actor=SETUP, ref=draft(actor=SETUP, kind=kind, slug=slug, document=document).pinned)


def seller(name: str, **values) -> Person:
    number = next(_numbers)
    account = Account(number=number, email=f"{name}{number}@northwind.example".lower(), name=name)
    account.save(force_insert=True)
    return add_person(actor=SETUP, account_id=account.id, **{"zone": "UTC", **values})


def leads(count: int, *, touch: bool = True, **values) -> list[Contact]:
    made = [Contact(id=new_id(), number=next(_numbers), **values) for _ in range(count)]
    Contact.objects.bulk_create(made, batch_size=5000)
    if touch:
        facts.touch([one.id for one in made], datetime.now(UTC))
    return made


def company(name: str) -> Company:
    return Company.objects.create(number=next(_numbers), name=name)


def phone(contact: Contact, value: str) -> None:
    Identity.objects.create(contact=contact, kind="phone", value=value)


def pool_route(*people: Person, when: dict | None = None, slug: str = "main", **values) -> Definition:
    """A route of one rule with a pool; `weights`, `members`, `pool`, `rule` and `route` change parts of it."""
    weights = values.get("weights") or [1] * len(people)
    members = [
        {"person": one.ref, "weight": weight} | extra
        for one, weight, extra in zip(people, weights, values.get("members") or [{}] * len(people), strict=True)
    ]
    rule = {
        "name": "everybody",
        "label": "Everybody",
        "when": when or {"everyone": True},
        "pool": {"members": members, **values.get("pool", {})},
        **values.get("rule", {}),
    }
    return in_force("route", slug, {"title": "Main", "rules": [rule], **values.get("route", {})})


def owners(contacts: list[Contact]) -> list:
    """The owner's account (or queue's short name) of each of these leads."""
    rows = Assignment.objects.select_related("queue").filter(contact__in=contacts)
    found = {row.contact_id: row.owner_id or row.queue.slug for row in rows}
    return [found.get(one.id) for one in contacts]
