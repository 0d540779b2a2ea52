"""What the pages show beside the policy's own words: what AI did of late, its versions, the switch for everything."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet

from marops.domains.policy.models import AiAct, AiSwitch
from marops.domains.policy.queries.policies import KIND, SLUG, Policy, in_force
from marops.kernel.clock import now
from marops.kernel.definitions import UNDECIDED, load, versions
from marops.kernel.models import Definition

DAYS = 30
QUARTER = 90
"""So many days of acts stand behind a line of the page."""
BY_VERDICT = {name: Count("id", filter=Q(verdict=name)) for name in ("yes", "waits", "no")}
"""How many acts were done, wait and were refused."""
_VERDICTS = {"free": ("yes",), "gated": ("yes", "waits"), "never": ("no",)}


@dataclass(frozen=True, slots=True)
class Lately:
    """What AI did in the last days: all of it, what was refused beside every line, and what of each line of a page."""

    yes: int
    waits: int
    no: int
    beside: int
    lines: Sequence[Mapping[str, int]]


def recent(days: int = DAYS) -> QuerySet[AiAct]:
    """Acts of the last days."""
    return AiAct.objects.filter(at__gt=now() - timedelta(days=days))


@dataclass(frozen=True, slots=True)
class _Group:
    """Acts of one answer, one word of the policy, the same rules and version; `place` is their line."""

    verdict: str
    term: str
    rules: Sequence[str]
    policy: str
    n: int
    place: int | None

    @property
    def rows(self) -> Q:
        return Q(verdict=self.verdict, term=self.term, rules=list(self.rules), policy=self.policy)


def lately(policy: Policy, lines: Sequence[Mapping[str, Any]]) -> Lately:
    """Acts of the last days, each counted in the one line that speaks of it first."""
    groups = _groups(policy, lines)
    found: list[dict[str, int]] = [{"yes": 0, "waits": 0, "no": 0} for _line in lines]
    for one in groups:
        if one.place is not None:
            found[one.place][one.verdict] += one.n
    total = {name: sum(one.n for one in groups if one.verdict == name) for name in ("yes", "waits", "no")}
    beside = sum(one.n for one in groups if one.place is None and one.verdict == "no")
    return Lately(total["yes"], total["waits"], total["no"], beside, found)


def acts_of(policy: Policy, lines: Sequence[Mapping[str, Any]], at: int | None) -> Q:
    """The acts that are counted in one line, or in none: as many as stand there."""
    among = Q(pk__in=[])
    for one in _groups(policy, lines):
        among |= one.rows if one.place == at else Q(pk__in=[])
    return among & Q(at__gt=now() - timedelta(days=QUARTER))


def _groups(policy: Policy, lines: Sequence[Mapping[str, Any]]) -> list[_Group]:
    rows = recent(QUARTER).values_list("verdict", "term", "rules", "policy").annotate(n=Count("id")).order_by()
    counted = list(rows)
    alike = _alike(policy, {one[3] for one in counted})
    found = []
    for verdict, term, rules, ref, n in counted:
        held = [one for one in rules if one in alike.get(ref, ())]
        place = next((at for at, one in enumerate(lines) if _speaks(one, verdict, term, held)), None)
        found.append(_Group(verdict, term, rules, ref, n, place))
    return found


def _alike(policy: Policy, refs: Collection[str]) -> Mapping[str, Collection[str]]:
    """Version → the rules that stood in it as they stand in this one; what others of their names did is not told."""
    texts = {one.id: one.cedar for one in policy.document.rules}
    numbers = [int(one) for ref in refs if ref != policy.row.pinned and (one := ref.rpartition("@")[2]).isdecimal()]
    kept = Definition.objects.filter(kind=KIND, slug=SLUG, version__in=numbers) if numbers else []
    found: dict[str, Collection[str]] = {policy.row.pinned: texts}
    for row in kept:
        rules = row.document.get("rules", [])
        found[row.pinned] = {one["id"] for one in rules if texts.get(one["id"]) == one["cedar"]}
    return found


def _speaks(line: Mapping[str, Any], verdict: str, term: str, rules: Sequence[str]) -> bool:
    """Is the line about such an act? One that waits met no rule, so there its action decides."""
    if verdict not in _VERDICTS[line["verdict"]]:
        return False
    if verdict == "no":
        return bool(set(rules) & set(line["rules"]))
    about = any(term in box.get("action", (term,)) for box in line["boxes"])
    return about and (verdict == "waits" or bool(set(rules) & set(line["rules"])))


def people() -> list[str]:
    """For whom AI did anything, or was refused."""
    rows = AiAct.objects.values_list("on_behalf_of", flat=True).order_by("on_behalf_of").distinct()
    return [one for one in rows if one]


def unknown_uses(known: Mapping[str, str]) -> Mapping[str, str]:
    """Uses that stand in the trail and not in the register, by themselves."""
    rows = AiAct.objects.exclude(use__in=list(known)).values_list("use", flat=True).order_by("use").distinct()
    return {one: one for one in rows if one}


def rows() -> list[Definition]:
    """All versions, the newest first."""
    return versions(KIND, SLUG)


def newest() -> Policy | None:
    """What is worked on: the newest version where it is not decided upon, else the one in force, else the newest."""
    kept = rows()
    if kept and kept[0].state in UNDECIDED:
        return Policy(kept[0], load(kept[0]))
    return in_force() or (Policy(kept[0], load(kept[0])) if kept else None)


def draft_of(kept: Sequence[Definition]) -> Definition | None:
    """The newest version where nobody has decided upon it yet."""
    return kept[0] if kept and kept[0].state in UNDECIDED else None


def everything_stopped() -> AiSwitch | None:
    """The switch that stops every use, where it is thrown."""
    return AiSwitch.objects.filter(use="", released_at=None).first()
