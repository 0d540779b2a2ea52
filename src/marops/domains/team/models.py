"""People as those who work here: roles, skills, absences, growth, and the work they have on."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from marops.kernel.clock import now
from marops.kernel.ids import new_id

STANDARD = "standard"
WEB = ("https://", "http://")


class Person(models.Model):
    """Somebody of the team. Most have an account and can own leads; an agency's people may have none."""

    id = models.UUIDField(primary_key=True, default=new_id)
    number = models.BigIntegerField(unique=True)
    account_id = models.UUIDField(null=True, unique=True)
    name = models.TextField()
    email = models.TextField(default="", blank=True)  # of who has no account; with one, the account's counts
    manager = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="reports")
    zone = models.TextField(default="", blank=True)  # empty: the calendar's, else the workspace's
    calendar = models.TextField(default=STANDARD)  # the short name of a definition of kind `calendar`
    location = models.TextField(default="", blank=True)
    joined = models.DateField(null=True, blank=True)
    left = models.DateField(null=True, blank=True)
    weekly_hours = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)  # empty: the calendar's
    leads_as = models.TextField(default="", blank=True)  # an archetype of leading, as in the assumptions
    active = models.BooleanField(default=True)
    sample = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "person"
        constraints: ClassVar = [
            models.CheckConstraint(name="person_not_own_manager", condition=~Q(manager=F("id"))),
            models.UniqueConstraint(Lower("email"), name="person_email", condition=~Q(email="")),
            models.CheckConstraint(name="person_one_address", condition=Q(account_id=None) | Q(email="")),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        """The reference people use: P-3."""
        return f"P-{self.number}"


class Absence(models.Model):
    """That somebody is away from one moment to another, the last one not included."""

    id = models.UUIDField(primary_key=True, default=new_id)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="absences")
    starts = models.DateTimeField()
    ends = models.DateTimeField()
    reason = models.TextField(default="", blank=True)
    made_by = models.TextField()
    created_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "absence"
        constraints: ClassVar = [models.CheckConstraint(name="absence_ends_later", condition=Q(ends__gt=F("starts")))]
        indexes: ClassVar = [models.Index("person", "ends", name="absence_person")]


class RoleHeld(models.Model):
    """That somebody has a role, for which share of a full week, in [starts, ends); the last day not included.

    `elsewhere` marks a role they had before they came here: part of their path, and of no coverage.
    """

    id = models.UUIDField(primary_key=True, default=new_id)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="roles")
    role = models.TextField()  # the short name of a definition of kind `role`
    share = models.DecimalField(max_digits=4, decimal_places=3, default=1)
    starts = models.DateField(null=True, blank=True)
    ends = models.DateField(null=True, blank=True)
    elsewhere = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "role_held"
        constraints: ClassVar = [
            models.CheckConstraint(name="role_held_share", condition=Q(share__gt=0, share__lte=1)),
            models.CheckConstraint(
                name="role_held_ends_later", condition=Q(ends__isnull=True) | Q(ends__gt=F("starts"))
            ),
        ]
        indexes: ClassVar = [models.Index("role", name="role_held_role")]


class Assessment(models.Model):
    """At which level somebody is seen in a skill: by themselves or by their manager, kept apart. The newest counts."""

    class By(models.TextChoices):
        """Who looked."""

        SELF = "self"
        MANAGER = "manager"

    id = models.UUIDField(primary_key=True, default=new_id)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="assessments")
    skill = models.TextField()  # an id of the document skills/main
    level = models.SmallIntegerField()
    by = models.TextField(choices=By.choices)
    note = models.TextField(default="", blank=True)
    made_by = models.TextField()
    at = models.DateTimeField(default=now)

    class Meta:
        db_table = "skill_assessment"
        constraints: ClassVar = [
            models.CheckConstraint(name="assessment_level", condition=Q(level__gte=0, level__lte=4)),
        ]
        indexes: ClassVar = [models.Index(fields=["person", "skill", "by", "-at"], name="assessment_newest")]


