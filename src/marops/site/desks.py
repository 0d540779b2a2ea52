"""My desk: what domains put on it, and what the kernel itself has to say."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.accounts.public import Account, roles_in_force
from marops.kernel import ports
from marops.kernel.actors import Actor
from marops.kernel.models import Job, Problem
from marops.kernel.permissions import grants, may
from marops.kernel.shell import Change, Figure, Need, commands
from marops.site import queries
from marops.site.permissions import SEE_PROBLEMS
from marops.site.shell import address

MOST_NEEDS, MOST_FIGURES, MOST_CHANGES = 8, 6, 12
_FAILED_SINCE = timedelta(days=7)
_URGENCY = {"late": 0, "soon": 1, "": 2}


@dataclass(frozen=True, slots=True)
class Desk:
    """The three bands and the sentence above them."""

    answer: str
    needs: tuple[Need, ...]
    more_needs: int
    figures: tuple[Figure, ...]
    changes: tuple[Change, ...]


def desk_of(actor: Actor, as_of: datetime) -> Desk:
    """Everything for this person's front page: most urgent first, then by what was promised earliest."""
    lines = [*_kernel_lines(actor, as_of), *(line for filler in ports.desk for line in filler.value(actor, as_of))]
    needs = sorted((one for one in lines if isinstance(one, Need)), key=lambda one: _rank(one, as_of))
    changes = sorted((one for one in lines if isinstance(one, Change)), key=lambda one: one.at, reverse=True)
    figures = [one for one in lines if isinstance(one, Figure)]
    return Desk(
        answer=_answer(needs),
        needs=tuple(needs[:MOST_NEEDS]),
        more_needs=max(0, len(needs) - MOST_NEEDS),
        figures=tuple(figures[:MOST_FIGURES]),
        changes=tuple(changes[:MOST_CHANGES]),
    )


def _rank(one: Need, as_of: datetime) -> tuple[int, datetime]:
    return _URGENCY[one.urgency], one.due or as_of + timedelta(days=3650)


def _answer(needs: list[Need]) -> str:
    if not needs:
        return _("Nothing needs you now.")
    late = sum(one.urgency == "late" for one in needs)
    said = ngettext("One thing needs you", "%(count)s things need you", len(needs)) % {"count": len(needs)}
    if not late:
        return f"{said}."
    return f"{said}, " + ngettext("one of them at once.", "%(count)s of them at once.", late) % {"count": late}


def _kernel_lines(actor: Actor, as_of: datetime) -> Iterator[Need | Change]:
    if SEE_PROBLEMS in grants(actor):
        yield from _problems(actor, as_of)
    yield from _own_jobs(actor, as_of)
    yield from _notices(actor)


def _problems(actor: Actor, as_of: datetime) -> Iterator[Need]:
    for one in queries.problems(actor)[:5]:
        yield Need(
            title=one.title,
            url=one.url or reverse("problems"),
            button=_("Put it right"),
            detail=one.remedy or one.detail,
            due_words=_since(one, as_of),
            due_note=_times(one),
            urgency="late" if one.severity == "bad" else "soon",
            icon="problem",
        )


def _since(one: Problem, as_of: datetime) -> str:
    return _("for %(time)s") % {"time": timesince(one.first_at, as_of, depth=1)}


def _times(one: Problem) -> str:
    return ngettext("seen once", "seen %(count)s times", one.times) % {"count": one.times}


def _own_jobs(actor: Actor, as_of: datetime) -> Iterable[Need]:
    failed = Job.objects.filter(actor_id=actor.id, state="failed", ended_at__gt=as_of - _FAILED_SINCE)
    for one in failed.order_by("-ended_at")[:3]:
        yield Need(
            title=_("%(job)s broke off") % {"job": one.title or one.ref},
            url=reverse("job", args=[one.ref]),
            button=_("See why"),
            detail=(one.problem or {}).get("remedy", ""),
            urgency="soon",
            icon="jobs",
        )


def _notices(actor: Actor) -> Iterator[Change]:
    for one in queries.notices(actor)[:6]:
        yield Change(at=one.at, what=one.text, by=_("Notice"))


_EMBLEMS = {
    "vp_mops": "wizard",
    "mops_manager": "captain",
    "martech_specialist": "archer",
    "marketing_automation_manager": "sorceress",
    "marketing_data_analyst": "seer",
    "campaign_ops_manager": "ranger",
    "email_marketing_specialist": "messenger",
    "lead_db_admin": "keeper",
    "mops_coordinator": "squire",
}


def whose(me: Account | None) -> dict[str, str]:
    """The title line of the desk: who sits there, by which role, under which emblem."""
    if me is None:
        return {}
    role = roles_in_force().role(me.desk) if me.desk else None
    owner = f"{me.name}, {role.title}" if role else me.name
    return {"desk_owner": owner, "desk_emblem": _EMBLEMS.get(me.desk, "")}


def first_steps(actor: Actor) -> list[dict[str, str]]:
    """What to do first in a workspace that holds nothing yet: bring leads in, or look around."""
    starts = [filler.value for filler in commands if filler.value.first_step]
    allowed = [one for one in starts if may(actor, one.right or SEE_PROBLEMS)]
    return [
        {"heading": str(one.heading or one.label), "text": str(one.says), "action": str(one.label), "url": url,
         "sign": "squire"}
        for one in allowed if (url := address(one.url_name))
    ]  # fmt: skip
