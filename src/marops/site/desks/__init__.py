"""Desks: the front page of each role. What needs somebody, what they answer for and look after, what changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.humanize.templatetags.humanize import apnumber
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.accounts.public import Account, roles_in_force
from marops.domains.contacts.public import Contact
from marops.domains.routing.public import open_leads
from marops.engine.measuring import kept, stale
from marops.kernel import ports
from marops.kernel.actors import Actor
from marops.kernel.metrics import METRICS, Metric
from marops.kernel.permissions import grants, may
from marops.kernel.shell import Change, Desk, Figure, Need, Section, SectionRow, commands
from marops.site import figures
from marops.site.desks import lines
from marops.site.desks.moves import Move, this_quarter
from marops.site.desks.roles import ROLES, Role, role_of
from marops.site.permissions import SEE_METRICS, SEE_PROBLEMS
from marops.site.shell import address

NARROW = 5
"""Tables of so many columns fit beside another."""
MOST_NEEDS, MOST_FIGURES, MOST_CHANGES = 8, 6, 12
ADMINISTRATOR = "administrator"
_URGENCY = {"late": 0, "soon": 1, "": 2}


@dataclass(frozen=True, slots=True)
class Seat:
    """Whose desk is shown: the role, who sits there (nobody: the role is not held), and on whose behalf it is read."""

    role: str
    title: str
    person: Account | None
    actor: Actor

    @property
    def spec(self) -> Role:
        """What the desk is made of."""
        return role_of(self.role)

    @property
    def owner(self) -> str:
        """The title line: name and role."""
        return f"{self.person.name}, {self.title}" if self.person else self.title


@dataclass(frozen=True, slots=True)
class OnDesk:
    """The bands of a desk and the sentence above them."""

    answer: str
    needs: tuple[Need, ...]
    more_needs: int
    figures: tuple[Figure, ...]
    boards: tuple[tuple[Section, bool], ...]  # with whether it takes the whole width
    changes: tuple[Change, ...]
    moves: tuple[Move, ...] = ()


@dataclass(frozen=True, slots=True)
class Switch:
    """One line of the role switcher."""

    label: str
    url: str
    person: str
    current: bool


# --- Whose desk -------------------------------------------------------------------------------------------------------


def own_seat(me: Account, actor: Actor) -> Seat:
    """One's own desk: by the role chosen, else the first that is held; the administrator's for those without any."""
    held = [one.role for one in me.roles.all()] if not me.desk else [me.desk]
    role = next((slug for slug in held if slug in ROLES), held[0] if held else ADMINISTRATOR)
    return Seat(role, _title(role) if held else "", me, actor)


def seat_of(role: str, reader: Actor, who: str = "") -> Seat:
    """The desk of a role as one of its holders sees it: the one asked for, else whoever has held it longest.

    Of a role whose desk is about one's own leads, whoever has most open ones. Where nobody holds it, as the reader sees
    it.
    """
    people = {str(one.id): one for one in figures.all_holders(role)}
    busiest = _busiest(people) if role_of(role).own and who not in people else None
    person = people.get(who) or busiest or next(iter(people.values()), None)
    return Seat(role, _title(role), person, Actor("human", str(person.id)) if person else reader)


def _busiest(people: Mapping[str, Account]) -> Account | None:
    """Whoever of these has most open leads."""
    counts = open_leads([one.id for one in people.values()])
    most = max(counts, key=lambda owner: counts[owner], default=None)
    return people[str(most)] if most else None


def colleagues(seat: Seat) -> list[Switch]:
    """Everybody who holds the role, where each of them has a desk of their own leads."""
    if not seat.spec.own:
        return []
    found = figures.all_holders(seat.role)
    here, desk = seat.person, reverse("desk-of", args=[seat.role])
    return [Switch(one.name, f"{desk}?who={one.id}", "", one == here) for one in found] if len(found) > 1 else []


def _title(role: str) -> str:
    found = roles_in_force().role(role)
    return found.title if found else role


def _sitter(role: str, holder: Account | None) -> str:
    if holder is None:
        return _("nobody")
    return _("whoever has most open leads") if role_of(role).own else holder.name


def switches(current: str) -> list[Switch]:
    """Every role's desk, with who sits there."""
    known = [one for one in roles_in_force().roles if one.slug in ROLES]
    people = figures.holders([one.slug for one in known])
    return [
        Switch(
            one.title,
            reverse("desk-of", args=[one.slug]),
            _sitter(one.slug, people.get(one.slug)),
            one.slug == current,
        )
        for one in known
    ]


