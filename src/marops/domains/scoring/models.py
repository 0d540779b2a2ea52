"""What a lead's score and stage are now; how they came to be stands in the facts."""

from typing import ClassVar

from django.db import models


class ContactScore(models.Model):
    """The score of one contact by one model, with every contribution to it."""

    pk = models.CompositePrimaryKey("model", "contact_id")
    model = models.TextField()
    contact = models.ForeignKey("contacts.Contact", on_delete=models.CASCADE, related_name="+")
    fit = models.DecimalField(max_digits=9, decimal_places=4)
    engagement = models.DecimalField(max_digits=9, decimal_places=4)
    value = models.DecimalField(max_digits=9, decimal_places=4)
    grade = models.TextField()
    contributions = models.JSONField()  # [[part, name, points], …]
    missing = models.JSONField()  # names of fields that the model asks for and the contact lacks
    definition = models.TextField()
    as_of = models.DateTimeField()

    class Meta:
        db_table = "contact_score"
        indexes: ClassVar = [models.Index("model", "value", "contact", name="contact_score_value")]


class ContactStage(models.Model):
    """Where a contact stands in its lifecycle, since when, and by which rule."""

    contact = models.OneToOneField("contacts.Contact", on_delete=models.CASCADE, primary_key=True, related_name="+")
    stage = models.TextField()
    since = models.DateTimeField()
    definition = models.TextField()

    class Meta:
        db_table = "contact_stage"
        indexes: ClassVar = [models.Index("stage", "contact", name="contact_stage_stage")]
