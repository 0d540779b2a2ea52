"""One person's page, told: the answer, the facts beside it, skills with their charts, the path, evidence, pay."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from marops.domains.team.catalogue import catalogue
from marops.domains.team.charts.people import Stay, levels, path_of_roles
from marops.domains.team.models import Evidence, Person, RoleHeld, Shown
from marops.domains.team.people_forms import SHOWN_WORDS, ShownForm
from marops.domains.team.permissions import MANAGE, Policy
from marops.domains.team.queries.addresses import address_of, proposals
from marops.domains.team.queries.hours import absences, clock_of, hours_of
from marops.domains.team.queries.pay import Paid, pay_for
from marops.domains.team.queries.people import held_on, memberships, path_for, reports_of
from marops.domains.team.queries.skills import Seen, evidence_for, levels_for
from marops.domains.team.queries.traces import Trace, key_words, traces
from marops.domains.team.rules.document import LEVEL_WORDS
from marops.kernel.actors import Actor
from marops.kernel.clock import now
from marops.kernel.permissions import may
from marops.kernel.workspace import today

Context = dict[str, Any]


def told(actor: Actor, row: Person) -> Context:
    """The whole page for this reader."""
    policy = Policy.of(actor)
    held = held_on(person_ids=[row.id]).get(row.id, [])
    seen = levels_for(policy, [row.id]).get(row.id, {})
    found = evidence_for(policy, [row.id]).get(row.id, [])
    own = policy.is_self(row.id)
    proposal = next(iter(proposals(policy, row)), None)
    return {
        "one": row,
        "own": own,
        "state": _state(row),
        "answer": _answer(row, held, own=own),
        "under": _under(policy, row),
        "proposal": proposal,
        "own_account": proposal is not None and proposal.account.id == policy.held.account_id,
        "skills": _skills(held, seen, found, row),
        "sees_skills": policy.sees_own_levels(row.id),
        "sees_manager": policy.sees_assessments(row.id),
        "sees_evidence": policy.sees_evidence(row.id),
        "assesses": own or policy.assesses(row.id),
        "evidence": [_evidence(policy, one) for one in found],
        "traces": _traces(traces([row.id]).get(row.id, {})) if policy.sees_evidence(row.id) else [],
        "path": _path(policy, row),
        "pay": _pay(pay_for(policy, [row.id]).get(row.id, [])),
        "sees_pay": policy.sees_pay(row.id),
        "pays": policy.pays(row.id),
        "shown_form": ShownForm(initial={"what": _agreed(row)}) if own else None,
        "showing": [SHOWN_WORDS[Shown.What(one)] for one in _agreed(row)] if own else [],
        "reports": [{"one": one, "roles": _titles(roles)} for one, roles in _led(row)],
        "away": [_away(one) for one in absences(row, now())[:3]],
        "manages": may(actor, MANAGE),
        "forgets": not row.active and policy.forgets(row),
        "career": address("team:career-of", row.ref),
    }


def address(name: str, *args: str) -> str:
    """Where a page stands, empty while there is none of this name."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def _agreed(row: Person) -> list[str]:
    return list(Shown.objects.filter(person=row).values_list("what", flat=True))


def _state(row: Person) -> tuple[str, str]:
    if not row.active:
        return _("left"), "draft"
    if row.left:
        return _("leaves %(day)s") % {"day": day_words(row.left)}, "warn"
    return "", ""


def day_words(day: Any) -> str:
    """A day as people write it."""
    return str(date_format(day, "j M Y"))


def _titles(held: Sequence[RoleHeld]) -> str:
    return ", ".join(
        catalogue().title(one.role) + ("" if one.share == 1 else f" · {one.share * 100:.0f} %") for one in held
    )


def _answer(row: Person, held: Sequence[RoleHeld], *, own: bool) -> str:
    """What they hold, and whether it fits the week they have."""
    if not row.active:
        return _("%(name)s does not work here any more.") % {"name": row.name}
    if not held:
        return _("You hold no role.") if own else _("%(name)s holds no role.") % {"name": row.name}
    share = sum((one.share for one in held), Decimal(0))
    whole, theirs = _week(row)
    said = {"name": row.name, "roles": _joined(held), "hours": _plain(share * whole), "theirs": _plain(theirs)}
    holds = (_("You hold %(roles)s:") if own else _("%(name)s holds %(roles)s:")) % said + " "
    if share * whole > theirs + Decimal("0.5"):
        return holds + _("%(hours)s hours of roles in a week of %(theirs)s.") % said
    if share * whole < theirs - Decimal("0.5"):
        said["free"] = _plain(theirs - share * whole)
        return holds + _("%(hours)s of %(theirs)s hours a week, %(free)s are free.") % said
    return holds + _("the whole week of %(theirs)s hours.") % said


def _joined(held: Sequence[RoleHeld]) -> str:
    """Campaign Operations Manager (70 %) and Workflow Architect (30 %)."""
    titles = [catalogue().title(one.role) + ("" if one.share == 1 else f" ({one.share * 100:.0f} %)") for one in held]
    return _(" and ").join([", ".join(titles[:-1]), titles[-1]] if len(titles) > 1 else titles)


def _plain(hours: Decimal) -> str:
    """Hours without noughts that say nothing."""
    return f"{hours:.1f}".removesuffix(".0")


