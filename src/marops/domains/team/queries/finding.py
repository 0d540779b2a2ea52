"""What the palette and the search page find of the team: people, roles and openings."""

from collections.abc import Iterator

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from marops.domains.team.models import Person, Vacancy
from marops.domains.team.permissions import VIEW
from marops.kernel.actors import Actor
from marops.kernel.models import Definition
from marops.kernel.permissions import may
from marops.kernel.shell import Hit


def search_people(actor: Actor, words: str, limit: int) -> Iterator[Hit]:
    """People of the team by name or P-3; those who have an account stand under their access too."""
    text = words.strip()
    if not may(actor, VIEW) or not text:
        return
    found = Person.objects.filter(Q(name__icontains=text) | _numbered("P", text))
    for one in found.order_by("-active", "name")[:limit]:
        yield Hit(_("Team"), one.name, reverse("team:person", args=[one.ref]), one.ref, "people")


def search_roles(actor: Actor, words: str, limit: int) -> Iterator[Hit]:
    """Roles by title, of those that are in force; asked for by one question, for the palette asks with each letter."""
    text = words.strip()
    if not may(actor, VIEW) or not text:
        return
    rows = Definition.objects.filter(kind="role", state=Definition.State.ACTIVE, document__title__icontains=text)
    for slug, title in rows.order_by("document__title").values_list("slug", "document__title")[:limit]:
        yield Hit(_("Role"), title, reverse("team:role", args=[slug]), "", "people")


def search_openings(actor: Actor, words: str, limit: int) -> Iterator[Hit]:
    """Openings by title or V-3."""
    text = words.strip()
    if not may(actor, VIEW) or not text:
        return
    for one in Vacancy.objects.filter(Q(title__icontains=text) | _numbered("V", text)).order_by("number")[:limit]:
        yield Hit(_("Opening"), one.title, reverse("team:opening", args=[one.ref]), one.ref, "people")


def _numbered(letter: str, text: str) -> Q:
    """The one of a reference, such as P-3."""
    known = text[:2].upper() == f"{letter}-" and text[2:].isdecimal() and len(text) < 20
    return Q(number=int(text[2:])) if known else Q(pk=None)
