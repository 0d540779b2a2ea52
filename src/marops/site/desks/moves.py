"""The three moves of a quarter, by which a marketing manager gets hold of how the operation is run.

Each move makes one document for one reader. A domain that keeps such documents fills the port `moves` under the move's
name; until one does, the move says what is on record already for whoever writes the document by hand.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marops.kernel.actors import Actor
from marops.kernel.models import AuditRow
from marops.kernel.shell import MoveState, Words, moves
from marops.kernel.workspace import today, workspace
from marops.site import figures


@dataclass(frozen=True, slots=True)
class Move:
    """One of the three: what to do, the document it makes, and for whom."""

    number: int
    title: Words
    document: Words
    reader: Words
    when: Words
    state: MoveState


def quarter(as_of: datetime) -> tuple[date, date]:
    """The first day of this quarter, and the first of the next, by the workspace's fiscal year."""
    day, begins = today(as_of), workspace().fiscal_month
    into = (day.month - begins) % 3
    months = day.year * 12 + day.month - 1 - into
    return _first(months), _first(months + 3)


def _first(months: int) -> date:
    return date(months // 12, months % 12 + 1, 1)


def quarter_words(as_of: datetime) -> str:
    """The quarter with its last day and the days left."""
    first, following = quarter(as_of)
    left = (following - today(as_of)).days
    last = date.fromordinal(following.toordinal() - 1)
    return _("%(first)s – %(last)s, %(left)s days left") % {
        "first": date_format(first, "j M"), "last": date_format(last, "j M Y"), "left": left,
    }  # fmt: skip


_TEXTS = {
    "policy": (
        gettext_lazy("Say on one page what AI may do in marketing"),
        gettext_lazy("One page: what we let AI do, and what not"),
        gettext_lazy("CMO and MarOps lead"),
        gettext_lazy("this quarter"),
    ),
    "workflow": (
        gettext_lazy("Map one workflow end to end yourself"),
        gettext_lazy("The map with its bottleneck: every step, platform, human touch and AI assist"),
        gettext_lazy("your direct manager"),
        gettext_lazy("the next one-to-one"),
    ),
    "recommendation": (
        gettext_lazy("Make one recommendation"),
        gettext_lazy("A role to hire, a platform to retire, a workflow to redesign, or a data fault to put right"),
        gettext_lazy("stakeholders"),
        gettext_lazy("once each quarter"),
    ),
}


def this_quarter(actor: Actor, as_of: datetime) -> list[Move]:
    """The three moves with their state."""
    found = []
    for number, (name, (title, document, reader, when)) in enumerate(_TEXTS.items(), 1):
        state = moves[name](actor, as_of) if name in moves else None
        found.append(Move(number, title, document, reader, when, state or _BY_HAND[name](actor, as_of)))
    return found


# --- What is on record while no domain keeps the document -------------------------------------------------------------


def _policy(actor: Actor, as_of: datetime) -> MoveState:
    first, _following = quarter(as_of)
    acts = AuditRow.objects.filter(actor_kind="ai", at__date__gte=first).count()
    said = (
        _("AI has acted %(n)s times here this quarter; what it may do follows from the roles of those it works for.")
        % {"n": f"{acts:,}"}
        if acts
        else _("AI has done nothing here this quarter. What it may do follows from the roles of those it works for.")
    )
    return MoveState(_("not begun"), "draft", said, reverse("access-roles"), _("See who may do what"))


def _workflow(actor: Actor, as_of: datetime) -> MoveState:
    said = _(
        "Deadlines, hand-overs and answers of sales are on record for every lead: the way from MQL to owner can be"
        " drawn from them."
    )
    return MoveState(_("not begun"), "draft", said, reverse("routing:routes"), _("Begin with the routes"))


def _recommendation(actor: Actor, as_of: datetime) -> MoveState:
    missed = [one for one in figures.show(figures.all_metrics()) if one.state[1] == "warn"]
    if not missed:
        said = _("No figure with a target lies off it; look for a cost instead.")
        return MoveState(_("not begun"), "draft", said, reverse("metrics"), _("Look at the figures"))
    told = [
        _("%(label)s %(value)s against %(target)s")
        % {"label": one.metric.label, "value": one.value, "target": one.target_text}
        for one in missed[:2]
    ]
    said = _("Evidence is there: %(figures)s.") % {"figures": ", ".join(told)}
    return MoveState(_("evidence ready"), "info", said, missed[0].url, _("Begin with this figure"))


_BY_HAND: dict[str, Callable[[Actor, datetime], MoveState]] = {
    "policy": _policy,
    "workflow": _workflow,
    "recommendation": _recommendation,
}
