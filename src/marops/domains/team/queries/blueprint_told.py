"""A blueprint in words: the answer first, the alternatives side by side, what would turn them round."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.team.queries.blueprint import answer, asked_of
from marops.domains.team.queries.structures import names
from marops.kernel.actors import Actor
from marops.kernel.drawing import number

Link = Callable[[str, str], str]


class Told:
    """An answer as pages, paper and the command say it. `names`: reference of a person → name."""

    def __init__(self, found: Mapping[str, Any], names: Mapping[str, str], link: Link | None = None) -> None:
        self.found, self._names, self._link = found, names, link
        self.currency = str(found["currency"])
        by_id = {one["id"]: one for one in found["alternatives"]}
        self.best = by_id[found["ranking"][0]]
        self.plans = [self._plan(one) for one in found["alternatives"]]

    @property
    def question(self) -> str:
        """What was asked."""
        asked = self.found["asked"]
        if asked["mode"] == "load":
            return _("The smallest cost that covers the work")
        if asked["mode"] == "size":
            n = asked["size"]
            said = ngettext("The best team of one person", "The best team of exactly %(n)s people", n) % {"n": n}
            if asked["budget"]:
                said += " " + _("for at most %(money)s a year") % {"money": self.money(asked["budget"])}
            return said
        return _("The best team for %(money)s a year") % {"money": self.money(asked["budget"])}

    @property
    def answer(self) -> str:
        """The answer in one sentence."""
        one = self.best
        people = ngettext("one person", "%(n)s people", one["people"]) % {"n": one["people"]}
        return _("“%(name)s” comes out best: %(people)s do %(share)s of the work for %(money)s a year") % {
            "name": one["name"], "people": people, "share": share(one["coverage"]["usual"]),
            "money": self.money(one["cost"]["usual"]),
        }  # fmt: skip

    @property
    def answer_range(self) -> str:
        """How sure that is."""
        one = self.best
        return _("(%(low)s to %(high)s of the work, %(from)s to %(to)s)") % {
            "low": share(one["coverage"]["low"]), "high": share(one["coverage"]["high"]),
            "from": self.money(one["cost"]["low"]), "to": self.money(one["cost"]["high"]),
        }  # fmt: skip

    @property
    def under(self) -> str:
        """What matters most beside the answer."""
        return " ".join(one for one in (self.why, self.shaky) if one)

    @property
    def why(self) -> str:
        """What puts the best before the next one, in the figures of the comparison."""
        if self.found["same"] or len(self.found["ranking"]) < 2:
            return ""
        by_id = {one["id"]: one for one in self.found["alternatives"]}
        one, other = self.best, by_id[self.found["ranking"][1]]
        counts = [
            (_("vital skills that nobody has"), len(one["without"]), len(other["without"])),
            (_("vital skills on one person"), len(one["single"]), len(other["single"])),
        ]
        told = [_("%(a)s %(what)s (%(b)s there)") % {"a": a, "what": what, "b": b} for what, a, b in counts if a < b]
        hours, more = (sum(each["hours"] for each in of["undone"]) for of in (one, other))
        if hours + 0.5 < more:
            told.append(_("%(a)s undone (%(b)s there)") % {"a": _hours(hours), "b": _hours(more)})
        cost, dearer = one["cost"]["usual"], other["cost"]["usual"]
        if cost < dearer:
            told.append(_("%(money)s cheaper a year") % {"money": self.money(dearer - cost)})
        elif cost > dearer:
            told.append(_("though %(money)s dearer a year") % {"money": self.money(cost - dearer)})
        head = _("Pay, work left undone and skills that too few have are added up by one yardstick.")
        return f"{head} " + _("Before “%(name)s”: %(told)s.") % {"name": other["name"], "told": ", ".join(told)}

    @property
    def shaky(self) -> str:
        """Whether the order of the shapes would hold."""
        firsts = [one for one in self.found["turns"] if one["first"]]
        if self.found["same"]:
            return _("All shapes come out as the same seats here: the limits leave no room for another.")
        if firsts:
            labels = list(dict.fromkeys(_lower(one["label"]) for one in firsts))
            named = ", ".join(labels[:3])
            more = _(" and %(n)s more") % {"n": len(labels) - 3} if len(labels) > 3 else ""
            return _("Another shape would be first if one of these were at an end of its range: %(named)s%(more)s.") % {
                "named": named, "more": more}  # fmt: skip
        return _("No single assumption, taken to an end of its range, puts another shape first.")

    @property
    def proof(self) -> str:
        """Whether each is proven the best."""
        if all(one["proven"] for one in self.found["alternatives"]):
            return _("Each is proven the best of its shape for the model as stated: the solver's gap is nought.")
        worst = max(one["gap"] for one in self.found["alternatives"])
        return _("Not proven: time ran out, and a choice up to %(gap)s better may exist.") % {"gap": share(worst, 1)}

    @property
    def made(self) -> str:
        """How the ranges are made."""
        return _(
            "Ranges: the same seats under %(n)s draws of all assumptions, each between its low and high end; of ten"
            " draws one lies below and one above. The draws are the same every time."
        ) % {"n": self.found["draws"]}

    @property
    def weighing(self) -> str:
        """What is made least."""
        return _(
            "Made least a month: pay, and %(price)s for each hour that stays undone (more for duties), for each person"
            " missing at a vital skill, whom nobody leads, or in roles that do not fit, as the assumptions weigh them."
        ) % {"price": f"{self.found['price_hour']:,.0f} {self.currency}"}

    def money(self, amount: float) -> str:
        """A sum of money a year, no finer than it is known."""
        if abs(amount) >= 999_500:
            return f"{number(amount / 1e6, 2)}\u00a0M\u00a0{self.currency}"
        return f"{number(amount / 1000)}\u00a0k\u00a0{self.currency}"

    # -- side by side --------------------------------------------------------------------------------------------------

    def _plan(self, one: Mapping[str, Any]) -> dict[str, Any]:
        here = {each["ref"]: each["seat"] for each in one["today"]}
        return {
            **one,
            "first": one["id"] == self.found["ranking"][0],
            "place": self.found["ranking"].index(one["id"]) + 1,
            "rows": [self._seat(seat, here) for seat in one["seats"]],
            "watch": self._watch(one),
            "steps": [self._step(n, step) for n, step in enumerate(one["order"], 1)],
            "note": self._note(one),
            "left_out": [self._person(ref) for ref in one["no_seat"]],
        }

    def _note(self, one: Mapping[str, Any]) -> str:
        """Where the most senior plan takes no fewer people after all: said, for everybody expects it."""
        others = [each for each in self.found["alternatives"] if each["id"] != one["id"]]
        most_senior = all(one["senior"] / one["people"] > each["senior"] / each["people"] for each in others)
        if self.found["asked"]["mode"] == "size" or not most_senior:
            return ""
        if one["people"] <= min((each["people"] for each in others), default=one["people"]):
            return ""
        return _("Here it takes no fewer people: more of their time stays unbooked, and shaping the work is work too.")

    def _person(self, ref: str) -> dict[str, str]:
        return {"name": self._names.get(ref, ref), "url": self._link("person", ref) if self._link else ""}

    def _seat(self, seat: Mapping[str, Any], here: Mapping[str, str]) -> dict[str, Any]:
        people = [self._person(ref) for ref, ident in here.items() if ident == seat["id"]]
        several = len(seat["roles"]) > 1
        return {
            "count": seat["count"], "title": seat["title"], "level": seat["level"], "people": people,
            "shares": ", ".join(f"{one['title']} {one['share']:.0%}" for one in seat["roles"]) if several else "",
            "booked": share(seat["booked"]), "cost": self.money(seat["cost"]),
        }  # fmt: skip

    @staticmethod
    def _watch(one: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [
            {"names": " + ".join(pair["names"]), "why": pair["why"], "watch": pair["watch"], "hours": pair["hours"]}
            for seat in one["seats"] for pair in seat["together"]
        ]  # fmt: skip

    def _step(self, n: int, step: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "n": n, "title": step["title"], "because": ", ".join(_lower(one) for one in step["because"]),
            "adds": share(step["adds"], 1), "coverage": share(step["coverage"]), "costs": self.money(step["costs"]),
            "cost": self.money(step["cost"]),
        }  # fmt: skip

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The comparison: a row for each figure, a cell for each alternative."""
        plans = self.found["alternatives"]

        def row(
            name: str, value: Callable[[Any], str], under: Callable[[Any], str] = lambda _one: ""
        ) -> dict[str, Any]:
            return {"name": name, "cells": [{"value": value(one), "under": under(one)} for one in plans]}

        def span(low: str, high: str) -> str:
            return _("%(low)s to %(high)s") % {"low": low, "high": high}

        return [
            row(_("People"), lambda one: number(one["people"]),
                lambda one: ngettext("%(n)s senior", "%(n)s senior", one["senior"]) % {"n": one["senior"]}),
            row(_("Work that gets done"), lambda one: share(one["coverage"]["usual"]),
                lambda one: span(share(one["coverage"]["low"]), share(one["coverage"]["high"]))),
            row(_("Cost a year"), lambda one: self.money(one["cost"]["usual"]),
                lambda one: span(self.money(one["cost"]["low"]), self.money(one["cost"]["high"]))),
            row(_("Stays undone"), lambda one: _hours(sum(each["hours"] for each in one["undone"])),
                lambda one: _few([each["title"] for each in one["undone"]])),
            row(_("Vital skills on one person"), lambda one: number(len(one["single"])),
                lambda one: _few(one["single"])),
            row(_("Vital skills nobody has"), lambda one: number(len(one["without"])),
                lambda one: _few(one["without"])),
            row(_("Booked up to"), lambda one: share(one["full_at"]),
                lambda _one: _("of the hours that can be planned")),
            row(_("Help by AI used"), lambda one: share(one["ai_used"]), lambda _one: _("of what it usually saves")),
            row(_("All in all a month"), lambda one: self.money(one["common"]),
                lambda _one: _("by one yardstick, what is missing priced in")),
        ]  # fmt: skip

    @property
    def turns(self) -> list[dict[str, Any]]:
        """Assumptions that alone change the order."""
        names = {one["id"]: one["name"] for one in self.found["alternatives"]}
        return [
            {"label": one["label"], "end": _("low end") if one["end"] == "low" else _("high end"),
             "value": "" if one["value"] is None else _plain(one["value"]), "first": one["first"],
             "usual": "" if one["usual"] is None else _plain(one["usual"]),
             "order": ", ".join(names[each] for each in one["order"])}
            for one in self.found["turns"]
        ]  # fmt: skip

    @property
    def drivers(self) -> list[dict[str, Any]]:
        """What makes work, with its origin."""
        words = {
            "given": _("given for this plan"), "facts": _("your facts"), "catalogue": _("catalogue"),
            "assumption": _("assumption"),
        }  # fmt: skip
        return [one | {"from": words.get(one["origin"], one["origin"]), "said": _plain(one["usual"]),
                       "range": "" if one["low"] == one["high"] else _("%(low)s to %(high)s") % {
                           "low": _plain(one["low"]), "high": "" if one["high"] is None else _plain(one["high"])}}
                for one in self.found["drivers"]]  # fmt: skip


def share(of: float, decimals: int = 0) -> str:
    """A share in percent."""
    return f"{number(100 * of, decimals)}\u00a0%"


def _plain(of: float) -> str:
    """A number with as many decimals as it is worth."""
    if of == int(of):
        return number(of)
    return number(of, 1) if abs(of) >= 10 else f"{of:.2f}".rstrip("0")


def _hours(of: float) -> str:
    return _("%(n)s h a month") % {"n": number(of)}


def _few(names: list[str], most: int = 4) -> str:
    more = [_("%(n)s more") % {"n": len(names) - most}] if len(names) > most else []
    return ", ".join([*names[:most], *more])


def _lower(words: str) -> str:
    return words if words[:2].isupper() else words[:1].lower() + words[1:]


def ask_blueprint(actor: Actor, **given: Any) -> tuple[dict[str, Any], Told]:
    """A question as REST and the command ask it: the answer, and the same in words. Raises MaropsError."""
    found = answer(asked_of(**given), actor)
    return found, Told(found, names())