class Evidence(models.Model):
    """Something that speaks for a level: work done in Marops, a certificate, a link."""

    class Kind(models.TextChoices):
        """What it is."""

        WORK = "work"
        CERTIFICATE = "certificate"
        LINK = "link"

    id = models.UUIDField(primary_key=True, default=new_id)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="evidence")
    skill = models.TextField()
    kind = models.TextField(choices=Kind.choices)
    says = models.TextField()
    key = models.TextField(default="", blank=True)  # of work: which kind of trace, as in the document skills/main
    object_type = models.TextField(default="", blank=True)
    object_id = models.TextField(default="", blank=True)
    url = models.TextField(default="", blank=True)
    on = models.DateField(null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True)  # of a certificate
    made_by = models.TextField()
    at = models.DateTimeField(default=now)

    class Meta:
        db_table = "skill_evidence"
        indexes: ClassVar = [models.Index("person", "skill", name="evidence_person")]

    @property
    def by_themselves(self) -> bool:
        """Did the person add it, or somebody about them?"""
        return self.made_by == str(self.person.account_id)

    @property
    def address(self) -> str:
        """Where it leads, for pages; nothing that a browser would run."""
        return self.url if self.url.startswith(WEB) else ""


class Pay(models.Model):
    """What somebody is paid from a day on, encrypted: amount in minor units, currency, per year. Few may see it."""

    id = models.UUIDField(primary_key=True, default=new_id)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="pay")
    starts = models.DateField()
    sealed = models.TextField()
    made_by = models.TextField()
    at = models.DateTimeField(default=now)

    class Meta:
        db_table = "person_pay"
        constraints: ClassVar = [models.UniqueConstraint("person", "starts", name="pay_one_a_day")]


class Shown(models.Model):
    """That somebody agreed to show a part of what is kept about them to colleagues. No row: not shown."""

    class What(models.TextChoices):
        """What can be shown."""

        SKILLS = "skills"  # the levels they gave themselves
        EVIDENCE = "evidence"
        PATH = "path"  # the roles they had, with years
        PLACE = "place"

    id = models.UUIDField(primary_key=True, default=new_id)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="shows")
    what = models.TextField(choices=What.choices)
    at = models.DateTimeField(default=now)

    class Meta:
        db_table = "person_shown"
        constraints: ClassVar = [models.UniqueConstraint("person", "what", name="shown_once")]


class Vacancy(models.Model):
    """A place nobody has yet: open, filled or given up. Its shares of roles and skills are those of a seat."""

    class State(models.TextChoices):
        """How far it is."""

        PLANNED = "planned"
        OPEN = "open"
        FILLED = "filled"
        DROPPED = "dropped"

    id = models.UUIDField(primary_key=True, default=new_id)
    number = models.BigIntegerField(unique=True)
    title = models.TextField()
    roles = models.JSONField(default=dict)  # role → share of a full week, as in a seat
    skills = models.JSONField(default=dict)  # skill → level, where this place asks for more or less than its roles
    manager = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    location = models.TextField(default="", blank=True)
    starts = models.DateField(null=True, blank=True)
    state = models.TextField(choices=State.choices, default=State.OPEN)
    filled_by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    because = models.TextField(default="", blank=True)
    words = models.JSONField(default=dict)  # section of its description → text by hand, and of which text it was made
    sample = models.BooleanField(default=False)
    made_by = models.TextField()
    created_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "vacancy"

    def __str__(self) -> str:
        return self.title

    @property
    def ref(self) -> str:
        """The reference people use: V-3."""
        return f"V-{self.number}"


class Duty(models.Model):
    """A letter of the table of responsibilities, set by hand: it replaces what ownership in Marops would give.

    `responsibility` is `role/id` of the catalogue. No letter: this person has none, whatever ownership says.
    """

    class Letter(models.TextChoices):
        """Who does it, who answers for it, who is asked before, who hears of it after."""

        RESPONSIBLE = "R"
        ACCOUNTABLE = "A"
        CONSULTED = "C"
        INFORMED = "I"
        NONE = ""

    id = models.UUIDField(primary_key=True, default=new_id)
    responsibility = models.TextField()
    person = models.ForeignKey(Person, on_delete=models.CASCADE, null=True, blank=True, related_name="duties")
    vacancy = models.ForeignKey(Vacancy, on_delete=models.CASCADE, null=True, blank=True, related_name="duties")
    letter = models.TextField(choices=Letter.choices, blank=True)
    made_by = models.TextField()
    at = models.DateTimeField(default=now)

    class Meta:
        db_table = "duty"
        constraints: ClassVar = [
            models.UniqueConstraint("responsibility", "person", name="duty_person"),
            models.UniqueConstraint("responsibility", "vacancy", name="duty_vacancy"),
            models.CheckConstraint(
                name="duty_one_holder",
                condition=Q(person__isnull=False, vacancy__isnull=True) | Q(person__isnull=True, vacancy__isnull=False),
            ),
        ]


