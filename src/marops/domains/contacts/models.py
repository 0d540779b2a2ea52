"""People, companies, how each is known, and the fields a workspace adds."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from marops.kernel.clock import now
from marops.kernel.ids import new_id

CONTACT_NUMBERS, COMPANY_NUMBERS = "contact_number", "company_number"
FIX_NUMBERS = "quality_fix_number"


class Company(models.Model):
    """An organisation that people work for."""

    id = models.UUIDField(primary_key=True, default=new_id)
    number = models.BigIntegerField(unique=True)
    name = models.TextField()
    name_key = models.TextField(default="")  # folded, without legal form: "Müller GmbH" and "müller" are one
    domain = models.TextField(null=True)
    website = models.TextField(null=True)
    industry = models.TextField(null=True)
    employees = models.IntegerField(null=True)
    country = models.CharField(max_length=2, null=True)
    city = models.TextField(null=True)
    custom = models.JSONField(default=dict)
    provenance = models.JSONField(default=dict)
    search_text = models.TextField(default="")
    created_at = models.DateTimeField(default=now)
    updated_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "company"
        constraints: ClassVar = [
            models.UniqueConstraint("domain", condition=Q(domain__isnull=False), name="company_domain")
        ]
        indexes: ClassVar = [models.Index("name_key", name="company_name_key")]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        """The reference people use: O-12."""
        return f"O-{self.number}"


class Contact(models.Model):
    """A person. Empty is NULL, never '' (the importer and the forms see to it)."""

    id = models.UUIDField(primary_key=True, default=new_id)
    number = models.BigIntegerField(unique=True)
    given_name = models.TextField(null=True)
    family_name = models.TextField(null=True)
    full_name = models.TextField(null=True)
    email = models.TextField(null=True)
    email_domain = models.TextField(null=True)
    email_kind = models.TextField(null=True)  # work, free, disposable
    email_role = models.BooleanField(null=True)  # info@, sales@: a mailbox of many
    phone = models.TextField(null=True)
    mobile = models.TextField(null=True)
    job_title = models.TextField(null=True)
    seniority = models.TextField(null=True)
    job_function = models.TextField(null=True)
    company = models.ForeignKey(Company, on_delete=models.SET_NULL, null=True, related_name="people")
    company_name = models.TextField(null=True)
    website = models.TextField(null=True)
    industry = models.TextField(null=True)
    employees = models.IntegerField(null=True)
    country = models.CharField(max_length=2, null=True)
    region = models.TextField(null=True)
    city = models.TextField(null=True)
    postcode = models.TextField(null=True)
    street = models.TextField(null=True)
    language = models.TextField(null=True)
    zone = models.TextField(null=True)
    source = models.TextField(null=True)
    source_detail = models.TextField(null=True)
    campaign = models.TextField(null=True)
    # Web behaviour as another system summed it up.
    visits = models.IntegerField(null=True)
    seconds_on_site = models.BigIntegerField(null=True)
    pages_per_visit = models.DecimalField(max_digits=10, decimal_places=2, null=True)
    last_activity = models.TextField(null=True)
    last_activity_at = models.DateTimeField(null=True)
    known_since = models.DateTimeField(null=True)  # when the other system first saw the person
    custom = models.JSONField(default=dict)
    originals = models.JSONField(default=dict)  # field → what came in, where that differs from what is kept
    # Field → [import, row, time]; `*` stands for every field that came with the first row and has no entry of its own.
    provenance = models.JSONField(default=dict)
    search_text = models.TextField(default="")  # folded: no case, no accents
    # The row of a file that was last taken in, as a number; it counts only while nothing else changed the contact.
    seen_hash = models.BigIntegerField(null=True)
    seen_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=now)
    updated_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "contact"

    def __str__(self) -> str:
        return self.ref

    @property
    def ref(self) -> str:
        """The reference people use: L-1042."""
        return f"L-{self.number}"


class Identity(models.Model):
    """One way by which a person is known: an address, a number, an id in another system.

    `email` and `external` belong to one person. A `phone` and a `mailbox` (info@) may be shared by several.
    """

    pk = models.CompositePrimaryKey("contact_id", "kind", "system", "value")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="identities", db_index=False)
    kind = models.TextField()
    system = models.TextField(default="")  # for external ids: salesforce, hubspot, the file's own name for its key
    value = models.TextField()  # normalised
    created_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "contact_identity"
        # Every row stands in exactly one of the two indexes by value.
        constraints: ClassVar = [
            models.UniqueConstraint(
                "value", "kind", "system", name="identity_once", condition=Q(kind__in=["email", "external"])
            )
        ]
        indexes: ClassVar = [models.Index("value", name="identity_shared", condition=Q(kind__in=["phone", "mailbox"]))]


class Merge(models.Model):
    """That two records were found to be one person: who stayed, who went, and all that is needed to part them again."""

    id = models.UUIDField(primary_key=True, default=new_id)
    winner_id = models.UUIDField(db_index=True)
    loser_id = models.UUIDField(db_index=True)
    winner_number = models.BigIntegerField()
    loser_number = models.BigIntegerField(db_index=True)
    loser = models.JSONField()  # the record that went, whole
    taken = models.JSONField(default=dict)  # field → [before, after] of the record that stayed
    tables = models.JSONField(default=dict)  # table → what its filler of `merge` answered
    why = models.TextField(default="", blank=True)
    rule = models.TextField(default="")  # the survivorship rule, pinned
    found_by = models.TextField(default="")  # the identity model that found the pair, pinned
    chance = models.FloatField(null=True)  # that they are one, as that model said
    actor_kind = models.TextField()
    actor_id = models.TextField()
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)
    undone_by = models.TextField(default="")

    class Meta:
        db_table = "contact_merge"
        constraints: ClassVar = [
            models.UniqueConstraint("loser_id", condition=Q(undone_at__isnull=True), name="contact_merge_once")
        ]


class CompanyMerge(models.Model):
    """That two companies were found to be one; as `Merge` of people. What hung on the one that went is listed by id."""

    id = models.UUIDField(primary_key=True, default=new_id)
    winner_id = models.UUIDField(db_index=True)
    loser_id = models.UUIDField(db_index=True)
    winner_number = models.BigIntegerField()
    loser_number = models.BigIntegerField(db_index=True)
    loser = models.JSONField()
    taken = models.JSONField(default=dict)
    tables = models.JSONField(default=dict)
    why = models.TextField(default="", blank=True)
    actor_kind = models.TextField()
    actor_id = models.TextField()
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)
    undone_by = models.TextField(default="")

    class Meta:
        db_table = "company_merge"
        constraints: ClassVar = [
            models.UniqueConstraint("loser_id", condition=Q(undone_at__isnull=True), name="company_merge_once")
        ]


class MatchRun(models.Model):
    """One search for records of the same person or company: by which model, over how many, and what came of it."""

    id = models.UUIDField(primary_key=True, default=new_id)
    of = models.TextField()  # person or company
    model = models.TextField()  # pinned
    records = models.IntegerField()
    seconds = models.FloatField()
    report = models.JSONField(default=dict)  # comparisons, blocking rules with their pairs, bands as expected
    job_id = models.UUIDField(null=True, unique=True)
    actor_kind = models.TextField()
    actor_id = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "match_run"


class MatchPair(models.Model):
    """Two records that may be one, or that somebody said are two. The lower id stands left."""

    id = models.UUIDField(primary_key=True, default=new_id)
    of = models.TextField()  # person or company
    left_id = models.UUIDField()
    right_id = models.UUIDField(db_index=True)
    chance = models.FloatField()
    weights = models.JSONField(default=dict)  # compared field → [bits, degree of agreement]
    ground = models.TextField(default="")  # what makes it sure without any statistics: same_mailbox, same_phone
    model = models.TextField()  # the identity model that found it, pinned
    apart = models.BooleanField(default=False)  # somebody said that they are two
    actor_kind = models.TextField(default="")
    actor_id = models.TextField(default="")
    found_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "match_pair"
        constraints: ClassVar = [models.UniqueConstraint("left_id", "right_id", name="match_pair_once")]
        indexes: ClassVar = [
            models.Index(F("of"), F("chance").desc(), F("id"), name="match_pair_open", condition=Q(apart=False))
        ]


class CustomField(models.Model):
    """A field that this workspace added; its values lie in `contact.custom` or `company.custom`."""

    id = models.UUIDField(primary_key=True, default=new_id)
    slug = models.TextField()
    label = models.TextField()
    entity = models.TextField(default="contact")  # contact or company
    type = models.TextField()  # text, number, boolean, date, choice
    choices = models.JSONField(default=list)
    description = models.TextField(default="", blank=True)
    made_by = models.TextField()
    created_at = models.DateTimeField(default=now)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "custom_field"
        constraints: ClassVar = [models.UniqueConstraint("entity", "slug", name="custom_field_slug")]

    def __str__(self) -> str:
        return self.label


class ContactQuality(models.Model):
    """How good a record is: 100 without fault, and which faults it has by which version of which rule."""

    contact = models.OneToOneField(Contact, on_delete=models.CASCADE, primary_key=True, related_name="quality")
    score = models.SmallIntegerField()
    faults = models.JSONField(default=list)  # pinned definitions, the gravest first
    checked_at = models.DateTimeField()

    class Meta:
        db_table = "contact_quality"
        indexes: ClassVar = [models.Index("score", "contact", name="contact_quality_score")]


class Likeness(models.Model):
    """What a record says when its values are held against each other and against those of everybody else.

    The keys are 63 bits of a digest: equal texts have equal keys.
    """

    contact = models.OneToOneField(Contact, on_delete=models.CASCADE, primary_key=True, related_name="+")
    phone_key = models.BigIntegerField(null=True)
    name_company_key = models.BigIntegerField(null=True)
    name_domain_key = models.BigIntegerField(null=True)
    # Keys by which a pair is looked at that may be one person; see rules.likeness.BLOCKS.
    name_key = models.BigIntegerField(null=True)
    mail_key = models.BigIntegerField(null=True)
    family_key = models.BigIntegerField(null=True)
    given_key = models.BigIntegerField(null=True)
    matched_at = models.DateTimeField(null=True)  # when it was last held against those who share such a key
    # How many others share the key; counted up to rules.likeness.MOST.
    twins_by_phone = models.SmallIntegerField(default=0)
    twins_by_name_company = models.SmallIntegerField(default=0)
    twins_by_name_domain = models.SmallIntegerField(default=0)
    phone_country = models.CharField(max_length=2, null=True)
    mail_country = models.CharField(max_length=2, null=True)
    seen = models.BigIntegerField(default=0)  # a digest of the values that were compared; while it fits, all holds
    phone_elsewhere = models.BooleanField(default=False)  # the phone's country is not the contact's
    mail_elsewhere = models.BooleanField(default=False)

    class Meta:
        db_table = "contact_likeness"
        # The number of twins stands in the index, so that a group that is counted to its limit is never walked.
        indexes: ClassVar = [
            models.Index("phone_key", "twins_by_phone", name="likeness_phone", condition=Q(phone_key__isnull=False)),
            models.Index(
                "name_company_key", "twins_by_name_company", name="likeness_name_company",
                condition=Q(name_company_key__isnull=False),
            ),
            models.Index(
                "name_domain_key", "twins_by_name_domain", name="likeness_name_domain",
                condition=Q(name_domain_key__isnull=False),
            ),
            models.Index("name_key", name="likeness_name", condition=Q(name_key__isnull=False)),
            models.Index("mail_key", name="likeness_mail", condition=Q(mail_key__isnull=False)),
            models.Index("family_key", name="likeness_family", condition=Q(family_key__isnull=False)),
            models.Index("given_key", name="likeness_given", condition=Q(given_key__isnull=False)),
        ]  # fmt: skip


class QualityDay(models.Model):
    """How good the database was at the end of a day: as a whole, and by rule, source, owner and import."""

    pk = models.CompositePrimaryKey("day", "part", "key")
    day = models.DateField()
    part = models.TextField()  # all, rule, source, queue, owner, import, words (spellings and records by field)
    key = models.TextField()  # the rule's short name, the source's code, …; empty for all and for those without
    contacts = models.IntegerField()
    faulty = models.IntegerField()
    score = models.DecimalField(max_digits=5, decimal_places=2, null=True)

    class Meta:
        db_table = "quality_day"


class Fix(models.Model):
    """One bulk remedy that was applied to the people at fault by a rule, as one act that can be taken back."""

    id = models.UUIDField(primary_key=True, default=new_id)
    number = models.BigIntegerField(unique=True)
    rule = models.TextField()  # pinned
    remedy = models.TextField()
    field = models.TextField(default="")
    value = models.TextField(default="")
    narrowed = models.JSONField(default=dict)  # source, import: those it was for; empty: everybody at fault
    contacts = models.IntegerField()
    skipped = models.JSONField(default=dict)  # reason → how many
    job_id = models.UUIDField(null=True, unique=True)
    actor_kind = models.TextField()
    actor_id = models.TextField()
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)
    undone_by = models.TextField(default="")
    restored = models.IntegerField(null=True)  # people who got a value back when it was undone

    class Meta:
        db_table = "quality_fix"

    def __str__(self) -> str:
        return self.ref

    @property
    def ref(self) -> str:
        """The reference people use: F-3."""
        return f"F-{self.number}"


class FixValue(models.Model):
    """What a fix changed on one person: the values before and after, and from where those before had come."""

    pk = models.CompositePrimaryKey("fix_id", "contact_id")
    fix = models.ForeignKey(Fix, on_delete=models.CASCADE, related_name="values", db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
    before = models.JSONField()
    after = models.JSONField()
    provenance = models.JSONField()

    class Meta:
        db_table = "quality_fix_value"
