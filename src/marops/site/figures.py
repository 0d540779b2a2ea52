"""Figures in words: readings of metrics with their interval, target and owner, as desks and pages show them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.accounts.public import Account, names, roles_in_force
from marops.domains.contacts.public import sources
from marops.engine.behind import Happened, lists_of, parts_of
from marops.engine.measuring import Kept, Reading, kept, refresh, span_of, stale
from marops.kernel.clock import iso_utc
from marops.kernel.fields import REGISTRY
from marops.kernel.ids import as_uuid
from marops.kernel.metrics import METRICS, Metric
from marops.kernel.money import short
from marops.kernel.shell import Figure, Tone
from marops.kernel.workspace import workspace
from marops.site.targets import Target, in_force
from marops.site.templatetags.ui import duration, number, share

OWNER = "owner.account"
_NOUGHT = ".0"  # nobody sets a target of 90.0 %


def said(metric: Metric, value: float | None, *, money: str = "") -> str:
    """A value of a metric as people read it."""
    if value is None:
        return "–"
    match metric.unit:
        case "share":
            return share(value, 1)
        case "minutes":
            return _minutes(value, working=metric.working)
        case "points":
            return number(value, 1)
        case "money":
            return short(Decimal(repr(value)), money)
    return number(value, 0)


def _minutes(value: float, *, working: bool) -> str:
    """A length of time; of working time never in days, which are of another length there."""
    if not working or value < 60:
        return duration(value * 60)
    hours, minutes = divmod(round(value), 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def interval(metric: Metric, one: Reading) -> str:
    """The interval in words; one that is open above says so."""
    if one.low is None:
        return ""
    if one.high is None:
        return _("more than %(low)s") % {"low": said(metric, one.low)}
    if metric.unit == "share":
        return f"{number(one.low * 100, 1)}–{number(one.high * 100, 1)} %"
    return f"{said(metric, one.low)} – {said(metric, one.high)}"


def state(metric: Metric, one: Reading | None, target: Target | None) -> tuple[str, Tone]:
    """How a figure stands to its target, as a word and a colour; nothing where there is none."""
    if one is None or one.value is None:
        return _("cannot tell"), "info"
    if target is None or not metric.good:
        return "", ""
    aim = float(target.value)
    if one.low is not None and one.high is not None and one.low < aim < one.high:
        return _("cannot tell"), "info"
    if (one.value >= aim) if metric.good == "up" else (one.value <= aim):
        return _("on target"), "good"
    return (_("below target"), "warn") if metric.good == "up" else (_("over target"), "warn")


def moved(metric: Metric, now_: Reading | None, before: Reading | None) -> str:
    """How the figure moved against the span before."""
    if now_ is None or before is None or now_.value is None or before.value is None:
        return ""
    past = said(metric, before.value, money=now_.piece)
    if said(metric, now_.value, money=now_.piece) == past:
        return _("as before")
    up = now_.value > before.value
    return (_("up from %(past)s") if up else _("down from %(past)s")) % {"past": past}


def span_words(metric: Metric) -> str:
    """The time that the headline is about."""
    if metric.level:
        return _("as it stands")
    days = span_of(metric)
    if days == 365:
        return _("last 12 months")
    return _("last %(days)s days") % {"days": days}


# --- Who answers for it -----------------------------------------------------------------------------------------------


def holders(roles: Iterable[str]) -> dict[str, Account]:
    """Role → the person who has held it longest; roles that nobody holds are left out."""
    wanted = list(roles)
    found: dict[str, Account] = {}
    rows = Account.objects.filter(active=True, roles__role__in=wanted).order_by("number")
    for one in rows.prefetch_related("roles"):
        for held in one.roles.all():
            if held.role in wanted:
                found.setdefault(held.role, one)
    return found


def all_holders(role: str) -> list[Account]:
    """Everybody who holds a role, whoever has held it longest first."""
    return list(Account.objects.filter(active=True, roles__role=role).order_by("number"))


def role_title(slug: str) -> str:
    """What a role is called."""
    role = roles_in_force().role(slug)
    return role.title if role else slug


# --- As desks show them -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shown:
    """A metric with what was kept of it, ready for a page."""

    metric: Metric
    kept: Kept
    reading: Reading | None
    target: Target | None
    owner: str
    held: bool = False
    """Whether somebody holds the role that answers for it."""

    @property
    def url(self) -> str:
        """The metric's own page."""
        return reverse("metric", args=[self.metric.name])

    @property
    def value(self) -> str:
        """The headline in words."""
        return said(self.metric, self.reading.value if self.reading else None, money=self.piece)

    @property
    def piece(self) -> str:
        """The currency of a sum of money."""
        return self.reading.piece if self.reading and self.metric.unit == "money" else ""

    @property
    def note(self) -> str:
        """The interval, the time and the number of rows."""
        if self.reading is None:
            return _("not measured yet")
        if self.reading.value is None:
            return self.reading.why
        parts = [interval(self.metric, self.reading), span_words(self.metric), self.rows]
        return ", ".join(part for part in parts if part)

    @property
    def rows(self) -> str:
        """How many rows it rests on; a count needs none said."""
        one = self.reading
        if one is None or self.metric.unit == "count":
            return ""
        return ngettext("%(n)s row", "%(n)s rows", one.n) % {"n": number(one.n)}

    @property
    def state(self) -> tuple[str, Tone]:
        """How it stands to its target."""
        return state(self.metric, self.reading, self.target)

    @property
    def target_text(self) -> str:
        """The target in words."""
        return said(self.metric, float(self.target.value)).replace(_NOUGHT, "") if self.target else ""

    @property
    def trend(self) -> list[Reading]:
        """The closed weeks (months of a conversion, days of a level), those without a row as 0 where nothing is 0."""
        grain = "day" if self.metric.level else "month" if span_of(self.metric) > 60 else "week"
        found = [one for one in self.kept.of(grain) if one.piece == (self.piece or "")]
        return [one for one in found if (one.closed or self.metric.level) and one.value is not None]

    def figure(self) -> Figure:
        """As the desk takes it."""
        word, tone = self.state
        trend = self.trend if len(self.trend) > 1 else []
        banded = trend if all(one.low is not None and one.high is not None for one in trend) else []
        return Figure(
            title=_(self.metric.label), value=self.value, note=self.note, state=word, tone=tone, url=self.url,
            owner=self.owner, moved=moved(self.metric, self.reading, self.kept.before(self.piece)),
            trend=[one.value or 0.0 for one in trend], lows=[one.low or 0.0 for one in banded],
            highs=[one.high or 0.0 for one in banded],
            target=float(self.target.value) if self.target and trend else None, target_text=self.target_text,
        )  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """As REST and the command line list it."""
        metric, one = self.metric, self.reading
        document: dict[str, Any] = {
            "name": metric.name, "label": metric.label, "version": metric.version, "type": metric.type.value,
            "unit": metric.unit, "owner": metric.owner, "good": metric.good or None,
            "span_days": None if metric.level else span_of(metric),
            "value": one.value if one else None, "n": one.n if one else 0,
            "low": one.low if one else None, "high": one.high if one else None,
            "piece": (one.piece or None) if one else None,
            "why": (one.why or None) if one else "It has not been measured yet.",
            "target": float(self.target.value) if self.target else None,
            "state": self.state[0] or None,
            "computed_at": iso_utc(self.kept.computed_at),
        }  # fmt: skip
        return document


