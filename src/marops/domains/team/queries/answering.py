"""What the definitions in force say of who answers for them: those whose author holds the role."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from marops.domains.team.ports import Answerable
from marops.domains.team.queries.catalogue import holders
from marops.kernel.actors import Actor
from marops.kernel.definitions import ACTIVATE, CHANGE, kinds
from marops.kernel.models import Definition
from marops.kernel.permissions import may

LEFT_OUT = frozenset({"access", "workflow", "quality"})
"""Kinds that are nobody's business here, or told by their own domain."""


def definitions_by_holders(role: str, actor: Actor) -> Sequence[Answerable]:
    """Definitions in force that somebody who holds the role wrote, by kind and name."""
    if not (may(actor, CHANGE) or may(actor, ACTIVATE)):
        return []
    authors = {str(one.account_id): one.name for one in holders(role) if one.account_id}
    if not authors:
        return []
    rows = Definition.objects.filter(state=Definition.State.ACTIVE, author__in=authors, starter=False)
    known = kinds()
    return [
        Answerable(
            _("Definitions"), str(row.document.get("title") or row.ref),
            reverse("definition", args=[row.kind, row.slug, row.version]),
            _("%(kind)s, written by %(who)s") % {"kind": known[row.kind].title.lower(), "who": authors[row.author]},
        )
        for row in rows.exclude(kind__in=LEFT_OUT).order_by("kind", "slug")
        if row.kind in known
    ]  # fmt: skip
