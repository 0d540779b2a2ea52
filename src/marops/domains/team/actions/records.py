"""Writes of what is kept about a person: roles with share and days, levels, evidence, pay, what they show, leaving.

The trail says that such a thing changed and who did it. Levels, notes, evidence, pay and paths elsewhere never stand in
it: more people read the trail than may see them.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from marops.domains.team.actions.sharing import end_mentorships
from marops.domains.team.catalogue import catalogue
from marops.domains.team.models import WEB, Assessment, Assignment, Evidence, Pay, Person, RoleHeld, Shown
from marops.domains.team.permissions import MANAGE, PAY, VIEW, Policy
from marops.domains.team.queries.pay import sealed_pay
from marops.domains.team.rules.document import LEVEL_WORDS
from marops.domains.team.rules.shares import Span, Stretch, too_much
from marops.kernel import audit
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.clock import local_date
from marops.kernel.errors import CONFLICT, INVALID, NOT_ALLOWED, NOT_FOUND, FieldError, MaropsError
from marops.kernel.models import Notice
from marops.kernel.notices import tell
from marops.kernel.workspace import today, workspace

# --- roles -----------------------------------------------------------------------------------------------------------


@action("role.give", effect="create", right=VIEW, reversible=True)
def give_role(
    act: Act,
    *,
    actor: Actor,
    person_id: UUID,
    role: str,
    share: Decimal = Decimal(1),
    starts: date | None = None,
    ends: date | None = None,
    elsewhere: bool = False,
) -> RoleHeld:
    """Somebody holds a role, or held it elsewhere. Elsewhere is for themselves to say too.

    Raises MaropsError `invalid` with the days and the sum where their roles would take more than a week.
    """
    person = locked(person_id)
    _need_roles(actor, person, elsewhere=elsewhere)
    row = RoleHeld(person=person, role=role, share=share, starts=starts, ends=ends, elsewhere=elsewhere)
    check_role(row)
    row.save(force_insert=True)
    act.changed("person", person.id, after=_told(row))
    return row


@action("role.change", effect="change", right=VIEW, reversible=True)
def change_role(
    act: Act,
    *,
    actor: Actor,
    held_id: UUID,
    share: Decimal,
    starts: date | None = None,
    ends: date | None = None,
) -> RoleHeld:
    """Another share or other days of a role that somebody holds. Raises MaropsError like giving one."""
    row = _held(actor, held_id)
    before, changed = _told(row), (row.share, row.starts, row.ends) != (share, starts, ends)
    row.share, row.starts, row.ends = share, starts, ends
    check_role(row)
    row.save(update_fields=["share", "starts", "ends"])
    if changed:
        act.changed("person", row.person_id, before=before, after=_told(row))
    return row


@action("role.take", effect="change", right=VIEW, reversible=True)
def take_role(act: Act, *, actor: Actor, held_id: UUID) -> None:
    """That somebody held this role was a mistake; for a role that ends, set its last day instead."""
    row = _held(actor, held_id)
    act.changed("person", row.person_id, before=_told(row))
    row.delete()


def _held(actor: Actor, held_id: UUID) -> RoleHeld:
    person_id = RoleHeld.objects.filter(id=held_id).values_list("person_id", flat=True).first()
    person = locked(person_id)
    row = RoleHeld.objects.get(id=held_id)
    _need_roles(actor, person, elsewhere=row.elsewhere)
    return row


def _need_roles(actor: Actor, person: Person, *, elsewhere: bool) -> None:
    policy = Policy.of(actor)
    if not (policy.changes(person.id) or (elsewhere and policy.is_self(person.id))):
        raise MaropsError(NOT_ALLOWED, f"This needs the right to change people ({MANAGE}).")


def _told(row: RoleHeld) -> dict[str, Any]:
    """A role as the trail may say it: without its days, and of one held elsewhere nothing but that.

    They belong to a path that is shown only if its owner agreed.
    """
    if row.elsewhere:
        return {"role": "elsewhere"}
    return {"role": row.role, "share": f"{row.share.normalize():f}"}


def check_role(row: RoleHeld) -> None:
    """Raises MaropsError `invalid` for a role nobody knows, days in the wrong order, or more than a week."""
    if row.role not in catalogue().roles:
        raise fault("role", f"There is no role {row.role!r}.", "Choose one of the catalogue, or add it there first.")
    if not 0 < row.share <= 1:
        raise fault("share", "A share is more than nothing and at most the whole week.", "Give 1 to 100 %.")
    if row.starts and row.ends and row.ends <= row.starts:
        raise fault("ends", "The role ends before it begins.", "Choose a last day that is not before the first.")
    if row.elsewhere and max(row.starts or date.min, row.ends or date.min) > today() + timedelta(days=1):
        raise fault("ends", "A role elsewhere is one they had before.", "Choose days that are over.")
    if not row.elsewhere:
        others = RoleHeld.objects.filter(person_id=row.person_id, elsewhere=False).exclude(id=row.id)
        spans = [Span(one.role, one.share, one.starts, one.ends) for one in others]
        refuse_too_much([*spans, Span(row.role, row.share, row.starts, row.ends)])


def refuse_too_much(spans: list[Span]) -> None:
    """Raises MaropsError `invalid` where the roles take more than a whole week, with the days and the sum."""
    over = too_much(spans)
    if over:
        raise fault("share", f"The roles would take {in_words(over[0])}.",
                    "Give this role a smaller share, or let another one end before.")  # fmt: skip


def in_words(over: Stretch) -> str:
    """Such as: 140 % of a week from 1 Mar 2026 to 30 Jun 2026 (campaign manager, analyst)."""
    days = f" from {over.first:%-d %b %Y}" if over.first else ""
    days += f" to {over.last:%-d %b %Y}" if over.last else ("" if over.first else " at all times")
    titles = ", ".join(catalogue().title(one) for one in over.roles)
    return f"{over.total * 100:.0f} % of a week{days} ({titles})"


# --- skills ----------------------------------------------------------------------------------------------------------


@action("skill.look_at_self", effect="change", right=VIEW)
def assess_self(
    act: Act, *, actor: Actor, person_id: UUID, levels: Mapping[str, int], notes: Mapping[str, str] | None = None
) -> int:
    """The levels somebody gives themselves. Answers how many are new. Only they may; MaropsError `not-allowed`."""
    if not Policy.of(actor).is_self(person_id):
        raise MaropsError(NOT_ALLOWED, "Only somebody themselves says how they see their own skills.")
    return keep_levels(act, person_id, Assessment.By.SELF, levels, notes or {})


@action("skill.assess", effect="change", right=VIEW)
def assess(
    act: Act, *, actor: Actor, person_id: UUID, levels: Mapping[str, int], notes: Mapping[str, str] | None = None
) -> int:
    """The levels at which a manager sees somebody. Answers how many are new. Never about oneself."""
    if not Policy.of(actor).assesses(person_id):
        detail = "Only those who lead somebody, and who may assess everybody, say at which level they see them."
        raise MaropsError(NOT_ALLOWED, detail)
    return keep_levels(act, person_id, Assessment.By.MANAGER, levels, notes or {})


def keep_levels(act: Act, person_id: UUID, by: str, levels: Mapping[str, int], notes: Mapping[str, str]) -> int:
    """Add what differs from the newest level of this side; the former ones stay as the course of it."""
    person = locked(person_id)
    _check_levels(levels)
    known = {
        one.skill: (one.level, one.note, one.made_by)
        for one in Assessment.objects.filter(person=person, by=by).order_by("skill", "-at", "-id").distinct("skill")
    }
    told = {skill: (level, _note(notes.get(skill), level, known.get(skill))) for skill, level in levels.items()}
    fresh = [
        Assessment(person=person, skill=skill, level=level, by=by, note=note, made_by=act.actor.id, at=act.at)
        for skill, (level, note) in told.items()
        if known.get(skill, ())[:2] != (level, note) or (by == Assessment.By.SELF and known[skill][2] != act.actor.id)
    ]
    Assessment.objects.bulk_create(fresh)
    if fresh:
        act.changed("person", person.id, after={"skills": f"looked at by {'manager' if by == 'manager' else 'self'}"})
    return len(fresh)


def _note(given: str | None, level: int, known: tuple[int, str, str] | None) -> str:
    """What is said of a level; where nothing is said, the note of the same level stays."""
    if given is not None:
        return given.strip()
    return known[1] if known and known[0] == level else ""


def _check_levels(levels: Mapping[str, int]) -> None:
    skills = catalogue().skills
    for skill, level in levels.items():
        if skill not in skills:
            raise fault(skill, f"There is no skill {skill!r}.", "Choose one of the catalogue, or add it there first.")
        if level not in LEVEL_WORDS:
            raise fault(skill, f"{skills[skill].name}: {level} is no level.", "Levels go from 0 to 4.")


@action("evidence.add", effect="create", right=VIEW, reversible=True)
def add_evidence(
    act: Act,
    *,
    actor: Actor,
    person_id: UUID,
    skill: str,
    kind: str,
    says: str,
    key: str = "",
    object_type: str = "",
    object_id: str = "",
    url: str = "",
    on: date | None = None,
    valid_until: date | None = None,
) -> Evidence:
    """Something that speaks for a level of somebody: by themselves, or by who assesses them."""
    person = locked(person_id)
    _need_evidence(actor, person)
    if skill not in catalogue().skills:
        raise fault("skill", f"There is no skill {skill!r}.")
    if (url or kind == Evidence.Kind.LINK) and not url.startswith(WEB):
        raise fault("url", "An address begins with https:// or http://.")
    if on and valid_until and valid_until < on:
        raise fault("valid_until", "It would run out before it was earned.", "Correct one of the two days.")
    row = Evidence.objects.create(
        person=person, skill=skill, kind=kind, says=says, key=key, object_type=object_type, object_id=object_id,
        url=url, on=on, valid_until=valid_until, made_by=actor.id, at=act.at,
    )  # fmt: skip
    act.changed("person", person.id, after={"evidence": "added"})
    if person.account_id and str(person.account_id) != actor.id:
        words = _("Something was added to what speaks for your levels. Colleagues do not see it; you can take it out.")
        tell(person.account_id, words, url=f"/team/people/{person.ref}#evidence")
    return row


@action("evidence.remove", effect="change", right=VIEW)
def remove_evidence(act: Act, *, actor: Actor, evidence_id: UUID) -> None:
    """It does not speak for a level after all: the person takes out anything, others what they wrote themselves."""
    row = Evidence.objects.select_for_update().filter(id=evidence_id).first()
    if row is None:
        raise MaropsError(NOT_FOUND)
    _need_evidence(actor, locked(row.person_id))
    if not Policy.of(actor).removes_evidence(row):
        raise MaropsError(NOT_ALLOWED, "Only somebody themselves takes out what they added.")
    act.changed("person", row.person_id, after={"evidence": "removed"})
    row.delete()


def _need_evidence(actor: Actor, person: Person) -> None:
    policy = Policy.of(actor)
    if not (policy.is_self(person.id) or policy.assesses(person.id)):
        raise MaropsError(NOT_ALLOWED, "Only somebody themselves, and those who assess them, keep their evidence.")


@action("person.show", effect="change", right=VIEW, reversible=True)
def show(act: Act, *, actor: Actor, person_id: UUID, what: frozenset[str]) -> None:
    """What somebody lets colleagues see. Only they may say so. Raises MaropsError `not-allowed`."""
    if not Policy.of(actor).is_self(person_id):
        raise MaropsError(NOT_ALLOWED, "Only somebody themselves says what they show to colleagues.")
    if unknown := what - set(Shown.What.values):
        raise fault("what", f"{min(unknown)!r} is nothing that can be shown.")
    person = locked(person_id)
    before = set(Shown.objects.filter(person=person).values_list("what", flat=True))
    if before == what:
        return
    Shown.objects.filter(person=person).exclude(what__in=what).delete()
    Shown.objects.bulk_create(Shown(person=person, what=one, at=act.at) for one in sorted(what - before))
    act.changed("person", person.id, before={"shows": sorted(before)}, after={"shows": sorted(what)})


# --- pay, leaving, forgetting ----------------------------------------------------------------------------------------


@action("pay.set", effect="change", right=MANAGE)
def set_pay(
    act: Act, *, actor: Actor, person_id: UUID, amount: Decimal, currency: str, starts: date | None = None
) -> Pay:
    """What somebody is paid a year from a day on. It takes the rights to see pay and to change people."""
    need_pay(actor, person_id)
    person = locked(person_id)
    day = starts or local_date(act.at, workspace().zone)
    row, _made = Pay.objects.update_or_create(
        person=person, starts=day,
        defaults={"sealed": sealed_pay(amount, currency), "made_by": actor.id, "at": act.at},
    )  # fmt: skip
    act.changed("person", person.id, after={"pay": "set"})
    return row


@action("pay.remove", effect="change", right=MANAGE)
def remove_pay(act: Act, *, actor: Actor, person_id: UUID, pay_id: UUID) -> None:
    """One line of what somebody is paid was a mistake."""
    need_pay(actor, person_id)
    gone, _kinds = Pay.objects.filter(person=locked(person_id), id=pay_id).delete()
    if not gone:
        raise MaropsError(NOT_FOUND)
    act.changed("person", person_id, after={"pay": "removed"})


def need_pay(actor: Actor, person_id: UUID) -> None:
    """Raises MaropsError `not-allowed` for who may not set what this person is paid."""
    if not Policy.of(actor).pays(person_id):
        raise MaropsError(NOT_ALLOWED, "This needs the rights to see what people earn and to change people.")


@action("person.leave", effect="change", right=MANAGE, reversible=True)
def leave(act: Act, *, actor: Actor, person_id: UUID, left: date) -> Person:
    """Somebody's last day: their roles end with it, and from the day after they count nowhere."""
    person = locked(person_id)
    if person.joined and left < person.joined:
        raise fault("left", "The last day is before the day they joined.", "Correct one of the two days.")
    after_it = date.fromordinal(left.toordinal() + 1)
    here = RoleHeld.objects.filter(person=person, elsewhere=False)
    here.filter(starts__gt=left).delete()
    ended = here.filter(Q(ends=None) | Q(ends__gt=after_it)).update(ends=after_it)
    before = {"left": person.left, "active": person.active}
    person.left = left
    person.active = left >= local_date(act.at, workspace().zone)
    person.save(update_fields=["left", "active"])
    if not person.active:
        end_mentorships(act, Q(id=person.id))
    act.changed("person", person.id, before=before,
                after={"left": left, "active": person.active, "roles ended": ended})  # fmt: skip
    return person


