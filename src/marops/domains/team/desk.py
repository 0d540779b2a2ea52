"""What the team puts on the desks of those who lead it: what nobody can do, and what rests on one person."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.team.models import Assessment
from marops.domains.team.permissions import ASSESSMENT, VIEW
from marops.domains.team.queries.coverage import team_of
from marops.domains.team.queries.coverage_told import named
from marops.kernel import ports
from marops.kernel.actors import Actor
from marops.kernel.permissions import may
from marops.kernel.shell import Need

KEPT_SECONDS = 300


def coverage(actor: Actor, as_of: datetime) -> Iterator[Need]:
    """One line for gaps, one for what rests on one person; for those who see everybody's levels."""
    if not may(actor, VIEW) or not may(actor, ASSESSMENT):
        return
    key = f"desk_team_{connection.settings_dict['NAME']}"
    found: dict[str, Any] = cache.get_or_set(key, lambda: _found(actor), KEPT_SECONDS) or {}
    page = reverse("team:overview")
    if gaps := found["gaps"]:
        title = ngettext("Nobody is able to do one skill", "Nobody is able to do %(n)s skills", len(gaps))
        yield Need(
            title % {"n": len(gaps)}, f"{page}#gaps", _("Look"), named(gaps), due_words=_("uncovered"), urgency="soon",
            icon="people",
        )  # fmt: skip
    if rests := found["rests"]:
        skills, name, most = rests
        title = ngettext("One skill rests on one person", "%(n)s skills rest on one person each", skills)
        detail = _("%(name)s alone: %(skills)s") % {"name": name, "skills": named(most)}
        yield Need(title % {"n": skills}, f"{page}#single", _("Look"), detail, icon="people")


def _found(actor: Actor) -> dict[str, Any]:
    """What is the same for all who see everybody's levels. Where nobody was assessed, one question is enough."""
    if not Assessment.objects.exists():
        return {"gaps": [], "rests": None}
    team = team_of(actor)
    if team.hidden or team.unassessed == len(team.workers):
        return {"gaps": [], "rests": None}
    name = team.catalogue.skill_name
    top = team.rests[0] if team.rests else None
    return {
        "gaps": [name(one.skill) for one in team.gaps if one.needed.usual],
        "rests": (sum(len(one.skills) for one in team.rests), top.person.name, [name(it.skill) for it in top.skills])
        if top
        else None,
    }


ports.desk.fill("coverage", coverage, order=55)
