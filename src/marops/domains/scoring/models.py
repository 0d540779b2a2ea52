"""What a lead's score and stage are now, and by which stages it came; how scores came to be stands in the facts."""

from typing import ClassVar

from django.db import models

from marops.kernel.ids import new_id


class ContactScore(models.Model):
    """The score of one contact by one model, with every contribution to it."""

    pk = models.CompositePrimaryKey("contact_id", "model")
    # Without a constraint: a million checks take seconds. The database itself deletes scores with their contact.
    contact = models.ForeignKey(
        "contacts.Contact", on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    model = models.TextField()
    fit = models.DecimalField(max_digits=9, decimal_places=4)
    engagement = models.DecimalField(max_digits=9, decimal_places=4)
    value = models.DecimalField(max_digits=9, decimal_places=4)
    grade = models.TextField()
    level = models.SmallIntegerField(default=1, db_default=1)
    mql = models.BooleanField(default=False, db_default=False)  # by the matrix and the threshold of the model
    fades = models.BooleanField(default=True, db_default=True)  # tomorrow it is another, though nothing happens
    contributions = models.JSONField()  # {name: points}; they add up to the value
    definition = models.TextField()
    as_of = models.DateTimeField()

    class Meta:
        db_table = "contact_score"


class ContactPrediction(models.Model):
    """How likely the outcome is for one contact by one predictive model, with what each field adds in log-odds.

    The terms and the model's intercept add up to the points; the model's calibration makes them the chance.
    """

    pk = models.CompositePrimaryKey("contact_id", "model")
    contact = models.ForeignKey(
        "contacts.Contact", on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    model = models.TextField()
    chance = models.FloatField()
    points = models.FloatField()
    band = models.TextField()
    terms = models.JSONField()  # {input: [what it said, what it adds]}
    definition = models.TextField()
    as_of = models.DateTimeField()

    class Meta:
        db_table = "contact_prediction"


class PredictionCheck(models.Model):
    """How good a predictive model was on the newest outcomes, and how far leads had drifted, on one day."""

    id = models.UUIDField(primary_key=True, default=new_id)
    model = models.TextField()
    definition = models.TextField()
    at = models.DateTimeField()
    alarm = models.BooleanField(default=False)
    figures = models.JSONField()

    class Meta:
        db_table = "prediction_check"
        indexes: ClassVar = [models.Index("model", "at", name="prediction_check_at")]


class ContactStage(models.Model):
    """Where a contact stands in its lifecycle, since when, by which rule, and in which cycle.

    `step` is the number of the newest passage; `cycle_since` tells when the cycle began. Where a person set the stage,
    `held_from` is the stage that rules had reached until then: they carry the contact further only beyond it.
    """

    contact = models.OneToOneField(
        "contacts.Contact", on_delete=models.CASCADE, primary_key=True, related_name="+", db_constraint=False
    )
    stage = models.TextField()
    since = models.DateTimeField()
    definition = models.TextField()
    cycle = models.SmallIntegerField(default=1, db_default=1)
    cycle_since = models.DateTimeField(null=True)
    step = models.IntegerField(default=0, db_default=0)
    held_from = models.TextField(null=True)

    class Meta:
        db_table = "contact_stage"


class StagePassage(models.Model):
    """A contact came into a stage, or passed over it on the way to a later one; written once, in order.

    `before` and `before_since` tell what it left, so that the time spent there needs no second row. The view
    `stage_first` has the first passage of each stage per cycle, which is what counts as becoming an MQL.
    """

    class How(models.TextChoices):
        """Whether it stood in the stage, or went straight on."""

        REACHED = "reached"
        PASSED = "passed"

    pk = models.CompositePrimaryKey("contact_id", "step")
    contact = models.ForeignKey(
        "contacts.Contact", on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    step = models.IntegerField()
    cycle = models.SmallIntegerField()
    stage = models.TextField()
    entered_at = models.DateTimeField()
    how = models.TextField(choices=How.choices)
    before = models.TextField(null=True)
    before_since = models.DateTimeField(null=True)
    definition = models.TextField()  # "by hand" where a person did it
    actor = models.TextField(null=True)  # the account that did it by hand
    reason = models.TextField(null=True)

    class Meta:
        db_table = "stage_passage"
        indexes: ClassVar = [models.Index("stage", "entered_at", name="stage_passage_entered")]