@action("person.forget", effect="erase", right=MANAGE)
def forget(act: Act, *, actor: Actor, person_id: UUID, name: str) -> dict[str, int]:
    """Delete what was kept about somebody who worked here; their name and roles here stay, for work names them.

    It cannot be taken back, so their `name` is said once more. Pay goes for who may see pay. Answers how many rows of
    each kind; the trail keeps these numbers alone. Raises MaropsError `not-allowed`, `conflict` and `invalid`.
    """
    person = locked(person_id)
    need_forgettable(actor, person)
    if name.strip().casefold() != person.name.casefold():
        raise fault("name", f"This is about {person.name}.", "Write the name as it stands here.")
    kept: dict[str, Any] = {
        "assessments": person.assessments, "evidence": person.evidence, "shows": person.shows,
        "roles elsewhere": person.roles.filter(elsewhere=True), "absences": person.absences,
        "talks": person.talks, "notices": _notices(person),
    }  # fmt: skip
    if PAY in Policy.of(actor).held:
        kept["pay"] = person.pay
    gone = {name: rows.all().delete()[0] for name, rows in kept.items()}
    plan = getattr(person, "plan", None)
    gone["plan"] = plan.delete()[0] if plan else 0
    Person.objects.filter(id=person.id).update(
        location="", leads_as="", weekly_hours=None, joined=None, zone="", email=""
    )
    Assignment.objects.filter(onboarding__person=person).update(why_dropped="", why_for=None)
    gone["values in the trail"] = audit.forget([person.id], object_type="person")
    act.changed("person", person.id, after={"forgotten": sum(gone.values())})
    return gone


