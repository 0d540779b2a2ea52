"""A blueprint in words: the answer first, the alternatives side by side, what would turn them round."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.team.queries.blueprint import answer, asked_of, others_of
from marops.domains.team.queries.blueprint_pay import offered
from marops.domains.team.queries.blueprint_words import amount_said, plain, span
from marops.domains.team.queries.structures import names
from marops.kernel.actors import Actor
from marops.kernel.drawing import number

Link = Callable[[str, str], str]
_LEFT: Final = 0.05
FEW: Final = 4
"""So many names stand in a cell; the others are unfolded."""
_UNUSED: Final = 0.5
_TOLD: Final = 500
"""Parts of a sum smaller than this are not named."""


class Told:
    """An answer as pages, paper and the command say it. `names`: reference of a person → name; `offered`: of how many
    people pay could count instead, for a reader who may see it; `others`: who works here without a role of the team.
    """

    def __init__(
        self, found: Mapping[str, Any], names: Mapping[str, str], link: Link | None = None, *,
        offered: int | None = None, others: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self.found, self._names, self._link, self.offered, self._others = found, names, link, offered, others
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
        if self.found["asked"]["mode"] == "size" and one["people"] < self.found["asked"]["size"]:
            people = _("%(people)s instead of %(n)s") % {"people": people, "n": self.found["asked"]["size"]}
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
            "from": self._bare(one["cost"]["low"]), "to": self.money(one["cost"]["high"]),
        }  # fmt: skip

    @property
    def under(self) -> str:
        """What matters most beside the answer."""
        return " ".join(one for one in (self.why, self.shaky, self.unspent, self.idle) if one)

    @property
    def outside(self) -> str:
        """Who works here and is in no plan, for they are not of the team."""
        n = len(self._others)
        if not n:
            return ""
        return ngettext(
            "%(n)s person is not of the team, and is neither planned for nor counted: %(names)s.",
            "%(n)s people are not of the team, and are neither planned for nor counted: %(names)s.",
            n,
        ) % {"n": n, "names": _few(list(self._others), 8)}  # fmt: skip

    @property
    def unspent(self) -> str:
        """Whether the best leaves money of the budget."""
        asked, cost = self.found["asked"], self.best["cost"]["usual"]
        left = (asked["budget"] or 0) - cost
        if asked["mode"] != "budget" or left < _LEFT * asked["budget"]:
            return ""
        if self.best["size_share"] < 1:
            return _("%(money)s of the budget stay unspent, for this shape takes fewer people than the others.") % {
                "money": self.money(left)}  # fmt: skip
        return _("%(money)s of the budget stay unspent: a further seat would cost more, or do next to nothing.") % {
            "money": self.money(left)}  # fmt: skip

    @property
    def idle(self) -> str:
        """Whether the size leaves people without work."""
        most = max(self.found["alternatives"], key=_idle)
        n = _idle(most)
        if self.found["asked"]["mode"] != "size" or n < 1:
            return ""
        return ngettext(
            "So many people is more than the work needs: in “%(name)s” %(n)s seat has nothing to do.",
            "So many people is more than the work needs: in “%(name)s” %(n)s seats have nothing to do.", n,
        ) % {"name": most["name"], "n": n}  # fmt: skip

    @property
    def why(self) -> str:
        """What puts the best before the next one: the row that decides, and of what the difference is made."""
        if self.found["same"] or len(self.found["ranking"]) < 2:
            return ""
        by_id = {one["id"]: one for one in self.found["alternatives"]}
        said = _("All in all it comes to %(money)s a month.") % {"money": self.money(self.best["common"])}
        others = [self._beside(by_id[ident]) for ident in self.found["ranking"][1:]]
        often = _("In %(n)s of 100 draws of the assumptions it comes out first.") % {
            "n": round(100 * self.best["first_in"])}  # fmt: skip
        return " ".join([said, *others, often])

    def _beside(self, other: Mapping[str, Any]) -> str:
        """By how much another alternative comes to more, and what of it is more and less."""
        less, more = self._apart(other["parts"], self.best["parts"])
        said = _("“%(name)s” comes to %(money)s more") % {
            "name": other["name"], "money": self.money(other["common"] - self.best["common"])}  # fmt: skip
        if more and less:
            return _("%(said)s: %(more)s, less %(less)s.") % {
                "said": said, "more": _listed(more), "less": _listed(less)}  # fmt: skip
        return f"{said}: {_listed(more)}." if more else f"{said}."

    def _apart(self, one: Mapping[str, float], other: Mapping[str, float]) -> tuple[list[str], list[str]]:
        """Of which parts there is less than in the other, and of which more."""
        words = {
            "pay": _("%(money)s of pay"), "undone": _("%(money)s of work undone"),
            "skills": _("%(money)s for vital skills that too few have"),
            "others": _("%(money)s for leading and roles that do not fit"),
        }  # fmt: skip
        less: list[str] = []
        more: list[str] = []
        for part, said in words.items():
            of = other[part] - one[part]
            if abs(of) >= _TOLD:
                (less if of > 0 else more).append(said % {"money": self.money(abs(of))})
        return less, more

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
            said = _("Another shape would be first if one of these lay towards an end of its range: %(named)s%(more)s.")
            return said % {"named": named, "more": more}
        return _("No single assumption, towards an end of its range, puts another shape first.")

    @property
    def pay(self) -> str:
        """What costs rest on, and what to do about it."""
        of = self.found["pay"]
        if of["rests_on"] == "own":
            return _own_pay(of)
        if self.offered:
            more = ngettext(
                "Pay of one person is kept here: choose it, and costs rest on that.",
                "Pay of %(n)s people is kept here: choose it, and costs rest on that.", self.offered,
            ) % {"n": self.offered}  # fmt: skip
        else:
            more = _("Put your own bands into the assumptions before you show a cost to anybody.")
        return f"{_assumed_pay(of)} {more}"

    @property
    def own_pay(self) -> bool:
        """Do costs rest on pay that is kept here?"""
        return bool(self.found["pay"]["rests_on"] == "own")

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
            "Work that gets done and what stays undone: the middle of %(n)s draws of all assumptions, and the ends"
            " beyond which one of ten draws lies; the seats stay the same. Cost: by the usual pay, with its ends from"
            " the same draws. All in all: the mean of the draws, by one yardstick for every shape. The draws are the"
            " same every time; half of them lie below an assumption's usual value and half above."
        ) % {"n": self.found["draws"]}

    @property
    def weighing(self) -> str:
        """What is made least."""
        return _(
            "Made least a month: pay, and %(price)s for each hour that stays undone (more for duties), for each person"
            " missing at a vital skill, whom nobody leads, or in roles that do not fit, as the assumptions weigh them."
            " Seats are chosen by the usual assumptions."
        ) % {"price": f"{self.found['price_hour']:,.0f} {self.currency}"}

    def money(self, amount: float) -> str:
        """A sum of money a year, no finer than it is known."""
        if abs(amount) >= 999_500:
            return f"{number(amount / 1e6, 2)}\u00a0M\u00a0{self.currency}"
        return f"{number(amount / 1000)}\u00a0k\u00a0{self.currency}"

    def _bare(self, amount: float) -> str:
        """The same without its currency, where another sum follows."""
        return self.money(amount).removesuffix(f"\u00a0{self.currency}")

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
            "hiring": self._hiring(one),
            "left_out": [self._person(ref) for ref in one["no_seat"]],
        }

    def _note(self, one: Mapping[str, Any]) -> str:
        """How many fewer a shape takes that is to take fewer, and whence that is."""
        asked = self.found["asked"]
        if one["size_share"] >= 1:
            return ""
        if asked["mode"] != "size":
            return _("It may take %(share)s of the seats of the largest other shape at most: an assumption.") % {
                "share": share(one["size_share"])}  # fmt: skip
        if one["people"] >= asked["size"]:
            return _(
                "Here it takes no fewer people: there is nobody to leave out, or the roles to keep need every seat."
            )
        return _("%(share)s of the %(n)s people asked for: an assumption.") % {
            "share": share(one["size_share"]), "n": asked["size"]}  # fmt: skip

    def _person(self, ref: str) -> dict[str, str]:
        return {"name": self._names.get(ref, ref), "url": self._link("person", ref) if self._link else ""}

    def _seat(self, seat: Mapping[str, Any], here: Mapping[str, str]) -> dict[str, Any]:
        people = [self._person(ref) for ref, ident in here.items() if ident == seat["id"]]
        several = len(seat["roles"]) > 1
        roles = [
            {"title": one["title"], "url": self._link("role", one["role"]) if self._link else ""}
            for one in seat["roles"]
        ]  # fmt: skip
        return {
            "count": seat["count"], "title": seat["title"], "level": seat["level"], "people": people,
            "shares": ", ".join(f"{one['title']} {one['share']:.0%}" for one in seat["roles"]) if several else "",
            "booked": share(seat["booked"]), "used": _used(seat), "cost": self.money(seat["cost"]),
            "leads": _leads(seat), "roles": roles, "hired": seat["hired"],
        }  # fmt: skip

    @staticmethod
    def _watch(one: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [
            {"names": " + ".join(pair["names"]), "why": pair["why"], "watch": pair["watch"], "hours": pair["hours"]}
            for seat in one["seats"] for pair in seat["together"]
        ]  # fmt: skip

    def _step(self, n: int, step: Mapping[str, Any]) -> dict[str, Any]:
        there, pace = step["months"]["there"], step["months"]["at_pace"]
        return {
            "n": n, "title": step["title"], "because": ", ".join(_lower(one) for one in step["because"]),
            "adds": share(step["adds"], 1), "coverage": share(step["coverage"]), "costs": self.money(step["costs"]),
            "range": span(share(step["range"]["low"]), share(step["range"]["high"])),
            "cost": self.money(step["cost"]), "search": self.money(step["search"]),
            "there": number(there["usual"]), "there_range": span(number(there["low"]), number(there["high"])),
            "pace": number(pace["usual"]), "pace_range": span(number(pace["low"]), number(pace["high"])),
        }  # fmt: skip

    @staticmethod
    def _hiring(one: Mapping[str, Any]) -> str:
        """From where the order starts, and how long it takes."""
        if not one["order"]:
            return ""
        taken, there, pace = len(one["today"]), one["months"]["there"], one["months"]["at_pace"]
        begin = _("It begins with nobody.")
        if taken:
            begin = ngettext(
                "%(n)s seat is taken by somebody of today, who does %(share)s of the work.",
                "%(n)s seats are taken by people of today, who do %(share)s of the work.", taken,
            ) % {"n": taken, "share": share(one["begins"]["coverage"])}  # fmt: skip
        return f"{begin} " + _(
            "Everybody is there after %(there)s months (%(a)s) and up to pace after %(pace)s (%(b)s), with %(n)s"
            " searches at a time."
        ) % {
            "there": number(there["usual"]), "a": span(number(there["low"]), number(there["high"])),
            "pace": number(pace["usual"]), "b": span(number(pace["low"]), number(pace["high"])), "n": one["searches"],
        }  # fmt: skip

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The comparison: a row for each figure, a cell for each alternative."""
        plans = self.found["alternatives"]

        def row(
            name: str, value: Callable[[Any], str], under: Callable[[Any], str] = lambda _one: "", *,
            decides: bool = False, names: bool = False, all_of: Callable[[Any], list[str]] = lambda _one: [],
        ) -> dict[str, Any]:  # fmt: skip
            cells = [
                {
                    "value": value(one),
                    "under": under(one),
                    "best": decides and one["id"] == self.best["id"],
                    "all": all_of(one) if len(all_of(one)) > FEW else [],
                }
                for one in plans
            ]
            return {"name": name, "cells": cells, "decides": decides, "names": names or decides}

        return [
            row(_("All in all a month"), lambda one: self.money(one["common"]), self._made_of, decides=True),
            row(_("First in"), lambda one: _("%(n)s of 100 draws") % {"n": round(100 * one["first_in"])}),
            row(_("People"), lambda one: number(one["people"]),
                lambda one: ngettext("%(n)s senior", "%(n)s senior", one["senior"]) % {"n": one["senior"]}),
            row(_("Work that gets done"), lambda one: share(one["coverage"]["usual"]),
                lambda one: span(share(one["coverage"]["low"]), share(one["coverage"]["high"]))),
            row(_("Cost a year"), lambda one: self.money(one["cost"]["usual"]),
                lambda one: span(self._bare(one["cost"]["low"]), self.money(one["cost"]["high"]))),
            row(_("Stays undone"), lambda one: _hours(one["undone_hours"]["usual"]),
                lambda one: _few([each["title"] for each in one["undone"]]), names=True),
            row(_("Vital skills on one person"), lambda one: number(len(one["single"])),
                lambda one: _few(one["single"]), names=True, all_of=lambda one: one["single"]),
            row(_("Vital skills nobody has"), lambda one: number(len(one["without"])),
                lambda one: _few(one["without"]), names=True, all_of=lambda one: one["without"]),
            row(_("Everybody up to pace"), self._up_to_pace,
                lambda one: span(number(one["months"]["at_pace"]["low"]), number(one["months"]["at_pace"]["high"]))
                if one["order"] else ""),
            row(_("Booked up to"), lambda one: share(one["full_at"]),
                lambda _one: _("of the hours that can be planned")),
            row(_("Help by AI used"), lambda one: share(one["ai_used"]),
                lambda one: _("of what it usually saves; %(n)s h a month to review it") % {
                    "n": number(one["review"])}, names=True),
        ]  # fmt: skip

    @staticmethod
    def _up_to_pace(one: Mapping[str, Any]) -> str:
        if not one["order"]:
            return _("nobody to hire")
        return _("%(n)s months") % {"n": number(one["months"]["at_pace"]["usual"])}

    @staticmethod
    def _made_of(one: Mapping[str, Any]) -> str:
        """The parts of the yardstick, in thousands."""
        words = {
            "pay": _("pay %(n)s"), "undone": _("work undone %(n)s"), "skills": _("vital skills %(n)s"),
            "others": _("leading and pairs %(n)s"),
        }  # fmt: skip
        parts = one["parts"]
        return " + ".join(
            said % {"n": number(parts[part] / 1000)} for part, said in words.items() if abs(parts[part]) >= _TOLD
        )

    @property
    def turns(self) -> list[dict[str, Any]]:
        """Assumptions that alone change the order."""
        names = {one["id"]: one["name"] for one in self.found["alternatives"]}
        return [
            {"label": one["label"], "end": _("lower third") if one["end"] == "low" else _("upper third"),
             "value": "" if one["value"] is None else plain(one["value"]), "first": one["first"],
             "usual": "" if one["usual"] is None else plain(one["usual"]),
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
        return [
            one | {"from": words.get(one["origin"], one["origin"]), **amount_said(one)}
            for one in self.found["drivers"]
        ]  # fmt: skip


def _assumed_pay(of: Mapping[str, Any]) -> str:
    if not of["set_here"]:
        return _("Costs rest on placeholder pay, wide enough to be safe and too wide to decide with.")
    return _("Costs rest on the assumed bands of pay: %(n)s of %(all)s are your own, the others placeholders.") % {
        "n": of["set_here"], "all": of["levels_in_all"]}  # fmt: skip


def _own_pay(of: Mapping[str, Any]) -> str:
    """How costs rest on the pay kept here. Those who read it may see all of that pay."""
    if of["ratio"] is None:
        few = ngettext(
            "Pay of %(n)s person of the team is kept here; costs rest on it from %(enough)s on.",
            "Pay of %(n)s people of the team is kept here; costs rest on it from %(enough)s on.", of["people"],
        ) % {"n": of["people"], "enough": of["enough"]}  # fmt: skip
        return f"{_assumed_pay(of)} {few}"
    middles = _few([f"{one['name'].lower()} ({one['people']})" for one in of["levels"]])
    if middles:
        said = _(
            "Costs rest on the pay of %(n)s people kept here: medians for %(levels)s, and the assumed bands times"
            " %(ratio)s for the other levels."
        )  # fmt: skip
    else:
        said = _(
            "Costs rest on the pay of %(n)s people kept here: no level has %(enough)s of them, so the assumed bands"
            " are taken times %(ratio)s, as your pay stands to them."
        )  # fmt: skip
    told = said % {"n": of["people"], "levels": middles, "ratio": number(of["ratio"], 2), "enough": of["enough"]}
    if of["left_out"]:
        told += " " + _("Left out: %(n)s paid in another currency.") % {"n": of["left_out"]}
    return told + " " + _("Only those who may see pay get this answer; for one to pass on, choose the assumed bands.")


def share(of: float, decimals: int = 0) -> str:
    """A share in percent."""
    return f"{number(100 * of, decimals)}\u00a0%"


def _idle(one: Mapping[str, Any]) -> int:
    """How many seats have nothing to do: what is unused of kinds of seats that are used by less than half."""
    return int(sum((1 - seat["booked"]) * seat["count"] for seat in one["seats"] if seat["booked"] < _UNUSED))


def _used(seat: Mapping[str, Any]) -> str:
    """How much of the hours that a seat may be booked for is used."""
    said = _("%(share)s of the hours it may be booked for") % {"share": share(seat["booked"])}
    return said if seat["booked"] >= _UNUSED else said + ", " + _("beside that a second person for its skills")


def _listed(parts: list[str]) -> str:
    return _("%(these)s and %(last)s") % {"these": ", ".join(parts[:-1]), "last": parts[-1]} if parts[1:] else parts[0]


def _leads(seat: Mapping[str, Any]) -> str:
    """How many a seat can lead, and by which kind of leading."""
    if not seat["leads"]:
        return ""
    return _("can lead %(n)s (%(how)s)") % {"n": number(seat["leads"]), "how": _lower(seat["leads_as"])}


def _hours(of: float) -> str:
    return _("%(n)s h a month") % {"n": number(of)}


def _few(names: list[str], most: int = FEW) -> str:
    more = [_("%(n)s more") % {"n": len(names) - most}] if len(names) > most else []
    return ", ".join([*names[:most], *more])


def _lower(words: str) -> str:
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]


def ask_blueprint(actor: Actor, **given: Any) -> tuple[dict[str, Any], Told]:
    """A question as REST and the command ask it: the answer, and the same in words. Raises MaropsError."""
    found = answer(asked_of(**given), actor)
    return found, Told(found, names(), offered=offered(actor), others=others_of(actor))