# --- What is on it ----------------------------------------------------------------------------------------------------


def desk_of(seat: Seat, as_of: datetime) -> OnDesk:
    """Everything on this desk: most urgent first, then by what was promised earliest."""
    spec, actor = seat.spec, seat.actor
    said = {name: list(fill(actor, as_of)) for name, fill in _fillers(spec)}
    found = [one for name in spec.needs for one in said.get(name, ()) if isinstance(one, Need)]
    needs = sorted(found, key=lambda one: _rank(one, as_of))
    boards = [one for name in spec.boards for one in said.get(name, ()) if isinstance(one, Section) and one.rows]
    live = [one for name in spec.live for one in said.get(name, ()) if isinstance(one, Figure)]
    changes = [one for some in said.values() for one in some if isinstance(one, Change)]
    changes += [*lines.decided(actor, spec.changes, as_of), *lines.notices(actor)]
    measured = figures_of(seat)
    # What is read just now first on desks that live by it, else the figures that were measured.
    together = [*live, *measured] if spec.own or not spec.figures else [*measured, *live]
    return OnDesk(
        answer=_answer(needs, measured, seat, as_of),
        needs=tuple(needs[:MOST_NEEDS]),
        more_needs=max(0, len(needs) - MOST_NEEDS),
        figures=tuple(together[:MOST_FIGURES]),
        boards=tuple(_side_by_side([*boards, *_pieces(seat)])),
        changes=tuple(sorted(changes, key=lambda one: one.at, reverse=True)[:MOST_CHANGES]),
        moves=tuple(this_quarter(actor, as_of)) if spec.quarter else (),
    )


def _fillers(spec: Role) -> list[tuple[str, Desk]]:
    wanted = dict.fromkeys((*spec.needs, *spec.boards, *spec.live))
    return [
        (name, lines.OURS[name] if name in lines.OURS else ports.desk[name])
        for name in wanted
        if name in lines.OURS or name in ports.desk
    ]


def known_fillers() -> set[str]:
    """The names that a desk can name."""
    return {*lines.OURS, *(filler.name for filler in ports.desk)}


def metrics_of(seat: Seat) -> list[Metric]:
    """The metrics of a desk, as far as they are known; none for those who may not see figures."""
    if SEE_METRICS not in grants(seat.actor):
        return []
    known = METRICS.all()
    return [known[name] for name in seat.spec.figures if name in known]


def figures_of(seat: Seat) -> list[Figure]:
    """The measured figures of a desk, from what was kept; a seller's are of their own leads."""
    piece = seat.actor.id if seat.spec.own and seat.person else ""
    by = figures.OWNER if piece else ""
    return [one.figure() for one in figures.show(metrics_of(seat), reader=seat.actor.id, piece=piece, by=by)]


def stale_metrics(seat: Seat, as_of: datetime) -> list[tuple[Metric, str]]:
    """The metrics of a desk that something may have happened to since, each with what it is split by."""
    own = figures.OWNER if seat.spec.own and seat.person else ""
    wanted = [(metric, own) for metric in metrics_of(seat)]
    known = METRICS.all()
    if SEE_METRICS in grants(seat.actor):
        wanted += [(known[name], by) for name, by in seat.spec.pieces if name in known]
    found: list[tuple[Metric, str]] = []
    if seat.spec.every_figure:
        found += [(metric, "") for metric in stale(kept(list(known.values())).values(), as_of, daily=True)]
    for by in dict.fromkeys(by for _metric, by in wanted):
        some = [metric for metric, one in wanted if one == by]
        found += [(metric, by) for metric in stale(kept(some, by=by).values(), as_of)]
    return [(known[name], by) for name, by in dict.fromkeys((metric.name, by) for metric, by in found)]


