"""Who may see colleagues, change how they work, and see what is kept about a person. `Policy` decides."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from uuid import UUID

from marops.domains.team.models import Assignment, Evidence, GrowthPlan, Onboarding, Person, Shown, Vacancy
from marops.domains.team.rules.lines import chain
from marops.kernel.actors import Actor
from marops.kernel.permissions import Grants, grants, right
from marops.kernel.workspace import today

VIEW = right("team.view", "See the team, working hours and absences")
MANAGE = right("team.manage", "Change people, working hours and absences")
ASSESS = right("team.assess", "Assess anybody's skills, beside their managers")
PLAN = right("team.plan", "Plan structures and openings, and change who does what")
PAY = "pay.see"
"""The right to see what people earn; accounts know it."""
ASSESSMENT = "assessment.see"
"""The right to see how people were assessed; accounts know it."""


@dataclass(frozen=True)
class Policy:
    """What one actor may see and do about people. Asks once for the reporting lines, whoever is looked at.

    Two things open doors: rights, and whom somebody is or leads. The latter is for people who act themselves (`me`); an
    AI, and a program with somebody's key, gets only what its own rights name.
    """

    actor: Actor
    held: Grants = field(default_factory=Grants)

    @staticmethod
    def of(actor: Actor) -> "Policy":
        """The policy for this actor."""
        return Policy(actor, grants(actor))

    @cached_property
    def _managers(self) -> Mapping[UUID, UUID | None]:
        return dict(Person.objects.values_list("id", "manager_id"))

    @cached_property
    def _agreed(self) -> Mapping[str, frozenset[UUID]]:
        found: dict[str, set[UUID]] = {}
        for what, person_id in Shown.objects.filter(person__active=True).values_list("what", "person_id"):
            found.setdefault(what, set()).add(person_id)
        return {what: frozenset(people) for what, people in found.items()}

    @property
    def in_person(self) -> bool:
        """Does a person act themselves? Not an AI on their behalf, and no program with their key."""
        return self.actor.kind == "human" and not self.held.by_key

    @cached_property
    def me(self) -> UUID | None:
        """The person who acts themselves, None where they are not of the team."""
        return self.behind if self.in_person else None

    @cached_property
    def here(self) -> UUID | None:
        """The same, while they work here: whoever left keeps what is theirs, and leads and mentors nobody."""
        row = Person.objects.filter(id=self.me, active=True).values_list("left", flat=True) if self.me else ()
        return next((self.me for left in row if left is None or left >= today()), None)

    @cached_property
    def behind(self) -> UUID | None:
        """The person in whose name this is done, by whatever means: what they may not do, no key of theirs may."""
        account = self.held.account_id
        return Person.objects.filter(account_id=account).values_list("id", flat=True).first() if account else None

    def is_self(self, person_id: UUID) -> bool:
        """Is this the person who acts?"""
        return self.me is not None and self.me == person_id

    def leads(self, person_id: UUID) -> bool:
        """Does the actor stand above this person in the reporting line?"""
        return self.here is not None and self.here in chain(self._managers, person_id)[1:]

    def sees_pay(self, person_id: UUID) -> bool:
        """One's own, and everybody's with the right."""
        return self.is_self(person_id) or PAY in self.held

    def sees_assessments(self, person_id: UUID) -> bool:
        """One's own, one's people's, and everybody's with the right."""
        return self.is_self(person_id) or self.leads(person_id) or ASSESSMENT in self.held

    def shows(self, person_id: UUID, what: str) -> bool:
        """Did this person agree to show this part to colleagues? `what`: one of `Shown.What`."""
        return person_id in self._agreed.get(what, ())

    def sees_own_levels(self, person_id: UUID) -> bool:
        """The levels somebody gave themselves: who may see assessments, and colleagues where the person agreed."""
        return self.sees_assessments(person_id) or self.shows(person_id, Shown.What.SKILLS)

    def sees_evidence(self, person_id: UUID) -> bool:
        """What speaks for a level: who may see assessments, and colleagues where the person agreed."""
        return self.sees_assessments(person_id) or self.shows(person_id, Shown.What.EVIDENCE)

    def removes_evidence(self, one: Evidence) -> bool:
        """Oneself anything; who assesses, what they wrote."""
        return self.is_self(one.person_id) or (self.assesses(one.person_id) and one.made_by == self.actor.id)

    def sees_path(self, person_id: UUID) -> bool:
        """The roles somebody had: themselves, who leads them, who keeps people, and colleagues where they agreed."""
        return self._near(person_id) or self.shows(person_id, Shown.What.PATH)

    def sees_place(self, person_id: UUID) -> bool:
        """Where somebody works: as with their path."""
        return self._near(person_id) or self.shows(person_id, Shown.What.PLACE)

    def sees_why_away(self, person_id: UUID) -> bool:
        """Why somebody is away may be their health: as with their path, and no agreement opens it."""
        return self._near(person_id)

    def _near(self, person_id: UUID | None) -> bool:
        return MANAGE in self.held or (person_id is not None and (self.is_self(person_id) or self.leads(person_id)))

    def pays(self, person_id: UUID) -> bool:
        """May the actor set what this person is paid? It takes both seeing pay and keeping people."""
        return PAY in self.held and self.changes(person_id)

    def assesses(self, person_id: UUID) -> bool:
        """As a manager: one's people, and anybody with the right; never oneself."""
        return person_id != self.behind and (self.leads(person_id) or ASSESS in self.held)

    def changes(self, person_id: UUID) -> bool:
        """May the actor change what is kept about this person (roles, dates, place)?"""
        return MANAGE in self.held

    def forgets(self, person: Person) -> bool:
        """May the actor delete for good what is kept about somebody who left? Never about themselves or those above."""
        above = chain(self._managers, self.behind) if self.behind else []
        return MANAGE in self.held and person.id not in above

    def sees_plan(self, plan: GrowthPlan) -> bool:
        """A growth plan is its owner's; the mentor who said yes and the manager see it where the owner said so, the
        manager while they are the one to whom it was said.
        """
        if self.here is None or self.is_self(plan.person_id):
            return self.is_self(plan.person_id)
        for_mentor = plan.seen_by in (GrowthPlan.SeenBy.MENTOR, GrowthPlan.SeenBy.BOTH)
        by_mentor = for_mentor and plan.mentor_id == self.here and plan.mentor_agreed_at is not None
        for_manager = plan.seen_by in (GrowthPlan.SeenBy.MANAGER, GrowthPlan.SeenBy.BOTH)
        by_manager = for_manager and plan.manager_id == self.here == self._managers.get(plan.person_id)
        return by_mentor or by_manager

    def in_talk(self, manager_id: UUID, person_id: UUID) -> bool:
        """What stands in a one-to-one is for the two alone; no right opens it."""
        return self.here is not None and self.here in (manager_id, person_id)

    def interviews(self, place: Vacancy) -> bool:
        """Who plans the team, and who would lead whoever gets the place: questions are not for those who may apply."""
        above = place.manager_id
        return PLAN in self.held or (above is not None and (self.is_self(above) or self.leads(above)))

    def sees_onboarding(self, one: Onboarding) -> bool:
        """Somebody's first weeks: the newcomer, the mentor, who leads the newcomer, and who keeps people."""
        return self._near(one.person_id) or (self.here is not None and one.mentor_id == self.here)

    def sees_why_declined(self, one: Assignment) -> bool:
        """Why a newcomer left a task out: the newcomer, and the manager they said it to; nobody else."""
        if one.onboarding is None or self.is_self(one.onboarding.person_id):
            return one.onboarding is None or self.me is not None
        return self.here is not None and self.here == one.why_for_id

    def sees_work(self, one: Assignment) -> bool:
        """The title of a piece of work: the whole team's; tasks of somebody's first weeks are for those concerned."""
        return one.onboarding is None or self.sees_onboarding(one.onboarding) or self._holds(one)

    def sees_details(self, one: Assignment) -> bool:
        """What stands under the title: who has it, who asked for it, who leads them, who keeps people."""
        if one.onboarding is not None:
            return self.sees_work(one)
        free = one.person_id is None
        return free or self._holds(one) or self._asked(one) or self._near(one.person_id)

    def gives_to(self, person_id: UUID) -> bool:
        """May the actor put work on this person's plate: their own, their people's, anybody's with the right?"""
        return self._near(person_id)

    def moves(self, one: Assignment) -> bool:
        """May the actor take this piece of work from whoever has it? Tasks of first weeks stay where they are."""
        if one.onboarding_id is not None:
            return False
        return one.person_id is None or self._near(one.person_id)

    def ends(self, one: Assignment) -> bool:
        """May the actor say that it is done or not needed? Whose it is, who leads them, who keeps people."""
        if one.person_id is None:
            return self._asked(one) or MANAGE in self.held
        return self._holds(one) or self._near(one.person_id)

    def drops(self, one: Assignment) -> bool:
        """As with ending it, and who asked for it. Of first weeks: the newcomer their own tasks, and their manager."""
        if one.onboarding is not None:
            manager = self._managers.get(one.onboarding.person_id)
            return self._holds(one) or (self.me is not None and self.me == manager)
        return self.ends(one) or self._asked(one)

    def _holds(self, one: Assignment) -> bool:
        return self.me is not None and one.person_id == self.me

    def _asked(self, one: Assignment) -> bool:
        return self.in_person and one.asked_by == self.actor.id
