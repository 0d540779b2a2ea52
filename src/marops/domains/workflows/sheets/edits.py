"""Changes of a workflow that is being drawn, as functions from plain documents to plain documents."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

Plain = dict[str, Any]


def with_ways(document: Mapping[str, Any]) -> Plain:
    """The document with its ways said: where none was, from each step to the next one."""
    steps, ways = list(document.get("steps", ())), list(document.get("ways", ()))
    if not ways:
        ways = [{"from": a["id"], "to": b["id"]} for a, b in pairwise(steps)]
    return {**document, "steps": steps, "ways": ways}


def new_id(name: str, taken: Iterable[str], otherwise: str = "step") -> str:
    """A short name made of a name: small letters and digits, and a number where it is taken."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-") or otherwise
    used, number, found = set(taken), 2, stem
    while found in used:
        found, number = f"{stem}-{number}", number + 1
    return found


def step_of(document: Mapping[str, Any], step: str) -> Plain:
    """The step of this id. Raises KeyError."""
    return document["steps"][place_of(document, step)]  # type: ignore[no-any-return]  # a plain document


def place_of(document: Mapping[str, Any], ident: str, of: str = "steps") -> int:
    """Where it stands in its list. Raises KeyError."""
    for number, one in enumerate(document.get(of, ())):
        if one["id"] == ident:
            return number
    raise KeyError(ident)


def ways_from(document: Mapping[str, Any], step: str) -> list[Plain]:
    """The ways that lead away from a step."""
    return [way for way in document["ways"] if way["from"] == step]


def ways_to(document: Mapping[str, Any], step: str) -> list[Plain]:
    """The ways that lead to a step."""
    return [way for way in document["ways"] if way["to"] == step]


def add_step(document: Mapping[str, Any], step: Mapping[str, Any], after: str = "", *, beside: bool = False) -> Plain:
    """A step after another: between it and what follows, or `beside` that as one more way. Without: at the start."""
    drawn = with_ways(document)
    steps, ways, ident = drawn["steps"], drawn["ways"], step["id"]
    made = dict(step)
    if not after:
        first = [one["id"] for one in steps if not ways_to(drawn, one["id"])][:1]
        return {**drawn, "steps": [made, *steps], "ways": [*({"from": ident, "to": one} for one in first), *ways]}
    place = place_of(drawn, after)
    entry = {"from": after, "to": ident}
    if beside:
        ways = [*ways, entry]
    else:
        ways = [{**way, "from": ident} if way["from"] == after else way for way in ways] + [entry]
        before = steps[place]
        if before.get("split") == "one":
            made["split"] = "one"
            steps = [*steps[:place], {**before, "split": "all"}, *steps[place + 1 :]]
    return {**drawn, "steps": [*steps[: place + 1], made, *steps[place + 1 :]], "ways": ways}


def change_step(document: Mapping[str, Any], step: str, changed: Mapping[str, Any]) -> Plain:
    """Another content for a step; what was read off a log and is changed is assumed from then on."""
    place = place_of(document, step)
    steps = list(document["steps"])
    steps[place] = _assumed(steps[place], changed)
    return {**document, "steps": steps}


def _assumed(before: Mapping[str, Any], after: Mapping[str, Any]) -> Plain:
    origin = dict(after.get("origin") or {})
    for name, said in origin.items():
        if said == "log" and before.get(name) != after.get(name):
            origin[name] = "assumed"
    return {**after, "origin": origin} if origin else dict(after)


def remove_step(document: Mapping[str, Any], step: str) -> Plain:
    """Without a step; what led to it leads to what followed, where that is plain."""
    drawn = with_ways(document)
    into, out = ways_to(drawn, step), ways_from(drawn, step)
    others = [way for way in drawn["ways"] if step not in (way["from"], way["to"])]
    steps = [_without(one, step) for one in drawn["steps"] if one["id"] != step]
    if len(into) == 1 and out:
        steps, healed = _passed_on(
            steps, into[0], out, step_of(drawn, step), alone=len(ways_from(drawn, into[0]["from"])) == 1
        )
    elif len(out) == 1:
        healed = [{**way, "to": out[0]["to"]} for way in into]
    else:
        healed = []
    known = {(way["from"], way["to"]) for way in others}
    fresh = [way for way in healed if way["from"] != way["to"] and (way["from"], way["to"]) not in known]
    classes = [{k: v for k, v in one.items() if (k, v) != ("start", step)} for one in drawn.get("classes", ())]
    return {**drawn, "steps": steps, "ways": [*others, *fresh], "classes": classes}


