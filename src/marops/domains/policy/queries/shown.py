"""What the pages show beside the policy's own words: what AI did of late, its versions, the switch for everything."""

from collections.abc import Mapping, Sequence
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
BY_VERDICT = {name: Count("id", filter=Q(verdict=name)) for name in ("yes", "waits", "no")}
"""How many acts were done, wait and were refused."""
_VERDICTS = {"free": ("yes",), "gated": ("yes", "waits"), "never": ("no",)}


@dataclass(frozen=True, slots=True)
class Lately:
    """What AI did in the last days: all of it, and of each line of a page."""

    yes: int
    waits: int
    no: int
    lines: Sequence[Mapping[str, int]]


def recent(days: int = DAYS) -> QuerySet[AiAct]:
    """Acts of the last days."""
    return AiAct.objects.filter(at__gt=now() - timedelta(days=days))


def lately(lines: Sequence[Mapping[str, Any]], days: int = DAYS) -> Lately:
    """Acts of the last days, each counted in the one line that speaks of it first. One query."""
    rows = list(recent(days).values_list("verdict", "term", "rules").annotate(n=Count("id")).order_by())
    found: list[dict[str, int]] = [{"yes": 0, "waits": 0, "no": 0} for _line in lines]
    for verdict, term, rules, n in rows:
        place = next((at for at, one in enumerate(lines) if _speaks(one, verdict, term, rules)), None)
        if place is not None:
            found[place][verdict] += n
    total = {name: sum(n for verdict, _term, _rules, n in rows if verdict == name) for name in ("yes", "waits", "no")}
    return Lately(total["yes"], total["waits"], total["no"], found)


def _speaks(line: Mapping[str, Any], verdict: str, term: str, rules: Sequence[str]) -> bool:
    """Is the line about such an act? One that waits met no rule, so there its action decides."""
    if verdict not in _VERDICTS[line["verdict"]]:
        return False
    if verdict == "no":
        return bool(set(rules) & set(line["rules"]))
    about = any(term in box.get("action", (term,)) for box in line["boxes"])
    return about and (verdict == "waits" or bool(set(rules) & set(line["rules"])))


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