def show(metrics: Sequence[Metric], *, reader: str = "", piece: str = "", by: str = "") -> list[Shown]:
    """What was kept of these metrics, in two or three statements. `reader` is the account that reads."""
    found, targets = kept(metrics, by=by), in_force()
    people = holders({metric.owner for metric in metrics})
    return [
        Shown(
            metric,
            found[metric.name],
            _reading(found[metric.name], piece),
            targets.get(metric.name),
            _owner(people.get(metric.owner), metric.owner, reader),
            metric.owner in people,
        )
        for metric in metrics
    ]


def _owner(person: Account | None, role: str, reader: str) -> str:
    if person is None:
        return role_title(role)
    return _("you") if str(person.id) == reader else person.name


def _reading(one: Kept, piece: str) -> Reading | None:
    """The headline; of money that of the workspace's own currency, else of the one with most deals."""
    if piece and one.headline(piece) is None and one.computed_at is not None:
        return Reading(one.computed_at.date(), None, 0, why=_("Nothing of yours happened in this time."))
    if piece or one.metric.unit != "money" or not one.spans:
        return one.headline(piece)
    own = next((reading for reading in one.spans if reading.piece == workspace().currency), None)
    return own or max(one.spans, key=lambda reading: reading.n)


def bring_up_to_date(metrics: Sequence[Metric], as_of: datetime, *, by: str = "") -> int:
    """Measure those anew that something may have happened to. Answers how many."""
    return sum(1 for _metric in refresh(stale(kept(metrics, by=by).values(), as_of), as_of, by=by))


# --- Pieces -----------------------------------------------------------------------------------------------------------


def piece_words(by: str, pieces: Iterable[str]) -> dict[str, str]:
    """What the values that a figure is split by are called."""
    wanted = list(pieces)
    if by == OWNER:
        known = names([key for one in wanted if (key := as_uuid(one))])
        return {one: known.get(one, _("somebody who left")) if one else _("nobody") for one in wanted}
    if by == "contact.source":
        return {one: sources.label(one) if one else _("not known") for one in wanted}
    return {one: one or _("not known") for one in wanted}


def by_words(by: str) -> str:
    """What a figure is split by, in words."""
    words = {OWNER: _("owner"), "contact.source": _("source")}
    found = REGISTRY.find_field(by)
    return words.get(by) or (found.label.lower() if found else by.replace("_", " "))


def split_named(metric: Metric, name: str) -> str:
    """The field that people mean by `source` or `owner`. Raises KeyError when the metric cannot be split by it."""
    known = {by: by for by in (*metric.by, *([metric.split] if metric.split else []))}
    short = {"owner": OWNER} | {by.rpartition(".")[2]: by for by in known}
    found = known.get(name) or short.get(name, "")
    if found not in known:
        raise KeyError(name)
    return found


PLACES = {"contact": "routing:leads", "opportunity": "pipeline:opportunities"}


def rows_links(metric: Metric, since: date | None, until: date | None, piece: str = "") -> list[tuple[str, str]]:
    """The lists of the rows behind a metric in a time, each with its words: what it counts first, then of whom."""
    found = []
    for what, event in lists_of(metric):
        asked = Happened(event) if metric.level else Happened(event, since, until, piece)
        words = _("Leads that %(did)s") if what == "contact" else _("Deals that %(did)s")
        said = words % {"did": Happened(event).words(what)}
        found.append((said, f"{reverse(PLACES[what])}?{urlencode(asked.query())}"))
    return found


def parts_links(metric: Metric) -> list[tuple[str, str]]:
    """Where a metric that counts no rows has its parts: the metrics it is made of, or the page that tells them."""
    if metric.page:
        return [(_("What it is made of"), reverse(metric.page))]
    return [(_(part.label), reverse("metric", args=[part.name])) for part in parts_of(metric)]


def all_metrics() -> list[Metric]:
    """Every metric, by name."""
    return list(METRICS.all().values())