class Every(models.Manager[Any]):
    """With what was taken out of plans."""


class InPlan(models.Manager[Any]):
    """What stands in a plan; what was taken out is kept for a moment, to be put back, and read by nobody."""

    def get_queryset(self) -> models.QuerySet[Any]:
        """Without what was taken out."""
        return super().get_queryset().filter(taken_out_at=None)


class GrowthPlan(models.Model):
    """Somebody's plan for themselves. Its owner decides who sees it, takes it along and deletes it."""

    class SeenBy(models.TextChoices):
        """Who besides the owner."""

        NOBODY = "nobody"
        MENTOR = "mentor"
        MANAGER = "manager"
        BOTH = "both"

    id = models.UUIDField(primary_key=True, default=new_id)
    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="plan")
    aim = models.TextField(default="", blank=True)
    mentor = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    mentor_agreed_at = models.DateTimeField(null=True, blank=True)  # empty: asked, and has not said yes
    seen_by = models.TextField(choices=SeenBy.choices, default=SeenBy.NOBODY)
    # With which manager it is shared, where it is: a later one does not see it until the owner says so.
    manager = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "growth_plan"


class GrowthGoal(models.Model):
    """Where somebody wants to get: a role, or something in words, by a day."""

    class State(models.TextChoices):
        """How far it is."""

        OPEN = "open"
        REACHED = "reached"
        DROPPED = "dropped"

    id = models.UUIDField(primary_key=True, default=new_id)
    plan = models.ForeignKey(GrowthPlan, on_delete=models.CASCADE, related_name="goals")
    role = models.TextField(default="", blank=True)
    says = models.TextField(default="", blank=True)
    by = models.DateField(null=True, blank=True)
    state = models.TextField(choices=State.choices, default=State.OPEN)
    created_at = models.DateTimeField(default=now)
    taken_out_at = models.DateTimeField(null=True, blank=True)

    objects = InPlan()
    every = Every()

    class Meta:
        db_table = "growth_goal"


class GrowthMove(models.Model):
    """A small thing to do next, and when it was done."""

    id = models.UUIDField(primary_key=True, default=new_id)
    plan = models.ForeignKey(GrowthPlan, on_delete=models.CASCADE, related_name="moves")
    goal = models.ForeignKey(GrowthGoal, on_delete=models.SET_NULL, null=True, blank=True, related_name="moves")
    skill = models.TextField(default="", blank=True)
    says = models.TextField()
    by = models.DateField(null=True, blank=True)
    done_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(default=now)
    taken_out_at = models.DateTimeField(null=True, blank=True)

    objects = InPlan()
    every = Every()

    class Meta:
        db_table = "growth_move"


class GrowthReview(models.Model):
    """A look back on a plan: when, with whom, what was said."""

    id = models.UUIDField(primary_key=True, default=new_id)
    plan = models.ForeignKey(GrowthPlan, on_delete=models.CASCADE, related_name="reviews")
    on = models.DateField()
    beside = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    says = models.TextField()
    made_by = models.TextField()
    at = models.DateTimeField(default=now)
    taken_out_at = models.DateTimeField(null=True, blank=True)

    objects = InPlan()
    every = Every()

    class Meta:
        db_table = "growth_review"


class StructureSketch(models.Model):
    """A planned structure as somebody is changing it, before they keep a version, and the way back.

    `base` is the version it began from; `past` holds what undoing goes to, each document with the words of the change
    that was made to it.
    """

    id = models.UUIDField(primary_key=True, default=new_id)
    slug = models.TextField()
    by = models.TextField()  # the actor; everybody has a sketch of their own
    base = models.IntegerField()
    document = models.JSONField()
    past = models.JSONField(default=list)
    changed_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "structure_sketch"
        constraints: ClassVar = [models.UniqueConstraint("slug", "by", name="structure_sketch_one_each")]

    def __str__(self) -> str:
        return self.slug

    @property
    def words(self) -> list[str]:
        """What was changed, in the order it was done."""
        return [one["words"] for one in self.past]


