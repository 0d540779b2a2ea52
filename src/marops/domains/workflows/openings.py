"""What filling an opening of the team would change on workflows: a hire, compared with nobody coming on the same luck.

The hire can do what those of the crew can who have the opening's roles today, at their usual speed; where nobody of the
crew has them, the crew's skills that are called as the opening's are. Neither: the workflow does without this place.
"""

from collections.abc import Iterator, Sequence
from statistics import median

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import slugify
from django.utils.translation import gettext as _

from marops.domains.team.public import Effect, Vacancy, catalogue, opening_cost
from marops.domains.workflows.asking import as_document, compared_last, comparison_in
from marops.domains.workflows.permissions import VIEW
from marops.domains.workflows.rules.crew import Crew, Member, Ramp
from marops.domains.workflows.rules.document import Workflow
from marops.domains.workflows.rules.scenario import Hire, Scenario
from marops.kernel.actors import Actor
from marops.kernel.definitions import active, find, load
from marops.kernel.errors import MaropsError
from marops.kernel.permissions import may

MOST = 8
"""So many workflows that it does nothing to are named."""
FIRST_PACE = 0.4


def effect_of_opening(row: Vacancy, actor: Actor) -> list[Effect]:
    """What each workflow would gain, as far as somebody asked; where it can be asked."""
    return list(_effects(row, actor)) if may(actor, VIEW) else []


def _effects(row: Vacancy, actor: Actor) -> Iterator[Effect]:
    untouched: list[str] = []
    for known in active("workflow"):
        flow: Workflow = load(known)
        scenario = scenario_for(row, flow)
        if scenario is None:
            untouched.append(flow.title)
        else:
            yield _asked(row, flow, known.slug, scenario, actor)
    if untouched:
        why = _("nothing in it is done by this place's roles or skills: no effect")
        more = [_("%(n)s more") % {"n": len(untouched) - MOST}] if len(untouched) > MOST else []
        yield Effect(", ".join([*untouched[:MOST], *more]), "", why=why)


def _asked(row: Vacancy, flow: Workflow, slug: str, scenario: Scenario, actor: Actor) -> Effect:
    key = key_of(row)
    ask = reverse("workflows:opening", args=[slug, row.ref])
    page = reverse("workflows:workflow", args=[slug])
    kept = compared_last(slug, [key])
    if kept is None:
        return Effect(flow.title, "", url=page, why=_("nobody asked yet"), ask_url=ask)
    told = comparison_in(kept, actor)
    line = next((one for one in told.lines if one.differences and one.unit == "number"), None)
    change = line.differences[0] if line else None
    if line is None or change is None or change.value is None or change.low is None or change.high is None:
        why = change.why if change else _("it was compared, and nobody can tell")
        return Effect(flow.title, "", url=page, why=why, ask_url=ask)
    sure = _("no effect that could be told from luck") if change.holds(0.0) else _("on the same luck as nobody coming")
    stale = kept.asked["scenarios"][key] != as_document(scenario)
    why = _("%(why)s; the place has changed since") % {"why": sure} if stale else sure
    return Effect(flow.title, line.name, change.value, change.low, change.high,
                  url=f"{page}?{urlencode([('with', key)])}", why=why, ask_url=ask if stale else "")  # fmt: skip


def key_of(row: Vacancy) -> str:
    """What the place is called in comparisons."""
    return f"opening-{row.ref.lower()}"


def scenario_for(row: Vacancy, flow: Workflow) -> Scenario | None:
    """Somebody comes to the workflow's crew; None where the place can do nothing there, or there is no crew."""
    try:
        crew: Crew = load(find(f"crew/{flow.crew}"))
    except MaropsError:
        return None
    skills = skills_for(row, crew.people)
    used = {one.skill for one in flow.steps if getattr(one, "skill", "")}
    if not used & skills.keys():
        return None
    wait, learning = opening_cost(row).to_fill, opening_cost(row).to_pace
    share = min(1.0, sum(float(one) for one in row.roles.values()))
    hire = Hire(
        change="hire", name=row.title[:200], role=next(iter(row.roles), ""), skills=skills, share=share,
        start=row.starts or wait.usual, ramp=Ramp(months=learning.usual, first=FIRST_PACE),
        because=_("Opening %(ref)s of the team.") % {"ref": row.ref},
    )  # fmt: skip
    return Scenario(title=_("%(title)s is filled") % {"title": row.title}, changes=(hire,))


def skills_for(row: Vacancy, people: Sequence[Member]) -> dict[str, float]:
    """Skill of the crew → speed of whoever comes."""
    known = catalogue()
    roles = {*row.roles, *(known.title(role) for role in row.roles)}
    speeds: dict[str, list[float]] = {}
    for one in people:
        if one.role in roles:
            for skill, speed in one.skills.items():
                speeds.setdefault(skill, []).append(speed)
    if speeds:
        return {skill: median(found) for skill, found in speeds.items()}
    asked = {*row.skills, *(skill for role in row.roles if role in known.roles for skill in known.roles[role].needs)}
    names = {slugify(name) for skill in asked for name in (skill, known.skill_name(skill))}
    return {skill: 1.0 for one in people for skill in one.skills if slugify(skill) in names}