def _without(one: Plain, step: str) -> Plain:
    if (one.get("rework") or {}).get("back_to") == step:
        return {name: value for name, value in one.items() if name != "rework"}
    return one


def _passed_on(
    steps: list[Plain], way: Plain, out: Sequence[Plain], gone: Plain, *, alone: bool
) -> tuple[list[Plain], list[Plain]]:
    """One way in and several out: the step before takes them over, with the choice where it had none of its own."""
    source = way["from"]
    if len(out) == 1:
        return steps, [{**way, "to": out[0]["to"]}]
    if alone and gone.get("split") == "one":
        steps = [{**one, "split": "one"} if one["id"] == source else one for one in steps]
        return steps, [{**one, "from": source} for one in out]
    chosen = any(one["id"] == source and one.get("split") == "one" for one in steps)
    whole = way.get("probability") if chosen else None
    shares = [None if whole is None else whole * (one.get("probability") or 1 / len(out)) for one in out]
    bare = [{name: value for name, value in one.items() if name != "probability"} for one in out]
    return steps, [
        {**one, "from": source, **({} if share is None else {"probability": round(share, 6)})}
        for one, share in zip(bare, shares, strict=True)
    ]


def copy_step(document: Mapping[str, Any], step: str, name: str) -> Plain:
    """The same step once more, right after it."""
    found = step_of(document, step)
    ident = new_id(name, [one["id"] for one in document["steps"]])
    copied = {key: value for key, value in found.items() if key not in ("at", "rework", "split")}
    return add_step(document, {**copied, "id": ident, "name": name}, step)


def move_step(document: Mapping[str, Any], step: str, up: bool) -> Plain:
    """A step one place up or down; where it stands in a line with its neighbour, the work runs in that order too."""
    place = place_of(document, step)
    other = place - 1 if up else place + 1
    if not 0 <= other < len(document["steps"]):
        return dict(document)
    drawn = with_ways(document)
    steps, ways = list(drawn["steps"]), drawn["ways"]
    first, second = sorted((place, other))
    a, b = steps[first]["id"], steps[second]["id"]
    steps[first], steps[second] = steps[second], steps[first]
    line = [way["to"] for way in ways_from(drawn, a)] == [b] and [way["from"] for way in ways_to(drawn, b)] == [a]
    return {**drawn, "steps": steps, "ways": [_swapped(way, a, b) for way in ways] if line else ways}


def _swapped(way: Plain, a: str, b: str) -> Plain:
    """Of a → b in a line: what led to a leads to b, what led away from b leads away from a."""
    if (way["from"], way["to"]) == (a, b):
        return {**way, "from": b, "to": a}
    return {**way, "to": b if way["to"] == a else way["to"], "from": a if way["from"] == b else way["from"]}


def set_ways(document: Mapping[str, Any], step: str, ways: Sequence[Mapping[str, Any]]) -> Plain:
    """Other ways away from a step; those that stay keep where they come from, unless their share changes."""
    drawn = with_ways(document)
    before = {way["to"]: way for way in ways_from(drawn, step)}
    made = []
    for way in ways:
        known = before.get(way["to"], {})
        same = known.get("probability") == way.get("probability")
        origin = {"origin": known["origin"] if same else "assumed"} if "origin" in known else {}
        made.append({"from": step, **way, **origin})
    at = next((number for number, way in enumerate(drawn["ways"]) if way["from"] == step), len(drawn["ways"]))
    others = [way for way in drawn["ways"] if way["from"] != step]
    return {**drawn, "ways": [*others[:at], *made, *others[at:]]}


def remove_class(document: Mapping[str, Any], ident: str) -> Plain:
    """Without a kind of work."""
    steps = [
        {**one, "classes": [known for known in one["classes"] if known != ident]} if one.get("classes") else one
        for one in document["steps"]
    ]
    classes = [one for one in document["classes"] if one["id"] != ident]
    return {**document, "classes": classes, "steps": steps}