class Onboarding(models.Model):
    """Somebody's first weeks by a version of a playbook, with a mentor; its tasks are assignments."""

    id = models.UUIDField(primary_key=True, default=new_id)
    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="onboarding")
    playbook = models.TextField()  # the pinned reference, playbook/newcomer@1
    mentor = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    starts = models.DateField()
    ended_at = models.DateTimeField(null=True, blank=True)
    made_by = models.TextField()
    created_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "onboarding"


class Assignment(models.Model):
    """A piece of work that somebody has on, or nobody yet: by when, how many hours, what it is about."""

    class State(models.TextChoices):
        """How far it is."""

        OPEN = "open"
        DOING = "doing"
        DONE = "done"
        DROPPED = "dropped"

    id = models.UUIDField(primary_key=True, default=new_id)
    number = models.BigIntegerField(unique=True)
    title = models.TextField()
    says = models.TextField(default="", blank=True)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, null=True, blank=True, related_name="assignments")
    asked_by = models.TextField()
    responsibility = models.TextField(default="", blank=True)
    due = models.DateField(null=True, blank=True)
    hours = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    state = models.TextField(choices=State.choices, default=State.OPEN)
    about_type = models.TextField(default="", blank=True)
    about_id = models.TextField(default="", blank=True)
    onboarding = models.ForeignKey(Onboarding, on_delete=models.CASCADE, null=True, blank=True, related_name="tasks")
    step = models.TextField(default="", blank=True)  # the task's id in the playbook
    why_dropped = models.TextField(default="", blank=True)
    why_for = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    sample = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "assignment_of_work"
        indexes: ClassVar = [models.Index("person", "state", "due", name="work_of_person")]

    def __str__(self) -> str:
        return self.title

    @property
    def ref(self) -> str:
        """The reference people use: T-3."""
        return f"T-{self.number}"


class WorkMove(models.Model):
    """That all open work of somebody went to another at once, so that it can come back."""

    id = models.UUIDField(primary_key=True, default=new_id)
    source = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    target = models.ForeignKey(Person, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    assignments = models.JSONField(default=list)  # ids of what moved
    made_by = models.TextField()
    at = models.DateTimeField(default=now)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "work_move"


class OneToOne(models.Model):
    """The talks between somebody and their manager. Only the two see what stands in them."""

    id = models.UUIDField(primary_key=True, default=new_id)
    manager = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="talks_held")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="talks")
    created_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "one_to_one"
        constraints: ClassVar = [models.UniqueConstraint("manager", "person", name="one_to_one_of_two")]


class Talk(models.Model):
    """One of the talks: the day, and what was kept of it."""

    id = models.UUIDField(primary_key=True, default=new_id)
    one_to_one = models.ForeignKey(OneToOne, on_delete=models.CASCADE, related_name="talks")
    on = models.DateField()
    says = models.TextField(default="", blank=True)
    made_by = models.TextField()
    at = models.DateTimeField(default=now)

    class Meta:
        db_table = "talk"
        constraints: ClassVar = [models.UniqueConstraint("one_to_one", "on", name="talk_one_a_day")]


class Topic(models.Model):
    """Something to talk about, or something agreed, until it is settled. `own`: seen by its author alone."""

    class Kind(models.TextChoices):
        """What it is."""

        TOPIC = "topic"
        AGREED = "agreed"

    id = models.UUIDField(primary_key=True, default=new_id)
    one_to_one = models.ForeignKey(OneToOne, on_delete=models.CASCADE, related_name="topics")
    kind = models.TextField(choices=Kind.choices, default=Kind.TOPIC)
    says = models.TextField()
    own = models.BooleanField(default=False)
    author = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    settled_on = models.DateField(null=True, blank=True)
    at = models.DateTimeField(default=now)

    class Meta:
        db_table = "talk_topic"