def _side_by_side(boards: Sequence[Section]) -> list[tuple[Section, bool]]:
    """Two narrow tables that follow each other stand in one row; every other takes the whole width."""
    found: list[tuple[Section, bool]] = []
    waiting = list(boards)
    while waiting:
        pair = (
            waiting[:2]
            if all(len(one.columns) <= NARROW and not one.wide for one in waiting[:2]) and len(waiting) > 1
            else waiting[:1]
        )
        found += [(one, len(pair) == 1) for one in pair]
        waiting = waiting[len(pair) :]
    return found


def _pieces(seat: Seat) -> list[Section]:
    """Metrics broken down, from what was kept: the pieces with most rows."""
    if SEE_METRICS not in grants(seat.actor):
        return []
    known, found = METRICS.all(), []
    for name, by in seat.spec.pieces:
        if name not in known:
            continue
        metric = known[name]
        one = kept([metric], by=by)[name]
        last = max((row.period for row in one.of("day")), default=None)
        readings = [row for row in one.of("day") if row.period == last] if metric.level else list(one.spans)
        rows = sorted((row for row in readings if row.n), key=lambda row: -row.n)[:8]
        words = figures.piece_words(by, [row.piece for row in rows])
        what, told = figures.by_words(by), any(row.why or figures.interval(metric, row) for row in rows)
        counts = metric.unit == "count"  # which are their own number of rows
        found.append(
            Section(
                _("%(metric)s by %(what)s") % {"metric": metric.label, "what": what},
                figures.span_words(metric),
                columns=(
                    what.capitalize(), _("Value"), *([_("Interval")] if told else []),
                    *([] if counts else [_("Rows")]),
                ),
                rows=[
                    SectionRow(
                        (
                            words[row.piece], figures.said(metric, row.value),
                            *([row.why or figures.interval(metric, row) or "–"] if told else []),
                            *([] if counts else [f"{row.n:,}"]),
                        )
                    )
                    for row in rows
                ],
                numbers=frozenset({1} if counts else {1, 3 if told else 2}),
                url=f"{reverse('metric', args=[name])}?by={by}#pieces",
                link=_("All of it"),
            )
        )  # fmt: skip
    return [one for one in found if one.rows]


# --- The sentence -----------------------------------------------------------------------------------------------------


def _rank(one: Need, as_of: datetime) -> tuple[int, datetime]:
    return _URGENCY[one.urgency], one.due or as_of + timedelta(days=3650)


def _answer(needs: Sequence[Need], measured: Sequence[Figure], seat: Seat, as_of: datetime) -> str:
    parts = [_needs_words(needs, as_of)]
    off = next((one for one in measured if one.tone == "warn"), None)
    if off is not None:
        stands = _("%(figure)s stands at %(value)s") % {"figure": off.title, "value": off.value}
        parts.append(f"{stands}, {off.state} ({off.target_text})." if off.target_text else f"{stands}.")
    return " ".join(parts)


def _needs_words(needs: Sequence[Need], as_of: datetime) -> str:
    if not needs:
        return _("Nothing needs you now.")
    late = sum(one.urgency == "late" for one in needs)
    told = {"count": str(apnumber(len(needs))).capitalize()}
    said = ngettext("One thing needs you", "%(count)s things need you", len(needs)) % told
    if not late:
        return f"{said}."
    if late == len(needs):
        return ngettext("One thing needs you at once.", "%(count)s things need you at once.", late) % told
    return f"{said}, " + ngettext("one of them at once.", "%(count)s of them at once.", late) % {
        "count": apnumber(late)
    }


def first_steps(actor: Actor) -> list[dict[str, str]]:
    """What to do first in a workspace that holds nothing yet: bring leads in, or look around."""
    if Contact.objects.exists():
        return []
    starts = [filler.value for filler in commands if filler.value.first_step]
    allowed = [one for one in starts if may(actor, one.right or SEE_PROBLEMS)]
    return [
        {"heading": str(one.heading or one.label), "text": str(one.says), "action": str(one.label), "url": url,
         "sign": "squire"}
        for one in allowed if (url := address(one.url_name))
    ]  # fmt: skip
