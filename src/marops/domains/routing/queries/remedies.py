"""What would mend a cause: the definition as it would be, and which leads of a quarter would have gone another way.

Some remedies keep leads from sales (from now on they wait until they ask for something themselves), others bring them
to somebody else or put a record right first. Of the first kind it is counted which leads would not have gone to sales:
rejected ones are saved, accepted ones are lost. Of the second kind nobody is lost, and what is saved is what sales
rejected beyond the share that it rejects of others.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from marops.domains.routing.queries.tracing import NEAR, PIVOTAL, Engine, Leads, no_longer
from marops.kernel.definitions import active, checked

Document = dict[str, Any]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Remedy:
    """A change of a definition that somebody may draft: its kind and name, and the whole document as it would be."""

    kind: str
    slug: str
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Effect:
    """Leads of a quarter that would have gone another way, those of them that are saved, and those that are lost."""

    moved: int
    saved: int
    lost: int


WITHHOLDS: Final = frozenset({"source", "list", "campaign", "signal", "threshold", "profile", "consent", "robot"})
"""Causes whose remedy keeps leads from sales; that of the others brings them to somebody else, or puts them right."""
_LEADS_OF: Final[Mapping[str, Callable[[str], Document]]] = {
    "source": lambda what: {"field": "contact.source", "is": what},
    "list": lambda what: {"field": "contact.source_detail", "is": what},
    "campaign": lambda what: {"field": "contact.campaign", "is": what},
    "robot": lambda _what: {"field": "contact.email_kind", "is": "disposable"},
    "consent": lambda _what: {"field": "consent.email", "in": ["denied", "unsubscribed"]},
}
_LABELS: Final[Mapping[str, str]] = {
    "source": "From “{}”: marketing keeps in touch first",
    "list": "Of the list “{}”: marketing keeps in touch first",
    "campaign": "Of the campaign “{}”: marketing keeps in touch first",
    "robot": "Throw-away addresses wait",
    "consent": "Who refused to be contacted waits",
}


def remedy(code: str, owners: Sequence[tuple[str, int]] = ()) -> Remedy | None:
    """The change of a definition that mends a cause, from the version in force; None where no definition would.

    `owners`: addresses of those who had the leads in the end, each with how many; only a stale rule asks it.
    """
    sort, _colon, what = code.partition(":")
    kind = "score" if sort in _SCORES else "route" if sort in (*_LEADS_OF, *_ROUTES) else None
    row = next((one for one in active(kind) if one.slug == "main"), None) if kind else None
    if kind is None or row is None:
        return None
    before, document = row.document, deepcopy(dict(row.document))
    if sort in _SCORES:
        _SCORES[sort](document, what)
    elif sort in _LEADS_OF:
        _withhold(document, sort, what)
    else:
        _ROUTES[sort](document, what, owners)
    document = checked(kind, document)
    return Remedy(kind, "main", document) if document != before else None


def effect(engine: Engine, quarter: Leads, code: str, change: Remedy | None) -> Effect:
    """What the remedy of a cause would have made of the leads of a quarter."""
    none = np.zeros_like(quarter.complaint)
    holds = quarter.causes.get(code, none)
    if code.partition(":")[0] not in WITHHOLDS:
        return _brought_elsewhere(quarter, holds)
    moved = no_longer(engine, quarter, change.document) if change and change.kind == "score" else holds
    saved = int((moved & quarter.complaint).sum())
    return Effect(int(moved.sum()), saved, int(moved.sum()) - saved)


def _brought_elsewhere(quarter: Leads, holds: Flags) -> Effect:
    others = ~holds
    usual = float(quarter.complaint[others].mean()) if others.any() else 0.0
    rejected = int((holds & quarter.complaint).sum())
    return Effect(int(holds.sum()), max(0, round(rejected - usual * int(holds.sum()))), 0)


# --- The changes ------------------------------------------------------------------------------------------------------


def _cap(document: Document, what: str) -> None:
    """The signal gives at most the share of the threshold from which on it counts as inflating a score."""
    most = max(1, round(PIVOTAL * float(document["mql"]["at_least"])))
    for part in ("fit", "engagement"):
        for one in document[part].get("signals", ()):
            if one["name"] == what:
                one["points"] = min(float(one["points"]), most)
        for one in document[part].get("activities", ()):
            if one["name"] == what:
                one["cap"] = min(float(one.get("cap") or most), most)


def _raise(document: Document, _what: str) -> None:
    document["mql"] = {**document["mql"], "at_least": round(NEAR * float(document["mql"]["at_least"]), 1)}


def _fitting(document: Document, _what: str) -> None:
    document["mql"] = {**document["mql"], "cells": [one for one in document["mql"]["cells"] if one[0] in "AB"]}


def _withhold(document: Document, sort: str, what: str) -> None:
    """A rule before all others: these leads wait where the route sends whom no rule claims."""
    name = f"wait-{sort}" + (f"-{_slug(what)}" if what else "")
    rules = [one for one in document["rules"] if one["name"] != name]
    first = {"name": name, "label": _LABELS[sort].format(what), "when": _LEADS_OF[sort](what),
             "queue": document.get("fallback", "unassigned-leads")}  # fmt: skip
    document["rules"] = [first, *rules]


def _slug(what: str) -> str:
    kept = "".join(one if one.isascii() and one.isalnum() else "-" for one in what.lower())
    return "-".join(part for part in kept.split("-") if part)[:40] or "leads"


def _new_owners(document: Document, what: str, owners: Sequence[tuple[str, int]]) -> None:
    """The pool of the rule is those who had its leads in the end, by how many they had."""
    most = max((n for _who, n in owners), default=0)
    members = [{"person": who, "weight": max(1, round(10 * n / most))} for who, n in owners if n >= 0.1 * most]
    for one in document["rules"]:
        if one["name"] == what and one.get("pool") and members:
            one["pool"] = {**one["pool"], "members": members}


def _pass_on(document: Document, _what: str, _owners: Sequence[tuple[str, int]]) -> None:
    """Promises of every pool: a lead goes on to a colleague the moment its promise is missed."""
    for one in document["rules"]:
        if one.get("pool") and one.get("sla"):
            one["sla"] = {**one["sla"], "reassign": {"after": 0}}


def _same_company(document: Document, _what: str, _owners: Sequence[tuple[str, int]]) -> None:
    document["same_owner"] = sorted({*document.get("same_owner", ()), "company"})


_SCORES: Final[Mapping[str, Callable[[Document, str], None]]] = {
    "signal": _cap, "threshold": _raise, "profile": _fitting
}  # fmt: skip
_ROUTES: Final[Mapping[str, Callable[[Document, str, Sequence[tuple[str, int]]], None]]] = {
    "stale-rule": _new_owners, "late": _pass_on, "open-deal": _same_company
}  # fmt: skip
