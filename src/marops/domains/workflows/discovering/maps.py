"""The map behind a log: steps and ways, with what the timing says of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from marops.domains.workflows.discovering.crews import POOL, TEAM, FoundCrew
from marops.domains.workflows.discovering.naming import Slugs
from marops.domains.workflows.discovering.reading import Material, Part
from marops.domains.workflows.rules.amounts import as_document
from marops.domains.workflows.rules.document import ELAPSED
from marops.methods.mining.log import FoundAmount, FoundBatch, Graph, Timing, Way
from marops.methods.mining.timing_amounts import fit

_NO_TIME: Final = 1e-4
"""Hours; work that takes less takes none."""
_HABIT: Final = 0.5
"""Collected is what is done in batches more often than not."""
_MOST_BACK: Final = 100


@dataclass(frozen=True, slots=True)
class FoundMap:
    """Steps and ways of a document, which step each activity became (the first, where it stands in several places), and
    the activity of each step.
    """

    steps: list[dict[str, Any]]
    ways: list[dict[str, Any]]
    step_of: Mapping[int, str]
    activity_of: Mapping[str, int]
    notes: list[str]


def map_of(part: Part, material: Material, graph: Graph, timing: Timing, crew: FoundCrew) -> FoundMap:
    """A found graph as steps and ways."""
    slugs = Slugs()
    gates = _gate_names(graph)
    steps: list[dict[str, Any]] = []
    step_of: dict[int, str] = {}
    activity_of: dict[str, int] = {}
    visits = _visits(material)
    notes: list[str] = []
    for place, node in enumerate(graph.nodes):
        if node.activity is None:
            steps.append({"id": slugs.of(gates[place]), "name": gates[place], "gate": True})
        else:
            name = material.title_of(node.activity)
            slug = slugs.of(name)
            step_of.setdefault(node.activity, slug)
            activity_of[slug] = node.activity
            steps.append({"id": slug, "name": name[:200] or slug} | _step(node.activity, material, timing, crew, notes))
        steps[-1] |= {"join": "all"} if node.join_all else {}
    ways = [way for place in range(len(graph.nodes)) for way in _ways(place, graph, steps, visits)]
    return FoundMap(steps, ways, step_of, activity_of, notes)


def _gate_names(graph: Graph) -> dict[int, str]:
    """What gates are called: after what they do."""
    out = [sum(way.source == place for way in graph.ways) for place in range(len(graph.nodes))]
    names = {}
    for place, node in enumerate(graph.nodes):
        if node.activity is not None:
            continue
        if place == 0:
            names[place] = "Start"
        elif place == len(graph.nodes) - 1:
            names[place] = "End"
        elif node.join_all:
            names[place] = "All done"
        elif node.split_all and out[place] > 1:
            names[place] = "At the same time"
        else:
            names[place] = "Which way"
    return names


# --- steps


def _step(one: int, material: Material, timing: Timing, crew: FoundCrew, notes: list[str]) -> dict[str, Any]:
    """What is known of an activity."""
    effort = timing.effort.get(one)
    alone = one not in crew.skill or (effort is not None and _mean(effort) < _NO_TIME and crew.lane.get(one) == TEAM)
    said = material.usual["touch"].get(one, "")
    touch = "automatic" if alone else said if said in ("human", "ai_assisted") else "human"
    step: dict[str, Any] = {"touch": touch}
    origin: dict[str, str] = {"touch": "log" if said or alone else "assumed"}
    nobody = crew.lane.get(one) == TEAM and effort is not None and effort.origin == "assumed"
    measured = effort is not None and _mean(effort) >= _NO_TIME and not nobody
    step["effort"] = as_document(effort.amount) if effort is not None and measured else 0.0
    origin["effort"] = effort.origin if effort is not None else "assumed"
    if not measured and origin["effort"] == "assumed":
        step |= _unexplained(one, material, timing, origin)
    if touch != "automatic":
        step |= {"skill": crew.skill[one], "lane": crew.lane.get(one, "")}
        origin |= {"skill": "log", "lane": "log"} if crew.lane.get(one) != TEAM else {"skill": "assumed"}
    elif cost := _cost(one, material):
        step["cost"], origin["cost"] = cost, "log"
    if platforms := material.platforms.get(one):
        step["platforms"], origin["platforms"] = list(platforms), "log"
    return step | _delays(one, timing, origin, touch, crew) | {"origin": origin}


def _unexplained(one: int, material: Material, timing: Timing, origin: dict[str, str]) -> dict[str, Any]:
    """Nobody knows who worked on it and from when: all the time until it was done counts as outside."""
    mine = material.log.activity == one
    hours = np.maximum(material.log.ended[mine] - timing.enabled[mine], 0.0)
    if hours.mean() < _NO_TIME:
        return {}
    origin["outside"] = "assumed"
    return {"outside": as_document(fit(hours, "assumed").amount)}


def _delays(one: int, timing: Timing, origin: dict[str, str], touch: str, crew: FoundCrew) -> dict[str, Any]:
    """What holds an activity up, and what a second time takes."""
    found: dict[str, Any] = {}
    if (delay := timing.delay.get(one)) and _mean(delay) >= _NO_TIME:
        found |= {"delay": as_document(delay.amount), "delay_in": _clock_of_delay(one, timing, crew)}
        origin["delay"] = delay.origin
    if outside := timing.outside.get(one):
        found["outside"], origin["outside"] = as_document(outside.amount), outside.origin
    if one in timing.repeat and abs(timing.repeat[one] - 1) > 0.01:
        found["repeat"], origin["repeat"] = round(min(timing.repeat[one], 10.0), 4), "log"
    if (batch := timing.batches.get(one)) and batch.share > _HABIT and batch.size > 1:
        found["batch"], origin["batch"] = _batch(batch, touch), "log"
    return found


def _clock_of_delay(one: int, timing: Timing, crew: FoundCrew) -> str:
    """The calendar in which an activity's delay runs."""
    if one in timing.delay_by and crew.calendars:
        return crew.calendars.of(timing.calendars[timing.delay_by[one]], "hours-1", "Hours of some")
    return POOL if timing.delay_in_hours else ELAPSED