def _week(row: Person) -> tuple[Decimal, Decimal]:
    """Hours of a full week by the person's calendar, and the hours they really work."""
    minutes = sum(end - start for spans in hours_of(clock_of(row)).week.values() for start, end in spans)
    whole = (Decimal(minutes) / 60).quantize(Decimal("0.1"))
    return whole, row.weekly_hours if row.weekly_hours is not None else whole


def _under(policy: Policy, row: Person) -> list[Context]:
    said: list[Context] = []
    at = memberships().get(row.id)
    if at and at.of_team and not at.shares:
        said.append({"words": _("of the team by whom they report to, without a role of it")})
    if row.manager:
        said.append({"words": _("Reports to %(name)s") % {"name": row.manager.name},
                     "url": reverse("team:person", args=[row.manager.ref])})  # fmt: skip
    if row.location and policy.sees_place(row.id):
        said.append({"words": row.location})
    if row.joined and policy.sees_path(row.id):
        said.append({"words": _("here since %(day)s") % {"day": day_words(row.joined)}})
    if mail := address_of(policy, row):
        said.append({"words": mail})
    return said


# --- skills ----------------------------------------------------------------------------------------------------------


def needed_by(held: Sequence[RoleHeld]) -> dict[str, int]:
    """Skill → the highest level that one of the roles asks for."""
    needs: dict[str, int] = {}
    for one in held:
        role = catalogue().roles.get(one.role)
        for skill, level in role.needs.items() if role else ():
            needs[skill] = max(level, needs.get(skill, 0))
    return needs


def _skills(
    held: Sequence[RoleHeld], seen: Mapping[str, Seen], found: Sequence[Evidence], row: Person
) -> list[Context]:
    needs, spoken = needed_by(held), [one.skill for one in found]
    rows = [
        _skill(ident, needs.get(ident), seen.get(ident, Seen()), spoken.count(ident))
        | {"listed": seen.get(ident, Seen()).own_by not in ("", str(row.account_id))}
        for ident in {*needs, *seen}
    ]
    return sorted(rows, key=lambda one: (not one["needed"], -one["short"], one["name"]))


def _skill(ident: str, needed: int | None, seen: Seen, spoken: int) -> Context:
    name, counts = catalogue().skill_name(ident), seen.counts
    skill = catalogue().skills.get(ident)
    return {
        "ident": ident,
        "name": name,
        "needed": needed,
        "own": _level(seen.own),
        "manager": _level(seen.manager),
        "known": counts is not None,
        "short": max(0, (needed or 0) - counts) if counts is not None else 0,
        "behaviour": skill.levels[counts] if skill and counts is not None else "",
        "asked": skill.levels[needed] if skill and needed is not None else "",
        "chart": levels(f"level-{ident}", name, needed, seen.own, seen.manager),
        "evidence": spoken,
        "notes": [(words, side) for words, side in ((seen.own_note, "own"), (seen.manager_note, "manager")) if words],
    }


def _level(level: int | None) -> str:
    return "" if level is None else f"{level} · {_(LEVEL_WORDS[level])}"


def _evidence(policy: Policy, one: Evidence) -> Context:
    run_out = one.valid_until is not None and one.valid_until < today()
    return {
        "one": one,
        "removes": policy.removes_evidence(one),
        "skill": catalogue().skill_name(one.skill),
        "kind": {"work": _("work"), "certificate": _("certificate"), "link": _("link")}[one.kind],
        "until": day_words(one.valid_until) if one.valid_until else "",
        "run_out": run_out,
    }


def _traces(found: Mapping[str, Trace]) -> list[Context]:
    speaks: dict[str, list[str]] = {}
    for skill in catalogue().skills.values():
        for key in skill.evidence:
            speaks.setdefault(key, []).append(skill.name)
    rows = [{"words": key_words(key), "trace": one, "skills": ", ".join(speaks[key])}
            for key, one in found.items() if key in speaks]  # fmt: skip
    return sorted(rows, key=lambda one: -one["trace"].count)


# --- path, pay, colleagues -------------------------------------------------------------------------------------------


def _path(policy: Policy, row: Person) -> Context:
    rows = path_for(policy, row)
    stays = [Stay(catalogue().title(one.role), one.starts, one.ends, float(one.share), one.elsewhere) for one in rows]
    changes = policy.changes(row.id)
    return {
        "picture": path_of_roles(stays, today()) if any(one.starts for one in stays) else "",
        "rows": [
            {
                "one": one, "title": catalogue().title(one.role), "share": f"{one.share * 100:.0f} %",
                "starts": one.starts, "last": one.ends - timedelta(days=1) if one.ends else None,
                "changes": changes or (one.elsewhere and policy.is_self(row.id)),
            }
            for one in rows
        ],
        "whole": policy.sees_path(row.id),
    }  # fmt: skip


def _pay(lines: Sequence[Paid]) -> list[Context]:
    return [{"id": one.id, "from": one.starts, "words": _("%(sum)s a year") % {"sum": str(one)}} for one in lines]


def _led(row: Person) -> list[tuple[Person, list[RoleHeld]]]:
    led = list(reports_of(row)[:200])
    held = held_on(person_ids=[one.id for one in led])
    return [(one, held.get(one.id, [])) for one in led]


def _away(one: Any) -> str:
    first, last = day_words(one.starts), day_words(one.ends - timedelta(minutes=1))
    return first if first == last else f"{first} – {last}"
