"""Careers in words and as documents: one shape for pages, REST and the command."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.team.catalogue import catalogue
from marops.domains.team.permissions import Policy
from marops.domains.team.queries.career import Career, Walked, career, career_map, hints, openings, person_called
from marops.domains.team.queries.traces import key_words as trace_words
from marops.domains.team.rules.career import Closeness, Gap, Path, Way, gap
from marops.domains.team.rules.moves import Move
from marops.domains.team.rules.roles import STANDING, Proof, Role
from marops.kernel.actors import Actor

Told = dict[str, Any]


def time_words(months: tuple[float, float]) -> str:
    """A range of months in years, always, so that times stand beside each other in one unit: 1–2 years, 2.5–4 years."""
    low, high = _years(months[0]), _years(months[1])
    if low == high:
        return ngettext("%(n)s year", "%(n)s years", 1 if high == "1" else 2) % {"n": high}
    return _("%(low)s–%(high)s years") % {"low": low, "high": high}


def _years(months: float) -> str:
    return f"{round(months / 12, 1):g}"


def hours_words(hours: tuple[float, float]) -> str:
    """A range of hours."""
    return _("%(low)s–%(high)s hours") % {"low": f"{hours[0]:g}", "high": f"{hours[1]:g}"}


def basis_words(basis: str) -> str:
    """How sure a step is."""
    return {
        "stated": _("a source says so"),
        "implied": _("follows from a source"),
        "assumption": _("our assumption"),
    }[basis]


def standing_words(standing: int) -> str:
    """What a column of the map is called."""
    words = (
        _("First job"), _("Specialist"), _("Senior, own area"), _("Manager, architect"), _("Senior manager"),
        _("Director"), _("Head"), _("Executive"),
    )  # fmt: skip
    return words[standing]


def key_words(key: str) -> str:
    """What leaves a kind of evidence."""
    hint = hints().get(key)
    return hint.says if hint else key


def told_path(path: Path | None) -> Told | None:
    """A way, step by step."""
    if path is None:
        return None
    return {
        "roles": list(path.roles),
        "titles": [catalogue().title(one) for one in path.roles],
        "months": {"from": path.months[0], "usual": path.usual, "to": path.months[1]},
        "time": time_words(path.months),
        "basis": path.basis,
        "steps": [told_way(one) for one in path.ways],
    }


def told_way(way: Way) -> Told:
    """One step."""
    return {
        "from": way.source,
        "to": way.target,
        "title": catalogue().title(way.target),
        "called": way.called,
        "months": {"from": way.months[0], "usual": way.usual, "to": way.months[1]},
        "time": time_words(way.months),
        "basis": way.basis,
        "condition": way.condition,
    }


def told_gap(found: Gap) -> Told:
    """What is held and lacking, skill by skill, with the behaviour that is asked for and the next one up."""
    skills = catalogue().skills
    rows = []
    for one in found.lacks:
        levels = skills[one.skill].levels if one.skill in skills else LEVELS_UNKNOWN
        has = one.has or 0
        rows.append(
            {
                "skill": one.skill, "name": catalogue().skill_name(one.skill), "need": one.need, "has": one.has,
                "state": one.state, "short": one.short, "core": one.core, "behaviour": levels[one.need],
                "next": levels[min(4, has + 1)] if one.short else "", "shown": levels[min(has, one.need)],
            }
        )  # fmt: skip
    counts = {state: len(found.of(state)) for state in ("shared", "short", "missing")}
    return {"role": found.role, "overlap": round(found.overlap, 4), "levels": found.levels, "skills": rows, **counts}


LEVELS_UNKNOWN = ("", "", "", "", "")


def told_move(move: Move) -> Told:
    """One next move."""
    name = move.requirement or (catalogue().skill_name(move.skill) if move.skill else _("The role as a whole"))
    beside = _("%(skill)s: do it once beside a colleague who can, and write down what you learned.")
    says = move.says or beside % {"skill": name}
    return {
        "skill": move.skill,
        "name": name,
        "role": move.role,
        "towards": catalogue().title(move.role) if move.role else "",
        "core": move.core,
        "says": says,
        "hours": {"from": move.hours[0], "to": move.hours[1]},
        "time": hours_words(move.hours),
        "from_level": move.from_level,
        "to_level": move.to_level,
        "aim": move.aim,
        "evidence": move.key,
        "source": move.source,
        "url": move.url,
        "for_evidence": move.shows,
    }


def told_near(one: Closeness) -> Told:
    """One next role, and why it stands where it stands."""
    return {
        **told_way(one.way),
        "score": round(one.score, 4),
        "overlap": round(one.overlap, 4),
        "evidence": round(one.evidence, 4),
        "missing_levels": one.gap.levels,
        "missing_core_levels": one.gap.core_levels,
    }


def told_standing(career: Career) -> Told:
    """Where somebody is."""
    at = career.standing
    return {
        "role": at.role,
        "title": catalogue().title(at.role) if at.role else "",
        "roles": list(at.holds),
        "since": at.since.isoformat() if at.since else None,
        "levels": None if at.assumed else dict(at.levels),
        "levels_are": "as the role asks" if at.assumed else "assessed",
    }


def answer_words(found: Career, own: bool) -> str:
    """The answer in one sentence; with `own` it speaks to the person themselves."""
    at, title = found.standing, catalogue().title
    if not at.role:
        return _("No role is kept for %(name)s yet, so no way begins here.") % {"name": at.person.name}
    if not found.target:
        return no_step_words(at.role)
    words = {"to": title(found.target), "name": at.person.name}
    if found.target in at.holds:
        return _("You are there: %(to)s.") % words if own else _("%(name)s is there: %(to)s.") % words
    if found.path is None:
        return _("No steps of the map lead from here to %(to)s.") % words
    words |= {"time": time_words(found.path.months)}
    if found.goal and own:
        return _("Your goal, %(to)s, usually takes %(time)s from here.") % words
    if found.chosen:
        return _("%(to)s usually takes %(time)s from here.") % words
    return _("The closest next role is %(to)s, usually %(time)s from here.") % words


def no_step_words(role: str) -> str:
    """Why nothing leads on from a role: it stands at the top of the map, or not on it."""
    if career_map().holds(role):
        return _("%(role)s is the top of the map: no step leads on.") % {"role": catalogue().title(role)}
    return _("The role of %(role)s is not on the career map: no step leads to it or from it.") % {
        "role": catalogue().title(role)
    }


def told_career(career: Career, own: bool = False) -> Told:
    """Somebody's career as a document. Of their plan only the goal that is aimed at, and that to nobody but them."""
    person = career.standing.person
    return {
        "person": {"ref": person.ref, "name": person.name},
        "answer": answer_words(career, own),
        "standing": told_standing(career),
        "next": [told_near(one) for one in career.near],
        "reachable": [{"role": slug, "title": catalogue().title(slug), **_short(path)}
                      for slug, path in career.reachable.items()],
        "target": career.target or None,
        "target_title": catalogue().title(career.target) if career.target else None,
        "chosen": career.chosen,
        "goal": career.goal is not None,
        "step": career.step or None,
        "step_gap": told_gap(career.step_gap) if career.step_gap else None,
        "path": told_path(career.path),
        "fewer_levels": told_path(career.other),
        "gap": told_gap(career.gap) if career.gap else None,
        "moves": [told_move(one) for one in career.moves],
        "openings": [{"ref": one.ref, "title": one.title, "state": one.state} for one in openings(career.target)]
        if career.target else [],
    }  # fmt: skip