def _batch(batch: FoundBatch, touch: str) -> dict[str, Any]:
    together = batch.together and touch != "automatic"
    return {
        "size": min(max(batch.size, 2), 1000),
        "wait_at_most": round(min(batch.wait, 100_000.0), 3),
        "together": together,
    }


def _mean(found: FoundAmount) -> float:
    from marops.methods.amounts import mean

    return float(mean(found.amount))


def _cost(one: int, material: Material) -> float:
    """What one piece that nobody works on costs, on average."""
    cost = material.cost[(material.log.activity == one) & np.isfinite(material.cost)]
    return round(float(cost.mean()), 4) if len(cost) and cost.mean() > 0 else 0.0


# --- ways


def _visits(material: Material) -> np.ndarray[Any, np.dtype[np.int64]]:
    """How often at most one case comes to each activity."""
    log = material.log
    many = len(log.activities)
    key, counts = np.unique(log.case.astype(np.int64) * many + log.activity, return_counts=True)
    found = np.ones(many, dtype=np.int64)
    np.maximum.at(found, key % many, counts)
    return found


def _ways(
    place: int, graph: Graph, steps: list[dict[str, Any]], visits: np.ndarray[Any, np.dtype[np.int64]]
) -> list[dict[str, Any]]:
    """The ways out of a node; a single way back becomes the step's rework."""
    out = [way for way in graph.ways if way.source == place]
    if not out:
        return []
    if graph.nodes[place].split_all:
        return [_way(steps, way) for way in out]
    back = [way for way in out if way.target <= place]
    step = steps[place]
    own = [way for way in back if way.target == place]
    if (len(back) == 1 or own) and len(out) > 1 and not step.get("gate"):
        one = own[0] if own else back[0]
        step["rework"] = {
            "probability": round(one.probability, 6),
            "back_to": steps[one.target]["id"],
            "at_most": _at_most(one, graph, visits),
        }
        step["origin"]["rework"] = "log"
        out = [way for way in out if way is not one]
    if len(out) == 1:
        return [_way(steps, out[0])]
    step["split"] = "one"
    shares = _shares([way.count for way in out])
    return [_way(steps, way) | {"probability": share} for way, share in zip(out, shares, strict=True)]


def _at_most(way: Way, graph: Graph, visits: np.ndarray[Any, np.dtype[np.int64]]) -> int:
    """As often as one case of the log came back at most."""
    known = [node.activity for node in (graph.nodes[way.target], graph.nodes[way.source]) if node.activity is not None]
    return int(min(max(int(visits[known[0]]) - 1, 1), _MOST_BACK)) if known else _MOST_BACK


def _way(steps: Sequence[Mapping[str, Any]], way: Way) -> dict[str, Any]:
    return {"from": steps[way.source]["id"], "to": steps[way.target]["id"], "origin": "log"}


def _shares(counts: Sequence[int]) -> list[float]:
    """Shares that make exactly 1, the rest at the most frequent way."""
    whole = sum(counts)
    shares = [round(count / whole, 6) for count in counts]
    most = max(range(len(counts)), key=counts.__getitem__)
    shares[most] = round(1 - sum(share for at, share in enumerate(shares) if at != most), 9)
    return shares
