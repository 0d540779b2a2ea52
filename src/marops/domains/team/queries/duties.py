"""The letters of who does what, with everything they come from: ownership in Marops, hand-offs, and hands."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.core.cache import cache
from django.db import connection
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.accounts.public import names
from marops.domains.team.permissions import VIEW
from marops.domains.team.queries.coverage import Team, team_of
from marops.domains.team.queries.coverage_told import named, percent
from marops.domains.team.queries.hand_offs import hand_offs
from marops.domains.team.queries.volumes import KEPT_SECONDS
from marops.domains.team.rules.coverage import Need
from marops.domains.team.rules.letters import Letter, Passed, Table, kinds_of
from marops.kernel.actors import Actor
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.ids import as_uuid
from marops.kernel.models import Definition, ReviewDecision
from marops.kernel.permissions import require
from marops.kernel.workspace import today, zone

DAYS: Final = 90
OFTEN: Final = 4.0
"""So often a month at least, about weekly, before somebody hears of it as a matter of course."""


@dataclass(frozen=True)
class Duties:
    """The team, and the whole table of its letters."""

    team: Team
    table: Table

    def name(self, who: Any) -> str:
        """What a person or an opening is called."""
        opening = self.table.openings.get(who)
        return opening.title if opening else self.table.workers[who].name

    def ref(self, who: Any) -> str:
        """P-3, V-2."""
        opening = self.table.openings.get(who)
        return opening.ref if opening else self.table.workers[who].ref

    def holder(self, ref: str) -> Any:
        """The person or opening of a reference. Raises MaropsError `not-found`."""
        for who in (*self.table.workers, *self.table.openings):
            if self.ref(who) == ref:
                return who
        raise MaropsError(NOT_FOUND, f"Neither the team nor its openings have {ref!r}.")

    def need(self, key: str) -> Need:
        """The responsibility of a key. Raises MaropsError `not-found`."""
        found = next((one for one in self.team.wanted if one.key == key), None)
        if found is None:
            raise MaropsError(NOT_FOUND, f"No role of the team has the responsibility {key!r}.")
        return found

    def fault(self, need: Need) -> str:
        """What is wrong with a responsibility: nobody does it, nobody or more than one answers for it."""
        answering = self.table.answering(need)
        if not self.table.does(need):
            planned = self.table.planned(need)
            told = {"refs": ", ".join(one.ref for one in planned)}
            return _("nobody does it; planned: %(refs)s") % told if planned else _("nobody does it")
        if not answering:
            return _("nobody answers for it")
        if len(answering) > 1:
            return _("more than one answers for it: %(names)s") % {"names": named([self.name(it) for it in answering])}
        return ""


def duties_of(actor: Actor) -> Duties:
    """The table as this reader may know it."""
    team = team_of(actor)
    table = Table(
        team.known, team.catalogue.skills, _wrote(team), _hears(actor), team.hand, team.openings
    )  # fmt: skip
    return Duties(team, table)


def _wrote(team: Team) -> dict[str, dict[Any, tuple[str, ...]]]:
    """Kind → person → the definitions in force that they wrote or approved."""
    kinds = {kind for need in team.wanted for kind in kinds_of(need, team.catalogue.skills)}
    rows = list(
        Definition.objects.filter(kind__in=kinds, state=Definition.State.ACTIVE, starter=False)
        .order_by("kind", "slug")
        .values_list("kind", "slug", "author", "sha256")
    )
    approved = ReviewDecision.objects.filter(
        approved=True, review__subject_type="definition", review__content_sha256__in=[row[3] for row in rows]
    )
    looked: dict[str, list[str]] = {}
    for sha, reviewer in approved.values_list("review__content_sha256", "reviewer"):
        looked.setdefault(sha, []).append(reviewer)
    found: dict[str, dict[Any, tuple[str, ...]]] = {}
    for kind, slug, author, sha in rows:
        for account in dict.fromkeys((author, *looked.get(sha, ()))):
            person = team.accounts.get(known) if (known := as_uuid(account)) else None
            if person is not None:
                mine = found.setdefault(kind, {})
                mine[person] = (*mine.get(person, ()), f"{kind}/{slug}")
    return found


def _hears(actor: Actor) -> dict[str, dict[str, list[Passed]]]:
    """Role → the roles it hands something to. Asked of the lake at most once in ten minutes."""
    key = f"team-hears-{connection.settings_dict['NAME']}-{today():%Y-%m-%d}-{actor.kind}-{actor.id}"
    found: dict[str, dict[str, list[Passed]]] = cache.get_or_set(key, lambda: _passing(actor), KEPT_SECONDS) or {}
    return found


def _passing(actor: Actor) -> dict[str, dict[str, list[Passed]]]:
    """The same, as the facts of the last ninety days say; else as usual."""
    found: dict[str, dict[str, list[Passed]]] = {}
    often = [one for one in hand_offs(actor, DAYS).rows if one.a_month >= OFTEN]
    for one in often:
        passed = Passed(one.passed.what, one.passed.count if one.measured else 0)
        found.setdefault(one.passed.source, {}).setdefault(one.passed.target, []).append(passed)
    return found


# --- In words ---------------------------------------------------------------------------------------------------------


def because(duties: Duties, need: Need, letter: Letter, *, people: Mapping[str, str] | None = None) -> str:
    """Whence a letter comes, in a sentence. `people`: account → name, for those who set one by hand."""
    title = duties.team.catalogue.title(need.role)
    match letter.why:
        case "holds":
            return _("Holds the role %(role)s, %(share)s of a week.") % {
                "role": title, "share": percent(letter.made_of[1])
            }  # fmt: skip
        case "planned":
            return _("The place is for the role %(role)s; nobody fills it yet.") % {"role": title}
        case "alone":
            return _("Holds the role %(role)s and has no manager: does it and answers for it.") % {"role": title}
        case "leads":
            return _leads(title, letter)
        case "wrote":
            return _("Wrote or approved what is in force for it: %(refs)s.") % {"refs": named(list(letter.made_of), 6)}
        case "hears":
            return _hears_said(title, letter)
        case "hand":
            return _by_hand(letter, people or {})


def _leads(title: str, letter: Letter) -> str:
    led = [str(one) for one in letter.made_of[1:]]
    if not led:
        return _("Holds the role %(role)s and leads others who hold it.") % {"role": title}
    return _("Leads who does it, as %(role)s: %(names)s.") % {"role": title, "names": named(led)}


def _hears_said(title: str, letter: Letter) -> str:
    said = []
    for _role, what in letter.made_of[1:]:
        told = {"what": what.what, "n": f"{what.count:,}"}
        said.append((_("%(what)s, %(n)s in ninety days") if what.count else _("%(what)s, as is usual")) % told)
    return _("Gets from %(role)s: %(what)s.") % {"role": title, "what": "; ".join(said)}


def _by_hand(letter: Letter, people: Mapping[str, str]) -> str:
    made_by, at = letter.made_of
    day = date_format(at.astimezone(zone()), "j M Y") if at else "–"
    told = {"name": people.get(made_by, made_by) or "–", "day": day}
    if not letter.letter:
        return _("Has no letter here: %(name)s took it away on %(day)s.") % told
    return _("Set by hand by %(name)s on %(day)s; it replaces what ownership gives.") % told


def setters(letters: Iterable[Letter]) -> dict[str, str]:
    """Account → name of those who set letters by hand."""
    return names(list({str(one.made_of[0]) for one in letters if one.by_hand}))


@dataclass(frozen=True, slots=True)
class Cell:
    """A letter with its place in the table: the responsibility, the person or opening, and where both stand."""

    place: tuple[int, int]
    need: Need
    who: Any
    letter: Letter


def cells(duties: Duties, role: str = "", after: tuple[int, int] = (-1, -1)) -> Iterator[Cell]:
    """Every letter of one role's responsibilities or of all, one after the other, behind a place."""
    who = [*duties.table.workers, *duties.table.openings]
    for row, need in enumerate(duties.team.wanted):
        if row < after[0] or role not in ("", need.role):
            continue
        for column in range(after[1] + 1 if row == after[0] else 0, len(who)):
            if letter := duties.table.cell(need, who[column]):
                yield Cell((row, column), need, who[column], letter)


