"""Reporting lines: who stands above whom, and where a line would run in a circle."""

from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


def chain(managers: Mapping[K, K | None], below: K) -> list[K]:
    """Somebody and everybody above them in order; ends before anybody would come twice."""
    found: list[K] = []
    here: K | None = below
    while here is not None and here not in found:
        found.append(here)
        here = managers.get(here)
    return found


def circle(managers: Mapping[K, K | None], who: K) -> list[K]:
    """The people through whom `who` would stand above themselves, `who` first and last; empty where they do not."""
    found = chain(managers, who)
    return [*found, who] if managers.get(found[-1]) == who else []


def circles(managers: Mapping[K, K | None]) -> list[list[K]]:
    """Every circle there is, each told once; a walk along each line, which visits nobody twice."""
    seen: set[K] = set()
    found: list[list[K]] = []
    for start in managers:
        path: list[K] = []
        here: K | None = start
        while here is not None and here not in seen:
            seen.add(here)
            path.append(here)
            here = managers.get(here)
        if here is not None and here in path:
            found.append([*path[path.index(here) :], here])
    return found


def below(managers: Mapping[K, K | None], tops: Iterable[K]) -> set[K]:
    """Whoever stands below one of these, directly or through others; nobody is visited twice."""
    reports: dict[K, list[K]] = {}
    for who, boss in managers.items():
        if boss is not None:
            reports.setdefault(boss, []).append(who)
    found: set[K] = set()
    ahead = list(tops)
    while ahead:
        fresh = [one for one in reports.get(ahead.pop(), ()) if one not in found]
        found.update(fresh)
        ahead += fresh
    return found
