"""What derivations need besides SQL: the setting in force, and values judged in Python, as parameters."""

from collections.abc import Callable
from typing import Any

from django.db import connection

from marops.domains.contacts.rules import emails, titles
from marops.domains.contacts.rules.enrichment import SLUG, Enrichment, lacks
from marops.domains.contacts.rules.remedies import REMEDIES, Name
from marops.kernel.definitions import active, load
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.models import Definition


def row_in_force() -> Definition:
    """The setting in force as a definition. Raises MaropsError `not-found` where there is none."""
    found = next((row for row in active("enrichment") if row.slug == SLUG), None)
    if found is None:
        raise MaropsError(NOT_FOUND, "Nothing says how records are enriched.", remedy="Put enrichment/main in force.")
    return found


def setting() -> Enrichment:
    """The setting in force; the one that a workspace begins with where there is none."""
    found = next((row for row in active("enrichment") if row.slug == SLUG), None)
    return load(found) if found else Enrichment()


def parameters(name: Name, among: str = "") -> dict[str, Any]:
    """The parameters of a derivation's SQL. `among`: a condition over `contact c` that narrows whose values are read.

    Only distinct values are judged, and only of records that lack something.
    """
    given = _GIVEN.get(name)
    return given(f" AND {among}" if among else "") if given else {}


def _agreement(_among: str) -> dict[str, Any]:
    found = setting()
    return {"colleagues": found.colleagues, "agreement": found.agreement}


def _titles(among: str) -> dict[str, Any]:
    said = _distinct("job_title", f"{lacks(REMEDIES['parts_of_title'])}{among}")
    read = [titles.read(one) for one in said]
    return {
        "title_said": said,
        "title_seniority": [one.seniority for one in read],
        "title_function": [one.function for one in read],
    }


def _mail(among: str) -> dict[str, Any]:
    said = _distinct("email", f"{lacks(REMEDIES['kind_of_mail'])}{among}")
    domains = [one.rpartition("@")[2] for one in said]
    return {
        "mail_said": said,
        "mail_domain": domains,
        "mail_kind": [emails.kind(one) for one in domains],
        "mail_role": [emails.is_role(one) for one in said],
    }


def _distinct(column: str, which: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT DISTINCT c."{column}" FROM contact c WHERE c."{column}" IS NOT NULL AND {which}')
        return [value for (value,) in cursor.fetchall()]


_GIVEN: dict[str, Callable[[str], dict[str, Any]]] = {
    "company_from_colleagues": _agreement,
    "parts_of_title": _titles,
    "kind_of_mail": _mail,
}