def letters_shown(duties: Duties, found: Sequence[Cell]) -> list[dict[str, Any]]:
    """Letters as REST and CSV give them."""
    people = setters(one.letter for one in found)
    return [
        {
            "responsibility": one.need.key, "role": one.need.role, "text": one.need.text,
            "role_title": duties.team.catalogue.title(one.need.role), "holder": duties.ref(one.who),
            "name": duties.name(one.who), "letter": one.letter.letter, "by_hand": one.letter.by_hand,
            "because": because(duties, one.need, one.letter, people=people),
        }
        for one in found
    ]  # fmt: skip


def faults_json(actor: Actor) -> list[dict[str, Any]]:
    """Responsibilities that nobody does, or for which not exactly one answers."""
    require(actor, VIEW)
    duties = duties_of(actor)
    return [
        {"responsibility": one.key, "text": one.text, "says": fault}
        for one in duties.team.wanted
        if (fault := duties.fault(one))
    ]


def said(duties: Duties) -> str:
    """The table in a sentence: how much is somebody's, and how much has not exactly one who answers for it."""
    wanted = duties.team.wanted
    nobody = sum(not duties.table.does(one) for one in wanted)
    unclear = sum(len(duties.table.answering(one)) != 1 for one in wanted if duties.table.does(one))
    n = len(wanted)
    words = ngettext("%(n)s responsibility", "%(n)s responsibilities", n) % {"n": n}
    if not nobody and not unclear:
        return _("%(all)s: each has somebody who does it and exactly one who answers for it.") % {"all": words}
    parts = []
    if nobody:
        parts.append(ngettext("%(n)s is nobody's", "%(n)s are nobody's", nobody) % {"n": nobody})
    if unclear:
        parts.append(
            ngettext("%(n)s has not exactly one who answers for it", "%(n)s have not exactly one who answers for them",
                     unclear) % {"n": unclear}
        )  # fmt: skip
    return _("%(all)s: %(what)s.") % {"all": words, "what": ", ".join(parts)}