def _short(path: Path) -> Told:
    months = {"from": path.months[0], "usual": path.usual, "to": path.months[1]}
    return {"steps": len(path.ways), "roles": list(path.roles), "months": months, "basis": path.basis}


def told_way_between(source: str, target: str) -> Told:
    """The way from one role to another, whoever walks it; what the first role asks for counts as held."""
    known = career_map()
    has = known.roles[source].needs
    path, other = known.quickest(source, target), known.nearest(source, target, has)
    return {
        "from": {"role": source, "title": catalogue().title(source)},
        "to": {"role": target, "title": catalogue().title(target)},
        "path": told_path(path),
        "fewer_levels": None if other == path else told_path(other),
        "gap": told_gap(gap(target, known.roles[target], has)),
    }


def steps_words(path: Path) -> str:
    """By way of which roles."""
    between = [catalogue().title(one) for one in path.roles[1:-1]]
    if not between:
        return _("in one step")
    return _("by way of %(roles)s") % {"roles": _(", then ").join(between)}


def levels_words(count: int) -> str:
    """How many levels are missing."""
    return ngettext("%(n)s level", "%(n)s levels", count) % {"n": count}


def missing_words(found: Gap) -> str:
    """How many levels are missing for a role, as an end of a sentence."""
    if not found.levels:
        return _("nothing is missing")
    return _("%(levels)s missing") % {"levels": levels_words(found.levels)}