def need_forgettable(actor: Actor, person: Person) -> None:
    """Raises MaropsError `not-allowed` for oneself and those one reports to, `conflict` for somebody who works here."""
    if not Policy.of(actor).forgets(person):
        raise MaropsError(NOT_ALLOWED, "Somebody else forgets you and those you report to.")
    if person.active:
        detail = f"{person.name} works here. What is theirs alone they delete themselves."
        raise MaropsError(CONFLICT, detail, remedy="Set their last day first.")


def _notices(person: Person) -> QuerySet[Notice]:
    """What they were told about their work, talks and plans."""
    about = Q(url__startswith="/team") | Q(url__startswith="/growth") | Q(url__startswith="/career")
    return Notice.objects.filter(about, account_id=person.account_id) if person.account_id else Notice.objects.none()


def locked(person_id: UUID | None) -> Person:
    """The person, held until the action ends, so that sums over their rows stay true. Raises `not-found`."""
    row = Person.objects.select_for_update().filter(id=person_id).first() if person_id else None
    if row is None:
        raise MaropsError(NOT_FOUND, "There is no such person in the team.")
    return row


def fault(field: str, message: str, remedy: str = "") -> MaropsError:
    """One thing that is wrong with what was given."""
    return MaropsError(INVALID, message, errors=[FieldError(field, message, remedy, field=field)])
