"""Companies over REST."""

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router

from marops.domains.accounts.public import actor_of
from marops.domains.contacts.models import Company
from marops.domains.contacts.permissions import VIEW
from marops.domains.contacts.queries import companies, find_company
from marops.kernel.permissions import require
from marops.kernel.rest import Paging, checked_limit, cursor, place

router = Router(tags=["companies"])


class Narrowed(Paging):
    """What a list of companies is narrowed to."""

    q: str = ""
    sort: str = "name"


@router.get("/companies")
def company_list(request: HttpRequest, given: Query[Narrowed]) -> dict[str, Any]:
    """Companies by name."""
    require(actor_of(request), VIEW)
    limit, offset = checked_limit(given.limit), int(place(given.after)[0]) if given.after else 0
    found = list(companies(words=given.q, sort=given.sort)[offset : offset + limit + 1])
    return {
        "items": [as_json(one) for one in found[:limit]],
        "next": cursor(offset + limit) if len(found) > limit else None,
    }


@router.get("/companies/{ref}")
def company(request: HttpRequest, ref: str) -> dict[str, Any]:
    """One company."""
    require(actor_of(request), VIEW)
    return as_json(find_company(ref))


def as_json(one: Company) -> dict[str, Any]:
    """A company as REST answers it."""
    names = ("name", "domain", "website", "industry", "employees", "country", "city")
    return {"ref": one.ref, "id": str(one.id), **{name: getattr(one, name) for name in names}}