def told_ladder(role: Role, slug: str, seen: Mapping[str, int] | None) -> Told | None:
    """The old path and the new one of a role, and what it owns; with `seen`, what Marops holds of each for somebody."""
    if not (role.old_path or role.new_path or role.owns):
        return None
    return {
        "slug": slug,
        "title": role.title,
        "warning": role.warning,
        "note": role.note,
        "old_path": [{"does": one.does, "shown_by": one.shown_by} for one in role.old_path],
        "old_doubt": role.old_path_doubt,
        "new_path": [
            {"id": one.id, "name": one.name, "says": one.says, "first_move": _first_move(one),
             "evidence": _proofs(one.evidence, seen)}
            for one in role.new_path
        ],
        "new_doubt": role.new_path_doubt,
        "owns": [{"name": one.name, "scope": one.scope, "says": one.says, "evidence": _proofs(one.evidence, seen)}
                 for one in role.owns],
        "personal": seen is not None,
    }  # fmt: skip


def _first_move(one: Any) -> Told | None:
    if one.first_move is None:
        return None
    hours = one.first_move.hours
    span = (hours.low, hours.high if hours.high is not None else hours.usual)
    return {"says": one.first_move.says, "hours": {"from": span[0], "to": span[1]}, "time": hours_words(span)}


def _proofs(proofs: Sequence[Proof], seen: Mapping[str, int] | None) -> list[Told]:
    """What would show a thing, what Marops holds of it, and whether that shows it or is only a sign."""
    return [
        {
            "object": one.object.replace("_", " ").replace(".", " "), "key": one.key,
            "held": one.held, "counts": one.counts, "strength": one.strength, "lacks": one.lacks, "speaks": one.speaks,
            "found": (seen or {}).get(one.key, 0) if one.held == "now" else 0, "trace": trace_words(one.key),
        }
        for one in proofs
    ]  # fmt: skip


def told_walked(found: Sequence[Walked]) -> list[Told]:
    """Colleagues' paths that went there."""
    return [
        {
            "name": one.person.name,
            "ref": one.person.ref,
            "path": [
                {"title": catalogue().title(held.role), "from": held.starts.year if held.starts else None,
                 "elsewhere": held.elsewhere}
                for held in one.roles
            ],
        }
        for one in found
    ]  # fmt: skip


def career_json(actor: Actor, ref: str, to: str = "") -> Told:
    """The career of a person, by reference or name, as this reader may see it. Raises `not-found` and `invalid`."""
    policy, person = Policy.of(actor), person_called(ref)
    return told_career(career(policy, actor, person, to), policy.is_self(person.id))


def map_json() -> Told:
    """The whole map: roles and steps."""
    known = career_map()
    return {
        "roles": [
            {"role": slug, "title": role.title, "standing": STANDING[role.level], "inside": role.inside or role.custom}
            for slug, role in sorted(known.roles.items())
        ],
        "steps": [told_way(one) for one in known.all_ways],
    }
